//! What touches every entry once: scaling, sums, dense rows.

use super::csr::{CsrRef, PatternRef};
use super::dense::{assert_contiguous, ends_of_rows, row_stride};
use crate::Real;
use crate::parallel;
use crate::view::MatMut;

/// Entries of a block of rows; below it one thread does the work.
const BLOCK: usize = parallel::BANDWIDTH_GRAIN;

/// The most partial sums that column sums keep apart.
const MAX_PARTIALS: usize = 8;

/// values\[t\] *= factors\[i\] for every entry t of row i
pub(super) fn scale_rows<T: Real>(pattern: PatternRef, factors: &[T], values: &mut [T]) {
    assert_eq!(factors.len(), pattern.n_rows(), "one factor for each row");
    for_each_row(pattern, values, |i, _, values| {
        for value in values {
            *value *= factors[i];
        }
    });
}

/// values\[t\] *= factors\[column\[t\]\]
pub(super) fn scale_cols<T: Real>(pattern: PatternRef, factors: &[T], values: &mut [T]) {
    assert_eq!(factors.len(), pattern.n_cols(), "one factor for each column");
    for_each_row(pattern, values, |_, columns, values| {
        for (value, &column) in values.iter_mut().zip(columns) {
            *value *= factors[column as usize];
        }
    });
}

/// Calls `f(i, columns, values)` on every row, in parallel.
fn for_each_row<T: Real>(
    pattern: PatternRef,
    values: &mut [T],
    f: impl Fn(usize, &[u32], &mut [T]) + Sync + Send,
) {
    assert_eq!(values.len(), pattern.nnz(), "one value for each entry of the pattern");
    let blocks = pattern.blocks(BLOCK);
    let ends = Vec::from_iter(blocks.iter().map(|rows| pattern.indptr()[rows.end]));
    parallel::for_each_part(values, &ends, |q, mut values| {
        for i in blocks[q].clone() {
            let entries = pattern.row(i);
            let (row, rest) = values.split_at_mut(entries.len());
            f(i, &pattern.indices()[entries], row);
            values = rest;
        }
    });
}

/// sum over the entries t of each row of f(value\[t\])
pub(super) fn row_sums<T: Real>(a: CsrRef<T>, f: impl Fn(f64) -> f64 + Sync + Send) -> Vec<T> {
    let blocks = a.pattern().blocks(BLOCK);
    let ends = Vec::from_iter(blocks.iter().map(|rows| rows.end));
    let mut sums = vec![T::ZERO; a.n_rows()];
    parallel::for_each_part(&mut sums, &ends, |q, sums| {
        for (i, sum) in blocks[q].clone().zip(sums) {
            let (_, values) = a.row(i);
            *sum = T::from_f64(values.iter().map(|value| f(value.to_f64())).sum());
        }
    });
    sums
}

/// sum over the entries t of each column of f(value\[t\]); blocks of rows are added in order
pub(super) fn col_sums<T: Real>(a: CsrRef<T>, f: impl Fn(f64) -> f64 + Sync + Send) -> Vec<T> {
    let work = (a.nnz() + a.n_rows()).div_ceil(MAX_PARTIALS).max(8 * a.n_cols()).max(BLOCK);
    let blocks = a.pattern().blocks(work);
    let partials = parallel::map_chunks(blocks.len(), 1, |q| {
        let mut sums = vec![0.0; a.n_cols()];
        for i in blocks[q.start].clone() {
            let (columns, values) = a.row(i);
            for (&column, value) in columns.iter().zip(values) {
                sums[column as usize] += f(value.to_f64());
            }
        }
        sums
    });
    let total = |j: usize| partials.iter().map(|sums| sums[j]).sum();
    (0..a.n_cols()).map(|j| T::from_f64(total(j))).collect()
}

/// out\[q, :\] = A\[rows\[q\], :\]
pub(super) fn gather_rows<T: Real>(a: CsrRef<T>, rows: &[usize], mut out: MatMut<T>) {
    let n_cols = a.n_cols();
    assert!(
        out.rows() == rows.len() && out.cols() == n_cols,
        "{} rows of {n_cols} columns do not make a {} x {} matrix",
        rows.len(),
        out.rows(),
        out.cols()
    );
    assert_contiguous("the result", n_cols, out.col_stride());
    if n_cols == 0 {
        return;
    }
    let stride = row_stride(&out);
    let rows_at_once = (BLOCK / n_cols).max(1);
    let ends = ends_of_rows(rows_at_once, &out);
    parallel::for_each_part(out.data_mut(), &ends, |q, out| {
        for (&i, out) in rows[q * rows_at_once..].iter().zip(out.chunks_mut(stride)) {
            let (columns, values) = a.row(i);
            out[..n_cols].fill(T::ZERO);
            for (&column, &value) in columns.iter().zip(values) {
                out[column as usize] += value;
            }
        }
    });
}
