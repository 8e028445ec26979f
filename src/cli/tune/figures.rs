//! The curve, the table and the command lines of a search.

use super::grid::Candidate;
use super::results::{Done, Results, as_number, bare};
use crate::figure::{Axis, Colours, Figure, Plot, Series};
use crate::linalg::falling;
use crate::models::validation::Estimate;
use crate::report::number;

/// Curves of one figure at the most.
const MOST_CURVES: usize = 6;

/// An axis of a parameter is logarithmic from this ratio of its ends on.
const LOG_RATIO: f64 = 20.0;

/// That of errors from this one on: a candidate that explodes would leave nothing to see of the others.
const LOG_RATIO_OF_ERRORS: f64 = 5.0;

/// All figures.
pub fn all(results: &Results) -> Vec<Figure> {
    let mut figures: Vec<Figure> = curve(results).into_iter().chain(map(results)).collect();
    if results.n_done() == 0 {
        return figures;
    }
    let (header, rows) = rows(results);
    let caption =
        "Every candidate with its mean error over the folds and the standard error of that mean, best first.";
    figures.push(Figure::new("Candidates", caption, Plot::Table { header, rows: sorted(results, rows) }));
    figures.extend(commands(results));
    figures
}

/// Header and rows of the candidates that are done, in the order of the grid.
pub fn rows(results: &Results) -> (Vec<String>, Vec<Vec<String>>) {
    let keys = &results.request.keys;
    let mut header = keys.clone();
    header.extend([results.request.judged_by(), "standard error", "seconds", ""].map(str::to_owned));
    let row = |(c, candidate, done): (usize, &Candidate, &Done)| {
        let Estimate { mean, standard_error } = done.estimate();
        let mut cells: Vec<String> = keys.iter().map(|key| bare(&candidate.tried[key])).collect();
        cells.extend([mean, standard_error].map(|x| format!("{x:.4}")));
        cells.extend([number(done.seconds), results.mark(c).to_owned()]);
        cells
    };
    (header, results.finished().into_iter().map(row).collect())
}

/// The rows, best first.
fn sorted(results: &Results, rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    let means = results.finished().into_iter().map(|(_, _, done)| done.estimate().mean);
    let below: Vec<f64> = means.map(|mean| -mean).collect();
    falling(&below).into_iter().map(|at| rows[at].clone()).collect()
}

/// The key on the horizontal axis: of those that are numbers throughout the one with most values.
fn across(results: &Results) -> Option<usize> {
    let finished = results.finished();
    let n_values = |key: &String| {
        let values: Option<Vec<f64>> =
            finished.iter().map(|(_, candidate, _)| as_number(&candidate.tried[key])).collect();
        let mut values = values?;
        values.sort_by(f64::total_cmp);
        values.dedup();
        Some(values.len()).filter(|n| *n > 1)
    };
    let counted = results.request.keys.iter().enumerate().filter_map(|(k, key)| Some((k, n_values(key)?)));
    counted.max_by_key(|&(k, n)| (n, std::cmp::Reverse(k))).map(|(k, _)| k)
}

/// Errors against one parameter, with their standard errors; a curve for each combination of the others.
fn curve(results: &Results) -> Option<Figure> {
    let keys = &results.request.keys;
    let key = &keys[across(results)?];
    let finished = results.finished();
    let group_of = |candidate: &Candidate| {
        let others = keys.iter().filter(|other| *other != key);
        others
            .map(|other| format!("{other} {}", bare(&candidate.tried[other])))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut groups: Vec<(String, Vec<(f64, Estimate)>)> = Vec::new();
    for (_, candidate, done) in &finished {
        let (name, point) = (group_of(candidate), (as_number(&candidate.tried[key])?, done.estimate()));
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, points)) => points.push(point),
            None => groups.push((name, vec![point])),
        }
    }
    for (_, points) in &mut groups {
        let below: Vec<f64> = points.iter().map(|(x, _)| -x).collect();
        *points = falling(&below).into_iter().map(|at| points[at]).collect();
    }
    // Of many curves the best are shown.
    let least = |points: &[(f64, Estimate)]| points.iter().map(|(_, e)| e.mean).fold(f64::INFINITY, f64::min);
    let n_groups = groups.len();
    if n_groups > MOST_CURVES {
        let below: Vec<f64> = groups.iter().map(|(_, points)| -least(points)).collect();
        let best = falling(&below).into_iter().take(MOST_CURVES);
        groups = best.map(|at| groups[at].clone()).collect();
    }
    let mut series: Vec<Series> = groups
        .iter()
        .map(|(name, points)| Series {
            name: if name.is_empty() { "mean over the folds".into() } else { name.clone() },
            x: points.iter().map(|(x, _)| *x).collect(),
            y: points.iter().map(|(_, e)| e.mean).collect(),
        })
        .collect();
    let choice = results.choice()?;
    let marked = |name: &str, c: usize| {
        let point = as_number(&results.request.candidates[c].tried[key])?;
        let mean = results.done[c].as_ref()?.estimate().mean;
        Some(Series { name: name.into(), x: vec![point], y: vec![mean] })
    };
    let means: Vec<f64> = groups.iter().flat_map(|(_, points)| points.iter().map(|(_, e)| e.mean)).collect();
    let y = axis_of(results.request.in_words(), &means, LOG_RATIO_OF_ERRORS);
    // A bar that would reach 0 or less has no lower end on a logarithmic axis: it is cut below all points.
    let floor = match y.log {
        true => 0.5 * means.iter().copied().fold(f64::INFINITY, f64::min),
        false => f64::NEG_INFINITY,
    };
    series.push(whiskers("± one standard error", floor, groups.iter().flat_map(|(_, points)| points)));
    series.extend(marked("best", choice.best));
    series.extend(marked("simplest within one standard error", choice.one_standard_error));
    let left_out = match n_groups > MOST_CURVES {
        true => format!(" The best {MOST_CURVES} of {n_groups} curves."),
        false => String::new(),
    };
    let caption = format!(
        "The mean error over the folds for every {key}, with a bar of one standard error to each side.{left_out} Where \
         bars overlap the folds do not tell candidates apart, and the simpler one is the safer choice."
    );
    let xs: Vec<f64> = groups.iter().flat_map(|(_, points)| points.iter().map(|(x, _)| *x)).collect();
    Some(Figure::new(
        "Error by cross-validation",
        caption,
        Plot::Lines { x: axis_of(key, &xs, LOG_RATIO), y, series },
    ))
}

