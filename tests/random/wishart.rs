//! The Wishart distribution: its mean and variances, and the gamma of its diagonal.

use super::goodness::{assert_distribution, assert_moments, gamma_p};
use diabolo::random::Rng;

#[test]
fn wishart() {
    const K: usize = 3;
    for (key, nu) in [2.5, 3.0, 11.0].into_iter().enumerate() {
        let mut rng = Rng::keyed(36, &[key as u64]);
        let draws: Vec<Vec<f64>> = (0..20_000)
            .map(|_| {
                let a = rng.wishart_factor(nu, K);
                let element = |i: usize, j: usize| (0..K).map(|l| a[i * K + l] * a[j * K + l]).sum();
                (0..K * K).map(|at| element(at / K, at % K)).collect()
            })
            .collect();
        for i in 0..K {
            for j in 0..K {
                // E X = nu I; Var X_ij = nu (1 + delta_ij)
                let x: Vec<f64> = draws.iter().map(|draw| draw[i * K + j]).collect();
                let (mean, variance) = if i == j { (nu, 2.0 * nu) } else { (0.0, nu) };
                assert_moments(&format!("element {i}, {j} at {nu}"), &x, mean, variance);
            }
            let diagonal = draws.iter().map(|draw| draw[i * K + i]).collect();
            assert_distribution(&format!("diagonal {i} at {nu}"), diagonal, |x| gamma_p(0.5 * nu, 0.5 * x));
        }
    }
}
