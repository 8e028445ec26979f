//! .npz against files that numpy and scipy wrote, and against archives made here.

use super::archive::{Entry, zip, zip_with_long_end};
use super::{golden, golden_path, read_bytes, table};
use crate::data::real;
use diabolo::io::npz;
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::models::Dataset;
use diabolo::monitor::Budget;
use diabolo::tensors::{TensorView, Values};
use proptest::prelude::*;

/// The bytes of an array of one axis.
fn list(values: Values) -> Vec<u8> {
    let mut bytes = Vec::new();
    let array = TensorView { shape: &[values.len()], values };
    diabolo::io::npy::write(&mut bytes, array).expect("memory takes all");
    bytes
}

/// A sparse dataset's matrix.
fn sparse(dataset: Dataset) -> Csr<f64> {
    let Features::Sparse(matrix) = dataset.features else { panic!("sparse data stays sparse") };
    matrix
}

/// The 4 x 5 counts of tests/io/files/make.py.
fn counts() -> Csr<f64> {
    let entries = vec![(0, 1, 2.0), (0, 4, 1.0), (2, 0, 3.0), (2, 3, 4.0), (3, 1, 5.0), (3, 4, 6.0)];
    Csr::from_triplets(4, 5, entries).expect("entries within bounds")
}

#[test]
fn every_format_of_scipy() {
    for name in ["csr", "csc", "coo", "csr_int", "csr_array", "csr_int64"] {
        let dataset = golden(&format!("npz_{name}.npz")).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(sparse(dataset), counts(), "{name}");
    }
}

#[test]
fn every_byte_order_and_type_of_the_parts() {
    for name in ["npz_csr_big.npz", "npz_coo_big.npz", "npz_csr_half.npz"] {
        assert_eq!(
            sparse(golden(name).unwrap_or_else(|error| panic!("{name}: {error}"))),
            counts(),
            "{name}"
        );
    }
    let ones: Vec<(u32, u32, f64)> = counts().entries().map(|(i, j, _)| (i as u32, j as u32, 1.0)).collect();
    let expected = Csr::from_triplets(4, 5, ones).expect("entries within bounds");
    assert_eq!(sparse(golden("npz_csr_bool.npz").expect("a good file")), expected);
    let stored = sparse(golden("npz_csr_stored_zeros.npz").expect("a good file"));
    assert_eq!(
        (stored.nnz(), stored.row(0), stored.row(1)),
        (2, (&[1][..], &[0.0][..]), (&[0][..], &[1.0][..]))
    );
}

#[test]
fn matrices_of_nothing() {
    for kind in ["csr", "csc", "coo"] {
        for (n_rows, n_cols) in [(0, 5), (4, 0), (0, 0), (4, 5)] {
            let name = format!("npz_{kind}_nothing_{n_rows}_{n_cols}.npz");
            let matrix = sparse(golden(&name).unwrap_or_else(|error| panic!("{name}: {error}")));
            assert_eq!((matrix.n_rows(), matrix.n_cols(), matrix.nnz()), (n_rows, n_cols, 0), "{name}");
            let turned = ReadOptions { transpose: true, ..ReadOptions::default() };
            let turned = read(&golden_path(&name), &turned, &Budget::limited(1 << 20)).expect("a good file");
            assert_eq!(
                (turned.features.n_samples(), turned.features.n_features()),
                (n_cols, n_rows),
                "{name}"
            );
        }
    }
}

#[test]
fn unsorted_columns_are_sorted_and_duplicates_summed() {
    let entries = vec![(0, 1, 2.0), (0, 3, 5.0), (2, 0, 24.0)];
    let expected = Csr::from_triplets(3, 4, entries).expect("entries within bounds");
    assert_eq!(sparse(golden("npz_unsorted_duplicates.npz").expect("a good file")), expected);
    let expected = Csr::from_triplets(2, 3, vec![(0, 2, 2.0), (1, 2, 5.0)]).expect("entries within bounds");
    assert_eq!(sparse(golden("npz_coo_duplicates.npz").expect("a good file")), expected);
}

#[test]
fn one_array_or_x_with_labels() {
    for name in ["npz_one.npz", "npz_one_deflated.npz"] {
        assert_eq!(golden(name).expect("a good file").features.to_dense(), table(), "{name}");
    }
    let dataset = golden("npz_x_and_y.npz").expect("a good file");
    assert_eq!(dataset.features, Features::F64(table()));
    let labels = dataset.labels.expect("labels");
    assert_eq!((labels.class, labels.classes), (vec![1, 0, 1], vec!["0".to_owned(), "2".to_owned()]));
}

