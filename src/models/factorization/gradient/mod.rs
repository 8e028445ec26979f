//! Gradient descent: R ~ U V.
//!
//! minimise f = 1/2 sum over the observed (i, j) of e_ij^2 + ridge/2 (||U||^2 + ||V||^2),
//! e_ij = r_ij - u_i . v_j; df/du_i = ridge u_i - sum_j e_ij v_j, and likewise for v_j
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | R | data | n_samples x n_features; NaN, or what sparse data does not store, is not observed |
//! | U | `u`, the codes Z | n_samples x n_components |
//! | V | `v` | n_components x n_features |
//!
//! | `method` | one step | guarantee |
//! |---|---|---|
//! | `descent` | along D = -gradient + `momentum` D(before) (Polyak 1964), as far as f falls: along a line f is a polynomial of degree 4, and its minimiser is found exactly (`line.rs`) | never rises |
//! | `adam` | every coordinate by its own moments (Kingma & Ba 2015, algorithm 1) | none |
//! | `sgd` | one epoch over sorted blocks ([`crate::solve::sgd`]) | never rises |
//!
//! A step costs O(k) an observed entry. Nothing needs a rate in the data's units: `descent` has none, the
//! others scale theirs by the spread of the entries.

mod line;

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::models::bilinear::{self, Bilinear, FoldIn, Layout};
use crate::models::validation::HeldOut;
use crate::models::{Data, Fit, Settings, Step, check_positive, check_share};
use crate::monitor::Env;
use crate::solve::bilinear::{Factors, Ridge};
use crate::solve::sgd::BoldDriver;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of components
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_components: usize,
    /// How the steps are made
    #[cfg_attr(feature = "cli", arg(long, value_name = "METHOD"))]
    pub method: Method,
    /// Weight of half the squared norms of U and V
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub ridge: f64,
    /// Share of the last direction in the next one, for descent
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub momentum: f64,
    /// The rate of adam, the first rate of sgd; it has no unit
    #[cfg_attr(feature = "cli", arg(long, value_name = "RATE"))]
    pub learning_rate: f64,
    /// The most iterations
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// Stop when an iteration changes the objective by less than this share of its first value
    #[cfg_attr(feature = "cli", arg(long, value_name = "T"))]
    pub tol: f64,
}

/// How the steps are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum), value(rename_all = "lower"))]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// The whole gradient with momentum and exact line search.
    #[default]
    Descent,
    /// The whole gradient, scaled by its moments.
    Adam,
    /// One entry at a time.
    Sgd,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            n_components: 5,
            method: Method::Descent,
            ridge: 0.1,
            momentum: 0.5,
            learning_rate: 0.02,
            max_iter: 500,
            tol: 1e-7,
        }
    }
}

impl Params {
    fn ridge(&self) -> Ridge {
        Ridge { weight: self.ridge, by_count: false }
    }

    fn layout(&self) -> Layout {
        let blocks = self.method == Method::Sgd;
        Layout { n_components: self.n_components, biased: false, held_out: 0.0, blocks }
    }

    fn fold_in(&self) -> FoldIn {
        FoldIn { ridge: self.ridge(), non_negative: false, top_n: 0 }
    }
}

impl Settings for Params {
    const NAME: &'static str = "gradient";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        bilinear::check_settings(self.layout(), self.ridge, self.tol, self.max_iter)?;
        check_positive("learning_rate", self.learning_rate)?;
        check_share("momentum", self.momentum)
    }
}

/// One matrix a factor.
#[derive(Clone, Debug)]
struct Pair {
    rows: Matrix<f64>,
    cols: Matrix<f64>,
}

impl Pair {
    fn zeros_like(factors: &Factors) -> Pair {
        let zeros = |factor: &Matrix<f64>| Matrix::zeros(factor.n_rows(), factor.n_cols());
        Pair { rows: zeros(&factors.rows), cols: zeros(&factors.cols) }
    }

    /// Calls `f(a, b)` for every coordinate of this and of the other pair.
    fn zip(&mut self, rows: &Matrix<f64>, cols: &Matrix<f64>, mut f: impl FnMut(&mut f64, f64)) {
        self.rows.values_mut().iter_mut().zip(rows.values()).for_each(|(a, b)| f(a, *b));
        self.cols.values_mut().iter_mut().zip(cols.values()).for_each(|(a, b)| f(a, *b));
    }
}

/// The factors while they are fitted, and what the method remembers.
pub struct State {
    bilinear: bilinear::State,
    /// The last direction of descent, the first moment of adam.
    first: Pair,
    /// The second moment of adam.
    second: Pair,
    driver: BoldDriver,
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.bilinear.visit(each);
        self.first.rows.visit_as("first/rows", each);
        self.first.cols.visit_as("first/cols", each);
        self.second.rows.visit_as("second/rows", each);
        self.second.cols.visit_as("second/cols", each);
        visit_f64(each, "rate", self.driver.rate);
        visit_u64(each, "epoch", self.driver.epoch);
    }
}

/// The decay of adam's moments, and what keeps its quotient finite.
const BETA: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-12;

