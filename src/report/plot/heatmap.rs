//! A matrix as coloured cells with a colour bar. Small ones are made of rectangles that tell their values, large
//! ones are a picture.

use super::super::colour::{self, Rgb};
use super::super::markup::{Element, cut};
use super::super::number::{alike, number};
use super::super::raster;
use super::Drawing;
use super::axis::{self, LETTER, Reach, Scale};
use crate::figure::{Axis, Colours};

/// Up to so many cells each is a rectangle with its value as a tooltip.
const RECTANGLES: usize = 1_500;
/// Up to so many cells their values are written into them, if they are wide and high enough.
const WRITTEN: usize = 400;
/// Rows and columns of a picture at most; beyond it blocks are averaged.
const SIDE: usize = 1024;
/// More columns than this take the page's whole width, if they are also twice as many as the rows.
const NARROW: usize = 40;
/// The sheet's width in one column of the page, and in both.
const WIDTH: f64 = 460.0;
const BOTH: f64 = 940.0;
/// Room for the colour bar.
const BESIDE: f64 = 78.0;
/// The height of a matrix of many rows.
const TALL: f64 = 430.0;
/// The longest name that is not cut.
const NAME: usize = 18;
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
    width: f64,
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
    let shades = Shades::new(map.values, colours);
    let is_wide = map.n_cols > NARROW && map.n_cols >= 2 * map.n_rows;
    let layout = lay_out(map, if is_wide { BOTH } else { WIDTH });
    let is_picture = map.n_rows * map.n_cols > RECTANGLES;
    let (cells, block) =
        if is_picture { picture(map, &layout, &shades) } else { (rectangles(map, &layout, &shades), (1, 1)) };
    let (bar_bottom, colour_bar) = colour_bar(&layout, &shades);
    let (names_bottom, columns) = columns(map, &layout);
    let body = axis::sheet(layout.width, bar_bottom.max(names_bottom) + 2.0, spoken)
        .child(cells.class(shades.class()))
        .children(rows(map, &layout))
        .children(columns)
        .children(colour_bar);

    let mut drawing = Drawing { is_wide, ..Drawing::new(body) };
    if block != (1, 1) {
        drawing =
            drawing.noted(format!("Each pixel is the mean of a block of {} × {} cells.", block.0, block.1));
    }
    let n_known = map.values.iter().take(map.n_rows * map.n_cols).filter(|value| value.is_finite()).count();
    match map.n_rows * map.n_cols - n_known {
        0 => drawing,
        1 => drawing.noted("The grey cell is missing."),
        n_missing => {
            let (n_missing, n_cells) = (number(n_missing as f64), number((map.n_rows * map.n_cols) as f64));
            drawing.noted(format!("Grey cells are missing: {n_missing} of {n_cells}."))
        }
    }
}

/// The colours of values.
struct Shades {
    colours: Colours,
    low: f64,
    high: f64,
    ramp: Vec<Rgb>,
}

impl Shades {
    fn new(values: &[f64], colours: Colours) -> Shades {
        let (low, high) = colour::limits(colours, values.iter().copied());
        Shades { colours, low, high, ramp: colour::ramp(colours) }
    }

    fn step(&self, value: f64) -> Option<usize> {
        colour::step(value, self.low, self.high)
    }

    fn of(&self, value: f64) -> Rgb {
        self.step(value).map_or(colour::missing(self.colours), |step| self.ramp[step])
    }

    /// The class that has the style sheet turn paper and ink round in the dark.
    fn class(&self) -> &'static str {
        if self.colours == Colours::Light { "light" } else { "ramp" }
    }
}

fn lay_out(map: &Map, width: f64) -> Layout {
    let (n_rows, n_cols) = (map.n_rows as f64, map.n_cols as f64);
    let names = longest(map.row_names, map.n_rows).max(number(n_rows).chars().count());
    let names = 10.0 + LETTER * names as f64;
    let cell_width = ((width - names - BESIDE) / n_cols).min(46.0);
    // Rows high enough for their names, if all of them fit; else square cells, or flatter ones.
    let readable = cell_width.clamp(LINE + 3.0, 28.0);
    let cell_height = if readable * n_rows <= TALL { readable } else { (TALL / n_rows).min(cell_width) };
    // What the columns leave over goes to both sides.
    let left = names + (width - names - BESIDE - cell_width * n_cols) / 2.0;
    let (right, top) = (left + cell_width * n_cols, 6.0);
    Layout { width, left, top, cell_width, cell_height, right, bottom: top + cell_height * n_rows }
}

/// Letters of the longest name as it is drawn.
fn longest(names: &[String], n: usize) -> usize {
    names.iter().take(n).map(|name| name.chars().count().min(NAME)).max().unwrap_or(0)
}

