//! IDX: every type, pictures, labels, the real thing.

use super::{golden, read_bytes, table, table_from_zero};
use crate::data::real;
use diabolo::io::idx;
use diabolo::io::input::Input;
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::Features;
use diabolo::monitor::Budget;
use proptest::prelude::*;
use std::path::Path;

/// The bytes of a file of unsigned bytes.
fn bytes_file(shape: &[u32], values: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, shape.len() as u8];
    shape.iter().for_each(|size| file.extend(size.to_be_bytes()));
    file.extend(values);
    file
}

#[test]
fn every_type() {
    let bytes = golden("idx_08.idx").expect("a good file").features;
    let Features::U8 { bytes, unit } = bytes else { panic!("bytes stay bytes") };
    assert_eq!(unit, 1.0 / 255.0);
    assert_eq!(bytes, diabolo::linalg::Matrix::from_fn(3, 4, |i, j| table_from_zero()[(i, j)] as u8));
    for name in ["idx_09.idx", "idx_11.idx", "idx_12.idx", "idx_13.idx", "idx_14.idx"] {
        let features = golden(name).unwrap_or_else(|error| panic!("{name}: {error}")).features;
        assert_eq!(features.to_dense(), table(), "{name}");
    }
}

#[test]
fn lists_are_numbers_and_labels() {
    let file = bytes_file(&[4], &[7, 0, 10, 7]);
    let list = read_bytes(idx::read, &file).expect("a good file");
    assert_eq!(list.features.to_dense().values(), [7.0, 0.0, 10.0, 7.0]);
    let budget = Budget::unlimited();
    let mut input = Input::over(Path::new("labels"), file.as_slice(), &budget).expect("bytes");
    let labels = idx::read_labels(&mut input).expect("labels");
    assert_eq!((labels.class, labels.classes.join(" ")), (vec![1, 0, 2, 1], "0 7 10".to_owned()));
    let mut input = Input::over(Path::new("labels"), &[0, 0, 13, 1, 0, 0, 0, 0][..], &budget).expect("bytes");
    assert_eq!(idx::read_labels(&mut input).expect_err("fractions").exit_code(), 65);
}

#[test]
fn real_digits() {
    let Some(path) = real("mnist/t10k-images-idx3-ubyte.gz") else { return };
    let digits = read(&path, &ReadOptions::default(), &Budget::unlimited()).expect("a good file");
    assert_eq!((digits.features.n_samples(), digits.features.n_features()), (10_000, 784));
    assert_eq!(digits.names.picture, Some((28, 28)));
    // The first test digit is a seven: its upper stroke is drawn, its lower left corner is empty.
    let mut seven = [0.0; 784];
    digits.features.row_into(0, &mut seven);
    assert!(seven.iter().all(|x| (0.0..=1.0).contains(x)));
    assert!(seven[8 * 28 + 8] > 0.5 && seven[20 * 28 + 5] == 0.0);

    let Some(path) = real("mnist/t10k-labels-idx1-ubyte.gz") else { return };
    let budget = Budget::unlimited();
    let labels = idx::read_labels(&mut Input::open(&path, &budget).expect("a file")).expect("labels");
    assert_eq!(labels.class[..10], [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    assert_eq!((labels.class.len(), labels.classes.len()), (10_000, 10));
}

#[test]
fn labels_beside_the_pictures() {
    let (Some(path), Some(labels)) =
        (real("mnist/t10k-images-idx3-ubyte.gz"), real("mnist/t10k-labels-idx1-ubyte.gz"))
    else {
        return;
    };
    let options = ReadOptions { labels: Some(labels), ..ReadOptions::default() };
    let digits = read(&path, &options, &Budget::unlimited()).expect("good files");
    assert_eq!(digits.labels.expect("labels").class[..4], [7, 2, 1, 0]);
    let of_others = ReadOptions { labels: Some(super::golden_path("npy_u1.npy")), ..options.clone() };
    assert_eq!(read(&path, &of_others, &Budget::unlimited()).expect_err("a table").exit_code(), 65);
    let too_few = ReadOptions { labels: Some(super::golden_path("bad_text.npy")), ..options };
    let error = read(&path, &too_few, &Budget::unlimited()).expect_err("two names").to_string();
    assert!(error.contains("2 labels for 10000 samples"), "{error}");
}

/// Readers stream: beside the data there are only buffers.
#[test]
fn a_large_file_takes_little_more_memory_than_its_data() {
    let Some(path) = real("mnist/train-images-idx3-ubyte.gz") else { return };
    let payload = 60_000 * 784;
    let budget = Budget::limited(payload + payload / 10);
    let digits = read(&path, &ReadOptions::default(), &budget).expect("a file that fits");
    assert_eq!((digits.features.n_stored() as u64, budget.used()), (payload, payload));
    let tight = Budget::limited(payload - 1);
    let error = read(&path, &ReadOptions::default(), &tight).expect_err("a file that does not fit");
    assert_eq!(error.exit_code(), 75);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pictures_survive(n in 0_usize..5, height in 0_usize..6, width in 0_usize..6, seed in any::<u8>()) {
        let pixels: Vec<u8> = (0..n * height * width).map(|at| seed.wrapping_mul(31).wrapping_add(at as u8)).collect();
        let file = bytes_file(&[n as u32, height as u32, width as u32], &pixels);
        let dataset = read_bytes(idx::read, &file).expect("a good file");
        prop_assert_eq!(dataset.names.picture, Some((height, width)));
        let Features::U8 { bytes, .. } = dataset.features else { panic!("bytes stay bytes") };
        prop_assert_eq!(bytes.shape(), [n, height * width]);
        prop_assert_eq!(bytes.values(), &pixels[..]);
    }

    #[test]
    fn a_cut_file_is_an_error(keep in 0_usize..28) {
        let whole = bytes_file(&[2, 2, 3], &[0; 12]);
        prop_assert_eq!(read_bytes(idx::read, &whole[..keep]).expect_err("a cut file").exit_code(), 65);
    }
}
