//! The factors while they are fitted.

use super::model::Fitted;
use super::{Params, Precision};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::metrics::ranking::{DEPTH, Ranking};
use crate::models::{Data, Step};
use crate::monitor::Env;
use crate::solve::implicit::{Factors, Interactions, n_values_of_systems};
use crate::solve::observed::Observed;
use crate::solve::top_n::top_n;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};
use diabolo_kernels::Real;
use diabolo_kernels::parallel::n_threads;

/// Users whose lists are compared after every iteration: enough to see whether they still get better.
const WATCHED_USERS: usize = 500;

/// The most interactions of a user or an item.
fn most_interactions(counts: &Observed) -> usize {
    let mut of_items = vec![0_usize; counts.n_cols()];
    counts.pattern().indices().iter().for_each(|&i| of_items[i as usize] += 1);
    let of_users = (0..counts.n_rows()).map(|u| counts.n_in_row(u));
    of_users.chain(of_items).max().unwrap_or(0)
}

/// Factors in the precision of the fit, and the interactions they are fitted to.
enum Work {
    Single(Fitting<f32>),
    Double(Fitting<f64>),
}

/// Of one number type.
struct Fitting<T> {
    factors: Factors<T>,
    /// Not saved: a resumed fit makes them again.
    data: Option<Interactions<T>>,
}

/// What a fit goes on from.
pub struct State {
    work: Work,
    held_out: Observed,
    fingerprint: u64,
    first_objective: f64,
    last_objective: f64,
}

impl Params {
    /// The interactions to fit, as counts, and those held out.
    fn counts(&self, x: &Data, env: &Env) -> Result<(Observed, Observed)> {
        let features = x.non_negative_features()?;
        let counts = Observed::positive(features, &env.budget)?;
        let (fitted, held_out) = match self.held_out > 0.0 {
            true => counts.split(self.held_out, env.seed, &env.budget)?,
            false => {
                let none = Observed::none(counts.n_rows(), counts.n_cols());
                (counts, none)
            }
        };
        if fitted.is_empty() {
            return Err(Error::shape(
                "at least one interaction to fit, a count above 0",
                format!(
                    "none in {} x {}; give more of them or hold out a smaller share",
                    features.n_samples(),
                    features.n_features()
                ),
            ));
        }
        Ok((fitted, held_out))
    }
}

impl<T: Real> Fitting<T> {
    fn interactions(params: &Params, counts: Observed, env: &Env) -> Result<Interactions<T>> {
        Interactions::new(counts, params.alpha, params.ridge(), &env.budget)
    }

    /// One sweep; the objective, and how well the watched users' lists name what was held out.
    fn step(
        &mut self,
        params: &Params,
        x: &Data,
        held_out: &Observed,
        env: &Env,
    ) -> Result<(f64, Option<(f64, f64)>)> {
        let data = match &mut self.data {
            Some(data) => data,
            absent => absent.insert(Self::interactions(params, params.counts(x, env)?.0, env)?),
        };
        let shape = [data.users.n_rows(), data.items.n_rows()];
        if [self.factors.users.n_rows(), self.factors.items.n_rows()] != shape {
            return Err(Error::shape(
                "data of the checkpoint's shape",
                format!("{} x {}", shape[0], shape[1]),
            ));
        }
        let objective = self.factors.sweep(data, params.solver())?;
        Ok((objective, watched(&self.factors, data, held_out).map(|ranking| ranking.at(DEPTH))))
    }
}

/// Of some users, evenly picked among those with held-out interactions.
fn watched<T: Real>(factors: &Factors<T>, data: &Interactions<T>, held_out: &Observed) -> Option<Ranking> {
    let users: Vec<usize> = (0..held_out.n_rows()).filter(|&u| held_out.n_in_row(u) > 0).collect();
    let every = users.len().div_ceil(WATCHED_USERS).max(1);
    let users: Vec<usize> = users.into_iter().step_by(every).collect();
    let codes = factors.users.select_rows(&users);
    let lists = top_n(&codes, &factors.items, |u| data.users.row(users[u]).0, DEPTH);
    let lists: Vec<Vec<u32>> =
        lists.into_iter().map(|list| list.into_iter().map(|(item, _)| item).collect()).collect();
    Ranking::of(lists.iter().zip(&users).map(|(list, &u)| (&list[..], held_out.row(u).0)), DEPTH)
}

/// Where factors start.
enum Start {
    Random,
    At(Factors<f64>),
}

impl<T: Real> Fitting<T> {
    /// With the objective where nothing is predicted.
    fn start(params: &Params, counts: Observed, start: Start, env: &Env) -> Result<(Fitting<T>, f64)> {
        let [n, m] = [counts.n_rows(), counts.n_cols()];
        let factors = match start {
            Start::Random => Factors::random(n, m, params.n_components, env.seed),
            Start::At(factors) => factors.cast(),
        };
        let data: Interactions<T> = Self::interactions(params, counts, env)?;
        let objective = 0.5 * data.users.sum_of_confidence();
        Ok((Fitting { factors, data: Some(data) }, objective))
    }
}

impl State {
    /// Checks the data, charges the budget, draws the first factors.
    pub(super) fn start(params: &Params, x: &Data, env: &Env) -> Result<State> {
        Self::begin(params, x, Start::Random, env)
    }

