//! Sums over gathered rows of a matrix, and least squares whose Gram matrix is shared by all rows.
//!
//! | symbol | argument | shape |
//! |---|---|---|
//! | Y | `y` | m x k, rows contiguous |
//! | y_t | row `rows[t]` of Y | k |
//! | G | `gram` | k x k, symmetric, both triangles filled |
//!
//! Rows are taken a vector's lanes at a time, so that one tree sums the inner products of all of them and
//! every element of x is read once for that many rows. Nothing is copied: what one pass brings into the
//! nearest caches the next one finds there.

mod conjugate;
pub mod reference;
mod rows;

use crate::Real;
use crate::view::MatRef;
use conjugate::conjugate;
use rows::{add_rows, dots};

/// The least squares of one row x with a Gram matrix that all rows share (Hu, Koren & Volinsky 2008): minimise
///
/// f(x) = 1/2 x'A x - b'x, A = G + ridge I + sum_t w_t y_t y_t', b = sum_t (1 + w_t) y_t
#[derive(Clone, Copy, Debug)]
pub struct SharedGram<'a, T> {
    /// G
    pub gram: &'a [T],
    /// The multiple of the identity.
    pub ridge: T,
    /// Y
    pub y: MatRef<'a, T>,
    /// The rows of Y that enter.
    pub rows: &'a [u32],
    /// w_t, one for each of the rows.
    pub weights: &'a [T],
}

/// The gathered sums of a number type.
pub trait Gathered: Sized + Copy {
    /// `out[t]` += y_t · x
    /// # Panics
    /// If the sizes do not agree, a row does not exist, or the rows of Y are not contiguous.
    fn add_gathered_dots(y: MatRef<Self>, rows: &[u32], x: &[Self], out: &mut [Self]);

    /// out += sum_t `factors[t]` y_t
    /// # Panics
    /// As [`Gathered::add_gathered_dots`].
    fn add_gathered_rows(y: MatRef<Self>, rows: &[u32], factors: &[Self], out: &mut [Self]);

    /// Conjugate gradient steps on f from `x` on (Hestenes & Stiefel 1952; on this problem Takács, Pilászy & Tikk
    /// 2011), A never formed: O(k) for each row of Y and O(k²) a step. Returns f at the end. Ends early where the
    /// gradient is 0. `scratch` holds 3 k elements, whatever they are.
    /// # Panics
    /// As [`Gathered::add_gathered_dots`].
    fn conjugate_steps(
        system: &SharedGram<Self>,
        n_steps: usize,
        x: &mut [Self],
        scratch: &mut [Self],
    ) -> f64;
}

macro_rules! gathered {
    ($t:ty, $v:ident) => {
        impl Gathered for $t {
            fn add_gathered_dots(y: MatRef<$t>, rows: &[u32], x: &[$t], out: &mut [$t]) {
                dispatch! { fn run(y: MatRef<$t>, rows: &[u32], x: &[$t], out: &mut [$t]) = dots::<$v>; }
                check_rows(y, rows, x.len(), out.len());
                run(y, rows, x, out);
            }
            fn add_gathered_rows(y: MatRef<$t>, rows: &[u32], factors: &[$t], out: &mut [$t]) {
                dispatch! { fn run(y: MatRef<$t>, rows: &[u32], f: &[$t], out: &mut [$t]) = add_rows::<$v>; }
                check_rows(y, rows, out.len(), factors.len());
                run(y, rows, factors, out);
            }
            fn conjugate_steps(
                system: &SharedGram<$t>,
                n_steps: usize,
                x: &mut [$t],
                scratch: &mut [$t],
            ) -> f64 {
                dispatch! {
                    fn run(system: &SharedGram<$t>, n_steps: usize, x: &mut [$t], scratch: &mut [$t]) -> f64 =
                        conjugate::<$v>;
                }
                check_rows(system.y, system.rows, x.len(), system.weights.len());
                run(system, n_steps, x, scratch)
            }
        }
    };
}

gathered!(f32, F32);
gathered!(f64, F64);

/// What the kernels rely on.
fn check_rows<T: Real>(y: MatRef<T>, rows: &[u32], width: usize, n_factors: usize) {
    let k = y.cols();
    assert_eq!(width, k, "a vector of {k} elements, as the rows of Y have");
    assert_eq!(n_factors, rows.len(), "one number for each of the rows");
    assert!(k <= 1 || y.col_stride() == 1, "the rows of Y are not contiguous: stride {}", y.col_stride());
    let largest = rows.iter().copied().max();
    assert!(largest.is_none_or(|row| (row as usize) < y.rows()), "row {largest:?} of {}", y.rows());
}
