//! Archetypal analysis (Cutler & Breiman 1994): samples as mixtures of extremes that are themselves mixtures of samples.
//!
//! minimise ||X - W B X||^2, every row of W (n_samples x k) and of B (k x n_samples) on the simplex
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | X | data | n_samples x n_features |
//! | W | `w`, the codes Z of the training samples | n_samples x n_components, rows sum to 1 |
//! | B | `b`, what the archetypes are mixed of | n_components x n_samples, rows sum to 1 |
//! | H = B X | `h`, the archetypes | n_components x n_features |
//!
//! Where k-means finds what is typical, this finds what is extreme: archetypes lie on the hull of the data, and a code says
//! how much of each a sample has. New samples are coded by least squares on the simplex, exactly.
//!
//! One step is one sweep of every restart that has not converged ([`crate::solve::archetypes`]: exact mixtures, archetypes one
//! after the other by the nearest point of the samples' hull; nothing of n_samples x n_samples is formed). Restarts begin at samples
//! that lie far apart (Mørup & Hansen 2012). The objective is the least of the restarts; it never rises, and no archetype vanishes.
//! X may be sparse and is never made dense. Cost of a step: O(n_samples n_features n_components) for each restart.
//!
//! Departures from Mørup & Hansen's program: their steps along projected gradients are exact solutions here, and archetypes may not lie
//! outside the hull (their delta is 0).

mod figures;
mod model;

pub use figures::{anchors, mixtures_map};
pub use model::Archetype;

use crate::error::{Error, Result};
use crate::models::{Data, Fit, Settings, Step, check_count, check_not_negative};
use crate::monitor::Env;
use crate::random::Rng;
use crate::solve::archetypes::{Archetypes, Samples};
use crate::tensors::{Named, TensorView, Tensors, visit_u64};
use diabolo_kernels::parallel::map_tasks;
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of archetypes
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_components: usize,
    /// Restarts from other first archetypes; the best is kept
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub n_init: usize,
    /// The most sweeps
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// A restart has converged when a sweep lowers its objective by less than this share
    #[cfg_attr(feature = "cli", arg(long, value_name = "T"))]
    pub tol: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { n_components: 5, n_init: 8, max_iter: 500, tol: 1e-6 }
    }
}

impl Settings for Params {
    const NAME: &'static str = "archetype";
    const TITLE: Option<&'static str> = Some("Archetypal analysis");
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_count("n_components", self.n_components as u64, "0 archetypes describe nothing")?;
        check_count("n_init", self.n_init as u64, "0 restarts fit nothing")?;
        check_count("max_iter", self.max_iter, "0 sweeps fit nothing")?;
        check_not_negative("tol", self.tol)
    }
}

/// The restarts.
pub struct State(Vec<Restart>);

struct Restart {
    search: Archetypes,
    converged: bool,
}

impl State {
    /// The restart of the least objective, the first of equal ones.
    fn best(&self) -> &Restart {
        let objective = |restart: &&Restart| restart.search.objective();
        let best = self.0.iter().min_by(|a, b| objective(a).total_cmp(&objective(b)));
        best.expect("there is a restart")
    }
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_u64(each, "n_init", self.0.len() as u64);
        for (r, restart) in self.0.iter().enumerate() {
            restart.search.visit(&mut |name, view| each(&format!("{r}/{name}"), view));
            visit_u64(each, &format!("{r}/converged"), u64::from(restart.converged));
        }
    }
}

impl Fit for Params {
    type State = State;
    type Model = Archetype;

    fn max_iterations(&self) -> u64 {
        self.max_iter
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        let x = x.finite_features()?;
        if x.n_samples() < self.n_components {
            return Err(Error::parameter(
                "n_components",
                format!("{} archetypes of {} samples; give fewer", self.n_components, x.n_samples()),
            ));
        }
        let bytes = Archetypes::bytes(x.n_samples(), x.n_features(), self.n_components);
        env.budget.charge(bytes.saturating_mul(self.n_init as u64), "the restarts of archetypes")?;
        let samples = Samples::new(x);
        let start = |restart: usize| {
            let mut rng = Rng::keyed(env.seed, &[restart as u64]);
            Restart { search: Archetypes::start(&samples, self.n_components, &mut rng), converged: false }
        };
        Ok(State(map_tasks((0..self.n_init).collect(), start)))
    }

    /// One sweep of every restart that has not converged.
    fn step(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        let x = x.features()?;
        let begun_on = [state.0[0].search.w().n_rows(), state.0[0].search.h().n_cols()];
        if begun_on != [x.n_samples(), x.n_features()] {
            let received = format!("{} x {}", x.n_samples(), x.n_features());
            return Err(Error::shape(format!("the data the fit began on, {begun_on:?}"), received));
        }
        let samples = Samples::new(x);
        let running: Vec<&mut Restart> = state.0.iter_mut().filter(|restart| !restart.converged).collect();
        map_tasks(running, |restart| {
            if env.is_cancelled() {
                return;
            }
            let fell = restart.search.step(&samples, self.tol);
            restart.converged = fell <= self.tol * restart.search.objective() + f64::EPSILON * samples.total();
        });
        let objective = state.best().search.objective();
        Ok(Step {
            objective,
            converged: state.0.iter().all(|restart| restart.converged),
            metrics: vec![(
                "running",
                state.0.iter().filter(|restart| !restart.converged).count() as f64,
            )],
        })
    }

    fn finish(&self, state: State) -> Result<Archetype> {
        Ok(Archetype::new(state.best().search.clone()))
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        let load = |r: u64| {
            let saved = named.under(&format!("{r}/"));
            Ok(Restart {
                search: Archetypes::load(&saved)?,
                converged: saved.scalar_u64("converged")? == 1,
            })
        };
        let restarts: Vec<Restart> = (0..named.scalar_u64("n_init")?).map(load).collect::<Result<_>>()?;
        if restarts.is_empty() {
            return Err(Error::shape("at least one restart", "none; the file is damaged"));
        }
        Ok(State(restarts))
    }

    fn load_model(&self, named: &Named) -> Result<Archetype> {
        Archetype::load(named)
    }
}
