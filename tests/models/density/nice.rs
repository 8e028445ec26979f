//! NICE: what all flows promise, and that its volume is the scaling's alone.

use super::*;
use diabolo::models::density::nice::Params;

fn small() -> Params {
    Params { hidden: vec![48, 48], epochs: 60, ..Params::default() }
}

#[test]
fn it_learns_the_moons() {
    // It keeps volumes: what lies far out in z lies far out in x, and means of samples wander.
    learns_moons(&small(), -1.75, 0.8);
}

#[test]
fn it_takes_columns_that_depend_on_each_other() {
    learns_columns(&Params { epochs: 8, prior: diabolo::nn::flow::Base::Normal, ..small() });
}

/// Couplings that shift leave volumes as they are: the log-determinant is the same everywhere.
#[test]
fn volumes_are_the_scaling_s_alone() {
    let density = fitted(&Params { epochs: 4, ..small() }, &Dataset::unnamed(columns(300)));
    let log_dets = forward_f64(&density, &rows(5, 6)).1;
    let scales = density.store().get(density.store().named("scale.log_scale"));
    let expected: f64 = scales.iter().map(|&s| f64::from(s)).sum();
    assert!(log_dets.iter().all(|l| (l - expected).abs() < 1e-12), "{log_dets:?} {expected}");
}
