//! What a fitted density has to show.

use super::Density;
use crate::error::Result;
use crate::figure::{Axis, Colours, Figure, Grid, Plot, Series};
use crate::linalg::{Features, Matrix};
use crate::models::{Data, Draw, Encode, Names, Sample, Widths, gallery};
use crate::monitor::Env;

/// Samples shown, of the data and of the model.
const SHOWN: usize = 1000;

/// Cells of a side of a density's grid.
const CELLS: usize = 96;

/// Features whose pairs are shown.
const PAIRED: usize = 3;

/// Pictures drawn.
const PICTURES: usize = 40;

/// The temperature of calmer pictures (Kingma & Dhariwal 2018, 6).
const CALM: f64 = 0.7;

/// Shares of the data that lie within the contours.
const WITHIN: [f64; 3] = [0.25, 0.5, 0.9];

/// All figures for data.
pub(super) fn all(density: &Density, x: &Data, env: &Env) -> Result<Vec<Figure>> {
    let features = x.finite_features()?;
    let rows: Vec<usize> = (0..features.n_samples().min(SHOWN)).collect();
    let shown = features.select_rows(&rows);
    let mut figures = Vec::new();
    match x.names.picture {
        Some(picture) => figures.extend(pictures(density, picture, env)?),
        None => {
            if density.n_features() == 2 {
                figures.push(contours(density, &shown, x.names, env)?);
            }
            let drawn = density.sample(shown.n_samples(), env)?.to_dense();
            figures.extend(pairs(density, &shown.to_dense(), &drawn, x.names));
        }
    }
    figures.push(likelihoods(density, &shown, env)?);
    let codes = density.encode(&shown, env)?.to_f64();
    let mut order: Vec<usize> = (0..density.n_features()).collect();
    if x.names.picture.is_some() {
        // The pixels that vary most: those at the edges say little.
        let spread = &density.reading().spread;
        order.sort_by(|&a, &b| spread[b].total_cmp(&spread[a]).then(a.cmp(&b)));
    }
    figures.extend(gallery::codes(&codes, &order, x.labels));
    Ok(figures)
}

/// The density of two features over the plane, with lines that hold given shares of the data.
fn contours(density: &Density, shown: &Features, names: &Names, env: &Env) -> Result<Figure> {
    let data = shown.to_dense();
    let range = |j: usize| {
        let ends = |(low, high): (f64, f64), x: f64| (low.min(x), high.max(x));
        let (low, high) = data.col(j).into_iter().fold((f64::INFINITY, f64::NEG_INFINITY), ends);
        let beside = if high > low { 0.15 * (high - low) } else { 1.0 };
        [low - beside, high + beside]
    };
    let (x, y) = (range(0), range(1));
    let at = |[low, high]: [f64; 2], i: usize| low + (high - low) * (i as f64 + 0.5) / CELLS as f64;
    let places =
        Matrix::from_fn(CELLS * CELLS, 2, |i, j| if j == 0 { at(x, i % CELLS) } else { at(y, i / CELLS) });
    let of_grid = density.log_likelihoods(&Features::F64(places), None, env)?;
    let mut of_data = density.log_likelihoods(shown, None, env)?;
    of_data.sort_by(|a, b| b.total_cmp(a));
    // The level that the given share of the data lies above: a region of highest density (Hyndman 1996).
    let level =
        |&share: &f64| of_data[((share * of_data.len() as f64) as usize).min(of_data.len() - 1)].exp();
    let (points_x, points_y) = (data.col(0), data.col(1));
    Ok(Figure::new(
        "Density",
        "How dense the model says data are, over the plane; half of the data lie within the middle line, 25 % within the \
         inner and 90 % within the outer one. Dots are samples of the data.",
        Plot::Contours {
            x: Axis::linear(names.feature(0)),
            y: Axis::linear(names.feature(1)),
            grid: Grid { x, y, n_cols: CELLS, values: of_grid.into_iter().map(f64::exp).collect() },
            levels: WITHIN.iter().map(level).collect(),
            points: Series { name: String::new(), x: points_x, y: points_y },
        },
    ))
}

