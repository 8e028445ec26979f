//! The same factors as a multinomial topic model.

use super::Factors;
use crate::error::{Error, Result};
use crate::linalg::{Csr, Matrix};
use crate::solve::hals::Penalty;
use crate::solve::scd;
use crate::tensors::{Named, TensorView, Tensors, visit_vector};

/// Documents that mix topics: x_d ~ Multinomial(s_d, theta_d beta).
#[derive(Clone, Debug, PartialEq)]
pub struct Multinomial {
    /// Memberships, n_docs x n_topics, rows that sum to 1.
    pub theta: Matrix<f64>,
    /// Topics, n_topics x n_words, rows that sum to 1.
    pub beta: Matrix<f64>,
    /// Sizes of the documents.
    pub sizes: Vec<f64>,
}

impl Multinomial {
    /// The multinomial model of Poisson factors (`poisson2multinom`; Carbonetto et al. 2022, eq. 5-7), for the same M:
    ///
    /// u_k = sum_w f_wk, beta_kw = f_wk / u_k, s_d = sum_k l_dk u_k, theta_dk = l_dk u_k / s_d
    ///
    /// A topic or a document of nothing becomes uniform.
    pub fn of(factors: &Factors) -> Multinomial {
        let u = factors.f.col_sums();
        let mut theta = factors.l.clone();
        let sizes: Vec<f64> = (0..theta.n_rows())
            .map(|d| {
                theta.row_mut(d).iter_mut().zip(&u).for_each(|(l, u)| *l *= u);
                normalise(theta.row_mut(d))
            })
            .collect();
        let mut beta = factors.f.transposed();
        normalise_rows(&mut beta);
        Multinomial { theta, beta, sizes }
    }

    /// The Poisson factors of the same M: l_dk = s_d theta_dk, F = beta'.
    pub fn factors(&self) -> Factors {
        let l = Matrix::from_fn(self.theta.n_rows(), self.theta.n_cols(), |d, k| {
            self.sizes[d] * self.theta[(d, k)]
        });
        Factors { l, f: self.beta.transposed() }
    }
}

impl Tensors for Multinomial {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.theta.visit_as("theta", each);
        self.beta.visit_as("beta", each);
        visit_vector(each, "sizes", self.sizes.as_slice());
    }
}

impl Multinomial {
    /// What [`Tensors::visit`] gave.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or do not agree.
    pub fn load(named: &Named) -> Result<Multinomial> {
        let (theta, beta) = (Matrix::load(named, "theta")?, Matrix::load(named, "beta")?);
        let sizes = named.vector_f64("sizes")?;
        if theta.n_cols() != beta.n_rows() || sizes.len() != theta.n_rows() {
            let received = format!("{:?}, {:?} and {}", theta.shape(), beta.shape(), sizes.len());
            return Err(Error::shape("memberships, topics and sizes that agree", received + "; fit again"));
        }
        Ok(Multinomial { theta, beta, sizes })
    }
}

/// The most likely expected counts of each topic in samples, n x n_topics: min over z >= 0 of D(x || z beta), each row
/// a convex problem of its own, solved until a sweep moves it by a part in 10^9. Beta has rows that sum to 1.
/// # Panics
/// If the numbers of words differ.
pub fn most_likely(x: &Csr<f64>, beta: &Matrix<f64>) -> Matrix<f64> {
    let (f, n_topics) = (beta.transposed(), beta.n_rows());
    // Sum z = sum x at the solution: every topic begins with an equal share.
    let mut z =
        Matrix::from_fn(x.n_rows(), n_topics, |i, _| x.row(i).1.iter().sum::<f64>() / n_topics as f64);
    scd::solve(&mut z, x, &f, &f.col_sums(), Penalty::default());
    z
}

/// Divides every row by its sum; one that sums to 0 becomes uniform.
pub fn normalise_rows(m: &mut Matrix<f64>) {
    (0..m.n_rows()).for_each(|i| _ = normalise(m.row_mut(i)));
}

/// Counts with a further column for each of `n_topics` topics, in which row i has `prior(i)`: what pulls topics as
/// words would that no other topic has.
pub fn with_own_columns(x: &Csr<f64>, n_topics: usize, prior: impl Fn(usize) -> f64) -> Csr<f64> {
    let p = x.n_cols();
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for i in 0..x.n_rows() {
        let (columns, counts) = x.row(i);
        indices.extend_from_slice(columns);
        values.extend_from_slice(counts);
        let prior = prior(i);
        if prior > 0.0 {
            indices.extend((0..n_topics).map(|k| (p + k) as u32));
            values.extend((0..n_topics).map(|_| prior));
        }
        indptr.push(values.len());
    }
    Csr::new(p + n_topics, indptr, indices, values).expect("columns rise, the topics' own last")
}

/// Divides by the sum, which is returned; what sums to 0 becomes uniform.
pub fn normalise(row: &mut [f64]) -> f64 {
    let sum: f64 = row.iter().sum();
    let n = row.len().max(1) as f64;
    row.iter_mut().for_each(|x| *x = if sum > 0.0 { *x / sum } else { 1.0 / n });
    sum
}
