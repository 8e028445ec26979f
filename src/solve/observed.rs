//! The observed entries of a matrix: what factorisations with missing values are fitted to.
//!
//! Of sparse data the stored entries are observed, explicit zeros too, and nothing is known of the others.
//! Of dense data everything is observed that is not NaN.

use crate::error::{Error, Result};
use crate::linalg::Features;
use crate::monitor::Budget;
use crate::random::Rng;
use crate::tensors::{Named, TensorView, visit_vector};
use diabolo_kernels::gemm::{Epilogue, Gemm};
use diabolo_kernels::reduce::Reduce;
use diabolo_kernels::sparse::{CsrRef, Pattern, PatternRef, Sparse};
use diabolo_kernels::{MatMut, MatRef};

/// Bytes an entry takes: column and value.
const BYTES_PER_ENTRY: u64 = 12;

/// Observed entries, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    pattern: Pattern,
    values: Vec<f64>,
}

impl Observed {
    /// The observed entries of `x`, in order.
    /// # Errors
    /// [`Error::Numerical`] where a value is infinite, [`Error::Limit`].
    pub fn of(x: &Features, budget: &Budget) -> Result<Observed> {
        Self::of_entries(x, |value| !value.is_nan(), budget)
    }

    /// The entries of `x` above 0, in order: of counts, what happened.
    /// # Errors
    /// As [`Observed::of`].
    pub fn positive(x: &Features, budget: &Budget) -> Result<Observed> {
        Self::of_entries(x, |value| value > 0.0, budget)
    }

    /// The entries that are of a kind.
    fn of_entries(x: &Features, is: impl Fn(f64) -> bool, budget: &Budget) -> Result<Observed> {
        if let Some((i, j)) = x.first_where(f64::is_infinite) {
            return Err(Error::numerical(
                format!("row {}, column {}", i + 1, j + 1),
                "the value is infinite; remove it, or write NaN and read it with --missing nan",
            ));
        }
        budget.charge_array(x.n_stored() as u64, BYTES_PER_ENTRY, "the observed entries")?;
        budget.charge_array(x.n_samples() as u64 + 1, 8, "the observed entries")?;
        let mut rows = Rows::new(x.n_features());
        let mut dense = vec![0.0; if x.is_sparse() { 0 } else { x.n_features() }];
        for i in 0..x.n_samples() {
            match x {
                Features::Sparse(x) => {
                    let (columns, values) = x.row(i);
                    rows.extend(
                        columns.iter().copied().zip(values.iter().copied()).filter(|(_, value)| is(*value)),
                    );
                }
                _ => {
                    x.row_into(i, &mut dense);
                    rows.extend((0..).zip(dense.iter().copied()).filter(|(_, value)| is(*value)));
                }
            }
            rows.end_row();
        }
        Ok(rows.finish())
    }

    /// A matrix of which nothing is observed.
    pub fn none(n_rows: usize, n_cols: usize) -> Observed {
        let mut rows = Rows::new(n_cols);
        (0..n_rows).for_each(|_| rows.end_row());
        rows.finish()
    }

    /// Gives the entries to a visitor of [`crate::tensors::Tensors`].
    pub fn visit_as(&self, name: &str, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        let indptr: Vec<u64> = self.pattern().indptr().iter().map(|&start| start as u64).collect();
        visit_vector(each, &format!("{name}/indptr"), indptr.as_slice());
        visit_vector(each, &format!("{name}/columns"), self.pattern().indices());
        visit_vector(each, &format!("{name}/values"), self.values());
    }

    /// The entries of that name.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or are no matrix.
    pub fn load(named: &Named, name: &str, n_cols: usize) -> Result<Observed> {
        let indptr = named.vector_u64(&format!("{name}/indptr"))?;
        let indices = named.vector_u32(&format!("{name}/columns"))?;
        let values = named.vector_f64(&format!("{name}/values"))?;
        let wrong = |why: String| Error::shape("observed entries in compressed rows", why);
        if indices.len() != values.len() || indptr.is_empty() {
            return Err(wrong(format!("{} columns for {} values", indices.len(), values.len())));
        }
        let indptr: Vec<usize> = indptr.into_iter().map(|start| start as usize).collect();
        let pattern = Pattern::new(indptr.len() - 1, n_cols, indptr, indices);
        Ok(Observed { pattern: pattern.map_err(|e| wrong(e.to_string()))?, values })
    }

    /// Splits off a share of the entries, each by a coin of its own: what stays, and what is held out.
    /// # Errors
    /// [`Error::Limit`].
    pub fn split(&self, share: f64, seed: u64, budget: &Budget) -> Result<(Observed, Observed)> {
        budget.charge_array(self.len() as u64, BYTES_PER_ENTRY, "the split of the observed entries")?;
        let n_cols = self.n_cols();
        let (mut kept, mut held_out) = (Rows::new(n_cols), Rows::new(n_cols));
        for i in 0..self.n_rows() {
            let mut rng = Rng::keyed(seed, &[HELD_OUT, i as u64]);
            let (columns, values) = self.row(i);
            for (&j, &value) in columns.iter().zip(values) {
                let side = if rng.bernoulli(share) { &mut held_out } else { &mut kept };
                side.extend(std::iter::once((j, value)));
            }
            kept.end_row();
            held_out.end_row();
        }
        Ok((kept.finish(), held_out.finish()))
    }

