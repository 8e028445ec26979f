//! Several sets of bars, as many side by side as the page has room for.

use super::super::markup::Element;
use super::{Drawing, bars};
use crate::figure::{Axis, Panel};

/// More panels than this are not drawn, and the reader is told.
const MOST: usize = 60;

/// The drawing.
pub(crate) fn draw(title: &str, x: &Axis, panels: &[Panel]) -> Drawing {
    if panels.is_empty() {
        return super::nothing("No bars to draw.");
    }
    let drawn = &panels[..panels.len().min(MOST)];
    let mut grid = Element::new("div").class("panels");
    let mut notes = Vec::new();
    for panel in drawn {
        let drawing =
            bars::draw(&format!("{title}, {}: {} bars", panel.title, panel.bars.len()), x, &panel.bars);
        notes.extend(drawing.notes);
        let heading = Element::with_text("h3", panel.title.as_str());
        grid = grid.child(Element::new("div").child(heading).child(drawing.body));
    }
    notes.dedup();
    let drawing = Drawing { is_wide: true, notes, ..Drawing::new(grid) };
    match panels.len() - drawn.len() {
        0 => drawing,
        more => drawing.noted(format!("The first {MOST}; {more} more are not drawn.")),
    }
}
