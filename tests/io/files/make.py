"""Writes the golden files of tests/io with numpy and scipy; see README.md. Run in this folder."""

import json
import struct
import warnings
import zlib

import numpy as np
import scipy.sparse as sparse

warnings.simplefilter("ignore")  # numpy warns of versions 2 and 3 of its format

# .npy. `table` is 3 x 4 with table[i, j] = 10 i + j - 5: negative numbers, and small enough for every type.
table = np.array([[10 * i + j - 5 for j in range(4)] for i in range(3)])
for kind in ["<f8", ">f8", "<f4", ">f4", "<f2", ">f2", "i1", "<i2", ">i2", "<i4", ">i4", "<i8", ">i8"]:
    name = kind.replace("<", "little_").replace(">", "big_")
    np.save(f"npy_{name}.npy", table.astype(kind))
for kind in ["u1", "<u2", ">u2", "<u4", ">u4", "<u8", ">u8"]:
    name = kind.replace("<", "little_").replace(">", "big_")
    np.save(f"npy_{name}.npy", (table + 5).astype(kind))
np.save("npy_bool.npy", table % 2 == 0)
np.save("npy_fortran.npy", np.asfortranarray(table.astype("<f8")))
np.save("npy_fortran_u1.npy", np.asfortranarray((table + 5).astype("u1")))
np.save("npy_scalar.npy", np.float64(2.5))
np.save("npy_vector.npy", np.arange(5.0))
np.save("npy_no_rows.npy", np.zeros((0, 4)))
np.save("npy_no_columns.npy", np.zeros((3, 0)))
np.save("npy_nothing.npy", np.zeros((0, 0), dtype=">i2"))
np.save("npy_no_pictures.npy", np.zeros((0, 3, 4), dtype="u1"))
np.save("npy_fortran_no_rows.npy", np.asfortranarray(np.zeros((0, 4))))
for name, values in [("scalar", np.array(2.5)), ("vector", np.arange(5.0))]:
    # numpy itself says False of these, where both orders are one.
    with open(f"npy_fortran_{name}.npy", "wb") as file:
        header = {"descr": "<f8", "fortran_order": True, "shape": values.shape}
        np.lib.format.write_array_header_1_0(file, header)
        file.write(values.tobytes())
cube = np.arange(2 * 3 * 4, dtype="u1").reshape(2, 3, 4)
np.save("npy_images.npy", cube)
np.save("npy_images_fortran.npy", np.asfortranarray(cube.astype("<f4")))
np.save("npy_special.npy", np.array([[np.nan, np.inf, -np.inf, -0.0, 5e-324, 1.7976931348623157e308]]))
half = np.array([0x0000, 0x8000, 0x0001, 0x03FF, 0x0400, 0x3C01, 0x7BFF, 0x7C00, 0xFC00, 0x7E00], dtype="<u2")
np.save("npy_half_special.npy", half.view("<f2").reshape(1, -1))
for version in [(1, 0), (2, 0), (3, 0)]:
    with open(f"npy_version_{version[0]}.npy", "wb") as file:
        np.lib.format.write_array(file, table.astype("<f8"), version=version)

