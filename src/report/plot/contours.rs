//! A function of the plane: colours, lines of equal height, points.

use super::super::colour;
use super::super::markup::{Element, coordinate};
use super::super::raster;
use super::Drawing;
use super::axis::{self, Frame, Reach, Scale};
use crate::figure::{Axis, Colours, Grid, Series};

/// The drawing.
pub(crate) fn draw(
    spoken: &str,
    [x, y]: [&Axis; 2],
    grid: &Grid,
    levels: &[f64],
    points: &Series,
) -> Drawing {
    let n_cols = grid.n_cols;
    if n_cols == 0 || grid.values.len() < n_cols {
        return super::nothing("An empty grid.");
    }
    let x_scale = Scale::new(x, grid.x.into_iter(), Reach::Tight, 6);
    let y_scale = Scale::new(y, grid.y.into_iter(), Reach::Tight, 5);
    let (frame, x_scale, y_scale) = axis::frame(x_scale, y_scale);
    let mut body = axis::sheet(frame.width, frame.height, spoken)
        .child(cells(&frame, grid))
        .child(axis::axes(&frame, &x_scale, &y_scale));
    for level in levels {
        body = body.child(Element::new("path").class("contour").attr("d", line(&frame, grid, *level)));
    }
    let mut dots = String::new();
    for (x, y) in points.x.iter().zip(&points.y) {
        if let (Some(across), Some(upwards)) = (x_scale.pixel(*x), y_scale.pixel(*y)) {
            dots += &format!("M{} {}h0", coordinate(across), coordinate(upwards));
        }
    }
    Drawing::new(body.child(Element::new("path").class("fine dots s1").attr("d", dots)))
}

/// The values as a picture that fills the frame.
fn cells(frame: &Frame, grid: &Grid) -> Element {
    let colours = Colours::Sequential;
    let ramp = colour::ramp(colours);
    let (low, high) = colour::limits(colours, grid.values.iter().copied());
    let n_rows = grid.values.len() / grid.n_cols;
    // Pictures have their first row on top.
    let rows = grid.values.chunks_exact(grid.n_cols).rev();
    let steps: Vec<Option<usize>> = rows.flatten().map(|&value| colour::step(value, low, high)).collect();
    Element::new("image")
        .class("ramp")
        .at("x", frame.left)
        .at("y", frame.top)
        .at("width", frame.right - frame.left)
        .at("height", frame.bottom - frame.top)
        .attr("preserveAspectRatio", "none")
        .attr("href", raster::cells(grid.n_cols, n_rows, &steps, &ramp, colour::missing(colours)))
}

/// The line along which the values cross a level, in the squares between the middles of four cells (marching squares:
/// Lorensen & Cline 1987 in the plane): where an edge's ends lie on two sides the line crosses it, in proportion.
fn line(frame: &Frame, grid: &Grid, level: f64) -> String {
    let (n_cols, n_rows) = (grid.n_cols, grid.values.len() / grid.n_cols);
    let cell = ((frame.right - frame.left) / n_cols as f64, (frame.bottom - frame.top) / n_rows as f64);
    let place = |col: f64, row: f64| (frame.left + (col + 0.5) * cell.0, frame.bottom - (row + 0.5) * cell.1);
    let mut path = String::new();
    for row in 0..n_rows.saturating_sub(1) {
        for col in 0..n_cols.saturating_sub(1) {
            let corners = [(0, 0), (1, 0), (1, 1), (0, 1)];
            let value = |(right, up): (usize, usize)| grid.values[(row + up) * n_cols + col + right] - level;
            let mut crossed = Vec::new();
            for edge in 0..4 {
                let (from, to) = (corners[edge], corners[(edge + 1) % 4]);
                let (a, b) = (value(from), value(to));
                if (a < 0.0) != (b < 0.0) && a.is_finite() && b.is_finite() {
                    let share = a / (a - b);
                    let along = |from: usize, to: usize| from as f64 + share * (to as f64 - from as f64);
                    crossed.push(place(col as f64 + along(from.0, to.0), row as f64 + along(from.1, to.1)));
                }
            }
            for pair in crossed.chunks_exact(2) {
                let [from, to] =
                    [pair[0], pair[1]].map(|(x, y)| format!("{} {}", coordinate(x), coordinate(y)));
                path += &format!("M{from}L{to}");
            }
        }
    }
    path
}
