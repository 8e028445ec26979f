//! The two networks, the game they play, and an epoch of it.

use super::layers::{Critic, Generator};
use super::{Params, Reading, State};
use crate::autodiff::{Graph, Id, Plan, Program, Store};
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::Step;
use crate::models::network::{Batch, draw_mask};
use crate::monitor::Env;
use crate::random::{Rng, fill_normal};
use diabolo_kernels::reduce::Reduce;
use diabolo_kernels::vector::Arithmetic;
use std::ops::Range;

/// What random numbers are for.
mod key {
    pub const INIT: u64 = 0x1217;
    pub const SHUFFLE: u64 = 0x5aff;
    pub const NOISE: u64 = 0x0015e;
    pub const MASK: u64 = 0xd20b;
    pub const GRID: u64 = 0x621d;
    pub const DIVERSITY: u64 = 0xd17e;
}

/// Codes whose data are kept from every epoch.
pub(super) const KEPT: usize = 10;

/// Samples that diversity is measured on.
pub(super) const MEASURED: usize = 256;

/// The generator and the critic.
pub(super) struct Nets {
    reading: Reading,
    n_latent: usize,
    dropout: f64,
    generator: Generator,
    critic: Critic,
}

impl Nets {
    /// Both with their initial values.
    pub fn new(store: &mut Store<f32>, params: &Params, reading: Reading, seed: u64) -> Nets {
        let mut rng = Rng::keyed(seed, &[key::INIT]);
        let generator = Generator::new(store, params, &reading, &mut rng);
        let critic = Critic::new(store, params, &reading, &mut rng);
        let Params { n_latent, dropout, .. } = *params;
        Nets { reading, n_latent, dropout, generator, critic }
    }

    /// Where the generator's parameters lie.
    pub fn generator(&self, store: &Store<f32>) -> Range<usize> {
        store.group("generator.")
    }

    /// Where the critic's parameters lie.
    pub fn critic(&self, store: &Store<f32>) -> Range<usize> {
        store.group("critic.")
    }

    /// Records G(z), in [-1, 1].
    pub fn generate(&self, graph: &mut Graph<f32>, store: &Store<f32>, z: Id, train: bool) -> Id {
        self.generator.apply(graph, store, z, train)
    }

    /// Records D(x), logits, of x in [-1, 1], in training. Masks of dropout are inputs that are added to `masks`.
    pub fn judge(&self, graph: &mut Graph<f32>, store: &Store<f32>, x: Id, masks: &mut Vec<Id>) -> Id {
        let masks = (self.dropout > 0.0).then_some(masks);
        self.critic.apply(graph, store, x, masks)
    }

    /// What the generator, as in evaluation, makes of codes: n x n_features in [-1, 1].
    pub fn made(&self, store: &Store<f32>, z: &[f32]) -> Matrix<f32> {
        let n = z.len() / self.n_latent;
        let mut graph = Graph::default();
        let input = graph.input(n, self.n_latent);
        let made = self.generate(&mut graph, store, input, false);
        let mut program = Program::inference(graph, &[made]);
        program.input_mut(input).copy_from_slice(z);
        program.infer(store);
        Matrix::from_vec(n, self.reading.n_features, program.value(made).to_vec())
    }

    /// Codes of a key.
    fn codes(&self, key: u64, n: usize) -> Vec<f32> {
        let mut z = vec![0.0; n * self.n_latent];
        fill_normal(0, &[key], &mut z);
        z
    }

    /// How diverse what is made is, over the data's own diversity.
    pub fn diversity(&self, store: &Store<f32>) -> Diversity {
        let made = Diversity::of(&self.made(store, &self.codes(key::DIVERSITY, MEASURED)));
        let data = self.reading.diversity;
        Diversity { overall: made.overall / data.overall, nearest: made.nearest / data.nearest }
    }
}

/// How far samples are apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diversity {
    /// The mean squared distance of two samples: small where one thing is made of every code.
    pub overall: f64,
    /// The mean squared distance of a sample from the nearest other one: small also where few things are made, far from
    /// each other.
    pub nearest: f64,
}

impl Diversity {
    /// Of rows; 0 of fewer than two.
    pub(super) fn of(x: &Matrix<f32>) -> Diversity {
        let n = x.n_rows();
        let (mut sum, mut nearest) = (0.0, vec![f64::INFINITY; n]);
        for i in 0..n {
            for j in 0..i {
                let distance = f64::from(f32::squared_distance(x.row(i), x.row(j)));
                sum += distance;
                nearest[i] = nearest[i].min(distance);
                nearest[j] = nearest[j].min(distance);
            }
        }
        if n < 2 {
            return Diversity { overall: 0.0, nearest: 0.0 };
        }
        let n_pairs = (n * (n - 1) / 2) as f64;
        Diversity { overall: sum / n_pairs, nearest: nearest.iter().sum::<f64>() / n as f64 }
    }
}

/// Who moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Player {
    /// Makes data of noise.
    Generator,
    /// Tells data from what is made.
    Critic,
}

/// Both networks on a batch of a size, recorded with both losses.
pub(super) struct Game {
    rows: usize,
    x: Id,
    z: Id,
    masks: Vec<Id>,
    /// L_G and L_D.
    losses: [Id; 2],
    plans: [Plan; 2],
    program: Program<f32>,
    gradient: Vec<f32>,
}

