//! The parts from samples that come block by block (Mairal, Bach, Ponce & Sapiro 2010; for the divergence Lefevre,
//! Bach & Fevotte 2011): data of any length in the memory of a block.
//!
//! For every block X_b, the codes W_b are those of the parts as they are. Then sums that stand for all blocks so
//! far are faded by rho and joined by the block's, and H becomes their minimum:
//!
//! | loss | sums | H |
//! |---|---|---|
//! | Frobenius | A <- rho A + W_b'W_b, B <- rho B + X_b'W_b | sweeps of least squares with Gram matrix A, products B |
//! | Kullback-Leibler | P <- rho P + H' * (X_b / W_b H)'W_b, q <- rho q + sums of W_b | P / q |
//!
//! rho = forget^(rows of the block / rows seen), at most those of a pass: what was seen a pass ago weighs `forget`
//! of what is new, and within the first pass early blocks, whose codes were of poor parts, fade faster.

use super::entries::Entries;
use super::{Loss, Params, State, init};
use crate::error::{Error, Result};
use crate::linalg::{Csr, Features, Matrix};
use crate::models::{RowSource, check_finite, check_no_negative, check_width, rows_per_block};
use crate::monitor::Env;
use crate::solve::hals::{self, Penalty};
use crate::solve::{nnls, scd};
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};
use diabolo_kernels::reduce::Reduce;

/// Sweeps of H by the sums, which hardly change from block to block.
const SWEEPS: usize = 2;

/// Sweeps of a block's codes by the divergence: from equal shares, most of the way.
const CODE_SWEEPS: usize = 12;

/// What an entry of H is at the least by the divergence, as a share of the mean: under multiplication a 0 would
/// stay 0, though a feature that no batch had so far may come.
const FLOOR: f64 = 1e-10;

/// The parts and what stands for the samples so far.
pub struct Online {
    /// H', n_features x n_components; empty before the first block.
    ht: Matrix<f64>,
    /// A, k x k; of the divergence q, 1 x k.
    gram: Matrix<f64>,
    /// B or P, n_features x n_components.
    products: Matrix<f64>,
    /// The sum of the weights of all rows in the sums.
    weight: f64,
    /// Rows of this pass that have been taken in.
    n_done: u64,
    /// Rows of a pass; 0 while the first one goes on.
    n_rows: u64,
    /// The loss of this pass so far, of every block before its parts moved, with the penalty of its codes.
    loss: f64,
    first_objective: f64,
    objective: f64,
}

impl Online {
    /// Before the first block.
    pub fn new(n_components: usize, n_features: usize) -> Online {
        Online {
            ht: Matrix::zeros(0, n_components),
            gram: Matrix::zeros(0, n_components),
            products: Matrix::zeros(n_features, n_components),
            weight: 0.0,
            n_done: 0,
            n_rows: 0,
            loss: 0.0,
            first_objective: f64::INFINITY,
            objective: f64::INFINITY,
        }
    }

    /// Bytes that the sums, the parts and a block with its codes take.
    pub fn bytes(n_components: usize, n_features: usize, n_rows: usize) -> u64 {
        let (k, m, b) = (n_components as u64, n_features as u64, n_rows as u64);
        8 * (5 * m * k + 2 * k * k + 3 * b * k + 2 * b * m)
    }

    /// H, n_components x n_features.
    pub fn h(&self) -> Matrix<f64> {
        self.ht.transposed()
    }

    /// Rows of this pass that have been taken in.
    pub fn n_done(&self) -> usize {
        self.n_done as usize
    }

