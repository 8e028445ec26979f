//! The generative adversarial network (Goodfellow et al. 2014).
//!
//! A generator G makes data of noise z ~ N(0, I); a critic D tells data from what G makes. On logits, means over a
//! batch, BCE(t, l) = max(l, 0) - l t + ln(1 + e^-|l|):
//!
//! L_D = BCE(1 - smoothing, D(x)) + BCE(0, D(G(z))), L_G = BCE(1, D(G(z))), or with `minimax` -BCE(0, D(G(z))).
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | x | data, brought to [-1, 1] by their range | n_samples x n_features |
//! | z | codes | n_samples x n_latent |
//! | G | linear, batch normalisation (but the first), LeakyReLU 0.2 by layer; tanh at the end | `generator_hidden` |
//! | D | linear, LeakyReLU 0.2 by layer; one logit | `critic_hidden` |
//!
//! With `architecture` convolutional, for square pictures (Radford et al. 2016, DCGAN): G is a linear layer to a
//! picture of a quarter of the side, then 4 x 4 transposed convolutions of stride 2, batch normalisation and ReLU
//! between, tanh at the end; D the reverse by convolutions of stride 2 with LeakyReLU 0.2, batch normalisation but
//! next to the picture; weights start as N(0, 0.02). Departure: `dropout` in D also here.
//!
//! A step is one forward pass of both on a batch, the gradient of L_G in G alone and that of L_D in D alone, each
//! moved by its own Adam: D's forward pass on the made data serves both, and D's weights get no gradient of L_G.
//! That is the order of the well-known MLP example (G first, then D on the same made data). Cost: 5 products of D's
//! sizes and 3 of G's a row and step. No bound is monotone here: what is watched is how diverse the made data are,
//! against the data, and a collapse is said (Goodfellow 2016, section 5.1). The objective shown is L_D + L_G.

mod figures;
mod layers;
mod model;
mod nets;

pub use model::Gan;
pub use nets::{Diversity, Player};

use crate::autodiff::Store;
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::network::Architecture;
use crate::models::{Data, Fit, Settings, Step, check_count, check_positive, check_share, check_widths};
use crate::monitor::Env;
use crate::optim::{Adam, Optimizer, Rule};
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};
use nets::{Game, Nets};
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Length of a code
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_latent: usize,
    /// What both networks are made of
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub architecture: Architecture,
    /// Channels of the convolutional networks at half the side; twice as many at a quarter
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub channels: usize,
    /// Widths of the generator's hidden layers
    #[cfg_attr(feature = "cli", arg(long, value_name = "N,...", value_delimiter = ','))]
    pub generator_hidden: Vec<usize>,
    /// Widths of the critic's hidden layers
    #[cfg_attr(feature = "cli", arg(long, value_name = "N,...", value_delimiter = ','))]
    pub critic_hidden: Vec<usize>,
    /// Added to the variance by batch normalisation of linear layers (the well-known example has 0.8)
    #[cfg_attr(feature = "cli", arg(long, value_name = "EPS"))]
    pub norm_eps: f64,
    /// The share of the critic's hidden values that is dropped in training: what keeps it from pressing the generator
    /// into few modes
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub dropout: f64,
    /// How far below 1 the critic's target for data is
    #[cfg_attr(feature = "cli", arg(long, value_name = "S"))]
    pub smoothing: f64,
    /// The generator descends along the critic's own loss, as in the paper's game
    #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", action = clap::ArgAction::Set))]
    pub minimax: bool,
    /// Passes over the data
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub epochs: u64,
    /// Rows of a step
    #[cfg_attr(feature = "cli", arg(long, value_name = "ROWS"))]
    pub batch_size: usize,
    /// The step size of both
    #[cfg_attr(feature = "cli", arg(long, value_name = "LR"))]
    pub learning_rate: f64,
    /// Adam's share of the mean gradient that stays
    #[cfg_attr(feature = "cli", arg(long, value_name = "B"))]
    pub beta1: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            n_latent: 100,
            architecture: Architecture::Mlp,
            channels: 64,
            generator_hidden: vec![128, 256, 512, 1024],
            critic_hidden: vec![512, 256],
            norm_eps: 0.8,
            dropout: 0.3,
            smoothing: 0.0,
            minimax: false,
            epochs: 20,
            batch_size: 64,
            learning_rate: 2e-4,
            beta1: 0.5,
        }
    }
}

