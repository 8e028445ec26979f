//! The capability of naming features: what a sample may like, and what is alike.

use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::monitor::Env;
use crate::solve::top_n::{Scored, top_n};
use diabolo_kernels::reduce::Reduce;
use diabolo_kernels::vector::Arithmetic;

/// Features by how much a sample may like them, and by how alike they are.
pub trait Recommend: Sync {
    /// For each sample, which the model need not have seen, the `n` features of highest score among those it has no
    /// entry of, best first; of equal scores the lower feature comes first. A row's list depends on that row
    /// alone, so callers may go block by block.
    /// # Errors
    /// Data of the wrong shape, or values the model cannot take.
    fn recommend(&self, x: &Features, n: usize, env: &Env) -> Result<Vec<Vec<Scored<f64>>>>;

    /// What the model knows of each feature, n_features x n_components.
    fn feature_factors(&self) -> Matrix<f64>;

    /// For each of the features picked, the `n` others of largest cosine between their factors, most alike first. A
    /// feature whose factor is 0 has a cosine of 0 with all.
    /// # Errors
    /// [`Error::Shape`] for a feature that does not exist.
    fn similar(&self, picked: &[usize], n: usize) -> Result<Vec<Vec<Scored<f64>>>> {
        let mut directions = self.feature_factors();
        if let Some(j) = picked.iter().find(|&&j| j >= directions.n_rows()) {
            return Err(Error::shape(
                format!("one of {} features", directions.n_rows()),
                format!("number {}", j + 1),
            ));
        }
        for j in 0..directions.n_rows() {
            let row = directions.row_mut(j);
            let norm = f64::squared_norm(row).sqrt();
            f64::scale(if norm > 0.0 { 1.0 / norm } else { 0.0 }, row);
        }
        let own: Vec<u32> = picked.iter().map(|&j| j as u32).collect();
        Ok(top_n(&directions.select_rows(picked), &directions, |row| &own[row..=row], n))
    }
}
