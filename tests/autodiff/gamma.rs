//! Gamma and Dirichlet draws: quantiles, implicit gradients, and their distribution.

use diabolo::autodiff::op::gamma::{derivative, ln_quantile};
use diabolo::autodiff::{Graph, Program, Store, check};
use diabolo::random::Rng;
use diabolo_kernels::special::gammainc;
use proptest::prelude::*;

#[test]
fn quantiles_are_inverse() {
    for a in [1e-3, 0.05, 0.4, 1.0, 2.5, 30.0, 1e3, 1e5] {
        for u in [1e-9, 1e-3, 0.2, 0.5, 0.9, 0.999_999] {
            let ln_z = ln_quantile(a, u);
            let z = ln_z.exp();
            if z > 1e-290 {
                let back = gammainc(a, z);
                assert!((back - u).abs() <= 1e-12 + 1e-10 * u, "a = {a}, u = {u}: {back}");
            }
        }
    }
}

/// Against central differences of the quantile itself.
#[test]
fn derivatives_agree_with_differences() {
    for a in [0.01, 0.3, 0.9, 1.0, 3.0, 17.0, 200.0, 2e4] {
        for u in [1e-6, 0.01, 0.3, 0.5, 0.7, 0.99, 0.999_99] {
            let step = 1e-5 * f64::max(a, 1e-2);
            let difference = (ln_quantile(a + step, u) - ln_quantile(a - step, u)) / (2.0 * step);
            let ours = derivative(a, ln_quantile(a, u));
            let scale = ours.abs().max(1e-3 / a);
            assert!((ours - difference).abs() <= 2e-6 * scale, "a = {a}, u = {u}: {ours} {difference}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn gradients_go_through_draws(m in 1_usize..4, n in 2_usize..5, seed in any::<u64>(), dirichlet in any::<bool>()) {
        let mut store = Store::default();
        let alpha = super::parameter(&mut store, "alpha", [m, n], super::Domain::Positive, seed);
        let mut graph = Graph::default();
        let (alpha, u) = (graph.read(&store, alpha), graph.input(m, n));
        let y = if dirichlet { graph.dirichlet_draws(alpha, u) } else { graph.ln_gamma_draws(alpha, u) };
        let (loss, input, weights) = check::weighed_sum(&mut graph, y, seed);
        let mut rng = Rng::seeded(seed);
        let noise: Vec<f64> = (0..m * n).map(|_| rng.uniform()).collect();
        let fill = |program: &mut Program<f64>| {
            program.input_mut(u).copy_from_slice(&noise);
            program.input_mut(input).copy_from_slice(&weights);
        };
        let worst = check::worst(graph, loss, &mut store, fill, 6e-6);
        prop_assert!(worst.error <= crate::tolerance::GRADIENT, "{worst:?}");
    }
}

/// E z = a and E theta = alpha / sum(alpha), over 20,000 draws.
#[test]
fn draws_have_their_means() {
    let mut rng = Rng::seeded(8);
    for a in [0.1, 1.5, 12.0] {
        let n = 20_000;
        let mean = (0..n).map(|_| ln_quantile(a, rng.uniform()).exp()).sum::<f64>() / f64::from(n);
        // Five standard errors: the variance is a.
        assert!((mean - a).abs() <= 5.0 * (a / f64::from(n)).sqrt(), "{a}: {mean}");
    }
}
