//! The fit of the generative stage: one pass over the spots a step, one fit from first weights of its own after the other.

use super::{Composition, Net, Sizes};
use crate::autodiff::Store;
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::network::{Descent, TrainState};
use crate::models::{Data, Fit, Settings, Step};
use crate::monitor::{Budget, Env};
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the step size is multiplied by in an epoch.
const DECAY: f64 = 0.98;

/// The largest norm of a gradient.
const CLIP: f64 = 5.0;

/// What the steps before it tell the stage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given {
    /// What spots are made of.
    pub names: Vec<String>,
    /// The prior means of a spot's proportions, n_spots x n_factors.
    pub prior: Matrix<f64>,
    /// l0 of every spot.
    pub libraries: Vec<f32>,
    /// The columns of the counts that are modelled, rising.
    pub columns: Vec<u32>,
    /// All columns of the counts.
    pub n_features: usize,
}

impl Given {
    /// A hash of it: a resume with other places, signatures or archetypes is refused.
    fn fingerprint(&self) -> u64 {
        let k = self.prior.n_cols();
        let joined = Matrix::from_fn(self.prior.n_rows(), k + 1, |i, t| {
            if t < k { self.prior[(i, t)] } else { f64::from(self.libraries[i]) }
        });
        let columns = Matrix::from_fn(1, self.columns.len(), |_, j| f64::from(self.columns[j]));
        Features::from(joined).fingerprint() ^ Features::from(columns).fingerprint().rotate_left(1)
    }
}

/// The parameters of all steps, and what the earlier ones gave. Data are counts of the columns that are modelled.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(transparent)]
pub struct Stage {
    /// The parameters.
    #[cfg_attr(feature = "cli", command(flatten))]
    pub params: super::super::Params,
    /// What the earlier steps gave; nothing where a saved model is read.
    #[serde(skip)]
    #[cfg_attr(feature = "cli", arg(skip))]
    pub given: Arc<Given>,
}

/// The fit that is under way, and the best of those before it.
pub struct State {
    /// Which one is under way.
    restart: u64,
    net: Net,
    train: TrainState,
    /// KL(q(c) | p(c)) after every fit.
    divergences: Vec<f64>,
    /// The least of these: which fit, and its network.
    best: Option<(u64, Store<f32>)>,
    /// What [`Given::fingerprint`] and the parameters said.
    given: u64,
    epochs: u64,
}

impl Stage {
    fn sizes(&self) -> Sizes {
        Sizes { n_genes: self.given.columns.len(), n_factors: self.given.names.len() }
    }

    /// The network of a fit, its first weights in `store`.
    fn net(&self, store: &mut Store<f32>, seed: u64) -> Net {
        Net::new(store, self.sizes(), self.given.libraries.clone(), self.given.prior.clone(), seed)
    }

    /// How an epoch descends.
    fn descent(&self, epoch: u64) -> Descent {
        let params = &self.params;
        Descent {
            epochs: params.epochs,
            batch_size: params.batch_size,
            learning_rate: (0..epoch).fold(params.learning_rate, |rate, _| rate * DECAY),
            clip: CLIP,
            ..Descent::default()
        }
    }

    fn begin(&self, x: &Features, own: &Env) -> Result<(Net, TrainState)> {
        let mut store = Store::default();
        let net = self.net(&mut store, own.seed);
        let train = TrainState::start(store, &net, &self.descent(0), x, own)?;
        Ok((net, train))
    }
}

/// Each fit has weights, batches and noise of its own.
fn seed_of(seed: u64, restart: u64) -> u64 {
    seed ^ restart.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The surroundings of a fit. What it needs was charged by the first one, in whose place it stands.
fn surroundings(env: &Env, restart: u64) -> Env {
    Env { seed: seed_of(env.seed, restart), budget: Budget::unlimited(), ..Env::default() }
}

impl Settings for Stage {
    const NAME: &'static str = "starfysh";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        self.params.check()
    }
}

impl Fit for Stage {
    type State = State;
    type Model = Composition;
    const TAKES_ALL_STEPS: bool = true;

    fn max_iterations(&self) -> u64 {
        self.params.epochs.saturating_mul(self.params.n_restarts as u64)
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        env.budget.charge(Net::bytes(&self.sizes()), "the networks of the generative stage")?;
        let (net, train) = self.begin(x.features()?, env)?;
        let given = self.given.fingerprint();
        Ok(State {
            restart: 0,
            net,
            train,
            divergences: Vec::new(),
            best: None,
            given,
            epochs: self.params.epochs,
        })
    }

    /// One epoch.
    fn step(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        let x = x.features()?;
        if state.train.n_epochs() >= self.params.epochs {
            state.restart += 1;
            (state.net, state.train) = self.begin(x, &surroundings(env, state.restart))?;
        }
        let descent = self.descent(state.train.n_epochs());
        let step = state.train.epoch(&state.net, &descent, x, &surroundings(env, state.restart))?;
        if state.train.n_epochs() >= self.params.epochs {
            let of_shares = step.metrics.iter().find(|(name, _)| *name == "kl_c");
            let divergence = of_shares.map_or(f64::INFINITY, |(_, kl)| *kl);
            if state.best.is_none() || state.divergences.iter().all(|other| divergence < *other) {
                state.best = Some((state.restart, state.train.store.clone()));
            }
            state.divergences.push(divergence);
        }
        Ok(Step { converged: false, ..step })
    }

    fn finish(&self, state: State) -> Result<Composition> {
        let State { restart, net, train, divergences, best, .. } = state;
        let (restart, store) = best.unwrap_or_else(|| (restart, train.finish()));
        Ok(Composition::new(&self.given, net, store, restart, divergences))
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        let given = named.scalar_u64("given")?;
        if given != self.given.fingerprint() {
            let why = "the checkpoint is of other places, signatures or archetypes; give the same, or another --out";
            return Err(Error::parameter("resume", why));
        }
        let epochs = named.scalar_u64("epochs")?;
        if epochs != self.params.epochs {
            let why = format!(
                "the checkpoint was made with {epochs}, not {}; give the same, or another --out",
                self.params.epochs
            );
            return Err(Error::parameter("epochs", why));
        }
        let restart = named.scalar_u64("restart")?;
        let mut store = Store::default();
        let net = self.net(&mut store, 0);
        let best = match named.contains("best_restart") {
            false => None,
            true => {
                let mut kept = store.clone();
                kept.load(&named.under("best/"))?;
                Some((named.scalar_u64("best_restart")?, kept))
            }
        };
        let train = TrainState::load(store, &self.descent(0), &named.under("train/"))?;
        let n = named.scalar_u64("n_divergences")?;
        let divergences =
            (0..n).map(|r| named.scalar_f64(&format!("divergence/{r}"))).collect::<Result<_>>()?;
        Ok(State { restart, net, train, divergences, best, given, epochs })
    }

    fn load_model(&self, named: &Named) -> Result<Composition> {
        Composition::load(named)
    }
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_u64(each, "restart", self.restart);
        visit_u64(each, "given", self.given);
        visit_u64(each, "epochs", self.epochs);
        self.train.visit(&mut |name, view| each(&format!("train/{name}"), view));
        visit_u64(each, "n_divergences", self.divergences.len() as u64);
        for (r, divergence) in self.divergences.iter().enumerate() {
            visit_f64(each, &format!("divergence/{r}"), *divergence);
        }
        if let Some((restart, store)) = &self.best {
            visit_u64(each, "best_restart", *restart);
            store.visit(&mut |name, view| each(&format!("best/{name}"), view));
        }
    }
}
