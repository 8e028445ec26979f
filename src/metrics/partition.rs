//! Agreement of two partitions of the same samples, such as clusters and known classes.
//!
//! With n_ab the samples in cluster a and class b, a_a and b_b its row and column sums, n their total.

use std::collections::BTreeMap;

/// Counts of the pairs (cluster, class), and of each alone.
struct Contingency {
    pairs: Vec<((u32, u32), f64)>,
    clusters: BTreeMap<u32, f64>,
    classes: BTreeMap<u32, f64>,
    n: f64,
}

impl Contingency {
    fn of(clusters: &[u32], classes: &[u32]) -> Contingency {
        assert_eq!(clusters.len(), classes.len(), "two partitions of the same samples");
        let (mut pairs, mut rows, mut cols) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (&cluster, &class) in clusters.iter().zip(classes) {
            *pairs.entry((cluster, class)).or_insert(0.0) += 1.0;
            *rows.entry(cluster).or_insert(0.0) += 1.0;
            *cols.entry(class).or_insert(0.0) += 1.0;
        }
        let pairs = pairs.into_iter().collect();
        Contingency { pairs, clusters: rows, classes: cols, n: clusters.len() as f64 }
    }

    fn mutual_information(&self) -> f64 {
        let n = self.n;
        let shared = |((cluster, class), count): &((u32, u32), f64)| {
            count / n * (n * count / (self.clusters[cluster] * self.classes[class])).ln()
        };
        self.pairs.iter().map(shared).sum()
    }
}

/// The adjusted Rand index (Hubert & Arabie 1985): 1 for equal partitions, 0 expected by chance.
///
/// (sum_ab C(n_ab, 2) - E) / ((sum_a C(a_a, 2) + sum_b C(b_b, 2)) / 2 - E),
/// E = sum_a C(a_a, 2) sum_b C(b_b, 2) / C(n, 2)
/// # Panics
/// If the lengths differ.
pub fn adjusted_rand_index(clusters: &[u32], classes: &[u32]) -> f64 {
    let table = Contingency::of(clusters, classes);
    let choose_two = |count: &f64| count * (count - 1.0) / 2.0;
    let both: f64 = table.pairs.iter().map(|(_, count)| choose_two(count)).sum();
    let rows: f64 = table.clusters.values().map(choose_two).sum();
    let cols: f64 = table.classes.values().map(choose_two).sum();
    let all = choose_two(&table.n);
    let expected = if all > 0.0 { rows * cols / all } else { 0.0 };
    let largest = (rows + cols) / 2.0;
    // Both partitions trivial in the same way: they are equal.
    if largest == expected { 1.0 } else { (both - expected) / (largest - expected) }
}

/// H(A) = -sum_a a_a / n ln(a_a / n), nats.
pub fn entropy(classes: &[u32]) -> f64 {
    let table = Contingency::of(classes, classes);
    entropy_of(&table.classes, table.n)
}

/// I(A; B) = sum_ab n_ab / n ln(n n_ab / (a_a b_b)), nats.
/// # Panics
/// If the lengths differ.
pub fn mutual_information(clusters: &[u32], classes: &[u32]) -> f64 {
    Contingency::of(clusters, classes).mutual_information()
}

fn entropy_of(counts: &BTreeMap<u32, f64>, n: f64) -> f64 {
    counts.values().map(|c| -c / n * (c / n).ln()).sum()
}

/// Normalised mutual information: I(A; B) / ((H(A) + H(B)) / 2), in 0 ... 1, with
///
/// I = sum_ab n_ab / n ln(n n_ab / (a_a b_b)), H(A) = -sum_a a_a / n ln(a_a / n)
///
/// 1 where both partitions have one part only.
/// # Panics
/// If the lengths differ.
pub fn normalized_mutual_information(clusters: &[u32], classes: &[u32]) -> f64 {
    let table = Contingency::of(clusters, classes);
    let mean_entropy = (entropy_of(&table.clusters, table.n) + entropy_of(&table.classes, table.n)) / 2.0;
    if table.clusters.len() <= 1 && table.classes.len() <= 1 {
        return 1.0;
    }
    let information = table.mutual_information();
    (information / mean_entropy).clamp(0.0, 1.0)
}
