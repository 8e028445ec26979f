//! Dense matrix products: C = activation(alpha A B + beta C + bias).
//!
//! * [`Gemm::gemm`] takes any strides, and so any transposes; [`Gemm::gemm_packed`] a B packed once.
//! * [`Gemm::gram`] is X'X by half the work, [`Gemm::gemv`] matrix times vector.
//! * The floors: `micro` (a tile in registers), `pack` (operands in the order of reading), `plan` (block
//!   sizes), `blocked` (the loops), `product` (operands, threads, epilogue), [`mod@reference`] (the plain loops), [`peak`] (the
//!   yardstick).
//!
//! Every element of C is a sum over ascending p in blocks whose depth depends on k alone, so the bits are
//! the same for any strides, any number of threads, packed or not.

mod blocked;
mod gram;
mod micro;
mod pack;
pub mod peak;
mod plan;
mod product;
pub mod reference;
mod vector_product;

pub use pack::Packed;
pub(crate) use pack::Scratch;

use crate::Real;
use crate::view::{MatMut, MatRef};
use product::Right;

/// What happens to a finished tile of C before it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Activation {
    /// x
    #[default]
    Identity,
    /// max(x, 0)
    Relu,
    /// x where it is positive, else this times x
    LeakyRelu(f64),
    /// x where it is positive, else e^x - 1
    Elu,
    /// 1 / (1 + e^-x)
    Sigmoid,
    /// tanh x
    Tanh,
    /// ln(1 + e^x)
    Softplus,
}

impl Activation {
    /// Applies the function to every element.
    pub fn apply<T: Real>(self, x: &mut [T]) {
        match self {
            Activation::Identity => {}
            Activation::Relu => T::relu_in_place(x),
            Activation::LeakyRelu(slope) => T::leaky_relu_in_place(T::from_f64(slope), x),
            Activation::Elu => T::elu_in_place(T::ONE, x),
            Activation::Sigmoid => T::sigmoid_in_place(x),
            Activation::Tanh => T::tanh_in_place(x),
            Activation::Softplus => T::softplus_in_place(x),
        }
    }

    /// Turns the gradient `dy` of y = f(x) into that of x.
    /// # Panics
    /// If the lengths differ.
    pub fn apply_back<T: Real>(self, y: &[T], dy: &mut [T]) {
        match self {
            Activation::Identity => {}
            Activation::Relu => T::relu_backward(y, dy),
            Activation::LeakyRelu(slope) => T::leaky_relu_backward(T::from_f64(slope), y, dy),
            Activation::Elu => T::elu_backward(T::ONE, y, dy),
            Activation::Sigmoid => T::sigmoid_backward(y, dy),
            Activation::Tanh => T::tanh_backward(y, dy),
            Activation::Softplus => T::softplus_backward(y, dy),
        }
    }
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

    /// C = alpha X'X + beta C, X n_samples x n, C n x n; with `beta` other than 0, C must be symmetric. Half
    /// the work of [`Gemm::gemm`] for large n, and the same bits.
    /// # Panics
    /// If the sizes do not agree.
    fn gram(alpha: Self, x: MatRef<Self>, beta: Self, c: MatMut<Self>);

    /// y = alpha A x + beta y, A m x k, any strides; for A' x pass the transposed view. `beta` = 0
    /// overwrites y. The result does not depend on the number of threads.
    /// # Panics
    /// If the sizes do not agree.
    fn gemv(alpha: Self, a: MatRef<Self>, x: &[Self], beta: Self, y: &mut [Self]);

    /// Packs B (k x n, any strides) for [`Gemm::gemm_packed`].
    fn pack(b: MatRef<Self>) -> Packed<Self>;

    /// As [`Gemm::gemm`], bit for bit, with a B packed before.
    /// # Panics
    /// If the sizes do not agree.
    fn gemm_packed(
        alpha: Self,
        a: MatRef<Self>,
        b: &Packed<Self>,
        beta: Self,
        c: MatMut<Self>,
        epilogue: Epilogue<Self>,
    );
}

macro_rules! gemm {
    ($t:ty, $gemv_rows:ident) => {
        impl Gemm for $t {
            fn gemm(
                alpha: $t,
                a: MatRef<$t>,
                b: MatRef<$t>,
                beta: $t,
                c: MatMut<$t>,
                epilogue: Epilogue<$t>,
            ) {
                product::gemm(alpha, a, Right::Plain(b), beta, c, epilogue);
            }
            fn gram(alpha: $t, x: MatRef<$t>, beta: $t, c: MatMut<$t>) {
                gram::gram(alpha, x, beta, c);
            }
            fn gemv(alpha: $t, a: MatRef<$t>, x: &[$t], beta: $t, y: &mut [$t]) {
                vector_product::gemv(alpha, a, x, beta, y, vector_product::$gemv_rows);
            }
            fn pack(b: MatRef<$t>) -> Packed<$t> {
                product::pack(b)
            }
            fn gemm_packed(
                alpha: $t,
                a: MatRef<$t>,
                b: &Packed<$t>,
                beta: $t,
                c: MatMut<$t>,
                epilogue: Epilogue<$t>,
            ) {
                product::gemm(alpha, a, Right::Packed(b), beta, c, epilogue);
            }
        }
    };
}

gemm!(f32, rows_f32);
gemm!(f64, rows_f64);
