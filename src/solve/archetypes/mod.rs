//! Archetypal analysis (Cutler & Breiman 1994): every sample as a mixture of archetypes, every archetype as a mixture
//! of samples.
//!
//! min |X - W B X|_F^2, rows of W and of B on the simplex; H = B X are the archetypes
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | X | data | n x p |
//! | W | `w` | n x k |
//! | B | `b` | k x n |
//! | H | `h` | k x p |
//!
//! One sweep moves one archetype after the other, the rest standing, and then all mixtures:
//!
//! * Archetype j: with R = X - W H, z_j = h_j + R'w_j / |w_j|^2, the objective is a constant and
//!   |w_j|^2 |b_j X - z_j|^2: the point of the hull of the samples that is nearest to z_j (Cutler & Breiman 1994, 3.1), found exactly
//!   by an active set (`hull`) that begins at the archetype's place. Nothing of size n x n is formed.
//! * W: least squares on the simplex for every sample ([`super::nnls::simplex_from`]), exactly, from the mixtures so far.
//!
//! A sweep starts not at W but ahead of it ([`super::extrapolation`]); one that would raise the objective is undone, and taken from W
//! itself. So the objective never rises. An archetype that no sample has any of moves to the sample that is worst described, which
//! cannot raise it either: none vanishes. Cost of a sweep: O(n p k) for the products and O(n p) for every sample that enters a mixture.

mod furthest_sum;
mod hull;
mod search;

pub use furthest_sum::furthest_sum;
pub use search::{Effort, Search};

use super::extrapolation::Extrapolation;
use super::nnls;
use crate::error::Result;
use crate::linalg::{Features, Matrix};
use crate::random::Rng;
use crate::tensors::{Named, TensorView, Tensors, visit_f64};
use diabolo_kernels::reduce::Reduce;
use hull::Hull;

/// The share of the tolerance that a place left out of a hull may cost.
const EXACT: f64 = 0.1;

/// Archetypes and mixtures, in mid-search.
#[derive(Clone, Debug, PartialEq)]
pub struct Archetypes {
    w: Matrix<f64>,
    /// The mixtures before the last sweep.
    before: Matrix<f64>,
    momentum: Extrapolation,
    b: Matrix<f64>,
    h: Matrix<f64>,
    objective: f64,
}

/// What stays the same of the data through a search.
pub struct Samples<'a> {
    x: &'a Features,
    /// |x_i|^2
    squared_norms: Vec<f64>,
    /// |X|_F^2
    total: f64,
}

impl<'a> Samples<'a> {
    /// Of finite data.
    pub fn new(x: &'a Features) -> Samples<'a> {
        let mut row = vec![0.0; x.n_features()];
        let squared_norms: Vec<f64> = (0..x.n_samples())
            .map(|i| {
                x.row_into(i, &mut row);
                f64::squared_norm(&row)
            })
            .collect();
        let total = squared_norms.iter().sum();
        Samples { x, squared_norms, total }
    }

    /// The data.
    pub fn features(&self) -> &'a Features {
        self.x
    }

    /// X v, n values.
    fn times(&self, v: &[f64]) -> Vec<f64> {
        match self.x {
            // A product with one column is no matter of tiles.
            Features::F64(x) => x.rows().map(|row| f64::dot(row, v)).collect(),
            x => x.matmul(&Matrix::from_vec(v.len(), 1, v.to_vec())).into_values(),
        }
    }

    /// |X|_F^2
    pub fn total(&self) -> f64 {
        self.total
    }
}

impl Archetypes {
    /// Bytes of a search.
    pub fn bytes(n_samples: usize, n_features: usize, k: usize) -> u64 {
        let (n, p, k) = (n_samples as u64, n_features as u64, k as u64);
        k.saturating_mul(8 * n + 6 * p).saturating_mul(8)
    }

    /// Archetypes at these samples.
    /// # Panics
    /// If one is out of bounds.
    pub fn at(x: &Samples, chosen: &[usize]) -> Archetypes {
        let (n, k) = (x.x.n_samples(), chosen.len());
        let mut b = Matrix::zeros(k, n);
        chosen.iter().enumerate().for_each(|(j, &i)| b[(j, i)] = 1.0);
        let mut h = Matrix::zeros(k, x.x.n_features());
        chosen.iter().enumerate().for_each(|(j, &i)| x.x.row_into(i, h.row_mut(j)));
        // Rows of zeros are no feasible point: the first mixtures are found afresh.
        let (w, before, momentum) = (Matrix::zeros(n, k), Matrix::zeros(n, k), Extrapolation::default());
        let mut found = Archetypes { w, before, momentum, b, h, objective: f64::INFINITY };
        found.mix(x);
        found.before = found.w.clone();
        found
    }

    /// The mixtures of the samples, n x k.
    pub fn w(&self) -> &Matrix<f64> {
        &self.w
    }

    /// What the archetypes are mixed of, k x n.
    pub fn b(&self) -> &Matrix<f64> {
        &self.b
    }

    /// The archetypes, k x p.
    pub fn h(&self) -> &Matrix<f64> {
        &self.h
    }

    /// |X - W H|_F^2
    pub fn objective(&self) -> f64 {
        self.objective
    }

    /// Mixtures, archetypes and what those are mixed of: (W, B, H).
    pub fn into_parts(self) -> (Matrix<f64>, Matrix<f64>, Matrix<f64>) {
        (self.w, self.b, self.h)
    }

