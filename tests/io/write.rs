//! Writers: what is written reads back as the same bits; files appear whole or not at all.

use super::{Scratch, golden, golden_path};
use diabolo::Error;
use diabolo::io::read::{Missing, ReadOptions, read};
use diabolo::io::write::write;
use diabolo::io::{atomic, describe::describe};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::models::{Dataset, Names};
use diabolo::monitor::Budget;
use proptest::prelude::*;
use std::path::Path;

fn read_back(path: &Path) -> Dataset {
    let options = ReadOptions { missing: Missing::Nan, ..ReadOptions::default() };
    read(path, &options, &Budget::unlimited()).unwrap_or_else(|error| panic!("{error}"))
}

/// Equal bit for bit, except that any NaN is any other.
fn same_bits(a: &Matrix<f64>, b: &Matrix<f64>) -> bool {
    let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    a.shape() == b.shape() && a.values().iter().zip(b.values()).all(same)
}

/// Finite numbers of every magnitude, some whole, some missing.
fn value() -> impl Strategy<Value = f64> {
    let any_finite = any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |x| x.is_finite());
    prop_oneof![4 => any_finite, 4 => (-1000..1000_i32).prop_map(f64::from), 1 => Just(f64::NAN), 1 => Just(-0.0)]
}

fn matrix() -> impl Strategy<Value = Matrix<f64>> {
    (1..7_usize, 1..7_usize).prop_flat_map(|(n_rows, n_cols)| {
        proptest::collection::vec(value(), n_rows * n_cols)
            .prop_map(move |values| Matrix::from_vec(n_rows, n_cols, values))
    })
}

/// Names as they come: with separators, quotes, comment signs, like numbers, in other scripts, none.
fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z0-9 ,;\t\"#%.'-]{0,8}", "[0-9]{1,3}", Just("id".to_string()), "\\PC{1,5}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn tables_read_back(
        x in matrix(),
        names in proptest::collection::vec(name(), 12),
        (has_samples, has_features) in (any::<bool>(), any::<bool>()),
    ) {
        let folder = Scratch::new();
        let written = Names {
            samples: has_samples.then(|| names[..x.n_rows()].to_vec()),
            features: has_features.then(|| names[6..6 + x.n_cols()].to_vec()),
            ..Default::default()
        };
        // A column without names that misses a value would be lines of nothing.
        let x = if x.n_cols() == 1 || !has_samples {
            Matrix::from_vec(x.n_rows(), x.n_cols(), x.values().iter().map(|x| if x.is_nan() { 1.0 } else { *x }).collect())
        } else {
            x
        };
        for name in ["x.csv", "x.tsv", "x.csv.gz"] {
            let path = folder.path().join(name);
            write(&path, &x.clone().into(), &written).unwrap();
            let data = read_back(&path);
            prop_assert!(same_bits(&data.features.to_dense(), &x), "{}: {:?}", name, data.features);
            if has_features {
                prop_assert_eq!(&data.names.features, &written.features);
            }
            if has_samples {
                prop_assert_eq!(&data.names.samples, &written.samples);
            }
        }
    }

    #[test]
    fn matrix_market_reads_back(x in matrix()) {
        let folder = Scratch::new();
        let sparse: Features = Csr::from_dense(&x).into();
        for (name, features) in [("d.mtx", x.clone().into()), ("s.mtx", sparse.clone()), ("s.mtx.gz", sparse)] {
            let path = folder.path().join(name);
            write(&path, &features, Names::NONE).unwrap();
            let back = read_back(&path).features;
            prop_assert_eq!(back.is_sparse(), features.is_sparse());
            prop_assert!(same_bits(&back.to_dense(), &features.to_dense()), "{}", name);
        }
    }
}

