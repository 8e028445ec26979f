//! Small pictures in rows: basis images, samples, data above its reconstructions.

use super::super::colour::{self, Rgb};
use super::super::markup::{Element, cut};
use super::super::number::number;
use super::super::raster;
use super::Drawing;
use crate::figure::{Colours, Picture};

/// More pictures than this are not drawn, and the reader is told.
const MOST: usize = 400;
/// The longest side of a picture in pixels; a larger one is averaged down.
const SIDE: usize = 512;

/// A few pictures with a longer side than this are shown as large as there is room.
const LARGE: usize = 128;
/// A few.
const FEW: usize = 4;

/// The layout of the pictures.
pub(crate) struct Sheet {
    /// Pixels of each picture, downwards.
    pub(crate) height: usize,
    /// Pixels of each picture, across.
    pub(crate) width: usize,
    /// Pictures a row.
    pub(crate) per_row: usize,
    /// The values at the ends of the colour scale, if all share one.
    pub(crate) range: Option<(f64, f64)>,
}

/// The drawing.
pub(crate) fn draw(sheet: &Sheet, pictures: &[(String, Vec<f64>)], colours: Colours) -> Drawing {
    if pictures.is_empty() || sheet.width == 0 || sheet.height == 0 {
        return super::nothing("No pictures to draw.");
    }
    let ramp = colour::ramp(colours);
    let drawn = &pictures[..pictures.len().min(MOST)];
    let per_row = sheet.per_row.clamp(1, drawn.len());
    let is_large = sheet.width.max(sheet.height) > LARGE && drawn.len() <= FEW;
    let class = if is_large { "pictures large" } else { "pictures" };
    let grid = Element::new("div").class(class).attr("style", format!("--per-row: {per_row}")).children(
        drawn.iter().enumerate().map(|(i, (name, values))| picture(sheet, i, name, values, colours, &ramp)),
    );
    let drawing = Drawing {
        legend: Some(scale(sheet.range, colours, &ramp)),
        is_wide: per_row > 5 || (is_large && per_row > 1),
        ..Drawing::new(grid)
    };
    let n_pixels = sheet.width * sheet.height;
    let is_known = |(_, values): &(String, Vec<f64>)| {
        values.len() >= n_pixels && values[..n_pixels].iter().all(|value| value.is_finite())
    };
    let drawing = match (drawn.iter().all(is_known), colours) {
        (true, _) => drawing,
        (false, Colours::Light) => drawing.noted("Red pixels are missing."),
        (false, _) => drawing.noted("Grey pixels are missing."),
    };
    match pictures.len() - drawn.len() {
        0 => drawing,
        more => drawing.noted(format!("The first {MOST}; {more} more are not drawn.")),
    }
}

fn picture(sheet: &Sheet, i: usize, name: &str, values: &[f64], colours: Colours, ramp: &[Rgb]) -> Element {
    let (low, high) = sheet.range.unwrap_or_else(|| colour::limits(colours, values.iter().copied()));
    let shrunk = raster::Shrunk::new(sheet.height, sheet.width, values, SIDE);
    let steps: Vec<Option<usize>> =
        shrunk.values.iter().map(|&value| colour::step(value, low, high)).collect();
    let spoken = if name.is_empty() { format!("picture {}", i + 1) } else { name.to_string() };
    let image = Element::new("img")
        .class(if colours == Colours::Light { "light" } else { "ramp" })
        .attr("src", raster::cells(shrunk.n_cols, shrunk.n_rows, &steps, ramp, colour::missing(colours)))
        .attr("width", shrunk.n_cols.to_string())
        .attr("height", shrunk.n_rows.to_string())
        .attr("alt", spoken.as_str())
        .attr("title", format!("{spoken}: {} to {}", number(low), number(high)));
    let picture = Element::new("figure").child(image);
    if name.is_empty() {
        return picture;
    }
    picture.child(Element::with_text("figcaption", cut(name, 40)).attr("title", name))
}

/// Pictures in colours of their own.
pub(crate) fn photographs(pictures: &[Picture], per_row: usize) -> Drawing {
    if pictures.is_empty() {
        return super::nothing("No pictures to draw.");
    }
    let one = |picture: &Picture| {
        let image = Element::new("img")
            .attr("src", format!("data:image/png;base64,{}", picture.png))
            .attr("width", picture.width.to_string())
            .attr("height", picture.height.to_string())
            .attr("alt", picture.name.as_str());
        let name =
            Element::with_text("figcaption", cut(&picture.name, 80)).attr("title", picture.name.as_str());
        Element::new("figure").child(image).child(name)
    };
    let per_row = per_row.clamp(1, pictures.len());
    let grid = Element::new("div").class("photographs").attr("style", format!("--per-row: {per_row}"));
    Drawing { is_wide: per_row > 1, ..Drawing::new(grid.children(pictures.iter().map(one))) }
}

/// The colour scale as a strip between its two ends.
pub(super) fn scale(range: Option<(f64, f64)>, colours: Colours, ramp: &[Rgb]) -> Element {
    let strip = Element::new("img")
        .class(if colours == Colours::Light { "light" } else { "ramp" })
        .attr("src", raster::strip(ramp, false))
        .attr("alt", "to");
    let (low, high) = match (range, colours) {
        (Some((low, high)), _) => (number(low), number(high)),
        (None, Colours::Sequential) => ("0".to_string(), "each one's own maximum".to_string()),
        (None, Colours::Diverging) => {
            ("negative".to_string(), "positive, each to its own extreme".to_string())
        }
        (None, Colours::Light) => ("each one's own minimum".to_string(), "maximum".to_string()),
    };
    let ends = |text: String| Element::with_text("span", text);
    Element::new("div").class("scale").child(ends(low)).child(strip).child(ends(high))
}
