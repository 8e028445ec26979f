//! What a fit is given: the data, the names of its rows and columns, labels.

use super::{RowSource, check_finite, check_no_negative};
use crate::error::{Error, Result};
use crate::linalg::{Csr, Features, Graph, Matrix, hash};
use crate::tensors::Named;
use std::borrow::Cow;
use std::collections::HashMap;

/// The data of a fit, borrowed.
#[derive(Clone)]
pub struct Data<'a> {
    /// The values.
    pub source: Source<'a>,
    /// Names of samples and features.
    pub names: &'a Names,
    /// Known classes of the samples: compared with, and never fitted to but by `deconvolution`, which learns the profiles
    /// of just these, and by densities given the class.
    pub labels: Option<&'a Labels>,
    /// What the samples were measured together with, as on one day: a covariate of models that have one.
    pub batches: Option<&'a Labels>,
    /// Arrays from elsewhere that a fit may start from or judge by: `start/` before the names of parameters, `vgg/` before
    /// those of VGG19.
    pub arrays: Option<&'a Named>,
}

/// The kinds of data.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// Samples x features.
    Rows(&'a Features),
    /// Samples x features that are read block by block.
    Stream(&'a dyn RowSource),
    /// A graph.
    Graph(&'a Graph),
}

/// Names of rows and columns, where they are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    /// One a sample.
    pub samples: Option<Vec<String>>,
    /// One a feature.
    pub features: Option<Vec<String>>,
    /// Where samples are pictures: (height, width), row-major pixels.
    pub picture: Option<(usize, usize)>,
    /// Where samples are colour pictures: (height, width), row-major pixels of (red, green, blue).
    pub colour: Option<(usize, usize)>,
}

impl Names {
    /// No names.
    pub const NONE: &'static Names = &Names { samples: None, features: None, picture: None, colour: None };

    /// The name of feature `j`, or `feature_<j + 1>`.
    pub fn feature(&self, j: usize) -> String {
        name_of(self.features.as_deref(), j, "feature")
    }

    /// The name of sample `i`, or `sample_<i + 1>`.
    pub fn sample(&self, i: usize) -> String {
        name_of(self.samples.as_deref(), i, "sample")
    }
}

/// The name at a place, or a counted one.
fn name_of(names: Option<&[String]>, at: usize, kind: &str) -> String {
    names.and_then(|names| names.get(at)).cloned().unwrap_or_else(|| format!("{kind}_{}", at + 1))
}

/// Classes of the samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    /// The class of each sample, an index into `classes`.
    pub class: Vec<u32>,
    /// The names of the classes, sorted.
    pub classes: Vec<String>,
}

impl Labels {
    /// A name as files of models keep it (FNV-1a, 64 bits).
    pub fn key(name: &str) -> u64 {
        name.bytes().fold(hash::START, |hash, byte| hash::mix(hash, u64::from(byte)))
    }

    /// Labels from one name a sample; numbers sort as numbers.
    pub fn from_names(names: &[String]) -> Labels {
        let mut classes = names.to_vec();
        let number = |name: &String| name.parse().ok().filter(|x: &f64| !x.is_nan()).unwrap_or(f64::INFINITY);
        classes.sort_by(|a, b| number(a).total_cmp(&number(b)).then_with(|| a.cmp(b)));
        classes.dedup();
        let position: HashMap<&String, u32> = classes.iter().zip(0..).collect();
        Labels { class: names.iter().map(|name| position[name]).collect(), classes: classes.clone() }
    }
}

