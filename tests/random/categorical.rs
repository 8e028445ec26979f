//! The four ways to draw a category.

use super::goodness::assert_counts_fit;
use diabolo::random::{Alias, Fenwick, PrefixSums, Rng};
use proptest::prelude::*;

type Sampler = Box<dyn Fn(&mut Rng) -> usize>;

/// Every way to draw from these weights, by name.
fn samplers(weights: &[f64]) -> Vec<(&'static str, Sampler)> {
    let (alias, sums, fenwick) = (Alias::new(weights), PrefixSums::new(weights), Fenwick::new(weights));
    let own = weights.to_vec();
    vec![
        ("walk", Box::new(move |rng| rng.categorical(&own))),
        ("alias", Box::new(move |rng| alias.sample(rng))),
        ("prefix sums", Box::new(move |rng| sums.sample(rng))),
        ("fenwick", Box::new(move |rng| fenwick.sample(rng))),
    ]
}

fn shares(weights: &[f64]) -> Vec<f64> {
    let total: f64 = weights.iter().sum();
    weights.iter().map(|w| w / total).collect()
}

#[test]
fn every_way_keeps_the_weights() {
    let cases: [&[f64]; 5] = [
        &[3.0],
        &[1.0, 1.0],
        &[0.0, 2.0, 0.0, 0.5, 7.5, 0.0],
        &[1e-300, 3e-300, 2e-300],
        &[100.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 30.0, 1.0, 1.0, 1.0],
    ];
    for (key, weights) in cases.into_iter().enumerate() {
        for (name, sample) in samplers(weights) {
            let mut rng = Rng::keyed(51, &[key as u64]);
            let mut counts = vec![0; weights.len()];
            for _ in 0..20_000 {
                counts[sample(&mut rng)] += 1;
            }
            assert_counts_fit(&format!("{name} of {weights:?}"), &counts, &shares(weights));
        }
    }
}

#[test]
fn a_fenwick_tree_follows_its_changes() {
    let mut tree = Fenwick::new(&[1.0; 13]);
    let mut rng = Rng::seeded(52);
    // Ten thousand moves of counts, then the weights wanted.
    for _ in 0..10_000 {
        let (k, weight) = (rng.below(13), rng.below(50) as f64);
        tree.set(k, weight);
    }
    let wanted: Vec<f64> = (0..13).map(|k| f64::from(k % 4)).collect();
    for (k, &weight) in wanted.iter().enumerate() {
        tree.set(k, weight);
        assert_eq!(tree.weight(k), weight);
    }
    assert_eq!(tree.total(), wanted.iter().sum::<f64>(), "sums of counts are exact");
    let mut counts = vec![0; 13];
    for _ in 0..20_000 {
        counts[tree.sample(&mut rng)] += 1;
    }
    assert_counts_fit("fenwick after changes", &counts, &shares(&wanted));
}

#[test]
fn prefix_sums_can_be_refilled() {
    let mut sums = PrefixSums::new(&[1.0, 2.0, 3.0]);
    sums.refill(&[0.0, 5.0]);
    let mut rng = Rng::seeded(53);
    assert!((0..100).all(|_| sums.sample(&mut rng) == 1));
}

#[test]
fn impossible_weights_are_refused() {
    for weights in [&[] as &[f64], &[0.0, 0.0], &[1.0, -1.0], &[f64::NAN], &[f64::INFINITY], &[f64::MAX; 2]] {
        let refused = |make: fn(&[f64])| std::panic::catch_unwind(|| make(weights)).is_err();
        assert!(refused(|w| drop(Alias::new(w))), "{weights:?}");
        assert!(refused(|w| drop(PrefixSums::new(w))), "{weights:?}");
        assert!(refused(|w| drop(Fenwick::new(w))), "{weights:?}");
        assert!(
            refused(|w| {
                Rng::seeded(0).categorical(w);
            }),
            "{weights:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Weights over 600 orders of magnitude, with zeros: what is drawn exists and can be.
    #[test]
    fn what_weighs_nothing_is_never_drawn(
        seed: u64,
        exponents in proptest::collection::vec(prop_oneof![Just(f64::NEG_INFINITY), -300.0..300.0], 1..40),
    ) {
        let mut weights: Vec<f64> = exponents.iter().map(|&e| 10_f64.powf(e)).collect();
        weights.push(1.0);
        let mut rng = Rng::seeded(seed);
        for (name, sample) in samplers(&weights) {
            for _ in 0..50 {
                prop_assert!(weights[sample(&mut rng)] > 0.0, "{}", name);
            }
        }
        // Changes that leave rounding behind in the sums.
        let mut tree = Fenwick::new(&weights);
        for k in 0..weights.len() - 1 {
            tree.set(k, 0.0);
            let drawn = tree.sample(&mut rng);
            prop_assert!(tree.weight(drawn) > 0.0);
        }
        tree.rebuild();
        prop_assert_eq!(tree.total(), 1.0);
        prop_assert_eq!(tree.sample(&mut rng), weights.len() - 1);
    }
}
