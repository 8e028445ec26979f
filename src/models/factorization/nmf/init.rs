//! Where the factors start.

use crate::linalg::{Features, Matrix};
use crate::random::Rng;

/// W and H' with entries uniform in (0, 2 sqrt(mean(X) / k)): then the mean of W H is the mean of X.
pub fn random(x: &Features, n_components: usize, seed: u64) -> (Matrix<f64>, Matrix<f64>) {
    let mean = x.sum_of(|v| v) / (x.n_samples() * x.n_features()) as f64;
    let scale = 2.0 * (mean / n_components as f64).sqrt();
    let draw = |n_rows: usize, stream: u64| {
        let mut rng = Rng::keyed(seed, &[stream]);
        Matrix::from_fn(n_rows, n_components, |_, _| scale * rng.uniform())
    };
    (draw(x.n_samples(), 0), draw(x.n_features(), 1))
}
