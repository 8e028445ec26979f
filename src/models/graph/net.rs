//! The networks: parameters, the way forward and the way back in closed form.
//!
//! | encoder | codes | spread (with `variational`) |
//! |---|---|---|
//! | gcn | mu = A^ H W1, H = relu(A^ X W0) | log sigma = A^ H W2 |
//! | linear | mu = A^ X W1 | log sigma = A^ X W2 |
//! | vgnae | mu = A^ s U/\|U\|, U = X W1 + b1, by rows | log sigma = A^ (X W2 + b2) |
//!
//! A^ is symmetric, so what flows back through a product with it is a product with it again. Kept are the logarithms of
//! variances, 2 log sigma, as everywhere in this crate.

use super::{Encoder, Inputs, Link, LinkPass, Pass, Plan};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::random::Rng;
use crate::tensors::{Named, Stored, TensorView, Tensors};
use diabolo_kernels::gemm::Epilogue;
use diabolo_kernels::{MatMut, MatRef, Real};

/// The word of the key of initial parameters.
const INIT: u64 = 0x6ae0;

/// The least length that a row is divided by.
const LEAST_LENGTH: f64 = 1e-12;

/// A matrix among the parameters.
#[derive(Clone, Debug, PartialEq)]
struct Block {
    name: &'static str,
    rows: usize,
    cols: usize,
    start: usize,
}

/// A network's parameters, in one slice.
#[derive(Clone, Debug, PartialEq)]
pub struct Net<T> {
    /// What it is.
    pub plan: Plan,
    blocks: Vec<Block>,
    /// All parameters.
    pub params: Vec<T>,
}

impl<T: Real> Net<T> {
    /// A network for `n_inputs` features, all parameters 0.
    pub fn zeros(plan: &Plan, n_inputs: usize) -> Net<T> {
        let (h, k) = (plan.n_hidden, plan.n_latent);
        let mut blocks: Vec<Block> = Vec::new();
        let mut add = |name, rows, cols| {
            let start = blocks.last().map_or(0, |last: &Block| last.start + last.rows * last.cols);
            blocks.push(Block { name, rows, cols, start });
        };
        let into_codes = if plan.encoder == Encoder::Gcn { h } else { n_inputs };
        if plan.encoder == Encoder::Gcn {
            add("w0", n_inputs, h);
        }
        add("w1", into_codes, k);
        if plan.variational {
            add("w2", into_codes, k);
        }
        if plan.encoder == Encoder::Vgnae {
            add("b1", 1, k);
            if plan.variational {
                add("b2", 1, k);
            }
        }
        if plan.link == Link::Gcn {
            add("w3", k, h);
            add("w4", h, k);
        }
        let n_params = blocks.last().map_or(0, |last| last.start + last.rows * last.cols);
        Net { plan: plan.clone(), blocks, params: vec![T::ZERO; n_params] }
    }

    /// Initial parameters: weights evenly within +-sqrt(6 / (n_in + n_out)) (Glorot & Bengio 2010), biases 0.
    pub fn glorot(plan: &Plan, n_inputs: usize, seed: u64) -> Net<T> {
        let mut net = Net::zeros(plan, n_inputs);
        for (number, block) in net.blocks.clone().iter().enumerate() {
            if block.name.starts_with('w') {
                let bound = (6.0 / (block.rows + block.cols) as f64).sqrt();
                let mut rng = Rng::keyed(seed, &[INIT, number as u64]);
                let draw = |w: &mut T| *w = T::from_f64(bound * (2.0 * rng.uniform() - 1.0));
                net.values_mut(block.name).iter_mut().for_each(draw);
            }
        }
        net
    }

    /// Parameters of a network for `n_inputs` features.
    pub fn n_params(plan: &Plan, n_inputs: usize) -> usize {
        let (h, k) = (plan.n_hidden, plan.n_latent);
        let heads = if plan.variational { 2 } else { 1 };
        let link = if plan.link == Link::Gcn { 2 * h * k } else { 0 };
        link + match plan.encoder {
            Encoder::Gcn => n_inputs * h + heads * h * k,
            Encoder::Linear => heads * n_inputs * k,
            Encoder::Vgnae => heads * (n_inputs + 1) * k,
        }
    }

    /// Features of a node that the network takes.
    pub fn n_inputs(&self) -> usize {
        self.blocks[0].rows
    }