    /// The same from given factors.
    pub(super) fn starting_at(
        params: &Params,
        x: &Data,
        users: Matrix<f64>,
        items: Matrix<f64>,
        env: &Env,
    ) -> Result<State> {
        let features = x.features()?;
        let k = params.n_components;
        let expected = [[features.n_samples(), k], [features.n_features(), k]];
        if [users.shape(), items.shape()] != expected {
            return Err(Error::shape(
                format!("factors of shapes {:?} and {:?}", expected[0], expected[1]),
                format!("{:?} and {:?}", users.shape(), items.shape()),
            ));
        }
        if !(users.is_finite() && items.is_finite()) {
            return Err(Error::numerical("the start", "factors must be finite"));
        }
        Self::begin(params, x, Start::At(Factors { users, items }), env)
    }

    fn begin(params: &Params, x: &Data, start: Start, env: &Env) -> Result<State> {
        let (counts, held_out) = params.counts(x, env)?;
        let n_values =
            (counts.n_rows() as u64 + counts.n_cols() as u64).saturating_mul(params.n_components as u64);
        let size = match params.precision {
            Precision::Single => 4,
            Precision::Double => 8,
        };
        env.budget.charge_array(n_values, size, "the factors")?;
        let most = most_interactions(&counts);
        let n_values = n_values_of_systems(params.n_components, params.solver(), most, n_threads());
        env.budget.charge_array(n_values, size, "the systems of the rows")?;
        let (work, objective) = match params.precision {
            Precision::Single => {
                let (fitting, objective) = Fitting::start(params, counts, start, env)?;
                (Work::Single(fitting), objective)
            }
            Precision::Double => {
                let (fitting, objective) = Fitting::start(params, counts, start, env)?;
                (Work::Double(fitting), objective)
            }
        };
        Ok(State {
            work,
            held_out,
            fingerprint: x.features()?.fingerprint(),
            first_objective: objective,
            last_objective: objective,
        })
    }

    /// One sweep.
    pub(super) fn step(&mut self, params: &Params, x: &Data, env: &Env) -> Result<Step> {
        let (objective, ranking) = match &mut self.work {
            Work::Single(fitting) => fitting.step(params, x, &self.held_out, env)?,
            Work::Double(fitting) => fitting.step(params, x, &self.held_out, env)?,
        };
        let fall = self.last_objective - objective;
        self.last_objective = objective;
        let metrics = ranking.map_or(Vec::new(), |(recall, ndcg)| {
            vec![("watched_recall_at_20", recall), ("watched_ndcg_at_20", ndcg)]
        });
        Ok(Step { objective, converged: fall.abs() <= params.tol * self.first_objective, metrics })
    }

    /// The factors at the end, and what was held out of the fit.
    pub(super) fn finish(self) -> Fitted {
        let Factors { users, items } = match self.work {
            Work::Single(fitting) => fitting.factors.cast(),
            Work::Double(fitting) => fitting.factors,
        };
        Fitted { users, items, held_out: self.held_out, fingerprint: self.fingerprint }
    }

    /// The state of a checkpoint.
    pub(super) fn load(params: &Params, named: &Named) -> Result<State> {
        let work = match params.precision {
            Precision::Single => {
                let load = |name: &str| -> Result<Matrix<f32>> {
                    let (n_rows, n_cols, values) = named.matrix_f32(name)?;
                    Ok(Matrix::from_vec(n_rows, n_cols, values))
                };
                let factors = Factors { users: load("users")?, items: load("items")? };
                Work::Single(Fitting { factors, data: None })
            }
            Precision::Double => {
                let factors =
                    Factors { users: Matrix::load(named, "users")?, items: Matrix::load(named, "items")? };
                Work::Double(Fitting { factors, data: None })
            }
        };
        let [users, items] = work.shapes();
        if users[1] != params.n_components || items[1] != params.n_components {
            return Err(Error::shape(
                format!("two factors of {} components", params.n_components),
                format!("{users:?} and {items:?}; fit again"),
            ));
        }
        Ok(State {
            held_out: Observed::load(named, "held_out", items[0])?,
            work,
            fingerprint: named.scalar_u64("fingerprint")?,
            first_objective: named.scalar_f64("first_objective")?,
            last_objective: named.scalar_f64("last_objective")?,
        })
    }
}

impl Work {
    fn shapes(&self) -> [[usize; 2]; 2] {
        match self {
            Work::Single(fitting) => [fitting.factors.users.shape(), fitting.factors.items.shape()],
            Work::Double(fitting) => [fitting.factors.users.shape(), fitting.factors.items.shape()],
        }
    }
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        match &self.work {
            Work::Single(fitting) => {
                fitting.factors.users.visit_as("users", each);
                fitting.factors.items.visit_as("items", each);
            }
            Work::Double(fitting) => {
                fitting.factors.users.visit_as("users", each);
                fitting.factors.items.visit_as("items", each);
            }
        }
        self.held_out.visit_as("held_out", each);
        visit_u64(each, "fingerprint", self.fingerprint);
        visit_f64(each, "first_objective", self.first_objective);
        visit_f64(each, "last_objective", self.last_objective);
    }
}
