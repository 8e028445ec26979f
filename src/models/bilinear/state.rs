//! What the fits of bilinear models have in common: factors, observed entries, the fall of the objective.

use super::{Fitted, load_factors, visit_factors};
use crate::error::{Error, Result};
use crate::models::{Data, Step};
use crate::monitor::Env;
use crate::solve::als::bytes_of_systems;
use crate::solve::bilinear::{Factors, Ridge};
use crate::solve::observed::{Observed, Sides, root_mean_square};
use crate::solve::sgd::Blocks;
use crate::solve::spectral::simultaneous::Effort;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};
use diabolo_kernels::parallel::n_threads;

/// What a fit needs of factors and data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// k
    pub n_components: usize,
    /// Whether rows and columns have biases, and predictions start from the mean.
    pub biased: bool,
    /// The share of the observed entries that is held out.
    pub held_out: f64,
    /// Whether the entries are sorted into blocks, for stochastic gradient descent.
    pub blocks: bool,
}

/// The observed entries, as a fit goes through them. Not saved: a resumed fit makes them again.
pub struct Entries {
    /// What is fitted to.
    pub sides: Sides,
    /// The fitted entries in blocks, where the layout asks for them.
    pub blocks: Option<Blocks>,
}

/// The factors while they are fitted.
pub struct State {
    /// The factors.
    pub factors: Factors,
    n_observed: usize,
    held_out: Observed,
    first_objective: f64,
    last_objective: f64,
    entries: Option<Entries>,
}

impl Layout {
    /// Checks and sorts the data, charges the budget, draws the first factors.
    /// # Errors
    /// No observed entry, an infinite value, memory over the limit.
    pub fn start(&self, x: &Data, env: &Env) -> Result<State> {
        let features = x.features()?;
        let (n, m) = (features.n_samples(), features.n_features());
        // The factors, their widened copies and their gradients or products; at the start, blocks with spare columns.
        let width = self.n_components.saturating_add(Effort::CLOSE.spare);
        let n_values = Factors::n_values(n, m, width);
        env.budget.charge_array(n_values.saturating_mul(5), 8, "the factors")?;
        let width = self.n_components.saturating_add(usize::from(self.biased));
        env.budget.charge(bytes_of_systems(width, n_threads()), "the systems of the rows")?;
        let (entries, held_out) = self.entries(x, env)?;
        let rows = &entries.sides.rows;
        let factors = Factors::spectral(&entries.sides, self.n_components, self.biased, env.seed)?;
        // Of the mean alone.
        let objective = 0.5 * rows.spread(factors.mean).powi(2) * rows.len() as f64;
        Ok(State {
            factors,
            n_observed: rows.len(),
            held_out,
            first_objective: objective,
            last_objective: objective,
            entries: Some(entries),
        })
    }

    /// The state of a checkpoint.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or do not agree.
    pub fn load(&self, named: &Named) -> Result<State> {
        let factors = load_factors(named, self.n_components)?;
        Ok(State {
            n_observed: named.scalar_u64("n_observed")? as usize,
            held_out: Observed::load(named, "held_out", factors.cols.n_rows())?,
            factors,
            first_objective: named.scalar_f64("first_objective")?,
            last_objective: named.scalar_f64("last_objective")?,
            entries: None,
        })
    }

    /// The entries to fit, and those that are held out.
    fn entries(&self, x: &Data, env: &Env) -> Result<(Entries, Observed)> {
        let features = x.features()?;
        let (n, m) = (features.n_samples(), features.n_features());
        if n.max(m) > u32::MAX as usize {
            return Err(Error::shape("fewer than 2^32 rows and columns", format!("{n} x {m}")));
        }
        let observed = Observed::of(features, &env.budget)?;
        let (fitted, held_out) = match self.held_out > 0.0 {
            true => observed.split(self.held_out, env.seed, &env.budget)?,
            false => (observed, Observed::none(n, m)),
        };
        if fitted.is_empty() {
            return Err(Error::shape(
                "at least one observed entry to fit",
                format!("none in {n} x {m}; give more entries or hold out a smaller share"),
            ));
        }
        let sides = Sides::new(fitted, &env.budget)?;
        if self.blocks {
            env.budget.charge(Blocks::bytes(sides.rows.len()), "the observed entries in blocks")?;
        }
        let blocks = self.blocks.then(|| Blocks::new(&sides));
        Ok((Entries { sides, blocks }, held_out))
    }
}

impl State {
    /// The factors to move and the entries to fit; a resumed fit sorts its entries here.
    /// # Errors
    /// As [`Layout::start`].
    pub fn parts(&mut self, layout: Layout, x: &Data, env: &Env) -> Result<(&mut Factors, &Entries)> {
        if self.entries.is_none() {
            let (entries, _) = layout.entries(x, env)?;
            let (rows, cols) = (&self.factors.rows, &self.factors.cols);
            if [rows.n_rows(), cols.n_rows()] != [entries.sides.rows.n_rows(), entries.sides.cols.n_rows()] {
                return Err(Error::shape(
                    format!("data of {} x {}, as the checkpoint has", rows.n_rows(), cols.n_rows()),
                    format!("{} x {}", entries.sides.rows.n_rows(), entries.sides.cols.n_rows()),
                ));
            }
            self.entries = Some(entries);
        }
        let entries = self.entries.as_ref().expect("entries made above");
        Ok((&mut self.factors, entries))
    }

    /// The entries that are held out.
    pub fn held_out(&self) -> &Observed {
        &self.held_out
    }

    /// The objective after the last step.
    pub fn last_objective(&self) -> f64 {
        self.last_objective
    }

    /// Ends a step: the objective of the residuals, the stopping rule, the errors.
    pub fn close(&mut self, residuals: &[f64], ridge: Ridge, tol: f64) -> Step {
        let entries = self.entries.as_ref().expect("entries of the step");
        let objective = self.factors.objective(&entries.sides, residuals, ridge);
        let mut metrics = vec![("rmse", root_mean_square(residuals))];
        if !self.held_out.is_empty() {
            metrics.push(("held_out_rmse", self.factors.rmse(&self.held_out)));
        }
        let fall = self.last_objective - objective;
        self.last_objective = objective;
        Step { objective, converged: fall.abs() <= tol * self.first_objective, metrics }
    }

    /// The factors at the end, with the number of entries they were fitted to and those held out.
    pub fn finish(self) -> Fitted {
        Fitted { factors: self.factors, n_observed: self.n_observed, held_out: self.held_out }
    }
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_factors(&self.factors, each);
        visit_u64(each, "n_observed", self.n_observed as u64);
        self.held_out.visit_as("held_out", each);
        visit_f64(each, "first_objective", self.first_objective);
        visit_f64(each, "last_objective", self.last_objective);
    }
}
