//! The scalar stream: the published generator, keys, saved states, integers without bias.

use super::goodness::assert_counts_fit;
use diabolo::random::Rng;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng};
use std::collections::HashSet;

#[test]
fn a_seed_gives_the_published_generator() {
    for seed in [0, 1, 42, u64::MAX] {
        let (mut ours, mut published) = (Rng::seeded(seed), Xoshiro256PlusPlus::seed_from_u64(seed));
        for _ in 0..100 {
            assert_eq!(ours.next_u64(), published.next_u64());
        }
    }
}

/// Golden values from a transcription of the published algorithms into Python's integers.
#[test]
fn integers_are_stable() {
    let mut rng = Rng::keyed(7, &[3, 17]);
    let words: Vec<u64> = (0..3).map(|_| rng.next_u64()).collect();
    assert_eq!(words, [3_618_501_860_437_913_753, 5_954_046_537_509_934_639, 2_052_893_110_134_096_366]);
    assert_eq!([rng.below(10), rng.below(1000), rng.below(usize::MAX)], [1, 227, 6_061_672_812_476_597_110]);
    assert_eq!(rng.permutation(8), [3, 2, 6, 0, 4, 5, 7, 1]);
}

#[test]
fn a_saved_state_goes_on_where_it_stopped() {
    let mut rng = Rng::keyed(1, &[2]);
    for _ in 0..10 {
        rng.normal();
    }
    let mut resumed = Rng::from_state(rng.state());
    assert_eq!(resumed, rng);
    for _ in 0..100 {
        assert_eq!(resumed.normal().to_bits(), rng.normal().to_bits());
    }
}

#[test]
fn different_keys_are_different_streams() {
    let mut first_words = HashSet::new();
    let mut keys = 0;
    for seed in 0..20 {
        first_words.insert(Rng::keyed(seed, &[]).next_u64());
        keys += 1;
        for a in 0..20 {
            first_words.insert(Rng::keyed(seed, &[a]).next_u64());
            keys += 1;
            for b in 0..20 {
                first_words.insert(Rng::keyed(seed, &[a, b]).next_u64());
                keys += 1;
            }
        }
    }
    assert_eq!(first_words.len(), keys, "two keys share a first word");
}

/// Neighbouring keys must not be correlated: the first words of keys 0, 1, 2, ... are themselves random.
#[test]
fn first_draws_of_neighbouring_keys_are_uniform() {
    for word in 0..4 {
        let mut counts = [0_u64; 64];
        for key in 0..20_000 {
            let mut rng = Rng::keyed(5, &[key, 0]);
            let draw = (0..=word).map(|_| rng.below(64)).last().expect("at least one draw");
            counts[draw] += 1;
        }
        assert_counts_fit("first draws by key", &counts, &[1.0 / 64.0; 64]);
    }
}

#[test]
fn below_is_unbiased() {
    for n in [1_usize, 2, 3, 7, 100] {
        let mut rng = Rng::keyed(11, &[n as u64]);
        let mut counts = vec![0; n];
        for _ in 0..50_000 {
            counts[rng.below(n)] += 1;
        }
        assert_counts_fit("below", &counts, &vec![1.0 / n as f64; n]);
    }
    // Two thirds of 2^64: the plain product would favour half of the results two to one.
    let n = (u64::MAX / 3 * 2) as usize;
    let mut rng = Rng::seeded(12);
    let mut counts = [0; 3];
    for _ in 0..50_000 {
        counts[rng.below(n) / (n / 3 + 1)] += 1;
    }
    assert_counts_fit("below two thirds of 2^64", &counts, &[1.0 / 3.0; 3]);
}

#[test]
#[should_panic(expected = "no integer below 0")]
fn nothing_is_below_zero() {
    Rng::seeded(0).below(0);
}

#[test]
fn every_order_of_a_shuffle_is_equally_likely() {
    let mut rng = Rng::seeded(13);
    let mut counts = [0; 24];
    for _ in 0..48_000 {
        let order = rng.permutation(4);
        // The rank of the permutation among the 24.
        let rank = (0..4).fold(0, |rank, i| {
            rank * (4 - i) + order[i + 1..].iter().filter(|&&later| later < order[i]).count()
        });
        counts[rank] += 1;
    }
    assert_counts_fit("permutation", &counts, &[1.0 / 24.0; 24]);
    assert!(rng.permutation(0).is_empty());
}

#[test]
fn bernoulli_keeps_its_probability() {
    let mut rng = Rng::seeded(14);
    let hits = (0..50_000).filter(|_| rng.bernoulli(0.3)).count() as u64;
    assert_counts_fit("bernoulli", &[hits, 50_000 - hits], &[0.3, 0.7]);
    assert!((0..1000).all(|_| rng.bernoulli(1.0) && !rng.bernoulli(0.0)));
}
