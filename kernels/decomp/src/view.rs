//! Matrix views: a slice, two sizes, two strides. Every kernel that takes a matrix takes these.

/// A read-only matrix: element (i, j) is `data[i * row_stride + j * col_stride]`.
#[derive(Clone, Copy, Debug)]
pub struct MatRef<'a, T> {
    data: &'a [T],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

/// A writable matrix: element (i, j) is `data[i * row_stride + j * col_stride]`.
#[derive(Debug)]
pub struct MatMut<'a, T> {
    data: &'a mut [T],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

/// The number of elements a matrix of these sizes and strides reaches over.
fn span(rows: usize, cols: usize, row_stride: usize, col_stride: usize) -> usize {
    if rows == 0 || cols == 0 { 0 } else { (rows - 1) * row_stride + (cols - 1) * col_stride + 1 }
}

impl<'a, T> MatRef<'a, T> {
    /// A dense row-major `rows` x `cols` matrix.
    /// # Panics
    /// If `data` is shorter than `rows * cols`.
    #[inline]
    pub fn new(data: &'a [T], rows: usize, cols: usize) -> Self {
        Self::with_strides(data, rows, cols, cols, 1)
    }

    /// A matrix with given strides.
    /// # Panics
    /// If an element would lie beyond `data`.
    #[inline]
    pub fn with_strides(
        data: &'a [T],
        rows: usize,
        cols: usize,
        row_stride: usize,
        col_stride: usize,
    ) -> Self {
        let need = span(rows, cols, row_stride, col_stride);
        assert!(
            need <= data.len(),
            "a {rows} x {cols} view needs {need} elements, the slice has {}",
            data.len()
        );
        Self { data, rows, cols, row_stride, col_stride }
    }

    /// The transpose: the same elements, sizes and strides swapped.
    #[inline]
    pub fn t(self) -> Self {
        Self {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            ..self
        }
    }

    /// Rows `start..end`.
    /// # Panics
    /// If the range is out of bounds.
    #[inline]
    pub fn row_range(self, start: usize, end: usize) -> Self {
        assert!(start <= end && end <= self.rows, "rows {start}..{end} of {}", self.rows);
        let data = if start == end { &self.data[..0] } else { &self.data[start * self.row_stride..] };
        Self { data, rows: end - start, ..self }
    }

    /// Row `i` as a slice.
    /// # Panics
    /// If `i` is out of bounds or the columns are not contiguous.
    #[inline]
    pub fn row(self, i: usize) -> &'a [T] {
        assert!(i < self.rows && (self.col_stride == 1 || self.cols <= 1), "row {i} is not a slice");
        &self.data[i * self.row_stride..][..self.cols]
    }

    /// Number of rows.
    #[inline]
    pub fn rows(&self) -> usize {
        self.rows
    }
    /// Number of columns.
    #[inline]
    pub fn cols(&self) -> usize {
        self.cols
    }
    /// Elements from one row to the next.
    #[inline]
    pub fn row_stride(&self) -> usize {
        self.row_stride
    }
    /// Elements from one column to the next.
    #[inline]
    pub fn col_stride(&self) -> usize {
        self.col_stride
    }
    /// The underlying slice, from element (0, 0) on.
    #[inline]
    pub fn data(&self) -> &'a [T] {
        self.data
    }
}

impl<T: Copy> MatRef<'_, T> {
    /// Element (i, j).
    /// # Panics
    /// If out of bounds.
    #[inline]
    pub fn at(&self, i: usize, j: usize) -> T {
        assert!(i < self.rows && j < self.cols, "({i}, {j}) of {} x {}", self.rows, self.cols);
        self.data[i * self.row_stride + j * self.col_stride]
    }
}

impl<'a, T> MatMut<'a, T> {
    /// A dense row-major `rows` x `cols` matrix.
    /// # Panics
    /// If `data` is shorter than `rows * cols`.
    #[inline]
    pub fn new(data: &'a mut [T], rows: usize, cols: usize) -> Self {
        Self::with_strides(data, rows, cols, cols, 1)
    }

    /// A matrix with given strides.
    /// # Panics
    /// If an element would lie beyond `data`, or two elements could share a place.
    #[inline]
    pub fn with_strides(
        data: &'a mut [T],
        rows: usize,
        cols: usize,
        row_stride: usize,
        col_stride: usize,
    ) -> Self {
        let need = span(rows, cols, row_stride, col_stride);
        assert!(
            need <= data.len(),
            "a {rows} x {cols} view needs {need} elements, the slice has {}",
            data.len()
        );
        let row_major = row_stride > cols.saturating_sub(1) * col_stride && col_stride > 0;
        let col_major = col_stride > rows.saturating_sub(1) * row_stride && row_stride > 0;
        assert!(
            rows.min(cols) == 0
                || rows * cols == 1
                || row_major
                || col_major
                || (rows == 1 && col_stride > 0)
                || (cols == 1 && row_stride > 0),
            "elements of a writable {rows} x {cols} view overlap: strides {row_stride}, {col_stride}"
        );
        Self { data, rows, cols, row_stride, col_stride }
    }

    /// The transpose: the same elements, sizes and strides swapped.
    #[inline]
    pub fn t(self) -> Self {
        Self {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            data: self.data,
        }
    }

    /// A shorter-lived view of the same elements.
    #[inline]
    pub fn reborrow(&mut self) -> MatMut<'_, T> {
        MatMut { data: self.data, ..*self }
    }

    /// The same elements, read-only.
    #[inline]
    pub fn as_ref(&self) -> MatRef<'_, T> {
        MatRef {
            data: self.data,
            rows: self.rows,
            cols: self.cols,
            row_stride: self.row_stride,
            col_stride: self.col_stride,
        }
    }

    /// Row `i` as a slice.
    /// # Panics
    /// If `i` is out of bounds or the columns are not contiguous.
    #[inline]
    pub fn row_mut(&mut self, i: usize) -> &mut [T] {
        assert!(i < self.rows && (self.col_stride == 1 || self.cols <= 1), "row {i} is not a slice");
        &mut self.data[i * self.row_stride..][..self.cols]
    }

    /// Number of rows.
    #[inline]
    pub fn rows(&self) -> usize {
        self.rows
    }
    /// Number of columns.
    #[inline]
    pub fn cols(&self) -> usize {
        self.cols
    }
    /// Elements from one row to the next.
    #[inline]
    pub fn row_stride(&self) -> usize {
        self.row_stride
    }
    /// Elements from one column to the next.
    #[inline]
    pub fn col_stride(&self) -> usize {
        self.col_stride
    }
    /// The underlying slice, from element (0, 0) on.
    #[inline]
    pub fn data_mut(&mut self) -> &mut [T] {
        self.data
    }
}

impl<T: Copy> MatMut<'_, T> {
    /// A mutable borrow of element (i, j).
    /// # Panics
    /// If out of bounds.
    #[inline]
    pub fn at_mut(&mut self, i: usize, j: usize) -> &mut T {
        assert!(i < self.rows && j < self.cols, "({i}, {j}) of {} x {}", self.rows, self.cols);
        &mut self.data[i * self.row_stride + j * self.col_stride]
    }
}
