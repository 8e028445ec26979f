//! Mixtures met by name: preparation, fractions, certainty.

use super::preparation::{median, normalise_quantiles, quantiles, unlog};
use super::{Absolute, Log2, Method, Overlap, Pool, Settings, Signature, Solver, match_genes};
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::check_finite;
use crate::monitor::Env;
use crate::random::Rng;
use std::collections::HashSet;

/// What the part is called that no profile has.
pub const OTHER: &str = "Other";

/// Below this all values are taken for logarithms, as CIBERSORT does.
const LARGEST_LOGARITHM: f64 = 50.0;

/// Key of the streams that draw permuted targets.
const NULL: u64 = 0xdec1;

/// Permuted targets that are held at a time.
const DRAWS_AT_ONCE: usize = 256;

/// A signature made ready for the mixtures of a table.
pub struct Deconvolver {
    solver: Solver,
    settings: Settings,
    overlap: Overlap,
    n_genes: usize,
    unlogs: bool,
    quantiles: Option<Vec<f64>>,
    /// The median of all values, at least 1.
    median: f64,
    /// What the RNA of a cell of each type counts for; 1 where nothing is known.
    contents: Vec<f64>,
    /// Correlations of permuted targets, rising.
    null: Vec<f64>,
    /// Permuted targets that no weights tell.
    n_empty_draws: usize,
}

/// What is known of some mixtures.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimates {
    /// n_samples x n_types, and [`OTHER`] last for [`Method::SimplexOther`].
    pub fractions: Matrix<f64>,
    /// Of the fitted and the given values of each sample.
    pub correlation: Vec<f64>,
    /// Of the same.
    pub rmse: Vec<f64>,
    /// By the original's rule, 1 - (place of the nearest correlation of permuted targets) / permutations; empty
    /// without permutations.
    pub p_value: Vec<f64>,
    /// (permuted targets of at least this correlation + 1) / (permutations + 1); empty without permutations.
    pub p_exact: Vec<f64>,
}

impl Deconvolver {
    /// Meets the genes, and learns from the pool what the settings ask for. `contents` is what the RNA of a cell of each
    /// type counts for, where it is known.
    /// # Errors
    /// [`Error::Shape`] where no gene is shared, [`Error::Limit`], [`Error::Numerical`], and what [`Solver::new`] raises.
    pub fn new(
        signature: &Signature,
        mixture_genes: &[String],
        settings: &Settings,
        contents: Option<Vec<f64>>,
        pool: &Pool,
        env: &Env,
    ) -> Result<Deconvolver> {
        settings.check()?;
        let overlap = match_genes(&signature.genes, mixture_genes);
        if overlap.in_signature.is_empty() {
            let (ours, theirs) = (signature.genes.first(), mixture_genes.first());
            let name = |first: Option<&String>| first.cloned().unwrap_or_default();
            return Err(Error::shape(
                "genes that signature and mixtures share",
                format!(
                    "none (the first are `{}` and `{}`); give --transpose if the mixtures are genes x samples",
                    name(ours),
                    name(theirs)
                ),
            ));
        }
        let n_values = overlap.in_signature.len() as u64 * signature.types.len() as u64;
        env.budget.charge_array(n_values, 24, "the signature of the shared genes")?;
        let shared = |table: &Matrix<f64>| {
            Matrix::from_fn(table.n_rows(), overlap.in_signature.len(), |t, g| {
                table[(t, overlap.in_signature[g])]
            })
        };
        let variances = signature.variances.as_ref().map(shared);
        let solver = Solver::new(settings.method, shared(&signature.profiles), variances.as_ref())?;
        let guessed = settings.method == Method::Cibersort && pool.largest() < LARGEST_LOGARITHM;
        let unlogs = match settings.log2 {
            Log2::Yes => true,
            Log2::No => false,
            Log2::Auto => guessed,
        };
        let mut deconvolver = Deconvolver {
            solver,
            settings: settings.clone(),
            n_genes: mixture_genes.len(),
            overlap,
            unlogs,
            quantiles: None,
            median: 1.0,
            contents: contents.unwrap_or_else(|| vec![1.0; signature.types.len()]),
            null: Vec::new(),
            n_empty_draws: 0,
        };
        deconvolver.learn(pool, env)?;
        Ok(deconvolver)
    }

