//! What archetypes have to show: what they look like, which samples come nearest to them, and where the mixtures lie.

use super::Archetype;
use super::model::shares;
use crate::figure::{Axis, Colours, Figure, Plot, Series};
use crate::linalg::{Matrix, falling};
use crate::models::{Data, Labels, Names};
use std::f64::consts::TAU;

/// Features named in the table of archetypes.
const TOP_FEATURES: usize = 6;

/// Samples named as anchors.
const TOP_SAMPLES: usize = 5;

/// Samples drawn in the simplex plot, evenly picked.
const SHOWN_SAMPLES: usize = 4000;

/// The samples that have most of each archetype, the largest first: up to `n` of each.
pub fn anchors(w: &Matrix<f64>, n: usize) -> Vec<Vec<usize>> {
    let most_of = |j: usize| falling(&w.col(j)).into_iter().take(n).collect();
    (0..w.n_cols()).map(most_of).collect()
}

/// All figures of a model, the codes of the shown data being `z`.
pub(super) fn all(model: &Archetype, z: &Matrix<f64>, x: &Data) -> Vec<Figure> {
    let mut figures = vec![archetypes(model.h(), &shares(z), x.names)];
    figures.push(nearest(z, x.names));
    let names: Vec<String> = (1..=z.n_cols()).map(|j| format!("archetype {j}")).collect();
    figures.extend(mixtures_map(z, &names, x.labels));
    figures
}

/// The archetypes: as pictures where samples are pictures, else by the features that set them apart.
fn archetypes(h: &Matrix<f64>, shares: &[f64], names: &Names) -> Figure {
    if let Some((height, width)) = names.picture {
        let picture =
            |(j, row): (usize, &[f64])| (format!("{} ({:.0} %)", j + 1, 100.0 * shares[j]), row.to_vec());
        let low = h.values().iter().copied().fold(0.0, f64::min);
        let high = h.values().iter().copied().fold(f64::MIN, f64::max);
        return Figure::new(
            "Archetypes",
            "The extremes that samples are mixtures of, with their mean share.",
            Plot::Images {
                height,
                width,
                pictures: h.rows().enumerate().map(picture).collect(),
                per_row: 10,
                range: Some((low, high.max(low + f64::MIN_POSITIVE))),
                colours: Colours::Sequential,
            },
        );
    }
    let k = h.n_rows() as f64;
    let mean: Vec<f64> = (0..h.n_cols()).map(|j| h.col(j).iter().sum::<f64>() / k).collect();
    let outstanding = |row: &[f64]| {
        let off: Vec<f64> = row.iter().zip(&mean).map(|(x, mean)| (x - mean).abs()).collect();
        let named = |&j: &usize| format!("{} {:.3}", names.feature(j), row[j]);
        falling(&off).iter().take(TOP_FEATURES).map(named).collect::<Vec<_>>().join(", ")
    };
    let row = |(j, row): (usize, &[f64])| {
        vec![format!("{}", j + 1), format!("{:.1} %", 100.0 * shares[j]), outstanding(row)]
    };
    Figure::new(
        "Archetypes",
        "The features in which an archetype differs most from the mean of all archetypes, with their values.",
        Plot::Table {
            header: ["archetype", "mean share", "most different features"].map(str::to_owned).to_vec(),
            rows: h.rows().enumerate().map(row).collect(),
        },
    )
}

/// The samples that come nearest to each archetype.
fn nearest(z: &Matrix<f64>, names: &Names) -> Figure {
    let named = |j: usize, i: usize| format!("{} {:.2}", names.sample(i), z[(i, j)]);
    let row = |(j, anchors): (usize, Vec<usize>)| {
        let anchors: Vec<String> = anchors.into_iter().map(|i| named(j, i)).collect();
        vec![format!("{}", j + 1), anchors.join(", ")]
    };
    Figure::new(
        "Anchors",
        "The samples that have most of each archetype, with how much.",
        Plot::Table {
            header: ["archetype", "samples"].map(str::to_owned).to_vec(),
            rows: anchors(z, TOP_SAMPLES).into_iter().enumerate().map(row).collect(),
        },
    )
}

/// Mixtures as points of a regular polygon whose corners are the archetypes, so that archetypes that occur together stand side by side;
/// coloured by class where classes are known, else by the largest part. `None` of fewer than 3 archetypes, or no samples.
pub fn mixtures_map(w: &Matrix<f64>, names: &[String], labels: Option<&Labels>) -> Option<Figure> {
    let (n, k) = (w.n_rows(), w.n_cols());
    if k < 3 || n == 0 {
        return None;
    }
    let order = round(w);
    let mut corner = vec![(0.0, 0.0); k];
    for (place, &j) in order.iter().enumerate() {
        let angle = TAU * (0.25 - place as f64 / k as f64);
        corner[j] = (angle.cos(), angle.sin());
    }
    let (groups, by) = match labels {
        Some(labels) => (labels.classes.clone(), "known class"),
        None => (names.to_vec(), "the largest part"),
    };
    let mut series: Vec<Series> =
        groups.into_iter().map(|name| Series { name, x: vec![], y: vec![] }).collect();
    for i in (0..n).step_by(n.div_ceil(SHOWN_SAMPLES)) {
        let row = w.row(i);
        let group = match labels {
            Some(labels) => labels.class[i] as usize,
            None => falling(row)[0],
        };
        let along = |axis: fn(&(f64, f64)) -> f64| row.iter().zip(&corner).map(|(w, c)| w * axis(c)).sum();
        series[group].x.push(along(|c| c.0));
        series[group].y.push(along(|c| c.1));
    }
    let seats: Vec<&str> = order.iter().map(|&j| names[j].as_str()).collect();
    let caption = format!(
        "Every sample at the mean of the corners of a polygon, weighed by its mixture; colours tell {by}. The corners, clockwise from the \
         top: {}. A sample at a corner is that archetype alone.",
        seats.join(", ")
    );
    let plot = Plot::Scatter { x: Axis::linear("across"), y: Axis::linear("upwards"), series };
    Some(Figure::new("Mixtures", caption, plot))
}

/// An order of archetypes around a circle in which those that occur together are neighbours: from the first on, always the free one
/// that shares most samples with the last.
fn round(w: &Matrix<f64>) -> Vec<usize> {
    let together = w.gram();
    let mut order = vec![0];
    while order.len() < w.n_cols() {
        let last = order[order.len() - 1];
        let free = (0..w.n_cols()).filter(|j| !order.contains(j));
        let next = free.max_by(|&a, &b| together[(last, a)].total_cmp(&together[(last, b)]).then(b.cmp(&a)));
        order.extend(next);
    }
    order
}
