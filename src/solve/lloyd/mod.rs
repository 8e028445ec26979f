//! Lloyd's iterations (Lloyd 1982) with bounds (Elkan 2003; Hamerly 2010).
//!
//! minimise sum_i ||x_i - c_{a(i)}||^2 over the centres c_1 ... c_k and the assignment a, in turn:
//!
//! a(i) <- argmin_c ||x_i - c||, then c_c <- mean of the samples assigned to it.
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | c | `centres` | k x n_features |
//! | a | `labels` | n_samples |
//! | sum of the samples of a cluster | `sums` | k x n_features, f64 |
//!
//! **Bounds.** A sample keeps an upper bound on the distance to its own centre and lower bounds on the
//! distances to the others: one each up to [`MAX_BOUNDS`] centres (Elkan), beyond that one for all of them
//! (Hamerly). When centres move, the triangle inequality moves the bounds as far; while every lower bound
//! stays above the upper one, the assignment cannot change and the sample is not read. All bounds carry
//! the rounding error of the distances, so exactly the assignments of the plain iteration come out, and a
//! restart without bounds goes on with the same bits.
//!
//! **Sums** are moved by the samples that change clusters, in f64. With an origin o (the first sample),
//!
//! objective = sum_i ||x_i - o||^2 - sum_c n_c ||c_c - o||^2
//!
//! needs no further reading of the data. It never rises, up to rounding.
//!
//! **Ties** keep a sample where it is, else the lowest centre wins. **Empty clusters** take the samples
//! farthest from their centres, one each, as long as that distance is not 0.
//!
//! Cost of a step: O(n k) for the bounds, O(n_features k) for each sample that is read.

mod bounds;
mod plus_plus;
mod points;

pub use plus_plus::plus_plus;
pub use points::{Centres, Points};

use crate::error::{Error, Result};
use crate::linalg::{Matrix, falling};
use crate::random::Rng;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_vector};
use bounds::Bounds;
use diabolo_kernels::Real;
use diabolo_kernels::parallel::{for_each_row_block, map_chunks};

/// Centres up to which every one has a lower bound of its own.
pub const MAX_BOUNDS: usize = 64;

/// Samples a task takes: fixed, so results do not depend on the number of threads.
pub(super) const ROWS_PER_TASK: usize = 512;

/// The label of a sample before its first assignment.
const NOWHERE: u32 = u32::MAX;

/// Where the iterations stand.
#[derive(Clone, Debug)]
pub struct Lloyd<T> {
    centres: Matrix<T>,
    labels: Vec<u32>,
    sums: Matrix<f64>,
    counts: Vec<u64>,
    origin: Vec<f64>,
    spread: f64,
    bounds: Bounds<T>,
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moved {
    /// The sum of squared distances of the samples to the means of their clusters.
    pub objective: f64,
    /// Samples that changed clusters.
    pub n_changed: usize,
    /// The sum of the squared distances the centres moved.
    pub shift: f64,
    /// Samples that were read, the bounds deciding for the others.
    pub n_measured: usize,
}

/// A sample that changes clusters.
#[derive(Clone, Copy, Debug)]
struct Change {
    sample: u32,
    from: u32,
    to: u32,
}

impl<T: Real> Lloyd<T> {
    /// Starts from given centres.
    /// # Panics
    /// If the centres have another number of features, or there are no samples.
    pub fn new(points: &Points<T>, centres: Matrix<T>) -> Lloyd<T> {
        assert_eq!(centres.n_cols(), points.n_features(), "centres have the samples' features");
        let (n_samples, k) = (points.n_samples(), centres.n_rows());
        let origin = points.row_f64(0);
        Lloyd {
            labels: vec![NOWHERE; n_samples],
            sums: Matrix::zeros(k, points.n_features()),
            counts: vec![0; k],
            spread: points.squares_about(&origin),
            origin,
            bounds: Bounds::unknown(n_samples, k),
            centres,
        }
    }

