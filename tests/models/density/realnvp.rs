//! RealNVP: what all flows promise, and the triangular Jacobian of its couplings.

use super::*;
use diabolo::models::density::realnvp::Params;

fn small() -> Params {
    Params { n_layers: 6, hidden: vec![32, 32], epochs: 60, ..Params::default() }
}

#[test]
fn it_learns_the_moons() {
    learns_moons(&small(), -1.2, 0.12);
}

#[test]
fn it_takes_columns_that_depend_on_each_other() {
    learns_columns(&Params { epochs: 8, ..small() });
}

#[test]
fn it_is_told_of_classes() {
    is_told_of_classes(&Params { conditional: true, epochs: 40, ..small() });
}

/// The half that a layer is given stays as it is, and each changed column depends on itself and on that half alone.
#[test]
fn a_layer_leaves_what_it_is_given() {
    let params = Params { n_layers: 1, hidden: vec![16], epochs: 3, validation: 0.0, patience: 0, ..small() };
    let density = fitted(&params, &Dataset::unnamed(columns(200)));
    let n = 6;
    for row in rows(4, n).chunks_exact(n) {
        let jacobian = jacobian(&density, row);
        for i in 0..n {
            for j in 0..n {
                let d = jacobian[i * n + j];
                // Even columns are given, odd ones changed.
                match (i % 2, j % 2) {
                    (0, _) => assert!((d - f64::from(u8::from(i == j))).abs() < 1e-9, "dz_{i}/dx_{j} = {d}"),
                    (1, 1) if i != j => assert!(d == 0.0, "dz_{i}/dx_{j} = {d}"),
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn bad_input_is_refused_in_a_line() {
    let refusal = |params: Params, x: Features| {
        let refused = fit(&params, &diabolo::models::Data::rows(&x), None, &Env::seeded(1), &mut Silent);
        refused.err().expect("a refusal")
    };
    let x = || columns(20);
    let one = Features::F64(Matrix::from_fn(20, 1, |i, _| i as f64));
    let refused = refusal(Params::default(), one);
    assert!(refused.exit_code() == 65 && refused.to_string().contains("2 features"), "{refused}");
    for (params, name) in [
        (Params { n_layers: 0, ..Params::default() }, "n_layers"),
        (Params { scale_bound: 0.0, ..Params::default() }, "scale_bound"),
        (Params { scale_bound: f64::NAN, ..Params::default() }, "scale_bound"),
        (Params { hidden: vec![8, 0], ..Params::default() }, "hidden"),
        (Params { validation: 0.0, ..Params::default() }, "patience"),
        (Params { conditional: true, ..Params::default() }, "conditional"),
    ] {
        let refused = refusal(params, x());
        assert!(refused.exit_code() == 2 && refused.to_string().contains(name), "{refused}");
    }
    let refused = refusal(Params { dequantise: Some(true), ..Params::default() }, x());
    assert!(refused.exit_code() == 65 && refused.to_string().contains("whole number"), "{refused}");
}

/// A column that does not vary has no density: the fit says so and goes on with the others.
#[test]
fn a_constant_column_is_warned_of() {
    let mut x = columns(200).to_dense();
    (0..200).for_each(|i| x.row_mut(i)[2] = 7.0);
    let density = fitted(&Params { epochs: 3, ..small() }, &Dataset::unnamed(Features::F64(x)));
    let warnings = density.warnings();
    assert!(warnings.len() == 1 && warnings[0].contains("column 3"), "{warnings:?}");
}

/// Pictures are dequantised: likelihoods in bits a pixel, samples of levels there are.
#[test]
fn levels_of_pictures_are_dequantised() {
    let set = data::by_name("digits", &Budget::unlimited()).expect("a set").expect("digits");
    let density = fitted(&Params { epochs: 12, ..small() }, &set);
    let scores = density.score(&set.data(), &Env::seeded(1)).expect("scores");
    let bits = scores.iter().find(|score| score.0 == "bits_per_dim").expect("pictures").1;
    assert!(bits > 1.5 && bits < 17_f64.log2(), "between nothing and a uniform level: {bits}");
    let nats = scores[1].1 / 64.0 / std::f64::consts::LN_2;
    assert!((bits - nats).abs() < 1e-12, "levels are 1 apart");
    let drawn = density.sample(50, &Env::seeded(2)).expect("samples").to_dense();
    assert!(drawn.values().iter().all(|x| x.fract() == 0.0 && (0.0..=16.0).contains(x)));
    goes_there_and_back(&density, &set.features.select_rows(&(0..50).collect::<Vec<_>>()));
}

/// Half the temperature, half the distance of codes from the middle.
#[test]
fn temperature_scales_codes() {
    let density = fitted(&Params { epochs: 5, ..small() }, &moons(400));
    let draw = |temperature| {
        let how = diabolo::models::Draw { temperature: Some(temperature), class: None };
        let x = density.draw(50, &how, &Env::seeded(3)).expect("samples");
        density.encode(&x, &Env::seeded(3)).expect("codes").to_f64()
    };
    let (warm, cold) = (draw(1.0), draw(0.5));
    for (warm, cold) in warm.values().iter().zip(cold.values()) {
        assert!((0.5 * warm - cold).abs() < 1e-3 * (1.0 + warm.abs()), "{warm} {cold}");
    }
}
