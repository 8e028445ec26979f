//! How counts become what the first layer takes.

use super::{Form, Params};
use crate::error::{Error, Result};
use crate::linalg::Features;
use crate::models::{Data, Labels};
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64, visit_vector};
use diabolo_kernels::parallel;

/// Cells whose moments are added up by a task.
const CHUNK: usize = 1024;

/// What a network reads of counts, found once from the data of the fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Width of the data.
    pub n_features: usize,
    /// Whether the first layer takes sparse rows.
    pub is_sparse: bool,
    /// The batches that the decoder is told of, by hashes of their names; none where it is told of none.
    pub batches: Vec<u64>,
    /// The median of the cells' sums, all-zero cells left out: size factors are sums over it.
    pub median_library: f64,
    /// One over the standard deviation of ln(1 + x / s) of every gene; empty where genes are not scaled.
    pub gains: Vec<f32>,
}

impl Reading {
    /// What suits some counts.
    /// # Errors
    /// [`Error::Numerical`] at the first value that is no count.
    pub fn of(x: &Features, batches: Option<&Labels>, params: &Params) -> Result<Reading> {
        check_counts(x)?;
        let batches = batches
            .map_or(Vec::new(), |batches| batches.classes.iter().map(|name| Labels::key(name)).collect());
        let libraries = x.row_sums();
        let median_library = median_positive(&libraries);
        let mut reading = Reading {
            n_features: x.n_features(),
            is_sparse: x.is_sparse(),
            batches,
            median_library,
            gains: Vec::new(),
        };
        if params.form == Form::Dca {
            let factors: Vec<f64> = libraries.iter().map(|&sum| reading.size_factor(sum)).collect();
            reading.gains = gains(x, &factors);
        }
        Ok(reading)
    }

    /// s = sum / median; 1 for a cell without counts.
    pub fn size_factor(&self, library: f64) -> f64 {
        if library > 0.0 { library / self.median_library } else { 1.0 }
    }

    /// The batch of every sample by its place among those of the fit; empty where the decoder is told of none, or
    /// the samples' are not known.
    /// # Errors
    /// [`Error::Shape`] where a batch is none of the fit's, or there is not one a sample.
    pub fn batches_of(&self, x: &Data) -> Result<Vec<u32>> {
        let Some(batches) = x.batches.filter(|_| !self.batches.is_empty()) else { return Ok(Vec::new()) };
        let n_samples = x.features()?.n_samples();
        if batches.class.len() != n_samples {
            return Err(Error::shape(
                format!("a batch for each of {n_samples} samples"),
                batches.class.len().to_string(),
            ));
        }
        let place = |name: &String| {
            let found = self.batches.iter().position(|&known| known == Labels::key(name));
            let found = found.map(|at| at as u32);
            found.ok_or_else(|| Error::shape("batches of the fit", format!("`{name}`; leave --batches out")))
        };
        let places = batches.classes.iter().map(place).collect::<Result<Vec<u32>>>()?;
        Ok(batches.class.iter().map(|&class| places[class as usize]).collect())
    }

    /// That of a row's values.
    pub fn size_factor_of(&self, row: &[f32]) -> f32 {
        self.size_factor(row.iter().map(|&x| f64::from(x)).sum()) as f32
    }
}

impl Tensors for Reading {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_u64(each, "reading/n_features", self.n_features as u64);
        visit_u64(each, "reading/is_sparse", u64::from(self.is_sparse));
        visit_vector(each, "reading/batches", &self.batches[..]);
        visit_f64(each, "reading/median_library", self.median_library);
        visit_vector(each, "reading/gains", &self.gains[..]);
    }
}

impl Reading {
    /// What was visited.
    /// # Errors
    /// If an array is missing or of another length.
    pub fn load(named: &Named) -> Result<Reading> {
        let size = |name: &str| named.scalar_u64(name).map(|n| n as usize);
        let reading = Reading {
            n_features: size("reading/n_features")?,
            is_sparse: size("reading/is_sparse")? == 1,
            batches: named.vector_u64("reading/batches")?,
            median_library: named.scalar_f64("reading/median_library")?,
            gains: named.vector_f32("reading/gains")?,
        };
        if !reading.gains.is_empty() && reading.gains.len() != reading.n_features {
            return Err(Error::shape(
                format!("{} gains", reading.n_features),
                reading.gains.len().to_string(),
            ));
        }
        Ok(reading)
    }
}

/// Refuses what are no counts: negative values, values that are no whole numbers, NaN.
/// # Errors
/// [`Error::Numerical`] at the first of them.
pub(super) fn check_counts(x: &Features) -> Result<()> {
    let Some((i, j)) = x.first_where(|x| !(x >= 0.0 && x.fract() == 0.0)) else { return Ok(()) };
    let why =
        "the value is no count: this model needs whole numbers >= 0; give the raw counts, without --scale";
    Err(Error::numerical(format!("row {}, column {}", i + 1, j + 1), why))
}

/// The median of the values above 0; 1 if there is none.
fn median_positive(values: &[f64]) -> f64 {
    let mut positive: Vec<f64> = values.iter().copied().filter(|&x| x > 0.0).collect();
    if positive.is_empty() {
        return 1.0;
    }
    let middle = positive.len() / 2;
    *positive.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// One over the standard deviation of ln(1 + x / s) of every gene; 1 for genes that do not vary.
fn gains(x: &Features, size_factors: &[f64]) -> Vec<f32> {
    let (n, m) = (x.n_samples(), x.n_features());
    let chunks = parallel::map_chunks(n, CHUNK, |cells| {
        let (mut sums, mut squares) = (vec![0.0; m], vec![0.0; m]);
        let mut add = |i: usize, j: usize, x: f64| {
            if x > 0.0 {
                let l = (x / size_factors[i]).ln_1p();
                sums[j] += l;
                squares[j] += l * l;
            }
        };
        let mut row = if x.is_sparse() { Vec::new() } else { vec![0.0; m] };
        for i in cells {
            match x {
                Features::Sparse(x) => {
                    let (columns, values) = x.row(i);
                    columns.iter().zip(values).for_each(|(&j, &x)| add(i, j as usize, x));
                }
                _ => {
                    x.row_into(i, &mut row);
                    row.iter().enumerate().for_each(|(j, &x)| add(i, j, x));
                }
            }
        }
        (sums, squares)
    });
    let (mut sums, mut squares) = (vec![0.0; m], vec![0.0; m]);
    for (of_chunk, squares_of_chunk) in chunks {
        sums.iter_mut().zip(of_chunk).for_each(|(sum, x)| *sum += x);
        squares.iter_mut().zip(squares_of_chunk).for_each(|(sum, x)| *sum += x);
    }
    let n = n.max(1) as f64;
    let gain = |(sum, square): (&f64, &f64)| {
        let variance = square / n - (sum / n).powi(2);
        // Below this a gene is constant but for rounding.
        if variance > 1e-12 * (1.0 + square / n) { (1.0 / variance.sqrt()) as f32 } else { 1.0 }
    };
    sums.iter().zip(&squares).map(gain).collect()
}
