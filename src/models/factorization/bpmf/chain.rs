//! The Markov chain: one sweep after the other.

use super::Params;
use super::model::Fitted;
use super::posterior::{Draw, Moments, Thinned, load_gaussian, visit_gaussian};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::models::{Data, Step, bilinear};
use crate::monitor::Env;
use crate::random::Rng;
use crate::solve::als;
use crate::solve::bilinear::{Factors, Ridge, facing};
use crate::solve::gibbs::{Conditionals, draw_precision};
use crate::solve::normal_wishart::{Gaussian, NormalWishart};
use crate::solve::observed::{Observed, root_mean_square};
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_vector};
use std::borrow::Cow;

/// Streams: what is drawn, before the sweep and the row.
const NOISE: u64 = 0;
const PRIOR_OF_ROWS: u64 = 1;
const ROWS: u64 = 2;
const PRIOR_OF_COLS: u64 = 3;
const COLS: u64 = 4;

/// beta_0 (Salakhutdinov & Mnih 2008, section 4.1).
const BETA: f64 = 2.0;

/// e as a share of the spread of the entries.
const NOISE_SHARE: f64 = 0.1;

/// The penalty of the start, a number of entries each.
const START_RIDGE: Ridge = Ridge { weight: 0.04, by_count: true };

/// The chain between two sweeps.
pub struct State {
    /// The factors drawn last.
    bilinear: bilinear::State,
    /// mu_P and Lambda_P drawn last.
    prior: Gaussian,
    alpha: f64,
    /// s
    spread: f64,
    kept: Thinned,
    /// Of the predictions held out.
    moments: Moments,
    /// The standard deviation of the noise after every sweep.
    noise: Vec<f64>,
}

impl State {
    /// The chain before its first sweep.
    pub(super) fn start(params: &Params, x: &Data, env: &Env) -> Result<State> {
        let mut bilinear = params.layout().start(x, env)?;
        let n_held_out = bilinear.held_out().len();
        let (factors, entries) = bilinear.parts(params.layout(), x, env)?;
        let width = factors.rows.n_cols();
        let n_values = Draw::n_values(factors.cols.n_rows(), width).saturating_mul(params.n_draws as u64);
        env.budget.charge_array(n_values, 8, "the draws kept of bpmf")?;
        env.budget.charge_array(n_held_out as u64, 24, "the predictions held out")?;
        let spread = entries.sides.rows.spread(factors.mean).max(f64::MIN_POSITIVE.sqrt());
        let scale = scales(width, factors.biased, spread);
        let precision = Matrix::from_fn(width, width, |a, b| if a == b { 1.0 / scale[a] } else { 0.0 });
        Ok(State {
            bilinear,
            prior: Gaussian { mean: vec![0.0; width], precision },
            alpha: spread.powi(-2),
            spread,
            kept: Thinned::new(),
            moments: Moments::new(n_held_out),
            noise: Vec::new(),
        })
    }

    /// One sweep: alpha, mu_P and Lambda_P, P, mu_Q and Lambda_Q, Q; or one of alternating least squares.
    pub(super) fn sweep(&mut self, params: &Params, x: &Data, env: &Env) -> Result<Step> {
        let t = self.noise.len() as u64;
        let stream = |which: u64| Rng::keyed(env.seed, &[which, t]);
        let squared_residuals = 2.0 * self.bilinear.last_objective();
        let (factors, entries) = self.bilinear.parts(params.layout(), x, env)?;
        let sides = &entries.sides;
        self.alpha = match params.noise > 0.0 {
            true => params.noise.powi(-2),
            false => {
                let spread = NOISE_SHARE * self.spread;
                draw_precision(sides.rows.len(), squared_residuals, spread, &mut stream(NOISE))
            }
        };
        let width = factors.rows.n_cols();
        let hyperprior =
            NormalWishart { beta: BETA, nu: width as f64, scale: scales(width, factors.biased, self.spread) };
        self.prior =
            hyperprior.draw(&with_entries(&factors.rows, &sides.rows), &mut stream(PRIOR_OF_ROWS))?;
        if t < params.als_iter {
            als::sweep(factors, sides, START_RIDGE)?;
        } else {
            let Factors { mean, biased, .. } = *factors;
            // Far from where the chain belongs, plain draws get there faster.
            let is_relaxed = t >= params.burn_in;
            let cols = facing(&factors.cols, biased);
            factors.rows = Conditionals::new(&sides.rows, (mean, &cols), &self.prior, self.alpha)?.draw(
                is_relaxed.then_some(&factors.rows),
                env.seed,
                [ROWS, t],
            )?;
            let of_cols =
                hyperprior.draw(&with_entries(&factors.cols, &sides.cols), &mut stream(PRIOR_OF_COLS))?;
            let rows = facing(&factors.rows, biased);
            factors.cols = Conditionals::new(&sides.cols, (mean, &rows), &of_cols, self.alpha)?.draw(
                is_relaxed.then_some(&factors.cols),
                env.seed,
                [COLS, t],
            )?;
        }
        let residuals = factors.residuals(&sides.rows);
        self.noise.push(self.alpha.sqrt().recip());
        // The objective of a draw is half its squared error.
        let step = self.bilinear.close(&residuals, Ridge { weight: 0.0, by_count: false }, 0.0);
        if t >= params.burn_in {
            self.count(params);
        }
        Ok(Step { converged: false, metrics: self.figures(step.metrics), ..step })
    }

