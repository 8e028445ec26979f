//! What a fit went through.

use super::Step;
use crate::error::{Error, Result};
use crate::tensors::{Named, TensorView, Tensors, Values, visit_vector};
use std::collections::BTreeMap;

/// The objective and the further figures after every step, and why the fit ended.
#[derive(Clone, Debug, Default)]
pub struct History {
    objective: Vec<f64>,
    metrics: BTreeMap<String, Vec<f64>>,
    converged: bool,
    /// Why the fit ended.
    pub stop: StopReason,
}

/// Histories are equal if they went through the same: figures that a step did not give are the same as such.
impl PartialEq for History {
    fn eq(&self, other: &History) -> bool {
        let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<u64>>();
        let figures = |history: &History| -> Vec<(String, Vec<u64>)> {
            history.metrics.iter().map(|(name, values)| (name.clone(), bits(values))).collect()
        };
        self.objective == other.objective
            && figures(self) == figures(other)
            && (self.converged, self.stop) == (other.converged, other.stop)
    }
}

/// Why a fit ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopReason {
    /// The stopping rule was met.
    Converged,
    /// All steps were taken and the stopping rule was not met.
    #[default]
    MaxIterations,
    /// All steps were taken, and that is how such a fit ends.
    Completed,
    /// Somebody stopped it.
    Interrupted,
}

impl StopReason {
    /// In words, as reports say it.
    pub fn name(self) -> &'static str {
        match self {
            StopReason::Converged => "converged",
            StopReason::MaxIterations => "stopped at the last allowed iteration, not converged",
            StopReason::Completed => "took all its steps",
            StopReason::Interrupted => "interrupted",
        }
    }
}

impl History {
    /// Number of steps taken.
    pub fn n_iter(&self) -> u64 {
        self.objective.len() as u64
    }

    /// The objective after every step.
    pub fn objective(&self) -> &[f64] {
        &self.objective
    }

    /// The last objective; `None` before the first step.
    pub fn last_objective(&self) -> Option<f64> {
        self.objective.last().copied()
    }

    /// Further figures by name, one value a step (NaN where a step did not give it).
    pub fn metrics(&self) -> &BTreeMap<String, Vec<f64>> {
        &self.metrics
    }

    /// Whether the last step met the stopping rule.
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// Adds a step.
    pub(super) fn push(&mut self, step: &Step) {
        let before = self.objective.len();
        self.objective.push(step.objective);
        self.converged = step.converged;
        for (name, value) in &step.metrics {
            let values = self.metrics.entry((*name).to_owned()).or_default();
            values.resize(before, f64::NAN);
            values.push(*value);
        }
    }

    /// The history of a checkpoint.
    /// # Errors
    /// [`Error::Shape`] where it is damaged.
    pub fn load(named: &Named) -> Result<History> {
        let mut metrics = BTreeMap::new();
        let stored = named.under("metrics/");
        for name in stored.names() {
            metrics.insert(name.to_owned(), stored.vector_f64(name)?);
        }
        let objective = named.vector_f64("objective")?;
        if metrics.values().any(|values| values.len() > objective.len()) {
            return Err(Error::shape("a history with one value a step", "more values than steps"));
        }
        let converged = named.scalar_u64("converged")? == 1;
        Ok(History { objective, metrics, converged, stop: StopReason::default() })
    }
}

impl Tensors for History {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_vector(each, "objective", self.objective.as_slice());
        for (name, values) in &self.metrics {
            visit_vector(each, &format!("metrics/{name}"), values.as_slice());
        }
        each("converged", TensorView { shape: &[], values: Values::U64(&[u64::from(self.converged)]) });
    }
}
