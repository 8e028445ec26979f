//! The data cut into views: which samples each has, and how much it counts.

use super::Params;
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::monitor::Env;
use diabolo_kernels::reduce::Reduce;
use std::ops::Range;

/// One view.
pub struct View {
    /// The values of the samples it has, n_present x m_v.
    pub x: Matrix<f64>,
    /// Those samples, rising.
    pub present: Vec<usize>,
    /// Its columns among those of all views.
    pub columns: Range<usize>,
    /// theta
    pub weight: f64,
    /// |X|^2
    pub squared_norm: f64,
}

/// All views of the samples.
pub struct Views {
    n_samples: usize,
    views: Vec<View>,
    /// Samples that have the same views: which these are, and the samples.
    groups: Vec<(Vec<usize>, Vec<usize>)>,
}

impl Views {
    /// Cuts data, n_samples x all columns.
    /// # Errors
    /// [`Error::Parameter`] where widths or weights do not fit, [`Error::Numerical`] for a negative value, a value
    /// missing in a view that the sample has, or a sample of no view; [`Error::Limit`].
    pub fn of(x: &Features, params: &Params, env: &Env) -> Result<Views> {
        let (n, m) = (x.n_samples(), x.n_features());
        if n == 0 || m == 0 {
            return Err(Error::shape("at least one sample and one feature", format!("{n} x {m}")));
        }
        let widths = widths(m, &params.views)?;
        if !params.weights.is_empty() && params.weights.len() != widths.len() {
            let why = format!("{} weights for {} views; give one each", params.weights.len(), widths.len());
            return Err(Error::parameter("weights", why));
        }
        let parts = if params.split_signs { 2 } else { 1 };
        env.budget.charge_array((n * m) as u64, 8 * parts + 8, "the views")?;
        let dense = x.to_dense();
        let (mut views, mut first, mut start) = (Vec::new(), 0, 0);
        for (v, &width) in widths.iter().enumerate() {
            let (present, values) = cut(&dense, first..first + width, v, params.split_signs)?;
            let squared_norm = f64::squared_norm(&values);
            if squared_norm <= 0.0 {
                return Err(Error::numerical(
                    format!("view {}", v + 1),
                    "all its values are 0; leave it out",
                ));
            }
            let columns = start..start + parts as usize * width;
            let weight = params.weights.get(v).copied().unwrap_or(1.0 / squared_norm);
            if !weight.is_finite() {
                return Err(Error::numerical(
                    format!("view {}", v + 1),
                    "its values are too small; scale them",
                ));
            }
            start = columns.end;
            let x = Matrix::from_vec(present.len(), columns.len(), values);
            views.push(View { x, present, columns, weight, squared_norm });
            first += width;
        }
        let groups = groups(n, &views)?;
        Ok(Views { n_samples: n, views, groups })
    }

    /// Number of samples.
    pub fn n_samples(&self) -> usize {
        self.n_samples
    }

    /// Columns of all views together; twice those of the data where signs are split.
    pub fn n_columns(&self) -> usize {
        self.views.last().map_or(0, |view| view.columns.end)
    }

    /// Number of views.
    pub fn len(&self) -> usize {
        self.views.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.views.is_empty()
    }

    /// The views.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &View> {
        self.views.iter()
    }

    /// Samples that have the same views: which these are, and the samples.
    pub fn groups(&self) -> &[(Vec<usize>, Vec<usize>)] {
        &self.groups
    }

    /// The mean of all values.
    pub fn mean(&self) -> f64 {
        let sum: f64 = self.views.iter().map(|view| f64::sum_of(view.x.values())).sum();
        let count: usize = self.views.iter().map(|view| view.x.values().len()).sum();
        sum / count.max(1) as f64
    }
}

/// The columns of each view.
pub(super) fn widths(n_columns: usize, views: &[usize]) -> Result<Vec<usize>> {
    if views.is_empty() {
        return Ok(vec![n_columns]);
    }
    let sum: usize = views.iter().sum();
    if sum != n_columns {
        let why =
            format!("views of {sum} columns together for data of {n_columns}; say how many each view has");
        return Err(Error::parameter("views", why));
    }
    Ok(views.to_vec())
}

/// The samples that have a view, and their values row by row.
fn cut(
    x: &Matrix<f64>,
    columns: Range<usize>,
    view: usize,
    split_signs: bool,
) -> Result<(Vec<usize>, Vec<f64>)> {
    let (mut present, mut values) = (Vec::new(), Vec::new());
    for (i, row) in x.rows().enumerate() {
        let row = &row[columns.clone()];
        if row.iter().all(|x| x.is_nan()) {
            continue;
        }
        if let Some(j) = row.iter().position(|x| !x.is_finite()) {
            let why = "the value is missing or infinite, and others of the view are not; a view is there whole or not \
                       at all: remove the column, or read missing values as zeros with --missing zero";
            return Err(at(view, i, j, why));
        }
        present.push(i);
        if split_signs {
            values.extend(row.iter().map(|x| x.max(0.0)));
            values.extend(row.iter().map(|x| (-x).max(0.0)));
            continue;
        }
        if let Some(j) = row.iter().position(|x| *x < 0.0) {
            let why = "the value is negative; shift the data with --scale minmax (each column) or --scale shift (each view as a \
                       whole), or take positive and negative parts for columns of their own with --split-signs";
            return Err(at(view, i, j, why));
        }
        values.extend_from_slice(row);
    }
    Ok((present, values))
}

fn at(view: usize, i: usize, j: usize, why: &str) -> Error {
    Error::numerical(format!("view {}, row {}, column {}", view + 1, i + 1, j + 1), why)
}

/// Samples by the views they have.
fn groups(n_samples: usize, views: &[View]) -> Result<Vec<(Vec<usize>, Vec<usize>)>> {
    let mut has = vec![Vec::new(); n_samples];
    for (v, view) in views.iter().enumerate() {
        view.present.iter().for_each(|&i| has[i].push(v));
    }
    if let Some(i) = has.iter().position(Vec::is_empty) {
        return Err(Error::numerical(format!("row {}", i + 1), "the sample has no view at all; remove it"));
    }
    let mut groups: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
    for (i, of_sample) in has.into_iter().enumerate() {
        match groups.iter_mut().find(|(views, _)| *views == of_sample) {
            Some((_, samples)) => samples.push(i),
            None => groups.push((of_sample, vec![i])),
        }
    }
    Ok(groups)
}