    /// Counts the draw of this sweep.
    fn count(&mut self, params: &Params) {
        let predicted = self.bilinear.factors.predict(self.bilinear.held_out().pattern());
        self.moments.see(&predicted, self.alpha);
        let draw = || draw_of(&self.bilinear.factors, &self.prior, self.alpha);
        self.kept.see(params.n_draws, draw);
    }

    /// The figures of a sweep; held-out errors are those of the mean prediction once draws count.
    fn figures(&self, mut figures: Vec<(&'static str, f64)>) -> Vec<(&'static str, f64)> {
        if !self.moments.is_empty() {
            let held_out = self.bilinear.held_out();
            let errors: Vec<f64> =
                held_out.values().iter().zip(self.moments.mean()).map(|(r, p)| r - p).collect();
            let held_out_rmse = figures.iter_mut().filter(|(name, _)| *name == "held_out_rmse");
            held_out_rmse.for_each(|(_, value)| *value = root_mean_square(&errors));
        }
        figures.push(("noise", self.alpha.sqrt().recip()));
        figures
    }

    /// What the chain has found. Where it ended before a draw counted, its last sweep stands for all.
    pub(super) fn finish(mut self) -> Fitted {
        if self.kept.n_seen() == 0 {
            let predicted = self.bilinear.factors.predict(self.bilinear.held_out().pattern());
            self.moments.see(&predicted, self.alpha);
        }
        let n_counted = self.kept.n_seen();
        let mut draws = self.kept.into_draws();
        if draws.is_empty() {
            draws.push(draw_of(&self.bilinear.factors, &self.prior, self.alpha));
        }
        let bilinear::Fitted { factors, n_observed, held_out } = self.bilinear.finish();
        let n_rows = factors.rows.n_rows();
        Fitted {
            mean: factors.mean,
            n_rows,
            n_observed,
            n_counted,
            draws,
            held_out,
            moments: self.moments,
            noise: self.noise,
        }
    }

    /// The chain of a checkpoint.
    pub(super) fn load(params: &Params, named: &Named) -> Result<State> {
        let bilinear = params.layout().load(named)?;
        let moments = Moments::load(&named.under("moments/"), bilinear.held_out().len())?;
        let state = State {
            prior: load_gaussian(named)?,
            alpha: named.scalar_f64("alpha")?,
            spread: named.scalar_f64("spread")?,
            kept: Thinned::load(&named.under("kept/"))?,
            moments,
            noise: named.vector_f64("noise")?,
            bilinear,
        };
        if state.prior.mean.len() != state.bilinear.factors.rows.n_cols() {
            return Err(Error::shape("a prior like the factors", "another width; fit again"));
        }
        Ok(state)
    }
}

/// The diagonal of S: the square of the scale of each coordinate.
fn scales(width: usize, biased: bool, spread: f64) -> Vec<f64> {
    let scale = |l: usize| if biased && l + 1 == width { spread * spread } else { spread };
    (0..width).map(scale).collect()
}

/// The rows of a factor that have entries.
fn with_entries<'a>(factor: &'a Matrix<f64>, observed: &Observed) -> Cow<'a, Matrix<f64>> {
    let rows: Vec<usize> = (0..factor.n_rows()).filter(|&i| observed.n_in_row(i) > 0).collect();
    if rows.len() == factor.n_rows() { Cow::Borrowed(factor) } else { Cow::Owned(factor.select_rows(&rows)) }
}

fn draw_of(factors: &Factors, prior: &Gaussian, alpha: f64) -> Draw {
    Draw { facing: facing(&factors.cols, factors.biased).into_owned(), prior: prior.clone(), alpha }
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.bilinear.visit(each);
        visit_gaussian(&self.prior, each);
        visit_f64(each, "alpha", self.alpha);
        visit_f64(each, "spread", self.spread);
        self.kept.visit(&mut |name, view| each(&format!("kept/{name}"), view));
        self.moments.visit(&mut |name, view| each(&format!("moments/{name}"), view));
        visit_vector(each, "noise", self.noise.as_slice());
    }
}
