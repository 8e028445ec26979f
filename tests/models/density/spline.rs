//! Neural spline flows: what all flows promise, and the box outside of which a layer is linear.

use super::*;
use diabolo::models::density::spline::Params;

fn small() -> Params {
    Params { n_layers: 3, hidden: vec![32, 32], epochs: 60, ..Params::default() }
}

#[test]
fn it_learns_the_moons() {
    learns_moons(&small(), -0.8, 0.12);
}

#[test]
fn it_takes_columns_that_depend_on_each_other() {
    learns_columns(&Params { epochs: 8, ..small() });
}

#[test]
fn it_is_told_of_classes() {
    is_told_of_classes(&Params { conditional: true, epochs: 40, ..small() });
}

/// Far outside the box the flow is linear: its Jacobian does not change any more.
#[test]
fn outside_the_box_it_is_linear() {
    let density = fitted(&Params { epochs: 5, ..small() }, &moons(400));
    let far = [[900.0, 1300.0], [1800.0, 2600.0]];
    let [a, b] = far.map(|row| forward_f64(&density, &row).1[0]);
    assert!((a - b).abs() < 1e-9, "log-determinants {a} and {b}");
}

#[test]
fn bad_input_is_refused_in_a_line() {
    let refusal = |params: Params| {
        let set = moons(50);
        fit(&params, &set.data(), None, &Env::seeded(1), &mut Silent).err().expect("a refusal")
    };
    for (params, name) in [
        (Params { n_bins: 1, ..Params::default() }, "n_bins"),
        (Params { n_bins: 33, ..Params::default() }, "n_bins"),
        (Params { bound: -1.0, ..Params::default() }, "bound"),
    ] {
        let refused = refusal(params);
        assert!(refused.exit_code() == 2 && refused.to_string().contains(name), "{refused}");
    }
}