    /// Quantiles, the median of all values, the null distribution.
    fn learn(&mut self, pool: &Pool, env: &Env) -> Result<()> {
        let needs_all = self.settings.quantile_normalise || self.settings.absolute == Absolute::SigScore;
        if self.settings.permutations == 0 && !needs_all {
            return Ok(());
        }
        let n_values = pool.rows().values().len() as u64;
        env.budget.charge_array(n_values, 16, "the mixtures that permutations are drawn from")?;
        let mut rows = pool.rows().clone();
        if self.unlogs {
            unlog(rows.values_mut());
        }
        if self.settings.quantile_normalise {
            let quantiles = quantiles(&rows);
            (0..rows.n_rows()).for_each(|i| normalise_quantiles(rows.row_mut(i), &quantiles));
            self.quantiles = Some(quantiles);
        }
        self.median = median(rows.values().to_vec()).max(1.0);
        let values = self.shared(&rows).into_values();
        self.draw_null(&values, env)
    }

    /// The columns of the shared genes.
    fn shared(&self, rows: &Matrix<f64>) -> Matrix<f64> {
        let places = &self.overlap.in_mixture;
        Matrix::from_fn(rows.n_rows(), places.len(), |i, g| rows[(i, places[g])])
    }

    /// The correlations of targets whose values are drawn, without replacement, from all values there are.
    fn draw_null(&mut self, values: &[f64], env: &Env) -> Result<()> {
        let l = self.overlap.in_mixture.len();
        let n = self.settings.permutations;
        env.budget.charge_array(n.min(DRAWS_AT_ONCE) as u64, 8 * l as u64, "permuted targets")?;
        env.budget.charge_array(n as u64, 8, "the correlations of permuted targets")?;
        for first in (0..n).step_by(DRAWS_AT_ONCE) {
            if env.is_cancelled() {
                let how = "nothing was written; give the same command again".to_owned();
                return Err(Error::Interrupted { how });
            }
            let mut targets = Matrix::zeros(DRAWS_AT_ONCE.min(n - first), l);
            for at in 0..targets.n_rows() {
                let mut rng = Rng::keyed(env.seed, &[NULL, (first + at) as u64]);
                draw(values, &mut rng, targets.row_mut(at));
            }
            if self.settings.method != Method::Cibersort {
                targets.values_mut().iter_mut().for_each(|y| *y *= self.settings.mixture_scale);
            }
            let found = self.solver.weights(&targets);
            self.n_empty_draws += found.w.rows().filter(|w| w.iter().all(|w| *w == 0.0)).count();
            self.null.extend(found.correlation);
        }
        self.null.sort_by(f64::total_cmp);
        Ok(())
    }

    /// What is known of mixtures, n_samples x the genes that the names were of; `first_row` rows stand before them. A
    /// row's estimates depend on it alone.
    /// # Errors
    /// [`Error::Numerical`] for a value that is not finite.
    /// # Panics
    /// If the mixtures have another number of genes.
    pub fn estimate(&self, x: &Features, first_row: usize) -> Result<Estimates> {
        assert_eq!(x.n_features(), self.n_genes, "mixtures of the genes that were named");
        check_finite(x, first_row)?;
        let (n, l, k) = (x.n_samples(), self.overlap.in_mixture.len(), self.solver.n_types());
        let mut y = Matrix::zeros(n, l);
        let mut levels = vec![1.0; n];
        let mut row = vec![0.0; self.n_genes];
        for i in 0..n {
            x.row_into(i, &mut row);
            if self.unlogs {
                unlog(&mut row);
            }
            if let Some(quantiles) = &self.quantiles {
                normalise_quantiles(&mut row, quantiles);
            }
            let scaled = y.row_mut(i).iter_mut().zip(&self.overlap.in_mixture);
            scaled.for_each(|(y, &j)| *y = self.settings.mixture_scale * row[j]);
            if self.settings.absolute == Absolute::SigScore {
                levels[i] = median(y.row(i).to_vec()) / self.median;
            }
        }
        if let Some(at) = y.values().iter().position(|y| !y.is_finite()) {
            let why = "2^y is more than a number can hold; give --log2 no if the values are no logarithms";
            return Err(Error::numerical(format!("row {}", first_row + at / l + 1), why));
        }
        let found = self.solver.weights(&y);
        let has_other = self.settings.method == Method::SimplexOther;
        let mut fractions = Matrix::zeros(n, k + usize::from(has_other));
        for i in 0..n {
            self.fractions_of(found.w.row(i), levels[i], fractions.row_mut(i));
        }
        let (p_value, p_exact) = found.correlation.iter().filter_map(|&r| self.certainty(r)).unzip();
        Ok(Estimates { fractions, correlation: found.correlation, rmse: found.rmse, p_value, p_exact })
    }

