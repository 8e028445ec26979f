//! A Gram matrix of unit diagonal, and the systems of its passive sets: what small quadratic programs with one Gram matrix and
//! many right-hand sides share.

use crate::linalg::Matrix;
use diabolo_kernels::small::Small;

/// Added to a unit diagonal where a system is singular to rounding: of equal columns each then takes its
/// share.
const RIDGE: f64 = 1e-10;

/// Up to so many unknowns the systems of passive sets are kept: of many right-hand sides most meet the same few sets.
const MOST_KEPT: usize = 10;

/// A Gram matrix scaled to a unit diagonal, which its programs are solved in: G = D S D.
pub struct UnitGram {
    pub(super) s: Matrix<f64>,
    /// 1 / D; 0 for a column of zeros, whose unknown stays 0.
    pub(super) inverse_scale: Vec<f64>,
}

impl UnitGram {
    /// Scales a symmetric positive semi-definite matrix.
    /// # Panics
    /// If it is not square.
    pub fn new(gram: &Matrix<f64>) -> UnitGram {
        let k = gram.n_rows();
        assert_eq!(gram.n_cols(), k, "a Gram matrix is square");
        let inverse = |d: f64| if d > 0.0 { 1.0 / d.sqrt() } else { 0.0 };
        let inverse_scale: Vec<f64> = (0..k).map(|j| inverse(gram[(j, j)])).collect();
        let s = Matrix::from_fn(k, k, |i, j| gram[(i, j)] * inverse_scale[i] * inverse_scale[j]);
        UnitGram { s, inverse_scale }
    }

    /// k
    pub fn order(&self) -> usize {
        self.inverse_scale.len()
    }
}

/// The systems of the passive sets met so far.
pub(super) struct Systems {
    known: Vec<System>,
    /// Of every set of few unknowns, a bit each, its place among those known, from 1 on; 0 where it was not met. Empty for
    /// many unknowns, where one place serves all.
    places: Vec<u32>,
}

/// What an optimum on a passive set F takes that no right-hand side changes.
#[derive(Default)]
pub(super) struct System {
    /// Cholesky factor of S_FF.
    pub factor: Vec<f64>,
    /// S_FF^-1 D^-1 1
    pub ones: Vec<f64>,
    /// 1' D^-1 S_FF^-1 D^-1 1
    pub weight: f64,
}

impl Systems {
    pub fn new(k: usize) -> Systems {
        Systems { known: Vec::new(), places: if k <= MOST_KEPT { vec![0; 1 << k] } else { Vec::new() } }
    }

    /// The system of a passive set.
    pub fn of(&mut self, gram: &UnitGram, passive: &[usize]) -> &System {
        let set: usize = if self.places.is_empty() { 0 } else { passive.iter().map(|&i| 1 << i).sum() };
        let place = match self.places.get(set) {
            Some(&place) if place > 0 => place as usize - 1,
            Some(_) => {
                self.known.push(System::default());
                self.places[set] = self.known.len() as u32;
                self.known[self.places[set] as usize - 1].fill(gram, passive);
                self.places[set] as usize - 1
            }
            None => {
                if self.known.is_empty() {
                    self.known.push(System::default());
                }
                self.known[0].fill(gram, passive);
                0
            }
        };
        &self.known[place]
    }
}

impl System {
    fn fill(&mut self, gram: &UnitGram, passive: &[usize]) {
        let size = passive.len();
        self.factor.resize(size * size, 0.0);
        for ridge in [0.0, RIDGE, 1e3 * RIDGE, 1.0] {
            for (r, &i) in passive.iter().enumerate() {
                for (q, &j) in passive.iter().enumerate() {
                    self.factor[r * size + q] = gram.s[(i, j)] + if r == q { ridge } else { 0.0 };
                }
            }
            if f64::cholesky_small(&mut self.factor, size).is_ok() {
                break;
            }
        }
        self.ones.clear();
        self.ones.extend(passive.iter().map(|&i| gram.inverse_scale[i]));
        f64::cholesky_solve(&self.factor, size, &mut self.ones);
        self.weight = passive.iter().zip(&self.ones).map(|(&i, one)| gram.inverse_scale[i] * one).sum();
    }
}