    /// The entries at other places than those of `other`, a matrix of as many rows; columns rise in both.
    pub fn without(&self, other: &Observed) -> Observed {
        let mut rows = Rows::new(self.n_cols());
        for i in 0..self.n_rows() {
            let (columns, values) = self.row(i);
            let entries = columns.iter().copied().zip(values.iter().copied());
            rows.extend(entries.filter(|(j, _)| other.row(i).0.binary_search(j).is_err()));
            rows.end_row();
        }
        rows.finish()
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.pattern.as_ref().n_rows()
    }

    /// Number of columns.
    pub fn n_cols(&self) -> usize {
        self.pattern.as_ref().n_cols()
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether nothing is observed.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number of entries of row `i`.
    pub fn n_in_row(&self, i: usize) -> usize {
        self.pattern.as_ref().row(i).len()
    }

    /// Columns and values of row `i`.
    pub fn row(&self, i: usize) -> (&[u32], &[f64]) {
        let range = self.pattern.as_ref().row(i);
        (&self.pattern.as_ref().indices()[range.clone()], &self.values[range])
    }

    /// Every entry as (row, column, value), in order.
    pub fn entries(&self) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
        (0..self.n_rows()).flat_map(move |i| {
            let (columns, values) = self.row(i);
            columns.iter().zip(values).map(move |(&j, &value)| (i, j as usize, value))
        })
    }

    /// Where the entries are.
    pub fn pattern(&self) -> PatternRef<'_> {
        self.pattern.as_ref()
    }

    /// The values, in order.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Where the entries are, and their values.
    pub fn into_parts(self) -> (Pattern, Vec<f64>) {
        (self.pattern, self.values)
    }

    /// The same places with other values.
    /// # Panics
    /// If there is not one value a place.
    pub fn with_values<'a>(&'a self, values: &'a [f64]) -> CsrRef<'a, f64> {
        CsrRef::new(self.pattern(), values)
    }

    /// C = alpha A B + beta C, A being the entries with other values: a dense product where every entry is observed.
    /// # Panics
    /// If the sizes do not agree.
    pub fn product(&self, alpha: f64, values: &[f64], b: MatRef<f64>, beta: f64, c: MatMut<f64>) {
        if self.pattern().is_complete() {
            let dense = MatRef::new(values, self.n_rows(), self.n_cols());
            f64::gemm(alpha, dense, b, beta, c, Epilogue::default());
        } else {
            f64::spmm(alpha, self.with_values(values), b, beta, c);
        }
    }

    /// The mean of the values; 0 of none.
    pub fn mean(&self) -> f64 {
        f64::sum_of(&self.values) / self.len().max(1) as f64
    }

    /// The root mean squared distance of the values from `mean`; 0 of none.
    pub fn spread(&self, mean: f64) -> f64 {
        let differences: Vec<f64> = self.values.iter().map(|value| value - mean).collect();
        root_mean_square(&differences)
    }
}

/// u_i . v_j for every place (i, j) of a pattern, in its order: a dense product where it has every place.
/// # Panics
/// If the sizes do not agree.
pub fn inner_products(pattern: PatternRef, u: MatRef<f64>, v: MatRef<f64>, out: &mut [f64]) {
    if pattern.is_complete() {
        let out = MatMut::new(out, pattern.n_rows(), pattern.n_cols());
        f64::gemm(1.0, u, v.t(), 0.0, out, Epilogue::default());
    } else {
        f64::sddmm(pattern, u, v, out);
    }
}

/// Stream of the split.
const HELD_OUT: u64 = 0x0b5e;

/// sqrt(sum_t x_t^2 / n); 0 of none.
pub fn root_mean_square(x: &[f64]) -> f64 {
    (f64::squared_norm(x) / x.len().max(1) as f64).sqrt()
}

/// Rows that are being written.
struct Rows {
    n_cols: usize,
    indptr: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f64>,
}

impl Rows {
    fn new(n_cols: usize) -> Rows {
        Rows { n_cols, indptr: vec![0], indices: Vec::new(), values: Vec::new() }
    }

    /// Adds entries to the row that is being written.
    fn extend(&mut self, entries: impl Iterator<Item = (u32, f64)>) {
        for (column, value) in entries {
            self.indices.push(column);
            self.values.push(value);
        }
    }

    fn end_row(&mut self) {
        self.indptr.push(self.values.len());
    }

    fn finish(self) -> Observed {
        let pattern = Pattern::new(self.indptr.len() - 1, self.n_cols, self.indptr, self.indices);
        Observed { pattern: pattern.expect("rows written in order within the columns"), values: self.values }
    }
}

/// The same entries by rows and by columns.
#[derive(Clone, Debug)]
pub struct Sides {
    /// By rows.
    pub rows: Observed,
    /// By columns: the transpose.
    pub cols: Observed,
    /// For each entry of `cols` its place in `rows`.
    order: Vec<usize>,
}

impl Sides {
    /// Adds the view by columns.
    /// # Errors
    /// [`Error::Limit`].
    pub fn new(rows: Observed, budget: &Budget) -> Result<Sides> {
        budget.charge_array(rows.len() as u64, BYTES_PER_ENTRY + 8, "the observed entries by columns")?;
        budget.charge_array(rows.n_cols() as u64 + 1, 8, "the observed entries by columns")?;
        let (pattern, order) = rows.pattern().transpose();
        let values = order.iter().map(|&entry| rows.values[entry]).collect();
        Ok(Sides { cols: Observed { pattern, values }, rows, order })
    }

    /// One number an entry, from the order of the rows to that of the columns.
    pub fn by_columns(&self, values: &[f64]) -> Vec<f64> {
        self.order.iter().map(|&entry| values[entry]).collect()
    }
}
