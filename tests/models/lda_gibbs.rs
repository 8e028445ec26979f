//! Gibbs sampling of topics: the serial sampler draws from the posterior, the others come near to it.

use super::lda::{enumerated_evidence, ln_collapsed};
use crate::tolerance::{GEWEKE_Z, LDA_ENUMERATED};
use diabolo::linalg::{Csr, Matrix};
use diabolo::random::{Dirichlet, Rng};
use diabolo::solve::topics::priors::{learn_by_counts, learn_by_logs};
use diabolo::solve::topics::{Chain, Eta, Passes, Priors, Tokens};
use diabolo_kernels::parallel::with_threads;
use diabolo_kernels::special::lgamma;

fn priors(alpha: f64, eta: f64, n_topics: usize, n_words: usize) -> Priors {
    Priors { alpha: vec![alpha; n_topics], eta: Eta::symmetric(eta, n_words, n_topics) }
}

/// The posterior probability that each pair of tokens has one topic, enumerated.
fn exact_pairs(documents: &[Vec<u32>], n_topics: usize, n_words: usize, alpha: f64, eta: f64) -> Matrix<f64> {
    let n: usize = documents.iter().map(Vec::len).sum();
    let evidence = enumerated_evidence(documents, n_topics, n_words, alpha, eta);
    let mut pairs = Matrix::zeros(n, n);
    for code in 0..n_topics.pow(n as u32) {
        let topics: Vec<usize> = (0..n as u32).map(|t| code / n_topics.pow(t) % n_topics).collect();
        let p = (ln_collapsed(documents, &topics, n_topics, n_words, alpha, eta) - evidence).exp();
        for i in 0..n {
            for j in 0..n {
                pairs[(i, j)] += if topics[i] == topics[j] { p } else { 0.0 };
            }
        }
    }
    pairs
}

/// The same by a sampler.
fn sampled_pairs(n: usize, n_sweeps: u64, mut sweep: impl FnMut(u64) -> Vec<u32>) -> Matrix<f64> {
    let mut pairs = Matrix::zeros(n, n);
    for s in 0..n_sweeps {
        let topics = sweep(s);
        for i in 0..n {
            for j in 0..n {
                pairs[(i, j)] += if topics[i] == topics[j] { 1.0 / n_sweeps as f64 } else { 0.0 };
            }
        }
    }
    pairs
}

#[test]
fn the_serial_sampler_agrees_with_the_enumerated_posterior() {
    let documents = [vec![0, 0, 1], vec![1, 2, 2, 3]];
    let tokens = Tokens::of_lists(&documents, 4);
    for (n_topics, alpha, eta) in [(2, 0.5, 0.2), (3, 0.2, 0.6)] {
        let exact = exact_pairs(&documents, n_topics, 4, alpha, eta);
        let priors = priors(alpha, eta, n_topics, 4);
        let mut chain = Chain::new(&tokens, tokens.random_topics(n_topics, 1), n_topics);
        let sampled = sampled_pairs(7, 200_000, |s| {
            chain.sweep(&tokens, &priors, 1, 7, s);
            chain.topics().to_vec()
        });
        let worst =
            exact.values().iter().zip(sampled.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < LDA_ENUMERATED, "{n_topics} topics: {worst}\n{exact:?}\n{sampled:?}");
    }
}

/// Statistics of (z, w): how tokens agree, within documents and between them.
fn statistics(tokens: &Tokens, topics: &[u32]) -> Vec<f64> {
    let (words, n) = (tokens.words(), tokens.len());
    let share = |is: &dyn Fn(usize, usize) -> bool| {
        let pairs = (0..n).flat_map(|i| (0..i).map(move |j| (i, j)));
        pairs.filter(|&(i, j)| is(i, j)).count() as f64
    };
    vec![
        share(&|i, j| topics[i] == topics[j]),
        share(&|i, j| words[i] == words[j]),
        share(&|i, j| topics[i] == topics[j] && words[i] == words[j]),
        topics.iter().filter(|&&k| k == 0).count() as f64,
        topics.iter().zip(words).filter(|&(&k, &w)| k == 1 && w == 2).count() as f64,
        (0..tokens.n_docs()).filter(|&d| topics[tokens.document(d)].iter().all(|&k| k == 0)).count() as f64,
    ]
}

/// Draws theta and beta by an asymmetric prior and from them (z, w), forwards.
fn forwards(lengths: &[usize], priors: &Priors, rng: &mut Rng) -> (Vec<Vec<u32>>, Vec<u32>) {
    let beta = topics_of(priors, rng);
    let (mut documents, mut topics) = (Vec::new(), Vec::new());
    for &length in lengths {
        let mut theta = vec![0.0; priors.alpha.len()];
        Dirichlet::new(&priors.alpha).sample(rng, &mut theta);
        let own: Vec<u32> = (0..length).map(|_| rng.categorical(&theta) as u32).collect();
        documents.push(own.iter().map(|&k| rng.categorical(&beta[k as usize]) as u32).collect());
        topics.extend(own);
    }
    (documents, topics)
}

