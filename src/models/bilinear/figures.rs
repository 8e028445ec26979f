//! What predictions of a matrix have to show: predicted against observed values, the error of rows with
//! few and with many entries, recommendations.

use super::Bilinear;
use crate::error::Result;
use crate::figure::{Axis, Figure, Plot, Series};
use crate::linalg::Matrix;
use crate::models::Data;
use crate::solve::observed::Observed;

/// Points drawn at most, evenly picked.
const SHOWN_POINTS: usize = 1500;

/// Rows that recommendations are shown for.
pub const SHOWN_ROWS: usize = 10;

/// Ranges of the number of entries that errors are shown by.
const RANGES: usize = 8;

/// Entries of one row that are predicted.
pub struct Row {
    /// The number of entries its factor was fitted to.
    pub n_entries: usize,
    /// (observed, predicted)
    pub pairs: Vec<(f64, f64)>,
}

impl Bilinear {
    pub(super) fn draw(&self, x: &Data) -> Result<Vec<Figure>> {
        let features = x.features()?;
        let (mut rows, mut recommended) = (Vec::new(), Vec::new());
        self.each_block(features, |first, observed, codes| {
            recommended.extend(self.recommendations(first, &observed, &codes, x));
            let predicted = self.with_rows(codes).predict(observed.pattern());
            collect_rows(&observed, &predicted, |i| observed.n_in_row(i), &mut rows);
        })?;
        let held_out = &self.fitted.held_out;
        // Errors at entries that the fit has not seen say more, but only of the data it was fitted to.
        let is_held_out = !held_out.is_empty() && held_out.n_rows() == features.n_samples();
        if is_held_out {
            let n_entries: Vec<usize> = rows.iter().map(|row| row.n_entries).collect();
            let predicted = self.fitted.factors.predict(held_out.pattern());
            rows.clear();
            collect_rows(held_out, &predicted, |i| n_entries[i] - held_out.n_in_row(i), &mut rows);
        }
        let which = if is_held_out { "Entries held out of the fit" } else { "Observed entries" };
        let mut figures = vec![predicted_against_observed(&rows, which)];
        figures.extend(error_by_count(&rows, which));
        figures.extend(recommendations(
            "For the first samples, the features with the highest predictions among those not observed.",
            recommended,
        ));
        Ok(figures)
    }

    /// Table rows of the samples that are shown and have something left to recommend.
    fn recommendations(
        &self,
        first: usize,
        observed: &Observed,
        codes: &Matrix<f64>,
        x: &Data,
    ) -> Vec<Vec<String>> {
        let shown = SHOWN_ROWS.saturating_sub(first).min(codes.n_rows());
        let row = |i: usize| {
            let best = self.best_features(codes.row(i), observed.row(i).0, self.fold_in.top_n).ok()?;
            let named = best.iter().map(|(j, value)| format!("{} {value:.2}", x.names.feature(*j as usize)));
            let text = named.collect::<Vec<_>>().join(", ");
            (!text.is_empty()).then(|| vec![x.names.sample(first + i), text])
        };
        (0..shown).filter_map(row).collect()
    }
}

/// A table of samples and what is recommended to them, if there is anything.
pub fn recommendations(caption: &str, rows: Vec<Vec<String>>) -> Option<Figure> {
    let header = vec!["sample".into(), "best unobserved features".into()];
    (!rows.is_empty()).then(|| Figure::new("Recommendations", caption, Plot::Table { header, rows }))
}

/// Pairs (observed, predicted) row by row.
pub fn collect_rows(
    observed: &Observed,
    predicted: &[f64],
    n_entries: impl Fn(usize) -> usize,
    rows: &mut Vec<Row>,
) {
    for i in 0..observed.n_rows() {
        let predicted = &predicted[observed.pattern().row(i)];
        let pairs = observed.row(i).1.iter().copied().zip(predicted.iter().copied()).collect();
        rows.push(Row { n_entries: n_entries(i), pairs });
    }
}

/// A cloud of predicted against observed values; `which` says of which entries.
pub fn predicted_against_observed(rows: &[Row], which: &str) -> Figure {
    let pairs: Vec<(f64, f64)> = rows.iter().flat_map(|row| row.pairs.iter().copied()).collect();
    let every = pairs.len().div_ceil(SHOWN_POINTS).max(1);
    let (observed, predicted) = pairs.into_iter().step_by(every).unzip();
    Figure::new(
        "Predicted against observed",
        format!("{which}. On the diagonal predictions would be exact."),
        Plot::Scatter {
            x: Axis::linear("observed"),
            y: Axis::linear("predicted"),
            series: vec![Series { name: String::new(), x: observed, y: predicted }],
        },
    )
}

/// The root mean squared error of rows by the number of their entries, if rows differ in it.
pub fn error_by_count(rows: &[Row], which: &str) -> Option<Figure> {
    let mut order: Vec<&Row> = rows.iter().filter(|row| !row.pairs.is_empty()).collect();
    order.sort_by_key(|row| row.n_entries);
    let (least, most) = (order.first()?.n_entries, order.last()?.n_entries);
    if least == most {
        return None;
    }
    let per_range = order.len().div_ceil(RANGES);
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for range in order.chunks(per_range) {
        let n_entries = range.iter().map(|row| row.n_entries).sum::<usize>() as f64 / range.len() as f64;
        let errors = range.iter().flat_map(|row| row.pairs.iter().map(|(r, p)| (r - p) * (r - p)));
        let n_pairs = range.iter().map(|row| row.pairs.len()).sum::<usize>() as f64;
        x.push(n_entries);
        y.push((errors.sum::<f64>() / n_pairs).sqrt());
    }
    Some(Figure::new(
        "Error by number of entries",
        format!("{which}: samples sorted by how many entries they were fitted to, in groups of equal size."),
        Plot::Lines {
            x: Axis::linear("entries of a sample, mean of its group"),
            y: Axis::linear("root mean squared error"),
            series: vec![Series { name: String::new(), x, y }],
        },
    ))
}
