//! The inner loops of topic models against the plain ones.

use crate::tolerance::{TOPICS_COLLAPSED, TOPICS_DRAW, TOPICS_GAMMA};
use diabolo_kernels::sparse::{CsrRef, PatternRef};
use diabolo_kernels::topics::{Chain, Expected, Inference, Loading, Sampler, collapse, reference, stride};
use proptest::prelude::*;

/// Numbers of topics beside a vector's lanes and a panel's width.
const TOPICS: [usize; 11] = [1, 2, 5, 7, 8, 9, 50, 64, 65, 130, 200];

/// Numbers in (0, 1) of a seed.
fn numbers(seed: u64, n: usize) -> Vec<f64> {
    let mut state = seed | 1;
    let mut next = || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        ((state >> 33) as f64 + 0.5) / (1_u64 << 31) as f64
    };
    (0..n).map(|_| next()).collect()
}

/// Rows of `k` numbers as kernels take them.
fn padded(rows: &[Vec<f64>]) -> Vec<f32> {
    let pad = |row: &Vec<f64>| {
        let mut row: Vec<f32> = row.iter().map(|&x| x as f32).collect();
        row.resize(stride(row.len()), 0.0);
        row
    };
    rows.iter().flat_map(pad).collect()
}

fn rows(seed: u64, n: usize, k: usize) -> Vec<Vec<f64>> {
    numbers(seed, n * k).chunks(k).map(<[f64]>::to_vec).collect()
}

/// Tokens of every topic that a word, a document and the corpus have: whole numbers, some 0.
fn whole(seed: u64, n: usize, most: f64) -> Vec<f64> {
    numbers(seed, n).into_iter().map(|u| (u * u * most).floor()).collect()
}

#[test]
fn a_token_gets_every_topic_as_often_as_its_weight_says() {
    const DRAWS: usize = 4001;
    for (at, k) in TOPICS.into_iter().enumerate() {
        let seed = 17 + at as u64;
        let width = stride(k);
        // Two words; the document has the token and one more of the other word.
        let own = k / 2;
        let other = k - 1;
        let mut by_word = vec![whole(seed, k, 9.0), whole(seed + 1, k, 30.0)];
        by_word[0][own] += 1.0;
        by_word[1][other] += 1.0;
        let by_topic: Vec<f64> = (0..k).map(|j| by_word[0][j] + by_word[1][j] + 3.0).collect();
        let alpha: Vec<f64> = numbers(seed + 2, k).iter().map(|u| 0.05 + u).collect();
        let eta: Vec<f64> = numbers(seed + 3, k).iter().map(|u| 0.01 + u).collect();
        let eta_sums: Vec<f64> = eta.iter().map(|e| 2.0 * e).collect();
        // Without the token.
        let minus = |x: &[f64]| {
            let mut x = x.to_vec();
            x[own] -= 1.0;
            x
        };
        let mut doc = vec![0.0; k];
        doc[other] += 1.0;
        let weights =
            reference::weights(&doc, &alpha, &minus(&by_word[0]), &eta, &minus(&by_topic), &eta_sums);
        let total: f64 = weights.iter().sum();
        let (alpha, eta) = (padded(&[alpha]), padded(&[vec![9.0; k], eta]));
        let mut counts = vec![0_usize; k];
        for q in 0..DRAWS {
            let (mut words, mut topics) = (padded(&by_word), by_topic.clone());
            let mut chain = Chain { by_word: &mut words, by_topic: &mut topics };
            // The second row of eta is that of both words.
            let mut sampler = Sampler::new(&alpha, &eta, &[1, 1], &eta_sums, &chain);
            let u = (q as f32 + 0.5) / DRAWS as f32;
            // The other token comes second and stands while the first is drawn.
            let mut drawn = [own as u32, other as u32];
            let ln_sum = sampler.draw(&[0, 1], &mut drawn, &[u, 0.5], &mut chain);
            assert!(ln_sum.is_finite());
            let new = drawn[0] as usize;
            counts[new] += 1;
            let moved = words[new] - by_word[0][new] as f32;
            assert!(moved == if new == own { 0.0 } else { 1.0 }, "{k} topics: the word's count of {new}");
            assert_eq!(words[k..width], vec![0.0; width - k][..], "the padding");
            assert_eq!(topics.iter().sum::<f64>(), by_topic.iter().sum::<f64>());
        }
        for j in 0..k {
            // Every topic is one run of numbers.
            let expected = DRAWS as f64 * weights[j] / total;
            let difference = (counts[j] as f64 - expected).abs();
            assert!(difference <= 1.0 + TOPICS_DRAW * expected, "{k} topics: {j} {} {expected}", counts[j]);
        }
    }
}

