//! What an epoch goes over, and what it adds up.

use super::{Descent, Recorded};
use crate::autodiff::{Id, Program};
use crate::linalg::Features;
use crate::monitor::Env;
use crate::random::Rng;

/// The word of the key of the split.
const SPLIT: u64 = 0x5b11;

/// Losses added up over an epoch.
#[derive(Default)]
pub(super) struct Sums {
    n: f64,
    loss: f64,
    terms: Vec<(&'static str, f64)>,
}

impl Sums {
    pub fn add(&mut self, program: &Program<f32>, recorded: &Recorded, rows: usize) {
        let value = |id: Id| rows as f64 * f64::from(program.scalar(id));
        self.n += rows as f64;
        self.loss += value(recorded.loss);
        if self.terms.is_empty() {
            self.terms = recorded.terms.iter().map(|term| (term.0, 0.0)).collect();
        }
        self.terms.iter_mut().zip(&recorded.terms).for_each(|(sum, term)| sum.1 += value(term.1));
    }

    /// Means over the rows: of the loss, and of its terms.
    pub fn means(&self) -> (f64, Vec<(&'static str, f64)>) {
        (self.loss / self.n, self.terms.iter().map(|term| (term.0, term.1 / self.n)).collect())
    }
}

/// Which samples a fit trains on, and which it only watches.
pub(super) struct Split {
    pub training: Vec<usize>,
    pub validation: Vec<usize>,
}

impl Split {
    /// The same split in every epoch, and in a resumed fit.
    pub fn new(x: &Features, descent: &Descent, env: &Env) -> Split {
        let n = x.n_samples();
        if descent.validation == 0.0 {
            return Split { training: (0..n).collect(), validation: Vec::new() };
        }
        let n_held_out =
            ((n as f64 * descent.validation).round() as usize).clamp(1.min(n), n.saturating_sub(1));
        let mut order = Rng::keyed(env.seed, &[SPLIT]).permutation(n);
        let mut training = order.split_off(n_held_out);
        training.sort_unstable();
        order.sort_unstable();
        Split { training, validation: order }
    }
}
