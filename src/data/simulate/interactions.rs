//! What users did: counts without a sign of what they dislike.

use super::{Simulator, charge, check_count, check_range, normal_matrix};
use crate::data::Simulated;
use crate::error::Result;
use crate::linalg::{Csr, Features, Matrix};
use crate::models::Dataset;
use crate::monitor::Budget;
use crate::random::Rng;
use diabolo_kernels::parallel::map_chunks;
use serde::{Deserialize, Serialize};

/// r_ui ~ Poisson(lambda_ui), lambda_ui = `per_user` a_u e^(b_i + p_u . q_i) / sum_j e^(b_j + p_u . q_j)
///
/// Activity a_u is log-normal of mean 1 and of standard deviation `activity` of its logarithm; popularity b_i is normal of
/// standard deviation `popularity`; p_u . q_i, the match of tastes, has variance `taste`^2. The number of
/// items a user has met is less than the number of events, since many go to the same few items.
///
/// The data holds the counts above 0, sparse, users x items. Truth: `activity` and `popularity` (one column each), `p`,
/// `q`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Interactions {
    /// Rows.
    #[serde(alias = "n")]
    pub n_users: usize,
    /// Columns.
    #[serde(alias = "m")]
    pub n_items: usize,
    /// Length of p_u and q_i.
    #[serde(alias = "k")]
    pub n_components: usize,
    /// The mean number of events of a user.
    pub per_user: f64,
    /// Standard deviation of the logarithm of users' activity.
    pub activity: f64,
    /// Standard deviation of the logarithm of items' popularity.
    pub popularity: f64,
    /// Standard deviation of p_u . q_i.
    pub taste: f64,
    /// The seed.
    pub seed: u64,
}

impl Default for Interactions {
    fn default() -> Self {
        Self {
            n_users: 600,
            n_items: 300,
            n_components: 8,
            per_user: 40.0,
            activity: 0.7,
            popularity: 1.0,
            taste: 1.5,
            seed: 1,
        }
    }
}

/// Standard deviations of logarithms.
const SPREAD: std::ops::RangeInclusive<f64> = 0.0..=10.0;

/// Streams: what is drawn.
const ACTIVITY: u64 = 0;
const POPULARITY: u64 = 1;
const P: u64 = 2;
const Q: u64 = 3;
const COUNTS: u64 = 4;

/// Users a task draws: fixed, though every user has a stream of its own.
const USERS_PER_TASK: usize = 64;

impl Simulator for Interactions {
    const NAME: &'static str = "interactions";

    fn check(&self) -> Result<()> {
        check_count("n_users", self.n_users)?;
        check_count("n_items", self.n_items)?;
        check_count("n_components", self.n_components)?;
        // Rates must be finite: exp of ten times the largest of a billion normal numbers is.
        check_range("per_user", self.per_user, 1e-9..=1e9)?;
        check_range("activity", self.activity, SPREAD)?;
        check_range("popularity", self.popularity, SPREAD)?;
        check_range("taste", self.taste, SPREAD)
    }

    fn draw(&self, budget: &Budget) -> Result<Simulated> {
        let (n, m, k) = (self.n_users, self.n_items, self.n_components);
        charge(budget, "the planted factors", &[[n, k + 1], [m, k + 1]])?;
        let mut activity = normal_matrix([n, 1], self.activity, (self.seed, ACTIVITY));
        let half_variance = self.activity * self.activity / 2.0;
        activity.values_mut().iter_mut().for_each(|a| *a = (*a - half_variance).exp());
        let popularity = normal_matrix([m, 1], self.popularity, (self.seed, POPULARITY));
        // Var p.q = k s^4 for entries of standard deviation s.
        let entry_scale = (self.taste * self.taste / k as f64).sqrt().sqrt();
        let p = normal_matrix([n, k], entry_scale, (self.seed, P));
        let q = normal_matrix([m, k], entry_scale, (self.seed, Q));

        let tasks = map_chunks(n, USERS_PER_TASK, |users| -> Result<Vec<Vec<(u32, f64)>>> {
            let mut rates = vec![0.0; m];
            users
                .map(|u| {
                    self.rates(&p, &q, &popularity, u, &mut rates);
                    let mut rng = Rng::keyed(self.seed, &[COUNTS, u as u64]);
                    let mut met: Vec<(u32, f64)> = Vec::new();
                    for (i, rate) in rates.iter().enumerate() {
                        let count = rng.poisson(activity[(u, 0)] * self.per_user * rate);
                        if count > 0 {
                            met.push((i as u32, count as f64));
                        }
                    }
                    budget.charge_array(met.len() as u64, 28, "the counts")?;
                    Ok(met)
                })
                .collect()
        });
        let mut indptr = vec![0];
        let (mut indices, mut values) = (Vec::new(), Vec::new());
        for task in tasks {
            for met in task? {
                indices.extend(met.iter().map(|(i, _)| i));
                values.extend(met.iter().map(|(_, count)| count));
                indptr.push(values.len());
            }
        }
        let counts = Csr::new(m, indptr, indices, values)?;
        let truth = vec![("activity", activity), ("popularity", popularity), ("p", p), ("q", q)];
        Ok(Simulated { dataset: Dataset::unnamed(Features::Sparse(counts)), truth })
    }
}

impl Interactions {
    /// e^(b_i + p_u . q_i), divided by their sum.
    fn rates(&self, p: &Matrix<f64>, q: &Matrix<f64>, popularity: &Matrix<f64>, u: usize, rates: &mut [f64]) {
        let logs = q.rows().zip(popularity.values()).map(|(q, b)| {
            let taste: f64 = p.row(u).iter().zip(q).map(|(p, q)| p * q).sum();
            b + taste
        });
        rates.iter_mut().zip(logs).for_each(|(rate, log)| *rate = log);
        let largest = rates.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        rates.iter_mut().for_each(|rate| *rate = (*rate - largest).exp());
        let sum: f64 = rates.iter().sum();
        rates.iter_mut().for_each(|rate| *rate /= sum);
    }
}
