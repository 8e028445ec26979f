//! Leading triplets of centred data that comes block by block (Levy & Lindenbaum 2000; Ross, Lim, Lin & Yang
//! 2008).
//!
//! Of n rows seen, with mean mu, the triplets (s, V) stand for all that is kept. A block X_b of n_b rows with mean
//! mu_b joins them through the decomposition of
//!
//! ( diag(s) V' ; X_b - 1 mu_b' ; sqrt(n n_b / (n + n_b)) (mu - mu_b)' ),
//!
//! whose Gram matrix is the scatter of old and new rows around their common mean, but for what the old triplets
//! left out (Ross et al. 2008, figure 1). As long as nothing is left out, the result is exact; so is a single
//! block. Cost a block: O((k + n_b)^2 m) of the smaller side; memory: the block and k m numbers.

use super::{Triplets, svd};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64, visit_vector};

/// What is known of the rows so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Incremental {
    n_components: usize,
    n_seen: u64,
    mean: Vec<f64>,
    /// The sum of squared distances from the mean.
    scatter: f64,
    /// Up to k singular values of the centred rows, falling.
    s: Vec<f64>,
    /// V', one row a singular value.
    components: Matrix<f64>,
}

impl Incremental {
    /// No rows yet.
    pub fn new(n_components: usize, n_features: usize) -> Incremental {
        Incremental {
            n_components: n_components.min(n_features),
            n_seen: 0,
            mean: vec![0.0; n_features],
            scatter: 0.0,
            s: Vec::new(),
            components: Matrix::zeros(0, n_features),
        }
    }

    /// Bytes that a block of rows and its decomposition take.
    pub fn bytes(n_components: usize, n_features: usize, n_rows: usize) -> u64 {
        8 * 4 * (n_components as u64 + n_rows as u64 + 1).saturating_mul(n_features as u64)
    }

    /// Takes rows in.
    /// # Errors
    /// [`Error::Numerical`] where the decomposition fails.
    /// # Panics
    /// If the rows have another number of features.
    pub fn absorb(&mut self, block: &Matrix<f64>) -> Result<()> {
        let (n_b, m) = (block.n_rows(), block.n_cols());
        assert_eq!(m, self.mean.len(), "rows of as many features");
        if n_b == 0 {
            return Ok(());
        }
        let mut block_mean = vec![0.0; m];
        for row in block.rows() {
            block_mean.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
        block_mean.iter_mut().for_each(|sum| *sum /= n_b as f64);

        let is_first = self.n_seen == 0;
        let k = self.s.len();
        let n_rows = k + n_b + usize::from(!is_first);
        let (n, n_b) = (self.n_seen as f64, n_b as f64);
        let mut stacked = Matrix::zeros(n_rows, m);
        for (i, s) in self.s.iter().enumerate() {
            stacked.row_mut(i).iter_mut().zip(self.components.row(i)).for_each(|(to, v)| *to = s * v);
        }
        for (i, row) in block.rows().enumerate() {
            let centred = row.iter().zip(&block_mean).map(|(x, mean)| x - mean);
            stacked.row_mut(k + i).iter_mut().zip(centred).for_each(|(to, x)| *to = x);
        }
        if !is_first {
            let weight = (n * n_b / (n + n_b)).sqrt();
            let shift = self.mean.iter().zip(&block_mean).map(|(old, new)| weight * (old - new));
            stacked.row_mut(n_rows - 1).iter_mut().zip(shift).for_each(|(to, x)| *to = x);
        }
        // Of the block and the shift; the old scatter counts what the triplets left out as well.
        self.scatter += stacked.values()[k * m..].iter().map(|x| x * x).sum::<f64>();
        let share = n_b / (n + n_b);
        self.mean.iter_mut().zip(&block_mean).for_each(|(mean, new)| *mean += share * (new - *mean));
        self.n_seen += block.n_rows() as u64;

        let Triplets { s, v, .. } = svd(&stacked)?.leading(self.n_components).with_signs();
        (self.s, self.components) = (s, v.transposed());
        Ok(())
    }

    /// Rows taken in.
    pub fn n_seen(&self) -> u64 {
        self.n_seen
    }

    /// The mean of all rows.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The sum of squared distances of all rows from their mean.
    pub fn scatter(&self) -> f64 {
        self.scatter
    }

    /// Singular values, falling.
    pub fn singular_values(&self) -> &[f64] {
        &self.s
    }

    /// V', one row a singular value.
    pub fn components(&self) -> &Matrix<f64> {
        &self.components
    }

    /// The squared error of the rows so far, as far as is known: scatter - sum s^2.
    pub fn squared_error(&self) -> f64 {
        (self.scatter - self.s.iter().map(|s| s * s).sum::<f64>()).max(0.0)
    }

    /// What [`Tensors::visit`] gave.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or do not agree.
    pub fn load(named: &Named) -> Result<Incremental> {
        let (s, components) = (named.vector_f64("s")?, Matrix::load(named, "components")?);
        let mean = named.vector_f64("mean")?;
        if components.shape() != [s.len(), mean.len()] {
            return Err(Error::shape(
                format!("{} components of {} features", s.len(), mean.len()),
                format!("{:?}; fit again", components.shape()),
            ));
        }
        Ok(Incremental {
            n_components: named.scalar_u64("n_components")? as usize,
            n_seen: named.scalar_u64("n_seen")?,
            scatter: named.scalar_f64("scatter")?,
            mean,
            s,
            components,
        })
    }
}

impl Tensors for Incremental {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_u64(each, "n_components", self.n_components as u64);
        visit_u64(each, "n_seen", self.n_seen);
        visit_f64(each, "scatter", self.scatter);
        visit_vector(each, "mean", self.mean.as_slice());
        visit_vector(each, "s", self.s.as_slice());
        self.components.visit_as("components", each);
    }
}
