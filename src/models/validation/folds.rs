//! The folds of a data set.

use super::{HeldOut, Hidden, Split};
use crate::error::{Error, Result};
use crate::linalg::{Csr, Features, Graph, Link};
use crate::models::Data;
use crate::monitor::Budget;
use crate::random::Rng;
use crate::solve::links::draw_unlinked;
use crate::solve::observed::Observed;

/// Streams: the folds of entries and cells by row, of rows, the parts of features, the folds of links.
const ENTRIES: u64 = 0xf01d;
const ROWS: u64 = 0xf02d;
const FEATURES: u64 = 0xf03d;
const LINKS: u64 = 0xf04d;

/// Bytes of a held-out value with its place.
const BYTES_PER_VALUE: u64 = 12;

/// How data is cut: by the seed, whatever the candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folds {
    /// What is held out.
    pub held_out: HeldOut,
    /// Number of folds, 2 or more.
    pub n_folds: usize,
    /// The seed.
    pub seed: u64,
}

impl Folds {
    /// Refuses data that cannot be cut.
    /// # Errors
    /// [`Error::Parameter`] where there are fewer rows or features than folds need, [`Error::Numerical`] where
    /// rows with missing values would be held out.
    pub fn check(&self, x: &Features) -> Result<()> {
        let few = |what: &str, n: usize| {
            let why = format!("{} folds of {n} {what}; give fewer folds or more data", self.n_folds);
            Err(Error::parameter("folds", why))
        };
        let (n, m) = (x.n_samples(), x.n_features());
        match self.held_out {
            HeldOut::Entries | HeldOut::Interactions if x.n_stored() < self.n_folds => {
                few("entries", x.n_stored())
            }
            HeldOut::Cells if n.saturating_mul(m) < self.n_folds => few("cells", n * m),
            HeldOut::Rows | HeldOut::Scored(_) if n < 2 * self.n_folds => few("rows", n),
            HeldOut::Rows if m < 2 => few("features", m),
            HeldOut::Rows | HeldOut::Scored(_) => match x.first_not_finite() {
                None => Ok(()),
                Some((i, j)) => Err(Error::numerical(
                    format!("row {}, column {}", i + 1, j + 1),
                    "the value is not finite; remove the row, or read missing values as zeros with --missing zero",
                )),
            },
            _ => Ok(()),
        }
    }

    /// Fold number `fold` of `x`.
    /// # Errors
    /// [`Error::Limit`], infinite values.
    pub fn split(&self, x: &Features, fold: usize, budget: &Budget) -> Result<Split> {
        match (self.held_out, x) {
            (HeldOut::Entries | HeldOut::Interactions, Features::Sparse(x)) => {
                self.stored_entries(x, fold, budget)
            }
            (HeldOut::Cells, Features::Sparse(x)) => self.sparse_cells(x, fold, budget),
            (HeldOut::Entries | HeldOut::Interactions | HeldOut::Cells, _) => {
                self.dense_cells(x, fold, budget)
            }
            (HeldOut::Rows | HeldOut::Scored(_), _) => self.rows(x, fold, budget),
            (HeldOut::Links, x) => self.links(x, fold, budget),
        }
    }

    /// The links of the fold are taken out.
    fn links(&self, x: &Features, fold: usize, budget: &Budget) -> Result<Split> {
        budget.charge_array(x.n_stored() as u64, 4 * BYTES_PER_VALUE, "a fold of the links")?;
        let graph = Data::rows(x).graph()?;
        let mut links = graph.links();
        let n = links.len();
        if n < 2 * self.n_folds {
            let why = format!("{} folds of {n} links; give fewer folds or more data", self.n_folds);
            return Err(Error::parameter("folds", why));
        }
        Rng::keyed(self.seed, &[LINKS]).shuffle(&mut links);
        let out = n * fold / self.n_folds..n * (fold + 1) / self.n_folds;
        let none = draw_unlinked(&graph, out.len(), self.seed.wrapping_add(fold as u64))?;
        let held_out: Vec<Link> = links.drain(out).collect();
        let train = Graph::with_links(&graph, &links)?;
        let hidden = Hidden::Links { links: held_out, none };
        Ok(Split { train: train.adjacency().clone().into(), hidden })
    }

    /// The stream that deals the entries or cells of a row.
    fn dealer(&self, i: usize) -> Rng {
        Rng::keyed(self.seed, &[ENTRIES, i as u64])
    }

    /// The stored entries of the fold are taken out.
    fn stored_entries(&self, x: &Csr<f64>, fold: usize, budget: &Budget) -> Result<Split> {
        budget.charge_array(x.nnz() as u64, 2 * BYTES_PER_VALUE, "a fold of the data")?;
        let (mut kept, mut hidden) = (Rows::new(), Rows::new());
        for i in 0..x.n_rows() {
            let mut dealer = self.dealer(i);
            let (columns, values) = x.row(i);
            for (&j, &value) in columns.iter().zip(values) {
                let side = if dealer.below(self.n_folds) == fold { &mut hidden } else { &mut kept };
                side.push(j, value);
            }
            kept.end_row();
            hidden.end_row();
        }
        Ok(Split { train: kept.features(x.n_cols())?, hidden: hidden.values(x.n_cols(), budget)? })
    }

