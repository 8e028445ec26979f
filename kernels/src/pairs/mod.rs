//! What every pair of rows of a matrix says of a graph: inner products as logits of links, all of them at once
//! without holding them, or some.
//!
//! | symbol | argument | shape |
//! |---|---|---|
//! | Z | `z` | n x d, rows contiguous |
//! | s_ij | z_i · z_j, the logit of a link | n x n, never held |
//!
//! [`PairLoss::all_pairs`] goes over the upper triangle in blocks of [`BLOCK`] rows by as many: inner products in
//! register tiles, one exponential a pair from which both ln(1 + e^s) and its slope come, and two products that
//! carry the slopes back to both sides. Its bound on a core is 6 d flops and an exponential for each of the
//! n (n + 1) / 2 pairs. Memory is O(n d): [`scratch_len`].

mod block;
pub mod reference;
mod some;

use crate::parallel;
use crate::simd::MAX_LANES;
use crate::vector::Arithmetic;
use crate::view::MatRef;
use block::{Job, run};
use std::ops::Range;

/// Rows and columns of a block: whole register tiles in either precision, and a block of logits of f32 is 9 kB.
pub const BLOCK: usize = 48;

/// Tasks that a triangle of blocks is cut into at the most, each with a gradient of its own.
const MAX_TASKS: usize = 32;

/// Blocks of rows that a task gets on the average: with fewer of them there are fewer gradients to add up.
const BLOCKS_PER_TASK: usize = 4;

/// Losses over pairs of rows, whose inner products are logits.
pub trait PairLoss: Sized + Copy {
    /// sum_ij ln(1 + e^(s_ij)) over all ordered pairs, i = j among them; `gradient`, n x d, becomes `scale` times its
    /// derivative by Z, 2 sum_j sigma(s_ij) z_j in row i. `scratch` is made as long as [`scratch_len`] says; whoever
    /// calls again keeps it.
    /// # Panics
    /// If the sizes do not agree or the rows of Z are not contiguous.
    fn all_pairs(z: MatRef<Self>, scale: Self, gradient: &mut [Self], scratch: &mut Vec<Self>) -> f64;

    /// The sum over some pairs of `linked` ln(1 + e^-s) + `unlinked` ln(1 + e^s), either weight of any sign. Logits
    /// become `scale` times their derivatives, linked (sigma(s) - 1) + unlinked sigma(s).
    fn some_pairs(linked: Self, unlinked: Self, scale: Self, logits: &mut [Self]) -> f64;
}

/// Elements that [`PairLoss::all_pairs`] of n rows of d takes: the rows twice, once transposed by blocks, and a
/// gradient for each task, which starts at the first block the task reaches.
pub fn scratch_len<T>(n: usize, d: usize) -> usize {
    if n == 0 || d == 0 {
        return 0;
    }
    let cut = Cut::of::<T>(n, d);
    let gradients: usize = cut.tasks().iter().map(|pairs| cut.gradient_len(pairs)).sum();
    cut.n_blocks * BLOCK * (cut.width + d) + gradients
}

/// How a matrix is cut.
struct Cut {
    n_blocks: usize,
    /// Columns, padded to whole pairs of vectors.
    width: usize,
}

impl Cut {
    fn of<T>(n: usize, d: usize) -> Cut {
        let pair_of_vectors = 2 * MAX_LANES * size_of::<f32>() / size_of::<T>();
        Cut { n_blocks: n.div_ceil(BLOCK), width: d.next_multiple_of(pair_of_vectors) }
    }

    /// Blocks of the upper triangle.
    fn n_pairs(&self) -> usize {
        self.n_blocks * (self.n_blocks + 1) / 2
    }

    /// Blocks of the triangle, row by row, in slices of equal length; how many depends on the size alone.
    fn tasks(&self) -> Vec<Range<usize>> {
        let n_tasks = (self.n_blocks / BLOCKS_PER_TASK).clamp(1, MAX_TASKS);
        let n_pairs = self.n_pairs();
        (0..n_tasks).map(|q| n_pairs * q / n_tasks..n_pairs * (q + 1) / n_tasks).collect()
    }

    /// The row of blocks that a block of the triangle is in, and its column.
    fn place(&self, pair: usize) -> (usize, usize) {
        let (mut row, mut before) = (0, 0);
        while pair >= before + self.n_blocks - row {
            before += self.n_blocks - row;
            row += 1;
        }
        (row, row + pair - before)
    }

