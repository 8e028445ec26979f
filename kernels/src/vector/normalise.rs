//! Columns of a dense row-major matrix at mean 0 and variance 1, and the way back of their gradient.

use crate::Real;
use crate::parallel::{self, BANDWIDTH_GRAIN, Stripe};
use crate::simd::Simd;

/// Normalisation of the columns of X, n x m, over its rows. `moments` are two rows of m: 1 / sqrt(variance + eps) with
/// the biased variance, and the mean. `scale` and `bias` are rows of m, 1 and 0 where left out.
///
/// A column's results depend on that column alone, its sums on the number of rows only: the same bits for any number
/// of threads.
pub trait Normalise: Sized + Copy {
    /// y_ij = scale_j (x_ij - mean_j) inverse_j + bias_j, and the moments.
    /// # Panics
    /// If the sizes do not agree.
    fn normalise_columns(
        x: &[Self],
        eps: Self,
        scale: Option<&[Self]>,
        bias: Option<&[Self]>,
        moments: &mut [Self],
        y: &mut [Self],
    );

    /// out_j = beta out_j + sum_i dy_ij (x_ij - mean_j) inverse_j: the gradient of the scale.
    /// # Panics
    /// If the sizes do not agree.
    fn normalised_dots(x: &[Self], dy: &[Self], moments: &[Self], beta: Self, out: &mut [Self]);

    /// The gradient of X from that of Y. With xn_ij = (x_ij - mean_j) inverse_j:
    /// dx_ij = scale_j inverse_j (dy_ij - mean_i(dy_ij) - xn_ij mean_i(dy_ij xn_ij)).
    /// # Panics
    /// If the sizes do not agree.
    fn normalise_columns_back(
        x: &[Self],
        dy: &[Self],
        scale: Option<&[Self]>,
        moments: &[Self],
        dx: &mut [Self],
    );
}

/// Vectors of columns that a task takes row by row: long enough pieces of rows to be fetched ahead, few enough for their
/// sums to stay in the first cache.
const VECTORS: usize = 64;

/// Columns of a task, `VECTORS` of the widest vector.
const STRIPE: usize = 512;

/// Rows whose moments are taken at once, in two passes, while they are in cache.
const ROWS: usize = 16;

/// One value a column of a block.
type Block<V> = [V; VECTORS];

/// The columns of a block: up to `VECTORS` vectors, `first..first + width` of the matrix.
#[derive(Clone, Copy)]
struct Columns {
    first: usize,
    width: usize,
}

impl Columns {
    /// The blocks of `width` columns from `first` on, with where each begins in them.
    #[inline(always)]
    fn blocks<V: Simd>(first: usize, width: usize) -> impl Iterator<Item = (usize, Columns)> {
        (0..width)
            .step_by(VECTORS * V::LANES)
            .map(move |at| (at, Columns { first: first + at, width: (width - at).min(VECTORS * V::LANES) }))
    }

    #[inline(always)]
    fn n_vectors<V: Simd>(self) -> usize {
        self.width.div_ceil(V::LANES)
    }

    /// Vector `q` of these columns in a whole row.
    #[inline(always)]
    fn load<V: Simd>(self, row: &[V::Elem], q: usize) -> V {
        load(&row[self.first..self.first + self.width], q)
    }

    /// All of these columns in a whole row; `otherwise` where there is no row.
    #[inline(always)]
    fn block<V: Simd>(self, row: Option<&[V::Elem]>, otherwise: f64) -> Block<V> {
        let mut block = [V::of(otherwise); VECTORS];
        if let Some(row) = row {
            for (q, value) in block[..self.n_vectors::<V>()].iter_mut().enumerate() {
                *value = self.load(row, q);
            }
        }
        block
    }

    /// Writes a block into the part of a row that these columns are.
    #[inline(always)]
    fn store<V: Simd>(self, block: &Block<V>, part: &mut [V::Elem]) {
        let part = &mut part[..self.width];
        for (q, &value) in block[..self.n_vectors::<V>()].iter().enumerate() {
            store(value, part, q);
        }
    }
}

/// Vector `q` of a slice, the last one padded with zeros.
#[inline(always)]
fn load<V: Simd>(part: &[V::Elem], q: usize) -> V {
    let at = q * V::LANES;
    assert!(at < part.len());
    // SAFETY: part has at least one element from `at` on, and no more than `left` are read.
    unsafe { V::load_up_to(part.as_ptr().add(at), part.len() - at, V::Elem::ZERO) }
}

/// Writes vector `q` of a slice, the last one as far as the slice goes.
#[inline(always)]
fn store<V: Simd>(value: V, part: &mut [V::Elem], q: usize) {
    let at = q * V::LANES;
    assert!(at < part.len());
    // SAFETY: part has at least one element from `at` on, and no more than `left` are written.
    unsafe { value.store_up_to(part.as_mut_ptr().add(at), part.len() - at) }
}

