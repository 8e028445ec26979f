//! Bayesian factorisation: intervals that hold what they promise, errors below those of least squares and near the
//! noise floor.

use crate::tolerance::{BPMF_ABOVE_FLOOR, COVERAGE_95};
use diabolo::data::{Ratings, Simulator};
use diabolo::linalg::{Csr, Features};
use diabolo::metrics::interval::coverage;
use diabolo::models::factorization::bpmf::{Bpmf, Params};
use diabolo::models::factorization::completion;
use diabolo::models::{Data, Encode, History, Model, Sample, StopReason, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::solve::observed::Observed;

/// The standard deviation of the noise of [`ratings`].
const FLOOR: f64 = 0.5;

fn ratings() -> Features {
    let ratings = Ratings { n_users: 400, n_items: 250, density: 0.3, n_components: 3, ..Ratings::default() };
    ratings.simulate(&Budget::unlimited()).expect("ratings").dataset.features
}

fn params() -> Params {
    Params { n_components: 3, held_out: 0.2, max_iter: 120, burn_in: 20, ..Params::default() }
}

fn fitted(params: &Params, x: &Features) -> (Bpmf, History) {
    fit(params, &Data::rows(x), None, &Env::seeded(2), &mut Silent).expect("a fit")
}

fn score(model: &dyn Model, x: &Features, name: &str) -> f64 {
    let metrics = model.score(&Data::rows(x), &Env::default()).expect("a score");
    metrics.into_iter().find(|(known, _)| known == name).expect("a metric of that name").1
}

#[test]
fn intervals_hold_what_they_promise_and_errors_reach_the_floor() {
    let x = ratings();
    let (model, history) = fitted(&params(), &x);
    assert_eq!(history.stop, StopReason::Completed);
    assert!(model.warnings().is_empty(), "{:?}", model.warnings());

    let errors = model.standardised_errors();
    assert!(errors.len() > 5000, "{} entries held out", errors.len());
    for (level, within) in [(0.5, 2.0 * COVERAGE_95), (0.8, COVERAGE_95), (0.95, COVERAGE_95)] {
        let share = coverage(&errors, level);
        assert!((share - level).abs() <= within, "{share} of the entries in intervals of {level}");
    }
    let error = score(&model, &x, "held_out_rmse");
    assert!(error > FLOOR / BPMF_ABOVE_FLOOR && error < FLOOR * BPMF_ABOVE_FLOOR, "{error}");
    let told = *history.metrics()["held_out_rmse"].last().expect("a sweep");
    assert!((told - error).abs() <= 1e-12, "{told} told, {error} found again");
    assert!((model.noise() - FLOOR).abs() < 0.02, "noise {}", model.noise());
    assert!((score(&model, &x, "held_out_coverage") - 0.95).abs() <= COVERAGE_95);
}

#[test]
fn any_row_is_predicted_with_intervals_that_hold() {
    // Users whose other ratings are known: rows that were never fitted, and some of their entries hidden.
    let Features::Sparse(all) = ratings() else { panic!("ratings are sparse") };
    let old: Vec<usize> = (0..300).collect();
    let x = Features::Sparse(all.select_rows(&old));
    let (model, _) = fitted(&Params { held_out: 0.0, ..params() }, &x);
    let new: Vec<usize> = (300..400).collect();
    let new = Observed::of(&Features::Sparse(all.select_rows(&new)), &Budget::unlimited()).expect("entries");
    let (known, hidden) = new.split(0.3, 4, &Budget::unlimited()).expect("a split");
    let entries = known.entries().map(|(i, j, r)| (i as u32, j as u32, r)).collect();
    let known = Features::Sparse(Csr::from_triplets(100, 250, entries).expect("entries"));
    let intervals = model.predict(&known, hidden.pattern()).expect("predictions");
    let n = intervals.len() as f64;
    let pairs = || intervals.iter().zip(hidden.values());
    let share = pairs().filter(|(within, r)| within.low <= **r && **r <= within.high).count() as f64 / n;
    assert!((share - 0.95).abs() <= COVERAGE_95, "{share} of {n} entries");
    let error = (pairs().map(|(within, r)| (within.mean - r).powi(2)).sum::<f64>() / n).sqrt();
    assert!(error < FLOOR * BPMF_ABOVE_FLOOR, "{error}");
    // The mean of the interval is what decoding the code gives.
    let z = model.encode(&known, &Env::default()).expect("codes").to_f64();
    let decoded = model.decoder().expect("it decodes").decode(&z, &Env::default()).expect("ratings");
    for ((i, j, _), interval) in hidden.entries().zip(&intervals) {
        assert!((decoded[(i, j)] - interval.mean).abs() <= 1e-9, "{} and {}", decoded[(i, j)], interval.mean);
    }
}

#[test]
fn the_error_is_below_that_of_least_squares() {
    let few = Ratings { density: 0.1, n_components: 5, ..Ratings::default() };
    let x = few.simulate(&Budget::unlimited()).expect("ratings").dataset.features;
    let (model, _) = fitted(&Params { held_out: 0.2, ..Params::default() }, &x);
    let ours = score(&model, &x, "held_out_rmse");
    for ridge in [0.02, 0.04, 0.08, 0.16] {
        let params = completion::Params { ridge, held_out: 0.2, ..completion::Params::default() };
        let (least_squares, _) =
            fit(&params, &Data::rows(&x), None, &Env::seeded(2), &mut Silent).expect("a fit");
        let theirs = score(&least_squares, &x, "held_out_rmse");
        assert!(ours < theirs, "{ours}, and {theirs} with a ridge of {ridge}");
    }
}

#[test]
fn draws_are_thinned_whatever_the_length_of_the_chain() {
    let x = ratings();
    let n_kept = |max_iter| {
        let params = Params { max_iter, burn_in: 1, als_iter: 1, n_draws: 4, ..params() };
        fitted(&params, &x).0.n_draws()
    };
    // Of 9 draws the first two and the ninth.
    assert_eq!([2, 4, 5, 6, 10].map(n_kept), [1, 3, 4, 3, 3]);
}

#[test]
fn what_nobody_knows_is_predicted_widely() {
    let x = ratings();
    let (model, _) = fitted(&params(), &x);
    let nobody = Features::Sparse(Csr::from_triplets(1, 250, vec![]).expect("no ratings"));
    let one = Features::Sparse(Csr::from_triplets(1, 250, vec![(0, 3, 4.0)]).expect("a rating"));
    let place = Observed::of(&one, &Budget::unlimited()).expect("a place");
    let width = |known: &Features| {
        let interval = model.predict(known, place.pattern()).expect("a prediction")[0];
        interval.high - interval.low
    };
    assert!(width(&nobody) > width(&one) && width(&one) > 2.0 * 1.9 * FLOOR);
    let factors = model.factors();
    assert_eq!([factors[0].values.shape(), factors[1].values.shape()], [[250, 1], [250, 1]]);
    let code = model.encode(&nobody, &Env::default()).expect("a code").to_f64();
    let decoded = model.decoder().expect("it decodes").decode(&code, &Env::default()).expect("ratings");
    for (mean, decoded) in factors[0].values.values().iter().zip(decoded.values()) {
        assert!((mean - decoded).abs() <= 1e-9, "{mean} and {decoded}");
    }
}

#[test]
fn samples_look_like_users() {
    let x = ratings();
    let (model, _) = fitted(&params(), &x);
    let sample = model.sample(400, &Env::seeded(3)).expect("samples");
    assert_eq!(sample, model.sample(400, &Env::seeded(3)).expect("the same"));
    let moments = |values: &[f64]| {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        (mean, (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt())
    };
    let Features::Sparse(observed) = &x else { panic!("ratings are sparse") };
    let (mean, deviation) = moments(observed.values());
    let (drawn_mean, drawn_deviation) = moments(sample.to_dense().values());
    assert!((mean - drawn_mean).abs() < 0.15 && (deviation / drawn_deviation - 1.0).abs() < 0.15);
}

#[test]
fn figures_show_calibration_and_the_chain() {
    let x = ratings();
    let titles = |params: &Params| -> Vec<String> {
        let (model, _) = fitted(params, &x);
        let figures = model.figures(&Data::rows(&x), &Env::default()).expect("figures");
        figures.into_iter().map(|figure| figure.title).collect()
    };
    let few = Params { max_iter: 12, burn_in: 4, als_iter: 2, ..params() };
    let common = ["Error by number of entries", "Trace of the noise", "Recommendations"];
    let all = [&["Predicted against observed", "Calibration of the intervals"], &common[..]].concat();
    assert_eq!(titles(&few), all);
    assert_eq!(
        titles(&Params { held_out: 0.0, ..few }),
        [&["Predicted against observed"], &common[..]].concat()
    );
}

#[test]
fn bad_parameters_are_refused() {
    let x = ratings();
    for (params, name) in [
        (Params { n_components: 0, ..Params::default() }, "n_components"),
        (Params { burn_in: 250, ..Params::default() }, "burn_in"),
        (Params { als_iter: 51, ..Params::default() }, "als_iter"),
        (Params { n_draws: 1, ..Params::default() }, "n_draws"),
        (Params { noise: -1.0, ..Params::default() }, "noise"),
        (Params { level: 1.0, ..Params::default() }, "level"),
        (Params { held_out: 1.0, ..Params::default() }, "held_out"),
    ] {
        let refused =
            fit(&params, &Data::rows(&x), None, &Env::seeded(2), &mut Silent).err().expect("a refusal");
        assert!(refused.to_string().contains(name) && refused.exit_code() == 2, "{refused}");
    }
}
