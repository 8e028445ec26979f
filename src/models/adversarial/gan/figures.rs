//! What a fitted generator has to show.

use super::Gan;
use crate::figure::{Colours, Figure, Plot};
use crate::models::{Data, gallery};

/// Most epochs whose grids are shown.
const SHOWN: usize = 12;

/// All figures.
pub(super) fn all(gan: &Gan, x: &Data) -> Vec<Figure> {
    let (grids, kept) = (gan.grids(), gan.n_kept());
    let n_epochs = grids.n_rows() / kept;
    if n_epochs == 0 {
        return Vec::new();
    }
    let Some((height, width)) = x.names.picture else {
        let last = grids.select_rows(&((n_epochs - 1) * kept..n_epochs * kept).collect::<Vec<_>>());
        return vec![gallery::components(
            "Samples",
            "What the generator makes of ten codes.",
            &last,
            x.names,
        )];
    };
    // The last epoch, and evenly picked ones before it.
    let n_shown = n_epochs.min(SHOWN);
    let epochs: Vec<usize> = (1..=n_shown).map(|q| q * n_epochs / n_shown).collect();
    let mut pictures = Vec::new();
    for &epoch in &epochs {
        for k in 0..kept {
            let name = if k == 0 { format!("epoch {epoch}") } else { String::new() };
            pictures.push((name, grids.row((epoch - 1) * kept + k).to_vec()));
        }
    }
    vec![Figure::new(
        "The same codes, epoch by epoch",
        "Every column is one code, every row what the generator made of it after an epoch; rows of equal pictures mean a collapse.",
        Plot::Images { height, width, pictures, per_row: kept, range: None, colours: Colours::Sequential },
    )]
}
