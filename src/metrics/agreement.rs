//! How well estimates agree with what is true.

/// Agreement of two lists of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Pearson's correlation, 0 where either list is constant.
    pub correlation: f64,
    /// sqrt(mean (x - y)^2)
    pub rmse: f64,
    /// Lin's concordance (1989), 2 s_xy / (s_x^2 + s_y^2 + (mean x - mean y)^2) with variances of n - 1: 1 only where
    /// the lists are the same, 0 where both are constant.
    pub concordance: f64,
}

impl Agreement {
    /// Of estimates `x` and truth `y`.
    /// # Panics
    /// If the lengths differ.
    pub fn of(x: &[f64], y: &[f64]) -> Agreement {
        assert_eq!(x.len(), y.len(), "an estimate for each truth");
        let n = x.len().max(1) as f64;
        let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
        let (mut xx, mut yy, mut xy, mut squared) = (0.0, 0.0, 0.0, 0.0);
        for (x, y) in x.iter().zip(y) {
            squared += (x - y) * (x - y);
            let (x, y) = (x - mean_x, y - mean_y);
            xx += x * x;
            yy += y * y;
            xy += x * y;
        }
        let (apart, freedom) = (mean_x - mean_y, (n - 1.0).max(1.0));
        let whole = (xx + yy) / freedom + apart * apart;
        Agreement {
            correlation: if xx > 0.0 && yy > 0.0 { (xy / (xx * yy).sqrt()).clamp(-1.0, 1.0) } else { 0.0 },
            rmse: (squared / n).sqrt(),
            concordance: if whole > 0.0 { 2.0 * xy / freedom / whole } else { 0.0 },
        }
    }
}
