//! The mean and the precision of a Gaussian given draws of it, under the conjugate prior.
//!
//! x_i ~ N(mu, Lambda^-1), i = 1 ... n;  mu | Lambda ~ N(0, (beta_0 Lambda)^-1), Lambda ~ Wishart(S^-1, nu_0)
//!
//! Given the x_i (Salakhutdinov & Mnih 2008, eq. 14; Bishop 2006, section 2.3.6):
//!
//! Lambda ~ Wishart(M^-1, nu_0 + n), M = S + sum_i (x_i - m)(x_i - m)' + beta_0 n / (beta_0 + n) m m'
//!
//! mu | Lambda ~ N(n m / (beta_0 + n), ((beta_0 + n) Lambda)^-1), m the mean of the x_i
//!
//! With M = U'U and Bartlett's factor A of a Wishart matrix of scale I, Lambda = B B' with B = U^-1 A, and
//! mu is its mean plus U' A'^-1 z / sqrt(beta_0 + n), z standard normal: no inverse is formed.

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::random::Rng;
use diabolo_kernels::small::Small;

/// A Gaussian by its mean and its precision, the inverse of the covariance.
#[derive(Clone, Debug, PartialEq)]
pub struct Gaussian {
    /// mu, of length k.
    pub mean: Vec<f64>,
    /// Lambda, k x k.
    pub precision: Matrix<f64>,
}

/// The prior.
#[derive(Clone, Debug, PartialEq)]
pub struct NormalWishart {
    /// beta_0: how many draws the mean is worth.
    pub beta: f64,
    /// nu_0: the degrees of freedom of the precision, above k - 1.
    pub nu: f64,
    /// The diagonal of S, of length k: squares of the scale of each coordinate.
    pub scale: Vec<f64>,
}

impl NormalWishart {
    /// The mean and the precision drawn given the rows of `x`, n x k.
    /// # Errors
    /// [`Error::Numerical`] where the rows are not finite or too large for their squares.
    /// # Panics
    /// If k is not that of the prior.
    pub fn draw(&self, x: &Matrix<f64>, rng: &mut Rng) -> Result<Gaussian> {
        let (n, k) = (x.n_rows() as f64, x.n_cols());
        let mean = column_means(x);
        let centred = Matrix::from_fn(x.n_rows(), k, |i, l| x[(i, l)] - mean[l]);
        let mut m = centred.gram();
        let weight = self.beta * n / (self.beta + n);
        for a in 0..k {
            for b in 0..k {
                m[(a, b)] += weight * mean[a] * mean[b] + if a == b { self.scale[a] } else { 0.0 };
            }
        }
        let mut u = m.into_values();
        f64::cholesky_small(&mut u, k).map_err(|failure| {
            let why = format!("{failure:?}; look for extreme values in the data");
            Error::numerical("the spread of the factors", why)
        })?;

        let a = rng.wishart_factor(self.nu + n, k);
        let b = Matrix::from_vec(k, k, solve_upper_left(&u, &a, k));
        let precision = b.matmul_nt(&b);

        let mut y: Vec<f64> = (0..k).map(|_| rng.normal()).collect();
        solve_transposed_lower(&a, &mut y);
        let total = self.beta + n;
        let mut drawn: Vec<f64> = mean.iter().map(|m| n / total * m).collect();
        add_transposed_upper(&u, &y, 1.0 / total.sqrt(), &mut drawn);
        Ok(Gaussian { mean: drawn, precision })
    }
}

/// The mean of every column; 0 of no rows.
fn column_means(x: &Matrix<f64>) -> Vec<f64> {
    let mut sums = vec![0.0; x.n_cols()];
    for row in x.rows() {
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
    sums.iter_mut().for_each(|sum| *sum /= (x.n_rows() as f64).max(1.0));
    sums
}

/// x += factor U'y for upper triangular U, k x k: the draw of covariance factor^2 U'U.
pub fn add_transposed_upper(u: &[f64], y: &[f64], factor: f64, x: &mut [f64]) {
    let k = x.len();
    for (p, y) in y.iter().enumerate() {
        let scaled = factor * y;
        x[p..].iter_mut().zip(&u[p * k + p..(p + 1) * k]).for_each(|(x, u)| *x += scaled * u);
    }
}

/// U^-1 A for upper triangular U, k x k both.
fn solve_upper_left(u: &[f64], a: &[f64], k: usize) -> Vec<f64> {
    let mut b = a.to_vec();
    for i in (0..k).rev() {
        let (above, below) = b.split_at_mut((i + 1) * k);
        let row = &mut above[i * k..];
        for (p, known) in below.chunks_exact(k).enumerate() {
            let factor = u[i * k + i + 1 + p];
            row.iter_mut().zip(known).for_each(|(b, known)| *b -= factor * known);
        }
        row.iter_mut().for_each(|b| *b /= u[i * k + i]);
    }
    b
}

/// y <- A'^-1 y for lower triangular A.
fn solve_transposed_lower(a: &[f64], y: &mut [f64]) {
    let k = y.len();
    for i in (0..k).rev() {
        y[i] /= a[i * k + i];
        for j in 0..i {
            y[j] -= a[i * k + j] * y[i];
        }
    }
}
