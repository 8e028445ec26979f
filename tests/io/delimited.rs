//! Delimited text: layouts, names, missing values.

use super::{gzip, read_file};
use crate::data::real;
use diabolo::io::read::{Missing, ReadOptions, read};
use diabolo::linalg::Matrix;
use diabolo::models::Dataset;
use diabolo::monitor::Budget;

fn read_text(text: &str) -> Dataset {
    read_file(text.as_bytes(), &ReadOptions::default()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn names(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|name| name.to_string()).collect())
}

/// The same 2 x 3 table in every layout: (text, names of samples, names of features).
#[test]
fn layouts_are_recognised() {
    let rows = names(&["r1", "r2"]);
    let columns = names(&["a", "b", "c"]);
    let numbered = names(&["1", "2"]);
    let cases = [
        ("1,2,3\n4,5,6\n", None, None),
        ("1\t2\t3\n4\t5\t6", None, None),
        ("1;2;3\r\n4;5;6\r\n", None, None),
        ("  1   2 3\n 4 5\t 6  \n\n", None, None),
        ("1, 2, 3\n4, 5, 6\n", None, None),
        ("# made by hand\n\n1,2,3\n# between\n4,5,6\n", None, None),
        ("a,b,c\n1,2,3\n4,5,6\n", None, columns.clone()),
        ("\u{feff}a,b,c\n1,2,3\n4,5,6\n", None, columns.clone()),
        ("id\ta\tb\tc\nr1\t1\t2\t3\nr2\t4\t5\t6\n", rows.clone(), columns.clone()),
        ("a\tb\tc\nr1\t1\t2\t3\nr2\t4\t5\t6\n", rows.clone(), columns.clone()),
        ("\"a\" \"b\" \"c\"\n\"1\" 1 2 3\n\"2\" 4 5 6\n", numbered.clone(), columns.clone()),
        ("\"\",\"a\",\"b\",\"c\"\n\"1\",1,2,3\n\"2\",4,5,6\n", numbered.clone(), columns.clone()),
        (",a,b,c\n1,1,2,3\n2,4,5,6\n", numbered.clone(), columns),
        (",0,1,2\n1,1,2,3\n2,4,5,6\n", numbered, names(&["0", "1", "2"])),
        ("id,7,8,9\nr1,1,2,3\nr2,4,5,6\n", rows.clone(), names(&["7", "8", "9"])),
        ("r1,1,2,3\nr2,4,5,6\n", rows, None),
        ("\"a, or \"\"b\"\"\",b,c\n1,2,3\n\"4\",5,6\n", None, names(&["a, or \"b\"", "b", "c"])),
    ];
    for (text, samples, features) in cases {
        for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
            let data = read_file(&bytes, &ReadOptions::default());
            let data = data.unwrap_or_else(|error| panic!("{text:?}: {error}"));
            let expected = Matrix::from_vec(2, 3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
            assert_eq!(data.features, expected.into(), "{text:?}");
            assert_eq!(data.names.samples, samples, "{text:?}");
            assert_eq!(data.names.features, features, "{text:?}");
        }
    }
}

#[test]
fn small_tables() {
    assert_eq!(read_text("7").features, Matrix::from_vec(1, 1, vec![7.0]).into());
    assert_eq!(read_text("x\n7\n8\n").features, Matrix::from_vec(2, 1, vec![7.0, 8.0]).into());
    let single_column_of_r = read_text("x\nr1\t7\n");
    assert_eq!(single_column_of_r.features, Matrix::from_vec(1, 1, vec![7.0]).into());
    assert_eq!(single_column_of_r.names.samples, names(&["r1"]));
}

#[test]
fn numbers_in_every_spelling() {
    let data = read_text("1e-3,+5,-0.25,.5,2.,1E+2,123456789012345678,0.1");
    let expected = vec![1e-3, 5.0, -0.25, 0.5, 2.0, 100.0, 123456789012345680.0, 0.1];
    assert_eq!(data.features, Matrix::from_vec(1, 8, expected).into());
}

#[test]
fn missing_values_as_asked() {
    let text = b"a,b,c,d\n1,NA,,4\n?,nan,N/A,8\n";
    let with = |missing| read_file(text, &ReadOptions { missing, ..ReadOptions::default() });
    let refused = with(Missing::Refuse).unwrap_err();
    let expected = "file:2: column 2: the value is missing; read such values with --missing nan or zero";
    assert_eq!(refused.to_string(), expected);
    let zeros = Matrix::from_vec(2, 4, vec![1.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 8.0]);
    assert_eq!(with(Missing::Zero).unwrap().features, zeros.into());
    let dense = with(Missing::Nan).unwrap().features.to_dense();
    let is_nan: Vec<bool> = dense.values().iter().map(|x| x.is_nan()).collect();
    assert_eq!(is_nan, [false, true, true, false, true, true, true, false]);
}

/// (file, samples x features, first feature's name, first sample's name, first value)
#[test]
fn real_tables() {
    let cases = [
        ("abis_pbmc/bulkRNAseq_ABIS.tsv", (1296, 12), "CYFZ", "S1PR3", 4.27549630336716),
        ("golub_all_aml/expression_5000x38.tsv", (5000, 38), "ALL_19769_B-cell", "M12759_at", 1080.0),
        ("breast_tcga/data.train.protein.tsv", (150, 142), "14-3-3_epsilon", "A0FJ", 0.0491307780856859),
        ("uci/energy.txt", (768, 9), "feature_1", "sample_1", 0.98),
        ("uci/power-plant.txt", (9568, 5), "feature_1", "sample_1", 8.34),
        ("zinb_oracle/biochemists.tsv", (915, 6), "art", "sample_1", 0.0),
    ];
    for (path, shape, feature, sample, value) in cases {
        let Some(path) = real(path) else { return };
        let data = read(&path, &ReadOptions::default(), &Budget::unlimited()).unwrap();
        assert_eq!((data.features.n_samples(), data.features.n_features()), shape);
        assert_eq!(data.names.feature(0), feature);
        assert_eq!(data.names.sample(0), sample);
        assert_eq!(data.features.dense_rows::<f64>(0, 1)[(0, 0)], value);
    }
}
