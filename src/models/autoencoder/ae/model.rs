//! The fitted networks and what they can do.

use super::objective::Net;
use super::{Params, Reading};
use crate::autodiff::Store;
use crate::error::Result;
use crate::figure::Figure;
use crate::linalg::{Features, Matrix};
use crate::models::network::{Runner, in_kind};
use crate::models::{Data, Decode, Encode, Latent, Metrics, Model, Widths, gallery};
use crate::monitor::Env;
use crate::tensors::{TensorView, Tensors};

/// Samples whose codes are shown.
const SHOWN_CODES: usize = 2000;

/// z = f(x), x^ = g(z).
pub struct Ae {
    params: Params,
    reading: Reading,
    net: Net,
    store: Store<f32>,
}

impl Ae {
    pub(super) fn new(params: Params, reading: Reading, net: Net, store: Store<f32>) -> Ae {
        Ae { params, reading, net, store }
    }

    /// The parameters of the networks, under PyTorch's names.
    pub fn store(&self) -> &Store<f32> {
        &self.store
    }

    /// The mean squared error of a value, on samples.
    /// # Errors
    /// Data of another width.
    pub fn mean_squared_error(&self, x: &Features, env: &Env) -> Result<f64> {
        let decoded = self.decode(&self.encode(x, env)?.to_f64(), env)?;
        let mut row = vec![0.0; x.n_features()];
        let mut sum = 0.0;
        for (i, decoded) in decoded.rows().enumerate() {
            x.row_into(i, &mut row);
            sum += row.iter().zip(decoded).map(|(x, d)| (x - d) * (x - d)).sum::<f64>();
        }
        Ok(sum / (x.n_samples() * x.n_features()) as f64)
    }
}

impl Tensors for Ae {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.reading.visit(each);
        self.store.visit(each);
    }
}

impl Widths for Ae {
    fn n_features(&self) -> usize {
        self.reading.n_features
    }

    fn n_latent(&self) -> usize {
        self.params.n_latent
    }
}

impl Encode for Ae {
    fn codes(&self, x: &Features, env: &Env) -> Result<Latent> {
        let x = in_kind(x, self.reading.is_sparse);
        let record = |graph: &mut _, rows| {
            let (x, z) = self.net.encode(graph, &self.store, rows);
            (x, vec![z])
        };
        let mut runner = Runner::new(x.n_samples(), env, record)?.dividing_sparse_by(self.reading.spread);
        Ok(Latent::F32(runner.output(&self.store, &x, 0)))
    }
}

impl Decode for Ae {
    fn lift(&self, z: &Matrix<f64>, env: &Env) -> Result<Matrix<f64>> {
        let mut runner = Runner::new(z.n_rows(), env, |graph, rows| {
            let z = graph.input(rows, self.params.n_latent);
            (z, vec![self.net.decode(graph, &self.store, z)])
        })?;
        Ok(runner.output(&self.store, &Features::F64(z.clone()), 0).cast())
    }
}

impl Model for Ae {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    fn score(&self, x: &Data, env: &Env) -> Result<Metrics> {
        let mse = self.mean_squared_error(x.finite_features()?, env)?;
        Ok(vec![("mse".to_owned(), mse), ("rmse".to_owned(), mse.sqrt())])
    }

    fn figures(&self, x: &Data, env: &Env) -> Result<Vec<Figure>> {
        let features = x.finite_features()?;
        let mut figures = Vec::new();
        figures.extend(gallery::reconstructions(self, features, x.names, env)?);
        let shown: Vec<usize> = (0..features.n_samples().min(SHOWN_CODES)).collect();
        let codes = self.encode(&features.select_rows(&shown), env)?.to_f64();
        let spread = |k: usize| {
            let column = codes.col(k);
            let mean = column.iter().sum::<f64>() / column.len().max(1) as f64;
            column.iter().map(|z| (z - mean) * (z - mean)).sum::<f64>()
        };
        let mut order: Vec<usize> = (0..codes.n_cols()).collect();
        order.sort_by(|&a, &b| spread(b).total_cmp(&spread(a)).then(a.cmp(&b)));
        figures.extend(gallery::codes(&codes, &order, x.labels));
        Ok(figures)
    }
}
