//! Links that are held out: kept with the model, and found again by it.

use crate::error::{Error, Result};
use crate::linalg::{Link, LinkSplit, Matrix};
use crate::metrics::binary::{average_precision, precision_recall_curve, roc_auc, roc_curve};
use crate::tensors::{Named, TensorView, Values};
use diabolo_kernels::Real;

/// Scores of held-out links, and of pairs that are none.
pub struct Found {
    links: Vec<f64>,
    none: Vec<f64>,
}

impl Found {
    /// By inner products of rows; `None` where nothing was held out.
    pub fn of<T: Real>(rows: &Matrix<T>, links: &[Link], none: &[Link]) -> Option<Found> {
        let score = |&(i, j): &Link| T::dot(rows.row(i as usize), rows.row(j as usize)).to_f64();
        let scores = |pairs: &[Link]| pairs.iter().map(score).collect();
        (!links.is_empty() && !none.is_empty()).then(|| Found { links: scores(links), none: scores(none) })
    }

    /// The area under the receiver operating characteristic.
    pub fn auc(&self) -> f64 {
        roc_auc(&self.links, &self.none)
    }

    /// The average precision.
    pub fn ap(&self) -> f64 {
        average_precision(&self.links, &self.none)
    }

    /// Shares of pairs without a link and of links at or above each score.
    pub fn roc(&self) -> Vec<(f64, f64)> {
        roc_curve(&self.links, &self.none)
    }

    /// Recall and precision at or above each score.
    pub fn precision_recall(&self) -> Vec<(f64, f64)> {
        precision_recall_curve(&self.links, &self.none)
    }
}

/// Gives a visitor the parts of a split, pairs as rows of two.
pub fn visit_split(split: &LinkSplit, each: &mut dyn FnMut(&str, TensorView<'_>)) {
    for (name, part) in LinkSplit::NAMES.iter().zip(split.parts()) {
        let flat: Vec<u32> = part.iter().flat_map(|&(i, j)| [i, j]).collect();
        each(&format!("split/{name}"), TensorView { shape: &[part.len(), 2], values: Values::U32(&flat) });
    }
}

/// The split of saved arrays.
/// # Errors
/// [`Error::Shape`] where they are missing or no pairs.
pub fn load_split(named: &Named) -> Result<LinkSplit> {
    let mut split = LinkSplit::default();
    for (name, part) in LinkSplit::NAMES.iter().zip(split.parts_mut()) {
        let name = format!("split/{name}");
        let tensor = named.get(&name)?.view();
        let Values::U32(flat) = tensor.values else {
            return Err(Error::shape(format!("`{name}` of pairs of nodes"), "another kind of array"));
        };
        *part = flat.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    }
    Ok(split)
}