#[test]
fn what_is_no_data_is_refused_with_a_remedy() {
    for (name, remedy) in [
        ("bad_two_arrays.npz", "name the data X"),
        ("bad_dia.npz", "tocsr()"),
        ("bad_bsr.npz", "tocsr()"),
        ("bad_one_axis.npz", "2 values in a list"),
        ("bad_sparse_objects.npz", "Python objects"),
        ("bad_object_format.npz", "not text"),
        ("bad_negative_index.npz", "a column beyond"),
    ] {
        let error = golden(name).expect_err(name);
        assert_eq!(error.exit_code(), 65, "{name}");
        assert!(error.to_string().contains(name) && error.to_string().contains(remedy), "{error}");
    }
}

#[test]
fn from_a_stream_as_from_a_file() {
    for name in ["npz_csr.npz", "npz_coo.npz"] {
        let bytes = std::fs::read(golden_path(name)).expect("a golden file");
        assert_eq!(sparse(read_bytes(npz::read, &bytes).expect("a good file")), counts(), "{name}");
    }
}

#[test]
fn sizes_of_zip64() {
    let x = list(Values::F64(&[1.0, 2.0, 3.0]));
    for entry in [Entry::stored("X.npy", &x), Entry::deflated("X.npy", &x)] {
        let long = Entry { is_long: true, ..entry.clone() };
        for archive in
            [zip(std::slice::from_ref(&long)), zip_with_long_end(&[entry]), zip_with_long_end(&[long])]
        {
            let dataset = read_bytes(npz::read, &archive).expect("a good archive");
            assert_eq!(dataset.features.to_dense(), Matrix::from_vec(3, 1, vec![1.0, 2.0, 3.0]));
        }
    }
}

/// Bytes of the name of the format and of the shape, which stay charged though they are gone.
const FORMAT_AND_SHAPE: u64 = 64;

#[test]
fn nothing_stays_charged_but_the_data() {
    for name in ["npz_csr.npz", "npz_csc.npz", "npz_coo.npz"] {
        let budget = Budget::limited(1 << 20);
        let dataset = read(&golden_path(name), &ReadOptions::default(), &budget).expect("a good file");
        let nnz = dataset.features.n_stored() as u64;
        let surplus = budget.used() - (12 * nnz + 8 * (4 + 1));
        assert!(surplus <= FORMAT_AND_SHAPE, "{name}: {surplus} bytes");
    }
}

#[test]
fn real_counts() {
    let Some(path) = real("pbmc_facs/counts.npz") else { return };
    let budget = Budget::unlimited();
    let counts = sparse(read(&path, &ReadOptions::default(), &budget).expect("a good file"));
    assert_eq!((counts.n_rows(), counts.n_cols()), (3774, 16791));
    assert!(counts.values().iter().all(|&x| x >= 1.0 && x.fract() == 0.0));
    assert!(budget.used() - (12 * counts.nnz() as u64 + 8 * 3775) <= FORMAT_AND_SHAPE);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn entries_in_any_order_make_the_same_matrix(
        entries in proptest::collection::vec((0_u32..7, 0_u32..9, -4_i32..5), 0..60),
        packed in any::<bool>(),
    ) {
        let rows: Vec<u32> = entries.iter().map(|entry| entry.0).collect();
        let columns: Vec<u32> = entries.iter().map(|entry| entry.1).collect();
        let values: Vec<f64> = entries.iter().map(|entry| f64::from(entry.2)).collect();
        let mut dense = Matrix::<f64>::zeros(7, 9);
        entries.iter().for_each(|&(i, j, x)| dense[(i as usize, j as usize)] += f64::from(x));

        let coo_text = b"\x93NUMPY\x01\0\x36\0{'descr': '|S3', 'fortran_order': False, 'shape': ()}\ncoo";
        let member = if packed { Entry::deflated } else { Entry::stored };
        let archive = zip(&[
            member("row.npy", &list(Values::U32(&rows))),
            member("col.npy", &list(Values::U32(&columns))),
            member("format.npy", coo_text),
            member("shape.npy", &list(Values::U64(&[7, 9]))),
            member("data.npy", &list(Values::F64(&values))),
        ]);
        let read = sparse(read_bytes(npz::read, &archive).expect("a good archive"));
        prop_assert_eq!(read.to_dense(), dense);
        let mut places: Vec<(u32, u32)> = entries.iter().map(|entry| (entry.0, entry.1)).collect();
        places.sort();
        places.dedup();
        prop_assert_eq!(read.nnz(), places.len());
    }
}
