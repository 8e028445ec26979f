//! The choice among candidates that were cross-validated.

/// The error of a candidate over the folds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The standard error of the mean: the deviation of the folds' errors over the root of their number.
    pub standard_error: f64,
}

impl Estimate {
    /// Of the errors of the folds, two or more.
    pub fn of(errors: &[f64]) -> Estimate {
        let n = errors.len() as f64;
        let mean = errors.iter().sum::<f64>() / n;
        let variance = errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
        Estimate { mean, standard_error: (variance / n).sqrt() }
    }
}

/// Which candidates stand out, by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The least mean error, the first of equals.
    pub best: usize,
    /// The simplest whose mean error is within one standard error of the best (Breiman, Friedman, Olshen & Stone
    /// 1984, section 3.4.3); of equally simple ones the better.
    pub one_standard_error: usize,
}

impl Choice {
    /// Among candidates with their simplicity, less being simpler; `None` of none.
    pub fn of(candidates: &[(Estimate, Vec<f64>)]) -> Option<Choice> {
        let by_mean = |a: &usize, b: &usize| candidates[*a].0.mean.total_cmp(&candidates[*b].0.mean);
        let best = (0..candidates.len()).min_by(by_mean)?;
        let Estimate { mean, standard_error } = candidates[best].0;
        let near = (0..candidates.len()).filter(|&c| candidates[c].0.mean <= mean + standard_error);
        let simplest = near.min_by(|a, b| {
            let pairs = candidates[*a].1.iter().zip(&candidates[*b].1);
            let first = pairs.map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne());
            first.unwrap_or(std::cmp::Ordering::Equal).then_with(|| by_mean(a, b))
        });
        Some(Choice { best, one_standard_error: simplest.unwrap_or(best) })
    }
}