impl Params {
    /// The rule of both players.
    fn rule(&self) -> Rule {
        Adam { beta1: self.beta1, ..Adam::default() }.into()
    }
}

impl Settings for Params {
    const NAME: &'static str = "gan";
    const VERSION: u32 = 2;

    fn check(&self) -> Result<()> {
        check_count("n_latent", self.n_latent as u64, "a code has at least 1 number")?;
        check_count("channels", self.channels as u64, "a layer has at least 1 channel")?;
        check_widths("hidden", &self.generator_hidden)?;
        check_widths("hidden", &self.critic_hidden)?;
        check_positive("norm_eps", self.norm_eps)?;
        check_share("dropout", self.dropout)?;
        check_share("smoothing", self.smoothing)?;
        check_share("beta1", self.beta1)?;
        check_positive("learning_rate", self.learning_rate)?;
        if self.batch_size < 2 {
            return Err(Error::parameter("batch_size", "batch normalisation needs at least 2 rows"));
        }
        Ok(())
    }
}

/// What the data look like: their width and range, and how far apart samples are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reading {
    pub n_features: usize,
    pub low: f64,
    pub high: f64,
    /// How far samples are apart, in [-1, 1] units.
    pub diversity: Diversity,
}

impl Reading {
    fn of(x: &Features) -> Result<Reading> {
        let bounds = |pick: fn(f64, f64) -> f64, start: f64| {
            let mut row = vec![0.0; x.n_features()];
            (0..x.n_samples()).fold(start, |bound, i| {
                x.row_into(i, &mut row);
                row.iter().fold(bound, |bound, &x| pick(bound, x))
            })
        };
        let (low, high) = (bounds(f64::min, f64::INFINITY), bounds(f64::max, f64::NEG_INFINITY));
        if low == high {
            return Err(Error::numerical("gan", format!("every value is {low}: there is nothing to learn")));
        }
        let none = Diversity { overall: 0.0, nearest: 0.0 };
        let reading = Reading { n_features: x.n_features(), low, high, diversity: none };
        let found = Diversity::of(&reading.scaled(x));
        // Of data that repeat themselves nothing can be asked.
        let or_1 = |distance: f64| if distance > 0.0 { distance } else { 1.0 };
        let diversity = Diversity { overall: or_1(found.overall), nearest: or_1(found.nearest) };
        Ok(Reading { diversity, ..reading })
    }

    /// Up to as many samples as diversity is measured on, evenly picked, in [-1, 1].
    fn scaled(&self, x: &Features) -> Matrix<f32> {
        let n = x.n_samples().min(nets::MEASURED);
        let picked: Vec<usize> = (0..n).map(|i| i * x.n_samples() / n).collect();
        let mut scaled: Matrix<f32> = x.select_rows(&picked).dense_rows(0, n);
        let (scale, shift) = self.to_unit();
        scaled.values_mut().iter_mut().for_each(|x| *x = (f64::from(*x) * scale + shift) as f32);
        scaled
    }

