"""Writes the HDF5 files of tests/io with anndata and h5py; see README.md. Run in this folder."""

import anndata
import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sparse

# As in make.py: 4 x 5 with an empty row and an empty column.
counts = np.array([[0, 2, 0, 0, 1], [0, 0, 0, 0, 0], [3, 0, 0, 4, 0], [0, 5, 0, 0, 6]])
cells = [f"cell {i}" for i in range(4)]
genes = [f"gene {j}" for j in range(5)]


def ann_data(name, x, **options):
    obs = pd.DataFrame({"type": pd.Categorical(["b", "a", None, "b"], categories=["a", "b", "unused"])}, index=cells)
    obs["batch"] = [1, 2, 1, 10]
    obs["share"] = [0.5, 0.25, 1.0, 2.0]
    obs["donor"] = pd.Series(["x", "y", "x", "é"], index=cells).astype(object)
    data = anndata.AnnData(X=x, obs=obs, var=pd.DataFrame(index=genes))
    data.layers["double"] = 2 * x
    if options.pop("raw", False):
        data.raw = data.copy()
        data = data[:, :3].copy()
    data.write_h5ad(name, **options)


ann_data("hdf5_csr.h5ad", sparse.csr_matrix(counts.astype("<f4")), compression="gzip")
ann_data("hdf5_csc.h5ad", sparse.csc_matrix(counts.astype("<f8")), compression="lzf", raw=True)
ann_data("hdf5_dense.h5ad", counts.astype("<f4"), compression="gzip")
ann_data("hdf5_dense_bytes.h5ad", counts.astype("u1"))


def ten_x(path, group, columns, names, **options):
    """The layout of Cell Ranger: columns are cells."""
    with h5py.File(path, "w", **options) as file:
        matrix = file.create_group(group)
        by_cell = sparse.csr_matrix(counts)
        for part, kind in [("data", "<i4"), ("indices", "<i8"), ("indptr", "<i8")]:
            values = getattr(by_cell, part).astype(kind)
            matrix.create_dataset(part, data=values, chunks=(4,), compression="gzip", shuffle=True)
        matrix["shape"] = np.array([5, 4], dtype="<i4")
        matrix["barcodes"] = np.array(columns, dtype="S")
        for place, values in names.items():
            matrix[place] = np.array(values, dtype="S")


ids = [f"ENSG{j}" for j in range(5)]
ten_x("hdf5_10x.h5", "matrix", cells, {"features/id": ids, "features/name": genes})
ten_x("hdf5_10x_old.h5", "hg19", cells, {"genes": ids, "gene_names": genes})
ten_x("hdf5_10x_v110.h5", "matrix", cells, {"features/id": ids, "features/name": genes}, libver="v110")
ten_x("bad_hdf5_latest.h5", "matrix", cells, {"features/id": ids, "features/name": genes}, libver="latest")


# The layout of AnnData by hand: unsorted, twice, big endian, contiguous; attributes of the time before 0.7.
def old(path, entries, encoding):
    with h5py.File(path, "w") as file:
        x = file.create_group("X")
        x.attrs["h5sparse_format"] = encoding
        x.attrs["h5sparse_shape"] = np.array([3, 4])
        for part, values in entries.items():
            x[part] = values


unsorted = {
    "data": np.array([1, 2, 4, 8, 16], dtype=">f8"),
    "indices": np.array([3, 1, 3, 0, 0], dtype=">i8"),
    "indptr": np.array([0, 3, 3, 5], dtype=">u4"),
}
old("hdf5_unsorted.h5ad", unsorted, "csr")
with h5py.File("hdf5_empty.h5ad", "w") as file:
    file["X"] = np.zeros((0, 5), dtype="<f4")

# Refused.
with h5py.File("bad_hdf5_other.h5", "w") as file:
    file["measurements/temperature"] = np.arange(3.0)
with h5py.File("bad_hdf5_text.h5ad", "w") as file:
    file["X"] = np.array([["a", "b"]], dtype="S")
with h5py.File("bad_hdf5_cube.h5ad", "w") as file:
    file["X"] = np.zeros((2, 2, 2))
old("bad_hdf5_bsr.h5ad", unsorted, "bsr")
old("bad_hdf5_pointers.h5ad", {**unsorted, "indptr": np.array([0, 3, 3, 9])}, "csr")
old("bad_hdf5_index.h5ad", {**unsorted, "indices": np.array([3, 1, 3, 0, 4])}, "csr")
old("bad_hdf5_lost.h5ad", {part: unsorted[part] for part in ["data", "indices"]}, "csr")
with h5py.File("bad_hdf5_huge.h5ad", "w") as file:  # no chunk is ever written
    file.create_dataset("X", shape=(4_000_000_000, 4_000_000_000), dtype="<f4", chunks=(1000, 1000))
with h5py.File("bad_hdf5_names.h5ad", "w") as file:
    file["X"] = np.zeros((2, 2))
    file["obs/_index"] = np.array(["only one"], dtype="S")
