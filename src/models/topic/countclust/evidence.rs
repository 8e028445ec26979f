//! ln p(X | K) by Laplace's approximation around the posterior mode (Taddy 2012, section 3.2), but for the terms that
//! are the same for every K.
//!
//! ```text
//! ln p(X | K) ~ ln p(X, mode) + d/2 ln 2 pi - 1/2 ln |H| + ln K!
//! d = n_docs (K - 1) + K (n_words - 1) natural parameters, the mode counted once for each order of the topics
//! ```
//! H, minus the second derivatives at the mode, is taken block by block, a block a document and a block a topic. With
//! responsibilities r_dwk = theta_dk beta_kw / q_dw, s_d the size of a document and a = 1/K, b = 1/(K n_words):
//!
//! ```text
//! of document d, over k, l:  a I + sum_w x_dw r_dwk r_dwl - (s_d + K a) theta_dk theta_dl
//! of topic k, over w, v:     diag(c_kw + b) + m_k beta_k' + beta_k m_k' - (M_k + N_k + n_words b) beta_k beta_k'
//!     c_kw = sum_d x_dw r_dwk^2,  m_kw = n_kw - c_kw,  N_k, M_k their sums over words
//! ```
//! the first because the mode has n_dk + a = (s_d + K a) theta_dk, the second because n_kw + b = (N_k + n_words b)
//! beta_kw. Natural parameters are relative to one of their number, whose row and column are left out.

use crate::linalg::{Csr, Matrix};
use crate::solve::poisson::Multinomial;
use diabolo_kernels::parallel::map_chunks;
use diabolo_kernels::special::lgamma;

/// Documents a task takes.
const DOCS_PER_TASK: usize = 64;

/// What a curvature is at least: the mode is flat where it is less, and the search not quite at it.
const FLAT: f64 = 1e-12;

/// The log evidence, given the log posterior that the mode has without its constants.
pub fn log_evidence(m: &Multinomial, x: &Csr<f64>, cols: &Csr<f64>, log_posterior: f64) -> f64 {
    let (n, k, p) = (m.theta.n_rows() as f64, m.beta.n_rows(), m.beta.n_cols() as f64);
    let (kf, a, b) = (k as f64, 1.0 / k as f64, 1.0 / (k as f64 * p));
    // Of Dirichlet densities: ln Gamma(sum) - sum ln Gamma, for every document and every topic.
    let constants = n * (lgamma(kf * a) - kf * lgamma(a)) + kf * (lgamma(p * b) - p * lgamma(b));
    let documents: f64 = map_chunks(x.n_rows(), DOCS_PER_TASK, |docs| {
        docs.map(|d| ln_determinant(document_block(m, x, d, a))).sum::<f64>()
    })
    .into_iter()
    .sum();
    let topics: f64 = topic_determinants(m, cols, b).iter().sum();
    let d = n * (kf - 1.0) + kf * (p - 1.0);
    log_posterior + constants + 0.5 * d * std::f64::consts::TAU.ln() - 0.5 * (documents + topics)
        + lgamma(kf + 1.0)
}

/// The block of a document, without its last row and column.
fn document_block(m: &Multinomial, x: &Csr<f64>, d: usize, a: f64) -> Matrix<f64> {
    let (k, theta) = (m.beta.n_rows(), m.theta.row(d));
    let (words, counts) = x.row(d);
    let free = k - 1;
    let size = counts.iter().sum::<f64>() + k as f64 * a;
    let mut block =
        Matrix::from_fn(free, free, |i, j| f64::from(u8::from(i == j)) * a - size * theta[i] * theta[j]);
    let mut r = vec![0.0; k];
    for (&w, &count) in words.iter().zip(counts) {
        for (l, r) in r.iter_mut().enumerate() {
            *r = theta[l] * m.beta[(l, w as usize)];
        }
        let q = r.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        r.iter_mut().for_each(|r| *r /= q);
        for i in 0..free {
            let scaled = count * r[i];
            block.row_mut(i).iter_mut().zip(&r).for_each(|(b, r)| *b += scaled * r);
        }
    }
    block
}

/// ln |H_k| of every topic, by the determinant lemma: |D + U S U'| = |D| |I + S U' D^-1 U| with U = [m, beta].
fn topic_determinants(m: &Multinomial, cols: &Csr<f64>, b: f64) -> Vec<f64> {
    let (k, p) = (m.beta.n_rows(), m.beta.n_cols());
    let (mut n, mut c) = (Matrix::<f64>::zeros(k, p), Matrix::<f64>::zeros(k, p));
    let mut r = vec![0.0; k];
    for w in 0..p {
        let (docs, counts) = cols.row(w);
        for (&d, &count) in docs.iter().zip(counts) {
            for (l, r) in r.iter_mut().enumerate() {
                *r = m.theta[(d as usize, l)] * m.beta[(l, w)];
            }
            let q = r.iter().sum::<f64>().max(f64::MIN_POSITIVE);
            for (l, r) in r.iter().enumerate() {
                n[(l, w)] += count * r / q;
                c[(l, w)] += count * (r / q) * (r / q);
            }
        }
    }
    let of_topic = |l: usize| {
        let (n, c, beta) = (n.row(l), c.row(l), m.beta.row(l));
        // The reference is the commonest word.
        let reference = (0..p).fold(0, |best, w| if beta[w] > beta[best] { w } else { best });
        let (mut ln_diagonal, mut mm, mut mb, mut bb) = (0.0, 0.0, 0.0, 0.0);
        for w in (0..p).filter(|&w| w != reference) {
            let (moved, diagonal) = (n[w] - c[w], (c[w] + b).max(FLAT));
            ln_diagonal += diagonal.ln();
            mm += moved * moved / diagonal;
            mb += moved * beta[w] / diagonal;
            bb += beta[w] * beta[w] / diagonal;
        }
        let (total, kept) = (n.iter().sum::<f64>(), c.iter().sum::<f64>());
        let curve = 2.0 * total - kept + p as f64 * b;
        // I + S U' D^-1 U with S = [[0, 1], [1, -curve]].
        let determinant = (1.0 + mb) * (1.0 + mb - curve * bb) - bb * (mm - curve * mb);
        ln_diagonal + determinant.max(FLAT).ln()
    };
    (0..k).map(of_topic).collect()
}

/// ln |A| of a symmetric positive definite matrix, by elimination.
fn ln_determinant(mut a: Matrix<f64>) -> f64 {
    let n = a.n_rows();
    let mut total = 0.0;
    for j in 0..n {
        let pivot = a[(j, j)].max(FLAT);
        total += pivot.ln();
        for i in j + 1..n {
            let factor = a[(i, j)] / pivot;
            for l in j + 1..n {
                a[(i, l)] -= factor * a[(j, l)];
            }
        }
    }
    total
}
