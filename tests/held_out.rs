//! Held-out evaluation of topics.

use crate::tolerance::LEFT_TO_RIGHT;
use diabolo::linalg::{Csr, Matrix};
use diabolo::metrics::held_out::{completion, left_to_right};
use diabolo_kernels::parallel::with_threads;
use diabolo_kernels::special::lgamma;

fn counts(rows: &[&[f64]]) -> Csr<f64> {
    Csr::from_dense(&Matrix::from_vec(rows.len(), rows[0].len(), rows.concat()))
}

fn beta() -> Matrix<f64> {
    Matrix::from_vec(2, 3, vec![0.7, 0.2, 0.1, 0.1, 0.2, 0.7])
}

#[test]
fn documents_are_completed_as_defined() {
    let (seen, unseen) =
        (counts(&[&[2.0, 0.0, 1.0], &[0.0, 0.0, 0.0]]), counts(&[&[0.0, 1.0, 3.0], &[1.0, 0.0, 0.0]]));
    let mut theta = [0.5, 0.5];
    for _ in 0..50 {
        let p = |w: usize| theta[0] * beta()[(0, w)] + theta[1] * beta()[(1, w)];
        let next =
            [0, 1].map(|k| 0.1 + 2.0 * theta[k] * beta()[(k, 0)] / p(0) + theta[k] * beta()[(k, 2)] / p(2));
        theta = next.map(|n| n / (next[0] + next[1]));
    }
    let p = |w: usize| theta[0] * beta()[(0, w)] + theta[1] * beta()[(1, w)];
    // Of a document without a word, equal shares.
    let ln_sum = p(1).ln() + 3.0 * p(2).ln() + (0.5_f64 * 0.7 + 0.5 * 0.1).ln();
    let got = completion(&beta(), &[0.1, 0.1], &seen, &unseen);
    assert_eq!(got.n_tokens, 5.0);
    assert!((got.perplexity - (-ln_sum / 5.0_f64).exp()).abs() < 1e-12, "{got:?}");
    // A word that no topic has is very unlikely, not impossible.
    let none = Matrix::from_vec(1, 2, vec![1.0, 0.0]);
    let got = completion(&none, &[0.1], &counts(&[&[1.0, 0.0]]), &counts(&[&[0.0, 1.0]]));
    assert!(got.perplexity.is_finite() && got.perplexity > 1e299);
}

/// p(w | alpha, beta) of one document by all assignments of topics.
fn enumerated(words: &[usize], alpha: &[f64]) -> f64 {
    let n = words.len() as u32;
    let rise = |a: f64, n: f64| (lgamma(a + n) - lgamma(a)).exp();
    let of = |code: usize| {
        let mut by_topic = [0.0; 2];
        let mut p = 1.0;
        for (t, &w) in words.iter().enumerate() {
            let k = code >> t & 1;
            by_topic[k] += 1.0;
            p *= beta()[(k, w)];
        }
        p * rise(alpha[0], by_topic[0]) * rise(alpha[1], by_topic[1])
            / rise(alpha[0] + alpha[1], f64::from(n))
    };
    (0..1 << n).map(of).sum()
}

#[test]
fn left_to_right_is_the_evidence_in_the_mean() {
    let alpha = [0.3, 0.8];
    let x = counts(&[&[2.0, 1.0, 2.0], &[0.0, 0.0, 4.0], &[0.0, 0.0, 0.0], &[0.0, 1.0, 0.0]]);
    let exact =
        [enumerated(&[0, 0, 1, 2, 2], &alpha), enumerated(&[2; 4], &alpha), 1.0, enumerated(&[1], &alpha)];
    let got = left_to_right(&beta(), &alpha, &x, 20_000, 1);
    for (got, exact) in got.iter().zip(exact) {
        assert!((got - exact.ln()).abs() < LEFT_TO_RIGHT, "{got} {}", exact.ln());
    }
    let of = |n| with_threads(n, || left_to_right(&beta(), &alpha, &x, 50, 1));
    assert!(of(1) == of(3));
}
