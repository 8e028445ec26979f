//! Adversarially regularised graph autoencoders (Pan et al. 2018): ARGA, and ARVGA with `variational`.
//!
//! A graph autoencoder whose codes a critic D cannot tell from draws of the prior N(0, I). An epoch is, as in the
//! authors' code,
//!
//! 1. `n_descents` steps of the autoencoder down its own loss (the links, and the divergence if variational);
//! 2. a step of the critic down mean -ln D(e) - mean ln(1 - D(z)), e drawn from the prior, as many as there are nodes;
//! 3. a step of the encoder down mean -ln D(z).
//!
//! Each has an Adam of its own.
//!
//! | symbol | what | shape |
//! |---|---|---|
//! | Z | `codes` | n_nodes x n_latent |
//! | W0, W1, W2 | the encoder's, as of the graph autoencoders | |
//! | D | layers of `critic_hidden`, rectified, and a logit | |
//!
//! Cost of an epoch: `n_descents` epochs of the graph autoencoder, and some products of n rows. The guarantee of a game is
//! none; the report's curves tell. Departure: links are predicted by the means of variational codes.

mod critic;

pub use critic::Critic;

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::models::graph::{Described, Embedding, InFit, Link, Ready, Terms, graph_params};
use crate::models::validation::HeldOut;
use crate::models::{Data, Fit, Settings, Step, check_count, check_positive, check_widths};
use crate::monitor::Env;
use crate::optim::{Adam, Optimizer, Rule};
use crate::random::fill_normal;
use crate::tensors::{Named, TensorView, Tensors};

/// The word of the key of draws from the prior.
const PRIOR: u64 = 0xa46b;

graph_params! {
    /// The parameters of a fit.
    own {
        /// Codes with a spread: ARVGA
        #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
            default_missing_value = "true", action = clap::ArgAction::Set))]
        variational: bool = false,
        /// The weight of the divergence of codes with a spread
        #[cfg_attr(feature = "cli", arg(long, value_name = "B"))]
        beta: f64 = 1.0,
        /// Widths of the critic's hidden layers
        #[cfg_attr(feature = "cli", arg(long, value_name = "N,...", value_delimiter = ','))]
        critic_hidden: Vec<usize> = vec![64, 32],
        /// The step size of the critic, and of the encoder against it
        #[cfg_attr(feature = "cli", arg(long, value_name = "LR"))]
        critic_learning_rate: f64 = 0.001,
        /// Steps down the autoencoder's own loss for each of the game
        #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
        n_descents: u64 = 5,
    }
    plan { variational: |params: &Params| params.variational, noise: |_: &Params| true, beta: |params: &Params| params.beta }
    defaults { n_latent: 32, learning_rate: 0.001 }
}

impl Settings for Params {
    const NAME: &'static str = "arga";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_widths("critic_hidden", &self.critic_hidden)?;
        check_positive("critic_learning_rate", self.critic_learning_rate)?;
        check_count("n_descents", self.n_descents, "nothing would learn the links")?;
        if self.link == Link::Gcn {
            let why = "the critic judges codes whose inner products are logits; leave it at inner";
            return Err(Error::parameter("link", why));
        }
        self.plan().check()
    }
}

/// The players in mid-game.
pub struct Game {
    fit: InFit,
    /// How the encoder descends against the critic.
    against: Optimizer<f32>,
    critic: Critic<f32>,
    critic_descent: Optimizer<f32>,
}

impl Tensors for Game {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.fit.visit(each);
        self.against.visit(&mut |name, view| each(&format!("against/{name}"), view));
        self.critic.visit(&mut |name, view| each(&format!("critic/{name}"), view));
        self.critic_descent.visit(&mut |name, view| each(&format!("critic_descent/{name}"), view));
    }
}

impl Fit for Params {
    type State = Game;
    type Model = Embedding;
    const TAKES_ALL_STEPS: bool = true;
    const HELD_OUT: HeldOut = HeldOut::Links;

    fn max_iterations(&self) -> u64 {
        self.epochs
    }

    fn start(&self, x: &Data, env: &Env) -> Result<Game> {
        let fit = InFit::start(&self.plan(), x, env)?;
        let n_nodes = fit.pass.mu.n_rows() as u64;
        let width = (self.n_latent + self.critic_hidden.iter().sum::<usize>() + 1) as u64;
        env.budget.charge_array(n_nodes, 3 * 4 * width, "the critic's layers of all nodes")?;
        let rule: Rule = Adam::default().into();
        let critic = Critic::glorot(self.n_latent, &self.critic_hidden, env.seed);
        Ok(Game {
            against: Optimizer::new(rule, fit.net.params.len()),
            critic_descent: Optimizer::new(rule, critic.params.len()),
            critic,
            fit,
        })
    }

    fn step(&self, x: &Data, game: &mut Game, env: &Env) -> Result<Step> {
        let Game { fit, against, critic, critic_descent } = game;
        let epoch = fit.n_epochs;
        // What is drawn in a step has a number of its own.
        let first_draw = epoch * (self.n_descents + 1);
        let mut terms = Terms::default();
        for at in 0..self.n_descents {
            terms = fit.descend(x, first_draw + at, env)?;
        }

        let (net, pass, Ready { objective, gradient }) = fit.parts(x, env)?;
        objective.draw_noise(env.seed, first_draw + self.n_descents);
        objective.draw_codes(&net.plan, pass);
        let codes = objective.z().clone();
        let mut prior = Matrix::zeros(codes.n_rows(), codes.n_cols());
        fill_normal(env.seed, &[PRIOR, epoch], prior.values_mut());
        let mut slopes = vec![0.0; critic.params.len()];
        let of_prior = critic.loss(&prior, 1.0, Some(&mut slopes), None);
        let of_codes = critic.loss(&codes, 0.0, Some(&mut slopes), None);
        critic_descent.step(&mut critic.params, &slopes, self.critic_learning_rate as f32);

        let fooled = critic.loss(&codes, 1.0, None, Some(objective.dz_mut()));
        objective.codes_back(net, pass, 0.0, gradient);
        fit.move_by(|_| self.critic_learning_rate, Some(against))?;
        fit.n_epochs += 1;
        let mut step = fit.told(terms);
        step.metrics.extend([("critic", of_prior + of_codes), ("fooled", fooled)]);
        Ok(step)
    }

    fn finish(&self, game: Game) -> Result<Embedding> {
        Ok(game.fit.finish())
    }

    fn load_state(&self, named: &Named) -> Result<Game> {
        let fit = InFit::load(&self.plan(), named)?;
        let rule: Rule = Adam::default().into();
        let critic = Critic::load(self.n_latent, &self.critic_hidden, &named.under("critic/"))?;
        let n_params = critic.params.len();
        Ok(Game {
            against: Optimizer::load(rule, fit.net.params.len(), &named.under("against/"))?,
            critic_descent: Optimizer::load(rule, n_params, &named.under("critic_descent/"))?,
            critic,
            fit,
        })
    }

    fn load_model(&self, named: &Named) -> Result<Embedding> {
        Embedding::load_network(&self.plan(), named)
    }
}
