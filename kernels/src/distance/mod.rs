//! Squared Euclidean distances of rows to centres, and the nearest of them.
//!
//! |x - c|^2 = |x|^2 - 2 x.c + |c|^2: the products x.c are one GEMM, the rest is fused into the search for
//! the smallest. The error is a few epsilon of |x|^2 + |c|^2, so where a distance itself is needed to full
//! precision, compute it for the one centre found with [`Reduce::squared_distance`].

mod nearest;
mod picked;
pub mod reference;

pub use picked::PickedDistance;

use crate::gemm::{Epilogue, Gemm};
use crate::parallel::{self, BANDWIDTH_GRAIN};
use crate::reduce::Reduce;
use crate::view::{MatMut, MatRef};
use nearest::{distances_of_row, nearest};

/// The nearest centre of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Nearest<T> {
    /// The nearest centre, the first of equals.
    pub index: u32,
    /// |x - c|^2 to it, never negative.
    pub squared_distance: T,
    /// The same to the second nearest; inf if there is one centre only.
    pub second: T,
}

/// Elements of the block of products that is held at once.
const PRODUCTS: usize = 1 << 20;

/// Distances of rows of a number type. Values must be finite. Results do not depend on the threads.
pub trait Distance: Sized + Copy {
    /// out_i = |x_i|^2, x of unit column stride.
    /// # Panics
    /// If `out` has not one element a row.
    fn row_squared_norms(x: MatRef<Self>, out: &mut [Self]);

    /// The nearest centre of each row, from `products` = X C^T (`out.len()` rows of `n_centres`, row-major),
    /// the squared norms of the rows and those of the centres.
    /// # Panics
    /// If the sizes do not agree, or there is no centre, or 2^24 and more.
    fn nearest_from_products(
        products: &[Self],
        x_norms: &[Self],
        centre_norms: &[Self],
        out: &mut [Nearest<Self>],
    );

    /// The nearest of the rows of `centres` to each row of `x`; `x_norms` and `centre_norms` are their
    /// squared norms.
    /// # Panics
    /// As [`Distance::nearest_from_products`].
    fn nearest(
        x: MatRef<Self>,
        centres: MatRef<Self>,
        x_norms: &[Self],
        centre_norms: &[Self],
        out: &mut [Nearest<Self>],
    );

    /// out_ij = |x_i - y_j|^2, row-major, never negative; `x_norms` and `y_norms` are the squared norms.
    /// # Panics
    /// If the sizes do not agree.
    fn squared_distances(
        x: MatRef<Self>,
        y: MatRef<Self>,
        x_norms: &[Self],
        y_norms: &[Self],
        out: &mut [Self],
    );
}

macro_rules! distance {
    ($t:ty, $v:ident) => {
        impl Distance for $t {
            fn row_squared_norms(x: MatRef<$t>, out: &mut [$t]) {
                assert_eq!(x.rows(), out.len(), "one norm a row");
                let rows_per_chunk = BANDWIDTH_GRAIN / x.cols().max(1);
                parallel::for_each_row_block(out, 1, rows_per_chunk, |first, out| {
                    for (i, norm) in out.iter_mut().enumerate() {
                        *norm = <$t>::squared_norm(x.row(first + i));
                    }
                });
            }

            fn nearest_from_products(
                products: &[$t],
                x_norms: &[$t],
                centre_norms: &[$t],
                out: &mut [Nearest<$t>],
            ) {
                dispatch! {
                    fn rows(p: &[$t], x_norms: &[$t], centre_norms: &[$t], out: &mut [Nearest<$t>]) = nearest::<$v>;
                }
                let k = centre_norms.len();
                assert!(0 < k && k < 1 << 24, "{k} centres");
                assert!(products.len() == out.len() * k && x_norms.len() == out.len(), "sizes do not agree");
                parallel::for_each_row_block(out, 1, BANDWIDTH_GRAIN / k, |first, out| {
                    let end = first + out.len();
                    rows(&products[first * k..end * k], &x_norms[first..end], centre_norms, out);
                });
            }

            fn nearest(
                x: MatRef<$t>,
                centres: MatRef<$t>,
                x_norms: &[$t],
                centre_norms: &[$t],
                out: &mut [Nearest<$t>],
            ) {
                let (n, k) = (x.rows(), centres.rows());
                assert!(x.cols() == centres.cols() && centre_norms.len() == k, "sizes do not agree");
                assert!(x_norms.len() == n && out.len() == n, "one norm and one result a row");
                let block_rows = (PRODUCTS / k.max(1)).max(1).min(n);
                let mut products = vec![0.0; block_rows * k];
                for (block, out) in out.chunks_mut(block_rows.max(1)).enumerate() {
                    let (start, rows) = (block * block_rows, out.len());
                    let products = &mut products[..rows * k];
                    let product = MatMut::new(products, rows, k);
                    let x_block = x.row_range(start, start + rows);
                    <$t>::gemm(1.0, x_block, centres.t(), 0.0, product, Epilogue::default());
                    Self::nearest_from_products(products, &x_norms[start..start + rows], centre_norms, out);
                }
            }

            fn squared_distances(
                x: MatRef<$t>,
                y: MatRef<$t>,
                x_norms: &[$t],
                y_norms: &[$t],
                out: &mut [$t],
            ) {
                dispatch! { fn row(x_norm: $t, y_norms: &[$t], products: &mut [$t]) = distances_of_row::<$v>; }
                let (n, k) = (x.rows(), y.rows());
                assert!(x.cols() == y.cols() && out.len() == n * k, "sizes do not agree");
                assert!(x_norms.len() == n && y_norms.len() == k, "one norm a row");
                <$t>::gemm(1.0, x, y.t(), 0.0, MatMut::new(out, n, k), Epilogue::default());
                parallel::for_each_row_block(out, k, BANDWIDTH_GRAIN / k.max(1), |first, out| {
                    for (i, products) in out.chunks_exact_mut(k).enumerate() {
                        row(x_norms[first + i], y_norms, products);
                    }
                });
            }
        }
    };
}

distance!(f32, F32);
distance!(f64, F64);
