//! Binary files with something wrong: each is refused in one line that names the file, the reason and the
//! remedy, with exit code 65 (75 where memory is what is missing), and never by a panic or an abort.

use super::archive::{Entry, zip, zip_with_long_end};
use super::read_file;
use diabolo::io::npy;
use diabolo::io::read::ReadOptions;
use diabolo::tensors::{TensorView, Values};

/// A case: what is wrong, the bytes, the exit code, a part of the message.
type Case = (&'static str, Vec<u8>, u8, &'static str);

/// A .npy file of version 1 with any header.
fn npy_file(header: &str, values: &[u8]) -> Vec<u8> {
    let mut file = npy::MAGIC.to_vec();
    file.extend([1, 0]);
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(values);
    file
}

/// A .npy file of f8 with any shape.
fn npy_of_shape(shape: &str, values: &[u8]) -> Vec<u8> {
    npy_file(&format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n"), values)
}

/// A .npy file of one axis.
fn npy_list(values: Values) -> Vec<u8> {
    let mut bytes = Vec::new();
    npy::write(&mut bytes, TensorView { shape: &[values.len()], values }).expect("memory takes all");
    bytes
}

#[test]
fn npy_files() {
    let two = [0; 16];
    let long_digits = format!("({},)", "9".repeat(50_000));
    let mut too_long = b"\x93NUMPY\x02\x00".to_vec();
    too_long.extend(1_000_000_u32.to_le_bytes());
    too_long.extend([b' '; 1000]);
    let cases: Vec<Case> = vec![
        ("only the magic", npy::MAGIC.to_vec(), 65, "cut off"),
        ("an unknown version", b"\x93NUMPY\x09\x00\x10\x00".to_vec(), 65, "version 9.0"),
        ("a header that is cut off", b"\x93NUMPY\x01\x00\x76\x00{'descr'".to_vec(), 65, "cut off"),
        ("a header of a million bytes", too_long, 65, "header of 1000000 bytes"),
        ("a header that is no dictionary", npy_file("[1, 2, 3]\n", &two), 65, "header is damaged"),
        ("an empty header", npy_file("", &two), 65, "header is damaged"),
        ("a header without a shape", npy_file("{'descr': '<f8', 'fortran_order': False}", &two), 65, "lacks"),
        ("an unknown key", npy_file("{'descr': '<f8', 'code': 'x'}", &two), 65, "unknown key"),
        ("text after the dictionary", npy_file("{'descr': '<f8'} {", &two), 65, "the end was expected"),
        ("a string that does not end", npy_file("{'descr: ", &two), 65, "end of a string"),
        ("fortran_order maybe", npy_file("{'fortran_order': Maybe}", &two), 65, "True or False"),
        ("a shape that is a number", npy_of_shape("2", &two), 65, "`(` was expected"),
        ("a negative size", npy_of_shape("(-2,)", &two), 65, "a size"),
        ("a shape of NaN", npy_of_shape("(nan, 3)", &two), 65, "a size"),
        ("a fractional size", npy_of_shape("(2.5,)", &two), 65, "was expected"),
        ("a size of 50,000 digits", npy_of_shape(&long_digits, &two), 65, "a size"),
        ("a size above 64 bits", npy_of_shape("(18446744073709551616,)", &two), 65, "a size"),
        ("a hundred axes", npy_of_shape(&format!("({})", "1,".repeat(100)), &two), 65, "more than 64 axes"),
        ("4e9 x 4e9", npy_of_shape("(4000000000, 4000000000)", &two), 75, "more than can be addressed"),
        ("2^32 x 2^32 x 2^32", npy_of_shape("(4294967296, 4294967296, 4294967296)", &two), 75, "addressed"),
        ("4e9 rows without columns", npy_of_shape("(4000000000, 0)", &[]), 75, "rows without values"),
        ("no rows, columns that overflow", npy_of_shape("(0, 4294967296, 4294967296)", &[]), 75, "addressed"),
        ("more than the memory limit", npy_of_shape("(10000000, 1)", &two), 75, "--memory-limit"),
        ("values that are missing", npy_of_shape("(3,)", &two), 65, "cut off"),
        ("no values at all", npy_of_shape("(3,)", &[]), 65, "cut off"),
        ("values that are too many", npy_of_shape("(1,)", &two), 65, "more bytes than the header promises"),
        (
            "an unknown type",
            npy_file("{'descr': '<q7', 'fortran_order': False, 'shape': (2,)}", &two),
            65,
            "q7",
        ),
        (
            "a type of nothing",
            npy_file("{'descr': '', 'fortran_order': False, 'shape': (2,)}", &two),
            65,
            "type",
        ),
        (
            "a long double",
            npy_file("{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", &two),
            65,
            "f16",
        ),
        (
            "Fortran order cut off",
            npy_file("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 2)}", &two),
            65,
            "cut off",
        ),
    ];
    refuse_all(&cases);
}

#[test]
fn npz_files() {
    let x = npy_list(Values::F64(&[1.0, 2.0]));
    let good = zip(&[Entry::stored("X.npy", &x)]);
    let with = |entry: Entry| zip(&[entry]);
    let changed = |at_from_end: usize, byte: u8| {
        let mut archive = good.clone();
        let at = archive.len() - at_from_end;
        archive[at] = byte;
        archive
    };
    let mut lost_long_end = zip_with_long_end(&[Entry::stored("X.npy", &x)]);
    let record_at = lost_long_end.len() - 22 - 20 - 56;
    lost_long_end[record_at] = b'?';
    let bomb = npy_of_shape("(1000000000,)", &vec![0; 1 << 20]);
    let cases: Vec<Case> = vec![
        ("only the first bytes", good[..20].to_vec(), 65, "no end record"),
        ("cut off in the middle", good[..good.len() - 30].to_vec(), 65, "no end record"),
        (
            "junk after the magic",
            b"PK\x03\x04 and nothing else that makes sense".to_vec(),
            65,
            "no end record",
        ),
        ("a directory beyond the end", changed(6, 0x7f), 65, "damaged"),
        ("a directory of 2 GB", changed(7, 0x7f), 65, "outside the file"),
        ("a broken directory", changed(22 + 46 + 5, b'?'), 65, "directory is broken"),
        ("a lost zip64 record", lost_long_end, 65, "zip64"),
        ("an empty archive", zip(&[]), 65, "no arrays"),
        ("no .npy inside", with(Entry::stored("readme.txt", b"hello")), 65, "no arrays"),
        ("an encrypted member", with(Entry { flags: 1, ..Entry::stored("X.npy", &x) }), 65, "encrypted"),
        (
            "a member packed by LZMA",
            with(Entry { method: 14, ..Entry::stored("X.npy", &x) }),
            65,
            "method 14",
        ),
        ("a wrong check sum", with(Entry { crc: 1, ..Entry::deflated("X.npy", &x) }), 65, "check sum"),
        (
            "a member that is shorter",
            with(Entry { size: 1000, ..Entry::deflated("X.npy", &x) }),
            65,
            "shorter",
        ),
        (
            "a member that is longer",
            with(Entry { size: 100, ..Entry::deflated("X.npy", &x) }),
            65,
            "check sum",
        ),
        (
            "junk called deflated",
            with(Entry { method: 8, ..Entry::stored("X.npy", &[0xff; 90]) }),
            65,
            "broken",
        ),
        ("a member that is no .npy", with(Entry::stored("X.npy", &[7; 200])), 65, "not a .npy file"),
        ("a bomb", with(Entry::deflated("X.npy", &bomb)), 75, "--memory-limit"),
        (
            "labels of another number",
            zip(&[Entry::stored("X.npy", &x), Entry::stored("y.npy", &npy_list(Values::U64(&[1, 2, 3])))]),
            65,
            "3 labels",
        ),
    ];
    refuse_all(&cases);
}

/// A scipy.sparse file from its parts; None leaves one out.
fn sparse_file(format: &str, shape: &[u64], lists: [(&str, Option<Values>); 3]) -> Vec<u8> {
    let header = format!("{{'descr': '|S3', 'fortran_order': False, 'shape': (), }}\n{format}");
    let mut format_file = npy_file("", &[]);
    format_file[8..10].copy_from_slice(&((header.len() - format.len()) as u16).to_le_bytes());
    format_file.extend(header.as_bytes());
    let mut entries = vec![
        Entry::deflated("format.npy", &format_file),
        Entry::deflated("shape.npy", &npy_list(Values::U64(shape))),
    ];
    for (name, values) in lists {
        entries.extend(values.map(|values| Entry::deflated(&format!("{name}.npy"), &npy_list(values))));
    }
    zip(&entries)
}

#[test]
fn sparse_files() {
    let (ones, indices, indptr) = ([1.0, 1.0], [0_u32, 1], [0_u32, 1, 2]);
    let csr =
        |indptr, indices, data| [("indptr", Some(indptr)), ("indices", Some(indices)), ("data", Some(data))];
    let good = csr(Values::U32(&indptr), Values::U32(&indices), Values::F64(&ones));
    let coo = |row, col| [("row", Some(row)), ("col", Some(col)), ("data", Some(Values::F64(&ones)))];
    let far = [f64::from(u32::MAX), 0.0];
    let cases: Vec<Case> = vec![
        ("an unknown format", sparse_file("xyz", &[2, 2], good), 65, "tocsr()"),
        ("a shape of three", sparse_file("csr", &[2, 2, 2], good), 65, "2 values in a list"),
        ("a shape above 2^32", sparse_file("csr", &[2, 1 << 40], good), 65, "below 2^32"),
        ("4e9 rows", sparse_file("csr", &[4_000_000_000, 2], good), 65, "4000000001 values"),
        (
            "4e9 x 4e9 with one entry",
            sparse_file(
                "coo",
                &[4_000_000_000, 4_000_000_000],
                coo(Values::U32(&indices), Values::U32(&indices)),
            ),
            75,
            "--memory-limit",
        ),
        (
            "no indices",
            sparse_file("csr", &[2, 2], [good[0], good[2], ("indices", None)]),
            65,
            "no `indices.npy`",
        ),
        (
            "fewer values than indices",
            sparse_file(
                "csr",
                &[2, 2],
                csr(Values::U32(&indptr), Values::U32(&indices), Values::F64(&ones[..1])),
            ),
            65,
            "2 values in a list",
        ),
        (
            "row pointers that fall",
            sparse_file(
                "csr",
                &[2, 2],
                csr(Values::U32(&[0, 3, 2]), Values::U32(&indices), Values::F64(&ones)),
            ),
            65,
            "fall at row 2",
        ),
        (
            "row pointers that start late",
            sparse_file(
                "csr",
                &[2, 2],
                csr(Values::U32(&[1, 1, 2]), Values::U32(&indices), Values::F64(&ones)),
            ),
            65,
            "from 0",
        ),
        (
            "a negative row pointer",
            sparse_file(
                "csr",
                &[2, 2],
                csr(Values::F64(&[0.0, -1.0, 2.0]), Values::U32(&indices), Values::F64(&ones)),
            ),
            65,
            "fall",
        ),
        (
            "a column out of range",
            sparse_file("csr", &[2, 2], csr(Values::U32(&indptr), Values::U32(&[0, 2]), Values::F64(&ones))),
            65,
            "in row 2",
        ),
        (
            "a negative column",
            sparse_file(
                "csc",
                &[2, 2],
                csr(Values::U32(&indptr), Values::F64(&[-1.0, 0.0]), Values::F64(&ones)),
            ),
            65,
            "beyond the 2",
        ),
        (
            "a column of NaN",
            sparse_file(
                "csr",
                &[2, 2],
                csr(Values::U32(&indptr), Values::F64(&[f64::NAN, 0.0]), Values::F64(&ones)),
            ),
            65,
            "beyond the 2",
        ),
        (
            "a row out of range",
            sparse_file("coo", &[2, 2], coo(Values::U32(&[0, 9]), Values::U32(&indices))),
            65,
            "within 2 x 2",
        ),
        (
            "the last row there is not",
            sparse_file("coo", &[2, 2], coo(Values::F64(&far), Values::U32(&indices))),
            65,
            "within 2 x 2",
        ),
    ];
    refuse_all(&cases);
}

#[test]
fn idx_files() {
    let big = [0x7f, 0xff, 0xff, 0xff];
    let cases: Vec<Case> = vec![
        ("a type that is none", vec![0, 0, 0x0a, 1, 0, 0, 0, 1, 5], 65, "type 0x0a"),
        ("a header cut off", vec![0, 0, 8, 3, 0, 0, 0, 1, 0], 65, "cut off"),
        ("values missing", vec![0, 0, 8, 1, 0, 0, 0, 9, 1, 2], 65, "cut off"),
        ("values left over", vec![0, 0, 8, 1, 0, 0, 0, 1, 1, 2], 65, "more bytes"),
        ("2^31 pictures of 2^31 x 2^31", [&[0, 0, 8, 3], &big[..], &big, &big].concat(), 75, "addressed"),
        ("2^31 x 2^31", [&[0, 0, 8, 2], &big[..], &big].concat(), 75, "--memory-limit"),
        ("255 axes", [&[0, 0, 8, 255][..], &[0xff; 4 * 255]].concat(), 75, "addressed"),
    ];
    refuse_all(&cases);
}

/// A safetensors file with any header.
fn safetensors_file(header: &str, n_bytes: usize) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.resize(file.len() + n_bytes, 0);
    file
}

