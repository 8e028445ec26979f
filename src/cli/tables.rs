//! The names along the sides of a model's matrices.

use crate::models::{Along, Names};

/// The names of a matrix whose rows and columns run along these sides, in the order of
/// [`crate::io::write::write_matrix`]: every row and column gets one, those of the data where they are known.
/// Of a block of a larger matrix, `first` rows stand before it; `names` are the block's.
pub fn names_along(
    [rows, cols]: [Along; 2],
    [n_rows, n_cols]: [usize; 2],
    names: &Names,
    first: usize,
) -> Names {
    let counted_from = if names.samples.is_some() { 0 } else { first };
    Names {
        samples: Some(labels(rows, counted_from..counted_from + n_rows, names)),
        features: Some(labels(cols, 0..n_cols, names)),
        ..Names::default()
    }
}

/// The names along a side.
fn labels(along: Along, places: std::ops::Range<usize>, names: &Names) -> Vec<String> {
    let label = |i: usize| match along {
        Along::Samples => names.sample(i),
        Along::Features => names.feature(i),
        Along::Components => format!("component_{}", i + 1),
        Along::Value => "value".to_owned(),
    };
    places.map(label).collect()
}

/// Gives the sides that run along components the names the model has for them.
pub fn name_components(names: &mut Names, [rows, cols]: [Along; 2], components: Option<Vec<String>>) {
    let Some(components) = components else { return };
    for (along, side) in [(rows, &mut names.samples), (cols, &mut names.features)] {
        if along == Along::Components && side.as_ref().is_some_and(|side| side.len() == components.len()) {
            *side = Some(components.clone());
        }
    }
}