#[test]
fn topics_or_words_out_of_bounds_are_refused() {
    let (alpha, eta, sums) = ([0.1_f32; 8], [0.1_f32; 8], [1.0; 8]);
    for (word, topic) in [(2, 0), (0, 8)] {
        let refused = std::panic::catch_unwind(|| {
            let (mut words, mut topics) = (vec![1.0; 16], vec![2.0; 8]);
            let mut chain = Chain { by_word: &mut words, by_topic: &mut topics };
            Sampler::new(&alpha, &eta, &[], &sums, &chain).draw(&[word], &mut [topic], &[0.5], &mut chain)
        });
        assert!(refused.is_err(), "word {word}, topic {topic}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn documents_are_inferred_as_by_plain_loops(
        at in 0..TOPICS.len(), n_words in 0_usize..40, seed in any::<u64>(), variational in any::<bool>(),
        n_iter in 0_usize..12,
    ) {
        let k = TOPICS[at];
        let b = rows(seed, n_words.max(1), k);
        let alpha: Vec<f64> = numbers(seed ^ 1, k).iter().map(|u| 0.02 + u).collect();
        let start: Vec<f64> = numbers(seed ^ 2, k).iter().map(|u| 0.05 + 3.0 * u).collect();
        let counts: Vec<f64> = numbers(seed ^ 3, n_words).iter().map(|u| 0.1 + 4.0 * u).collect();
        let mut expected = start.clone();
        reference::infer(&counts, &b[..n_words], &alpha, variational, n_iter, &mut expected);
        // A document of no words before it.
        let (indptr, indices) = ([0, 0, n_words], (0..n_words as u32).collect::<Vec<u32>>());
        let values: Vec<f32> = counts.iter().map(|&x| x as f32).collect();
        let pattern = PatternRef::new(2, n_words, &indptr, &indices).expect("a pattern");
        let x = CsrRef::new(pattern, &values);
        let (alpha, by_word) = (padded(&[alpha]), padded(&b[..n_words]));
        let loading = if variational { Loading::Variational } else { Loading::Proportional };
        let inference =
            Inference { alpha: &alpha, n_topics: k, by_word: &by_word, loading, max_iter: n_iter, tol: 0.0 };
        let mut gamma = padded(&[start]);
        let (mut loads, mut ratios) = (vec![0.0; stride(k)], vec![0.0; n_words]);
        let found = inference.run(x, 1, &mut gamma, &mut loads, &mut ratios);
        prop_assert_eq!(found.n_iter, n_iter as u64);
        for (got, want) in gamma.iter().zip(&expected) {
            prop_assert!((f64::from(*got) - want).abs() <= TOPICS_GAMMA * (1.0 + want), "{} {}", got, want);
        }
        prop_assert!(gamma[k..].iter().all(|g| *g == 0.0), "the padding");
        // r_w sum_k e_k b_wk = x_w, whatever the scale of e.
        let mut ln_sum = 0.0;
        for (w, x) in counts.iter().enumerate() {
            let sum: f64 = (0..k).map(|j| f64::from(loads[j]) * b[w][j]).sum();
            prop_assert!((f64::from(ratios[w]) * sum - x).abs() <= TOPICS_GAMMA * (1.0 + x));
            ln_sum += x * sum.ln();
        }
        let bound = TOPICS_GAMMA * (1.0 + counts.iter().sum::<f64>() * 10.0);
        prop_assert!((found.ln_sums - ln_sum).abs() <= bound, "{} {}", found.ln_sums, ln_sum);
    }

    #[test]
    fn shares_are_swept_as_by_plain_loops(at in 0..TOPICS.len(), n_words in 1_usize..30, seed in any::<u64>()) {
        let k = TOPICS[at];
        let mut shares = rows(seed, n_words, k);
        for share in &mut shares {
            let total: f64 = share.iter().sum();
            share.iter_mut().for_each(|g| *g /= total);
        }
        let counts: Vec<f64> = numbers(seed ^ 3, n_words).iter().map(|u| (1.0 + 4.0 * u).floor()).collect();
        let alpha: Vec<f64> = numbers(seed ^ 1, k).iter().map(|u| 0.02 + u).collect();
        let eta: Vec<f64> = numbers(seed ^ 2, k).iter().map(|u| 0.02 + u).collect();
        // Other documents have these words too.
        let by_word: Vec<Vec<f64>> = (0..n_words)
            .map(|w| (0..k).map(|j| counts[w] * shares[w][j] + 3.0 * ((w + j) % 5) as f64).collect())
            .collect();
        let totals: Vec<f64> =
            (0..k).map(|j| by_word.iter().map(|row| row[j]).sum::<f64>() + eta[j] * n_words as f64 + 2.0).collect();
        let mut got = padded(&shares);
        reference::collapse(&counts, &mut shares, &alpha, &by_word, &eta, &totals);
        let (indptr, indices) = ([0, n_words], (0..n_words as u32).collect::<Vec<u32>>());
        let values: Vec<f32> = counts.iter().map(|&x| x as f32).collect();
        let pattern = PatternRef::new(1, n_words, &indptr, &indices).expect("a pattern");
        let mut totals = padded(&[totals]);
        totals[k..].fill(2.0);
        let (alpha, eta, by_word) = (padded(&[alpha]), padded(&[eta]), padded(&by_word));
        let expected =
            Expected { alpha: &alpha, eta: &eta, eta_of: &[], by_word: &by_word, totals: &totals };
        let (mut by_doc, mut new) = (vec![0.0; stride(k)], vec![0.0; n_words * stride(k)]);
        let ln_sum = collapse(&expected, CsrRef::new(pattern, &values), 0, &mut got, &mut by_doc, &mut new);
        prop_assert!(ln_sum.is_finite());
        for (w, share) in shares.iter().enumerate() {
            for j in 0..stride(k) {
                let (got, new) = (got[w * stride(k) + j], new[w * stride(k) + j]);
                let want = share.get(j).copied().unwrap_or(0.0);
                prop_assert!((f64::from(got) - want).abs() <= TOPICS_COLLAPSED, "{} {}", got, want);
                prop_assert!((f64::from(new) - counts[w] * want).abs() <= TOPICS_COLLAPSED * counts[w]);
            }
        }
        for j in 0..k {
            let want: f64 = shares.iter().zip(&counts).map(|(share, x)| x * share[j]).sum();
            let bound = TOPICS_COLLAPSED * counts.iter().sum::<f64>();
            prop_assert!((f64::from(by_doc[j]) - want).abs() <= bound, "{} {}", by_doc[j], want);
        }
    }
}
