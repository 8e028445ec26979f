//! Compressed sparse rows: the pattern (where), the values (what), and blocks of equal work.

use std::fmt;
use std::ops::Range;

/// Why three arrays are not a matrix in compressed sparse rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// `indptr` does not have `n_rows + 1` entries.
    RowPointers {
        /// `n_rows + 1`
        expected: usize,
        /// The length of `indptr`.
        received: usize,
    },
    /// `indptr` does not start at 0, does not end at the number of indices, or decreases.
    Order {
        /// The first row at fault.
        row: usize,
    },
    /// A column index is not below `n_cols`.
    Column {
        /// The row of the entry.
        row: usize,
        /// The index.
        column: u32,
        /// The number of columns.
        n_cols: usize,
    },
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::RowPointers { expected, received } => {
                write!(f, "{received} row pointers where {expected} were expected")
            }
            Malformed::Order { row } => write!(f, "the row pointers of row {row} are out of order"),
            Malformed::Column { row, column, n_cols } => {
                write!(f, "row {row} has an entry in column {column} of {n_cols}")
            }
        }
    }
}

impl std::error::Error for Malformed {}

/// A borrowed sparsity pattern. Its existence is the proof that it is well formed: the check is made
/// once, in [`PatternRef::new`] or [`Pattern::new`], and no kernel repeats it.
///
/// Row `i` has its entries in columns `indices[indptr[i]..indptr[i + 1]]`, in any order. A column that
/// appears twice in a row is two entries, whose values add up in every product.
#[derive(Clone, Copy, Debug)]
pub struct PatternRef<'a> {
    n_cols: usize,
    indptr: &'a [usize],
    indices: &'a [u32],
}

impl<'a> PatternRef<'a> {
    /// Checks the arrays, O(non-zeros), and borrows them.
    /// # Errors
    /// [`Malformed`] if they are no matrix of `n_rows` x `n_cols`.
    pub fn new(
        n_rows: usize,
        n_cols: usize,
        indptr: &'a [usize],
        indices: &'a [u32],
    ) -> Result<Self, Malformed> {
        check(n_rows, n_cols, indptr, indices)?;
        Ok(Self { n_cols, indptr, indices })
    }

    /// Number of rows.
    #[inline]
    pub fn n_rows(&self) -> usize {
        self.indptr.len() - 1
    }
    /// Number of columns.
    #[inline]
    pub fn n_cols(&self) -> usize {
        self.n_cols
    }
    /// Number of stored entries.
    #[inline]
    pub fn nnz(&self) -> usize {
        self.indices.len()
    }
    /// Whether every row stores every column, in order: the values are a dense matrix. O(non-zeros) where it is so.
    pub fn is_complete(&self) -> bool {
        let n_cols = self.n_cols;
        self.nnz() == self.n_rows() * n_cols
            && n_cols > 0
            && self.indices.chunks_exact(n_cols).all(|row| (0..).zip(row).all(|(j, &column)| column == j))
    }
    /// Where each row starts, and the end of the last: `n_rows + 1` numbers from 0 to `nnz`.
    #[inline]
    pub fn indptr(&self) -> &'a [usize] {
        self.indptr
    }
    /// The column of every entry.
    #[inline]
    pub fn indices(&self) -> &'a [u32] {
        self.indices
    }
    /// The entries of row `i`: a range into indices and values.
    #[inline]
    pub fn row(&self, i: usize) -> Range<usize> {
        self.indptr[i]..self.indptr[i + 1]
    }

    /// Cuts the rows into blocks of about `work` units, a unit being an entry, and a row being worth one
    /// entry more. The cuts depend on the pattern and on `work` only, so results that depend on them
    /// are the same for every number of threads.
    pub fn blocks(&self, work: usize) -> Vec<Range<usize>> {
        let n_rows = self.n_rows();
        let cost_before = |row: usize| self.indptr[row] + row;
        let mut blocks = Vec::with_capacity(cost_before(n_rows) / work.max(1) + 1);
        let mut start = 0;
        while start < n_rows {
            let goal = cost_before(start) + work;
            // The first row beyond `start` before which a block's worth has been gathered.
            let (mut low, mut high) = (start + 1, n_rows);
            while low < high {
                let middle = low + (high - low) / 2;
                if cost_before(middle) < goal {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            blocks.push(start..low);
            start = low;
        }
        blocks
    }
}

/// A sparsity pattern that owns its arrays; what a matrix type keeps, so that it is checked once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    n_cols: usize,
    indptr: Vec<usize>,
    indices: Vec<u32>,
}

