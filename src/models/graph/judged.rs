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

/// Nodes and classes that are looked at, at the most: codes of more nodes are judged by some of them.
const MAX_NODES: usize = 20_000;
const MAX_CLASSES: usize = 100;

/// The penalty of its weights.
const PENALTY: f64 = 1.0;

/// The nodes that are judged, evenly spaced, with their codes and classes; `None` where there is but one class, or too
/// many, or fewer than two nodes a class.
pub fn judged(codes: &Matrix<f64>, labels: &Labels) -> Option<(Matrix<f64>, Vec<u32>)> {
    let (n, n_classes) = (codes.n_rows(), labels.classes.len());
    if !(2..=MAX_CLASSES).contains(&n_classes) || n < 2 * n_classes || labels.class.len() != n {
        return None;
    }
    let rows: Vec<usize> = (0..n).step_by(n.div_ceil(MAX_NODES)).collect();
    let classes = rows.iter().map(|&i| labels.class[i]).collect();
    Some((codes.select_rows(&rows), classes))
}

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
/// from. Nothing where [`judged`] gives nothing.
pub fn by_labels(codes: &Matrix<f64>, labels: &Labels, env: &Env) -> Vec<(&'static str, f64)> {
    let Some((codes, class)) = judged(codes, labels) else { return Vec::new() };
    let (n, n_classes) = (codes.n_rows(), labels.classes.len());
    let found = clusters(&codes, n_classes, env);
    let mut told = vec![
        ("nmi", normalized_mutual_information(&found, &class)),
        ("ari", adjusted_rand_index(&found, &class)),
    ];
    let order = Rng::keyed(env.seed, &[LEARNT]).permutation(n);
    let part = |rows: &[usize]| {
        let classes: Vec<u32> = rows.iter().map(|&i| class[i]).collect();
        (codes.select_rows(rows), classes)
    };
    let (learnt, others) = (part(&order[..n / 2]), part(&order[n / 2..]));
    let scaled = standardised(&learnt.0, [&learnt.0, &others.0]);
    let probe = SoftmaxProbe::fit(&scaled[0], &learnt.1, n_classes, PENALTY);
    told.push(("label_accuracy", accuracy(&probe.predict(&scaled[1]), &others.1)));
    told
}