fn topics_of(priors: &Priors, rng: &mut Rng) -> Vec<Vec<f64>> {
    let of = |k: usize, rng: &mut Rng| {
        let eta: Vec<f64> = (0..priors.eta.n_words()).map(|w| priors.eta.of(w)[k]).collect();
        let mut beta = vec![0.0; eta.len()];
        Dirichlet::new(&eta).sample(rng, &mut beta);
        beta
    };
    (0..priors.alpha.len()).map(|k| of(k, rng)).collect()
}

#[test]
fn the_serial_sampler_passes_a_geweke_test() {
    // Geweke 2004: draws forwards, and of a chain that redraws w given z and z given w in turn, agree.
    const ROUNDS: usize = 60_000;
    let lengths = [3, 4, 1, 0, 5];
    // Priors of every kind: asymmetric alpha, words with an eta of their own.
    let priors = Priors { alpha: vec![0.3, 0.9, 0.2], eta: Eta::seeded(0.4, 4, 3, &[(2, 1), (0, 0)], 0.7) };
    let mut rng = Rng::seeded(11);
    let of_lists = |documents: &[Vec<u32>]| Tokens::of_lists(documents, 4);
    let mut forward = Vec::new();
    for _ in 0..ROUNDS {
        let (documents, topics) = forwards(&lengths, &priors, &mut rng);
        forward.push(statistics(&of_lists(&documents), &topics));
    }
    let (documents, mut topics) = forwards(&lengths, &priors, &mut rng);
    let mut tokens = of_lists(&documents);
    let mut successive = Vec::new();
    for round in 0..ROUNDS {
        let mut chain = Chain::new(&tokens, topics, 3);
        chain.sweep(&tokens, &priors, 1, 13, round as u64);
        topics = chain.topics().to_vec();
        let beta = topics_of(&priors, &mut rng);
        let mut at = 0;
        let redrawn: Vec<Vec<u32>> = lengths
            .iter()
            .map(|&length| {
                let own = &topics[at..at + length];
                at += length;
                own.iter().map(|&k| rng.categorical(&beta[k as usize]) as u32).collect()
            })
            .collect();
        tokens = of_lists(&redrawn);
        successive.push(statistics(&tokens, &topics));
    }
    for s in 0..forward[0].len() {
        let (a, b) = (moments(&forward, s, 1), moments(&successive, s, 100));
        let z = (a.0 - b.0) / (a.1 + b.1).sqrt();
        assert!(z.abs() < GEWEKE_Z, "statistic {s}: {} forwards, {} in turn, z {z}", a.0, b.0);
    }
}

/// Mean of a statistic and the variance of the mean by batches.
fn moments(draws: &[Vec<f64>], s: usize, batch: usize) -> (f64, f64) {
    let means: Vec<f64> =
        draws.chunks(batch).map(|some| some.iter().map(|x| x[s]).sum::<f64>() / some.len() as f64).collect();
    let n = means.len() as f64;
    let mean = means.iter().sum::<f64>() / n;
    (mean, means.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0) / n)
}

/// A corpus of `n_docs` documents from 4 topics of 40 words.
fn corpus(n_docs: usize) -> (Tokens, Priors) {
    let (tokens, _, priors) = corpus_and_topics(n_docs);
    (tokens, priors)
}

/// The same with the topics its tokens were drawn from.
fn corpus_and_topics(n_docs: usize) -> (Tokens, Vec<u32>, Priors) {
    let priors = priors(0.2, 0.1, 4, 40);
    let (documents, topics) = forwards(&vec![50; n_docs], &priors, &mut Rng::seeded(3));
    (Tokens::of_lists(&documents, 40), topics, priors)
}

#[test]
fn counts_stay_those_of_the_topics() {
    let (tokens, priors) = corpus(40);
    for n_chunks in [1, 2, 7, 100] {
        let mut chain = Chain::new(&tokens, tokens.random_topics(4, 1), 4);
        for s in 0..5 {
            chain.sweep(&tokens, &priors, n_chunks, 2, s);
            let counted = Chain::new(&tokens, chain.topics().to_vec(), 4);
            assert_eq!(chain, counted, "{n_chunks} chunks");
        }
    }
}

#[test]
fn chunks_give_the_same_bits_for_any_number_of_threads() {
    let (tokens, priors) = corpus(60);
    let run = |n_threads| {
        with_threads(n_threads, || {
            let mut chain = Chain::new(&tokens, tokens.random_topics(4, 1), 4);
            let ln: Vec<f64> = (0..10).map(|s| chain.sweep(&tokens, &priors, 6, 2, s)).collect();
            let mut passes = Passes::new(&tokens, &tokens.random_topics(4, 1), &priors, 2);
            (0..10).for_each(|s| passes.sweep(&tokens, &priors, 2, s));
            (chain.topics().to_vec(), ln, passes.topics(), passes.proposed())
        })
    };
    let one = run(1);
    assert!(one == run(2) && one == run(7));
}

