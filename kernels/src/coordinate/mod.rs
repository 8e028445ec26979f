//! Coordinate descent over the rows of a non-negative factor, the other factor held fixed.
//!
//! | symbol | argument | shape |
//! |---|---|---|
//! | A >= 0 | `a` | n x k, the factor that moves |
//! | B >= 0 | `b` | m x k, the factor that stands |
//! | C = X B | `products` | n x k |
//! | G = Bᵀ B | `gram` | k x k |
//!
//! Rows of A do not see each other: they are shared out in blocks that depend on the sizes only.

mod dense_divergence;
mod divergence;
mod fused_least_squares;
mod least_squares;
pub mod reference;

use crate::parallel::{for_each_row_block, map_row_blocks, map_tasks};
use crate::sparse::CsrRef;
use crate::view::MatRef;
use dense_divergence::dense_divergence_rows;
use divergence::divergence_rows;
pub use fused_least_squares::Blocks;
use fused_least_squares::fused_least_squares_rows;
use least_squares::least_squares_rows;

/// Penalties on the factor that moves: l1 sum(A) + l2/2 ||A||^2.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Penalty<T> {
    /// Weight of the sum of the entries.
    pub l1: T,
    /// Weight of half the squared norm.
    pub l2: T,
}

/// When the sweeps of a row end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sweeps<T> {
    /// The most sweeps.
    pub most: usize,
    /// A row ends when a sweep moves no entry by more than this share of the row's largest; 0 for never.
    pub tol: T,
}

/// Multiply-adds that make a task.
const TASK: usize = 1 << 18;

/// Coordinate descent of a number type.
pub trait Coordinate: Sized + Copy {
    /// `n_sweeps` sweeps of 1/2 ||X - A Bᵀ||^2 + penalties over the columns of A in turn, by C and G.
    /// # Panics
    /// If the sizes do not agree.
    fn least_squares_sweeps(
        a: &mut [Self],
        products: &[Self],
        gram: &[Self],
        penalty: Penalty<Self>,
        n_sweeps: usize,
    );

    /// Sweeps of the generalised Kullback-Leibler divergence D(X || A Bᵀ) + penalties over the entries of
    /// each row of A in turn; X n x m sparse, `sums` the k column sums of B. Returns
    /// sum over the entries of X of x ln (A Bᵀ), A as it is afterwards.
    /// # Panics
    /// If the sizes do not agree or the rows of B are not contiguous.
    fn divergence_sweeps(
        a: &mut [Self],
        x: CsrRef<Self>,
        b: MatRef<Self>,
        sums: &[Self],
        penalty: Penalty<Self>,
        sweeps: Sweeps<Self>,
    ) -> Self;

    /// `n_sweeps` sweeps of D(X || A Bᵀ) for dense X without penalties; X stands transposed, `xt` m x n, rows
    /// contiguous. Returns sum x ln (A Bᵀ) afterwards where it `is_told`, else 0.
    /// # Panics
    /// If the sizes do not agree or the rows of Xᵀ are not contiguous.
    fn dense_divergence_sweeps(
        a: &mut [Self],
        xt: MatRef<Self>,
        b: MatRef<Self>,
        sums: &[Self],
        n_sweeps: usize,
        is_told: bool,
    ) -> Self;

    /// `n_sweeps` sweeps of 1/2 ||X - A Bᵀ||^2 for dense X of few columns, without penalties; X n x m, `gram` = Bᵀ B.
    /// Returns Xᵀ A, m x k, and AᵀA afterwards.
    /// # Panics
    /// If the sizes do not agree.
    fn fused_least_squares_sweeps(
        a: &mut [Self],
        x: &Blocks<Self>,
        b: &[Self],
        gram: &[Self],
        n_sweeps: usize,
    ) -> (Vec<Self>, Vec<Self>);
}

