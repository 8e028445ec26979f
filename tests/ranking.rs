//! Lists of the best, and how well they name what was left out.

use diabolo::linalg::{Matrix, falling};
use diabolo::metrics::ranking::Ranking;
use diabolo::random::Rng;
use diabolo::solve::top_n::top_n;
use diabolo_kernels::parallel::with_threads;
use proptest::prelude::*;

#[test]
fn falling_order_keeps_equals_as_they_came() {
    assert_eq!(falling(&[1.0, 3.0, -2.0, 3.0, 0.0]), [1, 3, 0, 4, 2]);
    assert_eq!(falling(&[f64::NAN, 1.0, f64::INFINITY, -f64::NAN]), [0, 2, 1, 3]);
    assert!(falling(&[]).is_empty());
}

#[test]
fn recall_and_ndcg_are_the_formulas() {
    // Relevant 2 and 5: one hit at place 2 of 3. Relevant 7: a hit at place 1. Nothing relevant: not counted.
    let users: [(&[u32], &[u32]); 3] = [(&[4, 5, 1], &[2, 5]), (&[7], &[7]), (&[1, 2, 3], &[])];
    let ranking = Ranking::of(users.into_iter(), 3).expect("two users with relevant items");
    assert_eq!(ranking.n_users, 2);
    assert_eq!(ranking.recall, [(0.0 + 1.0) / 2.0, (0.5 + 1.0) / 2.0, (0.5 + 1.0) / 2.0]);
    let second = 1.0 / 3.0_f64.log2();
    let expected = [(0.0 + 1.0) / 2.0, (second / (1.0 + second) + 1.0) / 2.0];
    for (ndcg, expected) in ranking.ndcg.iter().zip([expected[0], expected[1], expected[1]]) {
        assert!((ndcg - expected).abs() <= crate::tolerance::EXACT_SUM, "{ndcg}, expected {expected}");
    }
    assert_eq!(ranking.at(3), (ranking.recall[2], ranking.ndcg[2]));
    assert_eq!(Ranking::of(std::iter::once((&[1_u32][..], &[][..])), 3), None);
}

#[test]
fn the_best_order_has_1_and_the_worst_0() {
    let relevant: Vec<u32> = (0..30).collect();
    let list: Vec<u32> = (0..20).rev().collect();
    let best = Ranking::of(std::iter::once((&list[..], &relevant[..])), 20).expect("a user");
    assert!(best.recall.iter().chain(&best.ndcg).all(|x| (x - 1.0).abs() <= crate::tolerance::EXACT_SUM));
    let worst = Ranking::of(std::iter::once((&[40_u32, 41][..], &relevant[..])), 20).expect("a user");
    assert!(worst.recall.iter().chain(&worst.ndcg).all(|x| *x == 0.0));
}

/// The n best by sorting the whole row.
fn by_sorting(scores: &[f64], left_out: &[u32], n: usize) -> Vec<(u32, f64)> {
    let mut all: Vec<(u32, f64)> = (0..).zip(scores.iter().copied()).collect();
    all.retain(|(j, _)| !left_out.contains(j));
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all.truncate(n);
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_best_are_those_of_a_sorted_row(
        n_rows in 0_usize..70,
        // Beside a tile's width and beyond it.
        n_cols in prop_oneof![0_usize..40, Just(1024), 1025_usize..2100],
        n in 0_usize..12,
        seed in any::<u64>(),
    ) {
        let mut rng = Rng::seeded(seed);
        // Small integers: many scores are equal, and every product is exact.
        let mut draw = |n_rows: usize| Matrix::from_fn(n_rows, 3, |_, _| rng.below(5) as f64 - 2.0);
        let (u, v) = (draw(n_rows), draw(n_cols));
        let left_out: Vec<Vec<u32>> = (0..n_rows)
            .map(|_| (0..n_cols as u32).filter(|_| rng.bernoulli(0.2)).collect())
            .collect();
        let lists = top_n(&u, &v, |i| &left_out[i], n);
        prop_assert_eq!(lists.len(), n_rows);
        let scores = u.matmul_nt(&v);
        for i in 0..n_rows {
            prop_assert_eq!(&lists[i], &by_sorting(scores.row(i), &left_out[i], n));
        }
        let alone = with_threads(1, || top_n(&u, &v, |i| &left_out[i], n));
        prop_assert_eq!(lists, alone);
    }
}
