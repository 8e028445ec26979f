//! Tests of fit: Kolmogorov and Smirnov's for continuous distributions, chi-square for discrete ones.

use crate::tolerance::FIT_PROBABILITY;

/// ln gamma(x), x > 0: Stirling's series after the recurrence has carried x beyond 10.
pub fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut product) = (x, 1.0_f64);
    while x < 10.0 {
        product *= x;
        x += 1.0;
    }
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5));
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - product.ln()
}

/// The regularised incomplete gamma function P(a, x): the distribution of gamma(a), by its series below
/// the mean and by Lentz's continued fraction above.
pub fn gamma_p(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let scale = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term > sum * 1e-16 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return scale * sum;
    }
    let mut b = x + 1.0 - a;
    let mut c = 1e300;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for i in 1..10_000 {
        let numerator = -f64::from(i) * (f64::from(i) - a);
        b += 2.0;
        d = 1.0 / (numerator * d + b);
        c = b + numerator / c;
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    1.0 - scale * fraction
}

/// The distribution function of the standard normal: P(1/2, x^2/2) is that of |x|.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * (1.0 + gamma_p(0.5, 0.5 * x * x).copysign(x))
}

/// Fails unless the sample looks drawn from the distribution with this distribution function.
///
/// D = sup |F_n - F|; P(sqrt(n) D > t) tends to 2 sum_j (-1)^(j-1) exp(-2 j^2 t^2) (Kolmogorov 1933).
pub fn assert_distribution(what: &str, mut sample: Vec<f64>, cdf: impl Fn(f64) -> f64) {
    assert!(sample.iter().all(|x| !x.is_nan()), "{what}: NaN in the sample");
    sample.sort_by(f64::total_cmp);
    let n = sample.len() as f64;
    let mut distance = 0.0_f64;
    for (i, &x) in sample.iter().enumerate() {
        let f = cdf(x);
        distance = distance.max((f - i as f64 / n).abs()).max(((i + 1) as f64 / n - f).abs());
    }
    let t = distance * n.sqrt();
    let tail = |j: i32| f64::from(j).powi(2) * -2.0 * t * t;
    let sign = |j: i32| if j % 2 == 1 { 2.0 } else { -2.0 };
    let probability: f64 = (1..100).map(|j| sign(j) * tail(j).exp()).sum();
    let probability = if t < 0.2 { 1.0 } else { probability };
    assert!(probability > FIT_PROBABILITY, "{what}: D = {distance:.5}, probability {probability:.2e}");
}

/// Fails unless the counts look drawn from these probabilities (which may leave a rest: one more cell).
///
/// Pearson's sum of (observed - expected)^2 / expected; cells with less than 5 expected are merged.
pub fn assert_counts_fit(what: &str, counts: &[u64], probabilities: &[f64]) {
    assert_eq!(counts.len(), probabilities.len(), "{what}: as many counts as probabilities");
    let total = counts.iter().sum::<u64>() as f64;
    let (mut statistic, mut cells) = (0.0, 0);
    let (mut small_count, mut small_expected) = (0.0, 0.0);
    let mut add = |observed: f64, expected: f64| {
        statistic += (observed - expected).powi(2) / expected;
        cells += 1;
    };
    for (&count, &probability) in counts.iter().zip(probabilities) {
        let expected = probability * total;
        assert!(expected > 0.0 || count == 0, "{what}: {count} draws of something impossible");
        if expected < 5.0 {
            small_count += count as f64;
            small_expected += expected;
        } else {
            add(count as f64, expected);
        }
    }
    if small_expected > 1e-3 {
        add(small_count, small_expected);
    } else {
        assert!(small_count <= 2.0, "{what}: {small_count} draws where {small_expected:.1e} were expected");
    }
    if cells > 1 {
        let probability = 1.0 - gamma_p(f64::from(cells - 1) / 2.0, statistic / 2.0);
        assert!(
            probability > FIT_PROBABILITY,
            "{what}: chi-square {statistic:.2} of {} degrees, probability {probability:.2e}",
            cells - 1
        );
    }
}

/// Fails unless mean and variance are within five standard errors of these.
pub fn assert_moments(what: &str, sample: &[f64], mean: f64, variance: f64) {
    let n = sample.len() as f64;
    let sample_mean = sample.iter().sum::<f64>() / n;
    let central = |power: i32| sample.iter().map(|x| (x - sample_mean).powi(power)).sum::<f64>() / n;
    let (sample_variance, fourth) = (central(2), central(4));
    let mean_error = (variance / n).sqrt();
    let variance_error = ((fourth - sample_variance.powi(2)).max(0.0) / n).sqrt();
    assert!(
        (sample_mean - mean).abs() <= 5.0 * mean_error + 1e-12 * mean.abs(),
        "{what}: mean {sample_mean} instead of {mean}, standard error {mean_error:.2e}"
    );
    assert!(
        (sample_variance - variance).abs() <= 5.0 * variance_error + 1e-12 * variance,
        "{what}: variance {sample_variance} instead of {variance}, standard error {variance_error:.2e}"
    );
}
