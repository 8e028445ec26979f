//! What a posterior has to show: errors, whether its intervals hold what they promise, the chain,
//! recommendations with their intervals.

use super::{Bpmf, Interval};
use crate::error::Result;
use crate::figure::{Axis, Figure, Plot, Series};
use crate::linalg::Matrix;
use crate::metrics::interval::coverage;
use crate::models::bilinear::{
    Row, SHOWN_ROWS, collect_rows, error_by_count, predicted_against_observed, recommendations,
};
use crate::models::{Data, Decode};
use crate::monitor::Env;
use crate::solve::observed::Observed;
use crate::solve::top_n::{Scored, best_of};
use diabolo_kernels::sparse::Pattern;

/// Levels that intervals are held against.
const LEVELS: [f64; 13] = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99];

impl Bpmf {
    pub(super) fn draw_figures(&self, x: &Data) -> Result<Vec<Figure>> {
        let features = x.features()?;
        let (mut rows, mut recommended) = (Vec::new(), Vec::new());
        self.each_block(features, |first, observed, codes| {
            if first < SHOWN_ROWS {
                recommended.extend(self.recommended(observed, codes, x)?);
            }
            let predicted = self.predict_codes(codes, observed.pattern());
            collect_rows(observed, &predicted, |i| observed.n_in_row(i), &mut rows);
            Ok(())
        })?;
        let held_out = &self.fitted.held_out;
        // Errors at entries that the fit has not seen say more, but only of the data it was fitted to.
        let is_held_out = !held_out.is_empty() && held_out.n_rows() == features.n_samples();
        if is_held_out {
            let n_entries: Vec<usize> = rows.iter().map(|row: &Row| row.n_entries).collect();
            rows.clear();
            let n_fitted = |i: usize| n_entries[i] - held_out.n_in_row(i).min(n_entries[i]);
            collect_rows(held_out, self.fitted.moments.mean(), n_fitted, &mut rows);
        }
        let which = if is_held_out { "Entries held out of the fit" } else { "Observed entries" };
        let mut figures = vec![predicted_against_observed(&rows, which)];
        if is_held_out {
            figures.push(self.calibration());
        }
        figures.extend(error_by_count(&rows, which));
        figures.push(self.trace());
        let caption = format!(
            "For the first samples, the features with the highest posterior means among those not observed, \
             each with the interval that holds it with probability {}.",
            self.params.level
        );
        figures.extend(recommendations(&caption, recommended));
        Ok(figures)
    }

    /// The share of held-out entries within intervals of every level.
    fn calibration(&self) -> Figure {
        let errors = self.standardised_errors();
        let shares = LEVELS.iter().map(|&level| coverage(&errors, level)).collect();
        let ends = vec![0.0, 1.0];
        Figure::new(
            "Calibration of the intervals",
            "Entries held out of the fit: the share that lies within intervals of each probability. Below the \
             diagonal intervals are too narrow, above it too wide.",
            Plot::Lines {
                x: Axis::linear("probability of the interval"),
                y: Axis::linear("share of entries within"),
                series: vec![
                    Series { name: "observed".into(), x: LEVELS.to_vec(), y: shares },
                    Series { name: "exact".into(), x: ends.clone(), y: ends },
                ],
            },
        )
    }

    /// The noise of every sweep.
    fn trace(&self) -> Figure {
        let noise = self.noise_trace();
        let n_before = noise.len() - (self.fitted.n_counted as usize).min(noise.len());
        let part = |name: &str, range: std::ops::Range<usize>| Series {
            name: name.into(),
            x: range.clone().map(|t| (t + 1) as f64).collect(),
            y: noise[range].to_vec(),
        };
        Figure::new(
            "Trace of the noise",
            "The standard deviation of the noise at every sweep of the chain. Sweeps that count should wander \
             about one level; a drift says that the burn-in is too short.",
            Plot::Lines {
                x: Axis::linear("sweep"),
                y: Axis::linear("standard deviation of the noise"),
                series: vec![part("counted", n_before..noise.len()), part("burn-in", 0..n_before)],
            },
        )
    }

    /// Table rows of the samples that are shown and have something left to recommend.
    fn recommended(&self, observed: &Observed, codes: &Matrix<f64>, x: &Data) -> Result<Vec<Vec<String>>> {
        let shown: Vec<usize> = (0..SHOWN_ROWS.min(codes.n_rows())).collect();
        let predicted = self.decode(&codes.select_rows(&shown), &Env::default())?;
        let best: Vec<Vec<Scored<f64>>> =
            shown.iter().map(|&i| best_of(predicted.row(i), observed.row(i).0, self.params.top_n)).collect();
        // The pattern keeps the order of the recommendations: nothing needs columns that rise.
        let places = places(&best, self.n_items());
        let mut intervals = self.predict(&x.features()?.select_rows(&shown), places.as_ref())?.into_iter();
        let mut table = Vec::new();
        for (i, best) in shown.into_iter().zip(&best) {
            let named = best.iter().zip(intervals.by_ref().take(best.len())).map(|((j, _), interval)| {
                let Interval { mean, low, high } = interval;
                format!("{} {mean:.2} ({low:.2} to {high:.2})", x.names.feature(*j as usize))
            });
            let text = named.collect::<Vec<String>>().join(", ");
            if !text.is_empty() {
                table.push(vec![x.names.sample(i), text]);
            }
        }
        Ok(table)
    }
}

/// The places of the features of each row, in the order given.
fn places(rows: &[Vec<Scored<f64>>], n_cols: usize) -> Pattern {
    let (mut indptr, mut indices) = (vec![0], Vec::new());
    for row in rows {
        indices.extend(row.iter().map(|(j, _)| *j));
        indptr.push(indices.len());
    }
    Pattern::new(rows.len(), n_cols, indptr, indices).expect("features of the model")
}