impl<'a> Data<'a> {
    /// Unnamed samples x features.
    pub fn rows(x: &'a Features) -> Data<'a> {
        Data { source: Source::Rows(x), names: Names::NONE, labels: None, batches: None, arrays: None }
    }

    /// Samples x features that are read block by block.
    pub fn stream(rows: &'a dyn RowSource) -> Data<'a> {
        Data { source: Source::Stream(rows), names: rows.names(), labels: None, batches: None, arrays: None }
    }

    /// The samples x features.
    /// # Errors
    /// [`Error::Shape`] where the data is of another kind.
    pub fn features(&self) -> Result<&'a Features> {
        match self.source {
            Source::Rows(x) => Ok(x),
            Source::Stream(_) => Err(Error::shape(
                "samples x features in memory",
                "a stream of blocks, which pca, nmf with --batch-size and lda with --method online go through",
            )),
            Source::Graph(_) => Err(Error::shape("samples x features", "a graph")),
        }
    }

    /// The samples x features, to be gone through block by block wherever they are.
    /// # Errors
    /// [`Error::Shape`] where the data is of another kind.
    pub fn rows_by_block(&self) -> Result<&'a dyn RowSource> {
        match self.source {
            Source::Rows(x) => Ok(x),
            Source::Stream(rows) => Ok(rows),
            Source::Graph(_) => Err(Error::shape("samples x features", "a graph")),
        }
    }

    /// The graph: as it is given, or as a square matrix of weights, which is mended where it has a direction or loops
    /// ([`Graph::mended`]).
    /// # Errors
    /// [`Error::Shape`] where the data is no graph, [`Error::Numerical`] for weights that are negative or not finite.
    pub fn graph(&self) -> Result<Cow<'a, Graph>> {
        let weights = match self.source {
            Source::Graph(graph) => return Ok(Cow::Borrowed(graph)),
            Source::Stream(_) => return Err(Error::shape("a graph in memory", "a stream of blocks")),
            Source::Rows(Features::Sparse(x)) => Cow::Borrowed(x),
            Source::Rows(x) if x.n_samples() == x.n_features() => Cow::Owned(Csr::from_dense(&x.to_dense())),
            Source::Rows(x) => {
                let received = format!("{} samples x {} features", x.n_samples(), x.n_features());
                return Err(Error::shape("a graph: an edge list, or its square adjacency matrix", received));
            }
        };
        Ok(Cow::Owned(Graph::mended(&weights)?.0))
    }

    /// The samples x features of a model that needs at least one of each, and finite values.
    /// # Errors
    /// [`Error::Shape`] where there is nothing, [`Error::Numerical`] where a value is not finite.
    pub fn finite_features(&self) -> Result<&'a Features> {
        let x = self.features()?;
        if x.n_samples() == 0 || x.n_features() == 0 {
            return Err(Error::shape(
                "at least one sample and one feature",
                format!("{} x {}", x.n_samples(), x.n_features()),
            ));
        }
        check_finite(x, 0)?;
        Ok(x)
    }

    /// As [`Data::finite_features`], and no value is negative.
    /// # Errors
    /// As there, and [`Error::Numerical`] at the first negative value.
    pub fn non_negative_features(&self) -> Result<&'a Features> {
        let x = self.finite_features()?;
        check_no_negative(x, 0)?;
        Ok(x)
    }
}

/// Data that owns its parts: what readers and simulators make.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Samples x features.
    pub features: Features,
    /// Names of samples and features.
    pub names: Names,
    /// Known classes of the samples.
    pub labels: Option<Labels>,
    /// What the samples were measured together with.
    pub batches: Option<Labels>,
}

impl Dataset {
    /// Unnamed data.
    pub fn unnamed(features: Features) -> Dataset {
        Dataset { features, names: Names::default(), labels: None, batches: None }
    }

    /// The data as a fit takes it.
    pub fn data(&self) -> Data<'_> {
        Data {
            source: Source::Rows(&self.features),
            names: &self.names,
            labels: self.labels.as_ref(),
            batches: self.batches.as_ref(),
            arrays: None,
        }
    }
}

impl From<Matrix<f64>> for Dataset {
    fn from(x: Matrix<f64>) -> Dataset {
        Dataset::unnamed(x.into())
    }
}
