//! Masked autoregressive flows: what all flows promise, and the zeros of a layer's Jacobian.

use super::*;
use diabolo::models::density::maf::Params;

fn small() -> Params {
    Params { n_layers: 4, hidden: vec![32, 32], epochs: 60, ..Params::default() }
}

#[test]
fn it_learns_the_moons() {
    learns_moons(&small(), -1.3, 0.12);
}

#[test]
fn it_takes_columns_that_depend_on_each_other() {
    learns_columns(&Params { epochs: 8, ..small() });
}

#[test]
fn it_is_told_of_classes() {
    is_told_of_classes(&Params { conditional: true, epochs: 100, ..small() });
}

/// Column i of a layer depends on the columns up to i and on no other, and does depend on those: exact zeros above the
/// diagonal, and none below it.
#[test]
fn a_layer_is_triangular() {
    let params = Params { n_layers: 1, hidden: vec![24, 24], epochs: 3, ..small() };
    let density = fitted(&params, &Dataset::unnamed(columns(300)));
    let n = 6;
    let mut below = vec![0.0_f64; n * n];
    for row in rows(5, n).chunks_exact(n) {
        for (at, d) in jacobian(&density, row).into_iter().enumerate() {
            let (i, j) = (at / n, at % n);
            assert!(j <= i || d == 0.0, "dz_{i}/dx_{j} = {d}");
            assert!(i != j || d > 0.0, "dz_{i}/dx_{i} = {d}");
            below[at] = below[at].max(d.abs());
        }
    }
    assert!((0..n * n).all(|at| at % n > at / n || below[at] > 0.0), "a mask cuts too much: {below:?}");
}

/// A single column is a density too.
#[test]
fn one_column_will_do() {
    let x = Matrix::from_fn(300, 1, |i, _| (i as f64 * 0.618).fract());
    let density = fitted(&Params { epochs: 5, ..small() }, &Dataset::unnamed(Features::F64(x)));
    is_exact(&density);
}
