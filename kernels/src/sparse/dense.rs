//! The dense operands: sizes that agree, contiguous rows, slices that end with a row.

use crate::view::MatMut;

/// Refuses factors and products whose sizes do not agree.
pub(super) fn assert_sizes(left: (usize, usize), right: (usize, usize), product: (usize, usize)) {
    assert!(
        left.1 == right.0 && product == (left.0, right.1),
        "a {} x {} matrix times a {} x {} one does not make a {} x {} one",
        left.0,
        left.1,
        right.0,
        right.1,
        product.0,
        product.1
    );
}

/// Refuses a matrix whose rows are not slices.
pub(super) fn assert_contiguous(name: &str, n_cols: usize, col_stride: usize) {
    assert!(n_cols <= 1 || col_stride == 1, "the rows of {name} are not contiguous: stride {col_stride}");
}

/// Elements from one row of a matrix with contiguous rows to the next; a single row may claim any stride.
pub(super) fn row_stride<T>(c: &MatMut<T>) -> usize {
    if c.rows() <= 1 { c.cols() } else { c.row_stride() }
}

/// Where the elements of the rows before `row` end: where `row` starts, or the last row stops.
pub(super) fn end_of_row<T>(row: usize, c: &MatMut<T>) -> usize {
    if row < c.rows() { row * row_stride(c) } else { (row - 1) * row_stride(c) + c.cols() }
}

/// The same for every `rows_at_once` rows, to the last.
pub(super) fn ends_of_rows<T>(rows_at_once: usize, c: &MatMut<T>) -> Vec<usize> {
    let next = |row: usize| (row + rows_at_once).min(c.rows());
    (0..c.rows()).step_by(rows_at_once).map(|row| end_of_row(next(row), c)).collect()
}
