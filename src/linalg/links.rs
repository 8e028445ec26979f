//! Links of a graph that are trained on, and those that are held out.

use crate::error::{Error, Result};

/// A pair of nodes, the lower one first.
pub type Link = (u32, u32);

/// Which links a fit sees, and which pairs judge it: links it does not see, and as many pairs that are none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkSplit {
    /// Links that are fitted.
    pub training: Vec<Link>,
    /// Links to watch the fit by.
    pub validation: Vec<Link>,
    /// Links to judge it by in the end.
    pub test: Vec<Link>,
    /// Pairs without a link, for `validation`.
    pub validation_none: Vec<Link>,
    /// Pairs without a link, for `test`.
    pub test_none: Vec<Link>,
}

impl LinkSplit {
    /// What files call the parts.
    pub const NAMES: [&'static str; 5] = ["train", "val", "test", "val_neg", "test_neg"];

    /// The parts, in the order of [`LinkSplit::NAMES`].
    pub fn parts(&self) -> [&Vec<Link>; 5] {
        [&self.training, &self.validation, &self.test, &self.validation_none, &self.test_none]
    }

    /// The parts, to be filled.
    pub fn parts_mut(&mut self) -> [&mut Vec<Link>; 5] {
        let LinkSplit { training, validation, test, validation_none, test_none } = self;
        [training, validation, test, validation_none, test_none]
    }

    /// Refuses pairs of other nodes than there are, nodes paired with themselves, and a split without a link to fit.
    /// # Errors
    /// [`Error::Shape`].
    pub fn check(&self, n_nodes: usize) -> Result<()> {
        for (name, part) in LinkSplit::NAMES.iter().zip(self.parts()) {
            let is_wrong = |(i, j): &&Link| i.max(j) >= &(n_nodes as u32) || i == j;
            if let Some((i, j)) = part.iter().find(is_wrong) {
                let expected = format!("pairs of the {n_nodes} nodes in `{name}` of the split");
                return Err(Error::shape(expected, format!("{i} and {j} (counted from 0)")));
            }
        }
        if self.training.is_empty() {
            return Err(Error::shape("a split with links to fit", "one whose `train` is empty"));
        }
        Ok(())
    }
}
