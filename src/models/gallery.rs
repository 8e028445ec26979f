//! Figures that several rooms show: what a model has learned, and samples beside their reconstructions.

use super::{Decode, Encode, Labels, Names};
use crate::error::Result;
use crate::figure::{Axis, Colours, Figure, Plot, Series};
use crate::linalg::{Features, Matrix, falling};
use crate::monitor::Env;

/// Features named for each component.
const TOP_FEATURES: usize = 8;

/// Samples shown beside their reconstructions.
const SHOWN_SAMPLES: usize = 10;

/// Components shown as pictures.
const SHOWN_COMPONENTS: usize = 64;

/// The rows of a signed k x m matrix: as pictures where samples are pictures, else by the features of the
/// largest absolute weights.
pub fn components(title: &str, caption: &str, rows: &Matrix<f64>, names: &Names) -> Figure {
    let described = |row: &[f64]| largest(row, names);
    drawn(title, caption, rows, names, Colours::Diverging, "largest weights", described)
}

/// The rows of a non-negative k x m matrix: as pictures where samples are pictures, else by the features with
/// the largest shares of a row's sum.
pub fn parts(title: &str, caption: &str, rows: &Matrix<f64>, names: &Names) -> Figure {
    let described = |row: &[f64]| strongest(row, names);
    drawn(title, caption, rows, names, Colours::Sequential, "strongest features", described)
}

/// Rows as pictures in `colours`, or as a table with what `described` says of each under its heading.
fn drawn(
    title: &str,
    caption: &str,
    rows: &Matrix<f64>,
    names: &Names,
    colours: Colours,
    heading: &str,
    described: impl Fn(&[f64]) -> String,
) -> Figure {
    let label = |k: usize| format!("{}", k + 1);
    let plot = match names.picture {
        Some((height, width)) => Plot::Images {
            height,
            width,
            pictures: rows
                .rows()
                .take(SHOWN_COMPONENTS)
                .enumerate()
                .map(|(k, row)| (label(k), row.to_vec()))
                .collect(),
            per_row: 8,
            range: None,
            colours,
        },
        None => Plot::Table {
            header: vec!["component".into(), heading.into()],
            rows: rows.rows().enumerate().map(|(k, row)| vec![label(k), described(row)]).collect(),
        },
    };
    Figure::new(title, caption, plot)
}

/// The largest weights of a component: `name +0.31, name -0.28, ...`.
fn largest(row: &[f64], names: &Names) -> String {
    let order = falling(&row.iter().map(|x| x.abs()).collect::<Vec<f64>>());
    let shown = order.iter().take(TOP_FEATURES).filter(|&&j| row[j] != 0.0);
    shown.map(|&j| format!("{} {:+.3}", names.feature(j), row[j])).collect::<Vec<_>>().join(", ")
}

/// The strongest features of a part: `name 12 %, name 8 %, ...`.
fn strongest(row: &[f64], names: &Names) -> String {
    let sum: f64 = row.iter().sum();
    let order = falling(row);
    let shown = order.iter().take(TOP_FEATURES).filter(|&&j| row[j] > 0.0);
    shown
        .map(|&j| format!("{} {:.1} %", names.feature(j), 100.0 * row[j] / sum))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The first samples above, their reconstructions from codes below; `None` where samples are no pictures.
/// # Errors
/// What the model raises.
pub fn reconstructions(
    model: &(impl Encode + Decode),
    x: &Features,
    names: &Names,
    env: &Env,
) -> Result<Option<Figure>> {
    let Some((height, width)) = names.picture else { return Ok(None) };
    let shown: Vec<usize> = (0..x.n_samples().min(SHOWN_SAMPLES)).collect();
    let samples = x.select_rows(&shown);
    let decoded = model.decode(&model.encode(&samples, env)?.to_f64(), env)?;
    let originals = samples.to_dense();
    let pictures = |matrix: &Matrix<f64>, mark: &str| -> Vec<(String, Vec<f64>)> {
        matrix.rows().enumerate().map(|(i, row)| (format!("{}{mark}", i + 1), row.to_vec())).collect()
    };
    let bound = |start: f64, pick: fn(f64, f64) -> f64| originals.values().iter().copied().fold(start, pick);
    Ok(Some(Figure::new(
        "Reconstructions",
        "Above the samples, below their reconstructions from the codes alone, on one scale.",
        Plot::Images {
            height,
            width,
            pictures: [pictures(&originals, ""), pictures(&decoded, "′")].concat(),
            per_row: SHOWN_SAMPLES,
            range: Some((bound(0.0, f64::min), bound(0.0, f64::max))),
            colours: Colours::Sequential,
        },
    )))
}

/// Codes along the first two axes of `order` (one axis over itself where there is no second), coloured by class
/// where classes are known; `None` where there are no codes.
pub fn codes(codes: &Matrix<f64>, order: &[usize], labels: Option<&Labels>) -> Option<Figure> {
    let &first = order.first()?;
    let second = order.get(1).copied().unwrap_or(first);
    let series = by_class(codes.n_rows(), labels, |i| (codes[(i, first)], codes[(i, second)]));
    let axis = |k: usize| Axis::linear(format!("axis {}", k + 1));
    Some(Figure::new(
        "Codes",
        "Samples by their codes along two axes; colours are known classes, which the model has not seen.",
        Plot::Scatter { x: axis(first), y: axis(second), series },
    ))
}

/// `n` samples as points `at(i)`, a series a class where classes are known.
pub fn by_class(n: usize, labels: Option<&Labels>, at: impl Fn(usize) -> (f64, f64)) -> Vec<Series> {
    let group = |name: &str, is_member: &dyn Fn(usize) -> bool| {
        let (x, y) = (0..n).filter(|&i| is_member(i)).map(&at).unzip();
        Series { name: name.to_owned(), x, y }
    };
    let Some(labels) = labels else { return vec![group("", &|_| true)] };
    let classes = labels.classes.iter().zip(0..);
    classes.map(|(name, class)| group(name, &|i| labels.class.get(i) == Some(&class))).collect()
}
