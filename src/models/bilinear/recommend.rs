//! The columns a row may like best, and columns that are alike.

use super::Bilinear;
use crate::error::Result;
use crate::linalg::{Features, Matrix};
use crate::models::{Recommend, Widths, check_columns};
use crate::monitor::Env;
use crate::solve::top_n::Scored;

impl Bilinear {
    /// The `n` columns of highest prediction for a code, best first, without those `seen` (which rise);
    /// of equal predictions the lower column comes first.
    /// # Errors
    /// [`crate::Error::Shape`] for a code of another length.
    pub fn best_features(&self, code: &[f64], seen: &[u32], n: usize) -> Result<Vec<Scored<f64>>> {
        check_columns(code.len(), self.n_latent(), "components")?;
        let code = Matrix::from_vec(1, code.len(), code.to_vec());
        Ok(self.fitted.factors.best_columns(&code, |_| seen, n).swap_remove(0))
    }
}

impl Recommend for Bilinear {
    fn recommend(&self, x: &Features, n: usize, _: &Env) -> Result<Vec<Vec<Scored<f64>>>> {
        let mut lists = Vec::with_capacity(x.n_samples());
        self.each_block(x, |_, observed, codes| {
            lists.extend(self.fitted.factors.best_columns(&codes, |i| observed.row(i).0, n));
        })?;
        Ok(lists)
    }

    /// v_j, without biases.
    fn feature_factors(&self) -> Matrix<f64> {
        self.tables.v.transposed()
    }
}