/// Each cell a rectangle, with its value written into it where there is room.
fn rectangles(map: &Map, layout: &Layout, shades: &Shades) -> Element {
    let value = |i: usize| map.values.get(i).copied().unwrap_or(f64::NAN);
    let values: Vec<f64> = (0..map.n_rows * map.n_cols).map(value).collect();
    let written = alike(&values, 3);
    let widest = written.iter().map(|text| text.chars().count()).max().unwrap_or(0);
    let has_room = LETTER * widest as f64 <= layout.cell_width && layout.cell_height > LINE + 2.0;
    let is_written = has_room && values.len() <= WRITTEN;

    let mut group = Element::new("g");
    for (index, (&value, text)) in values.iter().zip(&written).enumerate() {
        let (i, j) = (index / map.n_cols, index % map.n_cols);
        let shade = shades.of(value);
        let (x, y) = (layout.left + j as f64 * layout.cell_width, layout.top + i as f64 * layout.cell_height);
        let cell = Element::new("rect").attr("fill", colour::hex(shade)).at("x", x).at("y", y);
        let cell = cell.at("width", layout.cell_width).at("height", layout.cell_height);
        let names = (name_of(map.row_names, i), name_of(map.col_names, j));
        group = group.child(cell.tooltip(format!("{}, {}: {}", names.0, names.1, number(value))));
        if is_written && value.is_finite() {
            let class = if colour::lightness(shade) > 0.62 { "mid on-paper" } else { "mid on-ink" };
            let (across, down) = (x + layout.cell_width / 2.0, y + layout.cell_height / 2.0 + 4.0);
            group = group.child(axis::text(class, across, down, text));
        }
    }
    group
}

/// All cells as one picture, averaged down where there are more cells than pixels, and how many cells a pixel
/// stands for, downwards and across.
fn picture(map: &Map, layout: &Layout, shades: &Shades) -> (Element, (usize, usize)) {
    let shrunk = raster::Shrunk::new(map.n_rows, map.n_cols, map.values, SIDE);
    let steps: Vec<Option<usize>> = shrunk.values.iter().map(|&value| shades.step(value)).collect();
    let missing = colour::missing(shades.colours);
    let image = Element::new("image")
        .at("x", layout.left)
        .at("y", layout.top)
        .at("width", layout.right - layout.left)
        .at("height", layout.bottom - layout.top)
        .attr("preserveAspectRatio", "none")
        .attr("href", raster::cells(shrunk.n_cols, shrunk.n_rows, &steps, &shades.ramp, missing));
    (image, shrunk.block)
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

/// The columns' names below (lying where they fit, standing where they must) or their numbers, after the height
/// at which they end.
fn columns(map: &Map, layout: &Layout) -> (f64, Vec<Element>) {
    if map.col_names.is_empty() || layout.cell_width < LINE {
        let scale = counted(map.n_cols, layout.cell_width).across(layout.left, layout.right);
        let label = |tick: &axis::Tick| axis::text("tick mid", tick.at, layout.bottom + 17.0, &tick.label);
        return (layout.bottom + 22.0, scale.ticks.iter().map(label).collect());
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
    (layout.bottom + if is_lying { 22.0 } else { 14.0 + longest }, names)
}

/// The scale of rows or columns counted from 1, whose ticks are whole numbers at the middles of cells.
fn counted(n: usize, cell: f64) -> Scale {
    let n_ticks = if n as f64 * cell < 120.0 { 3 } else { 6 };
    let ends = [0.5, n as f64 + 0.5].into_iter();
    let mut scale = Scale::new(&Axis::default(), ends, Reach::Tight, n_ticks);
    scale.ticks.retain(|tick| !tick.label.contains('.') && tick.label != "0");
    scale
}

/// The name of a row or column, or its number counted from 1.
fn name_of(names: &[String], i: usize) -> String {
    names.get(i).cloned().unwrap_or_else(|| (i + 1).to_string())
}

/// The colour scale, standing to the right of the matrix, after the height at which it ends.
fn colour_bar(layout: &Layout, shades: &Shades) -> (f64, Vec<Element>) {
    let (left, top) = (layout.right + 16.0, layout.top);
    let bottom = layout.bottom.max(top + 100.0);
    let strip = Element::new("image")
        .class(shades.class())
        .at("x", left)
        .at("y", top)
        .at("width", 11.0)
        .at("height", bottom - top)
        .attr("preserveAspectRatio", "none")
        .attr("href", raster::strip(&shades.ramp, true));
    let ends = [shades.low, shades.high].into_iter();
    let scale = Scale::new(&Axis::default(), ends, Reach::Tight, 4).across(bottom, top);
    let mut drawn = vec![strip];
    for tick in &scale.ticks {
        drawn.push(axis::segment("axis", left + 11.0, tick.at, left + 15.0, tick.at));
        drawn.push(axis::text("tick", left + 19.0, tick.at + 4.0, &tick.label));
    }
    if !scale.label.is_empty() {
        drawn.push(axis::text("tick", left, bottom + 17.0, scale.label.trim_matches(['(', ')'])));
    }
    (bottom + if scale.label.is_empty() { 6.0 } else { 22.0 }, drawn)
}
