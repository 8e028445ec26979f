//! A fit under way: means of the types, the order of markers, the best number so far.

use super::model::Deconvolution;
use super::signature::{Moments, condition_number};
use super::{Params, Solver};
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::{Data, Step};
use crate::monitor::Env;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_names, visit_u64, visit_vector};
use std::collections::BTreeSet;

/// What the choice of markers has found so far.
pub struct State {
    types: Vec<String>,
    moments: Moments,
    /// The markers of each type, best first; none where all features are taken.
    ranked: Vec<Vec<u32>>,
    n_steps: u64,
    best: f64,
    /// Features of the least condition number, rising.
    markers: Vec<u32>,
    scale_to: f64,
}

impl State {
    pub fn start(params: &Params, data: &Data, env: &Env) -> Result<State> {
        let x = data.non_negative_features()?;
        let (n, m) = (x.n_samples(), x.n_features());
        let n_types = data.labels.map_or(n, |labels| labels.classes.len());
        let n_values = (n_types as u64).saturating_mul(m as u64);
        env.budget.charge_array(n_values, 48, "the profiles of the types")?;
        let types = match data.labels {
            Some(labels) => labels.classes.clone(),
            None => (0..n).map(|i| data.names.sample(i)).collect(),
        };
        // Rows that are profiles already stay as they are.
        let scale_to = if data.labels.is_some() { params.scale_to } else { 0.0 };
        let class = |i: usize| data.labels.map_or(i, |labels| labels.class[i] as usize);
        let moments = moments(x, n_types, class, scale_to)?;
        if let Some(t) = moments.counts.iter().position(|n| *n == 0.0) {
            return Err(Error::shape(format!("a sample of the type {}", types[t]), "none"));
        }
        let all: Vec<u32> = (0..m as u32).collect();
        let chooses = data.labels.is_some() && params.max_markers > 0 && n_types > 1;
        let ranked = if chooses { moments.markers(params.max_q, params.min_markers) } else { Vec::new() };
        let variances = Some(&moments.variances).filter(|_| data.labels.is_some());
        Solver::new(params.method, moments.means.clone(), variances)?;
        Ok(State { types, moments, ranked, n_steps: 0, best: f64::INFINITY, markers: all, scale_to })
    }

    /// One more marker a type.
    pub fn step(&mut self, params: &Params) -> Result<Step> {
        let n_markers = params.min_markers + self.n_steps as usize;
        let chosen = self.chosen(n_markers);
        let number = condition_number(&select(&self.moments.means, &chosen))?;
        if number < self.best {
            (self.best, self.markers) = (number, chosen);
        }
        self.n_steps += 1;
        // Where no type has more markers, or there are none to choose, nothing will change.
        let longest = self.ranked.iter().map(Vec::len).max().unwrap_or(0);
        Ok(Step {
            objective: self.best,
            converged: n_markers >= longest,
            metrics: vec![("condition_number", number), ("features", self.markers.len() as f64)],
        })
    }

    /// The first markers of all types together, rising; all features where none are ranked.
    fn chosen(&self, n_markers: usize) -> Vec<u32> {
        if self.ranked.is_empty() {
            return (0..self.moments.means.n_cols() as u32).collect();
        }
        let first = |list: &Vec<u32>| list.iter().take(n_markers).copied().collect::<Vec<u32>>();
        BTreeSet::from_iter(self.ranked.iter().flat_map(first)).into_iter().collect()
    }

    pub fn finish(self, params: &Params) -> Result<Deconvolution> {
        let Moments { means, variances, counts } = self.moments;
        let has_variances = counts.iter().all(|n| *n > 1.0);
        let variances = has_variances.then_some(variances);
        Deconvolution::new(params, self.types, means, variances, self.markers, self.scale_to)
    }

    pub fn load(named: &Named) -> Result<State> {
        let lists = named.vector_u32("ranked")?;
        let ends = named.vector_u64("ranked_ends")?;
        let mut start = 0;
        let mut ranked = Vec::new();
        for end in ends {
            let list = lists.get(start..end as usize);
            let list = list.ok_or_else(|| Error::shape("lists of markers", "a damaged file; fit again"))?;
            ranked.push(list.to_vec());
            start = end as usize;
        }
        Ok(State {
            types: named.list_of_names("types")?,
            moments: Moments {
                means: Matrix::load(named, "means")?,
                variances: Matrix::load(named, "variances")?,
                counts: named.vector_f64("counts")?,
            },
            ranked,
            n_steps: named.scalar_u64("n_steps")?,
            best: named.scalar_f64("best")?,
            markers: named.vector_u32("markers")?,
            scale_to: named.scalar_f64("scale_to")?,
        })
    }
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_names(each, "types", &self.types);
        self.moments.means.visit_as("means", each);
        self.moments.variances.visit_as("variances", each);
        visit_vector(each, "counts", self.moments.counts.as_slice());
        visit_vector(each, "ranked", self.ranked.concat().as_slice());
        let ends: Vec<u64> = self
            .ranked
            .iter()
            .scan(0, |end, list| {
                *end += list.len() as u64;
                Some(*end)
            })
            .collect();
        visit_vector(each, "ranked_ends", ends.as_slice());
        visit_u64(each, "n_steps", self.n_steps);
        visit_f64(each, "best", self.best);
        visit_vector(each, "markers", self.markers.as_slice());
        visit_f64(each, "scale_to", self.scale_to);
    }
}

/// Columns of a matrix.
pub(super) fn select(table: &Matrix<f64>, columns: &[u32]) -> Matrix<f64> {
    Matrix::from_fn(table.n_rows(), columns.len(), |t, g| table[(t, columns[g] as usize)])
}

/// Means and variances of the samples of each type, scaled to the same sum first.
fn moments(x: &Features, n_types: usize, class: impl Fn(usize) -> usize, scale_to: f64) -> Result<Moments> {
    let m = x.n_features();
    let (mut means, mut variances) = (Matrix::zeros(n_types, m), Matrix::zeros(n_types, m));
    let mut counts = vec![0.0_f64; n_types];
    let mut row = vec![0.0; m];
    for i in 0..x.n_samples() {
        x.row_into(i, &mut row);
        scale(&mut row, scale_to);
        let t = class(i);
        counts[t] += 1.0;
        // Welford's running moments (1962).
        let (means, variances) = (means.row_mut(t), variances.row_mut(t));
        for ((x, mean), square) in row.iter().zip(means).zip(variances) {
            let before = x - *mean;
            *mean += before / counts[t];
            *square += before * (x - *mean);
        }
    }
    for (t, n) in counts.iter().enumerate() {
        variances.row_mut(t).iter_mut().for_each(|square| *square /= (n - 1.0).max(1.0));
    }
    Ok(Moments { means, variances, counts })
}

/// Scales a row to a sum; 0 leaves it, as a row of zeros.
pub(super) fn scale(row: &mut [f64], scale_to: f64) {
    let sum: f64 = row.iter().sum();
    if scale_to > 0.0 && sum > 0.0 {
        row.iter_mut().for_each(|x| *x *= scale_to / sum);
    }
}
