//! Reports: a fitted model's [`Figure`]s and key numbers as one self-contained HTML page, and as text for a
//! terminal.
//!
//! A page refers to nothing outside itself: plots are inline SVG, pictures PNG in `data:` addresses; what a pointer
//! shows comes from `<title>`. A topic map alone brings a script, inline, and says something without it too. Colours are told apart by colour-blind readers, follow the
//! reader's preference for light or dark, and print on white. Every string from outside is escaped by
//! construction (`markup`), and no number that is not finite reaches a coordinate (`plot`).

mod colour;
mod markup;
mod number;
mod page;
mod plot;
mod raster;
pub mod text;

use crate::figure::{Figure, Picture};

pub use number::number;

/// What a report says beside its figures. Empty parts are left out of the page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// The page's title, such as "NMF of digits".
    pub title: String,
    /// The model's name as on the command line.
    pub model: String,
    /// What the model is, in one sentence.
    pub description: String,
    /// The key numbers, most important first.
    pub metrics: Vec<Metric>,
    /// The parameters of the fit, by name.
    pub parameters: Vec<(String, String)>,
    /// The data in a few words: where from, shape, kind.
    pub data: String,
    /// Why the fit stopped.
    pub stop: String,
    /// What the reader should not overlook, such as a fit that did not converge.
    pub warnings: Vec<String>,
    /// The command line that made the run.
    pub command: String,
}

/// The longest side of a picture of a page, pixels.
const LONGEST: usize = 640;

/// A picture for a page, rows of (red, green, blue): a large one is averaged down.
/// # Panics
/// If there are not 3 `height` x `width` values.
pub fn picture(name: impl Into<String>, height: usize, width: usize, rgb: &[u8]) -> Picture {
    let (height, width, png) = raster::photograph(height, width, rgb, LONGEST);
    Picture { name: name.into(), height, width, png }
}

/// A key number of a report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metric {
    /// Its name in the reader's words.
    pub name: String,
    /// The value as it should be read, see [`number`].
    pub value: String,
    /// What it means, or the unit; may be empty.
    pub hint: String,
}

impl Metric {
    /// A metric whose value is written by [`number`].
    pub fn new(name: impl Into<String>, value: f64, hint: impl Into<String>) -> Metric {
        Metric { name: name.into(), value: number(value), hint: hint.into() }
    }
}

/// The report as one HTML page in need of nothing else.
///
/// Any figure can be drawn: gaps, infinities and empty series are left out, long names cut, large clouds and
/// matrices become pictures.
pub fn html(summary: &Summary, figures: &[Figure]) -> String {
    page::page(summary, figures)
}