    /// One sweep; the objective falls by less than `tolerance` times itself near the end. Returns how far it fell.
    pub fn step(&mut self, x: &Samples, tolerance: f64) -> f64 {
        let before = self.objective;
        // What a place left out may cost: far below what would count as progress, never below rounding.
        let allowed = EXACT * (tolerance * before).max(1e-14 * x.total) / self.h.n_rows() as f64;
        let now = self.clone();
        let ahead = self.momentum.ahead(&self.w, &self.before);
        self.sweep(x, &ahead, allowed);
        if self.objective < before {
            self.momentum.accepted();
        } else {
            let mut momentum = now.momentum;
            momentum.undone();
            *self = Archetypes { momentum, ..now.clone() };
            self.sweep(x, &now.w, allowed);
            if self.objective > before {
                // By rounding: the sweep has nothing left to gain.
                *self = Archetypes { momentum, ..now };
                return 0.0;
            }
        }
        self.before = now.w;
        before - self.objective
    }

    /// Moves one archetype after the other, the mixtures being `w`, and then all mixtures.
    fn sweep(&mut self, x: &Samples, w: &Matrix<f64>, allowed: f64) {
        let k = self.h.n_rows();
        let gram = w.gram();
        let products = x.x.matmul_tn(w).transposed();
        let mut vacant = None;
        for j in 0..k {
            let weight = gram[(j, j)];
            if weight <= f64::MIN_POSITIVE {
                vacant = Some(j);
                continue;
            }
            // z_j = h_j + ((W'X)_j - (W'W)_j H) / (W'W)_jj
            let mut z = products.row(j).to_vec();
            for (l, h) in self.h.rows().enumerate() {
                z.iter_mut().zip(h).for_each(|(z, h)| *z -= gram[(j, l)] * h);
            }
            z.iter_mut().zip(self.h.row(j)).for_each(|(z, h)| *z = h + *z / weight);
            let mut hull = Hull::at(x, self.b.row(j), self.h.row(j));
            hull.approach(&z, allowed / weight);
            hull.store(self.b.row_mut(j), self.h.row_mut(j));
        }
        if let Some(j) = vacant {
            self.fill(x, j);
        }
        self.mix(x);
    }

    /// The exact mixtures of these archetypes, and the objective:
    /// |X - W H|^2 = |X|^2 - 2 <W, X H'> + <W'W, H H'>.
    fn mix(&mut self, x: &Samples) {
        let gram = self.h.matmul_nt(&self.h);
        let products = x.x.matmul(&self.h.transposed());
        nnls::simplex_from(&gram, &products, &mut self.w);
        let cross = f64::dot(self.w.values(), products.values());
        let own = f64::dot(self.w.gram().values(), gram.values());
        self.objective = (x.total - 2.0 * cross + own).max(0.0);
    }

    /// |x_i - w_i H|^2 of every sample.
    fn squared_errors(&self, x: &Samples) -> Vec<f64> {
        let mut row = vec![0.0; x.x.n_features()];
        let error = |i: usize| {
            x.x.row_into(i, &mut row);
            for (w, h) in self.w.row(i).iter().zip(self.h.rows()) {
                row.iter_mut().zip(h).for_each(|(x, h)| *x -= w * h);
            }
            f64::squared_norm(&row)
        };
        (0..x.x.n_samples()).map(error).collect()
    }

    /// A copy with one archetype, any, at a sample drawn by how badly it is described, and its mixtures.
    fn moved(&self, x: &Samples, rng: &mut Rng) -> Archetypes {
        let mut moved = self.clone();
        let j = rng.below(self.h.n_rows());
        let errors = self.squared_errors(x);
        let mut left = rng.uniform() * errors.iter().sum::<f64>();
        let passed = |error: &f64| {
            left -= error;
            left < 0.0
        };
        let sample = errors.iter().position(passed).unwrap_or(0);
        moved.place(x, j, sample);
        moved.mix(x);
        moved.before = moved.w.clone();
        moved.momentum = Extrapolation::default();
        moved
    }

    /// Moves archetype `j`, which nobody has any of, to the sample that is worst described.
    fn fill(&mut self, x: &Samples, j: usize) {
        let worst = f64::arg_max(&self.squared_errors(x)).unwrap_or(0);
        self.place(x, j, worst);
    }

    /// Archetype `j` becomes a sample.
    fn place(&mut self, x: &Samples, j: usize, sample: usize) {
        self.b.row_mut(j).fill(0.0);
        self.b[(j, sample)] = 1.0;
        x.x.row_into(sample, self.h.row_mut(j));
    }

    /// A search that was saved.
    /// # Errors
    /// [`crate::Error::Shape`] where arrays are missing or of another shape.
    pub fn load(named: &Named) -> Result<Archetypes> {
        Ok(Archetypes {
            w: Matrix::load(named, "w")?,
            before: Matrix::load(named, "before")?,
            momentum: Extrapolation {
                beta: named.scalar_f64("beta")?,
                ceiling: named.scalar_f64("ceiling")?,
            },
            b: Matrix::load(named, "b")?,
            h: Matrix::load(named, "h")?,
            objective: named.scalar_f64("objective")?,
        })
    }
}

impl Tensors for Archetypes {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.w.visit_as("w", each);
        self.before.visit_as("before", each);
        visit_f64(each, "beta", self.momentum.beta);
        visit_f64(each, "ceiling", self.momentum.ceiling);
        self.b.visit_as("b", each);
        self.h.visit_as("h", each);
        visit_f64(each, "objective", self.objective);
    }
}
