//! The fitted stage: counts of spots to the proportions of what they are made of.

use super::net::{self, Net, Sizes};
use super::stage::Given;
use crate::applications::starfysh::largest;
use crate::autodiff::{Program, Store};
use crate::error::{Error, Result};
use crate::figure::{Axis, Figure, Plot};
use crate::linalg::{Features, Matrix};
use crate::metrics::partition::{adjusted_rand_index, normalized_mutual_information};
use crate::models::network::{Batch, Runner};
use crate::models::{Data, Encode, Latent, Metrics, Model, Widths, check_finite, check_no_negative};
use crate::monitor::Env;
use crate::tensors::{Named, TensorView, Tensors, visit_names, visit_u64, visit_vector};
use diabolo_kernels::reduce::Reduce;

/// m(x), the encoder of proportions. It takes counts alone: new spots need no places and no signatures.
pub struct Composition {
    names: Vec<String>,
    /// The columns of the counts that are read, of `n_features`.
    columns: Vec<u32>,
    n_features: usize,
    net: Net,
    store: Store<f32>,
    restart: u64,
    divergences: Vec<f64>,
}

impl Composition {
    pub(super) fn new(
        given: &Given,
        net: Net,
        store: Store<f32>,
        restart: u64,
        divergences: Vec<f64>,
    ) -> Composition {
        let Given { names, columns, n_features, .. } = given.clone();
        Composition { names, columns, n_features, net, store, restart, divergences }
    }

    pub(super) fn load(named: &Named) -> Result<Composition> {
        let (names, columns) = (named.list_of_names("factors")?, named.vector_u32("columns")?);
        let n_features = named.scalar_u64("n_features")? as usize;
        if columns.is_empty() || columns.iter().any(|&j| j as usize >= n_features) {
            return Err(Error::shape(format!("columns of {n_features}"), "others; fit again"));
        }
        let mut store = Store::default();
        let sizes = Sizes { n_genes: columns.len(), n_factors: names.len() };
        let net = Net::new(&mut store, sizes, Vec::new(), Matrix::zeros(0, names.len()), 0);
        store.load(&named.under("network/"))?;
        let (restart, divergences) = (named.scalar_u64("restart")?, named.vector_f64("divergences")?);
        Ok(Composition { names, columns, n_features, net, store, restart, divergences })
    }

    /// What spots are made of.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Genes that are read.
    pub fn n_genes(&self) -> usize {
        self.columns.len()
    }

    /// Which of the fits it is.
    pub fn restart(&self) -> u64 {
        self.restart
    }

    /// The divergence of proportions of every fit.
    pub fn divergences(&self) -> &[f64] {
        &self.divergences
    }

    /// m(x) of every spot, from counts of the columns that are read.
    pub(super) fn proportions(&self, x: &Features, env: &Env) -> Result<Matrix<f64>> {
        let (n, k) = (x.n_samples(), self.names.len());
        let mut place = None;
        let mut runner = Runner::new(n, env, |graph, rows| {
            let input = graph.input(rows, self.net.sizes().n_genes);
            let shares = self.net.shares(graph, &self.store, input, false);
            place = Some(input);
            (input, vec![shares])
        })?;
        let mut shares = Matrix::zeros(n, k);
        let fill = |program: &mut Program<f32>, _: &Batch| {
            if let Some(input) = place {
                net::log1p(program, input);
            }
        };
        runner.run_filled(&self.store, x, fill, |first, n, outputs| {
            let rows = outputs[0][..n * k].iter().map(|&share| f64::from(share));
            let own = &mut shares.values_mut()[first * k..(first + n) * k];
            own.iter_mut().zip(rows).for_each(|(to, from)| *to = from);
        });
        // Softmax in f32 sums to 1 to its precision; proportions do exactly.
        for i in 0..n {
            let total: f64 = shares.row(i).iter().sum();
            shares.row_mut(i).iter_mut().for_each(|share| *share /= total);
        }
        Ok(shares)
    }

    /// The columns that are read, n_spots x n_genes.
    fn read(&self, x: &Features, env: &Env) -> Result<Features> {
        let (n, m) = (x.n_samples(), self.columns.len());
        env.budget.charge_array((n * m) as u64, 4, "the counts of the genes that are read")?;
        let mut read = Matrix::zeros(n, m);
        let mut row = vec![0.0; x.n_features()];
        for i in 0..n {
            x.row_into(i, &mut row);
            read.row_mut(i).iter_mut().zip(&self.columns).for_each(|(to, &j)| *to = row[j as usize] as f32);
        }
        Ok(Features::F32(read))
    }
}

impl Tensors for Composition {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_names(each, "factors", &self.names);
        visit_vector(each, "columns", self.columns.as_slice());
        visit_u64(each, "n_features", self.n_features as u64);
        visit_u64(each, "restart", self.restart);
        visit_vector(each, "divergences", self.divergences.as_slice());
        self.store.visit(&mut |name, view| each(&format!("network/{name}"), view));
    }
}

impl Widths for Composition {
    fn n_features(&self) -> usize {
        self.n_features
    }

    fn n_latent(&self) -> usize {
        self.names.len()
    }
}

impl Encode for Composition {
    fn codes(&self, x: &Features, env: &Env) -> Result<Latent> {
        check_finite(x, 0)?;
        check_no_negative(x, 0)?;
        let read = self.read(x, env)?;
        let bytes = 4 * (read.n_samples() * read.n_features()) as u64;
        let shares = self.proportions(&read, env);
        env.budget.release(bytes);
        Ok(Latent::F64(shares?))
    }
}

impl Model for Composition {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn component_names(&self) -> Option<Vec<String>> {
        Some(self.names.clone())
    }

    /// How much of a spot its largest part is, a mean; and what the largest parts tell of known classes.
    fn score(&self, x: &Data, env: &Env) -> Result<Metrics> {
        let shares = self.encode(x.features()?, env)?.to_f64();
        let most = shares.rows().map(|row| row.iter().copied().fold(0.0, f64::max));
        let mean = most.sum::<f64>() / shares.n_rows().max(1) as f64;
        let mut metrics: Metrics = vec![("largest_proportion".to_owned(), mean)];
        if let Some(labels) = x.labels.filter(|labels| labels.class.len() == shares.n_rows()) {
            let parts = largest(&shares);
            metrics.push(("ari".to_owned(), adjusted_rand_index(&parts, &labels.class)));
            metrics.push(("nmi".to_owned(), normalized_mutual_information(&parts, &labels.class)));
        }
        Ok(metrics)
    }

    fn figures(&self, x: &Data, env: &Env) -> Result<Vec<Figure>> {
        let shares = self.encode(x.features()?, env)?.to_f64();
        let mean = |t: usize| f64::sum_of(&shares.col(t)) / shares.n_rows().max(1) as f64;
        let bars = self.names.iter().enumerate().map(|(t, name)| (name.clone(), mean(t))).collect();
        Ok(vec![Figure::new(
            "Proportions",
            "The mean share of each part over the spots.",
            Plot::Bars { x: Axis::linear("share"), bars },
        )])
    }
}
