//! Step 4: archetypes that lie close become one.

use super::Params;
use super::preprocess::median;
use crate::linalg::Matrix;
use crate::models::factorization::archetype::Archetype;
use crate::solve::linkage::Dendrogram;
use serde::{Deserialize, Serialize};

/// How archetypes become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Merge {
    /// Along the average-linkage hierarchy, below a distance
    #[default]
    Distance,
    /// Along the hierarchy, until a number is left
    Count,
    /// As Starfysh does: each takes in the later ones among its nearest neighbours
    Greedy,
    /// Not at all
    None,
}

/// Which archetypes became one.
pub struct Granularity {
    /// The group of every archetype, from 0.
    pub group: Vec<usize>,
    /// The archetype that stands for each group: of its members, the one of the largest share.
    pub major: Vec<usize>,
    /// Distances between archetypes, k x k.
    pub distances: Matrix<f64>,
    /// The order of the hierarchy's leaves.
    pub order: Vec<usize>,
}

impl Granularity {
    /// Of archetypes, which stand in the order of their shares.
    pub(super) fn new(archetypes: &Archetype, scores: &Matrix<f64>, params: &Params) -> Granularity {
        let h = archetypes.h();
        let k = h.n_rows();
        let distances = Matrix::from_fn(k, k, |a, b| distance(h.row(a), h.row(b)));
        let tree = Dendrogram::average(&distances);
        let labels: Vec<usize> = match params.merge {
            Merge::None => (0..k).collect(),
            Merge::Greedy => greedy(h, scores, params.n_near(scores.n_rows())),
            Merge::Count => tree.cut_into(params.n_major.min(k)).into_iter().map(|g| g as usize).collect(),
            Merge::Distance => {
                let pairs: Vec<f64> =
                    (0..k).flat_map(|a| (0..a).map(move |b| (a, b))).map(|pair| distances[pair]).collect();
                let middle = if pairs.is_empty() { 0.0 } else { median(&pairs) };
                tree.cut_at(params.closeness * middle).into_iter().map(|g| g as usize).collect()
            }
        };
        // Archetypes stand by their shares: the first of a group is its largest, and groups are numbered by these.
        let major: Vec<usize> = (0..k).filter(|&j| !labels[..j].contains(&labels[j])).collect();
        let group =
            labels.iter().map(|label| major.iter().position(|&m| labels[m] == *label).unwrap_or(0)).collect();
        Granularity { group, major, distances, order: tree.order() }
    }

    /// Shares of groups: sums over their archetypes.
    pub(super) fn merged(&self, w: &Matrix<f64>) -> Matrix<f64> {
        let mut merged = Matrix::zeros(w.n_rows(), self.major.len());
        for i in 0..w.n_rows() {
            let row = merged.row_mut(i);
            w.row(i).iter().zip(&self.group).for_each(|(share, &group)| row[group] += share);
        }
        merged
    }

    /// Where the major archetypes are, n_major x n_pcs.
    pub(super) fn places(&self, archetypes: &Archetype) -> Matrix<f64> {
        archetypes.h().select_rows(&self.major)
    }
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// The label of each archetype: in their order, each that was not taken in takes in those later ones that are among the r points, spots
/// and other archetypes, nearest to it. Who is taken in has a parent, and nobody takes in itself.
fn greedy(h: &Matrix<f64>, scores: &Matrix<f64>, r: usize) -> Vec<usize> {
    let k = h.n_rows();
    let mut parent: Vec<usize> = (0..k).collect();
    for i in 0..k {
        if parent[i] != i {
            continue;
        }
        let to_others: Vec<f64> = (0..k).map(|j| distance(h.row(i), h.row(j))).collect();
        let to_spots: Vec<f64> = scores.rows().map(|row| distance(h.row(i), row)).collect();
        for j in i + 1..k {
            let nearer = |d: &&f64| **d < to_others[j];
            let n_nearer = to_spots.iter().filter(nearer).count()
                + (0..k).filter(|&l| l != i && l != j && to_others[l] < to_others[j]).count();
            if parent[j] == j && n_nearer < r {
                parent[j] = i;
            }
        }
    }
    parent
}
