//! Ratings of items by users, most of them unknown.

use super::{
    NON_NEGATIVE, PROBABILITY, Simulator, charge, check_count, check_range, each_success, normal_matrix,
};
use crate::data::Simulated;
use crate::error::Result;
use crate::linalg::{Csr, Features, Matrix};
use crate::models::Dataset;
use crate::monitor::Budget;
use crate::random::Rng;
use serde::{Deserialize, Serialize};

/// r_ui = mean + b_u + c_i + p_u . q_i + noise e_ui, each observed with probability `density`.
///
/// Biases b_u and c_i are normal of standard deviation `bias`; p_u . q_i has variance `signal`^2; e_ui is
/// standard normal. Ratings are neither rounded nor clipped, so no prediction of unseen ones can have a
/// root mean squared error below `noise`: the noise floor.
///
/// The data holds the observed ratings only, sparse, users x items.
/// Truth: `user_bias` and `item_bias` (one column each), `p`, `q`, `mean` and `noise` (one value each).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ratings {
    /// Rows.
    #[serde(alias = "n")]
    pub n_users: usize,
    /// Columns.
    #[serde(alias = "m")]
    pub n_items: usize,
    /// Length of p_u and q_i.
    #[serde(alias = "k")]
    pub n_components: usize,
    /// Share of the ratings that is observed.
    pub density: f64,
    /// The mean rating.
    pub mean: f64,
    /// Standard deviation of the biases.
    pub bias: f64,
    /// Standard deviation of p_u . q_i.
    pub signal: f64,
    /// Standard deviation of what cannot be predicted.
    pub noise: f64,
    /// The seed.
    pub seed: u64,
}

impl Default for Ratings {
    fn default() -> Self {
        Self {
            n_users: 500,
            n_items: 300,
            n_components: 5,
            density: 0.1,
            mean: 3.5,
            bias: 0.4,
            signal: 0.7,
            noise: 0.5,
            seed: 1,
        }
    }
}

/// Streams: what is drawn.
const USER_BIAS: u64 = 0;
const ITEM_BIAS: u64 = 1;
const P: u64 = 2;
const Q: u64 = 3;
const RATINGS: u64 = 4;

impl Simulator for Ratings {
    const NAME: &'static str = "ratings";

    fn check(&self) -> Result<()> {
        check_count("n_users", self.n_users)?;
        check_count("n_items", self.n_items)?;
        check_count("n_components", self.n_components)?;
        check_range("density", self.density, PROBABILITY)?;
        check_range("mean", self.mean, -f64::MAX..=f64::MAX)?;
        check_range("bias", self.bias, NON_NEGATIVE)?;
        check_range("signal", self.signal, NON_NEGATIVE)?;
        check_range("noise", self.noise, NON_NEGATIVE)
    }

    fn draw(&self, budget: &Budget) -> Result<Simulated> {
        let (n, m, k) = (self.n_users, self.n_items, self.n_components);
        charge(budget, "the planted factors", &[[n, k + 1], [m, k + 1]])?;
        let user_bias = normal_matrix([n, 1], self.bias, (self.seed, USER_BIAS));
        let item_bias = normal_matrix([m, 1], self.bias, (self.seed, ITEM_BIAS));
        // Var p.q = k s^4 for entries of standard deviation s.
        let entry_scale = (self.signal * self.signal / k as f64).sqrt().sqrt();
        let p = normal_matrix([n, k], entry_scale, (self.seed, P));
        let q = normal_matrix([m, k], entry_scale, (self.seed, Q));

        let mut indptr = vec![0];
        let mut indices: Vec<u32> = Vec::new();
        let mut values = Vec::new();
        for u in 0..n {
            let mut rng = Rng::keyed(self.seed, &[RATINGS, u as u64]);
            each_success(0..m, self.density, &mut rng, |i| indices.push(i as u32));
            let observed = &indices[values.len()..];
            budget.charge_array(observed.len() as u64, 12, "the observed ratings")?;
            values.extend(observed.iter().map(|&i| {
                let i = i as usize;
                let match_of_tastes: f64 = p.row(u).iter().zip(q.row(i)).map(|(p, q)| p * q).sum();
                let expected = self.mean + user_bias[(u, 0)] + item_bias[(i, 0)] + match_of_tastes;
                expected + self.noise * rng.normal()
            }));
            indptr.push(values.len());
        }
        let observed = Csr::new(m, indptr, indices, values)?;
        let truth = vec![
            ("user_bias", user_bias),
            ("item_bias", item_bias),
            ("p", p),
            ("q", q),
            ("mean", Matrix::filled(1, 1, self.mean)),
            ("noise", Matrix::filled(1, 1, self.noise)),
        ];
        Ok(Simulated { dataset: Dataset::unnamed(Features::Sparse(observed)), truth })
    }
}