/// Data and samples along pairs of the features that vary most beside their scale.
fn pairs(density: &Density, data: &Matrix<f64>, drawn: &Matrix<f64>, names: &Names) -> Vec<Figure> {
    let n = density.n_features();
    let varied: Vec<usize> =
        (0..n).filter(|&j| !density.reading().constant_features().contains(&j)).collect();
    let features = &varied[..varied.len().min(PAIRED)];
    let mut figures = Vec::new();
    for (k, &a) in features.iter().enumerate() {
        for &b in &features[k + 1..] {
            let series =
                |name: &str, of: &Matrix<f64>| Series { name: name.to_owned(), x: of.col(a), y: of.col(b) };
            figures.push(Figure::new(
                format!("Data and samples: {} and {}", names.feature(a), names.feature(b)),
                "Samples of the model beside the data: where the model is right the two clouds are one.",
                Plot::Scatter {
                    x: Axis::linear(names.feature(a)),
                    y: Axis::linear(names.feature(b)),
                    series: vec![series("data", data), series("samples", drawn)],
                },
            ));
        }
    }
    figures
}

/// Pictures drawn from the model, as they are and at a lower temperature.
fn pictures(density: &Density, (height, width): (usize, usize), env: &Env) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for temperature in [1.0, CALM] {
        let how = Draw { temperature: Some(temperature), class: None };
        let drawn = density.draw(PICTURES, &how, env)?.to_dense();
        let reading = density.reading();
        figures.push(Figure::new(
            format!("Samples at temperature {temperature}"),
            "Pictures drawn from the model: codes from their distribution, times the temperature, through the inverse of \
             its steps.",
            Plot::Images {
                height,
                width,
                pictures: drawn.rows().map(|row| (String::new(), row.to_vec())).collect(),
                per_row: 10,
                range: (reading.level > 0.0).then_some((reading.range[0], reading.range[1])),
                colours: Colours::Sequential,
            },
        ));
    }
    Ok(figures)
}

/// Bins of the distribution of log likelihoods.
const BINS: usize = 40;

/// How log likelihoods are distributed over the data and over samples of the model.
fn likelihoods(density: &Density, shown: &Features, env: &Env) -> Result<Figure> {
    let of_data = density.log_likelihoods(shown, None, env)?;
    let of_drawn = density.log_likelihoods(&density.sample(shown.n_samples(), env)?, None, env)?;
    let mut all: Vec<f64> = of_data.iter().chain(&of_drawn).copied().filter(|l| l.is_finite()).collect();
    all.sort_by(f64::total_cmp);
    // The last hundredth at either end would leave the rest no room.
    let at = |share: f64| all.get((share * all.len() as f64) as usize).copied().unwrap_or(0.0);
    let (low, high) = (at(0.01), at(0.99));
    let step = if high > low { (high - low) / BINS as f64 } else { 1.0 };
    let series = |name: &str, values: &[f64]| {
        let mut counts = vec![0.0; BINS];
        for value in values.iter().filter(|v| v.is_finite()) {
            let bin = ((value - low) / step).floor();
            if (0.0..BINS as f64).contains(&bin) {
                counts[bin as usize] += 100.0 / values.len() as f64;
            }
        }
        let x = (0..BINS).map(|bin| low + (bin as f64 + 0.5) * step).collect();
        Series { name: name.to_owned(), x, y: counts }
    };
    Ok(Figure::new(
        "Log likelihoods",
        "How probable the model holds the data and its own samples; a model that has learned the data gives both the \
         same distribution.",
        Plot::Lines {
            x: Axis::linear("ln p(x) (nats)"),
            y: Axis::linear("share (%)"),
            series: vec![series("data", &of_data), series("samples", &of_drawn)],
        },
    ))
}
