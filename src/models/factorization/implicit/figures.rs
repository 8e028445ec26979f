//! What factors of implicit feedback have to show: how far down the lists the held-out interactions stand, whether
//! lists are more than the most popular items, recommendations, neighbours.

use super::model::{Implicit, Tested};
use crate::error::Result;
use crate::figure::{Axis, Figure, Plot, Series};
use crate::linalg::{Features, falling};
use crate::models::{Data, Recommend};
use crate::monitor::Env;

/// The depth of the curves.
const CURVE_DEPTH: usize = 50;

/// Rows of the tables.
const SHOWN_ROWS: usize = 10;

/// Groups of items by popularity.
const GROUPS: usize = 10;

impl Implicit {
    pub(super) fn draw(&self, x: &Data, env: &Env) -> Result<Vec<Figure>> {
        let features = x.non_negative_features()?;
        let popularity = popularity(features);
        let mut figures = Vec::new();
        if let Some(tested) = self.tested(features, env)? {
            let depth = CURVE_DEPTH.min(popularity.len());
            let lists = self.lists(&tested, depth);
            figures.extend(curves(&tested, &lists, depth));
            figures.push(by_popularity(&tested, &lists, &popularity));
        }
        figures.extend(self.recommendations(x, env)?);
        figures.push(self.neighbours(x, &popularity)?);
        Ok(figures)
    }

    /// Of the first samples.
    fn recommendations(&self, x: &Data, env: &Env) -> Result<Option<Figure>> {
        let features = x.features()?;
        let shown: Vec<usize> = (0..features.n_samples().min(SHOWN_ROWS)).collect();
        let lists = self.recommend(&features.select_rows(&shown), self.fold_in.top_n, env)?;
        let rows: Vec<Vec<String>> = lists
            .iter()
            .enumerate()
            .filter(|(_, list)| !list.is_empty())
            .map(|(i, list)| {
                let named =
                    list.iter().map(|(j, score)| format!("{} {score:.2}", x.names.feature(*j as usize)));
                vec![x.names.sample(i), named.collect::<Vec<_>>().join(", ")]
            })
            .collect();
        Ok((!rows.is_empty()).then(|| {
            Figure::new(
                "Recommendations",
                "For the first samples, the features with the highest scores among those they have not met. A score \
                 near 1 is as certain as an interaction.",
                Plot::Table { header: vec!["sample".into(), "best new features".into()], rows },
            )
        }))
    }

    /// Of the most popular items.
    fn neighbours(&self, x: &Data, popularity: &[f64]) -> Result<Figure> {
        let mut order = falling(popularity);
        order.truncate(SHOWN_ROWS);
        let alike = self.similar(&order, self.fold_in.top_n.max(1))?;
        let rows = order.iter().zip(alike).map(|(&j, list)| {
            let named = list
                .iter()
                .map(|(other, cosine)| format!("{} {cosine:.2}", x.names.feature(*other as usize)));
            vec![x.names.feature(j), named.collect::<Vec<_>>().join(", ")]
        });
        Ok(Figure::new(
            "Similar features",
            "For the features with the most interactions, those whose factors point the same way, with the cosine of the \
             angle: the same samples are expected to like them.",
            Plot::Table { header: vec!["feature".into(), "most similar".into()], rows: rows.collect() },
        ))
    }
}

/// Interactions of every item.
fn popularity(x: &Features) -> Vec<f64> {
    let mut counts = vec![0.0; x.n_features()];
    let mut row = vec![0.0_f64; if x.is_sparse() { 0 } else { x.n_features() }];
    for i in 0..x.n_samples() {
        match x {
            Features::Sparse(x) => {
                let (columns, values) = x.row(i);
                let positive = columns.iter().zip(values).filter(|(_, value)| **value > 0.0);
                positive.for_each(|(&j, _)| counts[j as usize] += 1.0);
            }
            _ => {
                x.row_into(i, &mut row);
                counts
                    .iter_mut()
                    .zip(&row)
                    .filter(|(_, value)| **value > 0.0)
                    .for_each(|(count, _)| *count += 1.0);
            }
        }
    }
    counts
}

/// Recall and NDCG by depth.
fn curves(tested: &Tested, lists: &[Vec<u32>], depth: usize) -> Option<Figure> {
    let ranking = Implicit::ranking(tested, lists, depth)?;
    Some(Figure::new(
        "Held-out interactions in the lists",
        format!(
            "For {} samples, the features they have not met in the order of their scores. Recall at n: held-out \
             interactions among the first n, as a share of the most there can be, min(n, number held out). NDCG at n \
             gives each a gain of 1 / log2(place + 1), as a share of the best order's.",
            ranking.n_users
        ),
        Plot::Lines {
            x: Axis::linear("n, length of the list"),
            y: Axis::linear("mean over samples"),
            series: vec![Series::counted("recall", ranking.recall), Series::counted("NDCG", ranking.ndcg)],
        },
    ))
}

/// How interactions and recommendations are spread over popular and rare items.
fn by_popularity(tested: &Tested, lists: &[Vec<u32>], popularity: &[f64]) -> Figure {
    let order = falling(popularity);
    let mut group = vec![0; popularity.len()];
    order.iter().enumerate().for_each(|(rank, &j)| group[j] = rank * GROUPS / popularity.len());
    let share = |items: &mut dyn Iterator<Item = u32>| {
        let mut counts = [0.0; GROUPS];
        let mut total = 0.0;
        for item in items {
            counts[group[item as usize]] += 1.0;
            total += 1.0;
        }
        counts.map(|count| 100.0 * count / f64::max(total, 1.0)).to_vec()
    };
    let all = tested.held_out.pattern().indices();
    Figure::new(
        "Popular and rare features",
        "Features in ten groups, the tenth with the most interactions first: the share of the held-out interactions \
         that falls on each, and of the recommendations. Lists that only repeat what is popular would stand far \
         above on the left.",
        Plot::Lines {
            x: Axis::linear("tenth of the features, most popular first"),
            y: Axis::linear("share, %"),
            series: vec![
                Series::counted("held-out interactions", share(&mut all.iter().copied())),
                Series::counted("recommendations", share(&mut lists.iter().flatten().copied())),
            ],
        },
    )
}
