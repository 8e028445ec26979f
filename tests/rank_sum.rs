//! Rank sums, stable marriage and the intrinsic dimension: scipy's and scikit-dimension's values, brute force, theorems.

use crate::tolerance::{GOLDEN_METRIC, RANK_SUM};
use diabolo::linalg::{Matrix, falling};
use diabolo::metrics::rank_sum::{Ranks, benjamini_hochberg};
use diabolo::random::Rng;
use diabolo::solve::intrinsic_dimension::fisher_separability;
use diabolo::solve::matching::stable;
use proptest::prelude::*;

/// The numbers of a line of the golden file.
fn golden(name: &str) -> Vec<f64> {
    let text = include_str!("golden/rank_sum.tsv");
    let line = text.lines().find(|line| line.split('\t').next() == Some(name));
    let line = line.unwrap_or_else(|| panic!("no golden values of {name}"));
    line.split('\t').skip(1).map(|word| word.parse().unwrap()).collect()
}

/// The counts of tests/golden/rank_sum.py.
fn counts(gene: usize) -> Vec<f64> {
    let value = |i: usize| {
        let wave = 3.0 * (0.37 * i as f64 * (gene + 1) as f64 + gene as f64).sin();
        let more = if i.is_multiple_of(4) { gene % 3 } else { 0 };
        // numpy rounds halves to even; there are none here.
        (wave + more as f64 + (gene % 2) as f64).round().max(0.0)
    };
    (0..40).map(value).collect()
}

#[test]
fn they_are_scipys() {
    let inside: Vec<bool> = (0..40).map(|i| i % 4 == 0).collect();
    let mut p = Vec::new();
    for gene in 0..12 {
        let found = Ranks::of(&counts(gene)).compare(&inside);
        let [p_value, auc] = golden(&format!("gene_{gene}"))[..] else { panic!("two numbers") };
        assert!((found.p_value - p_value).abs() <= RANK_SUM * p_value, "{gene}: {found:?}, {p_value}");
        assert!((found.auc - auc).abs() <= RANK_SUM, "{gene}: {found:?}, {auc}");
        assert_eq!(found.z > 0.0, auc > 0.5);
        p.push(found.p_value);
    }
    for (ours, theirs) in benjamini_hochberg(&p).iter().zip(golden("adjusted")) {
        assert!((ours - theirs).abs() <= RANK_SUM, "{ours}, {theirs}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Zeros left out, or not: the same, whatever the signs of the others.
    #[test]
    fn zeros_may_be_left_out(values in prop::collection::vec(-2_i32..4, 1..30), seed in any::<u64>()) {
        let mut rng = Rng::seeded(seed);
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let inside: Vec<bool> = values.iter().map(|_| rng.bernoulli(0.4)).collect();
        let kept: Vec<usize> = (0..values.len()).filter(|&i| values[i] != 0.0 || rng.bernoulli(0.3)).collect();
        let places: Vec<u32> = kept.iter().map(|&i| i as u32).collect();
        let given: Vec<f64> = kept.iter().map(|&i| values[i]).collect();
        let sparse = Ranks::of_sparse(values.len(), &places, &given).compare(&inside);
        let dense = Ranks::of(&values).compare(&inside);
        prop_assert!((sparse.z - dense.z).abs() <= RANK_SUM * (1.0 + dense.z.abs()));
        prop_assert!((sparse.p_value - dense.p_value).abs() <= RANK_SUM);
        // By its definition: pairs in which the one inside is larger, ties half.
        let (mut won, mut pairs) = (0.0, 0.0);
        for i in (0..values.len()).filter(|&i| inside[i]) {
            for j in (0..values.len()).filter(|&j| !inside[j]) {
                pairs += 1.0;
                won += if values[i] > values[j] { 1.0 } else if values[i] == values[j] { 0.5 } else { 0.0 };
            }
        }
        let varies = values.iter().any(|v| *v != values[0]);
        let auc = if pairs > 0.0 && varies { won / pairs } else { 0.5 };
        prop_assert!((dense.auc - auc).abs() <= RANK_SUM, "{} {auc}", dense.auc);
    }

    /// No pair would rather have each other, and nobody has what they do not want.
    #[test]
    fn marriages_are_stable(n in 0_usize..8, m in 0_usize..8, seed in any::<u64>()) {
        let mut rng = Rng::seeded(seed);
        // Few values: many ties, many zeros.
        let likings = Matrix::from_fn(n, m, |_, _| rng.below(5) as f64);
        let paired = stable(&likings);
        let of_column = |j: usize| paired.iter().position(|pair| *pair == Some(j));
        for (i, pair) in paired.iter().enumerate() {
            if let Some(j) = pair {
                prop_assert!(likings[(i, *j)] > 0.0);
                prop_assert_eq!(of_column(*j), Some(i), "a column is given once");
            }
        }
        for i in 0..n {
            for j in 0..m {
                let of_row = paired[i].map_or(0.0, |own| likings[(i, own)]);
                let of_col = of_column(j).map_or(0.0, |own| likings[(own, j)]);
                let worth = likings[(i, j)];
                prop_assert!(!(worth > of_row && worth > of_col), "{i} and {j} block {paired:?} of {likings:?}");
            }
        }
    }

    /// Without ties it is the largest first.
    #[test]
    fn without_ties_it_is_greedy(n in 1_usize..8, m in 1_usize..8, seed in any::<u64>()) {
        let mut rng = Rng::seeded(seed);
        let order = rng.permutation(n * m);
        let likings = Matrix::from_fn(n, m, |i, j| order[i * m + j] as f64 + 1.0);
        let mut greedy = vec![None; n];
        for at in falling(likings.values()) {
            let (i, j) = (at / m, at % m);
            if greedy[i].is_none() && !greedy.contains(&Some(j)) {
                greedy[i] = Some(j);
            }
        }
        prop_assert_eq!(stable(&likings), greedy);
    }
}

#[test]
fn the_dimension_is_scikit_dimensions() {
    let points = Matrix::from_fn(300, 6, |a, b| {
        (0.61 * a as f64 * (b as f64 + 1.3) + b as f64).sin() * (1.0 + 0.3 * b as f64)
    });
    let found = fisher_separability(&points).unwrap().unwrap();
    assert!((found - golden("fisher")[0]).abs() <= GOLDEN_METRIC * found, "{found}");
}

#[test]
fn the_dimension_of_a_gaussian_is_its_own() {
    for n in [2_usize, 5, 8] {
        let mut rng = Rng::seeded(n as u64);
        // Every one three times over, which adds none.
        let turn = Matrix::from_fn(n, 3 * n, |i, j| if j % n == i { 1.0 } else { 0.0 });
        let x = Matrix::from_fn(1500, n, |_, _| rng.normal()).matmul(&turn);
        let found = fisher_separability(&x).unwrap().unwrap();
        assert!((found - n as f64).abs() < 0.3, "{found} of {n}");
    }
}

#[test]
fn a_single_place_has_no_dimension() {
    assert_eq!(fisher_separability(&Matrix::filled(20, 3, 1.5)).unwrap(), None);
    assert_eq!(fisher_separability(&Matrix::zeros(0, 3)).unwrap(), None);
    assert_eq!(fisher_separability(&Matrix::zeros(1, 3)).unwrap(), None);
}
