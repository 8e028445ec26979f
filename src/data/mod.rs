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
mod simulate;

pub use chapter::chapter;
pub use digits::digits;
pub use karate::{karate, karate_graph};
pub use parameters::Parameters;
pub use scale::{Scale, Scaler};
pub use simulate::{
    Bars, Blobs, Blocks, Body, Interactions, LowRank, Moons, Ratings, Shapes, Simulator, Sprites, Topics,
    Zinb,
};

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
    Set {
        name: LowRank::NAME,
        what: "a product of two random factors plus noise",
        shape: "n_samples x n_features",
        source: "simulated: X = U V + noise",
        licence: SIMULATED,
        make: simulate::simulate::<LowRank>,
        defaults: simulate::defaults::<LowRank>,
    },
    Set {
        name: Ratings::NAME,
        what: "ratings with user and item biases and a known noise floor; only the observed ones, sparse",
        shape: "n_users x n_items",
        source: "simulated: biases plus p_u . q_i plus noise",
        licence: SIMULATED,
        make: simulate::simulate::<Ratings>,
        defaults: simulate::defaults::<Ratings>,
    },
    Set {
        name: Interactions::NAME,
        what: "how often users did something with items, by popularity, activity and taste; sparse counts",
        shape: "n_users x n_items",
        source: "simulated: Poisson counts of planted rates",
        licence: SIMULATED,
        make: simulate::simulate::<Interactions>,
        defaults: simulate::defaults::<Interactions>,
    },
    Set {
        name: Topics::NAME,
        what: "word counts of documents that mix planted topics",
        shape: "n_docs x n_words",
        source: "simulated: D. M. Blei, A. Y. Ng and M. I. Jordan 2003, Latent Dirichlet allocation",
        licence: SIMULATED,
        make: simulate::simulate::<Topics>,
        defaults: simulate::defaults::<Topics>,
    },
    Set {
        name: Bars::NAME,
        what: "pictures that mix horizontal and vertical bars: topics one can see",
        shape: "n_docs x side^2",
        source: "simulated: T. L. Griffiths and M. Steyvers 2004, Finding scientific topics",
        licence: SIMULATED,
        make: simulate::simulate::<Bars>,
        defaults: simulate::defaults::<Bars>,
    },
    Set {
        name: Zinb::NAME,
        what: "zero-inflated negative binomial counts of genes in groups of cells",
        shape: "n_samples x n_features",
        source: "simulated: a log-normal mean for every gene and group, dispersion, dropout",
        licence: SIMULATED,
        make: simulate::simulate::<Zinb>,
        defaults: simulate::defaults::<Zinb>,
    },
    Set {
        name: Blocks::NAME,
        what: "a graph with planted blocks: adjacency matrix, labels are the blocks",
        shape: "n_nodes x n_nodes",
        source: "simulated: P. W. Holland, K. B. Laskey and S. Leinhardt 1983, Stochastic blockmodels",
        licence: SIMULATED,
        make: simulate::simulate::<Blocks>,
        defaults: simulate::defaults::<Blocks>,
    },
    Set {
        name: Blobs::NAME,
        what: "normal clouds around random centres",
        shape: "n_samples x n_features",
        source: "simulated: centre of the cluster plus spread",
        licence: SIMULATED,
        make: simulate::simulate::<Blobs>,
        defaults: simulate::defaults::<Blobs>,
    },
    Set {
        name: Moons::NAME,
        what: "two half circles that reach into each other, labels are the moons",
        shape: "n_samples x 2",
        source: "simulated: points of two arcs plus normal noise",
        licence: SIMULATED,
        make: simulate::simulate::<Moons>,
        defaults: simulate::defaults::<Moons>,
    },
    Set {
        name: Shapes::NAME,
        what: "frames of discs and squares that move and bounce",
        shape: "n_frames x side^2",
        source: "simulated: constant speed between reflections, smooth edges",
        licence: SIMULATED,
        make: simulate::simulate::<Shapes>,
        defaults: simulate::defaults::<Shapes>,
    },
    Set {
        name: Sprites::NAME,
        what: "pictures of a shape at some size, angle and place: five factors, labels are the shapes",
        shape: "n_samples x side^2",
        source: "simulated: after L. Matthey, I. Higgins, D. Hassabis and A. Lerchner 2017, dSprites",
        licence: SIMULATED,
        make: simulate::simulate::<Sprites>,
        defaults: simulate::defaults::<Sprites>,
    },
];

/// The terms of what comes out of a simulator.
const SIMULATED: &str = "made by this program, free";

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
    /// [`crate::Error::Parameter`] for an unknown parameter or a bad value, [`crate::Error::Limit`] for too much data.
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
