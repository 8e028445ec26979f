//! The factorisations of one rank.

use super::{Loss, Params};
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::monitor::Env;
use crate::random::Rng;
use crate::solve::alternating::Alternating;
use crate::solve::hals::{self, Penalty};
use crate::solve::poisson::Counts;
use crate::solve::scd;
use diabolo_kernels::parallel::map_tasks;

/// Iterations between two looks at the clusters and the objective.
const LOOK: u64 = 10;

/// Sweeps of one factor of the divergence that share the gathering of the other's rows.
const SWEEPS: usize = 2;

/// No penalties.
const NONE: Penalty = Penalty { l1: 0.0, l2: 0.0 };

/// A factorisation at its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What each sample has of the metagenes, n_samples x k.
    pub w: Matrix<f64>,
    /// The metagenes, n_features x k.
    pub ht: Matrix<f64>,
    /// The component each sample has most of.
    pub labels: Vec<u32>,
    /// Its objective.
    pub objective: f64,
    /// Iterations it took.
    pub n_iter: u64,
}

/// All runs of a rank; `None` after an interruption.
/// # Errors
/// [`Error::Numerical`] where an objective is not finite.
pub fn factorise(
    x: &Features,
    counts: &Counts,
    params: &Params,
    rank: usize,
    env: &Env,
) -> Result<Option<Vec<Run>>> {
    let mean = x.sum_of(|x| x) / (x.n_samples() as f64 * x.n_features() as f64);
    let constant = match params.loss {
        Loss::KullbackLeibler => scd::constant(counts.rows(x)),
        Loss::Frobenius => 0.5 * x.squared_norm(),
    };
    let problem = Problem { x, counts, loss: params.loss, constant };
    let runs = map_tasks((0..params.n_runs as u64).collect(), |run| {
        // Entries uniform in (0, 2 sqrt(mean(X) / k)): then the mean of W H is the mean of X.
        let scale = 2.0 * (mean / rank as f64).sqrt();
        let draw = |n_rows: usize, factor: u64| {
            let mut rng = Rng::keyed(env.seed, &[rank as u64, run, factor]);
            Matrix::from_fn(n_rows, rank, |_, _| scale * rng.uniform())
        };
        problem.solve(draw(x.n_samples(), 0), draw(x.n_features(), 1), params, env)
    });
    if env.is_cancelled() {
        return Ok(None);
    }
    match runs.iter().find(|run| !run.objective.is_finite()) {
        Some(run) => {
            let why = format!("the objective is {}; look for extreme values in the data or scale it", run.objective);
            Err(Error::numerical(format!("metagene, rank {rank}"), why))
        }
        None => Ok(Some(runs)),
    }
}

/// X as the updates read it.
struct Problem<'a> {
    x: &'a Features,
    counts: &'a Counts,
    loss: Loss,
    /// The part of the objective no factor changes.
    constant: f64,
}

