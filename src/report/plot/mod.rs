//! One file per kind of plot. Those with axes are SVG; pictures and tables, which should flow with the page, HTML.

mod axis;
mod bars;
mod contours;
mod heatmap;
mod images;
mod lines;
mod panels;
mod scatter;
mod shares;
mod spots;
mod table;
mod topic_map;

use super::colour::N_GROUPS;
use super::markup::{Element, cut};
use super::number::number;
use crate::figure::{Figure, Plot, Series};

/// A legend of more entries than this says how many it leaves out.
const LEGEND: usize = 24;

/// Characters of an entry of a legend: as many as a line of a phone holds.
const LEGEND_ENTRY: usize = 40;

/// A figure's parts, to be laid out by the page.
pub(crate) struct Drawing {
    /// The plot itself.
    pub(crate) body: Element,
    /// What the colours mean, above the plot.
    pub(crate) legend: Option<Element>,
    /// Whether it needs the page's whole width.
    pub(crate) is_wide: bool,
    /// What the reader must know about the drawing: what was thinned, scaled or left out.
    pub(crate) notes: Vec<String>,
}

impl Drawing {
    fn new(body: Element) -> Drawing {
        Drawing { body, legend: None, is_wide: false, notes: Vec::new() }
    }

    fn noted(mut self, note: impl Into<String>) -> Drawing {
        self.notes.push(note.into());
        self
    }
}

/// Draws a figure; `id` tells the figures of one page apart.
pub(crate) fn draw(figure: &Figure, id: usize) -> Drawing {
    let title = &figure.title;
    match &figure.plot {
        Plot::Lines { x, y, series } => {
            let spoken = format!("{title}: {} lines, {} against {}", series.len(), y.label, x.label);
            let legend = legend(series, "line");
            Drawing { legend, ..Drawing::new(lines::draw(&spoken, x, y, series)) }
        }
        Plot::Scatter { x, y, series } => {
            let n_points: usize = series.iter().map(|s| s.x.len().min(s.y.len())).sum();
            let spoken = format!("{title}: {n_points} points, {} against {}", y.label, x.label);
            scatter::draw(&spoken, id, x, y, series)
        }
        Plot::Bars { x, bars } => bars::draw(&format!("{title}: {} bars, {}", bars.len(), x.label), x, bars),
        Plot::Panels { x, panels } => panels::draw(title, x, panels),
        Plot::Shares { parts, shares, groups } => {
            let spoken = format!("{title}: bars stacked of {} parts", parts.len());
            let named: Vec<Series> = parts.iter().map(|name| Series::counted(name, Vec::new())).collect();
            let legend = legend(&named, "blot");
            Drawing { legend, ..shares::draw(&spoken, parts, shares, groups) }
        }
        Plot::TopicMap { topics, lambda } => {
            topic_map::draw(&format!("{title}: {} topics", topics.len()), topics, *lambda)
        }
        Plot::HeatMap { rows, cols, values, row_names, col_names, colours } => {
            let spoken = format!("{title}: a matrix of {rows} rows and {cols} columns as colours");
            let map = heatmap::Map { n_rows: *rows, n_cols: *cols, values, row_names, col_names };
            heatmap::draw(&spoken, &map, *colours)
        }
        Plot::Contours { x, y, grid, levels, points } => {
            let spoken = format!("{title}: a density over {} and {}", x.label, y.label);
            contours::draw(&spoken, [x, y], grid, levels, points)
        }
        Plot::Images { height, width, pictures, per_row, range, colours } => {
            let sheet = images::Sheet { height: *height, width: *width, per_row: *per_row, range: *range };
            images::draw(&sheet, pictures, *colours)
        }
        Plot::Pictures { pictures, per_row } => images::photographs(pictures, *per_row),
        Plot::Spots { x, y, maps, groups, range, colours } => {
            let scale = spots::Colouring { groups, range: *range, colours: *colours };
            spots::draw(title, (x, y), maps, &scale)
        }
        Plot::Table { header, rows } => table::draw(title, header, rows),
    }
}

/// The classes of a mark of the group at this place: its kind and its colour.
fn group_class(kind: &str, which: usize) -> String {
    // The second half of the palette is told apart by more than its colour.
    let again = if which % N_GROUPS >= N_GROUPS / 2 { " again" } else { "" };
    format!("{kind} s{}{again}", which % N_GROUPS + 1)
}

/// A point as its tooltip tells it.
fn told(series: &Series, i: usize) -> String {
    let name = if series.name.is_empty() { String::new() } else { format!("{}: ", series.name) };
    format!("{name}{}, {}", number(series.x[i]), number(series.y[i]))
}

/// The names of the groups with their colours, unless there is but one without a name.
fn legend(series: &[Series], kind: &str) -> Option<Element> {
    if series.iter().all(|s| s.name.is_empty()) {
        return None;
    }
    let is_line = kind == "line";
    let width = if is_line { 22.0 } else { 10.0 };
    let mark = |which| match is_line {
        true => axis::segment(&group_class(kind, which), 1.0, 6.0, 21.0, 6.0),
        false => {
            let dot = Element::new("circle").class(group_class(kind, which));
            dot.at("cx", 5.0).at("cy", 6.0).at("r", 4.2)
        }
    };
    let entry = |(which, s): (usize, &Series)| {
        let swatch =
            Element::new("svg").attr("viewBox", format!("0 0 {width} 12")).attr("aria-hidden", "true");
        let swatch = swatch.at("width", width).at("height", 12.0).child(mark(which));
        let name = Element::with_text("span", cut(&s.name, LEGEND_ENTRY)).attr("title", s.name.as_str());
        Element::new("li").child(swatch).child(name)
    };
    let entries = series.iter().enumerate().take(LEGEND).map(entry);
    let mut list = Element::new("ul").class("legend").children(entries);
    if series.len() > LEGEND {
        list = list.child(Element::with_text("li", format!("and {} more", series.len() - LEGEND)));
    }
    Some(list)
}

/// What stands in place of a plot that was given nothing.
fn nothing(why: &str) -> Drawing {
    Drawing::new(Element::with_text("p", why).class("nothing"))
}
