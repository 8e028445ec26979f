//! How well scores tell two classes apart: those that are (positives) and those that are not (negatives).

/// Scores at which the two classes are counted: for each different score, falling, how many positives and negatives have
/// it or a higher one.
struct Counts {
    /// (positives, negatives) so far.
    at: Vec<(f64, f64)>,
    n_positives: f64,
    n_negatives: f64,
}

impl Counts {
    fn of(positives: &[f64], negatives: &[f64]) -> Counts {
        let mut scores: Vec<(f64, bool)> = positives.iter().map(|&score| (score, true)).collect();
        scores.extend(negatives.iter().map(|&score| (score, false)));
        scores.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let (mut p, mut n) = (0.0, 0.0);
        let mut at = Vec::new();
        for equal in scores.chunk_by(|a, b| a.0 == b.0) {
            let hits = equal.iter().filter(|(_, is)| *is).count();
            p += hits as f64;
            n += (equal.len() - hits) as f64;
            at.push((p, n));
        }
        Counts { at, n_positives: positives.len() as f64, n_negatives: negatives.len() as f64 }
    }
}

/// The area under the receiver operating characteristic: the probability that a positive scores above a negative, ties
/// counted half (Hanley & McNeil 1982). NaN where a class is empty.
pub fn roc_auc(positives: &[f64], negatives: &[f64]) -> f64 {
    let counts = Counts::of(positives, negatives);
    let (mut area, mut before) = (0.0, (0.0, 0.0));
    for &(p, n) in &counts.at {
        area += (n - before.1) * 0.5 * (p + before.0);
        before = (p, n);
    }
    area / (counts.n_positives * counts.n_negatives)
}

/// The average precision: sum over falling scores of (recall - recall before) precision, equal scores together. NaN where
/// there are no positives.
pub fn average_precision(positives: &[f64], negatives: &[f64]) -> f64 {
    let counts = Counts::of(positives, negatives);
    let (mut sum, mut before) = (0.0, 0.0);
    for &(p, n) in &counts.at {
        sum += (p - before) * p / (p + n);
        before = p;
    }
    sum / counts.n_positives
}

/// The receiver operating characteristic: shares of negatives and of positives at or above each score, from (0, 0) on.
pub fn roc_curve(positives: &[f64], negatives: &[f64]) -> Vec<(f64, f64)> {
    let counts = Counts::of(positives, negatives);
    let points = counts.at.iter().map(|(p, n)| (n / counts.n_negatives, p / counts.n_positives));
    std::iter::once((0.0, 0.0)).chain(points).collect()
}

/// Recall and precision at or above each score.
pub fn precision_recall_curve(positives: &[f64], negatives: &[f64]) -> Vec<(f64, f64)> {
    let counts = Counts::of(positives, negatives);
    counts.at.iter().map(|(p, n)| (p / counts.n_positives, p / (p + n))).collect()
}