impl Problem<'_> {
    fn solve(&self, w: Matrix<f64>, ht: Matrix<f64>, params: &Params, env: &Env) -> Run {
        let mut pair = Alternating::new(w, ht);
        let (mut first, mut at_last_look) = (f64::INFINITY, f64::INFINITY);
        let (mut labels, mut n_same, mut n_iter) = (Vec::new(), 0, 0);
        while n_iter < params.max_iter && !env.is_cancelled() {
            pair.step(|w, ht| self.update(w, ht), |w, ht| self.multiply(w, ht));
            n_iter += 1;
            if n_iter == 1 {
                (first, at_last_look) = (pair.objective, pair.objective);
            }
            if n_iter % LOOK == 0 {
                let now = clusters(&pair.a, &pair.b);
                n_same = if now == labels { n_same + 1 } else { 0 };
                labels = now;
                let fell = at_last_look - pair.objective;
                at_last_look = pair.objective;
                if n_same >= params.patience || fell <= params.tol * first {
                    break;
                }
            }
        }
        let labels = clusters(&pair.a, &pair.b);
        Run { w: pair.a, ht: pair.b, labels, objective: pair.objective, n_iter }
    }

    /// W, then H, by coordinate descent; the objective.
    fn update(&self, w: &mut Matrix<f64>, ht: &mut Matrix<f64>) -> f64 {
        let cols = self.counts.cols();
        match self.loss {
            Loss::KullbackLeibler => {
                scd::sweeps(w, self.counts.rows(self.x), ht, NONE, SWEEPS);
                let x_ln_y = scd::sweeps(ht, cols, w, NONE, SWEEPS);
                scd::divergence(self.constant, x_ln_y, w, ht)
            }
            Loss::Frobenius => self.least_squares(w, ht, |a, products, gram, other| {
                let n_sweeps =
                    hals::worthwhile_sweeps(self.x.n_stored(), a.n_rows(), other, a.n_cols());
                hals::sweeps(a, products, gram, NONE, n_sweeps);
            }),
        }
    }

    /// W, then H, multiplied: what cannot raise the objective.
    fn multiply(&self, w: &mut Matrix<f64>, ht: &mut Matrix<f64>) -> f64 {
        let (rows, cols) = (self.counts.rows(self.x), self.counts.cols());
        match self.loss {
            Loss::KullbackLeibler => {
                scd::multiply(w, rows, &scd::fitted(rows, w, ht), ht, NONE);
                scd::multiply(ht, cols, &scd::fitted(cols, ht, w), w, NONE);
                let fitted = scd::fitted(cols, ht, w);
                let x_ln_y = <f64 as diabolo_kernels::reduce::Reduce>::x_ln_y(cols.values(), &fitted);
                scd::divergence(self.constant, x_ln_y, w, ht)
            }
            Loss::Frobenius => {
                self.least_squares(w, ht, |a, products, gram, _| hals::multiply(a, products, gram, NONE))
            }
        }
    }

    /// 1/2 ||X||^2 - <X'W, H'> + 1/2 <W'W, H H'> after both factors are improved by `one`, which is given the products,
    /// the Gram matrix and the number of rows of the other factor.
    fn least_squares(
        &self,
        w: &mut Matrix<f64>,
        ht: &mut Matrix<f64>,
        one: impl Fn(&mut Matrix<f64>, &Matrix<f64>, &Matrix<f64>, usize),
    ) -> f64 {
        let (n, m) = (w.n_rows(), ht.n_rows());
        one(w, &self.x.matmul(ht), &ht.gram(), m);
        let (products, gram) = (self.transposed_products(w), w.gram());
        one(ht, &products, &gram, n);
        let fitted = 0.5 * hals::inner(&gram, &ht.gram());
        (self.constant - hals::inner(&products, ht) + fitted).max(0.0)
    }

    /// X'W
    fn transposed_products(&self, w: &Matrix<f64>) -> Matrix<f64> {
        match self.x {
            Features::Sparse(_) => self.counts.cols().matmul(w),
            x => x.matmul_tn(w),
        }
    }
}

impl Run {
    /// Charges what the runs of a rank hold at once.
    /// # Errors
    /// [`Error::Limit`].
    pub(super) fn charge(x: &Features, params: &Params, env: &Env) -> Result<()> {
        let n_values = (x.n_samples() as u64 + x.n_features() as u64).saturating_mul(params.max_rank as u64);
        let at_end = n_values.saturating_mul(8).saturating_mul(params.n_runs as u64);
        env.budget.charge(at_end, "the metagenes of all runs of a rank")?;
        let threads = diabolo_kernels::parallel::n_threads() as u64;
        env.budget.charge(threads.saturating_mul(Alternating::bytes(n_values)), "factorisations under way")
    }
}

/// The component each sample has most of, metagenes scaled to sum 1; of equal ones the first.
fn clusters(w: &Matrix<f64>, ht: &Matrix<f64>) -> Vec<u32> {
    let sums = scd::col_sums(ht);
    let largest = |row: &[f64]| {
        let share = |k: usize| row[k] * sums[k];
        (1..row.len()).fold(0, |best, k| if share(k) > share(best) { k } else { best }) as u32
    };
    w.rows().map(largest).collect()
}
