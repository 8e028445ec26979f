//! What codes tell of known classes, which no fit has seen.

use crate::linalg::Matrix;
use crate::metrics::partition::{adjusted_rand_index, normalized_mutual_information};
use crate::metrics::probe::{SoftmaxProbe, accuracy, standardised};
use crate::models::Labels;
use crate::monitor::Env;
use crate::random::Rng;
use crate::solve::lloyd::{Lloyd, Points, plus_plus};

/// The words of the keys of starts and of the nodes that a classifier learns from.
const STARTS: u64 = 0x6ae4;
const LEARNT: u64 = 0x6ae5;

/// Starts of the clustering, of which the best is taken, and iterations of each.
const N_STARTS: u64 = 5;
const MAX_ITERATIONS: usize = 100;

/// Nodes a classifier learns from, and is judged by, at the most.
const MAX_LEARNT: usize = 20_000;

/// The penalty of its weights.
const PENALTY: f64 = 1.0;

/// As many clusters as there are classes, by k-means: of the best of some starts, the cluster of each row.
pub fn clusters(codes: &Matrix<f64>, k: usize, env: &Env) -> Vec<u32> {
    let points = Points::Dense(codes);
    let runs = (0..N_STARTS).map(|start| {
        let rows = plus_plus(&points, k, &mut Rng::keyed(env.seed, &[STARTS, start]));
        let mut lloyd = Lloyd::new(&points, codes.select_rows(&rows));
        let mut objective = f64::INFINITY;
        for _ in 0..MAX_ITERATIONS {
            let moved = lloyd.step(&points);
            objective = moved.objective;
            if moved.n_changed == 0 {
                break;
            }
        }
        (objective, lloyd.labels().to_vec())
    });
    runs.min_by(|a, b| a.0.total_cmp(&b.0)).map_or_else(Vec::new, |(_, labels)| labels)
}

/// NMI and ARI of k-means clusters, and the accuracy of a linear classifier on the half of the nodes it has not learnt
/// from. Nothing where there is but one class, or fewer than two nodes a class.
pub fn by_labels(codes: &Matrix<f64>, labels: &Labels, env: &Env) -> Vec<(&'static str, f64)> {
    let (n, n_classes) = (codes.n_rows(), labels.classes.len());
    if n_classes < 2 || n < 2 * n_classes || labels.class.len() != n {
        return Vec::new();
    }
    let found = clusters(codes, n_classes, env);
    let mut told = vec![
        ("nmi", normalized_mutual_information(&found, &labels.class)),
        ("ari", adjusted_rand_index(&found, &labels.class)),
    ];
    let order = Rng::keyed(env.seed, &[LEARNT]).permutation(n);
    let half = (n / 2).min(MAX_LEARNT);
    let part = |rows: &[usize]| {
        let classes: Vec<u32> = rows.iter().map(|&i| labels.class[i]).collect();
        (codes.select_rows(rows), classes)
    };
    let (learnt, others) = (part(&order[..half]), part(&order[half..(2 * half + n % 2).min(n)]));
    let [x, y] = <[Matrix<f64>; 2]>::try_from(standardised(&learnt.0, [&learnt.0, &others.0]))
        .unwrap_or_else(|_| [learnt.0.clone(), others.0.clone()]);
    let probe = SoftmaxProbe::fit(&x, &learnt.1, n_classes, PENALTY);
    told.push(("label_accuracy", accuracy(&probe.predict(&y), &others.1)));
    told
}
