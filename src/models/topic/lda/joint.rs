//! The joint density of the model.

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use diabolo_kernels::special::lgamma;

/// ln p(theta, z, w | alpha, beta) of one document (Blei, Ng & Jordan 2003, eq. 2):
///
/// ln Dirichlet(theta | alpha) + sum_n ln theta_{z_n} + ln beta_{z_n w_n}
///
/// for `theta` and `alpha` n_topics, a topic of `z` and a word of `w` for each token, `beta` n_topics x n_words. It is
/// -inf where a token's topic or word has probability 0. The density of a corpus is the sum over its documents.
/// # Errors
/// [`Error::Shape`] where the sizes do not agree or a topic or word is out of bounds, [`Error::Parameter`] where theta
/// is no point of the simplex or an alpha not positive.
pub fn ln_joint_density(
    theta: &[f64],
    z: &[u32],
    w: &[u32],
    alpha: &[f64],
    beta: &Matrix<f64>,
) -> Result<f64> {
    let [n_topics, n_words] = beta.shape();
    if theta.len() != n_topics || alpha.len() != n_topics || z.len() != w.len() {
        return Err(Error::shape(
            format!("{n_topics} shares and priors, and a topic for each word"),
            format!("{}, {}, and {} for {}", theta.len(), alpha.len(), z.len(), w.len()),
        ));
    }
    let in_bounds = |(&k, &v): (&u32, &u32)| (k as usize) < n_topics && (v as usize) < n_words;
    if !z.iter().zip(w).all(in_bounds) {
        return Err(Error::shape(format!("topics below {n_topics}, words below {n_words}"), "one beyond"));
    }
    let sum: f64 = theta.iter().sum();
    if theta.iter().any(|t| *t < 0.0) || (sum - 1.0).abs() > 1e-9 {
        return Err(Error::parameter(
            "theta",
            format!("shares that sum to {sum}; they must be >= 0 and sum to 1"),
        ));
    }
    if alpha.iter().any(|a| a.is_nan() || *a <= 0.0) {
        return Err(Error::parameter("alpha", "must be above 0"));
    }
    let normaliser = lgamma(alpha.iter().sum()) - alpha.iter().map(|&a| lgamma(a)).sum::<f64>();
    // At alpha = 1 the density is flat, at a share of 0 too.
    let powers = theta.iter().zip(alpha).map(|(t, a)| if *a == 1.0 { 0.0 } else { (a - 1.0) * t.ln() });
    let tokens = z.iter().zip(w).map(|(&k, &v)| theta[k as usize].ln() + beta[(k as usize, v as usize)].ln());
    Ok(normaliser + powers.sum::<f64>() + tokens.sum::<f64>())
}