    fn block(&self, name: &str) -> &Block {
        self.blocks.iter().find(|block| block.name == name).expect("a block of this network")
    }

    /// The values of a block.
    /// # Panics
    /// If the network has none of that name.
    pub fn values_mut(&mut self, name: &str) -> &mut [T] {
        let Block { rows, cols, start, .. } = *self.block(name);
        &mut self.params[start..start + rows * cols]
    }

    /// A block as a matrix.
    /// # Panics
    /// If the network has none of that name.
    pub fn matrix(&self, name: &str) -> MatRef<'_, T> {
        let Block { rows, cols, start, .. } = *self.block(name);
        MatRef::new(&self.params[start..start + rows * cols], rows, cols)
    }

    /// The same block of a slice laid out as the parameters.
    fn part<'a>(&self, name: &str, all: &'a mut [T]) -> MatMut<'a, T> {
        let Block { rows, cols, start, .. } = *self.block(name);
        MatMut::new(&mut all[start..start + rows * cols], rows, cols)
    }

    /// The way from nodes to codes; `pass` receives everything on it.
    pub fn forward(&self, inputs: &Inputs<T>, pass: &mut Pass<T>) {
        match self.plan.encoder {
            Encoder::Gcn => {
                inputs.project(self.matrix("w0"), &mut pass.projected);
                inputs.propagate(1.0, &pass.projected, &mut pass.hidden);
                T::relu_in_place(pass.hidden.values_mut());
                product(pass.hidden.view(), self.matrix("w1"), &mut pass.before_mu);
            }
            Encoder::Linear => inputs.project(self.matrix("w1"), &mut pass.before_mu),
            Encoder::Vgnae => {
                inputs.project(self.matrix("w1"), &mut pass.projected);
                T::add_row(pass.projected.values_mut(), self.matrix("b1").row(0));
                pass.before_mu.values_mut().copy_from_slice(pass.projected.values());
                self.scale_rows(&mut pass.before_mu);
            }
        }
        inputs.propagate(1.0, &pass.before_mu, &mut pass.mu);
        if !self.plan.variational {
            return;
        }
        match self.plan.encoder {
            Encoder::Gcn => product(pass.hidden.view(), self.matrix("w2"), &mut pass.scratch),
            _ => inputs.project(self.matrix("w2"), &mut pass.scratch),
        }
        if self.plan.encoder == Encoder::Vgnae {
            T::add_row(pass.scratch.values_mut(), self.matrix("b2").row(0));
        }
        // ln sigma^2 = 2 ln sigma
        inputs.propagate(2.0, &pass.scratch, &mut pass.log_var);
    }

    /// Every row as long as the plan says: s u / |u|.
    pub fn scale_rows(&self, rows: &mut Matrix<T>) {
        for i in 0..rows.n_rows() {
            let row = rows.row_mut(i);
            let length = T::squared_norm(row).sqrt().max(T::from_f64(LEAST_LENGTH));
            T::scale(T::from_f64(self.plan.scaling) / length, row);
        }
    }

    /// What flows back from codes and their spread to the parameters, added to `gradient`. `pass` is as forward left
    /// it, its scratch aside.
    pub fn backward(
        &self,
        inputs: &Inputs<T>,
        pass: &mut Pass<T>,
        d_mu: &Matrix<T>,
        d_log_var: Option<&Matrix<T>>,
        gradient: &mut [T],
    ) {
        let heads = [Some(("w1", "b1", 1.0, d_mu)), d_log_var.map(|d| ("w2", "b2", 2.0, d))];
        for (number, (w, b, alpha, d)) in heads.into_iter().flatten().enumerate() {
            inputs.propagate(alpha, d, &mut pass.scratch);
            match self.plan.encoder {
                Encoder::Gcn => {
                    let beta = if number == 0 { T::ZERO } else { T::ONE };
                    let (g, dw) = (pass.scratch.view(), self.part(w, gradient));
                    T::gemm(T::ONE, pass.hidden.view().t(), g, T::ZERO, dw, Epilogue::default());
                    let d_hidden = pass.d_hidden.view_mut();
                    T::gemm(T::ONE, g, self.matrix(w).t(), beta, d_hidden, Epilogue::default());
                }
                Encoder::Linear => inputs.project_back(&pass.scratch, self.part(w, gradient)),
                Encoder::Vgnae => {
                    if number == 0 {
                        self.scale_rows_back(&pass.projected, &mut pass.scratch);
                    }
                    inputs.project_back(&pass.scratch, self.part(w, gradient));
                    let Block { start, cols, .. } = *self.block(b);
                    T::column_sums(pass.scratch.values(), T::ZERO, &mut gradient[start..start + cols]);
                }
            }
        }
        if self.plan.encoder == Encoder::Gcn {
            T::relu_backward(pass.hidden.values(), pass.d_hidden.values_mut());
            inputs.propagate(1.0, &pass.d_hidden, &mut pass.hidden_scratch);
            inputs.project_back(&pass.hidden_scratch, self.part("w0", gradient));
        }
    }

    /// d u = s/|u| (g - (g . e) e), e = u/|u|, in the place of g.
    fn scale_rows_back(&self, rows: &Matrix<T>, g: &mut Matrix<T>) {
        for (i, u) in rows.rows().enumerate() {
            let length = T::squared_norm(u).sqrt().max(T::from_f64(LEAST_LENGTH));
            let g = g.row_mut(i);
            let along = T::dot(g, u) / (length * length);
            T::axpy(-along, u, g);
            T::scale(T::from_f64(self.plan.scaling) / length, g);
        }
    }

    /// From codes to the rows whose inner products are logits: Y = A^ relu(A^ Z W3) W4.
    pub fn link_forward(&self, inputs: &Inputs<T>, z: &Matrix<T>, link: &mut LinkPass<T>) {
        product(z.view(), self.matrix("w3"), &mut link.wide);
        inputs.propagate(1.0, &link.wide, &mut link.hidden);
        T::relu_in_place(link.hidden.values_mut());
        product(link.hidden.view(), self.matrix("w4"), &mut link.narrow);
        inputs.propagate(1.0, &link.narrow, &mut link.y);
    }

    /// What flows back from Y to the parameters, added nowhere but in their place, and to Z.
    pub fn link_backward(
        &self,
        inputs: &Inputs<T>,
        z: &Matrix<T>,
        link: &mut LinkPass<T>,
        dy: &Matrix<T>,
        dz: &mut Matrix<T>,
        gradient: &mut [T],
    ) {
        inputs.propagate(1.0, dy, &mut link.narrow);
        let plain = Epilogue::default();
        T::gemm(
            T::ONE,
            link.hidden.view().t(),
            link.narrow.view(),
            T::ZERO,
            self.part("w4", gradient),
            plain,
        );
        T::gemm(T::ONE, link.narrow.view(), self.matrix("w4").t(), T::ZERO, link.d_hidden.view_mut(), plain);
        T::relu_backward(link.hidden.values(), link.d_hidden.values_mut());
        inputs.propagate(1.0, &link.d_hidden, &mut link.wide);
        T::gemm(T::ONE, z.view().t(), link.wide.view(), T::ZERO, self.part("w3", gradient), plain);
        T::gemm(T::ONE, link.wide.view(), self.matrix("w3").t(), T::ZERO, dz.view_mut(), plain);
    }
}

