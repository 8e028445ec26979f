//! The factorisations of one rank.

use super::{Entries, Loss, Params};
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::monitor::Env;
use crate::random::Rng;
use crate::solve::alternating::Alternating;
use diabolo_kernels::parallel::map_tasks;

/// Iterations between two looks at the clusters, and those between two looks at the objective.
const LOOK: u64 = 10;
const HALF_LOOK: u64 = 5;

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
pub fn factorise(entries: &Entries, params: &Params, rank: usize, env: &Env) -> Result<Option<Vec<Run>>> {
    let [n, m] = entries.shape();
    let mean = entries.mean();
    let runs = map_tasks((0..params.n_runs as u64).collect(), |run| {
        let scale = (mean / rank as f64).sqrt();
        let draw = |n_rows: usize, factor: u64| {
            let mut rng = Rng::keyed(env.seed, &[rank as u64, run, factor]);
            Matrix::from_fn(n_rows, rank, |_, _| scale * params.loss.draw(&mut rng))
        };
        solve(entries, draw(n, 0), draw(m, 1), params, env)
    });
    if env.is_cancelled() {
        return Ok(None);
    }
    match runs.iter().find(|run| !run.objective.is_finite()) {
        Some(run) => {
            let why = format!(
                "the objective is {}; look for extreme values in the data or scale it",
                run.objective
            );
            Err(Error::numerical(format!("metagene, rank {rank}"), why))
        }
        None => Ok(Some(runs)),
    }
}

impl Loss {
    /// An entry of a factor to begin with, in sqrt(mean(X) / k).
    fn draw(self, rng: &mut Rng) -> f64 {
        match self {
            // Uniform in 0 to 2: then the mean of W H is the mean of X.
            Loss::KullbackLeibler => 2.0 * rng.uniform(),
            // The size of a standard normal number: fewer starts than by uniform ones end in poor optima.
            Loss::Frobenius => rng.normal().abs(),
        }
    }
}

/// One run from given factors.
fn solve(entries: &Entries, w: Matrix<f64>, ht: Matrix<f64>, params: &Params, env: &Env) -> Run {
    let mut pair = Alternating::new(w, ht);
    let (mut first, mut at_last_look) = (f64::INFINITY, f64::INFINITY);
    let (mut labels, mut n_same, mut n_iter) = (Vec::new(), 0, 0);
    while n_iter < params.max_iter && !env.is_cancelled() {
        pair.step(|w, ht| entries.descend(w, ht), |w, ht| entries.multiply(w, ht));
        n_iter += 1;
        if n_iter == 1 {
            (first, at_last_look) = (pair.objective, pair.objective);
        }
        if n_iter % HALF_LOOK == 0 {
            // `tol` is of ten iterations.
            let fell = at_last_look - pair.objective;
            at_last_look = pair.objective;
            if fell <= 0.5 * params.tol * first {
                break;
            }
        }
        if n_iter % LOOK == 0 {
            let now = clusters(&pair.a, &pair.b);
            n_same = if now == labels { n_same + 1 } else { 0 };
            labels = now;
            if n_same >= params.patience {
                break;
            }
        }
    }
    let labels = clusters(&pair.a, &pair.b);
    Run { w: pair.a, ht: pair.b, labels, objective: pair.objective, n_iter }
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

/// The component each sample has most of, metagenes scaled to length 1; of equal ones the first.
fn clusters(w: &Matrix<f64>, ht: &Matrix<f64>) -> Vec<u32> {
    let mut squares = vec![0.0; ht.n_cols()];
    for row in ht.rows() {
        squares.iter_mut().zip(row).for_each(|(sum, h)| *sum += h * h);
    }
    let lengths: Vec<f64> = squares.into_iter().map(f64::sqrt).collect();
    let largest = |row: &[f64]| {
        let share = |k: usize| row[k] * lengths[k];
        (1..row.len()).fold(0, |best, k| if share(k) > share(best) { k } else { best }) as u32
    };
    w.rows().map(largest).collect()
}
