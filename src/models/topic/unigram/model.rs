//! The fitted topics and what they can do.

use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::linalg::{Csr, Features, Matrix};
use crate::models::topic::{COMPLETION, Mixture};
use crate::models::{
    Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Sample, Widths, check_width,
};
use crate::monitor::Env;
use crate::random::{PrefixSums, Rng};
use crate::solve::poisson::sparse;
use crate::tensors::{Named, TensorView, Tensors, visit_vector};
use diabolo_kernels::vector::VectorMath;

/// P(z_d = k | x_d), n_docs x n_topics, and sum_d ln sum_k pi_k prod_w beta_kw^x_dw.
pub(super) fn responsibilities(x: &Csr<f64>, beta: &Matrix<f64>, weight: &[f64]) -> (Matrix<f64>, f64) {
    let mut ln_beta = beta.transposed();
    f64::ln_in_place(ln_beta.values_mut());
    // ln pi_k + sum_w x_dw ln beta_kw
    let mut theta = x.matmul(&ln_beta);
    let mut ln_weight = weight.to_vec();
    f64::ln_in_place(&mut ln_weight);
    let mut ln_sum = 0.0;
    for d in 0..theta.n_rows() {
        let row = theta.row_mut(d);
        row.iter_mut().zip(&ln_weight).for_each(|(t, w)| *t += w);
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.iter_mut().for_each(|t| *t = (*t - largest).exp());
        let total: f64 = row.iter().sum();
        row.iter_mut().for_each(|t| *t /= total);
        ln_sum += largest + total.ln();
    }
    (theta, ln_sum)
}

/// pi and beta.
pub struct Unigram {
    pub(super) theta: Matrix<f64>,
    pub(super) beta: Matrix<f64>,
    pub(super) weight: Vec<f64>,
    /// Sums of the training documents, n_docs.
    pub(super) sizes: Vec<f64>,
}

impl Unigram {
    pub(super) fn load(named: &Named, sizes: Vec<f64>) -> Result<Unigram> {
        let (theta, beta) = (Matrix::load(named, "theta")?, Matrix::load(named, "beta")?);
        let weight = named.vector_f64("weight")?;
        if [theta.n_cols(), beta.n_rows()] != [weight.len(); 2] {
            return Err(Error::shape(format!("{} topics in every array", weight.len()), "others; fit again"));
        }
        Ok(Unigram { theta, beta, weight, sizes })
    }

    fn mixture(&self) -> Mixture<'_> {
        Mixture { theta: &self.theta, beta: &self.beta, sizes: &self.sizes }
    }

    fn mean_size(&self) -> f64 {
        self.sizes.iter().sum::<f64>() / self.sizes.len().max(1) as f64
    }

    /// P(z_d) of the training documents, n_docs x n_topics.
    pub fn theta(&self) -> &Matrix<f64> {
        &self.theta
    }

    /// Words of the topics, n_topics x n_words.
    pub fn beta(&self) -> &Matrix<f64> {
        &self.beta
    }

    /// pi, n_topics.
    pub fn weight(&self) -> &[f64] {
        &self.weight
    }
}

impl Tensors for Unigram {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.theta.visit_as("theta", each);
        self.beta.visit_as("beta", each);
        visit_vector(each, "weight", self.weight.as_slice());
        visit_vector(each, "sizes", self.sizes.as_slice());
    }
}

impl Widths for Unigram {
    fn n_features(&self) -> usize {
        self.beta.n_cols()
    }

    fn n_latent(&self) -> usize {
        self.beta.n_rows()
    }
}

impl Encode for Unigram {
    fn codes(&self, x: &Features, _: &Env) -> Result<Latent> {
        Data::rows(x).non_negative_features()?;
        Ok(Latent::F64(responsibilities(&sparse(x), &self.beta, &self.weight).0))
    }
}

impl Decode for Unigram {
    /// theta beta: the probability of every word.
    fn lift(&self, z: &Matrix<f64>, _: &Env) -> Result<Matrix<f64>> {
        Ok(z.matmul(&self.beta))
    }
}

impl Sample for Unigram {
    /// A topic for each document, about as many words as the training documents have in the mean.
    fn sample(&self, n: usize, env: &Env) -> Result<Features> {
        let per_doc = (self.mean_size().ceil() as u64 + 1).saturating_mul(16);
        env.budget.charge((n as u64).saturating_mul(per_doc), "the documents that are drawn")?;
        let tables: Vec<PrefixSums> = self.beta.rows().map(PrefixSums::new).collect();
        let draw = |d: usize| {
            let mut rng = Rng::keyed(env.seed, &[d as u64]);
            let table = &tables[rng.categorical(&self.weight)];
            let length = 1 + rng.poisson((self.mean_size() - 1.0).max(0.0));
            (0..length).map(|_| table.sample(&mut rng) as u32).collect::<Vec<u32>>()
        };
        Mixture::documents(n, self.beta.n_cols(), draw)
    }
}

impl Model for Unigram {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    fn sampler(&self) -> Option<&dyn Sample> {
        Some(self)
    }

    /// `perplexity` = exp(-sum_d ln p(x_d) / sum x), the multinomial coefficients left out, and where documents have
    /// labels how much their likeliest topic tells of these.
    fn score(&self, x: &Data, _: &Env) -> Result<Metrics> {
        let features = x.non_negative_features()?;
        check_width(features, self.beta.n_cols())?;
        let counts = sparse(features);
        let (theta, ln_sum) = responsibilities(&counts, &self.beta, &self.weight);
        let n_tokens: f64 = counts.values().iter().sum();
        let perplexity = (-ln_sum / n_tokens.max(f64::MIN_POSITIVE)).exp();
        let of_seen = |seen: &Csr<f64>| responsibilities(seen, &self.beta, &self.weight).0;
        let completion = self.mixture().completion(&counts, of_seen);
        let mut metrics = vec![("perplexity".to_owned(), perplexity), (COMPLETION.to_owned(), completion)];
        if let Some(labels) = x.labels {
            metrics.push(("nmi".to_owned(), Mixture::told_of(&theta, labels)));
        }
        Ok(metrics)
    }

    fn topics(&self) -> Option<Mixture<'_>> {
        Some(self.mixture())
    }

    fn figures(&self, x: &Data, _: &Env) -> Result<Vec<Figure>> {
        self.mixture().figures(x)
    }

    fn warnings(&self) -> Vec<String> {
        self.mixture().warnings()
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        vec![
            Factor { name: "theta", rows: Along::Samples, cols: Along::Components, values: &self.theta },
            Factor { name: "beta", rows: Along::Components, cols: Along::Features, values: &self.beta },
        ]
    }
}
