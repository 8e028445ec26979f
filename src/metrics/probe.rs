//! What simple classifiers can read out of codes: how much a code tells of a class.

use crate::linalg::Matrix;
use crate::solve::lbfgs::{Lbfgs, minimise};
use diabolo_kernels::distance::Distance;
use diabolo_kernels::gemm::{Epilogue, Gemm};
use diabolo_kernels::loss::RowLoss;
use diabolo_kernels::reduce::Reduce;
use diabolo_kernels::vector::{Arithmetic, Broadcast, RowMath};
use diabolo_kernels::{MatMut, MatRef};

/// The share of equal elements; NaN of none.
/// # Panics
/// If the lengths differ.
pub fn accuracy(predicted: &[u32], classes: &[u32]) -> f64 {
    assert_eq!(predicted.len(), classes.len(), "one class each");
    predicted.iter().zip(classes).filter(|(a, b)| a == b).count() as f64 / classes.len() as f64
}

/// The class most of the `n_neighbours` nearest rows of `x` have, for each row of `queries`; of equal classes
/// the smallest, of equal distances the first row.
/// # Panics
/// If the sizes do not agree or there are fewer than `n_neighbours` rows.
pub fn nearest_neighbours(
    x: &Matrix<f64>,
    classes: &[u32],
    queries: &Matrix<f64>,
    n_neighbours: usize,
) -> Vec<u32> {
    assert!(x.n_rows() == classes.len() && x.n_cols() == queries.n_cols(), "sizes do not agree");
    assert!((1..=x.n_rows()).contains(&n_neighbours), "{n_neighbours} neighbours of {} rows", x.n_rows());
    const BLOCK: usize = 256;
    let norms = |x: MatRef<f64>| {
        let mut norms = vec![0.0; x.rows()];
        f64::row_squared_norms(x, &mut norms);
        norms
    };
    let x_norms = norms(x.view());
    let mut predicted = Vec::with_capacity(queries.n_rows());
    let mut distances = vec![0.0; BLOCK.min(queries.n_rows()) * x.n_rows()];
    for first in (0..queries.n_rows()).step_by(BLOCK) {
        let rows = queries.view().row_range(first, (first + BLOCK).min(queries.n_rows()));
        let distances = &mut distances[..rows.rows() * x.n_rows()];
        f64::squared_distances(rows, x.view(), &norms(rows), &x_norms, distances);
        for row in distances.chunks_exact(x.n_rows()) {
            let mut order: Vec<usize> = (0..row.len()).collect();
            let nearer = |&a: &usize, &b: &usize| row[a].total_cmp(&row[b]).then(a.cmp(&b));
            order.select_nth_unstable_by(n_neighbours - 1, nearer);
            let mut votes: Vec<u32> = order[..n_neighbours].iter().map(|&i| classes[i]).collect();
            votes.sort_unstable();
            let runs = votes.chunk_by(|a, b| a == b);
            let most = runs.rev().max_by_key(|run| run.len()).map_or(0, |run| run[0]);
            predicted.push(most);
        }
    }
    predicted
}

/// A linear classifier: P(c | x) = softmax(x W + b)_c.
#[derive(Clone, Debug, PartialEq)]
pub struct SoftmaxProbe {
    /// W, features x classes.
    pub weights: Matrix<f64>,
    /// b, one a class.
    pub bias: Vec<f64>,
    /// Whether the fit came to its end.
    pub converged: bool,
}

impl SoftmaxProbe {
    /// Minimises -sum_i ln P(c_i | x_i) + penalty/2 ||W||^2 (multinomial logistic regression) by L-BFGS.
    /// # Panics
    /// If the sizes do not agree or a class is not below `n_classes`.
    pub fn fit(x: &Matrix<f64>, classes: &[u32], n_classes: usize, penalty: f64) -> SoftmaxProbe {
        let (n, d) = (x.n_rows(), x.n_cols());
        assert_eq!(n, classes.len(), "one class a row");
        let mut parameters = vec![0.0; (d + 1) * n_classes];
        let (mut logits, mut flow) = (vec![0.0; n * n_classes], vec![0.0; n * n_classes]);
        let settings = Lbfgs { max_iterations: 2000, tol: 1e-9 * (1.0 + n as f64), ..Lbfgs::default() };
        let end = minimise(&mut parameters, &settings, |parameters, gradient| {
            let (w, bias) = parameters.split_at(d * n_classes);
            let (d_w, d_bias) = gradient.split_at_mut(d * n_classes);
            logits_of(x, w, bias, &mut logits);
            let loss = f64::softmax_cross_entropy(&logits, n_classes, classes, 1.0, Some(&mut flow), None);
            d_w.copy_from_slice(w);
            let (by_logits, d_w) = (MatRef::new(&flow, n, n_classes), MatMut::new(d_w, d, n_classes));
            f64::gemm(1.0, x.view().t(), by_logits, penalty, d_w, Epilogue::default());
            f64::column_sums(&flow, 0.0, d_bias);
            loss + 0.5 * penalty * f64::squared_norm(w)
        });
        let bias = parameters.split_off(d * n_classes);
        SoftmaxProbe { weights: Matrix::from_vec(d, n_classes, parameters), bias, converged: end.converged }
    }

    /// P(c | x), rows of `x` x classes.
    /// # Panics
    /// If `x` has other features.
    pub fn probabilities(&self, x: &Matrix<f64>) -> Matrix<f64> {
        let n_classes = self.bias.len();
        let mut p = vec![0.0; x.n_rows() * n_classes];
        logits_of(x, self.weights.values(), &self.bias, &mut p);
        f64::softmax_rows(&mut p, n_classes);
        Matrix::from_vec(x.n_rows(), n_classes, p)
    }

    /// The most probable class of each row.
    /// # Panics
    /// If `x` has other features.
    pub fn predict(&self, x: &Matrix<f64>) -> Vec<u32> {
        self.probabilities(x).rows().map(|row| f64::arg_max(row).unwrap_or(0) as u32).collect()
    }
}

/// x W + b
fn logits_of(x: &Matrix<f64>, w: &[f64], bias: &[f64], logits: &mut [f64]) {
    let (n, n_classes) = (x.n_rows(), bias.len());
    let w = MatRef::new(w, x.n_cols(), n_classes);
    let epilogue = Epilogue { bias: Some(bias), ..Epilogue::default() };
    f64::gemm(1.0, x.view(), w, 0.0, MatMut::new(logits, n, n_classes), epilogue);
}

/// Scales columns to mean 0 and variance 1 by the first sample's moments; constant columns become 0.
pub fn standardised<'a>(x: &Matrix<f64>, all: impl IntoIterator<Item = &'a Matrix<f64>>) -> Vec<Matrix<f64>> {
    let n = x.n_rows() as f64;
    let mean: Vec<f64> = (0..x.n_cols()).map(|j| x.rows().map(|row| row[j]).sum::<f64>() / n).collect();
    let variance = |j: usize| x.rows().map(|row| (row[j] - mean[j]).powi(2)).sum::<f64>() / n;
    let factors: Vec<f64> =
        (0..x.n_cols()).map(variance).map(|v| if v > 0.0 { 1.0 / v.sqrt() } else { 0.0 }).collect();
    let scale = |x: &Matrix<f64>| {
        let mut scaled = x.clone();
        for i in 0..x.n_rows() {
            let row = scaled.row_mut(i);
            f64::sub_in_place(&mean, row);
            f64::mul_in_place(&factors, row);
        }
        scaled
    };
    all.into_iter().map(scale).collect()
}