/// Vertical bars, nowhere below a floor: pieces of a line between gaps.
fn whiskers<'a>(name: &str, floor: f64, points: impl Iterator<Item = &'a (f64, Estimate)>) -> Series {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for (at, Estimate { mean, standard_error }) in points {
        x.extend([*at, *at, f64::NAN]);
        y.extend([(mean - standard_error).max(floor), mean + standard_error, f64::NAN]);
    }
    Series { name: name.into(), x, y }
}

/// Logarithmic where values are positive and far apart.
fn axis_of(key: &str, values: &[f64], ratio: f64) -> Axis {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(0.0, f64::max);
    if least > 0.0 && most / least >= ratio { Axis::log(key) } else { Axis::linear(key) }
}

/// The errors of a grid of two parameters as a map.
fn map(results: &Results) -> Option<Figure> {
    let [rows, cols] = &results.request.keys[..] else { return None };
    let finished = results.finished();
    let values = |key: &String| {
        let mut values: Vec<&toml::Value> = Vec::new();
        for (_, candidate, _) in &finished {
            let value = &candidate.tried[key];
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values.sort_by(|a, b| as_number(a).unwrap_or(0.0).total_cmp(&as_number(b).unwrap_or(0.0)));
        values
    };
    let (down, right) = (values(rows), values(cols));
    if down.len() < 2 || right.len() < 2 || down.len() * right.len() > 2 * finished.len() {
        return None;
    }
    let at = |i: usize, j: usize| {
        let here = |(_, candidate, _): &&(usize, &Candidate, &Done)| {
            candidate.tried[rows] == *down[i] && candidate.tried[cols] == *right[j]
        };
        finished.iter().find(here).map_or(f64::NAN, |(_, _, done)| done.estimate().mean)
    };
    let means: Vec<f64> =
        (0..down.len()).flat_map(|i| (0..right.len()).map(move |j| (i, j))).map(|(i, j)| at(i, j)).collect();
    // In units of the best one's standard error: 0 is the best, up to 1 cannot be told from it.
    let best = results.done[results.choice()?.best].as_ref()?.estimate();
    let unit = best.standard_error.max(1e-9 * best.mean.abs()).max(f64::MIN_POSITIVE);
    let excess = means.iter().map(|mean| (mean - best.mean) / unit).collect();
    let name = |key: &String, value: &toml::Value| format!("{key} {}", bare(value));
    Some(Figure::new(
        "Errors of the grid",
        "How far the error of each candidate lies above the best, in standard errors of the best: faint cells are \
         as good.",
        Plot::HeatMap {
            rows: down.len(),
            cols: right.len(),
            values: excess,
            row_names: down.iter().map(|value| name(rows, value)).collect(),
            col_names: right.iter().map(|value| name(cols, value)).collect(),
            colours: Colours::Sequential,
        },
    ))
}

/// How to fit what stands out.
fn commands(results: &Results) -> Option<Figure> {
    let choice = results.choice()?;
    let mut chosen = vec![("best", choice.best)];
    if choice.one_standard_error != choice.best {
        chosen.push(("simplest within one standard error", choice.one_standard_error));
    }
    let row =
        |(name, c): (&str, usize)| vec![name.to_owned(), results.fit_command(&results.request.candidates[c])];
    Some(Figure::new(
        "What to fit",
        "The command lines that fit the chosen candidates to all of the data.",
        Plot::Table {
            header: vec!["choice".into(), "command".into()],
            rows: chosen.into_iter().map(row).collect(),
        },
    ))
}
