//! Small quadratic programs with non-negative unknowns, one for each right-hand side, on one Gram matrix:
//!
//! min 1/2 x'G x - c'x over x >= 0, and where asked sum x = 1.
//!
//! The primal active-set method (Lawson & Hanson 1974, ch. 23, for the first; the same with one multiplier
//! for the second). A passive set F holds the unknowns that may be positive. The unconstrained optimum on F,
//!
//! x_F = G_FF^-1 (c_F + lambda 1), lambda = (1 - 1'G_FF^-1 c_F) / (1'G_FF^-1 1) (0 without the sum),
//!
//! is approached until an unknown meets 0, which leaves F; at the optimum on F the unknown of the most
//! negative slope G x - c - lambda enters. Each round lowers the objective, so it ends. Without the sum,
//! block principal pivoting is tried first.

use super::unit_gram::Systems;
pub use super::unit_gram::UnitGram;
use diabolo_kernels::small::Small;

/// What a slope may be below 0 and still count as 0, for a Gram matrix of unit diagonal, relative to the
/// largest right-hand side.
const SLOPE: f64 = 1e-12;

/// Room for one program after the other, without allocation.
pub struct Workspace<'a> {
    gram: &'a UnitGram,
    /// The right-hand side in scaled unknowns.
    c: Vec<f64>,
    /// The scaled unknowns, D x.
    x: Vec<f64>,
    /// Rising.
    passive: Vec<usize>,
    optimum: Vec<f64>,
    systems: Systems,
}

