//! Dense matrix products.

mod blocked;
mod micro;
mod pack;
pub mod reference;

pub use pack::Packed;

use crate::view::{MatMut, MatRef};
use blocked::Right;

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
    ($t:ty) => {
        impl Gemm for $t {
            fn gemm(
                alpha: $t,
                a: MatRef<$t>,
                b: MatRef<$t>,
                beta: $t,
                c: MatMut<$t>,
                epilogue: Epilogue<$t>,
            ) {
                blocked::gemm(alpha, a, Right::Plain(b), beta, c, epilogue);
            }
            fn pack(b: MatRef<$t>) -> Packed<$t> {
                blocked::pack(b)
            }
            fn gemm_packed(
                alpha: $t,
                a: MatRef<$t>,
                b: &Packed<$t>,
                beta: $t,
                c: MatMut<$t>,
                epilogue: Epilogue<$t>,
            ) {
                blocked::gemm(alpha, a, Right::Packed(b), beta, c, epilogue);
            }
        }
    };
}

gemm!(f32);
gemm!(f64);
