//! The point of the samples' convex hull that is nearest to a given one, by an active set over the samples (Wolfe 1976;
//! as von Hohenbalken's simplicial decomposition 1977).
//!
//! min |b X - z|^2, b >= 0, sum b = 1. A few samples carry the point (at most p + 1 need to, by Carathéodory). The sample of the
//! least inner product with the direction d = b X - z enters; the least squares on the carriers' own simplex are solved exactly
//! ([`crate::solve::active_set`]), and who has no weight left goes. When nobody's product is below the point's own by more than
//! `allowed`, the gap of Frank & Wolfe (1956), no other point is nearer by more than that.

use super::Samples;
use crate::linalg::Matrix;
use crate::solve::active_set::{UnitGram, Workspace};
use diabolo_kernels::reduce::Reduce;

/// The most samples that enter in one approach: the next begins where this one ends.
const MOST_ENTERING: usize = 8;

/// A point of the hull, with the samples that carry it.
pub(super) struct Hull<'a> {
    x: &'a Samples<'a>,
    /// Rising at first, then in the order they entered.
    carriers: Vec<usize>,
    weights: Vec<f64>,
    /// The carriers' rows, one after another.
    rows: Vec<f64>,
    point: Vec<f64>,
}

impl<'a> Hull<'a> {
    /// The point of these weights.
    pub fn at(x: &'a Samples<'a>, b: &[f64], point: &[f64]) -> Hull<'a> {
        let carriers: Vec<usize> = (0..b.len()).filter(|&i| b[i] > 0.0).collect();
        let weights = carriers.iter().map(|&i| b[i]).collect();
        let mut rows = vec![0.0; carriers.len() * point.len()];
        x.x.rows_into(carriers.iter().copied(), &mut rows);
        Hull { x, carriers, weights, rows, point: point.to_vec() }
    }

    /// Moves the point towards `z` until no other is nearer, by half a squared distance, by more than `allowed`.
    pub fn approach(&mut self, z: &[f64], allowed: f64) {
        let mut direction = vec![0.0; z.len()];
        for entering in 0..=MOST_ENTERING {
            // Of the carriers alone first: z has moved since they were weighed.
            if entering > 0 || self.carriers.len() > 1 {
                self.weigh(z);
            }
            if entering == MOST_ENTERING {
                return;
            }
            for (d, (point, z)) in direction.iter_mut().zip(self.point.iter().zip(z)) {
                *d = point - z;
            }
            let products = self.x.times(&direction);
            let own = f64::dot(&direction, &self.point);
            let Some(first) = f64::arg_min(&products) else { return };
            if own - products[first] <= allowed || self.carriers.contains(&first) {
                return;
            }
            self.enter(first);
        }
    }

    /// A sample becomes a carrier, without weight yet.
    fn enter(&mut self, i: usize) {
        let place = self.rows.len();
        self.rows.resize(place + self.point.len(), 0.0);
        self.x.x.row_into(i, &mut self.rows[place..]);
        self.carriers.push(i);
        self.weights.push(0.0);
    }

    /// The best weights of the carriers; those of none leave.
    fn weigh(&mut self, z: &[f64]) {
        let (k, p) = (self.carriers.len(), z.len());
        // Relative to z, which the weights' sum of 1 allows: |sum b_i x_i - z| = |sum b_i (x_i - z)|, and no digits are lost to
        // a z far from 0.
        let mut shifted = self.rows.clone();
        shifted.chunks_exact_mut(p).for_each(|row| row.iter_mut().zip(z).for_each(|(x, z)| *x -= z));
        let row = |i: usize| &shifted[i * p..(i + 1) * p];
        let mut gram = Matrix::zeros(k, k);
        for i in 0..k {
            for j in 0..=i {
                let product = f64::dot(row(i), row(j));
                (gram[(i, j)], gram[(j, i)]) = (product, product);
            }
        }
        // A carrier at z itself: nothing is nearer.
        if let Some(there) = (0..k).find(|&i| gram[(i, i)] <= 0.0) {
            self.weights.iter_mut().enumerate().for_each(|(i, w)| *w = if i == there { 1.0 } else { 0.0 });
        } else {
            let gram = UnitGram::new(&gram);
            Workspace::new(&gram).simplex_from(&vec![0.0; k], &mut self.weights);
        }
        self.leave();
    }

    /// Carriers without weight leave, and the point is where the others put it.
    fn leave(&mut self) {
        let p = self.point.len();
        let total: f64 = self.weights.iter().sum();
        let mut kept = 0;
        self.point.fill(0.0);
        for i in 0..self.carriers.len() {
            if self.weights[i] <= 0.0 {
                continue;
            }
            self.carriers[kept] = self.carriers[i];
            self.weights[kept] = self.weights[i] / total;
            self.rows.copy_within(i * p..(i + 1) * p, kept * p);
            let (weight, row) = (self.weights[kept], &self.rows[kept * p..(kept + 1) * p]);
            self.point.iter_mut().zip(row).for_each(|(point, x)| *point += weight * x);
            kept += 1;
        }
        self.carriers.truncate(kept);
        self.weights.truncate(kept);
        self.rows.truncate(kept * p);
    }

    /// The weights and the point, written out.
    pub fn store(&self, b: &mut [f64], point: &mut [f64]) {
        b.fill(0.0);
        self.carriers.iter().zip(&self.weights).for_each(|(&i, &weight)| b[i] = weight);
        point.copy_from_slice(&self.point);
    }
}
