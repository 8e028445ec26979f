//! What a fitted model has to show.

use super::Zinb;
use crate::error::Result;
use crate::figure::{Axis, Colours, Figure, Plot, Series};
use crate::linalg::{Features, Matrix, falling};
use crate::models::{Data, Encode, gallery};
use crate::monitor::Env;

/// Cells whose codes and zeros are shown.
const SHOWN_CELLS: usize = 2000;

/// Cells and genes of the heat maps.
const SHOWN_ROWS: usize = 40;
const SHOWN_GENES: usize = 30;

/// All figures for data.
pub(super) fn all(zinb: &Zinb, x: &Data, env: &Env) -> Result<Vec<Figure>> {
    let features = x.finite_features()?;
    let some = features.select_rows(&(0..features.n_samples().min(SHOWN_CELLS)).collect::<Vec<_>>());
    let codes = zinb.encode(&some, env)?.to_f64();
    let mut figures = Vec::new();
    figures.extend(gallery::codes(&codes, &by_variance(&codes), x.labels));
    figures.push(zeros(zinb, &some, env)?);
    figures.extend(denoised(zinb, &some, x, env)?);
    Ok(figures)
}

/// Columns by falling variance.
fn by_variance(x: &Matrix<f64>) -> Vec<usize> {
    let n = x.n_rows().max(1) as f64;
    let variance = |j: usize| {
        let mean = x.col(j).iter().sum::<f64>() / n;
        x.col(j).iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n
    };
    falling(&(0..x.n_cols()).map(variance).collect::<Vec<f64>>())
}

/// How often every gene is zero, as counted and as the model expects.
fn zeros(zinb: &Zinb, x: &Features, env: &Env) -> Result<Figure> {
    let fitted = zinb.count_model(x, env)?;
    let (n, m) = (x.n_samples().max(1) as f64, x.n_features());
    let (mut means, mut seen, mut expected) = (vec![0.0; m], vec![0.0; m], vec![0.0; m]);
    let mut row = vec![0.0_f64; m];
    for i in 0..x.n_samples() {
        x.row_into(i, &mut row);
        for j in 0..m {
            let mean = f64::from(fitted.mean[(i, j)]);
            // P(0) = (t / (t + m))^t, e^-m of Poisson counts.
            let zero = fitted.dispersion.as_ref().map_or(-mean, |t| {
                let t = f64::from(t[(i, j)]);
                -t * (mean / t).ln_1p()
            });
            let pi = fitted.dropout.as_ref().map_or(0.0, |pi| f64::from(pi[(i, j)]));
            means[j] += row[j] / n;
            seen[j] += f64::from(u8::from(row[j] == 0.0)) / n;
            expected[j] += (pi + (1.0 - pi) * zero.exp()) / n;
        }
    }
    let series = |name: &str, y: Vec<f64>| Series { name: name.into(), x: means.clone(), y };
    Ok(Figure::new(
        "Zeros",
        "The share of cells in which a gene is zero, by its mean count: as counted, and as the model expects.",
        Plot::Scatter {
            x: Axis::log("mean count"),
            y: Axis::linear("share of zeros"),
            series: vec![series("counted", seen), series("expected", expected)],
        },
    ))
}

/// Cells beside what the model makes of them, of the genes that vary most; no figure without cells.
fn denoised(zinb: &Zinb, x: &Features, data: &Data, env: &Env) -> Result<Vec<Figure>> {
    let order = cells(x.n_samples(), data);
    let x = x.select_rows(&order);
    let log = |x: f64| x.ln_1p();
    let counts = x.to_dense();
    let imputed = zinb.impute(&x, env)?;
    let logs = Matrix::from_fn(x.n_samples(), x.n_features(), |i, j| log(counts[(i, j)]));
    let genes: Vec<usize> = by_variance(&logs).into_iter().take(SHOWN_GENES).collect();
    let map = |title: &str, caption: &str, value: &dyn Fn(usize, usize) -> f64| {
        Figure::new(
            title,
            caption,
            Plot::HeatMap {
                rows: order.len(),
                cols: genes.len(),
                values: (0..order.len()).flat_map(|i| genes.iter().map(move |&j| value(i, j))).collect(),
                row_names: order.iter().map(|&i| data.names.sample(i)).collect(),
                col_names: genes.iter().map(|&j| data.names.feature(j)).collect(),
                colours: Colours::Sequential,
            },
        )
    };
    Ok(vec![
        map("Counts", "ln(1 + count) of some cells, of the genes that vary most.", &|i, j| logs[(i, j)]),
        map("Imputed", "ln(1 + mean) that the model finds behind the counts above.", &|i, j| {
            log(f64::from(imputed[(i, j)]))
        }),
    ])
}

/// Cells to show: by class where classes are known, spread over all of them.
fn cells(n: usize, data: &Data) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    if let Some(labels) = data.labels {
        order.sort_by_key(|&i| labels.class.get(i).copied());
    }
    let step = n.div_ceil(SHOWN_ROWS).max(1);
    order.into_iter().step_by(step).collect()
}
