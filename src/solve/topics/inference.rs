//! Topics of documents given the topics' words, and what they say of the words (Blei, Ng & Jordan 2003; Hoffman, Blei
//! & Bach 2010): the E step of variational inference, and the fixed point of proportions given known topics.

use super::priors::padded;
use crate::linalg::{Csr, Matrix};
use diabolo_kernels::parallel::{for_each_row_block, map_chunks, map_row_blocks, map_tasks};
use diabolo_kernels::sparse::Sparse;
use diabolo_kernels::topics::{Inference, Loading, stride};
use diabolo_kernels::vector::VectorMath;

/// Entries and documents of a task: a batch of a few hundred documents makes ten.
const TASK: usize = 1 << 11;

/// Words of a task.
const WORDS: usize = 256;

/// Documents of a task of the bound.
const DOCS: usize = 128;

/// What every word weighs in every topic, as the fixed point reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Words {
    /// b, n_words x stride, every row relative to its largest entry.
    by_word: Vec<f32>,
    /// The logarithm of that entry, n_words.
    ln_scale: Vec<f64>,
    n_topics: usize,
    loading: Loading,
}

impl Words {
    /// Under q(beta_k) = Dirichlet(lambda_k): b = exp(E ln beta), for `lambda` n_words x n_topics.
    pub fn variational(lambda: &Matrix<f64>) -> Words {
        let mut words = Words::unread(lambda.n_rows(), lambda.n_cols());
        words.refresh(lambda);
        words
    }

    /// Room for what [`Words::refresh`] fills in.
    pub fn unread(n_words: usize, n_topics: usize) -> Words {
        Words::empty(n_words, n_topics, Loading::Variational)
    }

    /// The same for another lambda, in the room of the last.
    /// # Panics
    /// If lambda has another shape.
    pub fn refresh(&mut self, lambda: &Matrix<f64>) {
        let mut at_total = lambda.col_sums();
        f64::digamma_in_place(&mut at_total);
        self.fill(lambda, |row| {
            f64::digamma_in_place(row);
            row.iter_mut().zip(&at_total).for_each(|(x, total)| *x -= total);
        });
    }

    /// Given topics: b = beta, n_words x n_topics.
    pub fn proportional(beta: &Matrix<f64>) -> Words {
        let mut words = Words::empty(beta.n_rows(), beta.n_cols(), Loading::Proportional);
        words.fill(beta, f64::ln_in_place);
        words
    }

    fn empty(n_words: usize, n_topics: usize, loading: Loading) -> Words {
        Words {
            by_word: vec![0.0; n_words * stride(n_topics)],
            ln_scale: vec![0.0; n_words],
            n_topics,
            loading,
        }
    }

    fn fill(&mut self, rows: &Matrix<f64>, ln: impl Fn(&mut [f64]) + Sync + Send) {
        let n_topics = self.n_topics;
        assert_eq!(rows.shape(), [self.ln_scale.len(), n_topics], "a row a word, a column a topic");
        let width = stride(n_topics);
        let scales = map_row_blocks(&mut self.by_word, width, WORDS, |first, block| {
            let mut row = vec![0.0; n_topics];
            let scale_of = |(w, out): (usize, &mut [f32])| {
                row.copy_from_slice(rows.row(w));
                ln(&mut row);
                let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                // A word that no topic has stands nowhere.
                let scale = if largest.is_finite() { largest } else { 0.0 };
                row.iter_mut().for_each(|x| *x -= scale);
                f64::exp_in_place(&mut row);
                out.iter_mut().zip(&row).for_each(|(b, &x)| *b = x as f32);
                scale
            };
            (first..).zip(block.chunks_exact_mut(width)).map(scale_of).collect::<Vec<f64>>()
        });
        self.ln_scale.iter_mut().zip(scales.into_iter().flatten()).for_each(|(to, scale)| *to = scale);
    }