impl<'a> Workspace<'a> {
    /// Room for programs on this Gram matrix.
    pub fn new(gram: &'a UnitGram) -> Workspace<'a> {
        let k = gram.order();
        Workspace {
            gram,
            c: vec![0.0; k],
            x: vec![0.0; k],
            passive: Vec::with_capacity(k),
            optimum: vec![0.0; k],
            systems: Systems::new(k),
        }
    }

    /// x >= 0: `c` becomes the solution.
    pub fn non_negative(&mut self, c: &mut [f64]) {
        self.load(c);
        self.x.fill(0.0);
        self.passive.clear();
        if !self.pivot_blocks() {
            self.x.fill(0.0);
            self.passive.clear();
            self.descend(false);
        }
        self.store(c);
    }

    /// x >= 0 and sum x = 1: `c` becomes the solution. All zero where every column is zero.
    pub fn simplex(&mut self, c: &mut [f64]) {
        self.load(c);
        self.x.fill(0.0);
        self.passive.clear();
        // The best single unknown of weight one: min 1/2 g_jj - c_j.
        let scale = &self.gram.inverse_scale;
        let alive = (0..c.len()).filter(|&j| scale[j] > 0.0);
        let cost = |j: &usize| 0.5 / (scale[*j] * scale[*j]) - self.c[*j] / scale[*j];
        if let Some(first) = alive.min_by(|a, b| cost(a).total_cmp(&cost(b))) {
            self.x[first] = 1.0 / scale[first];
            self.passive.push(first);
            self.descend(true);
            self.sum_to_one();
        }
        self.store(c);
    }

    /// As [`Workspace::simplex`] from a point `x`, which becomes the solution: near it, in few rounds. A point that is
    /// not feasible is no start, and the search begins afresh.
    pub fn simplex_from(&mut self, c: &[f64], x: &mut [f64]) {
        let scale = &self.gram.inverse_scale;
        let total: f64 = x.iter().sum();
        let is_feasible = (total - 1.0).abs() < 1e-9
            && x.iter().zip(scale).all(|(x, scale)| *x == 0.0 || (*x > 0.0 && *scale > 0.0));
        if !is_feasible {
            x.copy_from_slice(c);
            return self.simplex(x);
        }
        self.passive.clear();
        for (j, (x, scale)) in x.iter().zip(scale).enumerate() {
            self.x[j] = if *x > 0.0 { x / scale } else { 0.0 };
            if *x > 0.0 {
                self.passive.push(j);
            }
        }
        self.load(c);
        self.descend(true);
        self.sum_to_one();
        self.store(x);
    }

    /// What rounding has taken from the sum: of columns that are dependent more than some epsilon.
    fn sum_to_one(&mut self) {
        let total: f64 = self.x.iter().zip(&self.gram.inverse_scale).map(|(x, inverse)| x * inverse).sum();
        if total > 0.0 {
            self.x.iter_mut().for_each(|x| *x /= total);
        }
    }

    fn load(&mut self, c: &[f64]) {
        assert_eq!(c.len(), self.gram.order(), "one right-hand value an unknown");
        for (scaled, (c, inverse)) in self.c.iter_mut().zip(c.iter().zip(&self.gram.inverse_scale)) {
            *scaled = c * inverse;
        }
    }

    fn store(&self, x: &mut [f64]) {
        for (x, (scaled, inverse)) in x.iter_mut().zip(self.x.iter().zip(&self.gram.inverse_scale)) {
            *x = scaled * inverse;
        }
    }

    /// Block principal pivoting (Kim & Park 2011): all unknowns that break a sign change sides at once, as
    /// long as their number falls; whether that ended at the solution. It mostly does, in a few rounds.
    fn pivot_blocks(&mut self) -> bool {
        let k = self.gram.order();
        let tolerance = self.tolerance();
        let (mut fewest, mut patience) = (k + 1, 3);
        loop {
            self.optimum_on_passive(false);
            for (&i, &optimum) in self.passive.iter().zip(&self.optimum) {
                self.x[i] = optimum;
            }
            let breaks = |j: usize| match self.passive.contains(&j) {
                true => self.x[j] < 0.0,
                false => self.gram.inverse_scale[j] > 0.0 && self.slope(j, 0.0) < -tolerance,
            };
            let wrong: Vec<usize> = (0..k).filter(|&j| breaks(j)).collect();
            if wrong.is_empty() {
                return true;
            }
            if wrong.len() < fewest {
                (fewest, patience) = (wrong.len(), 3);
            } else if patience == 0 {
                return false;
            } else {
                patience -= 1;
            }
            for j in wrong {
                match self.passive.iter().position(|&i| i == j) {
                    Some(place) => {
                        self.passive.remove(place);
                        self.x[j] = 0.0;
                    }
                    None => self.admit(j),
                }
            }
        }
    }

    /// What a slope may be below 0 and still count as 0.
    fn tolerance(&self) -> f64 {
        SLOPE * self.c.iter().fold(f64::MIN_POSITIVE, |largest, c| largest.max(c.abs()))
    }

    /// Rounds from the current point, which is feasible and 0 outside the passive set.
    fn descend(&mut self, sums_to_one: bool) {
        let k = self.gram.order();
        let tolerance = self.tolerance();
        let largest_inverse = self.gram.inverse_scale.iter().copied().fold(0.0, f64::max);
        // Every round adds an unknown or removes one; cycling could come from rounding only.
        for _ in 0..(20 * k + 20) {
            let lambda = self.optimum_on_passive(sums_to_one);
            if !self.approach() {
                continue;
            }
            // Slopes are differences from the multiplier: where it is what is large, they are no better than it.
            let tolerance = tolerance.max(SLOPE * lambda.abs() * largest_inverse);
            let entering = (0..k)
                .filter(|j| self.gram.inverse_scale[*j] > 0.0 && !self.passive.contains(j))
                .map(|j| (j, self.slope(j, lambda)))
                .min_by(|a, b| a.1.total_cmp(&b.1));
            match entering {
                Some((j, slope)) if slope < -tolerance => self.admit(j),
                _ => return,
            }
        }
    }

    /// The optimum on the passive set into `optimum`; returns the multiplier of the sum.
    fn optimum_on_passive(&mut self, sums_to_one: bool) -> f64 {
        let size = self.passive.len();
        let system = self.systems.of(self.gram, &self.passive);
        for (optimum, &i) in self.optimum.iter_mut().zip(&self.passive) {
            *optimum = self.c[i];
        }
        f64::cholesky_solve(&system.factor, size, &mut self.optimum[..size]);
        if !sums_to_one {
            return 0.0;
        }
        let pairs = self.passive.iter().zip(&self.optimum);
        let sum: f64 = pairs.map(|(&i, x)| self.gram.inverse_scale[i] * x).sum();
        let lambda = (1.0 - sum) / system.weight;
        self.optimum.iter_mut().zip(&system.ones).for_each(|(x, one)| *x += lambda * one);
        lambda
    }

    /// Adds an unknown to the passive set.
    fn admit(&mut self, j: usize) {
        let place = self.passive.partition_point(|&i| i < j);
        self.passive.insert(place, j);
    }

    /// Moves towards the optimum as far as no unknown becomes negative; whether it was reached. The unknown
    /// that meets 0 first leaves the passive set.
    fn approach(&mut self) -> bool {
        let mut blocking = None;
        let mut step: f64 = 1.0;
        for (&i, &optimum) in self.passive.iter().zip(&self.optimum) {
            let share = self.x[i] / (self.x[i] - optimum).max(f64::MIN_POSITIVE);
            if optimum <= 0.0 && (share < step || blocking.is_none()) {
                (step, blocking) = (share.min(1.0), Some(i));
            }
        }
        for (&i, &optimum) in self.passive.iter().zip(&self.optimum) {
            self.x[i] = (self.x[i] + step * (optimum - self.x[i])).max(0.0);
        }
        let Some(blocking) = blocking else { return true };
        self.x[blocking] = 0.0;
        self.passive.retain(|&i| i != blocking);
        false
    }

    /// The slope of the objective along unknown `j`: (S x - c)_j - lambda / d_j.
    fn slope(&self, j: usize, lambda: f64) -> f64 {
        let row = self.gram.s.row(j);
        let fitted: f64 = self.passive.iter().map(|&i| row[i] * self.x[i]).sum();
        fitted - self.c[j] - lambda * self.gram.inverse_scale[j]
    }
}
