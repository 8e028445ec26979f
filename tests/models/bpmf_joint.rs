//! The conditionals of Bayesian factorisation against the joint distribution (Geweke 2004).
//!
//! The joint distribution. Parameters and data are drawn in two ways: afresh from the prior, and by going on
//! from what there is, the parameters by the conditionals under test and the data by the likelihood. If the
//! conditionals are right both have the same distribution; bounded functions of it are compared.

use crate::tolerance::SIGMAS;
use diabolo::linalg::Matrix;
use diabolo::monitor::Budget;
use diabolo::random::Rng;
use diabolo::solve::bilinear::{Factors, facing};
use diabolo::solve::gibbs::{Conditionals, draw_precision};
use diabolo::solve::normal_wishart::{Gaussian, NormalWishart};
use diabolo::solve::observed::{Observed, Sides};
use diabolo_kernels::small::Small;

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
    fn go_on(&mut self, t: u64, overrelaxed: bool, rng: &mut Rng) {
        let residuals = self.factors.residuals(&self.sides.rows);
        let squares = residuals.iter().map(|e| e * e).sum();
        self.alpha = draw_precision(residuals.len(), squares, SPREAD, rng);
        let with_entries: Vec<usize> = (0..N_ROWS).filter(|&i| self.sides.rows.n_in_row(i) > 0).collect();
        self.of_rows =
            hyperprior().draw(&self.factors.rows.select_rows(&with_entries), rng).expect("a posterior");
        let cols = facing(&self.factors.cols, true);
        let rows = Conditionals::new(&self.sides.rows, (MEAN, &cols), &self.of_rows, self.alpha);
        self.factors.rows = rows
            .and_then(|rows| rows.draw(overrelaxed.then_some(&self.factors.rows), 5, [1, t]))
            .expect("rows");
        self.of_cols = hyperprior().draw(&self.factors.cols, rng).expect("a posterior");
        let rows = facing(&self.factors.rows, true);
        let cols = Conditionals::new(&self.sides.cols, (MEAN, &rows), &self.of_cols, self.alpha);
        self.factors.cols = cols
            .and_then(|cols| cols.draw(overrelaxed.then_some(&self.factors.cols), 5, [2, t]))
            .expect("columns");
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
    for overrelaxed in [false, true] {
        let mut joint = Joint::from_prior(&mut rng);
        let chain: Vec<Vec<f64>> = (0..N as u64)
            .map(|t| {
                joint.go_on(t, overrelaxed, &mut rng);
                joint.functions()
            })
            .collect();
        let pairs = means_of(&fresh, 1).into_iter().zip(means_of(&chain, 200));
        for (f, ((a, a_error), (b, b_error))) in pairs.enumerate() {
            let error = (a_error + b_error).sqrt();
            assert!(
                (a - b).abs() <= SIGMAS * error,
                "function {f}: {a} afresh, {b} by the chain, +- {error}"
            );
            assert!(error < 0.05, "function {f}: a standard error of {error} says nothing");
        }
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
    let draws: Vec<f64> = (0..4000).map(|t| row.draw(None, 1, [0, t]).expect("a draw")[(0, 0)]).collect();
    crate::random::goodness::assert_moments("a row", &draws, mean, 1.0 / precision);
    // Overrelaxed from 2: the mean is on the other side, the variance (1 - 0.8^2) of the whole.
    let two = Matrix::from_vec(1, 1, vec![2.0]);
    let draws: Vec<f64> =
        (0..4000).map(|t| row.draw(Some(&two), 1, [0, t]).expect("a draw")[(0, 0)]).collect();
    crate::random::goodness::assert_moments("from a row", &draws, 1.8 * mean - 1.6, 0.36 / precision);
}