/// out = A B
pub(super) fn product<T: Real>(a: MatRef<T>, b: MatRef<T>, out: &mut Matrix<T>) {
    T::gemm(T::ONE, a, b, T::ZERO, out.view_mut(), Epilogue::default());
}

impl<T: Stored + Real> Tensors for Net<T> {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        for block in &self.blocks {
            let values = &self.params[block.start..block.start + block.rows * block.cols];
            each(block.name, TensorView { shape: &[block.rows, block.cols], values: T::values(values) });
        }
    }
}

impl Net<f32> {
    /// The network of saved parameters.
    /// # Errors
    /// [`Error::Shape`] where they are missing or of another shape.
    pub fn load(plan: &Plan, named: &Named) -> Result<Net<f32>> {
        let first = if plan.encoder == Encoder::Gcn { "w0" } else { "w1" };
        let mut net = Net::zeros(plan, named.matrix_f32(first)?.0);
        for block in net.blocks.clone() {
            let (rows, cols, values) = named.matrix_f32(block.name)?;
            if (rows, cols) != (block.rows, block.cols) {
                let expected = format!("`{}` of {} x {}", block.name, block.rows, block.cols);
                return Err(Error::shape(expected, format!("{rows} x {cols}")));
            }
            net.values_mut(block.name).copy_from_slice(&values);
        }
        Ok(net)
    }
}
