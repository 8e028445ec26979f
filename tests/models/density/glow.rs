//! Glow: an exact density of pictures, whose normalisations start from the data.

use super::*;
use diabolo::models::density::glow::{CouplingScale, Params};
use diabolo::models::{Data, Names};

fn small() -> Params {
    Params { n_layers: 2, hidden: vec![16], epochs: 6, ..Params::default() }
}

fn digits(n: usize) -> Dataset {
    let set = data::by_name("digits", &Budget::unlimited()).expect("a set").expect("digits");
    let features = set.features.select_rows(&(0..n).collect::<Vec<_>>());
    Dataset { features, labels: None, ..set }
}

#[test]
fn it_is_an_exact_density_of_pictures() {
    let set = digits(600);
    let density = fitted(&small(), &set);
    is_exact(&density);
    goes_there_and_back(&density, &set.features.select_rows(&(0..40).collect::<Vec<_>>()));
    let drawn = density.sample(20, &Env::seeded(2)).expect("samples").to_dense();
    assert!(drawn.values().iter().all(|x| x.fract() == 0.0 && (0.0..=16.0).contains(x)));
    assert_eq!(drawn.shape(), [20, 64]);
    let published = Params { coupling_scale: CouplingScale::Sigmoid, ..small() };
    is_exact(&fitted(&published, &set));
}

/// What leaves a normalisation has mean 0 and variance 1 before any step of the descent: codes of an untrained net of one
/// layer are such, but for the two channels that its published coupling scales by sigmoid(2) = .88.
#[test]
fn normalisation_starts_from_the_data() {
    let set = digits(400);
    let params = Params { n_layers: 1, n_levels: 1, epochs: 1, learning_rate: 1e-12, ..small() };
    let params = Params { validation: 0.0, patience: 0, dequantise: Some(false), ..params };
    let params = Params { coupling_scale: CouplingScale::Sigmoid, ..params };
    let density = fitted(&params, &set);
    let z = density.encode(&set.features, &Env::seeded(1)).expect("codes").to_f64();
    for c in 0..4 {
        let of = |f: &dyn Fn(f64) -> f64| {
            let values = z.rows().flat_map(|row| row.iter().skip(c).step_by(4).copied().collect::<Vec<_>>());
            values.map(f).sum::<f64>() / (16 * 400) as f64
        };
        let scale = if c < 2 { 1.0 } else { 1.0 / (1.0 + (-2.0_f64).exp()) };
        let (mean, variance) = (of(&|z| z), of(&|z| z * z) / (scale * scale));
        assert!(mean.abs() < 1e-4 && (variance - 1.0).abs() < 1e-4, "channel {c}: {mean} {variance}");
    }
}

#[test]
fn what_is_no_picture_is_refused() {
    let x = columns(50);
    let refused =
        fit(&small(), &Data::rows(&x), None, &Env::seeded(1), &mut Silent).err().expect("no pictures");
    assert!(refused.exit_code() == 65 && refused.to_string().contains("pictures"), "{refused}");
    let names = Names { picture: Some((3, 2)), ..Names::default() };
    let odd = Data { names: &names, ..Data::rows(&x) };
    let refused = fit(&small(), &odd, None, &Env::seeded(1), &mut Silent).err().expect("an odd side");
    assert!(refused.exit_code() == 65 && refused.to_string().contains("even"), "{refused}");
    let wide = Params { hidden: vec![8, 8], ..small() };
    let refused =
        fit(&wide, &digits(50).data(), None, &Env::seeded(1), &mut Silent).err().expect("two widths");
    assert_eq!(refused.exit_code(), 2, "{refused}");
}
