//! A matrix as coloured cells with a colour bar. Small ones are made of rectangles that tell their values, large
//! ones are a picture.

use super::super::colour::{self, Rgb};
use super::super::markup::{Element, cut};
use super::super::number::number;
use super::super::raster;
use super::Drawing;
use super::axis::{self, Reach, Scale};
use crate::figure::{Axis, Colours};

/// Up to so many cells each is a rectangle with its value as a tooltip.
const RECTANGLES: usize = 1_500;
/// Cells at least this wide and high have their value written into them.
const ROOMY: (f64, f64) = (38.0, 18.0);
/// Rows and columns of a picture at most; beyond it blocks are averaged.
const SIDE: usize = 1024;
/// More columns than this take the page's whole width.
const NARROW: usize = 40;
/// The longest name that is not cut, and the width of one of its letters in pixels.
const NAME: usize = 18;
const LETTER: f64 = 6.7;
/// Pixels a name needs across its direction.
const LINE: f64 = 11.0;

/// The matrix and its names.
pub(crate) struct Map<'a> {
    pub(crate) n_rows: usize,
    pub(crate) n_cols: usize,
    /// Row-major; what is not there is missing.
    pub(crate) values: &'a [f64],
    pub(crate) row_names: &'a [String],
    pub(crate) col_names: &'a [String],
}

/// Where things stand on the sheet, in pixels.
struct Layout {
    left: f64,
    top: f64,
    cell_width: f64,
    cell_height: f64,
    right: f64,
    bottom: f64,
}

/// The drawing.
pub(crate) fn draw(spoken: &str, map: &Map, colours: Colours) -> Drawing {
    if map.n_rows == 0 || map.n_cols == 0 {
        return super::nothing("An empty matrix.");
    }
    let ramp = colour::ramp(colours);
    let (low, high) = colour::limits(colours, map.values.iter().copied());
    let is_wide = map.n_cols > NARROW;
    let layout = lay_out(map, if is_wide { 940.0 } else { 460.0 });
    let beside = layout.right + 16.0;
    let bar_bottom = layout.bottom.max(layout.top + 110.0);

    let columns = columns(map, &layout);
    let height = bar_bottom.max(layout.bottom + columns.0) + 4.0;
    let mut body = axis::sheet(beside + 70.0, height, spoken);
    let shrunk = map.n_rows * map.n_cols > RECTANGLES;
    let shade = |value: f64| colour::step(value, low, high);
    let (cells, note) = if shrunk {
        picture(map, &layout, shade, &ramp)
    } else {
        (rectangles(map, &layout, shade, &ramp), None)
    };
    let class = if colours == Colours::Light { "light" } else { "ramp" };
    body = body.child(cells.class(class));
    body = body.children(rows(map, &layout)).children(columns.1);
    body = body.children(colour_bar((low, high), (beside, layout.top, bar_bottom), &ramp, class));
    let drawing = Drawing { is_wide, ..Drawing::new(body) };
    match note {
        Some(note) => drawing.noted(note),
        None => drawing,
    }
}

fn lay_out(map: &Map, width: f64) -> Layout {
    let (n_rows, n_cols) = (map.n_rows as f64, map.n_cols as f64);
    let left = 10.0 + LETTER * longest(map.row_names, map.n_rows).max(number(n_rows).chars().count()) as f64;
    let top = 6.0;
    let cell_width = ((width - left - 86.0) / n_cols).min(46.0);
    // Square where that fits, never so flat that names collide nor higher than a screen.
    let cell_height = cell_width.clamp(LINE + 3.0, 30.0).min(440.0 / n_rows);
    let (right, bottom) = (left + cell_width * n_cols, top + cell_height * n_rows);
    Layout { left, top, cell_width, cell_height, right, bottom }
}

/// Letters of the longest name as it is drawn.
fn longest(names: &[String], n: usize) -> usize {
    names.iter().take(n).map(|name| name.chars().count().min(NAME)).max().unwrap_or(0)
}

/// Each cell a rectangle, with its value written into it where there is room.
fn rectangles(map: &Map, layout: &Layout, shade: impl Fn(f64) -> Option<usize>, ramp: &[Rgb]) -> Element {
    let is_roomy = layout.cell_width >= ROOMY.0 && layout.cell_height >= ROOMY.1;
    let mut group = Element::new("g");
    for i in 0..map.n_rows {
        for j in 0..map.n_cols {
            let value = map.values.get(i * map.n_cols + j).copied().unwrap_or(f64::NAN);
            let (x, y) =
                (layout.left + j as f64 * layout.cell_width, layout.top + i as f64 * layout.cell_height);
            let cell = Element::new("rect")
                .at("x", x)
                .at("y", y)
                .at("width", layout.cell_width)
                .at("height", layout.cell_height)
                .tooltip(format!(
                    "{}, {}: {}",
                    name_of(map.row_names, i),
                    name_of(map.col_names, j),
                    number(value)
                ));
            let Some(step) = shade(value) else {
                group = group.child(cell.class("missing"));
                continue;
            };
            group = group.child(cell.attr("fill", colour::hex(ramp[step])));
            if is_roomy {
                let class = if colour::lightness(ramp[step]) > 0.62 {
                    "cell mid on-paper"
                } else {
                    "cell mid on-ink"
                };
                let (across, down) = (x + layout.cell_width / 2.0, y + layout.cell_height / 2.0 + 4.0);
                group = group.child(axis::text(class, across, down, &cut(&number(value), 7)));
            }
        }
    }
    group
}

