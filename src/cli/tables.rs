//! Matrices of models as tables with names.

use crate::io::table::Table;
use crate::models::{Along, Factor, Names};

/// A factor with the names of the data it was fitted on.
pub fn factor<'a>(factor: &Factor<'a>, names: &Names) -> Table<'a> {
    let [n_rows, n_cols] = factor.values.shape();
    Table {
        rows_are: kind(factor.rows),
        row_names: labels(factor.rows, n_rows, names),
        col_names: labels(factor.cols, n_cols, names),
        values: factor.values,
    }
}

/// What a side is, in a word.
fn kind(along: Along) -> &'static str {
    match along {
        Along::Samples => "sample",
        Along::Features => "feature",
        Along::Components => "component",
        Along::Value => "value",
    }
}

/// The names along a side.
fn labels(along: Along, n: usize, names: &Names) -> Vec<String> {
    let label = |i: usize| match along {
        Along::Samples => names.sample(i),
        Along::Features => names.feature(i),
        Along::Components => format!("component_{}", i + 1),
        Along::Value => "value".to_owned(),
    };
    (0..n).map(label).collect()
}
