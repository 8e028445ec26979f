//! Scaling features to a common size, learned on the training data and kept with the model.
//!
//! x'_ij = (x_ij - shift_j) / factor_j
//!
//! | scale | shift | factor |
//! |---|---|---|
//! | none | 0 | 1 |
//! | max | 0 | max_i abs x_ij |
//! | minmax | min_i x_ij | max_i x_ij - min_i x_ij |
//! | shift | min_ij x_ij over all features of a view | 1 |
//! | standard | mean_i x_ij | standard deviation about the mean (divisor n) |
//!
//! A constant feature keeps factor 1. Values that are not finite are left out of the statistics. Sparse data
//! stays sparse: `standard` divides without shifting, and `minmax` and `shift` are refused unless every minimum is 0.
//!
//! Features of several views may be scaled differently: [`Scaler::of_views`].

use super::moments::{Moments, column_moments};
use crate::error::{Error, Result};
use crate::linalg::{BLOCK_ROWS, Csr, Features, Matrix};
use crate::monitor::Budget;
use crate::tensors::{Named, TensorView, Tensors, visit_u64, visit_vector};
use diabolo_kernels::Real;
use diabolo_kernels::parallel::for_each_row_block;
use serde::{Deserialize, Serialize};

/// How features are scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum), value(rename_all = "lower"))]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// As they are.
    #[default]
    None,
    /// Divided by their largest absolute value.
    Max,
    /// Moved and stretched to 0 ... 1.
    MinMax,
    /// To mean 0 and standard deviation 1.
    Standard,
    /// All features of a view less their least value: none is negative, and what they differ by stays.
    Shift,
}

impl Scale {
    /// Every scale, in the order of their saved numbers.
    const ALL: [Scale; 5] = [Scale::None, Scale::Max, Scale::MinMax, Scale::Standard, Scale::Shift];

    /// The number that stands for features of several scales.
    const SEVERAL: u64 = Scale::ALL.len() as u64;

    /// Shift and factor of a feature with these statistics, of a view with that least value.
    fn shift_and_factor(self, feature: &Moments, least: f64) -> (f64, f64) {
        let (shift, factor) = match self {
            Scale::None => (0.0, 1.0),
            Scale::Max => (0.0, feature.min.abs().max(feature.max.abs())),
            Scale::MinMax => (feature.min, feature.max - feature.min),
            Scale::Standard => (feature.mean, feature.variance().sqrt()),
            Scale::Shift => (least, 1.0),
        };
        if feature.count == 0 {
            return (0.0, 1.0); // nothing is known of a feature without a finite value
        }
        if feature.min == feature.max && ![Scale::Max, Scale::Shift].contains(&self) {
            let constant = if self == Scale::None { 0.0 } else { feature.min };
            return (constant, 1.0); // exactly, where the mean of equal values may be rounded
        }
        (shift, if factor == 0.0 { 1.0 } else { factor })
    }
}

/// A learned scaling: what `fit` saves, `encode` applies and `decode` inverts.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaler {
    /// `None` where views differ in it.
    scale: Option<Scale>,
    shift: Vec<f64>,
    factor: Vec<f64>,
}

impl Scaler {
    /// Learns the scaling of every feature of `x`.
    /// # Errors
    /// [`Error::Parameter`] for `minmax` or `shift` on sparse data with a minimum other than 0,
    /// [`Error::Numerical`] for a feature whose range is no number, [`Error::Limit`].
    pub fn fit(x: &Features, scale: Scale, budget: &Budget) -> Result<Scaler> {
        Scaler::of_views(x, &[scale], &[], budget)
    }

    /// The same for features of several views: `widths` says how many each has (empty: all are of one view), `scales` is one
    /// for all views, or one each.
    /// # Errors
    /// As [`Scaler::fit`]; [`Error::Parameter`] where there are not as many scales as views, or widths that do not sum to the
    /// number of features.
    pub fn of_views(x: &Features, scales: &[Scale], widths: &[usize], budget: &Budget) -> Result<Scaler> {
        let n_features = x.n_features();
        let widths = if widths.is_empty() { vec![n_features] } else { widths.to_vec() };
        let scales = match scales {
            [] => vec![Scale::None; widths.len()],
            [one] => vec![*one; widths.len()],
            each if each.len() == widths.len() => each.to_vec(),
            each => {
                let why =
                    format!("{} scales for {} views; give one for all or one each", each.len(), widths.len());
                return Err(Error::parameter("scale", why));
            }
        };
        if widths.iter().sum::<usize>() != n_features {
            let why = format!(
                "views of {} columns together for data of {n_features}",
                widths.iter().sum::<usize>()
            );
            return Err(Error::parameter("views", why));
        }
        let scale = scales.first().copied().filter(|first| scales.iter().all(|scale| scale == first));
        budget.charge_array(n_features as u64, 2 * size_of::<f64>() as u64, "the scale of every feature")?;
        if scale == Some(Scale::None) {
            return Ok(Scaler { scale, shift: vec![0.0; n_features], factor: vec![1.0; n_features] });
        }
        let features = column_moments(x, budget)?;
        let (mut shift, mut factor) = (Vec::with_capacity(n_features), Vec::with_capacity(n_features));
        let mut rest = features.as_slice();
        for (&scale, &width) in scales.iter().zip(&widths) {
            let (own, others) = rest.split_at(width);
            let known = own.iter().filter(|feature| feature.count > 0);
            let least = known.map(|feature| feature.min).fold(f64::INFINITY, f64::min);
            for feature in own {
                let (by, over) = scale.shift_and_factor(feature, least);
                // Sparse data stays sparse.
                shift.push(if x.is_sparse() && scale == Scale::Standard { 0.0 } else { by });
                factor.push(over);
            }
            rest = others;
        }
        if let Some(j) = factor.iter().position(|f| !f.is_finite()) {
            return Err(Error::numerical(
                format!("scale of feature {}", j + 1),
                "its values span more than a number can hold; remove the extreme ones",
            ));
        }
        if let Some(j) = shift.iter().position(|&s| s != 0.0).filter(|_| x.is_sparse()) {
            return Err(Error::parameter(
                "scale",
                format!(
                    "minmax or shift would subtract {} from feature {} and fill the sparse data; use max or standard",
                    shift[j],
                    j + 1
                ),
            ));
        }
        Ok(Scaler { scale, shift, factor })
    }