impl Params {
    /// One step along a direction, as far as the objective falls.
    fn descend(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        let ridge = self.ridge();
        let (factors, entries) = state.bilinear.parts(self.layout(), x, env)?;
        let residuals = factors.residuals(&entries.sides.rows);
        let (rows, cols) = factors.gradient(&entries.sides, &residuals, ridge);
        let momentum = self.momentum;
        state.first.zip(&rows, &cols, |d, g| *d = momentum * *d - g);
        let Pair { rows, cols } = state.first.clone();
        let direction = Factors { mean: 0.0, biased: false, rows, cols };
        let length = line::minimiser(factors, &direction, &entries.sides.rows, &residuals, self.ridge);
        add(&mut factors.rows, length, &direction.rows);
        add(&mut factors.cols, length, &direction.cols);
        let residuals = factors.residuals(&entries.sides.rows);
        Ok(state.bilinear.close(&residuals, ridge, self.tol))
    }

    /// m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2, x <- x - eta m^ / (sqrt(v^) + epsilon)
    fn adapt(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        let ridge = self.ridge();
        let (factors, entries) = state.bilinear.parts(self.layout(), x, env)?;
        let residuals = factors.residuals(&entries.sides.rows);
        let (rows, cols) = factors.gradient(&entries.sides, &residuals, ridge);
        state.first.zip(&rows, &cols, |m, g| *m = BETA[0] * *m + (1.0 - BETA[0]) * g);
        state.second.zip(&rows, &cols, |v, g| *v = BETA[1] * *v + (1.0 - BETA[1]) * g * g);
        state.driver.epoch += 1;
        let bias = BETA.map(|beta| 1.0 - beta.powf(state.driver.epoch as f64));
        // Coordinates are of the size of the square root of the entries.
        let rate = self.learning_rate * entries.sides.rows.spread(0.0).sqrt();
        let step = |factor: &mut Matrix<f64>, first: &Matrix<f64>, second: &Matrix<f64>| {
            let moments = first.values().iter().zip(second.values());
            for (x, (m, v)) in factor.values_mut().iter_mut().zip(moments) {
                *x -= rate * (m / bias[0]) / ((v / bias[1]).sqrt() + EPSILON);
            }
        };
        step(&mut factors.rows, &state.first.rows, &state.second.rows);
        step(&mut factors.cols, &state.first.cols, &state.second.cols);
        let residuals = factors.residuals(&entries.sides.rows);
        Ok(state.bilinear.close(&residuals, ridge, self.tol))
    }

    /// One epoch, entry by entry.
    fn pass(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        let ridge = self.ridge();
        let (factors, entries) = state.bilinear.parts(self.layout(), x, env)?;
        let blocks = entries.blocks.as_ref().expect("the layout of sgd has blocks");
        let (residuals, kept) = state.driver.step(blocks, (factors, &entries.sides, ridge), env.seed);
        let step = state.bilinear.close(&residuals, ridge, self.tol);
        Ok(Step { converged: state.driver.converged(kept, step.converged, self.learning_rate), ..step })
    }
}

/// x <- x + t d
fn add(x: &mut Matrix<f64>, t: f64, d: &Matrix<f64>) {
    x.values_mut().iter_mut().zip(d.values()).for_each(|(x, d)| *x += t * d);
}

impl Fit for Params {
    type State = State;
    type Model = Bilinear;
    const HELD_OUT: HeldOut = HeldOut::Entries;

    fn max_iterations(&self) -> u64 {
        self.max_iter
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        let bilinear = self.layout().start(x, env)?;
        let zeros = Pair::zeros_like(&bilinear.factors);
        let driver = BoldDriver { rate: self.learning_rate, epoch: 0 };
        Ok(State { bilinear, first: zeros.clone(), second: zeros, driver })
    }

    fn step(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        match self.method {
            Method::Descent => self.descend(x, state, env),
            Method::Adam => self.adapt(x, state, env),
            Method::Sgd => self.pass(x, state, env),
        }
    }

    fn finish(&self, state: State) -> Result<Bilinear> {
        Bilinear::new(state.bilinear.finish(), self.fold_in())
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        let bilinear = self.layout().load(named)?;
        let pair = |name: &str| -> Result<Pair> {
            let pair = Pair {
                rows: Matrix::load(named, &format!("{name}/rows"))?,
                cols: Matrix::load(named, &format!("{name}/cols"))?,
            };
            let factors = &bilinear.factors;
            if [pair.rows.shape(), pair.cols.shape()] != [factors.rows.shape(), factors.cols.shape()] {
                return Err(Error::shape(format!("`{name}` like the factors"), "another shape; fit again"));
            }
            Ok(pair)
        };
        let (first, second) = (pair("first")?, pair("second")?);
        let driver = BoldDriver { rate: named.scalar_f64("rate")?, epoch: named.scalar_u64("epoch")? };
        Ok(State { bilinear, first, second, driver })
    }

    fn load_model(&self, named: &Named) -> Result<Bilinear> {
        Bilinear::load(named, self.n_components, self.fold_in())
    }
}
