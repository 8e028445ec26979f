//! Bayesian factorisation: the conditionals against the joint distribution (Geweke 2004), intervals that hold
//! what they promise, errors below those of least squares and near the noise floor.

use crate::tolerance::{BPMF_ABOVE_FLOOR, COVERAGE_95, SIGMAS};
use diabolo::data::{Ratings, Simulator};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::metrics::interval::coverage;
use diabolo::models::factorization::bpmf::{Bpmf, Params};
use diabolo::models::factorization::completion;
use diabolo::models::{Data, Encode, History, Model, Sample, StopReason, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::random::Rng;
use diabolo::solve::bilinear::{Factors, facing};
use diabolo::solve::gibbs::{Conditionals, draw_precision};
use diabolo::solve::normal_wishart::{Gaussian, NormalWishart};
use diabolo::solve::observed::{Observed, Sides};
use diabolo_kernels::small::Small;

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

// ---------------------------------------------------------------------------------------------------------
// The joint distribution. Parameters and data are drawn in two ways: afresh from the prior, and by going on
// from what there is, the parameters by the conditionals under test and the data by the likelihood. If the
// conditionals are right both have the same distribution; bounded functions of it are compared.

const N_ROWS: usize = 5;
const N_COLS: usize = 4;
/// u, v of length 2, and biases.
const WIDTH: usize = 3;
const MEAN: f64 = 0.7;
const SPREAD: f64 = 0.8;

struct Joint {
    alpha: f64,
    of_rows: Gaussian,
    of_cols: Gaussian,
    factors: Factors,
    sides: Sides,
}

fn hyperprior() -> NormalWishart {
    NormalWishart { beta: 2.0, nu: 6.0, scale: vec![0.9, 0.9, 0.5] }
}

/// A row without entries, a complete one, and others.
fn is_observed(i: usize, j: usize) -> bool {
    i != 1 && (i == 3 || !(i + j).is_multiple_of(3))
}

fn drawn_rows(n: usize, gaussian: &Gaussian, rng: &mut Rng) -> Matrix<f64> {
    // p = mu + U^-1 z, Lambda = U'U, by back substitution.
    let mut u = gaussian.precision.values().to_vec();
    f64::cholesky_small(&mut u, WIDTH).expect("a precision");
    let mut rows = Matrix::zeros(n, WIDTH);
    for i in 0..n {
        let mut z: Vec<f64> = (0..WIDTH).map(|_| rng.normal()).collect();
        for p in (0..WIDTH).rev() {
            let known: f64 = (p + 1..WIDTH).map(|q| u[p * WIDTH + q] * z[q]).sum();
            z[p] = (z[p] - known) / u[p * WIDTH + p];
        }
        rows.row_mut(i).iter_mut().zip(&z).zip(&gaussian.mean).for_each(|((x, z), mean)| *x = mean + z);
    }
    rows
}

/// Observed entries given the factors.
fn drawn_entries(factors: &Factors, alpha: f64, rng: &mut Rng) -> Sides {
    let expected = factors.predict_rows(&factors.rows);
    let noisy = Matrix::from_fn(N_ROWS, N_COLS, |i, j| match is_observed(i, j) {
        true => expected[(i, j)] + rng.normal() / alpha.sqrt(),
        false => f64::NAN,
    });
    let observed = Observed::of(&noisy.into(), &Budget::unlimited()).expect("entries");
    Sides::new(observed, &Budget::unlimited()).expect("entries")
}

impl Joint {
    fn from_prior(rng: &mut Rng) -> Joint {
        let nothing = Matrix::zeros(0, WIDTH);
        let alpha = draw_precision(0, 0.0, SPREAD, rng);
        let [of_rows, of_cols] = [(); 2].map(|()| hyperprior().draw(&nothing, rng).expect("a prior"));
        let rows = drawn_rows(N_ROWS, &of_rows, rng);
        let cols = drawn_rows(N_COLS, &of_cols, rng);
        let factors = Factors { mean: MEAN, biased: true, rows, cols };
        let sides = drawn_entries(&factors, alpha, rng);
        Joint { alpha, of_rows, of_cols, factors, sides }
    }

    /// Every parameter given the rest, as a sweep of the model, then the entries.
    fn go_on(&mut self, t: u64, rng: &mut Rng) {
        let residuals = self.factors.residuals(&self.sides.rows);
        let squares = residuals.iter().map(|e| e * e).sum();
        self.alpha = draw_precision(residuals.len(), squares, SPREAD, rng);
        let with_entries: Vec<usize> = (0..N_ROWS).filter(|&i| self.sides.rows.n_in_row(i) > 0).collect();
        self.of_rows =
            hyperprior().draw(&self.factors.rows.select_rows(&with_entries), rng).expect("a posterior");
        let cols = facing(&self.factors.cols, true);
        let rows = Conditionals::new(&self.sides.rows, (MEAN, &cols), &self.of_rows, self.alpha);
        self.factors.rows = rows.and_then(|rows| rows.draw(5, [1, t])).expect("rows");
        self.of_cols = hyperprior().draw(&self.factors.cols, rng).expect("a posterior");
        let rows = facing(&self.factors.rows, true);
        let cols = Conditionals::new(&self.sides.cols, (MEAN, &rows), &self.of_cols, self.alpha);
        self.factors.cols = cols.and_then(|cols| cols.draw(5, [2, t])).expect("columns");
        self.sides = drawn_entries(&self.factors, self.alpha, rng);
    }

    /// Bounded functions of everything, so that their means exist whatever the tails.
    fn functions(&self) -> Vec<f64> {
        let Factors { rows, cols, .. } = &self.factors;
        let r = self.sides.rows.values();
        let within = |x: f64| x * x / (1.0 + x * x);
        let mut functions = vec![(0.3 * self.alpha).tanh(), within(self.alpha), r[0].tanh(), within(r[0])];
        functions.extend([within(r[5] - MEAN), (r[0] * r[3]).tanh()]);
        for (gaussian, factor) in [(&self.of_rows, rows), (&self.of_cols, cols)] {
            let [mean, precision] = [&gaussian.mean, &gaussian.precision.values().to_vec()];
            functions.extend([mean[0].tanh(), within(mean[1]), within(mean[2])]);
            functions.extend([(0.05 * precision[0]).tanh(), (0.1 * precision[1]).tanh()]);
            functions.push((0.05 * precision[8]).tanh());
            functions.extend([within(factor[(0, 0)]), within(factor[(1, 1)]), within(factor[(3, 2)])]);
            functions.push((factor[(0, 0)] * factor[(0, 2)]).tanh());
        }
        functions.push((rows[(0, 0)] * cols[(0, 0)]).tanh());
        functions
    }
}

/// Mean and squared standard error of every function; draws that follow one another are taken in batches.
fn means_of(samples: &[Vec<f64>], per_batch: usize) -> Vec<(f64, f64)> {
    let batches: Vec<&[Vec<f64>]> = samples.chunks_exact(per_batch).collect();
    let n = batches.len() as f64;
    let mean = |f: usize| {
        let means: Vec<f64> = batches
            .iter()
            .map(|batch| batch.iter().map(|draw| draw[f]).sum::<f64>() / per_batch as f64)
            .collect();
        let mean = means.iter().sum::<f64>() / n;
        (mean, means.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n * (n - 1.0)))
    };
    (0..samples[0].len()).map(mean).collect()
}

