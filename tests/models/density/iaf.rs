//! Inverse autoregressive flows: what all flows promise, and the zeros of a layer's Jacobian.

use super::*;
use diabolo::models::density::iaf::Params;

fn small() -> Params {
    Params { n_layers: 4, hidden: vec![32, 32], epochs: 60, ..Params::default() }
}

#[test]
fn it_learns_the_moons() {
    learns_moons(&small(), -1.3, 0.12);
}

#[test]
fn it_takes_columns_that_depend_on_each_other() {
    learns_columns(&Params { epochs: 4, n_layers: 2, ..small() });
}

/// x_i depends on the z up to i, so z_i depends on the x up to i: zeros above the diagonal here as well.
#[test]
fn a_layer_is_triangular() {
    let params = Params { n_layers: 1, hidden: vec![24], epochs: 3, ..small() };
    let density = fitted(&params, &Dataset::unnamed(columns(200)));
    let n = 6;
    for row in rows(3, n).chunks_exact(n) {
        for (at, d) in jacobian(&density, row).into_iter().enumerate() {
            let (i, j) = (at / n, at % n);
            assert!(j <= i || d == 0.0, "dz_{i}/dx_{j} = {d}");
            assert!(i != j || d > 0.0, "dz_{i}/dx_{i} = {d}");
        }
    }
}
