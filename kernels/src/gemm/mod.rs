//! Dense matrix products.

pub mod reference;

use crate::view::{MatMut, MatRef};

/// What happens to a finished tile of C before it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Activation {
    /// x
    #[default]
    Identity,
    /// max(x, 0)
    Relu,
}

/// C = activation(alpha A B + beta C + bias), `bias` one value a column.
#[derive(Clone, Copy, Debug)]
pub struct Epilogue<'a, T> {
    /// Added to every row of C, length n; `None` for none.
    pub bias: Option<&'a [T]>,
    /// Applied last.
    pub activation: Activation,
}

impl<T> Default for Epilogue<'_, T> {
    fn default() -> Self {
        Self { bias: None, activation: Activation::Identity }
    }
}

/// The dense products of a number type.
pub trait Gemm: Sized + Copy {
    /// C = activation(alpha A B + beta C + bias); A m x k, B k x n, C m x n, any strides.
    /// `beta` = 0 overwrites C, whatever it held. The result does not depend on the number of threads.
    /// # Panics
    /// If the sizes do not agree.
    fn gemm(
        alpha: Self,
        a: MatRef<Self>,
        b: MatRef<Self>,
        beta: Self,
        c: MatMut<Self>,
        epilogue: Epilogue<Self>,
    );
}

impl Gemm for f32 {
    fn gemm(alpha: f32, a: MatRef<f32>, b: MatRef<f32>, beta: f32, c: MatMut<f32>, epilogue: Epilogue<f32>) {
        reference::gemm(alpha, a, b, beta, c, epilogue);
    }
}

impl Gemm for f64 {
    fn gemm(alpha: f64, a: MatRef<f64>, b: MatRef<f64>, beta: f64, c: MatMut<f64>, epilogue: Epilogue<f64>) {
        reference::gemm(alpha, a, b, beta, c, epilogue);
    }
}