    /// Which scaling it is; `None` where views differ in it.
    pub fn scale(&self) -> Option<Scale> {
        self.scale
    }

    /// Number of features it was learned on.
    pub fn n_features(&self) -> usize {
        self.factor.len()
    }

    /// What is subtracted from every feature.
    pub fn shift(&self) -> &[f64] {
        &self.shift
    }

    /// What every feature is divided by.
    pub fn factor(&self) -> &[f64] {
        &self.factor
    }

    /// Scaled data, of the type it came in; bytes become f32.
    /// # Errors
    /// [`Error::Shape`] for another number of features, or for sparse data where the scaling shifts;
    /// [`Error::Limit`] where bytes have no room to become f32.
    pub fn apply(&self, x: Features, budget: &Budget) -> Result<Features> {
        self.check(x.n_features())?;
        if self.scale == Some(Scale::None) {
            return Ok(x);
        }
        match x {
            Features::F64(mut x) => {
                self.scale_rows(&mut x);
                Ok(Features::F64(x))
            }
            Features::F32(mut x) => {
                self.scale_rows(&mut x);
                Ok(Features::F32(x))
            }
            Features::U8 { ref bytes, .. } => {
                let n_values = bytes.values().len() as u64;
                budget.charge_array(n_values, size_of::<f32>() as u64, "scaled bytes")?;
                let mut values: Matrix<f32> = x.dense_rows(0, x.n_samples());
                self.scale_rows(&mut values);
                Ok(Features::F32(values))
            }
            Features::Sparse(x) => self.scale_sparse(x).map(Features::Sparse),
        }
    }

    /// x' -> x: x_ij = x'_ij factor_j + shift_j
    /// # Errors
    /// [`Error::Shape`] for another number of features.
    pub fn invert(&self, mut x: Matrix<f64>) -> Result<Matrix<f64>> {
        self.check(x.n_cols())?;
        self.for_each_row(&mut x, |value, shift, factor| value * factor + shift);
        Ok(x)
    }

    /// The scaling of a saved run.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or damaged.
    pub fn load(named: &Named) -> Result<Scaler> {
        let (shift, factor) = (named.vector_f64("shift")?, named.vector_f64("factor")?);
        let kind = named.scalar_u64("kind")?;
        let scale = usize::try_from(kind).ok().and_then(|kind| Scale::ALL.get(kind).copied());
        let usable = |value: &f64| value.is_finite();
        if scale.is_none() && kind != Scale::SEVERAL {
            return Err(Error::shape(
                format!("a scale of kind 0 to {}", Scale::SEVERAL),
                format!("kind {kind}"),
            ));
        }
        if shift.len() != factor.len() {
            return Err(Error::shape(
                format!("{} factors, one a feature", shift.len()),
                factor.len().to_string(),
            ));
        }
        if !shift.iter().all(usable) || !factor.iter().all(|factor| usable(factor) && *factor > 0.0) {
            return Err(Error::shape("finite shifts and positive factors", "others; the file is damaged"));
        }
        Ok(Scaler { scale, shift, factor })
    }

    /// Refuses data of another width.
    fn check(&self, n_features: usize) -> Result<()> {
        if n_features == self.n_features() {
            return Ok(());
        }
        Err(Error::shape(
            format!("{} features, as the scaling was learned on", self.n_features()),
            format!("{n_features}; give data with the same columns (or --transpose)"),
        ))
    }

    /// x -> (x - shift) / factor, in place.
    fn scale_rows<T: Real>(&self, x: &mut Matrix<T>) {
        self.for_each_row(x, |value, shift, factor| (value - shift) / factor);
    }

    /// value -> f(value, shift, factor) of its feature, in place.
    fn for_each_row<T: Real>(&self, x: &mut Matrix<T>, f: impl Fn(f64, f64, f64) -> f64 + Sync + Send) {
        let n_features = self.n_features();
        for_each_row_block(x.values_mut(), n_features, BLOCK_ROWS, |_, block| {
            for row in block.chunks_exact_mut(n_features) {
                for (value, (&shift, &factor)) in row.iter_mut().zip(self.shift.iter().zip(&self.factor)) {
                    *value = T::from_f64(f(value.to_f64(), shift, factor));
                }
            }
        });
    }

    /// Stored values divided by the factors of their features.
    fn scale_sparse(&self, mut x: Csr<f64>) -> Result<Csr<f64>> {
        if let Some(j) = self.shift.iter().position(|&shift| shift != 0.0) {
            return Err(Error::shape(
                format!("dense data, for the scaling subtracts {} from feature {}", self.shift[j], j + 1),
                "sparse data; store it densely, or fit with --scale max",
            ));
        }
        let factors: Vec<f64> = x.indices().iter().map(|&j| self.factor[j as usize]).collect();
        x.values_mut().iter_mut().zip(factors).for_each(|(value, factor)| *value /= factor);
        Ok(x)
    }
}

impl Tensors for Scaler {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_u64(each, "kind", self.scale.map_or(Scale::SEVERAL, |scale| scale as u64));
        visit_vector(each, "shift", self.shift.as_slice());
        visit_vector(each, "factor", self.factor.as_slice());
    }
}
