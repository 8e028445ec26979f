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

/// What is drawn of a class is found to be of it by the same density of other classes' members, by Bayes.
#[test]
fn it_is_told_of_classes() {
    let whole = data::by_name("digits", &Budget::unlimited()).expect("a set").expect("digits");
    let labels = whole.labels.expect("digits are labelled");
    let rows: Vec<usize> = (0..labels.class.len()).filter(|&i| labels.class[i] < 3).collect();
    let class = rows.iter().map(|&i| labels.class[i]).collect();
    let labels = Labels { class, classes: labels.classes[..3].to_vec() };
    let set = Dataset { features: whole.features.select_rows(&rows), labels: Some(labels), ..whole };
    let env = Env::seeded(1);
    let density = fitted(&Params { conditional: true, epochs: 40, learning_rate: 6e-3, ..small() }, &set);
    let scores = density.score(&set.data(), &env).expect("scores");
    let accuracy = scores.iter().find(|score| score.0 == "class_accuracy").expect("it is told of classes").1;
    assert!(accuracy > 0.97, "{scores:?}");
    goes_there_and_back(&density, &set.features.select_rows(&(0..40).collect::<Vec<_>>()));
    let name = set.labels.as_ref().expect("labels").classes[2].clone();
    let how = diabolo::models::Draw { temperature: Some(0.7), class: Some(name) };
    let drawn = density.draw(100, &how, &env).expect("samples");
    let of_class = density.encode(&drawn, &env).expect("codes").to_f64();
    let right = of_class.rows().filter(|row| row[64] == 2.0).count();
    assert!(right >= 70, "{right} of 100 draws of class 2 are taken for such");
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