    /// The cells of the fold are missing, whether stored or not.
    fn sparse_cells(&self, x: &Csr<f64>, fold: usize, budget: &Budget) -> Result<Split> {
        let n_hidden = (x.n_rows() as u64).saturating_mul(x.n_cols() as u64) / self.n_folds as u64;
        budget.charge_array(n_hidden, 3 * BYTES_PER_VALUE, "the cells held out")?;
        budget.charge_array(x.nnz() as u64, BYTES_PER_VALUE, "a fold of the data")?;
        let (mut kept, mut hidden) = (Rows::new(), Rows::new());
        let mut row = vec![0.0; x.n_cols()];
        for i in 0..x.n_rows() {
            let mut dealer = self.dealer(i);
            let (columns, values) = x.row(i);
            columns.iter().zip(values).for_each(|(&j, &value)| row[j as usize] = value);
            for (j, value) in row.iter_mut().enumerate() {
                if dealer.below(self.n_folds) == fold {
                    hidden.push(j as u32, *value);
                    *value = f64::NAN;
                }
                if *value != 0.0 {
                    kept.push(j as u32, *value);
                }
                *value = 0.0;
            }
            kept.end_row();
            hidden.end_row();
        }
        Ok(Split { train: kept.features(x.n_cols())?, hidden: hidden.values(x.n_cols(), budget)? })
    }

    /// The cells of the fold are missing.
    fn dense_cells(&self, x: &Features, fold: usize, budget: &Budget) -> Result<Split> {
        let (n, m) = (x.n_samples(), x.n_features());
        let n_cells = (n as u64).saturating_mul(m as u64);
        budget.charge_array(n_cells, 8, "a fold of the data")?;
        budget.charge_array(n_cells / self.n_folds as u64, 2 * BYTES_PER_VALUE, "the cells held out")?;
        let mut train = x.to_dense();
        let mut hidden = Rows::new();
        for i in 0..n {
            let mut dealer = self.dealer(i);
            for (j, value) in train.row_mut(i).iter_mut().enumerate() {
                if dealer.below(self.n_folds) == fold && !value.is_nan() {
                    hidden.push(j as u32, *value);
                    *value = f64::NAN;
                }
            }
            hidden.end_row();
        }
        Ok(Split { train: train.into(), hidden: hidden.values(m, budget)? })
    }

    /// The rows of the fold are taken out; their features are hidden in as many parts as there are folds, where the
    /// model is not judged by its own score.
    fn rows(&self, x: &Features, fold: usize, budget: &Budget) -> Result<Split> {
        budget.charge_array(x.n_stored() as u64, BYTES_PER_VALUE, "a fold of the data")?;
        let part_of = |n: usize, n_parts: usize, stream: u64, part: usize| -> Vec<usize> {
            let order = Rng::keyed(self.seed, &[stream]).permutation(n);
            let mut members: Vec<usize> = order[n * part / n_parts..n * (part + 1) / n_parts].to_vec();
            members.sort_unstable();
            members
        };
        let out = part_of(x.n_samples(), self.n_folds, ROWS, fold);
        let kept: Vec<usize> = (0..x.n_samples()).filter(|i| out.binary_search(i).is_err()).collect();
        let (train, rows) = (x.select_rows(&kept), x.select_rows(&out));
        if let HeldOut::Scored(name) = self.held_out {
            return Ok(Split { train, hidden: Hidden::Scored { rows, name } });
        }
        let n_parts = self.n_folds.min(x.n_features());
        let parts = (0..n_parts).map(|part| part_of(x.n_features(), n_parts, FEATURES, part)).collect();
        Ok(Split { train, hidden: Hidden::Rows { rows, parts } })
    }
}

/// Compressed rows that are being written.
struct Rows {
    indptr: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f64>,
}

impl Rows {
    fn new() -> Rows {
        Rows { indptr: vec![0], indices: Vec::new(), values: Vec::new() }
    }

    fn push(&mut self, column: u32, value: f64) {
        self.indices.push(column);
        self.values.push(value);
    }

    fn end_row(&mut self) {
        self.indptr.push(self.values.len());
    }

    fn features(self, n_cols: usize) -> Result<Features> {
        Ok(Features::Sparse(Csr::new(n_cols, self.indptr, self.indices, self.values)?))
    }

    fn values(self, n_cols: usize, budget: &Budget) -> Result<Hidden> {
        Ok(Hidden::Values(Observed::of(&self.features(n_cols)?, budget)?))
    }
}