#[test]
fn every_type_of_values_is_written() {
    let folder = Scratch::new();
    let bytes = Matrix::from_vec(2, 2, vec![0_u8, 51, 255, 1]);
    let pictures = Features::U8 { bytes, unit: 1.0 / 255.0 };
    let singles = Features::F32(Matrix::from_vec(1, 2, vec![0.1, -2.5]));
    for features in [pictures, singles] {
        for name in ["x.csv", "x.tsv.gz", "x.mtx", "x.npy"] {
            let path = folder.path().join(name);
            write(&path, &features, Names::NONE).unwrap();
            assert_eq!(read_back(&path).features.to_dense(), features.to_dense(), "{name}");
        }
    }
}

#[test]
fn endings_that_are_not_written() {
    let folder = Scratch::new();
    let dense: Features = Matrix::filled(1, 1, 1.0).into();
    let sparse: Features = Csr::from_dense(&Matrix::filled(1, 1, 1.0)).into();
    for (name, features) in [("x", &dense), ("x.xls", &dense), ("x.npy.gz", &dense), ("x.npy", &sparse)] {
        let error = write(&folder.path().join(name), features, Names::NONE).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{error}");
    }
    assert_eq!(folder.names(), Vec::<String>::new());
}

#[test]
fn text_of_numpy_and_python() {
    let table = Matrix::from_fn(3, 4, |i, j| (10 * i + j) as f64 - 5.0);
    for name in ["text_blanks.txt", "text_comma.csv", "text_tab.tsv.gz", "text_names.csv", "text_quoted.csv"]
    {
        assert_eq!(golden(name).unwrap().features, table.clone().into(), "{name}");
    }
    let names = golden("text_names.csv").unwrap().names;
    assert_eq!(names.samples.unwrap(), ["one", "2", "th\u{e9}, three"]);
    assert_eq!(names.features.unwrap()[..3], ["plain", "with, comma", "with \"quotes\""]);
    let options = ReadOptions::default();
    let description = describe(&golden_path("text_names.csv"), &options, &Budget::unlimited()).unwrap();
    assert_eq!((description.min, description.max), (Some(-5.0), Some(18.0)));
    assert_eq!((description.share_of_zeros, description.is_integer), (0.0, true));
    let text = description.to_string();
    assert!(text.contains("shape          3 samples x 4 features\n"), "{text}");
}

#[test]
fn a_failed_write_leaves_what_was_there() {
    let folder = Scratch::new();
    let path = folder.file("x.csv", b"old");
    let failed = atomic::write(&path, |file| {
        file.write_all(b"half").map_err(|source| Error::io("x.csv", source))?;
        Err(Error::parameter("x", "no"))
    });
    assert!(failed.is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert_eq!(folder.names(), ["x.csv"]);
    atomic::write(&path, |file| file.write_all(b"new").map_err(|source| Error::io("x.csv", source))).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"new");
    let nowhere = atomic::write(&folder.path().join("no/x.csv"), |_| Ok(()));
    assert_eq!(nowhere.unwrap_err().exit_code(), 74);
}

#[cfg(target_os = "linux")] // elsewhere their age decides
#[test]
fn temporaries_of_the_dead_vanish() {
    let folder = Scratch::new();
    // No process has such numbers; this one's number without an open write is an earlier process.
    let own = format!(".x.{}-999999999.tmp", std::process::id());
    let left_behind = [".x.npy.4294967294-0.tmp", ".x.4294967295-12.tmp", &own];
    let parent = format!(".x.{}-0.tmp", std::os::unix::process::parent_id());
    let kept = [".hidden", ".x.tmp", ".x.12a-0.tmp", ".x.5000000000-0.tmp", "x.4294967295-0.tmp", &parent];
    left_behind.iter().chain(&kept).for_each(|name| drop(folder.file(name, b"")));
    let cleaned = atomic::write(&folder.path().join("y"), |_| {
        // The write that is under way is not touched by a cleaning in between.
        assert_eq!(atomic::clean_dead(folder.path())?, left_behind.len());
        Ok(())
    });
    cleaned.unwrap();
    let mut expected: Vec<&str> = kept.to_vec();
    expected.push("y");
    expected.sort();
    assert_eq!(folder.names(), expected);
}
