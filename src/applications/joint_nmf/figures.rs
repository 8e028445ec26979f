//! What joint factors have to show.

use super::Joint;
use crate::figure::{Axis, Colours, Figure, Panel, Plot, Series};
use crate::linalg::falling;
use crate::models::{Data, Decode as _, Labels, Widths};

/// Samples of the heat map at the most.
const SHOWN: usize = 400;

/// Features of a component that are shown of each view.
const TOP: usize = 6;

pub(super) fn all(model: &Joint, x: &Data) -> Vec<Figure> {
    let known = x.labels.filter(|labels| labels.class.len() == model.w().n_rows());
    let agreement = known.map(|labels| agreement(model, &labels.class));
    let by_class = known.map(|labels| contingency(model, labels));
    [codes(model, x), top_features(model, x), starts(model)]
        .into_iter()
        .chain(by_class)
        .chain(agreement)
        .collect()
}

/// Codes as shares of each sample, samples by class and then by their largest component.
fn codes(model: &Joint, x: &Data) -> Figure {
    let w = model.w();
    let labels = x.labels.filter(|labels| labels.class.len() == w.n_rows());
    let clusters = model.largest();
    let mut order: Vec<usize> = (0..w.n_rows()).collect();
    order.sort_by_key(|&i| (labels.map_or(0, |labels| labels.class[i]), clusters[i], i));
    let step = order.len().div_ceil(SHOWN).max(1);
    let order: Vec<usize> = order.into_iter().step_by(step).collect();
    // Every component in shares of its largest code.
    let most: Vec<f64> =
        (0..w.n_cols()).map(|k| w.col(k).into_iter().fold(f64::MIN_POSITIVE, f64::max)).collect();
    let values =
        order.iter().flat_map(|&i| (0..w.n_cols()).map(move |k| (i, k))).map(|(i, k)| w[(i, k)] / most[k]);
    let name = |&i: &usize| match labels {
        Some(labels) => format!("{} {}", labels.classes[labels.class[i] as usize], x.names.sample(i)),
        None => x.names.sample(i),
    };
    let every = if step > 1 { format!(", one in {step}") } else { String::new() };
    Figure::new(
        "What the views share",
        format!(
            "Codes of the samples in shares of each component's largest, by class and largest component{every}."
        ),
        Plot::HeatMap {
            rows: order.len(),
            cols: w.n_cols(),
            values: values.collect(),
            row_names: order.iter().map(name).collect(),
            col_names: (1..=w.n_cols()).map(|k| k.to_string()).collect(),
            colours: Colours::Sequential,
        },
    )
}

/// The features of each view that set a component apart.
fn top_features(model: &Joint, x: &Data) -> Figure {
    let k = model.n_latent();
    let unit = crate::linalg::Matrix::from_fn(k, k, |i, j| f64::from(u8::from(i == j)));
    let decoded = model.lift(&unit, &crate::monitor::Env::default());
    let h = decoded.unwrap_or_else(|_| model.h().clone());
    let mut panels = Vec::new();
    for component in 0..k {
        let (mut first, mut bars) = (0, Vec::new());
        for (v, width) in model.widths().into_iter().enumerate() {
            // By how much a feature is above its largest value in the other components, as shares of its largest.
            let share = |c: usize, j: usize| {
                let largest = (0..k).map(|c| h[(c, j)].abs()).fold(f64::MIN_POSITIVE, f64::max);
                h[(c, j)] / largest
            };
            let excess = |j: usize| {
                let others = (0..k).filter(|&c| c != component).map(|c| share(c, j));
                share(component, j) - others.fold(0.0, f64::max)
            };
            let of_view: Vec<f64> = (first..first + width).map(excess).collect();
            // What others have as much of sets nothing apart.
            let named = falling(&of_view).into_iter().filter(|&j| of_view[j] > 0.0).take(TOP);
            bars.extend(named.map(|j| (format!("{}: {}", v + 1, x.names.feature(first + j)), of_view[j])));
            first += width;
        }
        panels.push(Panel { title: format!("Component {}", component + 1), bars });
    }
    Figure::new(
        "Features of each component",
        "By view (its number stands before the name), those that a component has most of beyond what any other has, in \
         shares of the feature's largest value.",
        Plot::Panels { x: Axis::linear("excess"), panels },
    )
}

/// Where the starts ended.
fn starts(model: &Joint) -> Figure {
    let mut sorted = model.objectives().to_vec();
    sorted.sort_by(f64::total_cmp);
    let least = sorted[0].max(f64::MIN_POSITIVE);
    let above = |value: &f64| 100.0 * (value - sorted[0]) / least;
    let bars = sorted.iter().enumerate().map(|(at, value)| (format!("{}", at + 1), above(value))).collect();
    Figure::new(
        "Where the starts ended",
        "By how many per cent the objective of each random start is above the least, best first; the first one is the \
         model. Starts that end alike may still cluster samples in other ways.",
        Plot::Bars { x: Axis::linear("per cent above the least objective"), bars },
    )
}

/// Samples of each class in each cluster.
fn contingency(model: &Joint, labels: &Labels) -> Figure {
    let n = model.clusters().iter().max().map_or(0, |&last| last as usize + 1);
    let mut counts = vec![vec![0_usize; n]; labels.classes.len()];
    for (&cluster, &class) in model.clusters().iter().zip(&labels.class) {
        counts[class as usize][cluster as usize] += 1;
    }
    let header = std::iter::once("class".to_owned()).chain((1..=n).map(|c| format!("cluster {c}")));
    let row = |(class, counts): (&String, &Vec<usize>)| {
        std::iter::once(class.clone()).chain(counts.iter().map(usize::to_string)).collect()
    };
    Figure::new(
        "Clusters and classes",
        "How many samples of each class are in each cluster of the model's codes.",
        Plot::Table { header: header.collect(), rows: labels.classes.iter().zip(&counts).map(row).collect() },
    )
}

/// What every start's clusters tell of the classes.
fn agreement(model: &Joint, classes: &[u32]) -> Figure {
    let (objectives, ari) = (model.objectives(), model.agreements(classes));
    let best = (0..ari.len()).min_by(|&a, &b| objectives[a].total_cmp(&objectives[b])).unwrap_or(0);
    let series = |name: &str, of: &dyn Fn(usize) -> bool| {
        let at: Vec<usize> = (0..ari.len()).filter(|&r| of(r)).collect();
        Series {
            name: name.into(),
            x: at.iter().map(|&r| objectives[r]).collect(),
            y: at.iter().map(|&r| ari[r]).collect(),
        }
    };
    Figure::new(
        "What the starts tell of the classes",
        "The adjusted Rand index of each start's clusters with the classes, over its objective. The model is the start of \
         least objective; the highest point could only be chosen by one who knows the classes.",
        Plot::Scatter {
            x: Axis::linear("objective"),
            y: Axis::linear("adjusted Rand index"),
            series: vec![series("the model", &|r| r == best), series("other starts", &|r| r != best)],
        },
    )
}
