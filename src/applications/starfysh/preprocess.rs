//! Step 0: from counts to principal components.

use super::{Params, genes};
use crate::error::{Error, Result};
use crate::linalg::{Csr, Features, Matrix};
use crate::models::factorization::pca;
use crate::models::{Data, Encode, fit};
use crate::monitor::{Env, Silent};
use crate::solve::poisson::sparse;
use std::collections::BTreeSet;

/// Fewer spots than this have no archetypes to speak of.
const LEAST_SPOTS: usize = 10;

/// Spots of a smaller share of the median's counts are told of.
const POOR: f64 = 0.05;

/// What the steps work on.
pub struct Prepared {
    /// The columns of the data that are kept.
    pub genes: Vec<usize>,
    /// Their names.
    pub names: Vec<String>,
    /// Counts, n_spots x n_kept.
    pub counts: Csr<f64>,
    /// ln(1 + x / library * median library), n_spots x n_kept.
    pub logged: Csr<f64>,
    /// The counts of every spot, all of its genes.
    pub libraries: Vec<f64>,
    /// The median of these.
    pub median_library: f64,
    /// Principal components, n_spots x n_pcs, of unit root mean square.
    pub scores: Matrix<f64>,
    /// The share of the variance that they hold.
    pub explained_by_pcs: f64,
    /// What the user should know.
    pub warnings: Vec<String>,
}

impl Prepared {
    /// Of counts.
    /// # Errors
    /// Negative or missing counts, spots without any, too few spots or genes; memory over the limit.
    pub fn new(x: &Data, params: &Params, env: &Env) -> Result<Prepared> {
        let features = x.finite_features()?;
        let n_spots = features.n_samples();
        if let Some((i, j)) = features.first_negative() {
            let (spot, gene) = (x.names.sample(i), x.names.feature(j));
            return Err(Error::numerical(
                "counts",
                format!("that of {gene} in spot {spot} is negative; give raw counts"),
            ));
        }
        if n_spots < LEAST_SPOTS {
            return Err(Error::shape(format!("at least {LEAST_SPOTS} spots"), n_spots.to_string()));
        }
        // Counts, their logarithms, columns for the tests.
        env.budget.charge_array(features.n_stored() as u64, 4 * 16, "counts, normalised and by gene")?;
        let all = sparse(features);
        let libraries: Vec<f64> = (0..n_spots).map(|i| all.row(i).1.iter().sum()).collect();
        if let Some(i) = libraries.iter().position(|sum| *sum <= 0.0) {
            let why = format!("spot {} has none; leave it out of the file", x.names.sample(i));
            return Err(Error::numerical("counts", why));
        }
        let mut warnings = Vec::new();
        if all.values().iter().any(|v| v.fract() != 0.0) {
            warnings.push(
                "The counts are not all whole numbers: the steps are made for raw counts, before any normalisation.".to_owned(),
            );
        }
        let totals = features.col_sums();
        let name = |j: &usize| x.names.feature(*j);
        let kept: Vec<usize> = (0..features.n_features())
            .filter(|&j| totals[j] > 0.0 && (params.all_genes || !is_of_state(&name(&j))))
            .collect();
        if kept.len() < 2 {
            let received = format!("{} that occur and are not MT-, RPS or RPL", kept.len());
            return Err(Error::shape("at least 2 genes", received));
        }
        let counts = select_columns(&all, &kept)?;
        let median_library = median(&libraries);
        let poor: Vec<usize> = (0..n_spots).filter(|&i| libraries[i] < POOR * median_library).collect();
        if let Some(&first) = poor.first() {
            warnings.push(format!(
                "{} spots have less than a twentieth of the median spot's {median_library} counts ({} has {}): archetypes may be drawn to \
                 them; leave them out.",
                poor.len(),
                x.names.sample(first),
                libraries[first]
            ));
        }
        let normalised = scaled(&counts, |i| median_library / libraries[i]);
        let mut logged = normalised.clone();
        logged.values_mut().iter_mut().for_each(|v| *v = v.ln_1p());
        let variable = genes::chosen(&counts, &libraries, params.n_variable, &BTreeSet::new());
        let expression = if params.log { &logged } else { &normalised };
        let expression = Features::Sparse(select_columns(expression, &variable)?);
        let n_components = params.n_pcs.min(n_spots - 1).min(variable.len());
        let settings = pca::Params { n_components, ..Default::default() };
        let (model, _) = fit(&settings, &Data::rows(&expression), None, env, &mut Silent)?;
        let mut scores = model.encode(&expression, env)?.to_f64();
        let total: f64 = scores.values().iter().map(|v| v * v).sum();
        if total.is_nan() || total <= 0.0 {
            return Err(Error::numerical(
                "principal components",
                "all spots are alike; there is nothing to tell",
            ));
        }
        let rms = (total / scores.values().len() as f64).sqrt();
        scores.values_mut().iter_mut().for_each(|v| *v /= rms);
        Ok(Prepared {
            names: kept.iter().map(name).collect(),
            genes: kept,
            counts,
            logged,
            libraries,
            median_library,
            scores,
            explained_by_pcs: model.explained_variance_ratio().iter().sum(),
            warnings,
        })
    }

    /// Number of spots.
    pub fn n_spots(&self) -> usize {
        self.scores.n_rows()
    }

    /// The squared distance in the space of components between every spot and a point.
    pub fn squared_distances(&self, point: &[f64]) -> Vec<f64> {
        let square = |row: &[f64]| row.iter().zip(point).map(|(a, b)| (a - b).powi(2)).sum();
        self.scores.rows().map(square).collect()
    }

    /// The `n` spots nearest to a point, nearest first.
    pub fn nearest(&self, point: &[f64], n: usize) -> Vec<usize> {
        let distances = self.squared_distances(point);
        let mut order: Vec<usize> = (0..distances.len()).collect();
        order.sort_by(|&a, &b| distances[a].total_cmp(&distances[b]));
        order.truncate(n);
        order
    }
}

/// Whether a gene tells of a cell's state more than of its kind: mitochondria and ribosomes, of man (RPS6) and mouse (Rps6).
fn is_of_state(name: &str) -> bool {
    let begins =
        |prefix: &str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    begins("MT-") || begins("RPS") || begins("RPL")
}

/// Columns of given numbers, which rise.
fn select_columns(x: &Csr<f64>, columns: &[usize]) -> Result<Csr<f64>> {
    let mut place = vec![None; x.n_cols()];
    columns.iter().zip(0_u32..).for_each(|(&j, at)| place[j] = Some(at));
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for i in 0..x.n_rows() {
        let (js, vs) = x.row(i);
        for (&j, &v) in js.iter().zip(vs) {
            if let Some(at) = place[j as usize].filter(|_| v != 0.0) {
                indices.push(at);
                values.push(v);
            }
        }
        indptr.push(indices.len());
    }
    Csr::new(columns.len(), indptr, indices, values)
}

/// Row i times `factor(i)`.
fn scaled(x: &Csr<f64>, factor: impl Fn(usize) -> f64) -> Csr<f64> {
    let mut scaled = x.clone();
    let ends = x.indptr().to_vec();
    for i in 0..x.n_rows() {
        let by = factor(i);
        scaled.values_mut()[ends[i]..ends[i + 1]].iter_mut().for_each(|v| *v *= by);
    }
    scaled
}

/// The middle of the values, or the mean of the two in the middle.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    0.5 * (sorted[(n - 1) / 2] + sorted[n / 2])
}