    /// Fractions (or amounts) from weights.
    fn fractions_of(&self, w: &[f64], level: f64, out: &mut [f64]) {
        let k = w.len();
        // A cell with more RNA tells of more cells than there are: shares of RNA over RNA a cell are shares of cells.
        out.iter_mut().zip(w.iter().zip(&self.contents)).for_each(|(out, (w, content))| *out = w / content);
        if let Some(other) = out.get_mut(k) {
            *other = (1.0 - w.iter().sum::<f64>()).max(0.0);
        }
        if self.settings.absolute == Absolute::NoSumto1 {
            return;
        }
        let sum: f64 = out.iter().sum();
        let factor = if sum > 0.0 { level / sum } else { 0.0 };
        out.iter_mut().for_each(|out| *out *= factor);
    }

    /// Both p-values of a correlation.
    fn certainty(&self, r: f64) -> Option<(f64, f64)> {
        let n = self.null.len();
        let after = self.null.partition_point(|x| *x < r);
        // The nearest one, the first of equally near ones.
        let near = [after.checked_sub(1), Some(after).filter(|&at| at < n)].into_iter().flatten();
        let nearest = near.min_by(|&a, &b| (self.null[a] - r).abs().total_cmp(&(self.null[b] - r).abs()))?;
        let place = self.null.partition_point(|x| *x < self.null[nearest]) + 1;
        let original = 1.0 - place as f64 / n as f64;
        Some((original, (n - after + 1) as f64 / (n + 1) as f64))
    }

    /// The genes that are shared.
    pub fn overlap(&self) -> &Overlap {
        &self.overlap
    }

    /// Correlations of permuted targets, rising.
    pub fn null(&self) -> &[f64] {
        &self.null
    }

    /// The condition number of the profiles as they are used: by how much errors may be enlarged.
    /// # Errors
    /// [`Error::Numerical`] where it cannot be computed.
    pub fn condition_number(&self) -> Result<f64> {
        self.solver.condition_number()
    }

    /// What the user should know, one sentence each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.overlap.notes();
        if self.unlogs && self.settings.log2 == Log2::Auto {
            notes.push("all values are below 50: they are taken for logarithms to base 2 (--log2 no if not)".into());
        }
        if self.n_empty_draws > 0 {
            notes.push(format!(
                "{} permuted targets have no positive weight; their correlation counts as 0",
                self.n_empty_draws
            ));
        }
        notes
    }
}

/// Fills `target` with values at distinct places, every ordered choice equally likely.
fn draw(values: &[f64], rng: &mut Rng, target: &mut [f64]) {
    let (n, l) = (values.len(), target.len());
    if n < 4 * l {
        let mut places = rng.permutation(n);
        places.truncate(l);
        target.iter_mut().zip(places).for_each(|(y, at)| *y = values[at]);
        return;
    }
    let mut taken = HashSet::with_capacity(l);
    for y in target {
        let place = loop {
            let place = rng.below(n);
            if taken.insert(place) {
                break place;
            }
        };
        *y = values[place];
    }
}
