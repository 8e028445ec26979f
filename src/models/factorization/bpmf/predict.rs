//! Predictions of rows given their entries: a mixture over the draws.

use super::Bpmf;
use super::posterior::{Draw, Moments};
use crate::error::Result;
use crate::linalg::{BLOCK_ROWS, Features, Matrix};
use crate::metrics::interval::half_width;
use crate::models::{Decode, Recommend, check_width};
use crate::monitor::{Budget, Env};
use crate::solve::gibbs::Conditionals;
use crate::solve::observed::Observed;
use crate::solve::top_n::{Scored, best_of};
use diabolo_kernels::sparse::{PatternRef, Sparse};

/// A prediction: where the entry is expected, and where it lies with the probability `level`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The posterior mean.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Bpmf {
    /// Predictions at places of a pattern with the rows of `x`: the mixture of the draws by its mean and variance,
    /// and the central interval of the normal distribution with these, noise included.
    /// # Errors
    /// Data of another width, infinite values, extreme values.
    /// # Panics
    /// If the pattern is of another shape than `x`.
    pub fn predict(&self, x: &Features, places: PatternRef) -> Result<Vec<Interval>> {
        check_width(x, self.n_items())?;
        let observed = Observed::of(x, &Budget::unlimited())?;
        let moments = self.moments_at(&observed, places)?;
        let width = half_width(self.params.level);
        Ok(moments.iter().map(|&(mean, variance)| interval(mean, width * variance.sqrt())).collect())
    }

    /// Mean and variance of entries: of the means m_s and variances s_s of the draws, mean(m) and
    /// mean(s) + var(m) + mean(1/alpha).
    fn moments_at(&self, observed: &Observed, places: PatternRef) -> Result<Vec<(f64, f64)>> {
        let mut means = Moments::new(places.nnz());
        let mut within = vec![0.0; places.nnz()];
        for draw in &self.fitted.draws {
            let predicted = self.conditionals(observed, draw)?.predict(places)?;
            means.see(&predicted.iter().map(|p| p.mean).collect::<Vec<f64>>(), draw.alpha);
            within.iter_mut().zip(&predicted).for_each(|(sum, p)| *sum += p.variance);
        }
        let n = self.n_draws() as f64;
        let between = means.entry_variances().zip(&within).map(|(between, within)| between + within / n);
        Ok(means.mean().iter().copied().zip(between).collect())
    }

    /// (r - mean) / sd of the entries that were held out: standard normal if the intervals are right.
    pub fn standardised_errors(&self) -> Vec<f64> {
        let moments = &self.fitted.moments;
        let entries = self.fitted.held_out.values().iter().zip(moments.mean()).zip(moments.entry_variances());
        entries.map(|((r, mean), variance)| (r - mean) / variance.sqrt()).collect()
    }

    fn conditionals<'a>(&self, observed: &'a Observed, draw: &'a Draw) -> Result<Conditionals<'a>> {
        Conditionals::new(observed, (self.fitted.mean, &draw.facing), &draw.prior, draw.alpha)
    }

    /// The means of the rows under every draw, side by side.
    pub(super) fn codes_of(&self, observed: &Observed) -> Result<Matrix<f64>> {
        let width = self.width();
        let mut codes = Matrix::zeros(observed.n_rows(), self.n_draws() * width);
        for (s, draw) in self.fitted.draws.iter().enumerate() {
            let means = self.conditionals(observed, draw)?.means()?;
            for (i, mean) in means.rows().enumerate() {
                codes.row_mut(i)[s * width..(s + 1) * width].copy_from_slice(mean);
            }
        }
        Ok(codes)
    }

    /// \[u, b, 1\] of codes under draw `s`: what meets \[v, 1, c\].
    pub(super) fn own(&self, codes: &Matrix<f64>, s: usize) -> Matrix<f64> {
        let width = self.width();
        let across = self.fitted.draws[s].facing.n_cols();
        Matrix::from_fn(
            codes.n_rows(),
            across,
            |i, l| if l < width { codes[(i, s * width + l)] } else { 1.0 },
        )
    }

    /// Posterior means at the places of a pattern with the rows of the codes.
    pub(super) fn predict_codes(&self, codes: &Matrix<f64>, places: PatternRef) -> Vec<f64> {
        let mut sums = vec![0.0; places.nnz()];
        let mut predicted = vec![0.0; places.nnz()];
        for (s, draw) in self.fitted.draws.iter().enumerate() {
            f64::sddmm(places, self.own(codes, s).view(), draw.facing.view(), &mut predicted);
            sums.iter_mut().zip(&predicted).for_each(|(sum, x)| *sum += x);
        }
        sums.iter().map(|sum| self.fitted.mean + sum / self.n_draws() as f64).collect()
    }

    /// Calls `each` with the first row's number, the observed entries and the codes of a block of rows.
    pub(super) fn each_block(
        &self,
        x: &Features,
        mut each: impl FnMut(usize, &Observed, &Matrix<f64>) -> Result<()>,
    ) -> Result<()> {
        check_width(x, self.n_items())?;
        for first in (0..x.n_samples()).step_by(BLOCK_ROWS) {
            let rows: Vec<usize> = (first..(first + BLOCK_ROWS).min(x.n_samples())).collect();
            let observed = Observed::of(&x.select_rows(&rows), &Budget::unlimited())?;
            let codes = self.codes_of(&observed)?;
            each(first, &observed, &codes)?;
        }
        Ok(())
    }

    /// What is predicted of a row of which nothing is known: means and standard deviations, noise left out.
    pub(super) fn of_nobody(&self) -> Result<[Matrix<f64>; 2]> {
        let m = self.n_items();
        let nobody = Observed::none(1, m);
        let everything = Features::from(Matrix::<f64>::zeros(1, m));
        let everything = Observed::of(&everything, &Budget::unlimited())?;
        let moments = self.moments_at(&nobody, everything.pattern())?;
        let noise =
            self.fitted.draws.iter().map(|draw| 1.0 / draw.alpha).sum::<f64>() / self.n_draws() as f64;
        let means = moments.iter().map(|(mean, _)| *mean).collect();
        let deviations = moments.iter().map(|(_, variance)| (variance - noise).max(0.0).sqrt()).collect();
        Ok([Matrix::from_vec(m, 1, means), Matrix::from_vec(m, 1, deviations)])
    }
}

impl Recommend for Bpmf {
    /// By posterior means.
    fn recommend(&self, x: &Features, n: usize, env: &Env) -> Result<Vec<Vec<Scored<f64>>>> {
        let mut lists = Vec::with_capacity(x.n_samples());
        self.each_block(x, |_, observed, codes| {
            let predicted = self.decode(codes, env)?;
            lists.extend((0..codes.n_rows()).map(|i| best_of(predicted.row(i), observed.row(i).0, n)));
            Ok(())
        })?;
        Ok(lists)
    }

    /// v_j of every draw, side by side: an inner product is the sum over the draws, each in its own coordinates.
    fn feature_factors(&self) -> Matrix<f64> {
        let k = self.params.n_components;
        Matrix::from_fn(self.n_items(), self.n_draws() * k, |j, l| {
            self.fitted.draws[l / k].facing[(j, l % k)]
        })
    }
}

fn interval(mean: f64, half_width: f64) -> Interval {
    Interval { mean, low: mean - half_width, high: mean + half_width }
}
