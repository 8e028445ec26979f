//! Momentum for alternating schemes (Ang & Gillis 2019, algorithm 2).
//!
//! A step starts not at the factor A but ahead of it, at max(0, A + beta (A - A before)). A step that lowers
//! the objective lets beta grow by 5 %, up to a ceiling that grows by 1 %; one that does not is undone, and
//! the ceiling falls to the last beta that worked. So the objective never rises.

use crate::linalg::Matrix;

/// What an accepted step multiplies beta by.
const GROWTH: f64 = 1.05;
/// What an accepted step multiplies the ceiling by.
const CEILING_GROWTH: f64 = 1.01;
/// What an undone step divides beta by.
const DECAY: f64 = 1.5;

/// How far a step looks ahead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extrapolation {
    /// The share of the last movement that is added.
    pub beta: f64,
    /// What beta may not exceed.
    pub ceiling: f64,
}

impl Default for Extrapolation {
    fn default() -> Self {
        Extrapolation { beta: 0.5, ceiling: 1.0 }
    }
}

impl Extrapolation {
    /// The objective fell.
    pub fn accepted(&mut self) {
        self.beta = (GROWTH * self.beta).min(self.ceiling);
        self.ceiling = (CEILING_GROWTH * self.ceiling).min(1.0);
    }

    /// The objective rose; the step was undone.
    pub fn undone(&mut self) {
        self.ceiling = self.beta / GROWTH;
        self.beta /= DECAY;
    }

    /// max(0, now + beta (now - before))
    /// # Panics
    /// If the shapes differ.
    pub fn ahead(&self, now: &Matrix<f64>, before: &Matrix<f64>) -> Matrix<f64> {
        assert_eq!(now.shape(), before.shape(), "a factor that changed its shape");
        let pairs = now.values().iter().zip(before.values());
        let values = pairs.map(|(now, before)| (now + self.beta * (now - before)).max(0.0)).collect();
        Matrix::from_vec(now.n_rows(), now.n_cols(), values)
    }
}
