//! Two factors that are improved in turn, by steps that start ahead of them and are taken back where the objective rose
//! (Ang & Gillis 2019, algorithm 2).

use super::extrapolation::Extrapolation;
use crate::error::Result;
use crate::linalg::Matrix;
use crate::tensors::{Named, TensorView, Tensors, visit_f64};

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

    /// What [`Tensors::visit`] gave.
    /// # Errors
    /// [`crate::Error::Shape`] where arrays are missing or of another shape.
    pub fn load(named: &Named) -> Result<Alternating> {
        let pair = |a: &str, b: &str| -> Result<(Matrix<f64>, Matrix<f64>)> {
            Ok((Matrix::load(named, a)?, Matrix::load(named, b)?))
        };
        let (a, b) = pair("a", "b")?;
        Ok(Alternating {
            a,
            b,
            objective: named.scalar_f64("objective")?,
            before: named.contains("a_before").then(|| pair("a_before", "b_before")).transpose()?,
            momentum: Extrapolation {
                beta: named.scalar_f64("beta")?,
                ceiling: named.scalar_f64("ceiling")?,
            },
        })
    }
}

impl Tensors for Alternating {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.a.visit_as("a", each);
        self.b.visit_as("b", each);
        if let Some((a, b)) = &self.before {
            a.visit_as("a_before", each);
            b.visit_as("b_before", each);
        }
        visit_f64(each, "objective", self.objective);
        visit_f64(each, "beta", self.momentum.beta);
        visit_f64(each, "ceiling", self.momentum.ceiling);
    }
}
