//! What a fitted model has to show.

use super::Vae;
use crate::error::Result;
use crate::figure::{Axis, Colours, Figure, Plot};
use crate::linalg::Matrix;
use crate::metrics::disentangle::code_information;
use crate::models::{Data, Decode, Labels, Sample, Widths, gallery};
use crate::monitor::Env;

/// Samples whose codes are shown.
const SHOWN_CODES: usize = 2000;

/// Samples that the divergence of the axes is measured on.
const MEASURED: usize = 5000;

/// Steps of a traversal, from -3 to 3.
const STEPS: usize = 9;

/// Axes that are traversed.
const TRAVERSED: usize = 8;

/// Samples drawn from the prior.
const DRAWN: usize = 40;

/// All figures for data.
pub(super) fn all(vae: &Vae, x: &Data, env: &Env) -> Result<Vec<Figure>> {
    let features = x.finite_features()?;
    let some = |n: usize| features.select_rows(&(0..features.n_samples().min(n)).collect::<Vec<_>>());
    let kl = vae.evaluate(&some(MEASURED), env)?.kl_by_axis;
    let mut order: Vec<usize> = (0..kl.len()).collect();
    order.sort_by(|&a, &b| kl[b].total_cmp(&kl[a]).then(a.cmp(&b)));
    let codes = vae.moments(&some(SHOWN_CODES), env)?.0.cast::<f64>();

    let mut figures = Vec::new();
    figures.extend(gallery::reconstructions(vae, features, x.names, env)?);
    if let Some(picture) = x.names.picture {
        figures.push(samples(vae, picture, env)?);
        figures.push(traversals(vae, picture, &order, env)?);
    }
    figures.extend(gallery::codes(&codes, &order, x.labels));
    if let Some(labels) = x.labels {
        figures.push(information(&codes, &order, labels));
    }
    figures.push(Figure::new(
        "Divergence by axis",
        "How far each axis of the codes is from N(0, 1), in nats a sample: axes near 0 are not used.",
        Plot::Bars {
            x: Axis::linear("KL (nats)"),
            bars: order.iter().map(|&k| (format!("axis {}", k + 1), kl[k])).collect(),
        },
    ));
    Ok(figures)
}

/// Axes in the heat map of information.
const INFORMED: usize = 20;

/// What every axis tells of every class: the mutual information of its value with being of that class.
fn information(codes: &Matrix<f64>, order: &[usize], labels: &Labels) -> Figure {
    let is_of =
        |c: usize| labels.class[..codes.n_rows()].iter().map(|&class| u32::from(class == c as u32)).collect();
    let factors: Vec<Vec<u32>> = (0..labels.classes.len()).map(is_of).collect();
    let axes = &order[..order.len().min(INFORMED)];
    let all = code_information(codes, &factors);
    let values = axes.iter().flat_map(|&k| all.row(k).iter().map(|i| i / std::f64::consts::LN_2)).collect();
    Figure::new(
        "What an axis tells of a class",
        "The mutual information, in bits, of an axis (its value in 20 bins) with belonging to a class.",
        Plot::HeatMap {
            rows: axes.len(),
            cols: labels.classes.len(),
            values,
            row_names: axes.iter().map(|k| format!("axis {}", k + 1)).collect(),
            col_names: labels.classes.clone(),
            colours: Colours::Sequential,
        },
    )
}

/// Draws from the prior, decoded.
fn samples(vae: &Vae, (height, width): (usize, usize), env: &Env) -> Result<Figure> {
    let drawn = vae.sample(DRAWN, env)?.to_dense();
    Ok(Figure::new(
        "Samples",
        "Codes drawn from the prior and decoded.",
        Plot::Images {
            height,
            width,
            pictures: drawn.rows().map(|row| (String::new(), row.to_vec())).collect(),
            per_row: 10,
            range: None,
            colours: Colours::Sequential,
        },
    ))
}

/// Each row moves one axis from -3 to 3, the others at 0.
fn traversals(vae: &Vae, (height, width): (usize, usize), order: &[usize], env: &Env) -> Result<Figure> {
    let axes = &order[..order.len().min(TRAVERSED)];
    let z = Matrix::from_fn(axes.len() * STEPS, vae.n_latent(), |i, k| {
        let step = 6.0 * (i % STEPS) as f64 / (STEPS - 1) as f64 - 3.0;
        if axes[i / STEPS] == k { step } else { 0.0 }
    });
    let decoded = vae.decode(&z, env)?;
    let name = |i: usize| {
        if i.is_multiple_of(STEPS) { format!("axis {}", axes[i / STEPS] + 1) } else { String::new() }
    };
    Ok(Figure::new(
        "Traversals",
        "Every row moves one axis of the code from -3 to 3 and leaves the others at 0; the axes that diverge most come first.",
        Plot::Images {
            height,
            width,
            pictures: decoded.rows().enumerate().map(|(i, row)| (name(i), row.to_vec())).collect(),
            per_row: STEPS,
            range: None,
            colours: Colours::Sequential,
        },
    ))
}
