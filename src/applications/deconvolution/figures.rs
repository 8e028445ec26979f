//! What deconvolution has to show.

use super::Signature;
use crate::figure::{Axis, Colours, Figure, Plot, Series};
use crate::linalg::{Matrix, falling};
use crate::models::Labels;

/// Bars of a figure at the most.
pub(super) const BARS: usize = 800;

/// Genes of the figure of profiles at the most.
const GENES: usize = 400;

/// Stacked bars of fractions, n_samples x n_types: a bar a sample, within the groups of `labels`, the most alike side by
/// side; in their order and named where they are few.
pub fn composition(fractions: &Matrix<f64>, types: &[String], samples: &[String], labels: Option<&Labels>) -> Figure {
    const NAMED: usize = 24;
    let n = fractions.n_rows().min(BARS);
    let labels = labels.filter(|labels| labels.class.len() >= n);
    let largest = |i: usize| falling(fractions.row(i)).first().copied().unwrap_or(0);
    let mut order: Vec<usize> = (0..n).collect();
    let mut groups: Vec<(String, usize)> = Vec::new();
    match labels {
        None if n <= NAMED => groups = order.iter().map(|&i| (samples[i].clone(), 1)).collect(),
        _ => {
            let class = |i: usize| labels.map_or(0, |labels| labels.class[i]);
            order.sort_by(|&a, &b| {
                let of = |i: usize| fractions[(i, largest(i))];
                (class(a), largest(a)).cmp(&(class(b), largest(b))).then(of(b).total_cmp(&of(a)))
            });
            for same in order.chunk_by(|&a, &b| class(a) == class(b)) {
                let name = labels.map_or(String::new(), |labels| labels.classes[class(same[0]) as usize].clone());
                groups.push((name, same.len()));
            }
        }
    }
    let shares = order.iter().flat_map(|&i| {
        let sum: f64 = fractions.row(i).iter().sum::<f64>().max(f64::MIN_POSITIVE);
        fractions.row(i).iter().map(move |f| f / sum)
    });
    let shown = if fractions.n_rows() > n { format!(" The first {n} samples.") } else { String::new() };
    Figure::new(
        "Composition",
        format!("What each sample is mixed of: a bar a sample, a colour a type of cell.{shown}"),
        Plot::Shares { parts: types.to_vec(), shares: shares.collect(), groups },
    )
}

/// Estimates against the truth, both n_samples x n_types, a colour a type, with the line of equality.
pub fn truth_scatter(estimates: &Matrix<f64>, truth: &Matrix<f64>, types: &[String]) -> Figure {
    let of = |t: usize| Series { name: types[t].clone(), x: truth.col(t), y: estimates.col(t) };
    Figure::new(
        "Estimates against the truth",
        "A point a sample and type; estimates that were perfect would lie on the diagonal.",
        Plot::Scatter {
            x: Axis::linear("true fraction"),
            y: Axis::linear("estimated fraction"),
            series: (0..truth.n_cols()).map(of).collect(),
        },
    )
}

/// The correlations of samples beside those of permuted targets: what p-values are read from.
pub fn certainty(correlation: &[f64], null: &[f64]) -> Figure {
    // Spread over the height by their order, so that equal ones do not hide one another.
    let spread = |n: usize, low: f64| -> Vec<f64> {
        (0..n).map(|i| low + 0.6 * ((i * 7) % 11) as f64 / 11.0).collect()
    };
    let series = [("permuted targets", null, 0.0), ("samples", correlation, 1.0)];
    Figure::new(
        "Certainty",
        "How well each sample is told by its fractions (correlation, upper band) beside targets whose values were drawn \
         at random (lower band): a sample among these is not told better than chance.",
        Plot::Scatter {
            x: Axis::linear("correlation of fitted and given values"),
            y: Axis::linear("permuted, samples"),
            series: series
                .map(|(name, x, low)| Series { name: name.into(), x: x.to_vec(), y: spread(x.len(), low) })
                .to_vec(),
        },
    )
}

/// The profiles as shares of each gene's most, genes ordered by the type that has most of them.
pub(super) fn profiles(signature: &Signature) -> Figure {
    let (k, m) = (signature.types.len(), signature.genes.len());
    let column = |g: usize| (0..k).map(|t| signature.profiles[(t, g)]).collect::<Vec<f64>>();
    let most = |g: usize| falling(&column(g)).first().copied().unwrap_or(0);
    let step = m.div_ceil(GENES).max(1);
    let mut genes: Vec<usize> = (0..m).step_by(step).collect();
    genes.sort_by_key(|&g| most(g));
    let values = (0..k).flat_map(|t| {
        let share = move |g: usize| signature.profiles[(t, g)] / signature.profiles[(most(g), g)].max(f64::MIN_POSITIVE);
        genes.iter().map(move |&g| share(g)).collect::<Vec<f64>>()
    });
    let every = if step > 1 { format!(", one gene in {step}") } else { String::new() };
    Figure::new(
        "Signature",
        format!("Profiles of the types by their markers, as shares of each gene's largest value{every}."),
        Plot::HeatMap {
            rows: k,
            cols: genes.len(),
            values: values.collect(),
            row_names: signature.types.clone(),
            col_names: genes.iter().map(|&g| signature.genes[g].clone()).collect(),
            colours: Colours::Sequential,
        },
    )
}
