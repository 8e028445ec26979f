//! What every topic model has to show.

use super::{Mixture, candidates};
use crate::error::Result;
use crate::figure::{Axis, Colours, Figure, MapTopic, MapWord, Panel, Plot};
use crate::linalg::{Matrix, falling};
use crate::models::{Data, Labels, Names, gallery};

/// Words in the bars of a topic.
const BARS: usize = 10;

/// Words that a topic of the map offers at every weight.
const OFFERED: usize = 20;

/// The weight of probability beside lift that Sievert & Shirley (2014) found best.
const LAMBDA: f64 = 0.6;

/// Bars of the structure plot at the most; beyond it neighbours are averaged.
const COLUMNS: usize = 800;

/// Topics that figures show at most, the largest: no eye tells more apart, and a page has to open.
pub const SHOWN_TOPICS: usize = 100;

/// Classes in the table of topics over a label at the most.
const CLASSES: usize = 60;

impl Mixture<'_> {
    /// Top words, the map, the structure of the samples the model was fitted to, topics over their label.
    /// # Errors
    /// Data of the wrong kind; topics that are not finite.
    pub fn figures(&self, x: &Data) -> Result<Vec<Figure>> {
        let names = x.names;
        let mut figures = vec![match names.picture {
            Some(_) => gallery::parts("Topics", "The rows of beta, as pictures.", self.beta, names),
            None => self.top_words(names),
        }];
        figures.push(self.drawn_map(names)?);
        let labels = x.labels.filter(|labels| labels.class.len() == self.theta.n_rows());
        figures.push(structure(self.theta, labels));
        figures.extend(labels.map(|labels| over_label(self.theta, labels)));
        Ok(figures)
    }

    fn top_words(&self, names: &Names) -> Figure {
        let shares = self.shares();
        let panel = |&k: &usize| {
            let row = self.beta.row(k);
            let words = falling(row).into_iter().take(BARS).filter(|&w| row[w] > 0.0);
            Panel {
                title: format!("Topic {}, {:.1} % of all words", k + 1, 100.0 * shares[k]),
                bars: words.map(|w| (names.feature(w), row[w])).collect(),
            }
        };
        Figure::new(
            "Top words",
            "The most probable words of each topic, the largest topics first.",
            Plot::Panels {
                x: Axis::linear(""),
                panels: falling(&shares).iter().take(SHOWN_TOPICS).map(panel).collect(),
            },
        )
    }

    fn drawn_map(&self, names: &Names) -> Result<Figure> {
        let map = self.map()?;
        let topic = |(at, &k): (usize, &usize)| MapTopic {
            name: (k + 1).to_string(),
            at: (map.places[(at, 0)], map.places[(at, 1)]),
            share: map.shares[at],
            words: candidates(self.beta.row(k), &map.marginal, OFFERED)
                .into_iter()
                .map(|word| MapWord {
                    name: names.feature(word.word),
                    probability: word.probability,
                    share: word.share,
                })
                .collect(),
        };
        let topics = map.topics.iter().enumerate().map(topic).collect();
        Ok(Figure::new(
            "Map of topics",
            "Circles are topics, their areas shares of all words; topics near each other have similar words \
             (principal coordinates of Jensen-Shannon distances). Choose one: its words are ranked by λ ln p(word | topic) \
             + (1 - λ) ln lift, grey bars are words in the corpus, coloured ones those of the topic.",
            Plot::TopicMap { topics, lambda: LAMBDA },
        ))
    }
}

/// The topics that are shown, in their order: those with the largest sums of memberships.
fn shown(theta: &Matrix<f64>) -> Vec<usize> {
    let mut topics = falling(&theta.col_sums());
    topics.truncate(SHOWN_TOPICS);
    topics.sort_unstable();
    topics
}

/// The structure plot of memberships, n_samples x n_topics, rows that sum to 1: samples sorted within their class,
/// or where none is known within those of the same largest topic, by that topic and how much they have of it.
pub fn structure(theta: &Matrix<f64>, labels: Option<&Labels>) -> Figure {
    let largest: Vec<usize> = theta.rows().map(|row| falling(row).first().copied().unwrap_or(0)).collect();
    let group = |i: usize| labels.map_or(largest[i], |labels| labels.class[i] as usize);
    let n_groups = labels.map_or(theta.n_cols(), |labels| labels.classes.len());
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); n_groups];
    (0..theta.n_rows()).for_each(|i| members[group(i)].push(i));
    let topics = shown(theta);
    let has_others = topics.len() < theta.n_cols();
    let (mut shares, mut groups) = (Vec::new(), Vec::new());
    for (g, members) in members.iter_mut().enumerate().filter(|(_, members)| !members.is_empty()) {
        members.sort_by(|&a, &b| {
            let of = |i: usize| theta[(i, largest[i])];
            largest[a].cmp(&largest[b]).then(of(b).total_cmp(&of(a)))
        });
        // As many columns as its part of the samples, at least one.
        let n_columns = match theta.n_rows() {
            n if n <= COLUMNS => members.len(),
            n => (members.len() * COLUMNS / n).clamp(1, members.len()),
        };
        for column in 0..n_columns {
            let some = &members[column * members.len() / n_columns..(column + 1) * members.len() / n_columns];
            let mean = |k: usize| some.iter().map(|&i| theta[(i, k)]).sum::<f64>() / some.len() as f64;
            let from = shares.len();
            shares.extend(topics.iter().map(|&k| mean(k)));
            if has_others {
                let others = 1.0 - shares[from..].iter().sum::<f64>();
                shares.push(others.max(0.0));
            }
        }
        let name = labels.map_or_else(|| format!("{}", g + 1), |labels| labels.classes[g].clone());
        groups.push((name, n_columns));
    }
    let by = match labels {
        Some(_) => "class",
        None => "largest topic",
    };
    let averaged = if theta.n_rows() > COLUMNS { "; neighbours are averaged" } else { "" };
    let mut parts: Vec<String> = topics.iter().map(|k| format!("topic {}", k + 1)).collect();
    if has_others {
        parts.push("all others".to_string());
    }
    Figure::new(
        "Structure",
        format!(
            "What each sample is made of: a bar a sample, a colour a topic, samples grouped by {by}{averaged}."
        ),
        Plot::Shares { parts, shares, groups },
    )
}

/// The mean memberships of the samples of each class.
fn over_label(theta: &Matrix<f64>, labels: &Labels) -> Figure {
    let n_classes = labels.classes.len().min(CLASSES);
    let topics = shown(theta);
    let mut means = Matrix::zeros(n_classes, topics.len());
    let mut counts = vec![0.0_f64; n_classes];
    for (row, &class) in theta.rows().zip(&labels.class) {
        if let Some(count) = counts.get_mut(class as usize) {
            *count += 1.0;
            means.row_mut(class as usize).iter_mut().zip(&topics).for_each(|(mean, &k)| *mean += row[k]);
        }
    }
    for (g, count) in counts.iter().enumerate() {
        means.row_mut(g).iter_mut().for_each(|mean| *mean /= count.max(1.0));
    }
    Figure::new(
        "Topics over the label",
        "The mean membership of the samples of each class in each topic; the model has not seen the classes.",
        Plot::HeatMap {
            rows: n_classes,
            cols: topics.len(),
            values: means.into_values(),
            row_names: labels.classes[..n_classes].to_vec(),
            col_names: topics.iter().map(|k| (k + 1).to_string()).collect(),
            colours: Colours::Sequential,
        },
    )
}
