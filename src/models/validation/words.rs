//! Document completion: half of the words of documents that were held out, from the other half.

use super::{Tally, Units};
use crate::error::Result;
use crate::linalg::{BLOCK_ROWS, Csr, Features};
use crate::models::{Decode, Encode};
use crate::monitor::Env;
use crate::random::Rng;

/// The stream that deals the words of a document.
const HALVES: u64 = 0xf04d;

/// The least probability of a word.
const LEAST: f64 = 1e-300;

/// Documents in two halves.
pub(super) struct Halves {
    /// What is encoded.
    seen: Csr<f64>,
    /// What is predicted.
    unseen: Csr<f64>,
}

impl Halves {
    /// Deals every word of every document to a half by a coin of its own; a count that is not whole goes to one as it is.
    /// # Errors
    /// Where the halves are no matrices.
    pub fn of(x: &Features, seed: u64) -> Result<Halves> {
        let m = x.n_features();
        let mut halves = [(vec![0], Vec::new(), Vec::new()), (vec![0], Vec::new(), Vec::new())];
        let mut row = vec![0.0_f64; m];
        for i in 0..x.n_samples() {
            let mut rng = Rng::keyed(seed, &[HALVES, i as u64]);
            x.row_into(i, &mut row);
            for (j, &count) in row.iter().enumerate().filter(|(_, count)| **count != 0.0) {
                let seen = match count.fract() == 0.0 && count > 0.0 {
                    true => rng.binomial(count as u64, 0.5) as f64,
                    false if rng.bernoulli(0.5) => count,
                    false => 0.0,
                };
                for ((_, columns, values), part) in halves.iter_mut().zip([seen, count - seen]) {
                    if part != 0.0 {
                        columns.push(j as u32);
                        values.push(part);
                    }
                }
            }
            halves.iter_mut().for_each(|(indptr, columns, _)| indptr.push(columns.len()));
        }
        let [seen, unseen] = halves.map(|(indptr, columns, values)| Csr::new(m, indptr, columns, values));
        Ok(Halves { seen: seen?, unseen: unseen? })
    }

    /// Adds -n ln p of the words that were not seen: p is what the model decodes of the code of those that were, over
    /// its sum.
    /// # Errors
    /// What the model raises.
    pub fn tally(
        &self,
        (encoder, decoder): (&dyn Encode, &dyn Decode),
        units: &dyn Units,
        tally: &mut Tally,
        env: &Env,
    ) -> Result<()> {
        for first in (0..self.seen.n_rows()).step_by(BLOCK_ROWS) {
            let rows: Vec<usize> = (first..(first + BLOCK_ROWS).min(self.seen.n_rows())).collect();
            let x = units.scaled(self.seen.select_rows(&rows).into())?;
            let codes = encoder.encode(&x, env)?.to_f64();
            let predicted = units.unscaled(decoder.decode(&codes, env)?)?;
            for (p, &i) in predicted.rows().zip(&rows) {
                let total: f64 = p.iter().sum();
                let (columns, counts) = self.unseen.row(i);
                for (&j, &count) in columns.iter().zip(counts) {
                    tally.add_words(count, (p[j as usize] / total).max(LEAST));
                }
            }
        }
        Ok(())
    }
}