#[test]
fn conditionals_agree_with_the_joint_distribution() {
    const N: usize = 12_000;
    let mut rng = Rng::keyed(17, &[0]);
    let fresh: Vec<Vec<f64>> = (0..N).map(|_| Joint::from_prior(&mut rng).functions()).collect();
    let mut joint = Joint::from_prior(&mut rng);
    let chain: Vec<Vec<f64>> = (0..N as u64)
        .map(|t| {
            joint.go_on(t, &mut rng);
            joint.functions()
        })
        .collect();
    let pairs = means_of(&fresh, 1).into_iter().zip(means_of(&chain, 200));
    for (f, ((a, a_error), (b, b_error))) in pairs.enumerate() {
        let error = (a_error + b_error).sqrt();
        assert!((a - b).abs() <= SIGMAS * error, "function {f}: {a} afresh, {b} by the chain, +- {error}");
        assert!(error < 0.05, "function {f}: a standard error of {error} says nothing");
    }
}

#[test]
fn a_row_given_the_columns_is_the_gaussian_of_the_formula() {
    // One component, two entries: precision and mean by hand.
    let observed =
        Observed::of(&Matrix::from_vec(1, 2, vec![2.0, 5.0]).into(), &Budget::unlimited()).expect("two");
    let columns = Matrix::from_vec(2, 1, vec![1.0, 3.0]);
    let prior = Gaussian { mean: vec![0.5], precision: Matrix::from_vec(1, 1, vec![4.0]) };
    let row = Conditionals::new(&observed, (1.0, &columns), &prior, 2.0).expect("a row");
    let (precision, linear) = (4.0 + 2.0 * (1.0 + 9.0), 4.0 * 0.5 + 2.0 * (1.0 * 1.0 + 4.0 * 3.0));
    let mean = row.means().expect("a mean")[(0, 0)];
    assert!((mean - linear / precision).abs() < 1e-14, "{mean}");
    let predicted = row.predict(observed.pattern()).expect("predictions");
    assert!((predicted[1].mean - (1.0 + 3.0 * mean)).abs() < 1e-14);
    assert!((predicted[1].variance - 9.0 / precision).abs() < 1e-14);
    let draws: Vec<f64> = (0..4000).map(|t| row.draw(1, [0, t]).expect("a draw")[(0, 0)]).collect();
    crate::random::goodness::assert_moments("a row", &draws, mean, 1.0 / precision);
}

// ---------------------------------------------------------------------------------------------------------

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
    // Of 9 draws the first, the fifth and the ninth.
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