impl Game {
    fn new(nets: &Nets, params: &Params, store: &Store<f32>, rows: usize) -> Game {
        let mut graph = Graph::default();
        let (x, z) = (graph.input(rows, nets.reading.n_features), graph.input(rows, nets.n_latent));
        let fake = nets.generate(&mut graph, store, z, true);
        let mut masks = Vec::new();
        let [of_real, of_fake] = [x, fake].map(|x| nets.judge(&mut graph, store, x, &mut masks));
        let mean = 1.0 / rows as f64;
        let real = graph.bce_logits_constant(of_real, 1.0 - params.smoothing, mean);
        let false_ = graph.bce_logits_constant(of_fake, 0.0, mean);
        let of_critic = graph.total(&[real, false_]);
        let of_generator =
            if params.minimax { graph.neg(false_) } else { graph.bce_logits_constant(of_fake, 1.0, mean) };
        let program = Program::training(graph);
        let plans = [
            program.plan(of_generator, &[nets.generator(store)]),
            program.plan(of_critic, &[nets.critic(store)]),
        ];
        let gradient = vec![0.0; store.values().len()];
        Game { rows, x, z, masks, losses: [of_generator, of_critic], plans, program, gradient }
    }
}

impl State {
    /// One epoch; rows that do not fill a batch sit it out.
    pub(super) fn epoch(&mut self, params: &Params, x: &Features, env: &Env) -> Result<Step> {
        let rows = params.batch_size.min(x.n_samples());
        let mut order: Vec<usize> = (0..x.n_samples()).collect();
        Rng::keyed(env.seed, &[key::SHUFFLE, self.n_epochs]).shuffle(&mut order);
        let mut sums = [0.0; 2];
        let n_batches = x.n_samples() / rows;
        for (b, rows) in order.chunks_exact(rows).enumerate() {
            let losses = self.step(params, Batch { x, rows }, [self.n_epochs, b as u64], env.seed);
            sums.iter_mut().zip(losses).for_each(|(sum, loss)| *sum += loss / n_batches as f64);
        }
        self.n_epochs += 1;
        if !self.store.is_finite() {
            let why = "a parameter is no number any more; lower --learning-rate";
            return Err(Error::numerical(format!("epoch {}", self.n_epochs), why));
        }
        let grid = self.nets.made(&self.store, &self.nets.codes(key::GRID, KEPT));
        let mut values = std::mem::take(&mut self.grids).into_values();
        values.extend_from_slice(grid.values());
        self.grids =
            Matrix::from_vec(values.len() / self.reading.n_features, self.reading.n_features, values);
        let diversity = self.nets.diversity(&self.store);
        let metrics = vec![
            ("generator_loss", sums[0]),
            ("critic_loss", sums[1]),
            ("diversity", diversity.overall),
            ("nearest_diversity", diversity.nearest),
        ];
        Ok(Step { objective: sums[0] + sums[1], converged: false, metrics })
    }

    /// A turn of one player alone on some rows, with its own loss: for games with other rules than both in turn.
    /// The other player's weights and moments stay as they are; the running moments of batch normalisation move with
    /// every pass.
    /// # Panics
    /// If there are no rows, or one does not exist.
    pub fn turn(&mut self, player: Player, params: &Params, x: &Features, rows: &[usize], env: &Env) -> f64 {
        self.meet(params, Batch { x, rows }, [self.n_epochs, player as u64], env.seed);
        self.move_player(player, params)
    }

    /// A step of both players; returns (L_G, L_D).
    fn step(&mut self, params: &Params, batch: Batch, place: [u64; 2], seed: u64) -> [f64; 2] {
        self.meet(params, batch, place, seed);
        // The critic's gradient is taken on what the generator made before it moved.
        [Player::Generator, Player::Critic].map(|player| self.move_player(player, params))
    }

    /// The forward pass of both on a batch.
    fn meet(&mut self, params: &Params, batch: Batch, place: [u64; 2], seed: u64) {
        if self.game.as_ref().is_none_or(|game| game.rows != batch.rows.len()) {
            self.game = Some(Game::new(&self.nets, params, &self.store, batch.rows.len()));
        }
        let game = self.game.as_mut().expect("it was made just now");
        batch.fill(&mut game.program, game.x);
        let (scale, shift) = self.reading.to_unit();
        let place_of_x = game.program.input_mut(game.x);
        f32::scale(scale as f32, place_of_x);
        f32::shift(shift as f32, place_of_x);
        fill_normal(seed, &[key::NOISE, place[0], place[1]], game.program.input_mut(game.z));
        for (k, &mask) in game.masks.iter().enumerate() {
            let key = [key::MASK, place[0], place[1], k as u64];
            draw_mask(seed, &key, self.nets.dropout, game.program.input_mut(mask));
        }
        game.program.forward(&mut self.store);
    }

    /// Moves a player along its own gradient on the batch that both have met; returns its loss.
    fn move_player(&mut self, player: Player, params: &Params) -> f64 {
        let game = self.game.as_mut().expect("both have met on a batch");
        let (optimizer, range) = match player {
            Player::Generator => (&mut self.generator, self.nets.generator(&self.store)),
            Player::Critic => (&mut self.critic, self.nets.critic(&self.store)),
        };
        game.program.backward(&game.plans[player as usize], &self.store, &mut game.gradient);
        let values = &mut self.store.values_mut()[range.clone()];
        optimizer.step(values, &game.gradient[range], params.learning_rate as f32);
        f64::from(game.program.scalar(game.losses[player as usize]))
    }
}
