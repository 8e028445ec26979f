//! SVMlight against the files of scikit-learn, and the rules of its loose ends.

use super::{golden, gzip, read_file};
use diabolo::io::input::Input;
use diabolo::io::loaded::{IndexBase, Known, Loaded};
use diabolo::io::read::{Format, ReadOptions, load_from, recognise};
use diabolo::linalg::{Csr, Matrix};
use diabolo::models::Dataset;
use diabolo::monitor::Budget;
use proptest::prelude::*;
use std::fmt::Write;
use std::path::Path;

/// The 6 x 5 matrix of tests/io/files/make_lists.py.
fn expected() -> Matrix<f64> {
    Matrix::from_fn(
        6,
        5,
        |i, j| if (i + 2 * j).is_multiple_of(3) { (i + 2 * j + 1) as f64 / 8.0 } else { 0.0 },
    )
}

/// The class of every sample, by name.
fn classes(data: &Dataset) -> Vec<String> {
    let labels = data.labels.as_ref().expect("labels");
    labels.class.iter().map(|&class| labels.classes[class as usize].clone()).collect()
}

#[test]
fn files_of_scikit_learn() {
    for (name, labels) in [
        ("svmlight_from_0.txt", ["1", "-1", "1", "3", "-1", "1"]),
        ("svmlight_from_1.txt", ["1", "-1", "1", "3", "-1", "1"]),
        ("svmlight_query.txt", ["0.25", "-0.25", "0.25", "0.75", "-0.25", "0.25"]),
        ("svmlight_multilabel.txt", ["0,2", "2", "none", "0,1,2", "1", "0,2"]),
    ] {
        let data = golden(name).unwrap_or_else(|error| panic!("{error}"));
        assert!(data.features.is_sparse());
        assert_eq!(data.features.to_dense(), expected(), "{name}");
        assert_eq!(classes(&data), labels, "{name}");
    }
}

#[test]
fn loosely_written_lines() {
    let text = "# comment\r\n\r\n+1.0\t1:1   3:0.5 # and why\r\n1 qid:7 3:2 2:-4\n 01e0 \n\n2.50 3:0\n";
    let data = read_file(text.as_bytes(), &ReadOptions::default()).unwrap();
    let expected =
        Csr::new(3, vec![0, 2, 4, 4, 5], vec![0, 2, 1, 2, 2], vec![1.0, 0.5, -4.0, 2.0, 0.0]).unwrap();
    assert_eq!(data.features, expected.into());
    assert_eq!(classes(&data), ["1", "1", "1", "2.50"]);
    let turned = ReadOptions { transpose: true, ..ReadOptions::default() };
    let data = read_file(text.as_bytes(), &turned).unwrap();
    assert_eq!((data.features.n_samples(), data.features.n_features()), (3, 4));
}

fn load(text: &str, options: &ReadOptions) -> Loaded {
    let budget = Budget::limited(1 << 24);
    load_from(&mut Input::over(Path::new("file"), text.as_bytes(), &budget).unwrap(), options).unwrap()
}

#[test]
fn the_first_index_by_rule_by_option_and_by_the_run() {
    let width = |text: &str, options: &ReadOptions| load(text, options).dataset.features.n_features();
    let (from_0, from_1) = ("1 0:5 2:1\n", "1 1:5 2:1\n");
    let by_rule = ReadOptions::default();
    assert_eq!((width(from_0, &by_rule), width(from_1, &by_rule)), (3, 2));
    let told = ReadOptions { index_base: Some(IndexBase::Zero), ..ReadOptions::default() };
    assert_eq!((width(from_0, &told), width(from_1, &told)), (3, 3));
    // A file to encode is read as the one that was fitted on, at least as wide.
    let fitted = load(from_0, &by_rule);
    assert_eq!(fitted.recipe.index_base, Some(IndexBase::Zero));
    let known = Known { recipe: fitted.recipe, n_features: 7, columns: None };
    let later = ReadOptions { known: Some(known), ..ReadOptions::default() };
    let read = load(from_1, &later).dataset.features.to_dense();
    assert_eq!(read.values(), [0.0, 5.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn recognised_only_where_it_is_certain() {
    for (text, format) in [
        ("1 1:2\n", Format::SvmLight),
        ("# note\n\n-1\n0 \n+1 qid:3 1:2\n", Format::SvmLight),
        ("0,3 5:1e3\n", Format::SvmLight),
        (" 5:1e3\n", Format::SvmLight),
        ("1 2\n1 2:3\n", Format::Delimited),
        ("10 12:30:00\n", Format::Delimited),
        ("a 1:2\n", Format::Delimited),
        ("1\n2\n", Format::Delimited),
    ] {
        assert_eq!(recognise(text.as_bytes()), format, "{text:?}");
    }
}

proptest! {
    #[test]
    fn a_written_matrix_reads_back(
        n_rows in 1_usize..12,
        n_cols in 1_usize..9,
        draws in proptest::collection::vec((0_usize..108, -1e6..1e6_f64), 1..60),
        base in 0_usize..2,
    ) {
        let mut dense = Matrix::zeros(n_rows, n_cols);
        for (at, x) in draws {
            dense.values_mut()[at % (n_rows * n_cols)] = x;
        }
        dense[(n_rows - 1, n_cols - 1)] = 1.5; // the width is the largest index
        dense[(0, 0)] = 2.5; // and the smallest tells the base
        let mut text = String::new();
        for (i, row) in dense.rows().enumerate() {
            write!(text, "{}", i % 3).unwrap();
            for (j, x) in row.iter().enumerate().filter(|(_, x)| **x != 0.0) {
                write!(text, " {}:{x}", j + base).unwrap();
            }
            text.push('\n');
        }
        for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
            let data = read_file(&bytes, &ReadOptions::default()).unwrap();
            prop_assert_eq!(data.features.to_dense(), dense.clone());
            let names: Vec<String> = (0..n_rows).map(|i| (i % 3).to_string()).collect();
            prop_assert_eq!(classes(&data), names);
        }
    }
}
