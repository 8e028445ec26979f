//! The samples in the precision of the fit: borrowed where the data has it, else converted once.

use crate::error::Result;
use crate::linalg::{Csr, Features, Matrix};
use crate::monitor::Budget;
use crate::solve::lloyd::Points;
use diabolo_kernels::Real;
use diabolo_kernels::parallel::map_chunks;
use std::any::Any;

/// Values whose squares, and sums of millions of them, are far from the limits of f32.
const LARGEST_F32: f64 = 1e12;

/// Rows a task computes norms of: fixed, so results do not depend on the number of threads.
const ROWS_PER_TASK: usize = 4096;

/// Whether distances are computed in f32: the data is no more precise, and its squares fit.
pub(super) fn fits_f32(x: &Features) -> bool {
    match x {
        Features::F32(_) | Features::U8 { .. } => x.first_where(|value| value.abs() > LARGEST_F32).is_none(),
        Features::F64(_) | Features::Sparse(_) => false,
    }
}

/// What had to be made of the data; empty where nothing had to.
#[derive(Default)]
pub(super) struct Samples<T> {
    converted: Option<Matrix<T>>,
    norms: Option<Vec<T>>,
}

impl<T: Real> Samples<T> {
    /// Converts what is not there in this precision; does nothing the second time.
    /// # Errors
    /// [`crate::Error::Limit`].
    pub fn prepare(&mut self, x: &Features, budget: &Budget) -> Result<()> {
        if let Some(sparse) = sparse::<T>(x) {
            if self.norms.is_none() {
                budget.charge_array(
                    x.n_samples() as u64,
                    size_of::<T>() as u64,
                    "the norms of the samples",
                )?;
                let norms = map_chunks(x.n_samples(), ROWS_PER_TASK, |rows| {
                    rows.map(|i| T::squared_norm(sparse.row(i).1)).collect::<Vec<T>>()
                });
                self.norms = Some(norms.concat());
            }
        } else if dense::<T>(x).is_none() && self.converted.is_none() {
            budget.charge_array(x.n_stored() as u64, size_of::<T>() as u64, "the samples of kmeans")?;
            self.converted = Some(x.dense_rows(0, x.n_samples()));
        }
        Ok(())
    }

    /// The samples as the iterations read them.
    /// # Panics
    /// If they have not been prepared.
    pub fn points<'a>(&'a self, x: &'a Features) -> Points<'a, T> {
        if let Some(x) = sparse(x) {
            return Points::Sparse { x, norms: self.norms.as_deref().expect("prepared samples") };
        }
        let converted = || self.converted.as_ref().expect("prepared samples");
        Points::Dense(dense(x).unwrap_or_else(converted))
    }
}

/// The dense values, if they are of this type.
fn dense<T: Real>(x: &Features) -> Option<&Matrix<T>> {
    let values: &dyn Any = match x {
        Features::F64(x) => x,
        Features::F32(x) => x,
        Features::U8 { .. } | Features::Sparse(_) => return None,
    };
    values.downcast_ref()
}

/// The sparse values, if they are of this type.
fn sparse<T: Real>(x: &Features) -> Option<&Csr<T>> {
    match x {
        Features::Sparse(x) => (x as &dyn Any).downcast_ref(),
        _ => None,
    }
}
