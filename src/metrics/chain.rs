//! Whether a Markov chain has forgotten its start.

/// The split potential scale reduction R^ of one chain (Gelman & Rubin 1992, in the split form of Gelman et
/// al. 2013, section 11.4): near 1 where the halves of the chain look alike, above 1.1 where they do not.
///
/// R^^2 = ((n - 1)/n W + B/n) / W with B/n the variance of the means of the halves and W the mean of their
/// variances, n the length of a half. `None` of fewer than 8 values, or of values that do not vary.
pub fn split_r_hat(chain: &[f64]) -> Option<f64> {
    let n = chain.len() / 2;
    if n < 4 {
        return None;
    }
    let halves = [&chain[..n], &chain[chain.len() - n..]];
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let variance = |x: &[f64]| {
        let centre = mean(x);
        x.iter().map(|x| (x - centre).powi(2)).sum::<f64>() / (x.len() as f64 - 1.0)
    };
    let within = mean(&halves.map(variance));
    let between = variance(&halves.map(mean));
    let n = n as f64;
    (within > 0.0).then(|| (((n - 1.0) / n * within + between) / within).sqrt())
}