    /// (a, b) of a x + b in [-1, 1].
    pub fn to_unit(self) -> (f64, f64) {
        let scale = 2.0 / (self.high - self.low);
        (scale, -1.0 - self.low * scale)
    }

    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_u64(each, "reading/n_features", self.n_features as u64);
        visit_f64(each, "reading/low", self.low);
        visit_f64(each, "reading/high", self.high);
        visit_f64(each, "reading/spread", self.diversity.overall);
        visit_f64(each, "reading/nearest", self.diversity.nearest);
    }

    fn load(named: &Named) -> Result<Reading> {
        Ok(Reading {
            n_features: named.scalar_u64("reading/n_features")? as usize,
            low: named.scalar_f64("reading/low")?,
            high: named.scalar_f64("reading/high")?,
            diversity: Diversity {
                overall: named.scalar_f64("reading/spread")?,
                nearest: named.scalar_f64("reading/nearest")?,
            },
        })
    }
}

/// A game in play.
pub struct State {
    reading: Reading,
    nets: Nets,
    /// Both players' parameters.
    pub store: Store<f32>,
    generator: Optimizer<f32>,
    critic: Optimizer<f32>,
    n_epochs: u64,
    /// What the same codes became after each epoch, [`nets::KEPT`] rows an epoch.
    grids: Matrix<f32>,
    game: Option<Game>,
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.reading.visit(each);
        self.store.visit(&mut |name, view| each(&format!("network/{name}"), view));
        self.generator.visit(&mut |name, view| each(&format!("generator/{name}"), view));
        self.critic.visit(&mut |name, view| each(&format!("critic/{name}"), view));
        visit_u64(each, "n_epochs", self.n_epochs);
        self.grids.visit_as("grids", each);
    }
}

impl Fit for Params {
    type State = State;
    type Model = Gan;
    /// A game has no optimum that it settles at.
    const TAKES_ALL_STEPS: bool = true;

    fn max_iterations(&self) -> u64 {
        self.epochs
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        let x = x.finite_features()?;
        if x.n_samples() < 2 {
            return Err(Error::shape("at least 2 samples", x.n_samples().to_string()));
        }
        self.architecture.side(x.n_features())?;
        env.budget
            .charge(layers::bytes(self, x.n_features()), "two networks, their gradients and moments")?;
        let reading = Reading::of(x)?;
        let mut store = Store::default();
        let nets = Nets::new(&mut store, self, reading, env.seed);
        let [generator, critic] = [nets.generator(&store), nets.critic(&store)];
        Ok(State {
            generator: Optimizer::new(self.rule(), generator.len()),
            critic: Optimizer::new(self.rule(), critic.len()),
            grids: Matrix::zeros(0, reading.n_features),
            n_epochs: 0,
            game: None,
            reading,
            nets,
            store,
        })
    }

    /// One epoch.
    fn step(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        state.epoch(self, x.features()?, env)
    }

    fn finish(&self, state: State) -> Result<Gan> {
        Ok(Gan::new(self.clone(), state.reading, state.nets, state.store, state.grids))
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        let reading = Reading::load(named)?;
        self.architecture.side(reading.n_features)?;
        let mut store = Store::default();
        let nets = Nets::new(&mut store, self, reading, 0);
        store.load(&named.under("network/"))?;
        let load = |name: &str, n: usize| Optimizer::load(self.rule(), n, &named.under(name));
        Ok(State {
            generator: load("generator/", nets.generator(&store).len())?,
            critic: load("critic/", nets.critic(&store).len())?,
            n_epochs: named.scalar_u64("n_epochs")?,
            grids: grids(named)?,
            game: None,
            reading,
            nets,
            store,
        })
    }

    fn load_model(&self, named: &Named) -> Result<Gan> {
        let reading = Reading::load(named)?;
        self.architecture.side(reading.n_features)?;
        let mut store = Store::default();
        let nets = Nets::new(&mut store, self, reading, 0);
        store.load(named)?;
        Ok(Gan::new(self.clone(), reading, nets, store, grids(named)?))
    }
}

/// The pictures of every epoch.
fn grids(named: &Named) -> Result<Matrix<f32>> {
    let (rows, cols, values) = named.matrix_f32("grids")?;
    Ok(Matrix::from_vec(rows, cols, values))
}