#[inline(always)]
fn forward<V: Simd>(
    x: &[V::Elem],
    eps: V::Elem,
    [scale, bias]: [Option<&[V::Elem]>; 2],
    first: usize,
    moments: &mut Stripe<V::Elem>,
    y: &mut Stripe<V::Elem>,
) {
    let (n, n_cols) = (y.n_rows(), y.n_cols());
    for (at, columns) in Columns::blocks::<V>(first, y.width()) {
        let n_vectors = columns.n_vectors::<V>();
        let (mean, squares) = moments_of::<V>(x, n_cols, columns);
        let (of_n, eps) = (V::of(1.0 / n.max(1) as f64), V::splat(eps));
        let (scale, bias) = (columns.block::<V>(scale, 1.0), columns.block::<V>(bias, 0.0));
        let inverse = squares.map(|sum| V::of(1.0).div(sum.mul_add(of_n, eps).sqrt()));
        columns.store(&inverse, &mut moments.row(0)[at..]);
        columns.store(&mean, &mut moments.row(1)[at..]);
        for (i, row) in x.chunks_exact(n_cols).enumerate() {
            let out = &mut y.row(i)[at..at + columns.width];
            for q in 0..n_vectors {
                let centred = columns.load::<V>(row, q).sub(mean[q]);
                store(centred.mul_add(inverse[q].mul(scale[q]), bias[q]), out, q);
            }
        }
    }
}

/// The mean of each column and the sum of squares about it. Those of a few rows at a time are taken in two passes, so no
/// large squares are subtracted, and joined to those before (Chan, Golub & LeVeque 1979): with delta = mean_b - mean_a,
/// mean = mean_a + delta n_b / n, squares = squares_a + squares_b + delta^2 n_a n_b / n.
#[inline(always)]
fn moments_of<V: Simd>(x: &[V::Elem], n_cols: usize, columns: Columns) -> (Block<V>, Block<V>) {
    let n_vectors = columns.n_vectors::<V>();
    let (mut mean, mut squares) = ([V::of(0.0); VECTORS], [V::of(0.0); VECTORS]);
    let mut n_before = 0;
    for rows in x.chunks(ROWS * n_cols) {
        let n_rows = rows.len() / n_cols;
        let mut sums = [V::of(0.0); VECTORS];
        for row in rows.chunks_exact(n_cols) {
            for q in 0..n_vectors {
                sums[q] = sums[q].add(columns.load(row, q));
            }
        }
        let of_n = V::of(1.0 / n_rows as f64);
        let part = sums.map(|sum| sum.mul(of_n));
        for row in rows.chunks_exact(n_cols) {
            for q in 0..n_vectors {
                let centred = columns.load::<V>(row, q).sub(part[q]);
                squares[q] = centred.mul_add(centred, squares[q]);
            }
        }
        let n = n_before + n_rows;
        let share = V::of(n_rows as f64 / n as f64);
        let weight = V::of(n_before as f64 * n_rows as f64 / n as f64);
        for q in 0..n_vectors {
            let delta = part[q].sub(mean[q]);
            mean[q] = delta.mul_add(share, mean[q]);
            squares[q] = delta.mul(delta).mul_add(weight, squares[q]);
        }
        n_before = n;
    }
    (mean, squares)
}

/// sum_i dy_ij and sum_i dy_ij (x_ij - mean_j), a few rows after a few rows, so that long columns lose no digits.
#[inline(always)]
fn sums<V: Simd>(
    x: &[V::Elem],
    dy: &[V::Elem],
    mean: &Block<V>,
    n_cols: usize,
    columns: Columns,
) -> (Block<V>, Block<V>) {
    let n_vectors = columns.n_vectors::<V>();
    let (mut sums, mut products) = ([V::of(0.0); VECTORS], [V::of(0.0); VECTORS]);
    for (x, dy) in x.chunks(ROWS * n_cols).zip(dy.chunks(ROWS * n_cols)) {
        let (mut part, mut part_products) = ([V::of(0.0); VECTORS], [V::of(0.0); VECTORS]);
        for (x, dy) in x.chunks_exact(n_cols).zip(dy.chunks_exact(n_cols)) {
            for q in 0..n_vectors {
                let (x, dy) = (columns.load::<V>(x, q), columns.load::<V>(dy, q));
                part[q] = part[q].add(dy);
                part_products[q] = x.sub(mean[q]).mul_add(dy, part_products[q]);
            }
        }
        for q in 0..n_vectors {
            sums[q] = sums[q].add(part[q]);
            products[q] = products[q].add(part_products[q]);
        }
    }
    (sums, products)
}