# Refused by design.
np.save("bad_objects.npy", np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
np.save("bad_structured.npy", np.zeros(2, dtype=[("a", "<f8"), ("b", "<i4")]))
np.save("bad_complex.npy", table.astype("<c16"))
np.save("bad_text.npy", np.array(["one", "two"]))
np.save("bad_dates.npy", np.array(["2001-02-03"], dtype="M8[D]"))

# .npz. `counts` is 4 x 5 with an empty row and an empty column.
counts = np.array([[0, 2, 0, 0, 1], [0, 0, 0, 0, 0], [3, 0, 0, 4, 0], [0, 5, 0, 0, 6]])
for kind in ["csr", "csc", "coo"]:
    sparse.save_npz(f"npz_{kind}.npz", sparse.coo_matrix(counts.astype("<f8")).asformat(kind))
sparse.save_npz("npz_csr_int.npz", sparse.csr_matrix(counts.astype("<i4")), compressed=False)
sparse.save_npz("npz_csr_array.npz", sparse.csr_array(counts.astype("<f4")))
sparse.save_npz("bad_dia.npz", sparse.dia_matrix(counts.astype("<f8")))
sparse.save_npz("bad_bsr.npz", sparse.bsr_matrix(counts.astype("<f8")))
wide = sparse.csr_matrix(counts.astype("<f8"))
np.savez(
    "npz_csr_int64.npz", format=np.array("csr"), shape=np.array(wide.shape), data=wide.data,
    indices=wide.indices.astype("<i8"), indptr=wide.indptr.astype("<i8"),
)
for kind, indices in [("csr", [wide.indptr, wide.indices]), ("coo", [wide.tocoo().row, wide.tocoo().col])]:
    names = ["indptr", "indices"] if kind == "csr" else ["row", "col"]
    parts = {name: values.astype(">i8") for name, values in zip(names, indices)}
    np.savez(f"npz_{kind}_big.npz", format=kind, shape=np.array([4, 5], dtype=">i4"), data=wide.data.astype(">f4"), **parts)
unsigned = {name: getattr(wide, name).astype("<u8") for name in ["indptr", "indices"]}
np.savez("npz_csr_half.npz", format="csr", shape=(4, 5), data=wide.data.astype("<f2"), **unsigned)
sparse.save_npz("npz_csr_bool.npz", sparse.csr_matrix(counts > 0))
sparse.save_npz("npz_csr_stored_zeros.npz", sparse.csr_matrix((np.array([0.0, 1.0]), ([0, 1], [1, 0])), shape=(2, 2)))
for kind in ["csr", "csc", "coo"]:
    for n_rows, n_columns in [(0, 5), (4, 0), (0, 0), (4, 5)]:
        nothing = sparse.coo_matrix((n_rows, n_columns), dtype="<f4").asformat(kind)
        sparse.save_npz(f"npz_{kind}_nothing_{n_rows}_{n_columns}.npz", nothing)
sparse.save_npz("bad_one_axis.npz", sparse.coo_array(np.array([1.0, 0.0, 2.0])))
np.savez("bad_sparse_objects.npz", format="csr", shape=(4, 5), data=wide.data.astype(object), indices=wide.indices, indptr=wide.indptr)
np.savez("bad_object_format.npz", format=np.array("csr", dtype=object), shape=(4, 5), data=wide.data, indices=wide.indices, indptr=wide.indptr)
np.savez("bad_negative_index.npz", format="csr", shape=(4, 5), data=wide.data, indices=-wide.indices, indptr=wide.indptr)
loose = sparse.csr_matrix(
    (np.array([1.0, 2.0, 4.0, 8.0, 16.0]), np.array([3, 1, 3, 0, 0]), np.array([0, 3, 3, 5])), shape=(3, 4)
)
sparse.save_npz("npz_unsorted_duplicates.npz", loose)
twice = sparse.coo_matrix((np.array([1.0, 2.0, 4.0]), (np.array([1, 0, 1]), np.array([2, 2, 2]))), shape=(2, 3))
sparse.save_npz("npz_coo_duplicates.npz", twice)
np.savez("npz_one.npz", table.astype("<f8"))
np.savez_compressed("npz_one_deflated.npz", anything=table.astype("<f4"))
np.savez_compressed("npz_x_and_y.npz", X=table.astype("<f8"), y=np.array([2, 0, 2]))
np.savez("bad_two_arrays.npz", first=table, second=table)

# IDX: the byte 8 to 14 names the type, then the number of axes, the sizes and the values, all big endian.
for code, kind in [(8, ">u1"), (9, ">i1"), (11, ">i2"), (12, ">i4"), (13, ">f4"), (14, ">f8")]:
    values = (table + 5 if code == 8 else table).astype(kind)
    with open(f"idx_{code:02}.idx", "wb") as file:
        file.write(bytes([0, 0, code, values.ndim]) + struct.pack(">2I", *values.shape) + values.tobytes())


# PNG, written after the specification: 3 x 5 pixels of a ramp, every kind of colour, filter 0.
def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def packed(rows, depth):
    """Scan lines with filter 0; below 8 bits several pixels share a byte."""
    lines = b""
    for row in rows:
        row = np.asarray(row)
        if depth == 16:
            line = row.astype(">u2").tobytes()
        elif depth == 8:
            line = row.astype("u1").tobytes()
        else:
            bits = "".join(format(int(x), f"0{depth}b") for x in row.ravel())
            bits += "0" * (-len(bits) % 8)
            line = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
        lines += b"\0" + line
    return lines


def png(name, pixels, depth, color, extra=b"", interlaced=False):
    height, width = pixels.shape[:2]
    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
        parts = [pixels[y::dy, x::dx] for y, x, dy, dx in passes]
        data = b"".join(packed(part, depth) for part in parts if part.size)
    else:
        data = packed(pixels, depth)
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced))
    with open(name, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra)
        file.write(chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


ramp = np.arange(15).reshape(3, 5)
colour = np.stack([ramp, 2 * ramp, 3 * ramp], axis=2)
png("png_grey.png", 16 * ramp, 8, 0)
png("png_grey_1_bit.png", ramp % 2, 1, 0)
png("png_grey_4_bit.png", ramp, 4, 0)
png("png_grey_16_bit.png", 4369 * ramp, 16, 0)
png("png_grey_alpha.png", np.stack([16 * ramp, 17 * ramp], axis=2), 8, 4)
png("png_rgb.png", colour, 8, 2)
png("png_rgba.png", np.concatenate([colour, np.full((3, 5, 1), 255)], axis=2), 8, 6)
palette = bytes(x for entry in range(15) for x in (entry, 2 * entry, 3 * entry))
png("png_palette.png", ramp, 4, 3, chunk(b"PLTE", palette))
png("png_palette_transparent.png", ramp, 4, 3, chunk(b"PLTE", palette) + chunk(b"tRNS", bytes([0])))
png("png_interlaced.png", 16 * ramp, 8, 0, interlaced=True)

# safetensors, written after the specification.
def safetensors(name, arrays, metadata=None):
    header, start = {"__metadata__": metadata} if metadata else {}, 0
    for key, (kind, values) in arrays.items():
        end = start + values.nbytes
        header[key] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [start, end]}
        start = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(name, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.write(b"".join(values.tobytes() for _, values in arrays.values()))


safetensors("safetensors_one.safetensors", {"w": ("F64", table.astype("<f8"))}, {"made": "by hand"})
safetensors(
    "safetensors_matrix_and_vectors.safetensors",
    {"a": ("F32", np.ones(3, "<f4")), "w": ("F32", table.astype("<f4")), "z": ("I64", np.arange(2))},
)
brain = (table.astype("<f4").view("<u4") >> 16).astype("<u2")
safetensors("safetensors_x.safetensors", {"A": ("F64", table.astype("<f8")), "X": ("BF16", brain)})
safetensors("bad_two_matrices.safetensors", {"a": ("F64", table.astype("<f8")), "b": ("F64", table.astype("<f8"))})
