//! The fitted topics and what they can do.

use crate::error::{Error, Result};
use crate::linalg::{Csr, Matrix};
use crate::models::topic::{Lengths, Mixed};
use crate::models::{Along, Factor, Metrics};
use crate::solve::poisson::{self, Multinomial, most_likely};
use crate::solve::scd;
use crate::tensors::{TensorView, Tensors};
use diabolo_kernels::reduce::Reduce;

/// x_d ~ Poisson(s_d theta_d beta).
pub struct FastTopics {
    multinomial: Multinomial,
    sizes: Matrix<f64>,
}

impl FastTopics {
    pub(super) fn new(multinomial: Multinomial) -> FastTopics {
        let sizes = Matrix::from_vec(multinomial.sizes.len(), 1, multinomial.sizes.clone());
        FastTopics { multinomial, sizes }
    }

    /// The log likelihood sum x ln m - m - ln Gamma(x + 1) of samples with codes `z`; m at least 1e-300 where x > 0.
    fn log_likelihood(&self, x: &Csr<f64>, z: &Matrix<f64>) -> f64 {
        let mut m = scd::fitted(x, z, &self.multinomial.beta.transposed());
        m.iter_mut().for_each(|m| *m = m.max(1e-300));
        let total: f64 = z
            .col_sums()
            .iter()
            .zip(self.multinomial.beta.rows())
            .map(|(z, beta)| z * beta.iter().sum::<f64>())
            .sum();
        f64::x_ln_y(x.values(), &m) - total - poisson::ln_factorials(x)
    }

    /// The model with groups of topics made one each, such as several that tell one kind of cell (`merge_topics`):
    /// memberships add up, topics are averaged by the counts they have. Topics in no group stay as they are, before
    /// the merged ones.
    /// # Errors
    /// [`Error::Parameter`] for a topic that does not exist or is named twice, or an empty group.
    pub fn merged(&self, groups: &[Vec<usize>]) -> Result<FastTopics> {
        let n_topics = self.multinomial.beta.n_rows();
        let mut is_named = vec![false; n_topics];
        for &k in groups.iter().flatten() {
            if k >= n_topics || std::mem::replace(&mut is_named[k], true) {
                let why = format!("topic {} does not exist or is named twice; there are {n_topics}", k + 1);
                return Err(Error::parameter("groups", why));
            }
        }
        if groups.iter().any(Vec::is_empty) {
            return Err(Error::parameter("groups", "a group of no topics"));
        }
        let alone = (0..n_topics).filter(|&k| !is_named[k]).map(|k| vec![k]);
        let parts: Vec<Vec<usize>> = alone.chain(groups.iter().cloned()).collect();
        let Multinomial { theta, beta, sizes } = &self.multinomial;
        let merged_theta = Matrix::from_fn(theta.n_rows(), parts.len(), |d, part| {
            parts[part].iter().map(|&k| theta[(d, k)]).sum()
        });
        let weights = self.mixture().topic_sizes();
        let mut merged_beta = Matrix::from_fn(parts.len(), beta.n_cols(), |part, w| {
            parts[part].iter().map(|&k| weights[k] * beta[(k, w)]).sum()
        });
        poisson::normalise_rows(&mut merged_beta);
        let multinomial = Multinomial { theta: merged_theta, beta: merged_beta, sizes: sizes.clone() };
        Ok(FastTopics::new(multinomial))
    }
}

impl Mixed for FastTopics {
    const LENGTHS: Lengths = Lengths::Poisson;

    fn multinomial(&self) -> &Multinomial {
        &self.multinomial
    }

    fn memberships(&self, x: &Csr<f64>) -> Matrix<f64> {
        let mut z = self.codes_of(x);
        poisson::normalise_rows(&mut z);
        z
    }

    /// Expected counts of each topic (`predict`); divided by their sum, memberships.
    fn codes_of(&self, x: &Csr<f64>) -> Matrix<f64> {
        most_likely(x, &self.multinomial.beta)
    }

    fn own_scores(&self, x: &Csr<f64>) -> Metrics {
        vec![("log_likelihood".into(), self.log_likelihood(x, &self.codes_of(x)))]
    }

    fn own_factors(&self) -> Vec<Factor<'_>> {
        vec![Factor { name: "sizes", rows: Along::Samples, cols: Along::Value, values: &self.sizes }]
    }
}

impl Tensors for FastTopics {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.multinomial.visit(each);
    }
}
