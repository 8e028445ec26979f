//! Hierarchical clustering by average linkage (Sokal & Michener 1958): the two clusters nearest in the mean become
//! one, until one is left.
//!
//! d(A, B) = 1/(|A| |B|) sum_{i in A, j in B} d_ij, updated by d(A u B, C) = (|A| d(A, C) + |B| d(B, C)) / (|A| + |B|)
//! (Lance & Williams 1967)
//!
//! The pairs are found by chains of nearest neighbours (Benzécri 1982; Murtagh 1983) in O(n^2): a chain ends at two
//! clusters that are each other's nearest, and average linkage, being reducible, joins such a pair whatever happens
//! elsewhere. Of equal distances the cluster before in the chain comes first, then the one of the lowest sample, so
//! the tree depends on the distances alone.

use crate::linalg::Matrix;

/// Two clusters become one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Merge {
    /// The cluster of the lower number: samples are 0 to n - 1, the cluster of merge `t` is n + t.
    pub first: usize,
    /// The other one.
    pub second: usize,
    /// The mean distance between the two.
    pub height: f64,
    /// Samples of the two together.
    pub size: usize,
}

/// The tree of n samples: n - 1 merges whose heights never fall.
#[derive(Clone, Debug, PartialEq)]
pub struct Dendrogram {
    n_samples: usize,
    merges: Vec<Merge>,
}

impl Dendrogram {
    /// Average linkage on an n x n symmetric matrix of distances, of which the part below the diagonal is read.
    /// Takes a copy of it: 8 n^2 bytes, for the caller to charge.
    /// # Panics
    /// If the matrix is not square or a distance is NaN.
    pub fn average(distances: &Matrix<f64>) -> Dendrogram {
        let n = distances.n_rows();
        assert_eq!(distances.n_cols(), n, "distances of a sample a row to a sample a column");
        assert!(distances.values().iter().all(|d| !d.is_nan()), "a distance that is no number");
        let mut d = Matrix::from_fn(n, n, |i, j| distances[(i.max(j), i.min(j))]);
        let mut size = vec![1_usize; n]; // 0: the cluster is part of another
        let mut chain: Vec<usize> = Vec::with_capacity(n);
        let mut pairs = Vec::with_capacity(n.saturating_sub(1));
        while pairs.len() + 1 < n {
            if chain.is_empty() {
                chain.extend((0..n).find(|&i| size[i] > 0));
            }
            let (end, before) = (chain[chain.len() - 1], chain.len().checked_sub(2).map(|at| chain[at]));
            let start = before.map_or((usize::MAX, f64::INFINITY), |b| (b, d[(end, b)]));
            let others = (0..n).filter(|&j| j != end && size[j] > 0);
            let (nearest, height) = others.fold(start, |best, j| {
                let closer = d[(end, j)] < best.1 || best.0 == usize::MAX;
                if closer { (j, d[(end, j)]) } else { best }
            });
            if Some(nearest) != before {
                chain.push(nearest);
                continue;
            }
            chain.truncate(chain.len() - 2);
            // The merged cluster stands in the place of the one that comes first.
            let (a, b) = (end.min(nearest), end.max(nearest));
            let (n_a, n_b) = (size[a] as f64, size[b] as f64);
            for c in (0..n).filter(|&c| c != a && c != b && size[c] > 0) {
                let mean = (n_a * d[(a, c)] + n_b * d[(b, c)]) / (n_a + n_b);
                (d[(a, c)], d[(c, a)]) = (mean, mean);
            }
            (size[a], size[b]) = (size[a] + size[b], 0);
            pairs.push((a, b, height));
        }
        Dendrogram::of_pairs(n, pairs)
    }

    /// The tree of merges told by a sample of each cluster, in any order in which a cluster is made before it is used.
    fn of_pairs(n: usize, mut pairs: Vec<(usize, usize, f64)>) -> Dendrogram {
        // Stable: of equal heights what was found first comes first, so a cluster is made before it is used.
        pairs.sort_by(|a, b| a.2.total_cmp(&b.2));
        let mut parent: Vec<usize> = (0..n).collect();
        let mut cluster: Vec<(usize, usize)> = (0..n).map(|i| (i, 1)).collect(); // number and size, at the root
        let mut merges = Vec::with_capacity(pairs.len());
        for (t, (a, b, height)) in pairs.into_iter().enumerate() {
            let (a, b) = (root(&mut parent, a), root(&mut parent, b));
            let ((number_a, size_a), (number_b, size_b)) = (cluster[a], cluster[b]);
            let size = size_a + size_b;
            merges.push(Merge { first: number_a.min(number_b), second: number_a.max(number_b), height, size });
            parent[b] = a;
            cluster[a] = (n + t, size);
        }
        Dendrogram { n_samples: n, merges }
    }