#[test]
fn safetensors_files() {
    let one = |shape: &str, end: &str| {
        format!(r#"{{"w":{{"dtype":"F64","shape":{shape},"data_offsets":[0,{end}]}}}}"#)
    };
    let complex = r#"{"w":{"dtype":"C64","shape":[1,1],"data_offsets":[0,8]}}"#;
    let nested = format!("{{{}", "\"a\":{".repeat(3000));
    let cases: Vec<Case> = vec![
        ("an unfinished header", safetensors_file(r#"{"w":"#, 0), 65, "header is damaged"),
        ("no array", safetensors_file("{}", 0), 65, "no matrices"),
        (
            "offsets that are not the shape's",
            safetensors_file(&one("[2,2]", "8"), 8),
            65,
            "header is damaged",
        ),
        (
            "a shape that overflows",
            safetensors_file(&one("[4294967296,4294967296]", "8"), 8),
            65,
            "header is damaged",
        ),
        ("a negative size", safetensors_file(&one("[-1]", "8"), 8), 65, "header is damaged"),
        ("values missing", safetensors_file(&one("[2,2]", "32"), 16), 65, "cut off"),
        ("values left over", safetensors_file(&one("[2,2]", "32"), 40), 65, "more bytes"),
        (
            "values above the limit",
            safetensors_file(&one("[10000000]", "80000000"), 40),
            75,
            "--memory-limit",
        ),
        ("complex numbers", safetensors_file(complex, 8), 65, "C64"),
        ("braces without end", safetensors_file(&nested, 0), 65, "header is damaged"),
    ];
    refuse_all(&cases);
    let mut long = safetensors_file("{}", 0);
    long[4] = 1; // a header of 4 GB
    refuse_all(&[("a header of 4 GB", long, 65, "a header of 42949")]);
}

#[test]
fn png_files() {
    let mut good = Vec::new();
    diabolo::io::png::write_grey(&mut good, 4, 4, &[9; 16]).expect("memory takes all");
    let mut wrong_crc = good.clone();
    wrong_crc[29] ^= 1;
    // A header of 2^31 - 1 x 2^31 - 1 pixels with its right check sum.
    let mut huge = good.clone();
    huge[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
    let mut crc = flate2::Crc::new();
    crc.update(&huge[12..29]);
    huge[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    let cases: Vec<Case> = vec![
        ("only the magic", good[..8].to_vec(), 65, "cut off"),
        ("pixels cut off", good[..45].to_vec(), 65, "cut off"),
        ("a wrong check sum", wrong_crc, 65, "damaged"),
        ("2^31 x 2^31 pixels", huge, 75, ""),
    ];
    refuse_all(&cases);
}

/// Reads every case as a file and checks how it is refused.
fn refuse_all(cases: &[Case]) {
    for (name, bytes, exit_code, part) in cases {
        let error = match read_file(bytes, &ReadOptions::default()) {
            Ok(dataset) => panic!("{name}: read as {:?}", dataset.features),
            Err(error) => error,
        };
        let message = error.to_string();
        assert_eq!(error.exit_code(), *exit_code, "{name}: {message}");
        assert!(message.contains(part), "{name}: {message}");
        assert!(message.contains("; ") && !message.contains('\n'), "{name}: {message}");
        assert!(message.len() < 300, "{name}: {message}");
        if *exit_code == 65 {
            assert!(message.starts_with("file"), "{name}: {message}");
        }
    }
}
