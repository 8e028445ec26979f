//! What a fold holds out, and how well a model predicts it.

use super::{Metric, Tally};
use crate::error::{Error, Result};
use crate::linalg::{BLOCK_ROWS, Features, Link, Matrix};
use crate::metrics::ranking::DEPTH;
use crate::models::graph::Found;
use crate::models::{Data, Decode, Encode, Model};
use crate::monitor::Env;
use crate::solve::observed::Observed;
use crate::solve::top_n::best_of;

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
    pub(super) hidden: Hidden,
}

/// What a fold holds out.
pub(super) enum Hidden {
    /// Values at their places among the rows of `train`.
    Values(Observed),
    /// Other rows, whose features are hidden in these parts.
    Rows { rows: Features, parts: Vec<Vec<usize>> },
    /// Other rows, which the model's own score of this name judges.
    Scored { rows: Features, name: &'static str },
    /// Links that the graph has not, and pairs that are none.
    Links { links: Vec<Link>, none: Vec<Link> },
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
