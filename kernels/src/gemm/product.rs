//! A product with all it needs: its operands, the threads' parts, and what becomes of the sums.

use super::blocked::Kernel;
use super::micro::{Finish, Rows, Target};
use super::pack::{Lines, Packed, Panels};
use super::plan::{PARALLEL_MULTIPLY_ADDS, Part, depth_block, part_size};
use super::{Activation, Epilogue};
use crate::view::{MatMut, MatRef};
use crate::{Real, parallel};
use std::ops::Range;

/// The right-hand factor.
#[derive(Clone, Copy)]
pub(super) enum Right<'a, T> {
    Plain(MatRef<'a, T>),
    Packed(&'a Packed<T>),
}

/// A product as every thread sees it.
pub(super) struct Product<'a, T> {
    pub a: MatRef<'a, T>,
    pub b: Right<'a, T>,
    pub c: Target<T>,
    pub n: usize,
    pub alpha: T,
    pub beta: T,
    pub bias: Option<Bias<'a, T>>,
    pub activation: Activation,
}

/// A bias by columns of C; or by rows, where the transpose of C is what is computed.
#[derive(Clone, Copy)]
pub(super) enum Bias<'a, T> {
    Columns(&'a [T]),
    Rows(&'a [T]),
}

// SAFETY: the only pointer is that to C, whose parts given to different threads are disjoint.
unsafe impl<T: Send + Sync> Sync for Product<'_, T> {}

/// C = activation(alpha A B + beta C + bias).
/// # Panics
/// If the sizes do not agree.
pub(super) fn gemm<T: Kernel>(
    alpha: T,
    a: MatRef<T>,
    b: Right<T>,
    beta: T,
    mut c: MatMut<T>,
    epilogue: Epilogue<T>,
) {
    let (b_rows, n) = match b {
        Right::Plain(b) => (b.rows(), b.cols()),
        Right::Packed(b) => (b.rows(), b.cols()),
    };
    let (m, k) = (a.rows(), a.cols());
    assert!(
        b_rows == k && c.rows() == m && c.cols() == n,
        "A is {m} x {k}, B {b_rows} x {n}, C {} x {}",
        c.rows(),
        c.cols()
    );
    assert!(epilogue.bias.is_none_or(|bias| bias.len() == n), "the bias has one value a column of C");
    if m == 0 || n == 0 {
        return;
    }
    let target = |c: &mut MatMut<T>| {
        let (row_stride, col_stride) = (c.row_stride(), c.col_stride());
        Target { ptr: c.data_mut().as_mut_ptr(), row_stride, col_stride }
    };
    let product = match b {
        // C comes by columns: its transpose B' A' is a product by rows.
        Right::Plain(b) if c.col_stride() != 1 && c.row_stride() == 1 => Product {
            a: b.t(),
            b: Right::Plain(a.t()),
            c: target(&mut c.reborrow().t()),
            n: m,
            alpha,
            beta,
            bias: epilogue.bias.map(Bias::Rows),
            activation: epilogue.activation,
        },
        _ => Product {
            a,
            b,
            c: target(&mut c),
            n,
            alpha,
            beta,
            bias: epilogue.bias.map(Bias::Columns),
            activation: epilogue.activation,
        },
    };
    product.run();
}

/// Packs the whole of `b`, panels in parallel.
pub(super) fn pack<T: Kernel>(b: MatRef<T>) -> Packed<T> {
    const PANELS_PER_CHUNK: usize = 8;
    let (k, n) = (b.rows(), b.cols());
    let panels = Panels::new(n, T::LANES);
    let mut lines = Lines::zeroed::<T>(k * panels.padded());
    let data = &mut lines.as_mut_slice::<T>()[..k * panels.padded()];
    let kc_full = depth_block(k).max(1);
    let Some(last) = panels.count().checked_sub(1) else { return Packed::from_parts(lines, k, n) };
    for (q, block) in data.chunks_mut(kc_full * panels.padded()).enumerate() {
        let depth = q * kc_full..((q + 1) * kc_full).min(k);
        let panel_len = panels.start(1) * depth.len();
        let (equal, rest) = block.split_at_mut(last * panel_len);
        parallel::for_each_row_block(equal, panel_len, PANELS_PER_CHUNK, |first, chunk| {
            T::pack_panels(b, depth.clone(), first..first + chunk.len() / panel_len, chunk);
        });
        T::pack_panels(b, depth, last..last + 1, rest);
    }
    Packed::from_parts(lines, k, n)
}

impl<T: Kernel> Product<'_, T> {
    /// Computes C, in one piece for each thread.
    fn run(&self) {
        let (m, k) = (self.a.rows(), self.a.cols());
        let n_panels = Panels::new(self.n, T::LANES).count();
        let small = m * self.n * k < PARALLEL_MULTIPLY_ADDS;
        let n_threads = if small { 1 } else { parallel::n_threads() };
        if n_threads == 1 {
            return T::compute_part(self, &Part { rows: 0..m, panels: 0..n_panels });
        }
        let (row_step, panel_step) = part_size([m, k, n_panels], 2 * T::LANES, n_threads);
        let panel_parts = n_panels.div_ceil(panel_step);
        let n_parts = m.div_ceil(row_step) * panel_parts;
        parallel::map_chunks(n_parts, 1, |part| {
            let (row, panel) = (part.start / panel_parts * row_step, part.start % panel_parts * panel_step);
            let rows = row..(row + row_step).min(m);
            let panels = panel..(panel + panel_step).min(n_panels);
            T::compute_part(self, &Part { rows, panels });
        });
    }
}

