//! Where least squares begin.

use super::Factors;
use crate::error::Result;
use crate::linalg::Matrix;
use crate::random::Rng;
use crate::solve::observed::{Observed, Sides, root_mean_square};
use crate::solve::spectral::simultaneous::{Effort, leading_right};

/// Stream of the columns beyond the components.
const SPARE_COLUMNS: u64 = 2;

impl Factors {
    /// Factors to start from: biases by shrunken means, then the leading singular vectors of what they leave of the
    /// entries, what is not observed taken as 0 ([`crate::solve::spectral::simultaneous`]). From there least squares find
    /// the matrix if enough is observed (Jain, Netrapalli & Sanghavi 2013, algorithm 1), where from random
    /// factors they can run into valleys whose floor is at infinity. Vectors that the data lacks stay random.
    ///
    /// Beside biases, singular values are shrunken as noise of the entries' spread asks
    /// (Gavish & Donoho 2017, eq. 1.5), those that noise alone explains nearly to 0: least squares with a ridge then
    /// grow them only as far as the data wants.
    /// # Errors
    /// [`crate::Error::Numerical`] where values are extreme.
    pub fn spectral(sides: &Sides, n_components: usize, biased: bool, seed: u64) -> Result<Factors> {
        let mut factors = Factors::random(&sides.rows, n_components, biased, seed);
        let [n, m] = [factors.rows.n_rows(), factors.cols.n_rows()];
        let centred = if biased { factors.start_biases(sides) } else { sides.rows.values().to_vec() };
        let by_columns = sides.by_columns(&centred);
        let times = |observed: &Observed, values: &[f64], x: &Matrix<f64>, n_rows: usize| {
            let mut product = Matrix::zeros(n_rows, x.n_cols());
            observed.product(1.0, values, x.view(), 0.0, product.view_mut());
            product
        };
        // Among noisy ratings there are many minima, and vectors that are only near leave it to the seed which of
        // them is found.
        let effort = if biased { Effort::CLOSE } else { Effort::ROUGH };
        let width = (n_components + effort.spare).min(m).max(n_components);
        let mut rng = Rng::keyed(seed, &[SPARE_COLUMNS]);
        let random =
            Matrix::from_fn(
                m,
                width,
                |j, l| if l < n_components { factors.cols[(j, l)] } else { rng.normal() },
            );
        let right = leading_right(
            |b| times(&sides.rows, &centred, b, n),
            |b| times(&sides.cols, &by_columns, b, m),
            &random,
            n_components,
            effort,
        )?;
        let left = times(&sides.rows, &centred, &right, n);
        let squared_sigma = |l: usize| left.col(l).iter().map(|x| x * x).sum::<f64>();
        let sigma: Vec<f64> = (0..n_components).map(|l| squared_sigma(l).sqrt()).collect();
        let least = 1e-9 * sigma.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        // Entries that are not observed are 0: what is left of the matrix is about this share of it.
        let share = sides.rows.len() as f64 / (n as f64 * m as f64);
        let noise = root_mean_square(&centred) * share.sqrt();
        for l in (0..n_components).filter(|&l| sigma[l] > least) {
            let kept = if biased { shrunken(sigma[l], noise, [n, m]) } else { sigma[l] };
            let scale = (kept / share).sqrt();
            (0..n).for_each(|i| factors.rows[(i, l)] = left[(i, l)] / sigma[l] * scale);
            (0..m).for_each(|j| factors.cols[(j, l)] = right[(j, l)] * scale);
        }
        Ok(factors)
    }

    /// Sets the biases to means, each counted with a few entries of 0 more, of what the others leave; gives what all
    /// of them leave of the entries.
    fn start_biases(&mut self, sides: &Sides) -> Vec<f64> {
        let k = self.n_components();
        let of = |observed: &Observed, own: &mut Matrix<f64>, other: &Matrix<f64>, mean: f64| {
            for i in 0..own.n_rows() {
                let (columns, values) = observed.row(i);
                let left = columns.iter().zip(values).map(|(&j, r)| r - mean - other[(j as usize, k)]);
                own[(i, k)] = left.sum::<f64>() / (columns.len() as f64 + BIAS_ENTRIES);
            }
        };
        for _ in 0..BIAS_SWEEPS {
            of(&sides.rows, &mut self.rows, &self.cols, self.mean);
            of(&sides.cols, &mut self.cols, &self.rows, self.mean);
        }
        let expected = |(i, j, r)| r - self.mean - self.rows[(i, k)] - self.cols[(j, k)];
        sides.rows.entries().map(expected).collect()
    }
}

/// Sweeps of the start of the biases, and the entries of 0 that each is counted with.
const BIAS_SWEEPS: usize = 3;
const BIAS_ENTRIES: f64 = 5.0;

/// What is left at least of a singular value of the start.
const LEAST_KEPT: f64 = 0.1;

/// A singular value of an n x m matrix freed from noise of this standard deviation: with y and beta <= 1 in
/// units of the noise, sqrt((y^2 - beta - 1)^2 - 4 beta) / y above 1 + sqrt(beta), and little below.
fn shrunken(sigma: f64, noise: f64, [n, m]: [usize; 2]) -> f64 {
    let (short, long) = (n.min(m) as f64, n.max(m) as f64);
    let unit = noise * long.sqrt();
    let (y, beta) = (sigma / unit, short / long);
    let least = LEAST_KEPT * sigma;
    if y.is_nan() || y <= 1.0 + beta.sqrt() {
        return least;
    }
    (((y * y - beta - 1.0).powi(2) - 4.0 * beta).max(0.0).sqrt() / y * unit).max(least)
}
