//! The fitted topics and what they can do.

use super::temper::raised;
use crate::error::Result;
use crate::figure::Figure;
use crate::linalg::{Features, Matrix};
use crate::models::topic::{Lengths, Mixture};
use crate::models::{
    Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Sample, Widths, check_width,
};
use crate::monitor::Env;
use crate::solve::poisson::{Multinomial, expected, most_likely, normalise, sparse};
use crate::tensors::{TensorView, Tensors, visit_f64};

/// Steps that fold a document in at a temper below 1, at which each shrinks what is left by a constant factor.
const FOLDING_STEPS: usize = 100;

/// p(w | d) = sum_k theta_dk beta_kw.
pub struct Plsi {
    multinomial: Multinomial,
    temper: f64,
}

impl Plsi {
    pub(super) fn new(multinomial: Multinomial, temper: f64) -> Plsi {
        Plsi { multinomial, temper }
    }

    /// Memberships, topics and sizes.
    pub fn multinomial(&self) -> &Multinomial {
        &self.multinomial
    }

    /// The temper of the fit; 1 where it was one of maximum likelihood.
    pub fn temper(&self) -> f64 {
        self.temper
    }

    /// The parameters of the model: they grow with the documents it is fitted to.
    pub fn n_parameters(&self) -> usize {
        let (theta, beta) = (&self.multinomial.theta, &self.multinomial.beta);
        theta.n_rows() * (theta.n_cols() - 1) + beta.n_rows() * (beta.n_cols() - 1)
    }

    fn mixture(&self) -> Mixture<'_> {
        Mixture {
            theta: &self.multinomial.theta,
            beta: &self.multinomial.beta,
            sizes: &self.multinomial.sizes,
        }
    }

    /// Folding in: the most likely memberships under the topics; of a tempered fit, those of as many steps at its
    /// temper as settle them.
    fn folded_in(&self, x: &Features) -> Matrix<f64> {
        let x = sparse(x);
        let mut theta = match self.temper < 1.0 {
            true => Matrix::filled(x.n_rows(), self.multinomial.beta.n_rows(), 1.0),
            false => most_likely(&x, &self.multinomial.beta),
        };
        (0..theta.n_rows()).for_each(|d| _ = normalise(theta.row_mut(d)));
        if self.temper < 1.0 {
            let f = raised(&self.multinomial.beta.transposed(), self.temper);
            for _ in 0..FOLDING_STEPS {
                theta = expected(&x, &raised(&theta, self.temper), &f);
                (0..theta.n_rows()).for_each(|d| _ = normalise(theta.row_mut(d)));
            }
        }
        theta
    }
}

impl Tensors for Plsi {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.multinomial.visit(each);
        visit_f64(each, "temper", self.temper);
    }
}

impl Widths for Plsi {
    fn n_features(&self) -> usize {
        self.multinomial.beta.n_cols()
    }

    fn n_latent(&self) -> usize {
        self.multinomial.beta.n_rows()
    }
}

impl Encode for Plsi {
    fn codes(&self, x: &Features, _: &Env) -> Result<Latent> {
        Data::rows(x).non_negative_features()?;
        Ok(Latent::F64(self.folded_in(x)))
    }
}

impl Decode for Plsi {
    /// The probabilities of words: rows that sum to 1.
    fn lift(&self, z: &Matrix<f64>, _: &Env) -> Result<Matrix<f64>> {
        Ok(z.matmul(&self.multinomial.beta))
    }
}

impl Sample for Plsi {
    fn sample(&self, n: usize, env: &Env) -> Result<Features> {
        self.mixture().sample(n, Lengths::AsSeen, env)
    }
}

impl Model for Plsi {
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

    /// The perplexity of the words of documents that are folded in by these very words, and the share of words that
    /// are impossible.
    fn score(&self, x: &Data, _: &Env) -> Result<Metrics> {
        let x = x.non_negative_features()?;
        check_width(x, self.multinomial.beta.n_cols())?;
        let perplexity = Mixture::perplexity(&sparse(x), &self.folded_in(x), &self.multinomial.beta);
        Ok(vec![
            ("perplexity".into(), perplexity.value),
            ("impossible_words".into(), perplexity.impossible),
            ("temper".into(), self.temper),
        ])
    }

    fn figures(&self, x: &Data, _: &Env) -> Result<Vec<Figure>> {
        self.mixture().figures(x)
    }

    fn warnings(&self) -> Vec<String> {
        let tokens: f64 = self.multinomial.sizes.iter().sum();
        let mut warnings = self.mixture().warnings();
        if self.n_parameters() as f64 > tokens {
            warnings.push(format!(
                "There are {} parameters and {tokens:.0} words: the model grows with the corpus and will overfit; \
                 give fewer topics, or --held-out 0.1 to temper it.",
                self.n_parameters()
            ));
        }
        warnings
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        let Multinomial { theta, beta, .. } = &self.multinomial;
        vec![
            Factor { name: "theta", rows: Along::Samples, cols: Along::Components, values: theta },
            Factor { name: "beta", rows: Along::Components, cols: Along::Features, values: beta },
        ]
    }
}
