//! Places in a tissue coloured by what is there: one small map a quantity, all to the same measure.

use super::super::colour::{self, Rgb};
use super::super::markup::{Element, coordinate};
use super::super::number::number;
use super::{Drawing, axis, group_class, images};
use crate::figure::{Colours, Series};

/// More maps than this are not drawn, and the reader is told.
const MOST: usize = 40;
/// Of more places than this only every second, third, ... is drawn.
const PLACES: usize = 20_000;
/// The side of a map, and the room around its places.
const SIDE: f64 = 260.0;
const MARGIN: f64 = 8.0;
/// Spots are at most so wide, and at least.
const WIDEST: f64 = 14.0;
const NARROWEST: f64 = 1.2;

/// How values become colours.
pub(crate) struct Colouring<'a> {
    /// Names of groups; empty for quantities.
    pub(crate) groups: &'a [String],
    /// The ends of the scale of quantities, if all maps share one.
    pub(crate) range: Option<(f64, f64)>,
    /// That scale.
    pub(crate) colours: Colours,
}

/// Where the places stand on a map.
struct Sheet {
    /// Which place, and where.
    at: Vec<(usize, f64, f64)>,
    height: f64,
    diameter: f64,
}

/// By how much rims are wider than spots.
const RIM: f64 = 1.4;

/// The drawing.
pub(crate) fn draw(
    title: &str,
    (x, y): (&[f64], &[f64]),
    maps: &[(String, Vec<f64>)],
    colouring: &Colouring,
) -> Drawing {
    let sheet = match placed(x, y) {
        Some(sheet) if !maps.is_empty() => sheet,
        _ => return super::nothing("No places to draw."),
    };
    let ramp = colour::ramp(colouring.colours);
    let drawn = &maps[..maps.len().min(MOST)];
    let mut grid = Element::new("div").class("panels");
    for (name, values) in drawn {
        let spoken = format!("{title}, {name}: {} places", sheet.at.len());
        let body = axis::sheet(SIDE, sheet.height, &spoken);
        let body = match colouring.groups.is_empty() {
            true => body.child(quantities(&sheet, values, colouring, &ramp)),
            false => body.children(groups(&sheet, values, colouring.groups.len())),
        };
        let heading = Element::with_text("h3", name.as_str());
        grid = grid.child(Element::new("div").child(heading).child(body));
    }
    let legend = match colouring.groups.is_empty() {
        true => Some(images::scale(colouring.range, colouring.colours, &ramp)),
        false => {
            let named: Vec<Series> =
                colouring.groups.iter().map(|name| Series::counted(name, Vec::new())).collect();
            super::legend(&named, "blot")
        }
    };
    let mut drawing = Drawing { legend, is_wide: drawn.len() > 1, ..Drawing::new(grid) };
    if sheet.at.len() < x.len().min(y.len()) {
        drawing = drawing.noted(format!("{} of {} places are drawn.", sheet.at.len(), x.len().min(y.len())));
    }
    let is_known = |(_, values): &(String, Vec<f64>)| {
        sheet.at.iter().all(|&(i, _, _)| values.get(i).is_some_and(|value| value.is_finite()))
    };
    if !drawn.iter().all(is_known) {
        drawing = drawing.noted("Grey places have no value.");
    }
    match maps.len() - drawn.len() {
        0 => drawing,
        more => drawing.noted(format!("The first {MOST}; {more} more are not drawn.")),
    }
}

/// Places to one measure in both directions; `None` where there are none.
fn placed(x: &[f64], y: &[f64]) -> Option<Sheet> {
    let known: Vec<(usize, f64, f64)> = (x.iter().zip(y).enumerate())
        .filter(|(_, (x, y))| x.is_finite() && y.is_finite())
        .map(|(i, (&x, &y))| (i, x, y))
        .collect();
    let every = known.len().div_ceil(PLACES).max(1);
    let shown: Vec<(usize, f64, f64)> = known.into_iter().step_by(every).collect();
    let range = |of: fn(&(usize, f64, f64)) -> f64| {
        shown
            .iter()
            .map(of)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
    };
    let ((left, right), (low, high)) = (range(|p| p.1), range(|p| p.2));
    if shown.is_empty() {
        return None;
    }
    // Halved, so that the difference of two huge places is finite.
    let half = (right / 2.0 - left / 2.0).max(high / 2.0 - low / 2.0);
    let room = SIDE - 2.0 * MARGIN;
    let share = |v: f64, from: f64| if half > 0.0 { (v / 2.0 - from / 2.0) / half } else { 0.5 };
    let height = 2.0 * MARGIN + room * share(high, low).clamp(0.05, 1.0);
    let at: Vec<(usize, f64, f64)> = shown
        .iter()
        .map(|&(i, x, y)| (i, MARGIN + room * share(x, left), height - MARGIN - room * share(y, low)))
        .collect();
    // As wide as places on a grid of this many lie apart.
    let area = room * (height - 2.0 * MARGIN).max(1.0);
    let diameter = (0.8 * (area / at.len() as f64).sqrt()).clamp(NARROWEST, WIDEST);
    Some(Sheet { at, height, diameter })
}

/// One path a colour: lines of no length whose round ends are the spots; beneath them their rims, so that spots in the colour
/// of the ground are seen too.
fn quantities(sheet: &Sheet, values: &[f64], colouring: &Colouring, ramp: &[Rgb]) -> Element {
    let (low, high) =
        colouring.range.unwrap_or_else(|| colour::limits(colouring.colours, values.iter().copied()));
    let mut paths = vec![String::new(); ramp.len() + 1];
    for &(i, across, down) in &sheet.at {
        let step = values.get(i).and_then(|&value| colour::step(value, low, high)).unwrap_or(ramp.len());
        paths[step] += &format!("M{} {}h0", coordinate(across), coordinate(down));
    }
    let path = |(step, path): (usize, String)| {
        let colour = ramp.get(step).copied().unwrap_or_else(|| colour::missing(colouring.colours));
        Element::new("path").attr("d", path).attr("stroke", colour::hex(colour))
    };
    let rims: String = paths.concat();
    let rims =
        Element::new("path").class("spots rims").attr("d", rims).at("stroke-width", sheet.diameter + RIM);
    let paths = paths.into_iter().enumerate().filter(|(_, path)| !path.is_empty()).map(path);
    let spots = Element::new("g")
        .class(if colouring.colours == Colours::Light { "spots" } else { "spots ramp" })
        .at("stroke-width", sheet.diameter)
        .children(paths)
        .tooltip(format!("{} to {}", number(low), number(high)));
    Element::new("g").child(rims).child(spots)
}

/// One path a group, in the groups' colours; places without a group are grey.
fn groups(sheet: &Sheet, values: &[f64], n_groups: usize) -> Vec<Element> {
    let mut paths = vec![String::new(); n_groups + 1];
    for &(i, across, down) in &sheet.at {
        let group =
            values.get(i).filter(|v| **v >= 0.0 && **v < n_groups as f64).map_or(n_groups, |v| *v as usize);
        paths[group] += &format!("M{} {}h0", coordinate(across), coordinate(down));
    }
    let path = |(group, path): (usize, String)| {
        let class = if group < n_groups { group_class("spots", group) } else { "spots none".to_owned() };
        Element::new("path").class(class).attr("d", path).at("stroke-width", sheet.diameter)
    };
    paths.into_iter().enumerate().filter(|(_, path)| !path.is_empty()).map(path).collect()
}
