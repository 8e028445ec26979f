//! Columns beside columns.

use super::{Csr, Features, Matrix};
use crate::error::Result;
use crate::monitor::Budget;

impl Features {
    /// The columns of other features of the same samples beside these: sparse if these are, else dense in f64.
    /// # Errors
    /// [`crate::Error::Limit`] where they do not fit.
    /// # Panics
    /// If there are not as many samples.
    pub fn beside(&self, other: &Features, budget: &Budget) -> Result<Features> {
        let (n, own, width) = (self.n_samples(), self.n_features(), other.n_features());
        assert_eq!(n, other.n_samples(), "as many samples");
        let Features::Sparse(x) = self else {
            budget.charge_array(n as u64, 8 * (own + width) as u64, "columns beside others")?;
            let mut both: Matrix<f64> = Matrix::zeros(n, own + width);
            for i in 0..n {
                let (left, right) = both.row_mut(i).split_at_mut(own);
                self.row_into(i, left);
                other.row_into(i, right);
            }
            return Ok(both.into());
        };
        budget.charge_array((x.nnz() + other.n_stored()) as u64, 12, "columns beside others")?;
        let (mut indptr, mut columns, mut values) = (vec![0], Vec::new(), Vec::new());
        let mut row = vec![0.0; width];
        for i in 0..n {
            let (own_columns, own_values) = x.row(i);
            columns.extend_from_slice(own_columns);
            values.extend_from_slice(own_values);
            other.row_into(i, &mut row);
            for (j, &value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
                columns.push((own + j) as u32);
                values.push(value);
            }
            indptr.push(columns.len());
        }
        Ok(Csr::new(own + width, indptr, columns, values)?.into())
    }
}
