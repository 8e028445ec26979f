//! What a fitted embedding has to show.

use super::{Embedding, judged};
use crate::error::Result;
use crate::figure::{Axis, Colours, Figure, Plot, Series};
use crate::linalg::{Features, Graph, Matrix};
use crate::models::{Data, Labels, gallery};
use crate::monitor::Env;
use crate::solve::spectral::truncated_svd;

/// Nodes in the scatter.
const SHOWN_NODES: usize = 3000;

/// Points of a curve.
const SHOWN_POINTS: usize = 400;

/// Links in the table.
const SHOWN_LINKS: usize = 20;

/// Nodes up to which all pairs are looked at for it: some seconds.
pub const SEARCHED_NODES: usize = 60_000;

/// The relative residual at which two directions are good enough to look at.
const TOLERANCE: f64 = 1e-3;

/// All figures for a graph.
pub(super) fn all(model: &Embedding, x: &Data, env: &Env) -> Result<Vec<Figure>> {
    let graph = x.graph()?;
    let mut figures = Vec::new();
    if let Some(found) = model.test() {
        figures.push(Figure::new(
            "Receiver operating characteristic",
            format!(
                "Of all thresholds, the share of held-out links and of pairs without a link that score above it; \
                 the area under it is {:.4}, and 0.5 by chance.",
                found.auc()
            ),
            curve("pairs without a link", "held-out links", found.roc(), true),
        ));
        figures.push(Figure::new(
            "Precision and recall",
            format!(
                "Of all thresholds, the share of held-out links that score above it, and the share of links among \
                 all pairs that do; the average precision is {:.4}, and 0.5 by chance.",
                found.ap()
            ),
            curve("recall", "precision", found.precision_recall(), false),
        ));
    }
    figures.push(nodes(model, x.labels)?);
    if let Some(labels) = x.labels {
        figures.extend(classes(model, labels, env));
    }
    figures.extend(links(model, &graph, x)?);
    Ok(figures)
}

/// A curve through the points that matter, with the diagonal beside it if it is one of chance.
fn curve(x: &str, y: &str, points: Vec<(f64, f64)>, diagonal: bool) -> Plot {
    let stride = points.len().div_ceil(SHOWN_POINTS).max(1);
    let last = points.len().saturating_sub(1);
    let shown = points.into_iter().enumerate().filter(|(at, _)| at % stride == 0 || *at == last);
    let (xs, ys) = shown.map(|(_, point)| point).unzip();
    let mut series =
        vec![Series { name: if diagonal { "model".into() } else { String::new() }, x: xs, y: ys }];
    if diagonal {
        series.push(Series { name: "chance".into(), x: vec![0.0, 1.0], y: vec![0.0, 1.0] });
    }
    Plot::Lines { x: Axis::linear(x), y: Axis::linear(y), series }
}

/// Codes along their two directions of largest variance.
fn nodes(model: &Embedding, labels: Option<&Labels>) -> Result<Figure> {
    let codes = &model.codes.0;
    let stride = codes.n_rows().div_ceil(SHOWN_NODES).max(1);
    let shown: Vec<usize> = (0..codes.n_rows()).step_by(stride).collect();
    let mut centred = codes.select_rows(&shown);
    let mean: Vec<f64> = (0..codes.n_cols())
        .map(|k| centred.rows().map(|row| row[k]).sum::<f64>() / shown.len() as f64)
        .collect();
    for i in 0..centred.n_rows() {
        centred.row_mut(i).iter_mut().zip(&mean).for_each(|(z, mean)| *z -= mean);
    }
    let found = truncated_svd(&Features::F64(centred), 2, TOLERANCE, 0)?;
    let coordinate = |i: usize, k: usize| if k < found.s.len() { found.u[(i, k)] * found.s[k] } else { 0.0 };
    let of_shown = labels.map(|labels| Labels {
        class: shown.iter().map(|&i| labels.class[i]).collect(),
        classes: labels.classes.clone(),
    });
    let series = gallery::by_class(shown.len(), of_shown.as_ref(), |i| (coordinate(i, 0), coordinate(i, 1)));
    let (x, y) = (Axis::linear("first direction"), Axis::linear("second direction"));
    Ok(Figure::new(
        "Nodes",
        "Nodes by their codes, along the two directions in which codes vary most; colours are known classes, which the \
         model has not seen.",
        Plot::Scatter { x, y, series },
    ))
}

/// Which classes the clusters of codes are.
fn classes(model: &Embedding, labels: &Labels, env: &Env) -> Option<Figure> {
    let (codes, class) = judged::judged(&model.codes.0, labels)?;
    let k = labels.classes.len();
    let found = judged::clusters(&codes, k, env);
    let mut counts: Matrix<f64> = Matrix::zeros(k, k);
    found.iter().zip(&class).for_each(|(&a, &b)| counts[(a as usize, b as usize)] += 1.0);
    // Clusters in the order of the class most of their nodes have.
    let class_of = |row: &[f64]| (0..k).max_by(|&a, &b| row[a].total_cmp(&row[b]).then(b.cmp(&a)));
    let mut order: Vec<usize> = (0..k).collect();
    order.sort_by_key(|&a| (class_of(counts.row(a)), a));
    Some(Figure::new(
        "Clusters and classes",
        "Codes in as many clusters as there are classes, by k-means: how many nodes of each class a cluster has.",
        Plot::HeatMap {
            rows: k,
            cols: k,
            values: order.iter().flat_map(|&a| counts.row(a).to_vec()).collect(),
            row_names: order.iter().map(|a| format!("cluster {}", a + 1)).collect(),
            col_names: labels.classes.clone(),
            colours: Colours::Sequential,
        },
    ))
}

/// Pairs that may be links too.
fn links(model: &Embedding, graph: &Graph, x: &Data) -> Result<Option<Figure>> {
    if model.n_nodes() > SEARCHED_NODES {
        return Ok(None);
    }
    let class = |i: u32| x.labels.map(|labels| labels.classes[labels.class[i as usize] as usize].clone());
    let row = |link: &super::Predicted| {
        let (i, j) = link.nodes;
        let names = [x.names.sample(i as usize), x.names.sample(j as usize)];
        let numbers = [format!("{:.4}", link.score), format!("{:.4}", link.probability)];
        names.into_iter().chain(numbers).chain(class(i)).chain(class(j)).collect()
    };
    let found = model.new_links(graph, SHOWN_LINKS)?;
    let mut header = vec!["node", "and node", "score", "probability"];
    if x.labels.is_some() {
        header.extend(["class", "class of the other"]);
    }
    Ok((!found.is_empty()).then(|| {
        Figure::new(
            "Predicted links",
            "Pairs that the graph does not join and the model would, the best first. The score weighs links and other \
             pairs alike; the probability allows for how rare links are. More of them are in links.tsv.",
            Plot::Table {
                header: header.into_iter().map(str::to_owned).collect(),
                rows: found.iter().map(row).collect(),
            },
        )
    }))
}
