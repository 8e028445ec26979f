//! What metagenes have to show.

use super::{Consensus, Metagenes};
use crate::figure::{Axis, Colours, Figure, Panel, Plot, Series};
use crate::linalg::falling;
use crate::models::{Data, Names};

/// Genes of a metagene that are shown.
const TOP: usize = 10;

/// Samples up to which a tree is drawn.
const TREE: usize = 400;

pub(super) fn all(model: &Metagenes, x: &Data) -> Vec<Figure> {
    let chosen = model.chosen();
    let mut figures = Vec::new();
    if model.ranks().len() > 1 {
        figures.push(curves(model));
    }
    figures.push(consensus(chosen, x.names));
    if chosen.labels.len() <= TREE {
        figures.push(tree(chosen));
    }
    figures.push(members(chosen, x));
    let title = |k: usize| format!("Metagene {}", k + 1);
    figures.push(top_genes("Metagenes", "of the run of least objective", &chosen.h, x.names, &title));
    figures.push(top_genes(
        "Robust programs",
        "that the runs agree on, in shares of all genes",
        &chosen.programs,
        x.names,
        &|k| format!("Program {}", k + 1),
    ));
    let others = model.ranks().iter().filter(|rank| rank.rank != chosen.rank);
    figures.extend(others.map(|rank| consensus(rank, x.names)));
    figures
}

/// Cophenetic correlation, dispersion and silhouette over the ranks.
fn curves(model: &Metagenes) -> Figure {
    let of = |name: &str, value: &dyn Fn(&Consensus) -> f64| Series {
        name: name.into(),
        x: model.ranks().iter().map(|rank| rank.rank as f64).collect(),
        y: model.ranks().iter().map(value).collect(),
    };
    Figure::new(
        "How much the runs agree",
        format!(
            "1 where all runs put the same samples together. The last rank before the cophenetic correlation begins to fall is {}.",
            model.suggested_rank()
        ),
        Plot::Lines {
            x: Axis::linear("number of metagenes"),
            y: Axis::linear("agreement"),
            series: vec![
                of("cophenetic correlation", &|rank| rank.cophenetic),
                of("dispersion", &|rank| rank.dispersion),
                of("silhouette", &|rank| rank.silhouette),
            ],
        },
    )
}

/// The consensus matrix in the order of the tree.
fn consensus(rank: &Consensus, names: &Names) -> Figure {
    let order = rank.tree().order();
    let n = order.len();
    let values = order.iter().flat_map(|&i| order.iter().map(move |&j| rank.consensus[(i, j)])).collect();
    let called: Vec<String> = order.iter().map(|&i| names.sample(i)).collect();
    Figure::new(
        format!("Consensus of {} metagenes", rank.rank),
        format!(
            "The share of {} runs in which two samples are in one cluster, samples in the order of the tree. Blocks \
             without shades are clusters that all runs agree on (cophenetic correlation {:.4}).",
            rank.objectives.len(),
            rank.cophenetic
        ),
        Plot::HeatMap {
            rows: n,
            cols: n,
            values,
            row_names: called.clone(),
            col_names: called,
            colours: Colours::Sequential,
        },
    )
}

/// The tree: a bracket a merge, a colour a cluster.
fn tree(rank: &Consensus) -> Figure {
    let tree = rank.tree();
    let n = tree.n_samples();
    let mut at = vec![(0.0, 0.0); n];
    tree.order().iter().enumerate().for_each(|(place, &i)| at[i] = ((place + 1) as f64, 0.0));
    let mut cluster: Vec<Option<u32>> = rank.labels.iter().map(|&label| Some(label)).collect();
    // Series 0 holds the merges of whole clusters, the others those within one.
    let mut series: Vec<Series> = (0..=rank.rank)
        .map(|c| Series {
            name: if c == 0 { "between clusters".into() } else { format!("cluster {c}") },
            x: Vec::new(),
            y: Vec::new(),
        })
        .collect();
    for merge in tree.merges() {
        let ((x_a, y_a), (x_b, y_b)) = (at[merge.first], at[merge.second]);
        let same = cluster[merge.first].filter(|_| cluster[merge.first] == cluster[merge.second]);
        let line = &mut series[same.map_or(0, |c| c as usize + 1)];
        // A gap ends the bracket.
        line.x.extend([x_a, x_a, x_b, x_b, f64::NAN]);
        line.y.extend([y_a, merge.height, merge.height, y_b, f64::NAN]);
        at.push((0.5 * (x_a + x_b), merge.height));
        cluster.push(same);
    }
    series.retain(|line| !line.x.is_empty());
    Figure::new(
        "Tree of the samples",
        "Average linkage on 1 - consensus, cut into as many clusters as there are metagenes; samples in the order of the \
         consensus matrix.",
        Plot::Lines { x: Axis::linear("sample"), y: Axis::linear("1 - consensus"), series },
    )
}

/// The samples of each cluster, with the classes that are known.
fn members(rank: &Consensus, x: &Data) -> Figure {
    let labels = x.labels.filter(|labels| labels.class.len() == rank.labels.len());
    let row = |cluster: u32| {
        let samples: Vec<usize> = (0..rank.labels.len()).filter(|&i| rank.labels[i] == cluster).collect();
        let mut cells = vec![(cluster + 1).to_string(), samples.len().to_string()];
        if let Some(labels) = labels {
            let count = |class: usize| samples.iter().filter(|&&i| labels.class[i] as usize == class).count();
            let told = labels.classes.iter().enumerate().map(|(class, name)| (name, count(class)));
            let told: Vec<String> =
                told.filter(|(_, n)| *n > 0).map(|(name, n)| format!("{n} {name}")).collect();
            cells.push(told.join(", "));
        }
        let named: Vec<String> = samples.iter().map(|&i| x.names.sample(i)).collect();
        cells.push(named.join(", "));
        cells
    };
    let mut header = vec!["cluster", "samples"];
    header.extend(labels.map(|_| "classes"));
    header.push("which");
    Figure::new(
        "Clusters",
        "The samples of each cluster of the tree; factors/clusters.tsv lists them all, counted from 0.",
        Plot::Table {
            header: header.into_iter().map(str::to_owned).collect(),
            rows: (0..rank.rank as u32).map(row).collect(),
        },
    )
}

/// The genes each metagene has most of, beside what the others have of them.
fn top_genes(
    title: &str,
    which: &str,
    h: &crate::linalg::Matrix<f64>,
    names: &Names,
    panel_title: &dyn Fn(usize) -> String,
) -> Figure {
    let sums: Vec<f64> = h.rows().map(|row| row.iter().sum::<f64>().max(f64::MIN_POSITIVE)).collect();
    let share = |k: usize, j: usize| h[(k, j)] / sums[k];
    let panel = |k: usize| {
        // By how much more of a gene is in it than in the one that has most of it beside.
        let excess: Vec<f64> = (0..h.n_cols())
            .map(|j| {
                let others = (0..h.n_rows()).filter(|&o| o != k).map(|o| share(o, j));
                share(k, j) - others.fold(0.0, f64::max)
            })
            .collect();
        let bars = falling(&excess).into_iter().take(TOP).map(|j| (names.feature(j), share(k, j))).collect();
        Panel { title: panel_title(k), bars }
    };
    Figure::new(
        title,
        format!(
            "The genes that set each one apart, {which}: those it has most of beyond what any other has."
        ),
        Plot::Panels { x: Axis::linear("share"), panels: (0..h.n_rows()).map(panel).collect() },
    )
}
