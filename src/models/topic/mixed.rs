//! What models have in common that end in memberships, topics and sizes.

use super::{COMPLETION, Lengths, Mixture};
use crate::error::Result;
use crate::figure::Figure;
use crate::linalg::{Csr, Features, Matrix};
use crate::models::{
    Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Names, Sample, Widths, check_width,
};
use crate::monitor::Env;
use crate::solve::poisson::{Multinomial, sparse};
use crate::tensors::Tensors;

/// What a room says of its fitted topics; all that a model can do follows from that.
pub trait Mixed: Tensors + Send + Sync {
    /// How long documents are that are drawn.
    const LENGTHS: Lengths = Lengths::AsSeen;

    /// Memberships, topics and sizes.
    fn multinomial(&self) -> &Multinomial;

    /// The memberships of documents that need not have been seen, rows that sum to 1.
    fn memberships(&self, x: &Csr<f64>) -> Matrix<f64>;

    /// Their codes, where these are not the memberships.
    fn codes_of(&self, x: &Csr<f64>) -> Matrix<f64> {
        self.memberships(x)
    }

    /// Scores that other models do not have.
    fn own_scores(&self, _x: &Csr<f64>) -> Metrics {
        Vec::new()
    }

    /// Figures that other models do not have, which come first.
    fn own_figures(&self, _names: &Names) -> Vec<Figure> {
        Vec::new()
    }

    /// Warnings that other models do not have.
    fn own_warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// Tables that other models do not have.
    fn own_factors(&self) -> Vec<Factor<'_>> {
        Vec::new()
    }

    /// The same as what figures, samples and perplexities come from.
    fn mixture(&self) -> Mixture<'_> {
        let Multinomial { theta, beta, sizes } = self.multinomial();
        Mixture { theta, beta, sizes }
    }
}

impl<M: Mixed> Widths for M {
    fn n_features(&self) -> usize {
        self.multinomial().beta.n_cols()
    }

    fn n_latent(&self) -> usize {
        self.multinomial().beta.n_rows()
    }
}

impl<M: Mixed> Encode for M {
    fn codes(&self, x: &Features, _: &Env) -> Result<Latent> {
        Data::rows(x).non_negative_features()?;
        Ok(Latent::F64(self.codes_of(&sparse(x))))
    }
}

impl<M: Mixed> Decode for M {
    /// theta beta: of memberships the probabilities of words, of counts of topics the counts of words.
    fn lift(&self, z: &Matrix<f64>, _: &Env) -> Result<Matrix<f64>> {
        Ok(z.matmul(&self.multinomial().beta))
    }
}

impl<M: Mixed> Sample for M {
    fn sample(&self, n: usize, env: &Env) -> Result<Features> {
        self.mixture().sample(n, M::LENGTHS, env)
    }
}

impl<M: Mixed> Model for M {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    fn sampler(&self) -> Option<&dyn Sample> {
        Some(self)
    }

    fn topics(&self) -> Option<Mixture<'_>> {
        Some(self.mixture())
    }

    /// The perplexity of the words of documents that are given memberships by these very words, the share of words
    /// that are impossible, and the perplexity of half of each document's words by the other half.
    fn score(&self, x: &Data, _: &Env) -> Result<Metrics> {
        let x = x.non_negative_features()?;
        check_width(x, self.multinomial().beta.n_cols())?;
        let x = sparse(x);
        let perplexity = Mixture::perplexity(&x, &self.memberships(&x), &self.multinomial().beta);
        let mut metrics = vec![
            ("perplexity".into(), perplexity.value),
            ("impossible_words".into(), perplexity.impossible),
            (COMPLETION.into(), self.mixture().completion(&x, |x| self.memberships(x))),
        ];
        metrics.extend(self.own_scores(&x));
        Ok(metrics)
    }

    fn figures(&self, x: &Data, _: &Env) -> Result<Vec<Figure>> {
        let mut figures = self.own_figures(x.names);
        figures.extend(self.mixture().figures(x)?);
        Ok(figures)
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.mixture().warnings();
        warnings.extend(self.own_warnings());
        warnings
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        let Multinomial { theta, beta, .. } = self.multinomial();
        let mut factors = vec![
            Factor { name: "theta", rows: Along::Samples, cols: Along::Components, values: theta },
            Factor { name: "beta", rows: Along::Components, cols: Along::Features, values: beta },
        ];
        factors.extend(self.own_factors());
        factors
    }
}