macro_rules! coordinate {
    ($t:ty, $v:ident) => {
        impl Coordinate for $t {
            fn least_squares_sweeps(
                a: &mut [$t],
                products: &[$t],
                gram: &[$t],
                penalty: Penalty<$t>,
                n_sweeps: usize,
            ) {
                dispatch! {
                    fn rows(a: &mut [$t], c: &[$t], k: usize, gram: &[$t], p: Penalty<$t>, n: usize) =
                        least_squares_rows::<$v>;
                }
                let k = gram.len().isqrt();
                assert!(gram.len() == k * k, "the Gram matrix has one row and one column a component");
                assert_eq!(a.len(), products.len(), "one product for every entry of the factor");
                for_each_row_block(a, k, TASK / (k * k).max(1), |first, a| {
                    let products = &products[first * k..first * k + a.len()];
                    rows(a, products, k, gram, penalty, n_sweeps);
                });
            }

            fn divergence_sweeps(
                a: &mut [$t],
                x: CsrRef<$t>,
                b: MatRef<$t>,
                sums: &[$t],
                penalty: Penalty<$t>,
                sweeps: Sweeps<$t>,
            ) -> $t {
                dispatch! {
                    fn rows(a: &mut [$t], first: usize, x: CsrRef<$t>, b: MatRef<$t>, sums: &[$t],
                            p: Penalty<$t>, s: Sweeps<$t>) -> $t = divergence_rows::<$v>;
                }
                let k = sums.len();
                assert!(a.len() == x.n_rows() * k, "one row of the factor for each row of X");
                assert!(b.rows() == x.n_cols() && b.cols() == k, "one row of B for each column of X");
                assert!(k <= 1 || b.col_stride() == 1, "the rows of B are not contiguous");
                let mut tasks = Vec::new();
                let mut rest = a;
                for block in x.pattern().blocks(TASK / (8 * k.max(1))) {
                    let (part, beyond) = rest.split_at_mut(block.len() * k);
                    tasks.push((block.start, part));
                    rest = beyond;
                }
                let partials = map_tasks(tasks, |(first, a)| rows(a, first, x, b, sums, penalty, sweeps));
                partials.into_iter().sum()
            }

            fn dense_divergence_sweeps(
                a: &mut [$t],
                xt: MatRef<$t>,
                b: MatRef<$t>,
                sums: &[$t],
                n_sweeps: usize,
                is_told: bool,
            ) -> $t {
                dispatch! {
                    fn rows(a: &mut [$t], first: usize, xt: MatRef<$t>, b: &[$t], sums: &[$t], n: usize, told: bool) -> $t =
                        dense_divergence_rows::<$v>;
                }
                let (k, m) = (sums.len(), xt.rows());
                assert!(a.len() == xt.cols() * k, "one row of the factor for each row of X");
                assert!(b.rows() == m && b.cols() == k, "one row of B for each column of X");
                assert!(xt.cols() <= 1 || xt.col_stride() == 1, "the rows of X' are not contiguous");
                if k == 0 {
                    return 0.0;
                }
                let by_component: Vec<$t> = (0..k).flat_map(|j| (0..m).map(move |i| b.at(i, j))).collect();
                let at_once = dense_divergence::VECTORS * crate::simd::MAX_LANES;
                let rows_per_task = (TASK / (8 * k * m.max(1))).max(1).next_multiple_of(at_once);
                let partials = map_row_blocks(a, k, rows_per_task, |first, a| {
                    rows(a, first, xt, &by_component, sums, n_sweeps, is_told)
                });
                partials.into_iter().sum()
            }

            fn fused_least_squares_sweeps(
                a: &mut [$t],
                x: &Blocks<$t>,
                b: &[$t],
                gram: &[$t],
                n_sweeps: usize,
            ) -> (Vec<$t>, Vec<$t>) {
                dispatch! {
                    fn rows(a: &mut [$t], first: usize, x: &Blocks<$t>, b: &[$t], gram: &[$t], n: usize) -> Vec<$t> =
                        fused_least_squares_rows::<$v>;
                }
                let (k, m) = (gram.len().isqrt(), x.n_cols());
                assert!(gram.len() == k * k && b.len() == m * k, "one row of B for each column of X");
                assert_eq!(a.len(), x.n_rows() * k, "one row of the factor for each row of X");
                let mut total = vec![0.0; m * k + k * k];
                if k == 0 {
                    return (total, Vec::new());
                }
                let rows_per_task = (TASK / (k * m.max(1))).max(1).next_multiple_of(Blocks::<$t>::ROWS);
                let partials =
                    map_row_blocks(a, k, rows_per_task, |first, a| rows(a, first, x, b, gram, n_sweeps));
                for partial in partials {
                    total.iter_mut().zip(partial).for_each(|(total, part)| *total += part);
                }
                let gram = total.split_off(m * k);
                (total, gram)
            }
        }
    };
}

coordinate!(f32, F32);
coordinate!(f64, F64);
