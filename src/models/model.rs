//! The contract of a fitted model: what it can do of encode, decode and sample, and what it has to show.

use super::{Data, Recommend, check_columns, check_width, graph, interpolation, topic};
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::linalg::{Features, Matrix};
use crate::monitor::Env;
use crate::tensors::Tensors;

/// Figures under their plain names (`rmse`, `explained_variance`), in order.
pub type Metrics = Vec<(String, f64)>;

/// A fitted model. What it cannot do it says by `None`.
pub trait Model: Tensors + Send + Sync {
    /// X -> Z, if the model can.
    fn encoder(&self) -> Option<&dyn Encode> {
        None
    }

    /// Z -> X^, if the model can.
    fn decoder(&self) -> Option<&dyn Decode> {
        None
    }

    /// -> X, if the model can.
    fn sampler(&self) -> Option<&dyn Sample> {
        None
    }

    /// Which features a sample may like that it has not met, if the model can tell.
    fn recommender(&self) -> Option<&dyn Recommend> {
        None
    }

    /// Topics and the memberships of the training samples in them, if the model has such.
    fn topics(&self) -> Option<topic::Mixture<'_>> {
        None
    }

    /// What its components are called, where they have names: those of codes too.
    fn component_names(&self) -> Option<Vec<String>> {
        None
    }

    /// The embedding of a graph's nodes, if the model is one.
    fn graph(&self) -> Option<&graph::Embedding> {
        None
    }

    /// What makes frames between frames, if the model does.
    fn interpolator(&self) -> Option<&dyn interpolation::Interpolate> {
        None
    }

    /// How well the model describes data.
    /// # Errors
    /// Data of the wrong shape or kind.
    fn score(&self, x: &Data, env: &Env) -> Result<Metrics>;

    /// What the model has to show for data (usually its training data). The loss curve is drawn by the
    /// caller from the history.
    /// # Errors
    /// Data of the wrong shape or kind.
    fn figures(&self, x: &Data, env: &Env) -> Result<Vec<Figure>>;

    /// What a user should know before trusting the model, one sentence each.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// The factors a user takes away as tables.
    fn factors(&self) -> Vec<Factor<'_>> {
        Vec::new()
    }
}

/// A table of a fitted model.
pub struct Factor<'a> {
    /// Its name, also the file's (`h`).
    pub name: &'static str,
    /// What its rows are.
    pub rows: Along,
    /// What its columns are.
    pub cols: Along,
    /// The values.
    pub values: &'a Matrix<f64>,
}

/// What runs along a side of a table: where its names come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Along {
    /// The samples of the training data.
    Samples,
    /// The features.
    Features,
    /// The components: `component_1`, ..., where [`Model::component_names`] does not say otherwise
    Components,
    /// A single column or row: `value`.
    Value,
}

/// Codes, one row a sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Latent {
    /// Networks' precision.
    F32(Matrix<f32>),
    /// Factorisations' and topic models' precision.
    F64(Matrix<f64>),
}

impl Latent {
    /// (n_samples, n_latent)
    pub fn shape(&self) -> [usize; 2] {
        match self {
            Latent::F32(z) => z.shape(),
            Latent::F64(z) => z.shape(),
        }
    }

    /// The codes in f64.
    pub fn to_f64(self) -> Matrix<f64> {
        match self {
            Latent::F32(z) => z.cast(),
            Latent::F64(z) => z,
        }
    }
}

/// How wide data and codes are.
pub trait Widths: Sync {
    /// Number of features the model was fitted on, and of what comes out.
    fn n_features(&self) -> usize;
    /// Length of a code.
    fn n_latent(&self) -> usize;
}

/// X -> Z.
pub trait Encode: Widths {
    /// What a model writes: the codes of samples that have its features, n_samples x n_latent.
    /// # Errors
    /// Values the model cannot take.
    fn codes(&self, x: &Features, env: &Env) -> Result<Latent>;

    /// The codes of samples the model need not have seen, n_samples x n_latent. A row's code depends on
    /// that row alone, so callers may encode block by block.
    /// # Errors
    /// Data of another width, or values the model cannot take.
    fn encode(&self, x: &Features, env: &Env) -> Result<Latent> {
        check_width(x, self.n_features())?;
        self.codes(x, env)
    }

    /// The codes of samples of which only the features `known`, which rise, were seen: x n_samples x n_known.
    /// `None` if the model cannot do without the others. (Models of missing entries take NaN in
    /// [`Encode::encode`].)
    fn encode_known(&self, _x: &Matrix<f64>, _known: &[usize]) -> Option<Result<Latent>> {
        None
    }
}

/// Z -> X^.
pub trait Decode: Widths {
    /// What a model writes: data from codes of its length, n_samples x n_features.
    /// # Errors
    /// Values the model cannot take.
    fn lift(&self, z: &Matrix<f64>, env: &Env) -> Result<Matrix<f64>>;

    /// Data from codes, n_samples x n_features. A row depends on its code alone.
    /// # Errors
    /// Codes of another length.
    fn decode(&self, z: &Matrix<f64>, env: &Env) -> Result<Matrix<f64>> {
        check_columns(z.n_cols(), self.n_latent(), "components")?;
        self.lift(z, env)
    }
}

/// How samples are drawn, of models that have a choice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draw {
    /// What codes are multiplied by: below 1 samples are closer to the most probable ones.
    pub temperature: Option<f64>,
    /// The class they are of.
    pub class: Option<String>,
}

/// -> X.
pub trait Sample: Sync {
    /// `n` new samples, drawn from the model by `env.seed`.
    /// # Errors
    /// Memory over the limit.
    fn sample(&self, n: usize, env: &Env) -> Result<Features>;

    /// `n` new samples, drawn as `how` says.
    /// # Errors
    /// [`Error::Parameter`] where the model has no such choice; memory over the limit.
    fn draw(&self, n: usize, how: &Draw, env: &Env) -> Result<Features> {
        match how {
            Draw { temperature: None, class: None } => self.sample(n, env),
            Draw { temperature: Some(_), .. } => {
                Err(Error::parameter("temperature", "is of flows (realnvp, spline, ...); leave it out"))
            }
            Draw { class: Some(_), .. } => {
                let why = "is of flows that were fitted with --conditional; leave it out";
                Err(Error::parameter("class", why))
            }
        }
    }
}