impl<T: Real> Product<'_, T> {
    /// What to do with the sums over `depth`: the first ones meet beta C, the last ones what of bias and
    /// activation can be done in registers.
    #[inline(always)]
    pub fn finish_of(&self, depth: &Range<usize>) -> Finish<T> {
        let last = depth.end == self.a.cols();
        let (bias, bias_by_rows) = match self.bias {
            Some(Bias::Columns(bias)) if last => (bias.as_ptr(), false),
            Some(Bias::Rows(bias)) if last => (bias.as_ptr(), true),
            _ => (std::ptr::null(), false),
        };
        let rectifies = last && self.activation == Activation::Relu;
        let beta = if depth.start == 0 { self.beta } else { T::ONE };
        Finish {
            plain: self.alpha == T::ONE
                && (beta == T::ZERO || beta == T::ONE)
                && bias.is_null()
                && !rectifies,
            alpha: self.alpha,
            beta,
            bias,
            bias_by_rows,
            floor: if rectifies { T::ZERO } else { -T::ONE / T::ZERO },
        }
    }

    /// Whether a finished block is gone over again: for exponentials.
    #[inline(always)]
    pub fn has_second_pass(&self) -> bool {
        !matches!(self.activation, Activation::Identity | Activation::Relu)
    }

    /// The second pass over a rectangle of C, still warm in the cache.
    pub fn second_pass(&self, rows: &Range<usize>, cols: Range<usize>) {
        for i in rows.clone() {
            let first = self.c.ptr.wrapping_add(i * self.c.row_stride + cols.start * self.c.col_stride);
            // A row is one slice where its elements are neighbours, else as many slices as elements.
            let (n_slices, len) = if self.c.col_stride == 1 { (1, cols.len()) } else { (cols.len(), 1) };
            for j in 0..n_slices {
                let place = first.wrapping_add(j * self.c.col_stride);
                // SAFETY: the rectangle lies in C and is this thread's own.
                self.activation.apply(unsafe { std::slice::from_raw_parts_mut(place, len) });
            }
        }
    }

    /// A block of A where it lies.
    #[inline(always)]
    pub fn rows_in_place(&self, rows: &Range<usize>, depth: &Range<usize>) -> Rows<T> {
        let start = rows.start * self.a.row_stride() + depth.start;
        Rows { ptr: self.a.data()[start.min(self.a.data().len())..].as_ptr(), stride: self.a.row_stride() }
    }
}
