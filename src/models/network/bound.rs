//! The bound on ln p(x) of a variational network, and the tighter one of several draws.

use crate::autodiff::{Id, Program, Store};
use crate::linalg::Matrix;
use crate::models::Metrics;
use crate::random::fill_normal;
use std::f64::consts::TAU;

/// Rows that are evaluated at once.
pub const BOUND_ROWS: usize = 200;

/// The seed of evaluations' noise: the same for every model and fit.
const SEED: u64 = 0;

/// Nats that an axis diverges at the least to count as used (Burda et al. 2016 by variance; here by divergence).
const ACTIVE: f64 = 0.01;

/// What an evaluation finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// -ln p(x | z) of one draw of z a sample, mean over the samples; with the divergence, minus the bound.
    pub reconstruction: f64,
    /// The divergence of every axis from N(0, 1), means over the samples.
    pub kl_by_axis: Vec<f64>,
    /// The divergence from a prior that is no N(0, I), by the same draw; it is no sum over axes.
    pub joint_kl: Option<f64>,
    /// Minus the bound of several draws, where it was asked for: the marginal likelihood, from above.
    pub iwae: Option<f64>,
}

impl Evaluation {
    /// The divergence from the prior, all axes together.
    pub fn kl(&self) -> f64 {
        self.joint_kl.unwrap_or_else(|| self.kl_by_axis.iter().sum())
    }

    /// The figures under their plain names.
    pub fn metrics(&self) -> Metrics {
        let active = self.kl_by_axis.iter().filter(|&&kl| kl > ACTIVE).count();
        let mut metrics = vec![
            ("neg_elbo".to_owned(), self.reconstruction + self.kl()),
            ("reconstruction".to_owned(), self.reconstruction),
            ("kl".to_owned(), self.kl()),
            ("active_axes".to_owned(), active as f64),
        ];
        metrics.extend(self.iwae.map(|iwae| ("neg_iwae".to_owned(), iwae)));
        metrics
    }
}

/// KL(N(mu, e^log_var) || N(0, 1)) of every axis, means over the samples: 1/2 (mu^2 + e^lv - lv - 1).
pub fn kl_by_axis(mu: &Matrix<f32>, log_var: &Matrix<f32>) -> Vec<f64> {
    let n = mu.n_rows() as f64;
    let mut kl_by_axis = vec![0.0; mu.n_cols()];
    for (row, log_var) in mu.rows().zip(log_var.rows()) {
        for (kl, (&mu, &lv)) in kl_by_axis.iter_mut().zip(row.iter().zip(log_var)) {
            let (mu, lv) = (f64::from(mu), f64::from(lv));
            *kl += 0.5 * (mu * mu + lv.exp_m1() - lv) / n;
        }
    }
    kl_by_axis
}

/// A program that makes draws of codes and what they lose, for some rows.
pub struct Draws<'a> {
    /// The program, its other inputs filled in.
    pub program: &'a mut Program<f32>,
    /// Inputs: the moments of the codes and standard normal noise, n x n_latent each.
    pub moments: [Id; 2],
    /// As the moments.
    pub eps: Id,
    /// The drawn codes.
    pub z: Id,
    /// -ln p(x | z) of every row, n x 1.
    pub losses: Id,
    /// ln p(z) of every row, n x 1, where the prior is no N(0, I).
    pub log_prior: Option<Id>,
}

/// What draws add up to, over some rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct DrawnSums {
    /// -ln p(x | z) of one draw.
    pub reconstruction: f64,
    /// ln q(z | x) - ln p(z) of the same draw: the divergence without bias.
    pub divergence: f64,
    /// Minus the bound of several draws; 0 where there are none.
    pub minus_bound: f64,
}

impl DrawnSums {
    /// Adds what other rows add up to.
    pub fn add(&mut self, other: DrawnSums) {
        self.reconstruction += other.reconstruction;
        self.divergence += other.divergence;
        self.minus_bound += other.minus_bound;
    }
}

impl Draws<'_> {
    /// Sums over the rows from `first` on. The bound of `n_draws` is that of Burda et al. 2016,
    ///
    /// mean_i ln 1/L sum_l exp(ln p(x_i | z_il) + r_il), r = ln p(z) - ln q(z | x),
    ///
    /// where for p(z) = N(0, I) r = -1/2 sum z^2 + 1/2 sum(eps^2 + log_var). Noise is keyed by (`word`, `first`, draw).
    pub fn sums(
        &mut self,
        store: &Store<f32>,
        [mu, log_var]: [&Matrix<f32>; 2],
        first: usize,
        word: u64,
        n_draws: usize,
    ) -> DrawnSums {
        let [n, k] = self.program.shape(self.z);
        let place = first * k..(first + n) * k;
        let log_var = &log_var.values()[place.clone()];
        self.program.input_mut(self.moments[0]).copy_from_slice(&mu.values()[place]);
        self.program.input_mut(self.moments[1]).copy_from_slice(log_var);
        let mut sums = DrawnSums::default();
        let mut log_weights = vec![Vec::with_capacity(n_draws); n];
        for l in 0..n_draws.max(1) {
            fill_normal(SEED, &[word, first as u64, l as u64], self.program.input_mut(self.eps));
            self.program.infer(store);
            for (i, &loss) in self.program.value(self.losses).iter().enumerate() {
                let (loss, ratio) = (f64::from(loss), self.log_ratio(i, log_var));
                if l == 0 {
                    sums.reconstruction += loss;
                    sums.divergence -= ratio;
                }
                log_weights[i].push(ratio - loss);
            }
        }
        if n_draws > 0 {
            let bounds = log_weights.iter().map(|weights| log_mean_exp(weights));
            sums.minus_bound = -bounds.sum::<f64>();
        }
        sums
    }

    /// ln p(z) - ln q(z | x) of row `i` of the last draw.
    fn log_ratio(&self, i: usize, log_var: &[f32]) -> f64 {
        let k = self.program.shape(self.z)[1];
        let range = i * k..(i + 1) * k;
        let squares = |x: &[f32]| x[range.clone()].iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
        let widths: f64 = log_var[range.clone()].iter().map(|&v| f64::from(v)).sum();
        let log_prior = match self.log_prior {
            // The constants of the two normal densities cancel.
            None => -0.5 * squares(self.program.value(self.z)),
            Some(id) => f64::from(self.program.value(id)[i]) + 0.5 * k as f64 * TAU.ln(),
        };
        log_prior + 0.5 * (squares(self.program.value(self.eps)) + widths)
    }
}

/// ln mean e^x
fn log_mean_exp(x: &[f64]) -> f64 {
    let largest = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = x.iter().map(|x| (x - largest).exp()).sum();
    largest + (sum / x.len() as f64).ln()
}
