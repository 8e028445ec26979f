//! One step: both factors in turn, and the objective as a by-product.

use super::entries::Entries;
use super::{Loss, Params, Solver};
use crate::error::Result;
use crate::linalg::{Features, Matrix};
use crate::models::{Data, Step};
use crate::monitor::Env;
use crate::solve::extrapolation::Extrapolation;
use crate::solve::{hals, itakura_saito, scd};
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};
use diabolo_kernels::reduce::Reduce;

/// Sweeps of one factor of the divergence that share the gathering of the other's rows.
const DIVERGENCE_SWEEPS: usize = 2;

/// One start and what has become of it. H is kept transposed, so both factors are swept along rows.
pub struct Run {
    /// n_samples x n_components
    pub w: Matrix<f64>,
    /// n_features x n_components
    pub ht: Matrix<f64>,
    /// The factors a step before, which the next step extrapolates from.
    before: Option<(Matrix<f64>, Matrix<f64>)>,
    momentum: Extrapolation,
    first_objective: f64,
    pub objective: f64,
    /// Twice the mean loss of the values observed, after the last step: the variance of the noise, or the dispersion
    /// of counts. 0 before the first.
    pub noise: f64,
    pub converged: bool,
}

/// A step's figures beside the objective.
pub struct Figures {
    /// The loss over what is observed, without the penalties.
    pub loss: f64,
    /// The mean loss of the entries held out.
    pub held_out: Option<f64>,
}

impl Params {
    /// One step of every run.
    pub(super) fn sweep(
        &self,
        x: &Data,
        runs: &mut [Run],
        entries: &mut Option<Entries>,
        env: &Env,
    ) -> Result<Step> {
        let x = x.features()?;
        let entries = match entries {
            Some(entries) => entries,
            absent => absent.insert(Entries::new(x, self, env)?),
        };
        let mut best = (f64::INFINITY, None);
        for run in runs.iter_mut() {
            let figures = run.step(x, entries, self);
            run.noise = 2.0 * figures.loss / entries.n_observed().max(1) as f64;
            if run.objective < best.0 || best.1.is_none() {
                best = (run.objective, Some(figures));
            }
        }
        let (objective, figures) = best;
        let figures = figures.expect("n_init is 1 or more");
        let mut metrics = vec![match self.loss {
            Loss::Frobenius => (
                "relative_error",
                (2.0 * figures.loss / entries.squared_norm().max(f64::MIN_POSITIVE)).sqrt(),
            ),
            Loss::KullbackLeibler | Loss::ItakuraSaito => {
                ("mean_divergence", figures.loss / entries.n_observed().max(1) as f64)
            }
        }];
        metrics.extend(figures.held_out.map(|loss| ("held_out_loss", loss)));
        Ok(Step { objective, converged: runs.iter().all(|run| run.converged), metrics })
    }
}

impl Run {
    /// A run that starts at given factors.
    pub fn new(w: Matrix<f64>, ht: Matrix<f64>) -> Run {
        let unknown = f64::INFINITY;
        let momentum = Extrapolation::default();
        Run {
            w,
            ht,
            before: None,
            momentum,
            first_objective: unknown,
            objective: unknown,
            noise: 0.0,
            converged: false,
        }
    }

    /// One step; the objective never rises.
    pub fn step(&mut self, x: &Features, entries: &mut Entries, params: &Params) -> Figures {
        if let (Some((w, ht)), Solver::Cd) = (&self.before, params.solver()) {
            let ahead = (self.momentum.ahead(&self.w, w), self.momentum.ahead(&self.ht, ht));
            if let Some(figures) = self.attempt(ahead, Solver::Cd, x, entries, params) {
                self.momentum.accepted();
                return figures;
            }
            self.momentum.undone();
        }
        // Without momentum; by the update that cannot raise the objective where coordinate descent on the
        // divergence went too far; and where even that only rounds, the factors stay.
        for solver in [params.solver(), Solver::Mu] {
            if let Some(figures) = self.attempt((self.w.clone(), self.ht.clone()), solver, x, entries, params)
            {
                return figures;
            }
        }
        self.converged = true;
        entries.fill(&self.w, &self.ht);
        let held_out = entries.hidden_loss(&self.w, &self.ht, params.loss).1;
        Figures { loss: self.objective - params.penalty(&self.w, &self.ht), held_out }
    }

