//! Cross-validation: how well a model predicts what its fit has not seen.
//!
//! The data is cut into folds by the seed alone, so every candidate meets the same folds; each fold is held
//! out of one fit and predicted by it. What a fold holds out is the model's own to say ([`HeldOut`]):
//!
//! | held out | of a fold the fit sees | it predicts | by |
//! |---|---|---|---|
//! | entries | the data without its observed entries | those entries | encoding what is left, decoding |
//! | cells | the data with its cells missing, zeros among them | those cells | the same |
//! | interactions | the data without them | their ranks among what the row does not have | the same |
//! | links | the graph without them | which of them and of as many other pairs are links | its scores of pairs |
//! | scored | the other rows | its rows | what the model's own score says of them: a bound, an error |
//! | rows | the other rows | each part of the features of its rows from the other parts | [`Encode::encode_known`], decoding |
//!
//! A row that is encoded whole and decoded says little: a larger model copies more of it. So in rows that are
//! held out the features are hidden too, a part at a time (Bro, Kjeldahl, Smilde & Kiers 2008; bi-cross-
//! validation: Owen & Perry 2009).
//!
//! [`Encode::encode_known`]: super::Encode::encode_known

mod choice;
mod folds;
mod split;
mod tally;

pub use choice::{Choice, Estimate};
pub use folds::Folds;
use split::Hidden;
pub use split::{Split, Units};
pub use tally::{Metric, Tally};

/// What a fold holds out of a fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldOut {
    /// Observed entries: the stored ones of sparse data, the others being unknown anyway.
    Entries,
    /// Cells of the matrix: what sparse data does not store is 0, and held out like the rest.
    Cells,
    /// Entries too, which say what users did and not how much they liked it: judged by ranks.
    Interactions,
    /// Rows.
    Rows,
    /// Rows, judged by the model's own score of this name, a mean over rows that is the lower the better: models whose
    /// codes of some features alone mean nothing.
    Scored(&'static str),
    /// Links of a graph, told from as many pairs that are none.
    Links,
}

impl HeldOut {
    /// The name of what models are judged by, where it is not an error of predictions.
    pub fn own_score(self) -> Option<&'static str> {
        match self {
            HeldOut::Scored(name) => Some(name),
            HeldOut::Links => Some("auc_shortfall"),
            _ => None,
        }
    }

    /// In a word, as reports say it.
    pub fn name(self) -> &'static str {
        match self {
            HeldOut::Entries => "entries",
            HeldOut::Cells => "cells",
            HeldOut::Interactions => "interactions",
            HeldOut::Rows | HeldOut::Scored(_) => "rows",
            HeldOut::Links => "links",
        }
    }
}
