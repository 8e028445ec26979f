//! The folds of a data set, and the predictions of what a fold holds out.

use super::{HeldOut, Metric, Tally};
use crate::error::{Error, Result};
use crate::linalg::{BLOCK_ROWS, Csr, Features, Graph, Link, Matrix};
use crate::metrics::ranking::DEPTH;
use crate::models::graph::Found;
use crate::models::{Data, Decode, Encode, Model};
use crate::monitor::{Budget, Env};
use crate::random::Rng;
use crate::solve::links::draw_unlinked;
use crate::solve::observed::Observed;
use crate::solve::top_n::best_of;

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

/// The units a model works in, where they are not those of the data.
pub trait Units {
    /// Data in the units of the model.
    /// # Errors
    /// As scaling raises.
    fn scaled(&self, x: Features) -> Result<Features>;
    /// Predictions in the units of the data.
    /// # Errors
    /// As scaling raises.
    fn unscaled(&self, x: Matrix<f64>) -> Result<Matrix<f64>>;
}

/// One fold: what the fit sees, and what it does not.
pub struct Split {
    /// What the fit sees, in the units of the data.
    pub train: Features,
    hidden: Hidden,
}

enum Hidden {
    /// Values at their places among the rows of `train`.
    Values(Observed),
    /// Other rows, whose features are hidden in these parts.
    Rows { rows: Features, parts: Vec<Vec<usize>> },
    /// Other rows, which the model's own score of this name judges.
    Scored { rows: Features, name: &'static str },
    /// Links that the graph has not, and pairs that are none.
    Links { links: Vec<Link>, none: Vec<Link> },
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

impl Split {
    /// The errors of a model at what was held out; it was fitted to `train` in its units.
    /// # Errors
    /// What the model raises; [`Error::Parameter`] where it cannot predict.
    pub fn tally(&self, model: &dyn Model, units: &dyn Units, metric: Metric, env: &Env) -> Result<Tally> {
        let cannot = || Error::parameter("model", "it predicts nothing that is held out; tune another");
        if let Hidden::Scored { rows, name } = &self.hidden {
            let x = units.scaled(rows.clone())?;
            let scores = model.score(&Data::rows(&x), env)?;
            let score = scores.iter().find(|score| score.0 == *name).ok_or_else(cannot)?.1;
            let mut tally = Tally::new(metric);
            tally.add_score(x.n_samples(), score);
            return Ok(tally);
        }
        if let Hidden::Links { links, none } = &self.hidden {
            let embedding = model.graph().ok_or_else(cannot)?;
            let found = Found::of(embedding.rows(), links, none).ok_or_else(cannot)?;
            let mut tally = Tally::new(metric);
            tally.add_score(links.len(), 1.0 - found.auc());
            return Ok(tally);
        }
        let (Some(encoder), Some(decoder)) = (model.encoder(), model.decoder()) else { return Err(cannot()) };
        let mut tally = Tally::new(metric);
        match &self.hidden {
            Hidden::Scored { .. } | Hidden::Links { .. } => {}
            Hidden::Values(hidden) => self.values(encoder, decoder, hidden, units, &mut tally, env)?,
            Hidden::Rows { rows, parts } => {
                for part in parts {
                    let known: Vec<usize> =
                        (0..rows.n_features()).filter(|j| part.binary_search(j).is_err()).collect();
                    rows_without(rows, part, &known, (encoder, decoder), units, &mut tally, env)?
                        .ok_or_else(cannot)?;
                }
            }
        }
        Ok(tally)
    }

    /// Values hidden in the rows the fit has seen.
    fn values(
        &self,
        encoder: &dyn Encode,
        decoder: &dyn Decode,
        hidden: &Observed,
        units: &dyn Units,
        tally: &mut Tally,
        env: &Env,
    ) -> Result<()> {
        for_blocks(self.train.n_samples(), |rows| {
            let x = units.scaled(self.train.select_rows(rows))?;
            let codes = encoder.encode(&x, env)?.to_f64();
            let predicted = units.unscaled(decoder.decode(&codes, env)?)?;
            for (r, &i) in rows.iter().enumerate() {
                let (columns, observed) = hidden.row(i);
                if tally.metric() == Metric::Ndcg {
                    let seen = stored_columns(&self.train, i);
                    let best = best_of(predicted.row(r), &seen, DEPTH);
                    let list: Vec<u32> = best.into_iter().map(|(j, _)| j).collect();
                    tally.add_ranking(&list, columns);
                    continue;
                }
                let predicted: Vec<f64> = columns.iter().map(|&j| predicted[(r, j as usize)]).collect();
                tally.add(observed, &predicted);
            }
            Ok(())
        })
    }
}

/// A part of the features of rows, predicted from the other features; `None` where the model cannot.
fn rows_without(
    rows: &Features,
    part: &[usize],
    known: &[usize],
    (encoder, decoder): (&dyn Encode, &dyn Decode),
    units: &dyn Units,
    tally: &mut Tally,
    env: &Env,
) -> Result<Option<()>> {
    let mut can = Some(());
    for_blocks(rows.n_samples(), |block| {
        let block = rows.select_rows(block);
        let observed = block.to_dense();
        let scaled = units.scaled(block)?.to_dense();
        let seen = Matrix::from_fn(scaled.n_rows(), known.len(), |i, l| scaled[(i, known[l])]);
        let Some(codes) = encoder.encode_known(&seen, known) else {
            can = None;
            return Ok(());
        };
        let predicted = units.unscaled(decoder.decode(&codes?.to_f64(), env)?)?;
        for i in 0..predicted.n_rows() {
            let pick = |x: &Matrix<f64>| -> Vec<f64> { part.iter().map(|&j| x[(i, j)]).collect() };
            tally.add(&pick(&observed), &pick(&predicted));
        }
        Ok(())
    })?;
    Ok(can)
}

/// The columns of what is stored of a row and not missing, rising.
fn stored_columns(x: &Features, i: usize) -> Vec<u32> {
    match x {
        Features::Sparse(x) => x.row(i).0.to_vec(),
        _ => {
            let mut row = vec![0.0_f64; x.n_features()];
            x.row_into(i, &mut row);
            (0..row.len() as u32).filter(|&j| !row[j as usize].is_nan()).collect()
        }
    }
}

/// Calls `f` with the numbers of a block of rows, block after block.
fn for_blocks(n_rows: usize, mut f: impl FnMut(&[usize]) -> Result<()>) -> Result<()> {
    (0..n_rows).step_by(BLOCK_ROWS).try_for_each(|first| {
        let rows: Vec<usize> = (first..(first + BLOCK_ROWS).min(n_rows)).collect();
        f(&rows)
    })
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
