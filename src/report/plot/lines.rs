//! Lines through points: training curves, spectra, scores against ranks.

use super::super::markup::{Element, coordinate};
use super::axis::{self, Reach, Scale};
use super::group_class;
use crate::figure::{Axis, Series};

/// Up to so many points in the whole figure each is marked.
const MARKED: usize = 40;
/// Up to so many each tells its values to a pointer.
const TOLD: usize = 600;
/// A line of more points is thinned to about four for each so many of its pieces.
const PIECES: usize = 500;

/// The drawing.
pub(crate) fn draw(spoken: &str, x: &Axis, y: &Axis, series: &[Series]) -> Element {
    let across =
        series.iter().flat_map(|s| s.x.iter().zip(&s.y).filter(|(_, y)| y.is_finite()).map(|(x, _)| *x));
    let upwards =
        series.iter().flat_map(|s| s.x.iter().zip(&s.y).filter(|(x, _)| x.is_finite()).map(|(_, y)| *y));
    let x_scale = Scale::new(x, across, Reach::Tight, 6);
    let y_scale = Scale::new(y, upwards, Reach::Padded, 5);
    let (frame, x_scale, y_scale) = axis::frame(x_scale, y_scale);

    let n_points: usize = series.iter().map(|s| s.y.len()).sum();
    let mut drawing =
        axis::sheet(frame.width, frame.height, spoken).child(axis::axes(&frame, &x_scale, &y_scale));
    let mut is_empty = true;
    for (which, line) in series.iter().enumerate() {
        let runs = runs(line, &x_scale, &y_scale);
        is_empty &= runs.is_empty();
        drawing = drawing.children(curve(&line.name, which, &runs));
        drawing = drawing.children(marks(line, which, &runs, n_points));
    }
    if is_empty { drawing.child(axis::nothing_to_draw(&frame)) } else { drawing }
}

/// A point of a line: which of the series, and where on the sheet.
type Placed = (usize, f64, f64);

/// The line cut at its gaps: the points of each unbroken run.
fn runs(line: &Series, x: &Scale, y: &Scale) -> Vec<Vec<Placed>> {
    let mut runs: Vec<Vec<Placed>> = Vec::new();
    let mut is_broken = true;
    for (i, (&across, &upwards)) in line.x.iter().zip(&line.y).enumerate() {
        let (Some(across), Some(upwards)) = (x.pixel(across), y.pixel(upwards)) else {
            is_broken = true;
            continue;
        };
        match runs.last_mut() {
            Some(run) if !is_broken => run.push((i, across, upwards)),
            _ => runs.push(vec![(i, across, upwards)]),
        }
        is_broken = false;
    }
    runs
}

/// One path for the whole line, if any run has two points.
fn curve(name: &str, which: usize, runs: &[Vec<Placed>]) -> Option<Element> {
    let mut path = String::new();
    for run in runs.iter().filter(|run| run.len() > 1) {
        for (i, (_, across, upwards)) in thinned(run).into_iter().enumerate() {
            path.push(if i == 0 { 'M' } else { 'L' });
            path.push_str(&format!("{} {}", coordinate(across), coordinate(upwards)));
        }
    }
    if path.is_empty() {
        return None;
    }
    let curve = Element::new("path").class(group_class("line", which)).attr("d", path);
    Some(if name.is_empty() { curve } else { curve.tooltip(name) })
}

/// Dots: visible for points that stand alone between gaps and for all points of a small figure, else such as
/// appear under a pointer.
fn marks(line: &Series, which: usize, runs: &[Vec<Placed>], n_points: usize) -> Vec<Element> {
    let is_visible = |run: &Vec<Placed>| run.len() == 1 || n_points <= MARKED;
    let mut dots = Vec::new();
    for run in runs.iter().filter(|run| is_visible(run) || n_points <= TOLD) {
        let (kind, radius) = if is_visible(run) { ("dot", 2.6) } else { ("dot hidden", 4.0) };
        for &(i, across, upwards) in run {
            let dot = Element::new("circle").class(group_class(kind, which));
            let dot = dot.at("cx", across).at("cy", upwards).at("r", radius);
            dots.push(dot.tooltip(super::told(line, i)));
        }
    }
    dots
}

/// First, lowest, highest and last of each piece of a long run: the same picture with far fewer points.
fn thinned(run: &[Placed]) -> Vec<Placed> {
    if run.len() <= 4 * PIECES {
        return run.to_vec();
    }
    let mut kept = Vec::with_capacity(4 * PIECES);
    for piece in run.chunks(run.len().div_ceil(PIECES)) {
        let by_height = |a: &&Placed, b: &&Placed| a.2.total_cmp(&b.2);
        let extremes = [piece.iter().min_by(by_height), piece.iter().max_by(by_height)];
        let mut four: Vec<Placed> =
            [piece.first(), piece.last()].into_iter().chain(extremes).flatten().copied().collect();
        four.sort_by_key(|point| point.0);
        four.dedup_by_key(|point| point.0);
        kept.extend(four);
    }
    kept
}
