//! What lies on the way through a network: kept for the way back, and for nodes that come later.

use super::{Encoder, Plan};
use crate::linalg::Matrix;
use diabolo_kernels::Real;

/// What lies on the way from nodes to codes.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Pass<T> {
    /// X W before anything else: n x hidden of a gcn, n x k of vgnae, nothing else.
    pub projected: Matrix<T>,
    /// H, n x hidden of a gcn.
    pub hidden: Matrix<T>,
    /// What A^ makes mu of, n x k.
    pub before_mu: Matrix<T>,
    /// mu, n x k.
    pub mu: Matrix<T>,
    /// ln sigma^2, n x k, of variational codes.
    pub log_var: Matrix<T>,
    pub(super) scratch: Matrix<T>,
    pub(super) d_hidden: Matrix<T>,
    pub(super) hidden_scratch: Matrix<T>,
}

impl<T: Real> Pass<T> {
    /// Room for a way over `n` nodes.
    pub fn new(plan: &Plan, n: usize) -> Pass<T> {
        let (h, k) = (plan.n_hidden, plan.n_latent);
        let (is_gcn, nothing) = (plan.encoder == Encoder::Gcn, Matrix::zeros(0, 0));
        let wide = || if is_gcn { Matrix::zeros(n, h) } else { nothing.clone() };
        Pass {
            projected: if plan.encoder == Encoder::Vgnae { Matrix::zeros(n, k) } else { wide() },
            hidden: wide(),
            before_mu: Matrix::zeros(n, k),
            mu: Matrix::zeros(n, k),
            log_var: if plan.variational { Matrix::zeros(n, k) } else { nothing.clone() },
            scratch: Matrix::zeros(n, k),
            d_hidden: wide(),
            hidden_scratch: wide(),
        }
    }

    /// Numbers it takes for a node, those of the link and of the loss's gradients among them.
    pub fn numbers_a_node(plan: &Plan) -> u64 {
        (4 * plan.n_hidden + 12 * plan.n_latent) as u64
    }
}

/// What lies on the way from codes to Y.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkPass<T> {
    pub(super) wide: Matrix<T>,
    pub(super) hidden: Matrix<T>,
    pub(super) d_hidden: Matrix<T>,
    pub(super) narrow: Matrix<T>,
    /// Y, n x k
    pub y: Matrix<T>,
}

impl<T: Real> LinkPass<T> {
    /// Room for a way over `n` nodes.
    pub fn new(plan: &Plan, n: usize) -> LinkPass<T> {
        let (wide, narrow) = (Matrix::zeros(n, plan.n_hidden), Matrix::zeros(n, plan.n_latent));
        LinkPass { hidden: wide.clone(), d_hidden: wide.clone(), wide, y: narrow.clone(), narrow }
    }
}
