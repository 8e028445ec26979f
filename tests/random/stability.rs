//! Value stability: a seed means the same draws in every version. A change here breaks every saved run.
//!
//! Golden values: this implementation at version 0.1.0. Real numbers pass through the platform's exp and
//! ln, so they are compared with a tolerance; the bits beneath are compared with the published generators
//! in `streams` and `fills`.

use crate::tolerance::GOLDEN_DRAW;
use diabolo::random::{Alias, Fenwick, PrefixSums, Rng};

#[test]
fn real_draws_are_stable() {
    let mut rng = Rng::keyed(2024, &[1, 2, 3]);
    let mut row = [0.0; 2];
    let mut draws = vec![rng.uniform(), rng.normal(), rng.exponential()];
    draws.extend([rng.gamma(2.5), rng.gamma(0.3), rng.ln_gamma(1e-3), rng.beta(2.0, 0.5)]);
    rng.dirichlet(&[1.0, 2.0], &mut row);
    draws.extend(row);
    let golden = [
        0.076_274_592_254_046_31,
        1.450_110_604_392_524_3,
        0.063_984_411_919_440_7,
        3.062_713_732_408_992,
        0.019_894_623_757_555_404,
        -388.001_765_552_374_2,
        0.924_121_901_775_133_8,
        0.011_530_034_843_694_775,
        0.988_469_965_156_305_3,
    ];
    for (x, expected) in draws.iter().zip(golden) {
        assert!((x - expected).abs() <= GOLDEN_DRAW * expected.abs(), "{draws:?}");
    }
}

#[test]
fn whole_draws_are_stable() {
    let mut rng = Rng::keyed(2024, &[4]);
    let weights = [0.5, 3.0, 0.0, 1.5, 2.0];
    let draws = [
        rng.poisson(3.0),
        rng.poisson(300.0),
        rng.binomial(20, 0.3),
        rng.binomial(2000, 0.7),
        rng.negative_binomial(20.0, 2.0),
        rng.categorical(&weights) as u64,
        Alias::new(&weights).sample(&mut rng) as u64,
        PrefixSums::new(&weights).sample(&mut rng) as u64,
        Fenwick::new(&weights).sample(&mut rng) as u64,
    ];
    assert_eq!(draws, [1, 282, 10, 1380, 19, 3, 4, 0, 0]);
    let mut counts = [0; 5];
    rng.multinomial(100, &weights, &mut counts);
    assert_eq!(counts, [9, 44, 0, 21, 26]);
}