    /// Both factors in turn from a given start; kept if the objective does not rise.
    fn attempt(
        &mut self,
        (mut w, mut ht): (Matrix<f64>, Matrix<f64>),
        solver: Solver,
        x: &Features,
        entries: &mut Entries,
        params: &Params,
    ) -> Option<Figures> {
        entries.fill(&w, &ht);
        let filled_loss = match params.loss {
            Loss::Frobenius => least_squares(&mut w, &mut ht, solver, x, entries, params),
            Loss::KullbackLeibler => divergence(&mut w, &mut ht, solver, x, entries, params),
            Loss::ItakuraSaito => {
                let x = entries.rows(x);
                let parts = itakura_saito::parts_of_rows(x, &w, &ht);
                itakura_saito::multiply(&mut w, &parts, params.penalty_w());
                let parts = itakura_saito::parts_of_cols(x, &w, &ht);
                itakura_saito::multiply(&mut ht, &parts, params.penalty_h());
                itakura_saito::divergence(x, &w, &ht)
            }
        };
        let (hidden, held_out) = entries.hidden_loss(&w, &ht, params.loss);
        let loss = (filled_loss - hidden).max(0.0);
        let objective = loss + params.penalty(&w, &ht);
        let is_better = objective <= self.objective && objective.is_finite();
        // The very first step has nothing to be compared with: a bad number is reported by the fit.
        if !is_better && self.objective.is_finite() {
            return None;
        }
        let fall = self.objective - objective;
        if self.first_objective.is_infinite() {
            self.first_objective = objective;
        } else {
            self.converged = fall <= params.tol * self.first_objective;
        }
        self.objective = objective;
        let w_before = std::mem::replace(&mut self.w, w);
        let ht_before = std::mem::replace(&mut self.ht, ht);
        self.before = Some((w_before, ht_before));
        Some(Figures { loss, held_out })
    }
}

/// W, then H, by least squares. Returns
/// 1/2 ||X - W H||^2 = 1/2 ||X||^2 - <X'W, H'> + 1/2 <W'W, H H'>.
fn least_squares(
    w: &mut Matrix<f64>,
    ht: &mut Matrix<f64>,
    solver: Solver,
    x: &Features,
    entries: &Entries,
    params: &Params,
) -> f64 {
    let (n, m, k) = (w.n_rows(), ht.n_rows(), w.n_cols());
    let rows = entries.rows(x);
    let xht = rows.matmul(ht);
    let hht = ht.gram();
    match solver {
        Solver::Cd | Solver::Auto => {
            let n_sweeps = hals::worthwhile_sweeps(rows.n_stored(), n, m, k);
            hals::sweeps(w, &xht, &hht, params.penalty_w(), n_sweeps);
        }
        Solver::Mu => hals::multiply(w, &xht, &hht, params.penalty_w()),
    }
    let xtw = entries.matmul_tn(x, w);
    let wtw = w.gram();
    match solver {
        Solver::Cd | Solver::Auto => {
            let n_sweeps = hals::worthwhile_sweeps(rows.n_stored(), m, n, k);
            hals::sweeps(ht, &xtw, &wtw, params.penalty_h(), n_sweeps);
        }
        Solver::Mu => hals::multiply(ht, &xtw, &wtw, params.penalty_h()),
    }
    0.5 * entries.filled_squared_norm() - hals::inner(&xtw, ht) + 0.5 * hals::inner(&wtw, &ht.gram())
}

/// W, then H, by the divergence. Returns D(X || W H).
fn divergence(
    w: &mut Matrix<f64>,
    ht: &mut Matrix<f64>,
    solver: Solver,
    x: &Features,
    entries: &Entries,
    params: &Params,
) -> f64 {
    let (rows, cols) = (entries.sparse_rows(x), entries.sparse_cols());
    let x_ln_y = match solver {
        Solver::Cd | Solver::Auto => {
            scd::sweeps(w, rows, ht, params.penalty_w(), DIVERGENCE_SWEEPS);
            scd::sweeps(ht, cols, w, params.penalty_h(), DIVERGENCE_SWEEPS)
        }
        Solver::Mu => {
            scd::multiply(w, rows, &scd::fitted(rows, w, ht), ht, params.penalty_w());
            scd::multiply(ht, cols, &scd::fitted(cols, ht, w), w, params.penalty_h());
            f64::x_ln_y(cols.values(), &scd::fitted(cols, ht, w))
        }
    };
    scd::divergence(entries.filled_divergence_constant(), x_ln_y, w, ht)
}

impl Tensors for Run {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.w.visit_as("w", each);
        self.ht.visit_as("ht", each);
        if let Some((w, ht)) = &self.before {
            w.visit_as("w_before", each);
            ht.visit_as("ht_before", each);
        }
        visit_f64(each, "beta", self.momentum.beta);
        visit_f64(each, "ceiling", self.momentum.ceiling);
        visit_f64(each, "first_objective", self.first_objective);
        visit_f64(each, "objective", self.objective);
        visit_f64(each, "noise", self.noise);
        visit_u64(each, "converged", u64::from(self.converged));
    }
}

impl Run {
    /// The run of a checkpoint.
    /// # Errors
    /// [`crate::error::Error::Shape`] where arrays are missing or of another shape.
    pub fn load(named: &Named) -> Result<Run> {
        let before = match named.contains("w_before") {
            true => Some((Matrix::load(named, "w_before")?, Matrix::load(named, "ht_before")?)),
            false => None,
        };
        Ok(Run {
            w: Matrix::load(named, "w")?,
            ht: Matrix::load(named, "ht")?,
            before,
            momentum: Extrapolation {
                beta: named.scalar_f64("beta")?,
                ceiling: named.scalar_f64("ceiling")?,
            },
            first_objective: named.scalar_f64("first_objective")?,
            objective: named.scalar_f64("objective")?,
            noise: named.scalar_f64("noise")?,
            converged: named.scalar_u64("converged")? == 1,
        })
    }
}