    /// The iterations that were saved, without their bounds: they go on with the same bits.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or their shapes do not agree.
    pub fn load(named: &Named) -> Result<Lloyd<T>> {
        let (centres, sums) = (Matrix::<f64>::load(named, "centres")?, Matrix::load(named, "sums")?);
        let (labels, counts) = (named.vector_u32("labels")?, named.vector_u64("counts")?);
        let (origin, spread) = (named.vector_f64("origin")?, named.scalar_f64("spread")?);
        let (k, n_features) = (centres.n_rows(), centres.n_cols());
        let is_label = |&label: &u32| (label as usize) < k || label == NOWHERE;
        if sums.shape() != [k, n_features] || counts.len() != k || origin.len() != n_features {
            let received =
                format!("sums {:?}, counts {}, origin {}", sums.shape(), counts.len(), origin.len());
            return Err(Error::shape(format!("the parts of {k} x {n_features} centres"), received));
        }
        if labels.is_empty() || !labels.iter().all(is_label) {
            return Err(Error::shape(format!("labels below {k}"), "others; the file is damaged"));
        }
        let bounds = Bounds::unknown(labels.len(), k);
        Ok(Lloyd { centres: centres.cast(), labels, sums, counts, origin, spread, bounds })
    }

    /// Bytes that the iterations take besides the samples.
    pub fn bytes(n_samples: usize, n_features: usize, k: usize) -> u64 {
        let per_centre = (n_features as u64).saturating_mul((3 * size_of::<f64>()) as u64);
        let distances = (k * size_of::<T>()) as u64 * ROWS_PER_TASK as u64;
        let samples = Bounds::<T>::bytes(n_samples, k).saturating_add(16 * n_samples as u64);
        samples.saturating_add(per_centre.saturating_mul(k as u64)).saturating_add(distances)
    }

    /// The centres, k x n_features, in the precision of the distances.
    pub fn centres(&self) -> &Matrix<T> {
        &self.centres
    }

    /// The cluster of each sample; before the first step there is none.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// The sum of the samples of each cluster, k x n_features.
    pub fn sums(&self) -> &Matrix<f64> {
        &self.sums
    }

    /// The number of samples of each cluster.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// One iteration: assignment, then means.
    pub fn step(&mut self, points: &Points<T>) -> Moved {
        let (changes, n_measured) = self.assign(points);
        self.apply(points, &changes);
        let relocated = self.fill_empty(points);
        let shift = self.update_centres();
        Moved { objective: self.objective(), n_changed: changes.len() + relocated, shift, n_measured }
    }

    /// a(i) <- argmin_c ||x_i - c||, where the bounds leave a doubt: the changes, in the order of the
    /// samples, and the number of samples read.
    fn assign(&mut self, points: &Points<T>) -> (Vec<Change>, usize) {
        let centres = Centres::of(&self.centres, points);
        let parts = self.bounds.update(points, &centres, &self.labels);
        let n_measured = parts.iter().map(|part| part.n_measured).sum();
        let changes: Vec<Change> = parts.into_iter().flat_map(|part| part.changes).collect();
        for change in &changes {
            self.labels[change.sample as usize] = change.to;
        }
        (changes, n_measured)
    }

    /// Moves sums and counts along with samples; each cluster goes through its own changes in their order.
    fn apply(&mut self, points: &Points<T>, changes: &[Change]) {
        let mut of_cluster: Vec<Vec<(u32, f64)>> = vec![Vec::new(); self.counts.len()];
        for &Change { sample, from, to } in changes {
            of_cluster[to as usize].push((sample, 1.0));
            self.counts[to as usize] += 1;
            if from != NOWHERE {
                of_cluster[from as usize].push((sample, -1.0));
                self.counts[from as usize] -= 1;
            }
        }
        let n_features = self.sums.n_cols();
        for_each_row_block(self.sums.values_mut(), n_features, 1, |cluster, sum| {
            for &(sample, sign) in &of_cluster[cluster] {
                points.add_to(sample as usize, sign, sum);
            }
        });
    }

    /// Gives each empty cluster the farthest sample that is not alone in its own; the number given.
    fn fill_empty(&mut self, points: &Points<T>) -> usize {
        let empty: Vec<u32> =
            (0..self.counts.len() as u32).filter(|&c| self.counts[c as usize] == 0).collect();
        if empty.is_empty() {
            return 0;
        }
        let centres = Centres::of(&self.centres, points);
        let k = self.centres.n_rows();
        let distances = map_chunks(points.n_samples(), ROWS_PER_TASK, |rows| {
            let samples: Vec<u32> = rows.map(|i| i as u32).collect();
            let to_all = points.squared_distances(&samples, &centres);
            let own = |(at, &i): (usize, &u32)| to_all[at * k + self.labels[i as usize] as usize].to_f64();
            samples.iter().enumerate().map(own).collect::<Vec<f64>>()
        });
        let distances = distances.concat();
        // Of equally far samples the first comes first.
        let farthest = falling(&distances).into_iter().map(|sample| sample as u32);
        let mut given = 0;
        for sample in farthest {
            let from = self.labels[sample as usize];
            if given == empty.len() || distances[sample as usize] == 0.0 {
                break;
            }
            if self.counts[from as usize] > 1 {
                let to = empty[given];
                self.apply(points, &[Change { sample, from, to }]);
                self.labels[sample as usize] = to;
                self.bounds.forget(sample as usize);
                given += 1;
            }
        }
        given
    }

