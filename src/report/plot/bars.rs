//! Horizontal bars: top words, loadings, counts; names to the left, values at the ends.

use super::super::markup::{Element, cut};
use super::super::number::{alike, number};
use super::Drawing;
use super::axis::{self, Frame, LETTER, Reach, Scale};
use crate::figure::Axis;

/// More bars than this are not drawn, and the reader is told.
const MOST: usize = 80;
/// The longest name that is not cut.
const NAME: usize = 24;
const WIDTH: f64 = 460.0;
const ROW: f64 = 21.0;

/// The drawing.
pub(crate) fn draw(spoken: &str, x: &Axis, bars: &[(String, f64)]) -> Drawing {
    if bars.is_empty() {
        return super::nothing("No bars to draw.");
    }
    let drawn = &bars[..bars.len().min(MOST)];
    let scale = Scale::new(x, drawn.iter().map(|bar| bar.1), Reach::ToZero, 4);
    let longest = drawn.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(NAME);
    let names = if longest == 0 { 4.0 } else { 14.0 + LETTER * longest as f64 };
    let written = alike(&drawn.iter().map(|bar| bar.1).collect::<Vec<f64>>(), 3);
    // Values are written beyond the ends of the bars.
    let widest = written.iter().map(|value| value.chars().count()).max().unwrap_or(1);
    let beyond = 8.0 + LETTER * widest as f64;
    let before = if drawn.iter().any(|bar| bar.1 < 0.0) { beyond } else { 0.0 };

    let bottom = 6.0 + ROW * drawn.len() as f64;
    let height = bottom + if scale.label.is_empty() { 26.0 } else { 46.0 };
    let frame = Frame { width: WIDTH, height, left: names + before, right: WIDTH - beyond, top: 4.0, bottom };
    let scale = scale.across(frame.left, frame.right);

    let mut body = axis::sheet(WIDTH, height, spoken);
    for tick in &scale.ticks {
        body = body.child(axis::segment("grid", tick.at, frame.top, tick.at, bottom));
    }
    let zero = scale.pixel(0.0).expect("zero is drawable, and bars are never logarithmic");
    for (i, ((name, value), written)) in drawn.iter().zip(&written).enumerate() {
        let row = Row { name, value: *value, written, top: 5.0 + ROW * i as f64 };
        body = body.child(draw_row(&row, &scale, zero, names));
    }
    body = body.child(axis::segment("axis", zero, frame.top, zero, bottom));
    body = body
        .children(axis::horizontal_ticks(&frame, &scale))
        .children(axis::horizontal_label(&frame, &scale));
    let drawing = Drawing::new(body);
    match bars.len() - drawn.len() {
        0 => drawing,
        more => drawing.noted(format!("The first {MOST}; {more} more are not drawn.")),
    }
}

/// A bar's row: its name and value, the value as it is written, and the top of the row.
struct Row<'a> {
    name: &'a str,
    value: f64,
    written: &'a str,
    top: f64,
}

/// The name (up to `names`), the bar from zero, the value at its end.
fn draw_row(row: &Row, scale: &Scale, zero: f64, names: f64) -> Element {
    let baseline = row.top + 0.7 * ROW;
    let group = Element::new("g").tooltip(format!("{}: {}", row.name, number(row.value)));
    let group = group.child(axis::text("name end", names - 8.0, baseline, &cut(row.name, NAME)));
    let Some(end) = scale.pixel(row.value) else {
        return group.child(axis::text("tick", zero + 6.0, baseline, "missing"));
    };
    let rectangle = Element::new("rect").class("bar").at("x", end.min(zero)).at("y", row.top + 2.0);
    let group = group.child(rectangle.at("width", (end - zero).abs()).at("height", ROW - 5.0));
    let (class, at) = if row.value < 0.0 { ("tick end", end - 6.0) } else { ("tick", end + 6.0) };
    group.child(axis::text(class, at, baseline, row.written))
}