    /// b of a word relative to its largest entry, n_topics.
    pub fn of(&self, word: usize) -> &[f32] {
        &self.by_word[word * stride(self.n_topics)..][..self.n_topics]
    }

    /// Infers the documents of `x` from gamma, n_docs x stride, where it is given; else every document starts with
    /// equal shares of its tokens. At most `max_iter` iterations, until the mean change of gamma is below `tol`.
    pub fn infer(
        &self,
        x: &Csr<f32>,
        alpha: &[f64],
        gamma: Option<Matrix<f32>>,
        max_iter: usize,
        tol: f64,
    ) -> Codes {
        let width = stride(self.n_topics);
        let alpha = padded(alpha);
        let mut gamma = gamma.unwrap_or_else(|| self.start(x, &alpha));
        let mut loads = Matrix::zeros(x.n_rows(), width);
        let mut ratios = x.clone();
        let inference = Inference {
            alpha: &alpha,
            n_topics: self.n_topics,
            by_word: &self.by_word,
            loading: self.loading,
            max_iter,
            tol: tol as f32,
        };
        let mut tasks = Vec::new();
        let (mut g, mut l) = (gamma.values_mut(), loads.values_mut());
        let mut r = ratios.values_mut();
        for run in x.view().pattern().blocks(TASK) {
            let (own_g, other_g) = g.split_at_mut(run.len() * width);
            let (own_l, other_l) = l.split_at_mut(run.len() * width);
            let (own_r, other_r) = r.split_at_mut(x.indptr()[run.end] - x.indptr()[run.start]);
            tasks.push((run.start, own_g, own_l, own_r));
            (g, l, r) = (other_g, other_l, other_r);
        }
        let found = map_tasks(tasks, |(first, g, l, r)| inference.run(x.view(), first, g, l, r));
        Codes {
            n_topics: self.n_topics,
            gamma,
            loads,
            ratios,
            ln_sums: found.iter().map(|found| found.ln_sums).sum(),
            n_iter: found.iter().map(|found| found.n_iter).sum(),
        }
    }

    /// gamma_dk = alpha_k + n_d / n_topics.
    fn start(&self, x: &Csr<f32>, alpha: &[f32]) -> Matrix<f32> {
        let mut gamma = Matrix::zeros(x.n_rows(), stride(self.n_topics));
        for d in 0..x.n_rows() {
            let share = x.row(d).1.iter().sum::<f32>() / self.n_topics as f32;
            let row = &mut gamma.row_mut(d)[..self.n_topics];
            row.iter_mut().zip(alpha).for_each(|(g, a)| *g = a + share);
        }
        gamma
    }

    /// S_wk = sum_d x_dw phi_dwk of inferred documents, n_words x n_topics: tokens of a word with a topic.
    pub fn statistics(&self, codes: &Codes) -> Matrix<f64> {
        let mut pulled = Matrix::zeros(self.ln_scale.len(), stride(self.n_topics));
        codes.pull(&mut pulled);
        let n = self.n_topics;
        let mut statistics = Matrix::zeros(pulled.n_rows(), n);
        for_each_row_block(statistics.values_mut(), n, WORDS, |first, block| {
            for (w, row) in (first..).zip(block.chunks_exact_mut(n)) {
                let (pulled, b) = (pulled.row(w), self.of(w));
                row.iter_mut().enumerate().for_each(|(k, s)| *s = f64::from(pulled[k]) * f64::from(b[k]));
            }
        });
        statistics
    }

