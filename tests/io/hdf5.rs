//! HDF5: AnnData and 10x Genomics against files that anndata and h5py wrote.

use super::{golden, golden_path, read_file};
use crate::data::real;
use diabolo::Error;
use diabolo::io::input::Input;
use diabolo::io::read::{ReadOptions, read, read_from};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::models::Dataset;
use diabolo::monitor::Budget;
use std::path::PathBuf;

/// The 4 x 5 counts of tests/io/files/make_hdf5.py.
fn counts() -> Matrix<f64> {
    Matrix::from_vec(
        4,
        5,
        [0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 3, 0, 0, 4, 0, 0, 5, 0, 0, 6].map(f64::from).to_vec(),
    )
}

/// `kind 0`, `kind 1`, ...
fn counted(kind: &str, n: usize) -> Option<Vec<String>> {
    Some((0..n).map(|i| format!("{kind} {i}")).collect())
}

/// What a layer of a golden file is.
fn layer(name: &str, layer: &str) -> Dataset {
    let options = ReadOptions { layer: Some(layer.to_owned()), ..ReadOptions::default() };
    read(&golden_path(name), &options, &Budget::unlimited()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_encoding_of_anndata() {
    for name in ["hdf5_csr.h5ad", "hdf5_dense.h5ad", "hdf5_dense_bytes.h5ad"] {
        let dataset = golden(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(dataset.features.to_dense(), counts(), "{name}");
        assert_eq!(dataset.names.samples, counted("cell", 4), "{name}");
        assert_eq!(dataset.names.features, counted("gene", 5), "{name}");
    }
    assert!(matches!(golden("hdf5_csr.h5ad").unwrap().features, Features::Sparse(_)));
    assert!(matches!(golden("hdf5_dense.h5ad").unwrap().features, Features::F32(_)));
    assert!(matches!(golden("hdf5_dense_bytes.h5ad").unwrap().features, Features::U8 { unit: 1.0, .. }));
}

#[test]
fn layers_and_what_came_before_filtering() {
    let doubled = Matrix::from_fn(4, 5, |i, j| 2.0 * counts()[(i, j)]);
    assert_eq!(layer("hdf5_csr.h5ad", "double").features.to_dense(), doubled);
    assert_eq!(layer("hdf5_dense.h5ad", "double").features.to_dense(), doubled);

    let filtered = golden("hdf5_csc.h5ad").expect("a good file");
    assert_eq!(filtered.features.to_dense(), Matrix::from_fn(4, 3, |i, j| counts()[(i, j)]));
    assert_eq!(filtered.names.features, counted("gene", 3));
    let raw = layer("hdf5_csc.h5ad", "raw");
    assert_eq!(raw.features.to_dense(), counts());
    assert_eq!((raw.names.samples, raw.names.features), (counted("cell", 4), counted("gene", 5)));
}

#[test]
fn a_layer_that_is_not_there_is_a_mistake_of_the_command_line() {
    for (name, part) in
        [("hdf5_csr.h5ad", "there are double"), ("hdf5_10x.h5", "no layers"), ("npy_vector.npy", "npy")]
    {
        let options = ReadOptions { layer: Some("none".to_owned()), ..ReadOptions::default() };
        let error = read(&golden_path(name), &options, &Budget::unlimited()).expect_err(name);
        assert_eq!(error.exit_code(), 2, "{name}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn every_version_of_10x() {
    for name in ["hdf5_10x.h5", "hdf5_10x_old.h5", "hdf5_10x_v110.h5"] {
        let dataset = golden(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(dataset.features.to_dense(), counts(), "{name}");
        assert!(dataset.features.is_sparse(), "{name}");
        assert_eq!(dataset.names.samples, counted("cell", 4), "{name}");
        assert_eq!(dataset.names.features, counted("gene", 5), "{name}");
    }
    let options = ReadOptions { transpose: true, ..ReadOptions::default() };
    let turned = read(&golden_path("hdf5_10x.h5"), &options, &Budget::unlimited()).expect("a good file");
    assert_eq!(turned.features.to_dense(), counts().transposed());
    assert_eq!(turned.names.samples, counted("gene", 5));
}

#[test]
fn unsorted_twice_and_big_endian() {
    let expected = Csr::from_triplets(3, 4, vec![(0, 1, 2.0), (0, 3, 5.0), (2, 0, 24.0)]).expect("in bounds");
    assert_eq!(golden("hdf5_unsorted.h5ad").expect("a good file").features, Features::Sparse(expected));
    let empty = golden("hdf5_empty.h5ad").expect("a good file").features;
    assert_eq!((empty.n_samples(), empty.n_features()), (0, 5));
}

#[test]
fn columns_of_cells_are_labels() {
    let labels = |column: &str| {
        let path = PathBuf::from(format!("{}:{column}", golden_path("hdf5_csr.h5ad").display()));
        let options = ReadOptions { labels: Some(path), ..ReadOptions::default() };
        let dataset = read(&golden_path("hdf5_csr.h5ad"), &options, &Budget::limited(1 << 24))?;
        let labels = dataset.labels.expect("labels");
        Ok::<_, Error>(
            labels.class.iter().map(|&class| labels.classes[class as usize].clone()).collect::<Vec<_>>(),
        )
    };
    assert_eq!(labels("type").expect("categories"), ["b", "a", "nan", "b"]);
    assert_eq!(labels("batch").expect("numbers"), ["1", "2", "1", "10"]);
    assert_eq!(labels("donor").expect("text"), ["x", "y", "x", "é"]);
    for (column, part) in [("share", "not whole"), ("nothing", "there are"), ("3", "name the column")] {
        let error = labels(column).expect_err(column);
        assert_eq!(error.exit_code(), 65, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn from_a_stream_as_from_a_file() {
    for name in ["hdf5_csr.h5ad", "hdf5_csc.h5ad", "hdf5_10x.h5"] {
        let bytes = std::fs::read(golden_path(name)).expect("a golden file");
        for bytes in [super::gzip(&bytes), bytes] {
            let budget = Budget::limited(1 << 20);
            let mut input = Input::over("-".as_ref(), &bytes[..], &budget).expect("bytes in memory");
            let dataset = read_from(&mut input, &ReadOptions::default()).expect("a good file");
            assert_eq!(dataset.features, golden(name).expect("a good file").features, "{name}");
        }
    }
}

#[test]
fn nothing_stays_charged_but_the_data() {
    // 24 bytes a name and its text: 4 cells, 5 genes, six characters each.
    let names = 9 * (24 + 6);
    for (name, data) in
        [("hdf5_csr.h5ad", 12 * 6 + 8 * 5), ("hdf5_dense.h5ad", 4 * 20), ("hdf5_dense_bytes.h5ad", 20)]
    {
        let budget = Budget::limited(1 << 21);
        read(&golden_path(name), &ReadOptions::default(), &budget).expect("a good file");
        assert_eq!(budget.used(), names + data, "{name}");
    }
}

#[test]
fn what_is_no_data_is_refused_with_a_remedy() {
    for (name, code, part) in [
        ("bad_hdf5_other.h5", 65, "only measurements"),
        ("bad_hdf5_text.h5ad", 65, "holds no numbers"),
        ("bad_hdf5_cube.h5ad", 65, "save cells x genes"),
        ("bad_hdf5_bsr.h5ad", 65, "save `X` as csr_matrix"),
        ("bad_hdf5_pointers.h5ad", 65, "9 values in a list"),
        ("bad_hdf5_index.h5ad", 65, "a column beyond"),
        ("bad_hdf5_lost.h5ad", 65, "`X/indptr` cannot be read"),
        ("bad_hdf5_latest.h5", 65, "readable for HDF5 1.10"),
        ("bad_hdf5_names.h5ad", 65, "1 names for 2 cells"),
        ("bad_hdf5_huge.h5ad", 75, "--memory-limit"),
    ] {
        let error =
            read(&golden_path(name), &ReadOptions::default(), &Budget::limited(1 << 24)).expect_err(name);
        assert_eq!(error.exit_code(), code, "{name}: {error}");
        let line = error.to_string();
        assert!(line.contains(part) && !line.contains('\n'), "{line}");
        assert!(code == 75 || line.contains(name), "{line}");
    }
}

#[test]
fn a_cut_anywhere_is_refused() {
    let whole = std::fs::read(golden_path("hdf5_10x_v110.h5")).expect("a golden file");
    for n in (8..whole.len()).step_by(101) {
        let error = read_file(&whole[..n], &ReadOptions::default()).expect_err("half a file");
        assert!(matches!(error.exit_code(), 65 | 75), "cut at {n}: {error}");
    }
}

#[test]
fn a_chunk_beyond_the_file_is_refused_before_room_is_made_for_it() {
    let path = golden_path("../crashers/hdf5/chunk_beyond_the_file");
    let error =
        read(&path, &ReadOptions::default(), &Budget::limited(1 << 24)).expect_err("1.6 GB of nothing");
    assert!(error.to_string().contains("lies outside the file"), "{error}");
}

#[test]
fn too_little_memory_is_a_clear_refusal() {
    const BUFFER: u64 = 65_536; // of the open file
    for (name, kept) in [("hdf5_csr.h5ad", 382), ("hdf5_dense.h5ad", 350), ("hdf5_10x.h5", 382)] {
        let mut has_room = false;
        for limit in (BUFFER..BUFFER + 4096).step_by(20) {
            let budget = Budget::limited(limit);
            match read(&golden_path(name), &ReadOptions::default(), &budget) {
                Ok(_) => has_room = true,
                Err(error) => {
                    assert!(!has_room, "{name}: {limit} bytes are too few, fewer were not");
                    assert_eq!((error.exit_code(), budget.used()), (75, 0), "{name}: {error}");
                }
            }
            assert!(!has_room || limit >= BUFFER + kept, "{name}: {limit} bytes cannot be enough");
        }
        assert!(has_room, "{name}: a few kilobytes are enough");
    }
}

/// Sums, sizes and names as anndata 0.12.19 and h5py 3.16.0 read them: `X.sum()`, `X.nnz`,
/// `(X.sum(axis=0) * np.arange(n)).sum()` and the first and last names.
#[test]
fn real_files() {
    let Some(folder) = real("formats") else { return };
    for (name, expected, cells, genes) in REAL {
        let budget = Budget::limited(1 << 26);
        let dataset =
            read(&folder.join(name), &ReadOptions::default(), &budget).unwrap_or_else(|e| panic!("{e}"));
        let x = &dataset.features;
        let by_gene = x.col_sums();
        let weighted: f64 = by_gene.iter().enumerate().map(|(j, sum)| j as f64 * sum).sum();
        let found = (x.n_samples(), x.n_features(), by_gene.iter().sum::<f64>(), weighted);
        assert_eq!(found, *expected, "{name}");
        let ends = |names: Option<Vec<String>>| {
            let names = names.expect("names");
            [names[0].clone(), names[names.len() - 1].clone()]
        };
        assert_eq!(ends(dataset.names.samples), *cells, "{name}");
        assert_eq!(ends(dataset.names.features), *genes, "{name}");
    }
}

/// What [`real_files`] expects.
type Real = (&'static str, (usize, usize, f64, f64), [&'static str; 2], [&'static str; 2]);
const REAL: &[Real] = &[
    (
        "10x_data_3.0.0_filtered_feature_bc_matrix.h5",
        (1107, 507, 41549.0, 13344417.0),
        ["AAACCCAAGGAGAGTA-1", "TTTGGTTGTAGAATAC-1"],
        ["CH507-9B2.2", "PRMT2"],
    ),
    ("csc_gzip.h5ad", (300, 200, 30626.0, 3040236.0), ["cell0", "cell299"], ["gene0", "gene199"]),
    ("csr_gzip.h5ad", (300, 200, 30626.0, 3040236.0), ["cell0", "cell299"], ["gene0", "gene199"]),
    ("csr_lzf.h5ad", (300, 200, 30626.0, 3040236.0), ["cell0", "cell299"], ["gene0", "gene199"]),
    ("dense_gzip.h5ad", (300, 200, 30626.0, 3040236.0), ["cell0", "cell299"], ["gene0", "gene199"]),
];
