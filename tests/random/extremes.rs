//! Parameters at the ends of their range: an answer, soon, and not NaN. Parameters beyond: a panic.

use diabolo::random::Rng;

#[test]
fn extreme_parameters_give_numbers() {
    let mut rng = Rng::seeded(71);
    for _ in 0..200 {
        for shape in [f64::MIN_POSITIVE / 4.0, 1e-308, 1e-300, 1e-10, 1.0 - 1e-16, 1.0, 1e10, 1e300, f64::MAX]
        {
            assert!(rng.ln_gamma(shape).is_finite(), "ln gamma of shape {shape}");
            let x = rng.gamma(shape);
            assert!(x.is_finite() && x >= 0.0, "gamma of shape {shape}: {x}");
            for other in [1e-300, 1.0, 1e300] {
                assert!((0.0..=1.0).contains(&rng.beta(shape, other)), "beta({shape}, {other})");
            }
        }
        for lambda in [0.0, 1e-320, 1e-10, 1e15] {
            let k = rng.poisson(lambda) as f64;
            assert!((k - lambda).abs() <= 10.0 * lambda.sqrt() + 1.0, "poisson({lambda}): {k}");
        }
        assert_eq!(rng.poisson(1e300), u64::MAX);
        for n in [0, 1, 100, u64::MAX] {
            assert_eq!(rng.binomial(n, 0.0), 0);
            assert_eq!(rng.binomial(n, 1.0), n);
            for p in [1e-320, 1e-17, 0.5, 1.0 - 1e-16] {
                assert!(rng.binomial(n, p) <= n);
            }
        }
        assert_eq!(rng.negative_binomial(0.0, 1.0), 0);
        assert_eq!(rng.negative_binomial(1e-300, 1e-300), 0);
        assert!(rng.negative_binomial(1e6, 1e300).abs_diff(1_000_000) < 10_000);
        let mut counts = [0; 4];
        rng.multinomial(u64::MAX, &[1e300, 0.0, 1e-300, 1e300], &mut counts);
        assert_eq!(counts.iter().fold(0_u64, |sum, &c| sum.wrapping_add(c)), u64::MAX);
        assert_eq!(counts[1], 0);
    }
}

#[test]
fn impossible_parameters_are_refused() {
    let refused = |draw: fn(&mut Rng, f64)| {
        let all = [-1.0, f64::NAN, f64::INFINITY];
        all.into_iter().all(|bad| std::panic::catch_unwind(|| draw(&mut Rng::seeded(0), bad)).is_err())
    };
    assert!(refused(|rng, bad| {
        rng.gamma(bad);
    }));
    assert!(refused(|rng, bad| {
        rng.ln_gamma(bad);
    }));
    assert!(refused(|rng, bad| {
        rng.beta(1.0, bad);
    }));
    assert!(refused(|rng, bad| rng.dirichlet(&[1.0, bad], &mut [0.0; 2])));
    assert!(refused(|rng, bad| {
        rng.poisson(bad);
    }));
    assert!(refused(|rng, bad| {
        rng.binomial(5, bad);
    }));
    assert!(refused(|rng, bad| {
        rng.negative_binomial(bad, 1.0);
    }));
    assert!(refused(|rng, bad| {
        rng.negative_binomial(1.0, bad);
    }));
    assert!(refused(|rng, bad| rng.multinomial(5, &[1.0, bad], &mut [0; 2])));
    assert!(std::panic::catch_unwind(|| Rng::seeded(0).gamma(0.0)).is_err());
}
