//! Data that needs no file: small embedded sets and simulators, usable by name wherever a file is.
//!
//! A name describes its data completely: `digits`, or `blobs:n_samples=500,k=4,seed=3`. The same name
//! always gives the same bits, so a run can be repeated from its command line alone.
//!
//! [`SETS`] is the only list; help texts, `data list` and the tests derive from it.

mod chapter;
mod digits;
mod karate;
mod moments;
mod parameters;
mod scale;

pub use chapter::chapter;
pub use digits::digits;
pub use karate::{karate, karate_graph};
pub use parameters::Parameters;
pub use scale::{Scale, Scaler};

use crate::error::Result;
use crate::linalg::Matrix;
use crate::models::Dataset;
use crate::monitor::Budget;

/// One data set: what it is, where it comes from, how it is made.
pub struct Set {
    /// The name it is asked by.
    pub name: &'static str,
    /// What it is, in a few words.
    pub what: &'static str,
    /// Its shape in words (`1797 x 64`).
    pub shape: &'static str,
    /// Who published the data or the model that it is drawn from.
    pub source: &'static str,
    /// The terms it comes under.
    pub licence: &'static str,
    make: fn(Parameters, &Budget) -> Result<Simulated>,
    defaults: fn() -> Parameters,
}

/// A data set and the truth it was made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulated {
    /// What a model gets to see.
    pub dataset: Dataset,
    /// The planted factors and parameters by name; empty for real data.
    pub truth: Vec<(&'static str, Matrix<f64>)>,
}

/// Every data set, in the order of help texts.
pub const SETS: &[Set] = &[
    Set {
        name: "digits",
        what: "pictures of handwritten digits, 8 x 8 pixels from 0 to 16, with their labels",
        shape: "1797 x 64",
        source: "E. Alpaydin and C. Kaynak 1998, Optical Recognition of Handwritten Digits (the test set), \
                 UCI Machine Learning Repository, doi:10.24432/C50P49",
        licence: "CC BY 4.0",
        make: |parameters, budget| real("digits", parameters, || digits(budget)),
        defaults: Parameters::default,
    },
    Set {
        name: "karate",
        what: "friendships in a karate club that split in two: adjacency matrix, labels are the two clubs",
        shape: "34 x 34",
        source: "W. W. Zachary 1977, An information flow model for conflict and fission in small groups, \
                 Journal of Anthropological Research 33:452-473",
        licence: "facts of a published table, free",
        make: |parameters, _| real("karate", parameters, || Ok(karate())),
        defaults: Parameters::default,
    },
    Set {
        name: "chapter",
        what: "the worked example of matrix factorisation, a matrix of rank 2",
        shape: "5 x 4",
        source: "[3,1,4,2,3]'[1,1,0,1] + [1,3,2,1,2]'[1,1,4,1]",
        licence: "facts, free",
        make: |parameters, _| real("chapter", parameters, || Ok(chapter())),
        defaults: Parameters::default,
    },
];

/// An embedded set, which has no parameters.
fn real(name: &str, parameters: Parameters, make: impl Fn() -> Result<Dataset>) -> Result<Simulated> {
    parameters.refuse_all(name)?;
    Ok(Simulated { dataset: make()?, truth: Vec::new() })
}

impl Set {
    /// The set of that name, without parameters.
    pub fn find(name: &str) -> Option<&'static Set> {
        SETS.iter().find(|set| set.name == name)
    }

    /// What may be set in the name, with the values it has otherwise; empty for embedded sets.
    pub fn defaults(&self) -> Parameters {
        (self.defaults)()
    }

    /// Makes the data.
    /// # Errors
    /// [`Error::Parameter`] for an unknown parameter or a bad value, [`Error::Limit`] for too much data.
    pub fn make(&self, parameters: Parameters, budget: &Budget) -> Result<Simulated> {
        (self.make)(parameters, budget)
    }
}

/// The data of a name such as `digits` or `blobs:n_samples=500,seed=3`, with the truth behind it.
/// `None` if no set is called so: it may be a file then.
pub fn simulated_by_name(name: &str, budget: &Budget) -> Option<Result<Simulated>> {
    let (head, tail) = name.split_once(':').unwrap_or((name, ""));
    let set = Set::find(head)?;
    Some(Parameters::parse(set.name, tail).and_then(|parameters| set.make(parameters, budget)))
}

/// The data of a name such as `digits` or `blobs:n_samples=500,seed=3`; `None` if no set is called so.
pub fn by_name(name: &str, budget: &Budget) -> Option<Result<Dataset>> {
    Some(simulated_by_name(name, budget)?.map(|simulated| simulated.dataset))
}