#[inline(always)]
fn dots<V: Simd>(
    x: &[V::Elem],
    dy: &[V::Elem],
    moments: &[V::Elem],
    beta: V::Elem,
    first: usize,
    out: &mut Stripe<V::Elem>,
) {
    let n_cols = out.n_cols();
    let (inverse, mean) = moments.split_at(n_cols);
    for (at, columns) in Columns::blocks::<V>(first, out.width()) {
        let mean = columns.block::<V>(Some(mean), 0.0);
        let (_, products) = sums::<V>(x, dy, &mean, n_cols, columns);
        let out = &mut out.row(0)[at..at + columns.width];
        for q in 0..columns.n_vectors::<V>() {
            let sum = products[q].mul(columns.load(inverse, q));
            // 0 overwrites, whatever was there.
            let kept = if beta == V::Elem::ZERO { V::of(0.0) } else { load::<V>(out, q).mul(V::splat(beta)) };
            store(sum.add(kept), out, q);
        }
    }
}

#[inline(always)]
fn back<V: Simd>(
    x: &[V::Elem],
    dy: &[V::Elem],
    scale: Option<&[V::Elem]>,
    moments: &[V::Elem],
    first: usize,
    dx: &mut Stripe<V::Elem>,
) {
    let (n, n_cols) = (dx.n_rows(), dx.n_cols());
    let (inverse, mean) = moments.split_at(n_cols);
    let of_n = V::of(1.0 / n.max(1) as f64);
    for (at, columns) in Columns::blocks::<V>(first, dx.width()) {
        let mean = columns.block::<V>(Some(mean), 0.0);
        let (mut level, mut slope) = sums::<V>(x, dy, &mean, n_cols, columns);
        let mut gain = columns.block::<V>(scale, 1.0);
        // dx = gain (dy - level - (x - mean) slope), slope = inverse^2 mean(dy (x - mean))
        let n_vectors = columns.n_vectors::<V>();
        for q in 0..n_vectors {
            let inverse = columns.load::<V>(inverse, q);
            gain[q] = gain[q].mul(inverse);
            level[q] = level[q].mul(of_n);
            slope[q] = slope[q].mul(of_n).mul(inverse).mul(inverse);
        }
        for (i, (x, dy)) in x.chunks_exact(n_cols).zip(dy.chunks_exact(n_cols)).enumerate() {
            let out = &mut dx.row(i)[at..at + columns.width];
            for q in 0..n_vectors {
                let along = columns.load::<V>(x, q).sub(mean[q]).mul(slope[q]);
                store(columns.load::<V>(dy, q).sub(level[q]).sub(along).mul(gain[q]), out, q);
            }
        }
    }
}

/// The width of a task's stripe of a matrix of `len` elements.
fn width(len: usize, n_cols: usize) -> usize {
    if len < BANDWIDTH_GRAIN { n_cols } else { STRIPE }
}

macro_rules! normalise {
    ($t:ty, $v:ident) => {
        const _: () = {
            dispatch! {
                fn forward_stripe(x: &[$t], eps: $t, affine: [Option<&[$t]>; 2], first: usize, moments: &mut Stripe<$t>, y: &mut Stripe<$t>) = forward::<$v>;
                fn dots_stripe(x: &[$t], dy: &[$t], moments: &[$t], beta: $t, first: usize, out: &mut Stripe<$t>) = dots::<$v>;
                fn back_stripe(x: &[$t], dy: &[$t], scale: Option<&[$t]>, moments: &[$t], first: usize, dx: &mut Stripe<$t>) = back::<$v>;
            }

            impl Normalise for $t {
                fn normalise_columns(
                    x: &[$t],
                    eps: $t,
                    scale: Option<&[$t]>,
                    bias: Option<&[$t]>,
                    moments: &mut [$t],
                    y: &mut [$t],
                ) {
                    let n_cols = moments.len() / 2;
                    assert_eq!(x.len(), y.len(), "X and Y of one size");
                    assert!([scale, bias].iter().flatten().all(|row| row.len() == n_cols), "one value a column");
                    let width = width(x.len(), n_cols);
                    parallel::for_each_stripe([moments, y], n_cols, width, |first, [moments, y]| {
                        forward_stripe(x, eps, [scale, bias], first, moments, y);
                    });
                }

                fn normalised_dots(x: &[$t], dy: &[$t], moments: &[$t], beta: $t, out: &mut [$t]) {
                    let n_cols = moments.len() / 2;
                    assert!(x.len() == dy.len() && out.len() == n_cols, "X and dY of one size");
                    parallel::for_each_stripe([out], n_cols, width(x.len(), n_cols), |first, [out]| {
                        dots_stripe(x, dy, moments, beta, first, out);
                    });
                }

                fn normalise_columns_back(
                    x: &[$t],
                    dy: &[$t],
                    scale: Option<&[$t]>,
                    moments: &[$t],
                    dx: &mut [$t],
                ) {
                    let n_cols = moments.len() / 2;
                    assert!(x.len() == dy.len() && x.len() == dx.len(), "X, dY and dX of one size");
                    assert!(scale.is_none_or(|scale| scale.len() == n_cols), "one value a column");
                    parallel::for_each_stripe([dx], n_cols, width(x.len(), n_cols), |first, [dx]| {
                        back_stripe(x, dy, scale, moments, first, dx);
                    });
                }
            }
        };
    };
}

normalise!(f32, F32);
normalise!(f64, F64);