    /// c_c <- sum / count; the bounds learn how far each centre moved. The sum of squared movements.
    fn update_centres(&mut self) -> f64 {
        let mut moved = vec![0.0; self.counts.len()];
        for (cluster, &count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let (centre, sum) = (self.centres.row_mut(cluster), self.sums.row(cluster));
            for (c, sum) in centre.iter_mut().zip(sum) {
                let mean = T::from_f64(sum / count as f64);
                moved[cluster] += (mean.to_f64() - c.to_f64()).powi(2);
                *c = mean;
            }
        }
        self.bounds.centres_moved(&moved.iter().map(|squared| squared.sqrt()).collect::<Vec<f64>>());
        moved.iter().sum()
    }

    /// sum_i ||x_i - o||^2 - sum_c n_c ||c_c - o||^2, with the means in f64.
    fn objective(&self) -> f64 {
        let mut between = 0.0;
        for (sum, &count) in self.sums.rows().zip(&self.counts).filter(|(_, count)| **count > 0) {
            let n = count as f64;
            between += n * sum.iter().zip(&self.origin).map(|(s, o)| (s / n - o).powi(2)).sum::<f64>();
        }
        (self.spread - between).max(0.0)
    }

    /// The mean over the features of the samples' variance about their mean.
    pub fn mean_variance(&self) -> f64 {
        let n = self.labels.len() as f64;
        let mut from_origin = 0.0;
        for (j, origin) in self.origin.iter().enumerate() {
            let total: f64 = (0..self.counts.len()).map(|c| self.sums[(c, j)]).sum();
            from_origin += (total / n - origin).powi(2);
        }
        (self.spread / n - from_origin).max(0.0) / self.origin.len().max(1) as f64
    }

    /// The means of the clusters in f64; of an empty cluster, its last centre.
    pub fn means(&self) -> Matrix<f64> {
        Matrix::from_fn(self.centres.n_rows(), self.centres.n_cols(), |c, j| match self.counts[c] {
            0 => self.centres[(c, j)].to_f64(),
            count => self.sums[(c, j)] / count as f64,
        })
    }
}

impl<T: Real> Tensors for Lloyd<T> {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.centres.cast::<f64>().visit_as("centres", each);
        self.sums.visit_as("sums", each);
        visit_vector(each, "labels", self.labels.as_slice());
        visit_vector(each, "counts", self.counts.as_slice());
        visit_vector(each, "origin", self.origin.as_slice());
        visit_f64(each, "spread", self.spread);
    }
}

/// Starts of [`clusters`], and iterations of each at the most.
const STARTS: u64 = 10;
const MOST: usize = 100;

/// The clusters of rows that the best of ten starts finds, each drawn from (seed, key, start).
/// # Panics
/// If there are no rows.
pub fn clusters(rows: &Matrix<f64>, k: usize, seed: u64, key: &[u64]) -> Vec<u32> {
    let points = Points::Dense(rows);
    let run = |start: u64| {
        let mut rng = Rng::keyed(seed, key).child(start);
        let mut lloyd = Lloyd::new(&points, rows.select_rows(&plus_plus(&points, k, &mut rng)));
        let mut objective = f64::INFINITY;
        for _ in 0..MOST {
            let moved = lloyd.step(&points);
            objective = moved.objective;
            if moved.n_changed == 0 {
                break;
            }
        }
        (objective, lloyd.labels().to_vec())
    };
    let best = (0..STARTS).map(run).min_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or_else(Vec::new, |(_, labels)| labels)
}

/// The smallest of some distances and its place: `own` if it is among the smallest, else the first.
fn argmin<T: Real>(distances: &[T], own: u32) -> (u32, T) {
    let mut best = (0, distances[0]);
    for (c, &distance) in distances.iter().enumerate() {
        if distance < best.1 || (distance == best.1 && c as u32 == own) {
            best = (c as u32, distance);
        }
    }
    best
}