    /// Elements of a task's gradient: all rows from its first on.
    fn gradient_len(&self, pairs: &Range<usize>) -> usize {
        (self.n_blocks - self.place(pairs.start).0) * BLOCK * self.width
    }
}

/// Rows copied, and gradients added up, by a task.
const ROWS_PER_TASK: usize = 8 * BLOCK;

macro_rules! pair_loss {
    ($t:ty, $v:ident, $some:path) => {
        const _: () = {
            dispatch! { fn blocks(job: Job<$t>, gradient: &mut [$t]) -> f64 = run::<$v>; }

            impl PairLoss for $t {
                fn all_pairs(z: MatRef<$t>, scale: $t, gradient: &mut [$t], scratch: &mut Vec<$t>) -> f64 {
                    let (n, d) = (z.rows(), z.cols());
                    assert_eq!(gradient.len(), n * d, "a gradient as large as Z");
                    assert!(d <= 1 || z.col_stride() == 1, "the rows of Z are contiguous");
                    if n == 0 || d == 0 {
                        scratch.clear();
                        return (n * n) as f64 * std::f64::consts::LN_2;
                    }
                    let cut = Cut::of::<$t>(n, d);
                    let Cut { n_blocks, width } = cut;
                    scratch.resize(scratch_len::<$t>(n, d), 0.0);
                    let (rows, rest) = scratch.split_at_mut(n_blocks * BLOCK * width);
                    let (columns, mut rest) = rest.split_at_mut(n_blocks * BLOCK * d);
                    parallel::for_each_row_block(rows, width, ROWS_PER_TASK, |first, block| {
                        for (i, row) in (first..).zip(block.chunks_exact_mut(width)) {
                            let d = if i < n { d } else { 0 };
                            row[..d].copy_from_slice(if i < n { z.row(i) } else { &[] });
                            row[d..].fill(0.0);
                        }
                    });
                    let rows = &*rows;
                    parallel::for_each_row_block(columns, BLOCK * d, 8, |first, blocks| {
                        for (b, block) in (first..).zip(blocks.chunks_exact_mut(BLOCK * d)) {
                            for (k, column) in block.chunks_exact_mut(BLOCK).enumerate() {
                                for (j, x) in column.iter_mut().enumerate() {
                                    *x = rows[(b * BLOCK + j) * width + k];
                                }
                            }
                        }
                    });
                    let columns = &*columns;
                    let mut tasks = Vec::new();
                    for pairs in cut.tasks() {
                        let (own, others) = rest.split_at_mut(cut.gradient_len(&pairs));
                        let first = cut.place(pairs.start);
                        let n_pairs = pairs.len();
                        tasks.push((Job { rows, columns, n_blocks, n, width, d, first, n_pairs }, own));
                        rest = others;
                    }
                    let done = parallel::map_tasks(tasks, |(job, own)| {
                        own.fill(0.0);
                        let first_row = job.first.0 * BLOCK;
                        (blocks(job, own), first_row, &*own)
                    });
                    parallel::for_each_row_block(gradient, d, ROWS_PER_TASK, |first, block| {
                        let n_rows = block.len() / d;
                        let mut sum = vec![0.0; n_rows * width];
                        for (_, first_row, own) in &done {
                            // A task's rows reach to the end; where its first one is later, the rest of the block.
                            let skipped = first_row.saturating_sub(first).min(n_rows);
                            let from = (first + skipped).saturating_sub(*first_row) * width;
                            let sum = &mut sum[skipped * width..];
                            let len = sum.len();
                            <$t>::add_in_place(&own[from..from + len], sum);
                        }
                        for (to, from) in block.chunks_exact_mut(d).zip(sum.chunks_exact(width)) {
                            <$t>::scale_into(2.0 * scale, &from[..d], to);
                        }
                    });
                    done.iter().map(|(loss, ..)| loss).sum()
                }

                fn some_pairs(linked: $t, unlinked: $t, scale: $t, logits: &mut [$t]) -> f64 {
                    $some(linked, unlinked, scale, logits)
                }
            }
        };
    };
}

pair_loss!(f32, F32, some::of_f32);
pair_loss!(f64, F64, some::of_f64);
