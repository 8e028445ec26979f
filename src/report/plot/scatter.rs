//! Points coloured by group: embeddings, scores, residuals.
//!
//! A few hundred points are circles with tooltips; a few thousand one path of dots a group; beyond that the cloud
//! is counted into pixels. Each pixel then shows the group with most points in it, the more strongly the more
//! points there are. Such a cloud is one grey mask a group over a sheet of the group's colour, so that it follows
//! the page between light and dark as everything else does.

use super::super::colour::N_GROUPS;
use super::super::markup::{Element, coordinate};
use super::super::raster;
use super::axis::{self, Frame, Reach, Scale};
use super::{Drawing, group_class};
use crate::figure::{Axis, Series};

/// Up to so many points each is a circle of its own.
const CIRCLES: usize = 400;
/// Up to so many the drawing is made of lines, beyond it of pixels.
const VECTORS: usize = 5_000;
/// Of more points than this only every second, third, ... is counted.
const COUNTED: usize = 1_000_000;
/// Pixels of a mask for a unit of the drawing, so that it is sharp on fine screens.
const FINE: f64 = 2.0;

/// A point: its group, which of the series, and where on the sheet.
struct Point {
    group: usize,
    i: usize,
    across: f64,
    upwards: f64,
}

/// The drawing.
pub(crate) fn draw(spoken: &str, id: usize, x: &Axis, y: &Axis, series: &[Series]) -> Drawing {
    let pairs =
        || series.iter().flat_map(|s| s.x.iter().zip(&s.y)).filter(|(x, y)| x.is_finite() && y.is_finite());
    let x_scale = Scale::new(x, pairs().map(|(x, _)| *x), Reach::Padded, 6);
    let y_scale = Scale::new(y, pairs().map(|(_, y)| *y), Reach::Padded, 5);
    let (frame, x_scale, y_scale) = axis::frame(x_scale, y_scale);
    let points = placed(series, &x_scale, &y_scale);

    let mut body =
        axis::sheet(frame.width, frame.height, spoken).child(axis::axes(&frame, &x_scale, &y_scale));
    let every = points.len().div_ceil(COUNTED).max(1);
    body = match points.len() {
        0 => body.child(axis::nothing_to_draw(&frame)),
        n if n <= CIRCLES => body.children(points.iter().map(|point| circle(point, &series[point.group]))),
        n if n <= VECTORS => body.children(dotted(&points, series.len())),
        _ => body.children(cloud(&frame, id, points.iter().step_by(every))),
    };
    let dots = if points.len() <= CIRCLES { "dot" } else { "blot" };
    let drawing = Drawing { legend: super::legend(series, dots), ..Drawing::new(body) };
    match (points.len() > VECTORS, every) {
        (false, _) => drawing,
        (true, 1) => drawing.noted("Where points lie on one another the most frequent group shows."),
        (true, _) => {
            drawing.noted(format!("Drawn from one point in {every}; the most frequent group shows."))
        }
    }
}

/// The points that can be drawn, the groups taking turns so that none lies under all the others.
fn placed(series: &[Series], x: &Scale, y: &Scale) -> Vec<Point> {
    let mut points = Vec::new();
    for (group, s) in series.iter().enumerate() {
        for (i, (&across, &upwards)) in s.x.iter().zip(&s.y).enumerate() {
            if let (Some(across), Some(upwards)) = (x.pixel(across), y.pixel(upwards)) {
                points.push(Point { group, i, across, upwards });
            }
        }
    }
    points.sort_by_key(|point| point.i);
    points
}

fn circle(point: &Point, series: &Series) -> Element {
    Element::new("circle")
        .class(group_class("dot", point.group))
        .at("cx", point.across)
        .at("cy", point.upwards)
        .at("r", 3.2)
        .tooltip(super::told(series, point.i))
}

/// One path a group: lines of no length whose round ends are the dots.
fn dotted(points: &[Point], n_groups: usize) -> Vec<Element> {
    let mut paths = vec![String::new(); n_groups];
    for point in points {
        paths[point.group] += &format!("M{} {}h0", coordinate(point.across), coordinate(point.upwards));
    }
    let drawn = paths.into_iter().enumerate().filter(|(_, path)| !path.is_empty());
    drawn
        .map(|(group, path)| Element::new("path").class(group_class("dots", group)).attr("d", path))
        .collect()
}

/// The points counted into pixels, as a mask and a sheet of colour for each colour that occurs.
fn cloud<'a>(frame: &Frame, id: usize, points: impl Iterator<Item = &'a Point>) -> Vec<Element> {
    let width = ((frame.right - frame.left) * FINE).ceil() as usize;
    let height = ((frame.bottom - frame.top) * FINE).ceil() as usize;
    let mut hits: Vec<(usize, usize)> = Vec::new();
    for point in points {
        let column = (((point.across - frame.left) * FINE) as usize).min(width - 1);
        let row = (((point.upwards - frame.top) * FINE) as usize).min(height - 1);
        // A dot is a pixel and its four neighbours.
        let around = [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)];
        for (right, down) in around {
            let (column, row) = ((column + right).clamp(1, width) - 1, (row + down).clamp(1, height) - 1);
            hits.push((row * width + column, point.group % N_GROUPS));
        }
    }
    hits.sort_unstable();

    // Per pixel the colour with most hits, the first of equals, and how many hits there were in all.
    let mut winners: Vec<(usize, usize, usize)> = Vec::new();
    for pixel in hits.chunk_by(|a, b| a.0 == b.0) {
        let mut most = (0, 0);
        for same in pixel.chunk_by(|a, b| a.1 == b.1) {
            if same.len() > most.0 {
                most = (same.len(), same[0].1);
            }
        }
        winners.push((pixel[0].0, most.1, pixel.len()));
    }
    let densest = winners.iter().map(|&(_, _, n_hits)| n_hits).max().unwrap_or(1);
    let strength = |n_hits: usize| 110.0 + 145.0 * (n_hits as f64).ln() / (densest as f64).ln().max(1.0);

    let mut drawn = Vec::new();
    for colour in 0..N_GROUPS {
        let mut shown = vec![0; width * height];
        for &(pixel, _, n_hits) in winners.iter().filter(|winner| winner.1 == colour) {
            shown[pixel] = strength(n_hits).min(255.0) as u8;
        }
        if shown.iter().any(|&s| s > 0) {
            let name = format!("cloud-{id}-{colour}");
            let image =
                on_frame(Element::new("image"), frame).attr("href", raster::mask(width, height, &shown));
            drawn.push(Element::new("mask").attr("id", name.as_str()).child(image));
            let sheet = on_frame(Element::new("rect"), frame).class(group_class("sheet", colour));
            drawn.push(sheet.attr("mask", format!("url(#{name})")));
        }
    }
    drawn
}

fn on_frame(element: Element, frame: &Frame) -> Element {
    let (width, height) = (frame.right - frame.left, frame.bottom - frame.top);
    element.at("x", frame.left).at("y", frame.top).at("width", width).at("height", height)
}