impl Pattern {
    /// Checks the arrays, O(non-zeros), and keeps them. See [`PatternRef`] for their meaning.
    /// # Errors
    /// [`Malformed`] if they are no matrix of `n_rows` x `n_cols`.
    pub fn new(
        n_rows: usize,
        n_cols: usize,
        indptr: Vec<usize>,
        indices: Vec<u32>,
    ) -> Result<Self, Malformed> {
        check(n_rows, n_cols, &indptr, &indices)?;
        Ok(Self { n_cols, indptr, indices })
    }

    /// The same pattern, borrowed; costs nothing.
    #[inline]
    pub fn as_ref(&self) -> PatternRef<'_> {
        PatternRef { n_cols: self.n_cols, indptr: &self.indptr, indices: &self.indices }
    }

    /// The arrays `indptr` and `indices`.
    pub fn into_parts(self) -> (Vec<usize>, Vec<u32>) {
        (self.indptr, self.indices)
    }
}

impl PatternRef<'_> {
    /// The pattern of the transpose, and for each of its entries the place of the same entry here.
    /// Rows of the transpose come out sorted. O(non-zeros) by counting.
    /// # Panics
    /// If there are more than 2^32 rows: their numbers become column indices.
    pub fn transpose(&self) -> (Pattern, Vec<usize>) {
        let n_rows = self.n_rows();
        assert!(n_rows as u64 <= 1 << 32, "{n_rows} rows do not fit in 32-bit indices");
        // indptr[j + 1] counts column j, then holds where its next entry goes, then where it ends.
        let mut indptr = vec![0; self.n_cols + 1];
        for &j in self.indices {
            indptr[j as usize + 1] += 1;
        }
        let mut start = 0;
        for place in &mut indptr[1..] {
            let count = *place;
            *place = start;
            start += count;
        }
        let mut indices = vec![0; self.nnz()];
        let mut order = vec![0; self.nnz()];
        for i in 0..n_rows {
            for entry in self.row(i) {
                let place = &mut indptr[self.indices[entry] as usize + 1];
                indices[*place] = i as u32;
                order[*place] = entry;
                *place += 1;
            }
        }
        (Pattern { n_cols: n_rows, indptr, indices }, order)
    }
}

/// A borrowed sparse matrix: a pattern and a value for each of its entries.
#[derive(Clone, Copy, Debug)]
pub struct CsrRef<'a, T> {
    pattern: PatternRef<'a>,
    values: &'a [T],
}

impl<'a, T> CsrRef<'a, T> {
    /// The matrix with these values; costs nothing.
    /// # Panics
    /// If there is not one value for each entry.
    #[inline]
    pub fn new(pattern: PatternRef<'a>, values: &'a [T]) -> Self {
        assert_eq!(values.len(), pattern.nnz(), "one value for each entry of the pattern");
        Self { pattern, values }
    }

    /// Number of rows.
    #[inline]
    pub fn n_rows(&self) -> usize {
        self.pattern.n_rows()
    }
    /// Number of columns.
    #[inline]
    pub fn n_cols(&self) -> usize {
        self.pattern.n_cols
    }
    /// Number of stored entries.
    #[inline]
    pub fn nnz(&self) -> usize {
        self.values.len()
    }
    /// Where the entries are.
    #[inline]
    pub fn pattern(&self) -> PatternRef<'a> {
        self.pattern
    }
    /// The value of every entry.
    #[inline]
    pub fn values(&self) -> &'a [T] {
        self.values
    }
    /// The columns and values of row `i`.
    #[inline]
    pub fn row(&self, i: usize) -> (&'a [u32], &'a [T]) {
        let entries = self.pattern.row(i);
        (&self.pattern.indices[entries.clone()], &self.values[entries])
    }
}

/// The invariants every kernel relies on.
fn check(n_rows: usize, n_cols: usize, indptr: &[usize], indices: &[u32]) -> Result<(), Malformed> {
    if indptr.len() != n_rows + 1 {
        return Err(Malformed::RowPointers { expected: n_rows + 1, received: indptr.len() });
    }
    if indptr[0] != 0 {
        return Err(Malformed::Order { row: 0 });
    }
    if let Some(row) = (0..n_rows).find(|&row| indptr[row] > indptr[row + 1]) {
        return Err(Malformed::Order { row });
    }
    if indptr[n_rows] != indices.len() {
        return Err(Malformed::Order { row: n_rows.saturating_sub(1) });
    }
    if let Some(entry) = indices.iter().position(|&j| j as usize >= n_cols) {
        let row = indptr.partition_point(|&start| start <= entry) - 1;
        return Err(Malformed::Column { row, column: indices[entry], n_cols });
    }
    Ok(())
}
