//! The Wishart distribution.
//!
//! Density: |X|^((nu - k - 1)/2) exp(-tr(X)/2) up to a constant, X symmetric positive definite of order k,
//! nu > k - 1 degrees of freedom; its mean is nu I. Source: Bartlett's decomposition (1933): X = A A' with A
//! lower triangular, A_ii^2 chi-square of nu - i degrees of freedom (i from 0), A_ij standard normal below.

use super::Rng;

impl Rng {
    /// Bartlett's factor A of a Wishart matrix of scale I, k x k, row-major; zeros above the diagonal.
    /// For scale S = L L', L A is the factor.
    /// # Panics
    /// If `nu` is not above k - 1.
    pub fn wishart_factor(&mut self, nu: f64, k: usize) -> Vec<f64> {
        assert!(nu > k as f64 - 1.0, "wishart: {nu} degrees of freedom for order {k}");
        let mut a = vec![0.0; k * k];
        for i in 0..k {
            for j in 0..i {
                a[i * k + j] = self.normal();
            }
            a[i * k + i] = (2.0 * self.gamma(0.5 * (nu - i as f64))).sqrt();
        }
        a
    }
}
