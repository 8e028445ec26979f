//! Where the factors start.
//!
//! Topic-SCORE (Ke & Wang 2022). With D the words' shares of each document, n_words x n_docs, and M = diag of their
//! mean over documents, let v_1 ... v_K be the leading left singular vectors of M^-1/2 D. The points
//! r_w = (v_2w / v_1w, ..., v_Kw / v_1w) lie in a simplex: each is a mean of its K corners, weighed by how much of
//! the word each topic has. The corners are hunted among the means of clusters of frequent words, by successive
//! projections (Araujo et al. 2001; Gillis & Vavasis 2014). With pi_w the weights of r_w,
//!
//! f_wk ~ sqrt(M_w) v_1w pi_wk, columns that sum to 1; and L is likely for that F.

use crate::error::Result;
use crate::linalg::{Csr, Features, Matrix, falling};
use crate::monitor::Env;
use crate::random::Rng;
use crate::solve::hals::Penalty;
use crate::solve::lloyd::{Lloyd, Points, plus_plus};
use crate::solve::nnls;
use crate::solve::poisson::{Factors, Multinomial, uniform_start};
use crate::solve::scd;
use crate::solve::spectral::truncated_svd;
use diabolo_kernels::sparse::Sparse;

/// Key of the stream that the clusters start by.
const CLUSTERS: u64 = 2;

/// Clusters of words for each corner (Ke & Wang 2022, section 3.4, take ten).
const CLUSTERS_PER_CORNER: usize = 10;

/// Iterations of the clusters: means that still move a little are means.
const CLUSTER_ITERATIONS: usize = 50;

/// Relative residual of the singular vectors: a start needs few digits of them.
const ROUGH: f64 = 0.02;

/// Points further out than this are words too rare to have a place.
const FARTHEST: f64 = 50.0;

/// The share of every topic that is the mean of the corpus, so that none lacks a word for good.
const COMMON: f64 = 0.01;

/// Sweeps that find L for the first F.
const SWEEPS: usize = 10;

/// The start by topic-SCORE; at random where there are more topics than samples or features have dimensions.
/// # Errors
/// [`crate::error::Error::Numerical`] where singular vectors are not found; memory over the limit.
pub fn topic_score(x: &Features, rows: &Csr<f64>, n_topics: usize, env: &Env) -> Result<Factors> {
    let (n, m) = (x.n_samples(), x.n_features());
    if n_topics > n.min(m) {
        return Ok(uniform_start(x, n_topics, env.seed));
    }
    env.budget.charge_array(rows.nnz() as u64, 16, "shares of words for topic-SCORE")?;
    let inverse = |x: f64| if x > 0.0 { 1.0 / x } else { 0.0 };
    // D', and with M^-1/2 at its columns.
    let mut shares = rows.clone();
    let per_row: Vec<f64> = x.row_sums().into_iter().map(inverse).collect();
    f64::scale_rows(rows.view().pattern(), &per_row, shares.values_mut());
    let mean: Vec<f64> = Features::from(shares.clone()).col_sums().iter().map(|sum| sum / n as f64).collect();
    let per_col: Vec<f64> = mean.iter().map(|&mean| inverse(mean.sqrt())).collect();
    f64::scale_cols(rows.view().pattern(), &per_col, shares.values_mut());

    let v = truncated_svd(&Features::from(shares), n_topics, ROUGH, env.seed)?.v;
    let first = |w: usize| v[(w, 0)].abs();
    let points = Matrix::from_fn(m, n_topics - 1, |w, k| {
        let at = v[(w, k + 1)] * inverse(first(w));
        at.clamp(-FARTHEST, FARTHEST)
    });
    let corners = corners(&points, &mean, n_topics, env.seed);
    let mut weights = points.matmul_nt(&corners);
    nnls::simplex(&corners.matmul_nt(&corners), &mut weights);

    let mut f = Matrix::from_fn(m, n_topics, |w, k| mean[w].sqrt() * first(w) * weights[(w, k)]);
    let sums = f.col_sums();
    for w in 0..m {
        for (f, sum) in f.row_mut(w).iter_mut().zip(&sums) {
            *f = (1.0 - COMMON) * *f * inverse(*sum) + COMMON * mean[w];
        }
    }
    let row_sums = x.row_sums();
    let mut l = Matrix::from_fn(n, n_topics, |i, _| row_sums[i] / n_topics as f64);
    scd::sweeps(&mut l, rows, &f, Penalty::default(), SWEEPS);
    // A loading of 0 would stay 0 under multiplication.
    let least = COMMON / n_topics as f64;
    for (i, sum) in row_sums.iter().enumerate() {
        l.row_mut(i).iter_mut().for_each(|l| *l = l.max(least * sum));
    }
    let balanced = Multinomial::of(&Factors { l, f });
    Ok(balanced.factors())
}

/// The corners of the simplex that points lie in, n_corners x their dimension.
fn corners(points: &Matrix<f64>, frequency: &[f64], n_corners: usize, seed: u64) -> Matrix<f64> {
    if points.n_cols() == 0 {
        return Matrix::zeros(n_corners, 0);
    }
    // Of rare words the points are noise: those of more than the mean frequency, or enough of the first.
    let order = falling(frequency);
    let average = frequency.iter().sum::<f64>() / frequency.len() as f64;
    let n_clusters = CLUSTERS_PER_CORNER * n_corners;
    let n_frequent = order.iter().take_while(|&&w| frequency[w] >= average).count();
    let frequent = points.select_rows(&order[..n_frequent.max(n_clusters).min(order.len())]);
    let means = cluster_means(&frequent, n_clusters.min(frequent.n_rows()), seed);
    means.select_rows(&successive_projections(&means, n_corners))
}

fn cluster_means(points: &Matrix<f64>, n_clusters: usize, seed: u64) -> Matrix<f64> {
    let points = Points::Dense(points);
    let start = plus_plus(&points, n_clusters, &mut Rng::keyed(seed, &[CLUSTERS]));
    let mut lloyd = Lloyd::new(&points, points.dense_rows(&start));
    for _ in 0..CLUSTER_ITERATIONS {
        if lloyd.step(&points).n_changed == 0 {
            break;
        }
    }
    lloyd.means()
}

/// Rows that span the most: each the one furthest from the span of those before, a constant coordinate added so
/// that affine and linear independence are one.
fn successive_projections(points: &Matrix<f64>, n: usize) -> Vec<usize> {
    let d = points.n_cols();
    let mut rest = Matrix::from_fn(points.n_rows(), d + 1, |i, j| if j < d { points[(i, j)] } else { 1.0 });
    let mut chosen = Vec::with_capacity(n);
    while chosen.len() < n {
        let norms: Vec<f64> = rest.rows().map(|row| row.iter().map(|x| x * x).sum()).collect();
        let far = falling(&norms)[0];
        chosen.push(far);
        let axis = rest.row(far).to_vec();
        for i in 0..rest.n_rows() {
            let row = rest.row_mut(i);
            let along =
                row.iter().zip(&axis).map(|(x, a)| x * a).sum::<f64>() / norms[far].max(f64::MIN_POSITIVE);
            row.iter_mut().zip(&axis).for_each(|(x, a)| *x -= along * a);
        }
    }
    chosen
}