    /// Takes in a block, before which `first` rows came in this pass.
    /// # Errors
    /// [`Error::Shape`] for another width, [`Error::Numerical`] at the first value that is missing or negative.
    pub fn absorb(&mut self, x: &Features, first: usize, params: &Params, env: &Env) -> Result<()> {
        check_width(x, self.products.n_rows())?;
        check_finite(x, first)?;
        check_no_negative(x, first)?;
        if self.ht.n_rows() == 0 {
            let before = env.budget.used();
            let mut entries = Entries::new(x, params, env)?;
            let starts = init::starts(x, &mut entries, params, env)?;
            self.ht = starts.into_iter().next().expect("one start").1;
            env.budget.release(env.budget.used().saturating_sub(before));
        }
        let n_block = x.n_samples() as f64;
        let n_seen = self.n_rows.max(self.n_done + x.n_samples() as u64) as f64;
        let fade = if params.forget == 1.0 { 1.0 } else { params.forget.powf(n_block / n_seen) };
        self.weight = fade * self.weight + n_block;
        // The sums stand for `weight` rows, the penalty on H for all.
        let share = self.weight / n_seen;
        let penalty = params.penalty_h();
        let penalty = Penalty { l1: share * penalty.l1, l2: share * penalty.l2 };
        let (w, loss) = match params.loss {
            Loss::Frobenius => self.least_squares(x, fade, params.penalty_w(), penalty),
            _ => self.divergence(x, fade, params.penalty_w(), penalty),
        };
        self.loss += loss + penalty_of(params.penalty_w(), &w);
        self.n_done += x.n_samples() as u64;
        Ok(())
    }

    /// W_b exactly, the sums, H. Returns W_b and the loss before H moved.
    fn least_squares(&mut self, x: &Features, fade: f64, of_w: Penalty, of_h: Penalty) -> (Matrix<f64>, f64) {
        let hht = self.ht.gram();
        let xht = x.matmul(&self.ht);
        let mut w = xht.clone();
        nnls::penalised(&hht, &mut w, of_w);
        let wtw = w.gram();
        let loss = 0.5 * x.squared_norm() - hals::inner(&xht, &w) + 0.5 * hals::inner(&wtw, &hht);
        if self.gram.n_rows() == 0 {
            self.gram = Matrix::zeros(wtw.n_rows(), wtw.n_cols());
        }
        join(&mut self.gram, fade, &wtw);
        join(&mut self.products, fade, &x.matmul_tn(&w));
        hals::sweeps(&mut self.ht, &self.products, &self.gram, of_h, SWEEPS);
        (w, loss.max(0.0))
    }

    /// The same by the divergence.
    fn divergence(&mut self, x: &Features, fade: f64, of_w: Penalty, of_h: Penalty) -> (Matrix<f64>, f64) {
        let dense;
        let x = match x {
            Features::Sparse(x) => x,
            x => {
                dense = Csr::from_dense(&x.to_dense());
                &dense
            }
        };
        let sums = self.ht.col_sums();
        let share = 1.0 / sums.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let mut w = Matrix::zeros(x.n_rows(), self.ht.n_cols());
        for i in 0..x.n_rows() {
            w.row_mut(i).fill(share * f64::sum_of(x.row(i).1));
        }
        let x_ln_y = scd::sweeps(&mut w, x, &self.ht, of_w, CODE_SWEEPS);
        let loss = scd::divergence(scd::constant(x), x_ln_y, &w, &self.ht);
        let cols = x.transposed();
        let mut pulls = scd::pulls(&cols, &scd::fitted(&cols, &self.ht, &w), &w);
        pulls.values_mut().iter_mut().zip(self.ht.values()).for_each(|(pull, h)| *pull *= h);
        let w_sums = Matrix::from_vec(1, w.n_cols(), w.col_sums());
        if self.gram.n_rows() == 0 {
            self.gram = Matrix::zeros(1, w.n_cols());
        }
        join(&mut self.gram, fade, &w_sums);
        join(&mut self.products, fade, &pulls);
        scd::minimise(&mut self.ht, &self.products, self.gram.row(0), of_h);
        let floor = FLOOR * f64::sum_of(self.ht.values()) / self.ht.values().len().max(1) as f64;
        self.ht.values_mut().iter_mut().for_each(|h| *h = h.max(floor));
        (w, loss.max(0.0))
    }