#[test]
fn approximate_samplers_come_near_to_the_exact_one() {
    // From the true topics: which of several modes a random start leads to is another matter.
    let (tokens, topics, priors) = corpus_and_topics(300);
    let mut exact = Chain::new(&tokens, topics, 4);
    let mut chunked = exact.clone();
    let mut passes = Passes::new(&tokens, exact.topics(), &priors, 2);
    let n = tokens.len() as f64;
    let (mut of_exact, mut of_chunked, mut of_passes) = (0.0, 0.0, 0.0);
    let joint = |topics: &[u32]| Passes::new(&tokens, topics, &priors, 0).ln_joint(&tokens, &priors) / n;
    for s in 0..400 {
        exact.sweep(&tokens, &priors, 1, 2, s);
        chunked.sweep(&tokens, &priors, 8, 3, s);
        passes.sweep(&tokens, &priors, 4, s);
        if s >= 200 {
            of_exact += joint(exact.topics()) / 200.0;
            of_chunked += joint(chunked.topics()) / 200.0;
            of_passes += passes.ln_joint(&tokens, &priors) / n / 200.0;
        }
    }
    assert!((of_chunked - of_exact).abs() < 0.01, "{of_exact} {of_chunked}");
    // Passes count the token itself and so hold it where it is: topics a little too sharp.
    assert!((of_passes - of_exact).abs() < 0.1, "{of_exact} {of_passes}");
}

#[test]
fn the_joint_density_of_topics_is_that_of_gamma_functions() {
    let documents = [vec![0, 2, 1], vec![3, 3], vec![], vec![1]];
    let tokens = Tokens::of_lists(&documents, 4);
    let topics = [1, 0, 1, 2, 2, 1];
    let priors = priors(0.3, 0.2, 3, 4);
    let exact = ln_collapsed(&documents, &topics.map(|k| k as usize), 3, 4, 0.3, 0.2);
    let got = Passes::new(&tokens, &topics, &priors, 1).ln_joint(&tokens, &priors);
    assert!((got - exact).abs() < 1e-12 * exact.abs(), "{got} {exact}");
}

/// Of an alpha.
type Likelihood<'a> = &'a dyn Fn(&[f64]) -> f64;

#[test]
fn learned_priors_are_the_likeliest() {
    // Counts of documents by a planted alpha.
    let (alpha, mut rng) = ([0.2, 1.5, 0.6], Rng::seeded(5));
    let mut counts = Matrix::zeros(400, 3);
    let mut ln_theta = [0.0; 3];
    for d in 0..400 {
        let (mut theta, mut row) = ([0.0; 3], [0; 3]);
        Dirichlet::new(&alpha).sample(&mut rng, &mut theta);
        rng.multinomial(60, &theta, &mut row);
        (0..3).for_each(|k| counts[(d, k)] = row[k] as f64);
        (0..3).for_each(|k| ln_theta[k] += theta[k].max(1e-300).ln());
    }
    let of_counts = |a: &[f64]| {
        let rise = |a: f64, n: f64| lgamma(a + n) - lgamma(a);
        let of = |row: &[f64]| {
            row.iter().zip(a).map(|(n, a)| rise(*a, *n)).sum::<f64>() - rise(a.iter().sum(), row.iter().sum())
        };
        counts.rows().map(of).sum::<f64>()
    };
    let of_logs = |a: &[f64]| {
        400.0 * (lgamma(a.iter().sum()) - a.iter().map(|&a| lgamma(a)).sum::<f64>())
            + a.iter().zip(ln_theta).map(|(a, s)| a * s).sum::<f64>()
    };
    for symmetric in [true, false] {
        let mut by_counts = vec![1.0; 3];
        for _ in 0..200 {
            learn_by_counts(&mut by_counts, 400, symmetric, |d, row| row.copy_from_slice(counts.row(d)));
        }
        let mut by_logs = vec![1.0; 3];
        learn_by_logs(&mut by_logs, &ln_theta, 400.0, symmetric);
        let judges: [(&[f64], Likelihood); 2] = [(&by_counts, &of_counts), (&by_logs, &of_logs)];
        for (learned, likelihood) in judges {
            let best = likelihood(learned);
            for k in 0..3 {
                for factor in [0.99, 1.01] {
                    let mut other = learned.to_vec();
                    let moved = if symmetric { 0..3 } else { k..k + 1 };
                    moved.for_each(|k| other[k] *= factor);
                    assert!(likelihood(&other) < best, "{learned:?} {other:?}");
                }
            }
            assert!(
                symmetric || learned.iter().zip(alpha).all(|(a, b)| (a / b).ln().abs() < 0.3),
                "{learned:?}"
            );
        }
    }
}

#[test]
fn tokens_are_those_of_the_counts() {
    let x = Csr::new(4, vec![0, 2, 2, 3], vec![0, 3, 1], vec![2.0, 1.0, 3.0]).expect("counts");
    let tokens = Tokens::of(&x);
    assert_eq!(tokens, Tokens::of_lists(&[vec![0, 0, 3], vec![], vec![1, 1, 1]], 4));
    for n in [1, 2, 3, 10] {
        let runs = tokens.runs(n);
        assert!(runs.len() == n && runs[0].start == 0 && runs[n - 1].end == 3);
        assert!(runs.windows(2).all(|pair| pair[0].end == pair[1].start));
    }
}
