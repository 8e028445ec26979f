//! How data become what the networks take.

use super::Params;
use crate::error::{Error, Result};
use crate::linalg::Features;
use crate::nn::Likelihood;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};

/// What a network reads: its likelihood and the spread that data are divided by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// How data are distributed around what is decoded.
    pub likelihood: Likelihood,
    /// What data are divided by.
    pub spread: f64,
    /// Width of the data.
    pub n_features: usize,
    /// Whether the first layer takes sparse rows.
    pub is_sparse: bool,
}

impl Reading {
    /// What suits some data.
    /// # Errors
    /// [`Error::Numerical`] where Bernoulli is asked of data outside [0, 1].
    pub(super) fn of(x: &Features, params: &Params) -> Result<Reading> {
        let outside = x.first_where(|x| !(0.0..=1.0).contains(&x));
        let likelihood = match (params.likelihood, outside) {
            (Some(Likelihood::Bernoulli), Some((i, j))) => {
                return Err(Error::numerical(
                    format!("row {}, column {}", i + 1, j + 1),
                    "a value outside [0, 1], which bernoulli cannot explain; give --scale max or --likelihood gaussian",
                ));
            }
            (None, Some((i, j))) if params.binarise => {
                return Err(Error::numerical(
                    format!("row {}, column {}", i + 1, j + 1),
                    "a value outside [0, 1] is no probability to draw from; give --scale max",
                ));
            }
            (Some(likelihood), _) => likelihood,
            (None, None) => Likelihood::Bernoulli,
            (None, Some(_)) => Likelihood::Gaussian,
        };
        let size = (x.n_samples() * x.n_features()) as f64;
        let spread = match likelihood {
            Likelihood::Bernoulli => 1.0,
            Likelihood::Gaussian => {
                let root = (x.squared_norm() / size).sqrt();
                if root > 0.0 { root } else { 1.0 }
            }
        };
        Ok(Reading { likelihood, spread, n_features: x.n_features(), is_sparse: x.is_sparse() })
    }
}

impl Tensors for Reading {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_u64(each, "reading/gaussian", u64::from(self.likelihood == Likelihood::Gaussian));
        visit_f64(each, "reading/spread", self.spread);
        visit_u64(each, "reading/n_features", self.n_features as u64);
        visit_u64(each, "reading/is_sparse", u64::from(self.is_sparse));
    }
}

impl Reading {
    /// The reading of a saved model; of weights alone, as PyTorch writes them, that of pictures in [0, 1].
    pub(super) fn load(named: &Named) -> Result<Reading> {
        if !named.contains("reading/n_features") {
            let n_features = named.vector_f32("output.bias")?.len();
            return Ok(Reading {
                likelihood: Likelihood::Bernoulli,
                spread: 1.0,
                n_features,
                is_sparse: false,
            });
        }
        let is = |name: &str| named.scalar_u64(name).map(|flag| flag == 1);
        Ok(Reading {
            likelihood: if is("reading/gaussian")? { Likelihood::Gaussian } else { Likelihood::Bernoulli },
            spread: named.scalar_f64("reading/spread")?,
            n_features: named.scalar_u64("reading/n_features")? as usize,
            is_sparse: is("reading/is_sparse")?,
        })
    }
}