    /// The documents' part of the evidence lower bound, at phi optimal given gamma and lambda:
    ///
    /// sum_dw x_dw ln sum_k exp(E ln theta_dk + E ln beta_kw) - KL(q(theta) || Dirichlet(alpha))
    ///
    /// and sum_d E ln theta_dk, n_topics, from which alpha is learned.
    pub fn bound(&self, x: &Csr<f32>, codes: &Codes, alpha: &[f64]) -> (f64, Vec<f64>) {
        let n = self.n_topics;
        let ln_normaliser = ln_beta_function(alpha);
        let partials = map_chunks(x.n_rows(), DOCS, |docs| {
            let (mut bound, mut sums) = (0.0, vec![0.0; n]);
            let (mut gamma, mut ln_theta, mut ln_gamma) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
            for d in docs {
                gamma.iter_mut().zip(codes.gamma.row(d)).for_each(|(to, &g)| *to = f64::from(g));
                let total: f64 = gamma.iter().sum();
                let largest = gamma.iter().copied().fold(0.0, f64::max);
                let mut ends = [total, largest, largest + 4.0];
                f64::digamma_in_place(&mut ends);
                f64::digamma_into(&gamma, &mut ln_theta);
                f64::lgamma_into(&gamma, &mut ln_gamma);
                let (words, counts) = x.row(d);
                let (mut n_tokens, mut scales) = (0.0, 0.0);
                for (&w, &count) in words.iter().zip(counts) {
                    n_tokens += f64::from(count);
                    scales += f64::from(count) * self.ln_scale[w as usize];
                }
                // e = exp(psi(gamma)) times exp(psi(g + 4) - psi(g)) of the largest g.
                bound += scales - n_tokens * (ends[0] + ends[2] - ends[1]);
                let (mut kl, mut ln_gammas) = (0.0, 0.0);
                for k in 0..n {
                    ln_theta[k] -= ends[0];
                    sums[k] += ln_theta[k];
                    kl += (gamma[k] - alpha[k]) * ln_theta[k];
                    ln_gammas += ln_gamma[k];
                }
                bound -= kl + diabolo_kernels::special::lgamma(total) - ln_gammas + ln_normaliser;
            }
            (bound, sums)
        });
        let mut sums = vec![0.0; n];
        for (_, of_chunk) in &partials {
            sums.iter_mut().zip(of_chunk).for_each(|(sum, more)| *sum += more);
        }
        (codes.ln_sums + partials.iter().map(|(bound, _)| bound).sum::<f64>(), sums)
    }
}

/// sum_k ln Gamma(a_k) - ln Gamma(sum a)
pub fn ln_beta_function(a: &[f64]) -> f64 {
    use diabolo_kernels::special::lgamma;
    a.iter().map(|&a| lgamma(a)).sum::<f64>() - lgamma(a.iter().sum())
}

/// Documents whose topics have been inferred.
#[derive(Clone, Debug, PartialEq)]
pub struct Codes {
    n_topics: usize,
    /// gamma, n_docs x stride.
    pub gamma: Matrix<f32>,
    /// e, n_docs x stride.
    loads: Matrix<f32>,
    /// r, as the counts lie.
    ratios: Csr<f32>,
    /// sum x ln sum e b, as they are scaled.
    ln_sums: f64,
    /// Iterations taken, all documents together.
    pub n_iter: u64,
}

impl Codes {
    /// `pulled` = sum_d r_dw e_dk, n_words x stride: what times b are the tokens of each word with each topic.
    /// # Panics
    /// If `pulled` has another shape.
    pub fn pull(&self, pulled: &mut Matrix<f32>) {
        f32::spmm_t(1.0, self.ratios.view(), self.loads.view(), 0.0, pulled.view_mut());
    }

    /// gamma / sum gamma, n_docs x n_topics: the mean topics of every document.
    pub fn theta(&self) -> Matrix<f64> {
        let mut theta = Matrix::zeros(self.gamma.n_rows(), self.n_topics);
        for d in 0..self.gamma.n_rows() {
            let gamma = &self.gamma.row(d)[..self.n_topics];
            let total: f64 = gamma.iter().map(|&g| f64::from(g)).sum();
            theta.row_mut(d).iter_mut().zip(gamma).for_each(|(t, &g)| *t = f64::from(g) / total);
        }
        theta
    }
}