/// All cells as one picture, averaged down where there are more cells than pixels; and what to say of that.
fn picture(
    map: &Map,
    layout: &Layout,
    shade: impl Fn(f64) -> Option<usize>,
    ramp: &[Rgb],
) -> (Element, Option<String>) {
    let shrunk = raster::Shrunk::new(map.n_rows, map.n_cols, map.values, SIDE);
    let steps: Vec<Option<usize>> = shrunk.values.iter().map(|&value| shade(value)).collect();
    let image = Element::new("image")
        .at("x", layout.left)
        .at("y", layout.top)
        .at("width", layout.right - layout.left)
        .at("height", layout.bottom - layout.top)
        .attr("preserveAspectRatio", "none")
        .attr("href", raster::cells(shrunk.n_cols, shrunk.n_rows, &steps, ramp));
    let averaged = shrunk.block != (1, 1);
    let (down, across) = shrunk.block;
    (image, averaged.then(|| format!("Each pixel is the mean of a block of {down} × {across} cells.")))
}

/// The rows' names to the left, or their numbers where there are no names or no room for them.
fn rows(map: &Map, layout: &Layout) -> Vec<Element> {
    if map.row_names.is_empty() || layout.cell_height < LINE {
        let scale = counted(map.n_rows, layout.cell_height).across(layout.top, layout.bottom);
        let label = |tick: &axis::Tick| axis::text("tick end", layout.left - 6.0, tick.at + 4.0, &tick.label);
        return scale.ticks.iter().map(label).collect();
    }
    let name = |(i, name): (usize, &String)| {
        let middle = layout.top + (i as f64 + 0.5) * layout.cell_height;
        axis::text("name end", layout.left - 6.0, middle + 4.0, &cut(name, NAME)).tooltip(name.as_str())
    };
    map.row_names.iter().take(map.n_rows).enumerate().map(name).collect()
}

/// The columns' names below (lying where they fit, standing where they must) or their numbers, and the height
/// they take.
fn columns(map: &Map, layout: &Layout) -> (f64, Vec<Element>) {
    if map.col_names.is_empty() || layout.cell_width < LINE {
        let scale = counted(map.n_cols, layout.cell_width).across(layout.left, layout.right);
        let label = |tick: &axis::Tick| axis::text("tick mid", tick.at, layout.bottom + 17.0, &tick.label);
        return (24.0, scale.ticks.iter().map(label).collect());
    }
    let longest = LETTER * longest(map.col_names, map.n_cols) as f64;
    let is_lying = longest < layout.cell_width;
    let name = |(j, name): (usize, &String)| {
        let middle = layout.left + (j as f64 + 0.5) * layout.cell_width;
        let text = if is_lying {
            axis::text("name mid", middle, layout.bottom + 17.0, &cut(name, NAME))
        } else {
            let (across, down) = (middle + 4.0, layout.bottom + 7.0);
            let standing = axis::text("name end", across, down, &cut(name, NAME));
            standing.attr("transform", format!("rotate(-90 {across:.2} {down:.2})"))
        };
        text.tooltip(name.as_str())
    };
    let names = map.col_names.iter().take(map.n_cols).enumerate().map(name).collect();
    (if is_lying { 24.0 } else { 14.0 + longest }, names)
}

/// The scale of rows or columns counted from 1, whose ticks are whole numbers at the middles of cells.
fn counted(n: usize, cell: f64) -> Scale {
    let n_ticks = if n as f64 * cell < 120.0 { 3 } else { 8 };
    let ends = [0.5, n as f64 + 0.5].into_iter();
    let mut scale = Scale::new(&Axis::default(), ends, Reach::Tight, n_ticks);
    scale.ticks.retain(|tick| !tick.label.contains('.') && tick.label != "0");
    scale
}

/// The name of a row or column, or its number counted from 1.
fn name_of(names: &[String], i: usize) -> String {
    names.get(i).cloned().unwrap_or_else(|| (i + 1).to_string())
}

/// The colour scale, standing to the right of the matrix.
fn colour_bar(
    (low, high): (f64, f64),
    (left, top, bottom): (f64, f64, f64),
    ramp: &[Rgb],
    class: &str,
) -> Vec<Element> {
    let upwards: Vec<Option<usize>> = (0..ramp.len()).rev().map(Some).collect();
    let strip = Element::new("image")
        .class(class)
        .at("x", left)
        .at("y", top)
        .at("width", 11.0)
        .at("height", bottom - top)
        .attr("preserveAspectRatio", "none")
        .attr("href", raster::cells(1, ramp.len(), &upwards, ramp));
    let scale = Scale::new(&Axis::default(), [low, high].into_iter(), Reach::Tight, 5).across(bottom, top);
    let mut drawn = vec![strip];
    for tick in &scale.ticks {
        drawn.push(axis::segment("axis", left + 11.0, tick.at, left + 15.0, tick.at));
        drawn.push(axis::text("tick", left + 19.0, tick.at + 4.0, &tick.label));
    }
    if !scale.label.is_empty() {
        drawn.push(axis::text("tick", left, bottom + 17.0, scale.label.trim_matches(['(', ')'])));
    }
    drawn
}
