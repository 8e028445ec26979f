//! Two factors that are improved in turn, by steps that start ahead of them and are taken back where the objective rose
//! (Ang & Gillis 2019, algorithm 2).

use super::extrapolation::Extrapolation;
use crate::linalg::Matrix;

/// Two factors under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternating {
    /// One factor.
    pub a: Matrix<f64>,
    /// The other.
    pub b: Matrix<f64>,
    /// The objective; infinite before the first step.
    pub objective: f64,
    before: Option<(Matrix<f64>, Matrix<f64>)>,
    momentum: Extrapolation,
}

impl Alternating {
    /// Starts at given factors.
    pub fn new(a: Matrix<f64>, b: Matrix<f64>) -> Alternating {
        Alternating { a, b, objective: f64::INFINITY, before: None, momentum: Extrapolation::default() }
    }

    /// One step: `update` improves both factors and returns the objective. It starts ahead of the factors; if that does
    /// not lower the objective, at the factors; if that does not either, `safe`, an update that cannot raise it, is tried.
    /// Returns by how much the objective fell: 0 where nothing lowers it any more, and the factors stay.
    pub fn step(
        &mut self,
        update: impl Fn(&mut Matrix<f64>, &mut Matrix<f64>) -> f64,
        safe: impl Fn(&mut Matrix<f64>, &mut Matrix<f64>) -> f64,
    ) -> f64 {
        let last = self.objective;
        let ahead = self
            .before
            .as_ref()
            .map(|(a, b)| (self.momentum.ahead(&self.a, a), self.momentum.ahead(&self.b, b)));
        if let Some(ahead) = ahead {
            if self.keep(ahead, &update) {
                self.momentum.accepted();
                return last - self.objective;
            }
            self.momentum.undone();
        }
        let kept = self.keep((self.a.clone(), self.b.clone()), &update)
            || self.keep((self.a.clone(), self.b.clone()), &safe);
        if kept { last - self.objective } else { 0.0 }
    }

    /// Updates factors and keeps them if the objective does not rise. The first step has nothing to be compared with.
    fn keep(
        &mut self,
        (mut a, mut b): (Matrix<f64>, Matrix<f64>),
        update: &impl Fn(&mut Matrix<f64>, &mut Matrix<f64>) -> f64,
    ) -> bool {
        let objective = update(&mut a, &mut b);
        let is_good = objective.is_finite() && objective <= self.objective;
        if is_good {
            self.objective = objective;
            self.before = Some((std::mem::replace(&mut self.a, a), std::mem::replace(&mut self.b, b)));
        }
        is_good
    }

    /// Bytes that the factors take with those before and ahead.
    pub fn bytes(n_values: u64) -> u64 {
        n_values.saturating_mul(4 * 8)
    }
}