    /// Ends a pass: its objective, and whether it hardly differs from the last one's.
    pub fn end_pass(&mut self, params: &Params) -> (f64, bool) {
        let objective = self.loss + penalty_of(params.penalty_h(), &self.ht);
        let fall = self.objective - objective;
        let converged = fall.abs() <= params.tol * self.first_objective && self.objective.is_finite();
        if self.first_objective.is_infinite() {
            self.first_objective = objective;
        }
        self.objective = objective;
        (self.n_rows, self.n_done, self.loss) = (self.n_done, 0, 0.0);
        (objective, converged)
    }

    /// The loss of this pass so far.
    pub fn loss(&self) -> f64 {
        self.loss
    }

    /// What [`Tensors::visit`] gave.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or do not agree.
    pub fn load(named: &Named) -> Result<Online> {
        let (ht, products) = (Matrix::load(named, "ht")?, Matrix::load(named, "products")?);
        if ht.n_rows() > 0 && ht.shape() != products.shape() {
            let received = format!("{:?} and {:?}; fit again", ht.shape(), products.shape());
            return Err(Error::shape("parts and sums of one shape", received));
        }
        Ok(Online {
            ht,
            gram: Matrix::load(named, "gram")?,
            products,
            weight: named.scalar_f64("weight")?,
            n_done: named.scalar_u64("n_done")?,
            n_rows: named.scalar_u64("n_rows")?,
            loss: named.scalar_f64("loss")?,
            first_objective: named.scalar_f64("first_objective")?,
            objective: named.scalar_f64("objective")?,
        })
    }
}

impl Params {
    /// Refuses what blocks cannot do.
    pub(super) fn check_batches(&self) -> Result<()> {
        let refused = [
            ("loss", self.loss == Loss::ItakuraSaito, "itakura-saito needs all data at once"),
            ("held_out", self.held_out > 0.0, "entries are held out of all data at once"),
            ("n_init", self.n_init > 1, "batches are gone through from one start"),
        ];
        match refused.into_iter().find(|(_, is_refused, _)| *is_refused) {
            Some((name, _, why)) => Err(Error::parameter(name, format!("{why}; leave --batch-size out"))),
            None => Ok(()),
        }
    }

    /// Samples of a block.
    pub(super) fn block_rows(&self, rows: &dyn RowSource) -> usize {
        match self.batch_size {
            0 => rows_per_block(rows.n_features()),
            chosen => chosen,
        }
    }

    /// Takes a block of samples in, wherever it comes from: `state` is what [`start`](crate::models::Fit::start)
    /// gave for a stream or with a `batch_size`, and what [`finish`](crate::models::Fit::finish) makes a model of
    /// at any time. Returns the loss of this pass so far.
    /// # Errors
    /// [`Error::Parameter`] where the state is of a fit without batches, [`Error::Shape`] and
    /// [`Error::Numerical`] for data the model does not take.
    pub fn partial_fit(&self, block: &Features, state: &mut State, env: &Env) -> Result<f64> {
        let State::Batches(online) = state else {
            return Err(Error::parameter("batch_size", "0 takes all data at once; give the rows of a batch"));
        };
        online.absorb(block, online.n_done(), self, env)?;
        Ok(online.loss())
    }
}

/// sum <- fade sum + new
fn join(sum: &mut Matrix<f64>, fade: f64, new: &Matrix<f64>) {
    sum.values_mut().iter_mut().zip(new.values()).for_each(|(sum, new)| *sum = fade * *sum + new);
}

/// l1 sum(A) + l2/2 ||A||^2
fn penalty_of(penalty: Penalty, a: &Matrix<f64>) -> f64 {
    penalty.l1 * f64::sum_of(a.values()) + 0.5 * penalty.l2 * hals::inner(a, a)
}

impl Tensors for Online {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.ht.visit_as("ht", each);
        self.gram.visit_as("gram", each);
        self.products.visit_as("products", each);
        visit_f64(each, "weight", self.weight);
        visit_u64(each, "n_done", self.n_done);
        visit_u64(each, "n_rows", self.n_rows);
        visit_f64(each, "loss", self.loss);
        visit_f64(each, "first_objective", self.first_objective);
        visit_f64(each, "objective", self.objective);
    }
}