    /// n
    pub fn n_samples(&self) -> usize {
        self.n_samples
    }

    /// The merges, lowest first.
    pub fn merges(&self) -> &[Merge] {
        &self.merges
    }

    /// The samples from left to right, such that every cluster stands together: of each merge the cluster of the lower
    /// number first.
    pub fn order(&self) -> Vec<usize> {
        let Some(last) = self.merges.len().checked_sub(1) else { return (0..self.n_samples).collect() };
        let (mut order, mut open) = (Vec::with_capacity(self.n_samples), vec![self.n_samples + last]);
        while let Some(cluster) = open.pop() {
            match cluster.checked_sub(self.n_samples) {
                None => order.push(cluster),
                Some(merge) => open.extend([self.merges[merge].second, self.merges[merge].first]),
            }
        }
        order
    }

    /// Cophenetic distances, n x n: the height at which two samples first are in one cluster (Sokal & Rohlf 1962).
    /// Takes 8 n^2 bytes, for the caller to charge.
    pub fn cophenetic(&self) -> Matrix<f64> {
        let n = self.n_samples;
        let mut heights = Matrix::zeros(n, n);
        let mut members: Vec<Vec<usize>> = (0..n).map(|i| vec![i]).collect();
        for merge in &self.merges {
            let mut first = std::mem::take(&mut members[merge.first]);
            let second = std::mem::take(&mut members[merge.second]);
            for &i in &first {
                for &j in &second {
                    heights[(i, j)] = merge.height;
                    heights[(j, i)] = merge.height;
                }
            }
            first.extend(second);
            members.push(first);
        }
        heights
    }

    /// The cluster of each sample where `n_clusters` are left (all there are, if fewer), counted from 0 in the order of
    /// their first samples.
    /// # Panics
    /// If `n_clusters` is 0 and there are samples.
    pub fn cut_into(&self, n_clusters: usize) -> Vec<u32> {
        assert!(n_clusters > 0 || self.n_samples == 0, "no cluster holds no sample");
        self.after(self.n_samples.saturating_sub(n_clusters))
    }

    /// The cluster of each sample after all merges of a height of at most `height`, counted as in
    /// [`Dendrogram::cut_into`].
    pub fn cut_at(&self, height: f64) -> Vec<u32> {
        self.after(self.merges.partition_point(|merge| merge.height <= height))
    }

    /// The clusters after some merges.
    fn after(&self, n_merges: usize) -> Vec<u32> {
        let mut parent: Vec<usize> = (0..self.n_samples + n_merges).collect();
        for (t, merge) in self.merges[..n_merges].iter().enumerate() {
            (parent[merge.first], parent[merge.second]) = (self.n_samples + t, self.n_samples + t);
        }
        let mut roots = Vec::new();
        let labels = (0..self.n_samples).map(|i| {
            let root = root(&mut parent, i);
            let seen = roots.iter().position(|&r| r == root);
            seen.unwrap_or_else(|| {
                roots.push(root);
                roots.len() - 1
            }) as u32
        });
        labels.collect()
    }
}

/// The root of a tree of parents, whose paths are halved on the way.
fn root(parent: &mut [usize], mut at: usize) -> usize {
    while parent[at] != at {
        parent[at] = parent[parent[at]];
        at = parent[at];
    }
    at
}

/// How well the tree tells the distances: Pearson's correlation of the distances and the cophenetic ones over all pairs
/// of samples. 1 where either is the same for all pairs, as of two samples: nothing is left to tell.
/// # Panics
/// If the shapes differ.
pub fn cophenetic_correlation(distances: &Matrix<f64>, cophenetic: &Matrix<f64>) -> f64 {
    assert_eq!(distances.shape(), cophenetic.shape(), "distances of the same samples");
    let n = distances.n_rows();
    let pairs = || (0..n).flat_map(|i| (0..i).map(move |j| (i, j)));
    let count = (n * n.saturating_sub(1) / 2).max(1) as f64;
    let mean = |d: &Matrix<f64>| pairs().map(|at| d[at]).sum::<f64>() / count;
    let (mean_d, mean_c) = (mean(distances), mean(cophenetic));
    let (mut dd, mut cc, mut dc) = (0.0, 0.0, 0.0);
    for at in pairs() {
        let (d, c) = (distances[at] - mean_d, cophenetic[at] - mean_c);
        dd += d * d;
        cc += c * c;
        dc += d * c;
    }
    if dd > 0.0 && cc > 0.0 { (dc / (dd * cc).sqrt()).clamp(-1.0, 1.0) } else { 1.0 }
}
