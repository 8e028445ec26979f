//! The fitted topics and what they can do.

use super::temper::raised;
use crate::linalg::{Csr, Matrix};
use crate::models::Metrics;
use crate::models::topic::Mixed;
use crate::solve::poisson::{Multinomial, expected, most_likely, normalise_rows};
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

    /// The temper of the fit; 1 where it was one of maximum likelihood.
    pub fn temper(&self) -> f64 {
        self.temper
    }

    /// The parameters of the model: they grow with the documents it is fitted to.
    pub fn n_parameters(&self) -> usize {
        let (theta, beta) = (&self.multinomial.theta, &self.multinomial.beta);
        theta.n_rows() * (theta.n_cols() - 1) + beta.n_rows() * (beta.n_cols() - 1)
    }
}

impl Mixed for Plsi {
    fn multinomial(&self) -> &Multinomial {
        &self.multinomial
    }

    /// Folding in: the most likely memberships under the topics; of a tempered fit, those of as many steps at its
    /// temper as settle them.
    fn memberships(&self, x: &Csr<f64>) -> Matrix<f64> {
        let mut theta = match self.temper < 1.0 {
            true => Matrix::filled(x.n_rows(), self.multinomial.beta.n_rows(), 1.0),
            false => most_likely(x, &self.multinomial.beta),
        };
        normalise_rows(&mut theta);
        if self.temper < 1.0 {
            let f = raised(&self.multinomial.beta.transposed(), self.temper);
            for _ in 0..FOLDING_STEPS {
                theta = expected(x, &raised(&theta, self.temper), &f);
                normalise_rows(&mut theta);
            }
        }
        theta
    }

    fn own_scores(&self, _: &Csr<f64>) -> Metrics {
        vec![("temper".into(), self.temper)]
    }

    fn own_warnings(&self) -> Vec<String> {
        let tokens: f64 = self.multinomial.sizes.iter().sum();
        if self.n_parameters() as f64 <= tokens {
            return Vec::new();
        }
        vec![format!(
            "There are {} parameters and {tokens:.0} words: the model grows with the corpus and will overfit; \
             give fewer topics, or --held-out 0.1 to temper it.",
            self.n_parameters()
        )]
    }
}

impl Tensors for Plsi {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.multinomial.visit(each);
        visit_f64(each, "temper", self.temper);
    }
}
