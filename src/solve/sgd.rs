//! Stochastic gradient descent over sorted blocks (Gemulla, Nijkamp, Haas & Sismanis 2011, "DSGD").
//!
//! Rows and columns are each cut into 8 ranges of about equal numbers of entries, and the entries
//! sorted into the 8 x 8 blocks between them. Blocks of one diagonal share neither rows nor columns,
//! so they are worked on in parallel and in any order with the same result: an epoch passes all diagonals,
//! and the numbers it ends with do not depend on the threads.
//!
//! Within a block the entries come in an order drawn anew every epoch. Entry r_ij with error e moves
//!
//! u_i <- u_i + eta/s (e v_j - lambda_i/n_i u_i),    b_i <- b_i + eta (e - lambda_i/n_i b_i)
//!
//! and likewise v_j and c_j: over an epoch a row feels its whole penalty. s is the spread of the entries,
//! which makes eta a number without unit.

use super::bilinear::{Factors, Ridge};
use super::observed::{Observed, Sides};
use crate::random::Rng;
use diabolo_kernels::parallel::map_tasks;
use std::ops::Range;

/// Ranges that rows and columns are cut into: the most threads that can work at once.
const SIDE: usize = 8;

/// Stream of the orders within blocks.
const ORDER: u64 = 0x59d0;

/// One observed value.
#[derive(Clone, Copy, Debug)]
struct Entry {
    row: u32,
    col: u32,
    value: f64,
}

/// The entries, sorted into blocks.
#[derive(Clone, Debug)]
pub struct Blocks {
    row_ranges: Vec<Range<usize>>,
    col_ranges: Vec<Range<usize>>,
    /// Block (a, b) is at a SIDE + b.
    blocks: Vec<Vec<Entry>>,
}

/// The steps of an epoch.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// eta
    pub rate: f64,
    /// s
    pub spread: f64,
    /// Which epoch it is: the orders within blocks follow from (seed, epoch, block).
    pub epoch: u64,
    /// The seed.
    pub seed: u64,
}

impl Blocks {
    /// Bytes that the blocks of so many entries take.
    pub fn bytes(n_entries: usize) -> u64 {
        (n_entries as u64).saturating_mul((size_of::<Entry>() + size_of::<u32>()) as u64)
    }

    /// Sorts the entries.
    pub fn new(sides: &Sides) -> Blocks {
        let (row_ranges, col_ranges) = (equal_ranges(&sides.rows), equal_ranges(&sides.cols));
        let mut block_of_col = vec![0; sides.rows.n_cols()];
        for (b, range) in col_ranges.iter().enumerate() {
            block_of_col[range.clone()].fill(b);
        }
        let mut blocks = vec![Vec::new(); SIDE * SIDE];
        for (a, range) in row_ranges.iter().enumerate() {
            for i in range.clone() {
                let (columns, values) = sides.rows.row(i);
                for (&col, &value) in columns.iter().zip(values) {
                    blocks[a * SIDE + block_of_col[col as usize]].push(Entry { row: i as u32, col, value });
                }
            }
        }
        Blocks { row_ranges, col_ranges, blocks }
    }

    /// Moves the factors by every entry once.
    pub fn epoch(&self, factors: &mut Factors, sides: &Sides, ridge: Ridge, pace: Pace) {
        let per_entry = |observed: &Observed| -> Vec<f64> {
            let counts = (0..observed.n_rows()).map(|i| observed.n_in_row(i).max(1));
            counts.map(|n| ridge.of(n) / n as f64).collect()
        };
        let (row_penalty, col_penalty) = (per_entry(&sides.rows), per_entry(&sides.cols));
        let Factors { mean, biased, rows, cols } = factors;
        let width = rows.n_cols();
        for diagonal in 0..SIDE {
            let row_parts = parts(rows.values_mut(), &self.row_ranges, width);
            let mut col_parts: Vec<_> =
                parts(cols.values_mut(), &self.col_ranges, width).into_iter().map(Some).collect();
            let tasks = row_parts.into_iter().enumerate().map(|(a, rows)| {
                let b = (a + diagonal) % SIDE;
                let cols = col_parts[b].take().expect("each range of columns once a diagonal");
                let first = (self.row_ranges[a].start, self.col_ranges[b].start);
                Task { block: a * SIDE + b, rows, cols, first }
            });
            map_tasks(tasks.collect(), |task| {
                let mut rule = Rule {
                    mean: *mean,
                    biased: *biased,
                    width,
                    rate: pace.rate,
                    factor_rate: pace.rate / pace.spread.max(f64::MIN_POSITIVE),
                    task,
                };
                let entries = &self.blocks[rule.task.block];
                let mut order: Vec<u32> = (0..entries.len() as u32).collect();
                Rng::keyed(pace.seed, &[ORDER, pace.epoch, rule.task.block as u64]).shuffle(&mut order);
                for at in order {
                    let entry = entries[at as usize];
                    rule.learn(entry, row_penalty[entry.row as usize], col_penalty[entry.col as usize]);
                }
            });
        }
    }
}

/// The bold driver (Gemulla et al. 2011, section 5): an epoch that lowers the objective makes the next one
/// faster, one that raises it is undone and the rate halved, so the objective never rises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoldDriver {
    /// eta of the next epoch.
    pub rate: f64,
    /// Epochs so far, the undone ones too.
    pub epoch: u64,
}

/// What the rate is multiplied by after an epoch that lowered the objective.
const FASTER: f64 = 1.05;

/// What the rate is multiplied by after an epoch that was undone.
const SLOWER: f64 = 0.5;

impl BoldDriver {
    /// One epoch: the residuals after it, and whether it was kept.
    pub fn step(
        &mut self,
        blocks: &Blocks,
        (factors, sides, ridge): (&mut Factors, &Sides, Ridge),
        seed: u64,
    ) -> (Vec<f64>, bool) {
        let before = factors.clone();
        let residuals_before = factors.residuals(&sides.rows);
        let last = factors.objective(sides, &residuals_before, ridge);
        let spread = sides.rows.spread(factors.mean);
        blocks.epoch(factors, sides, ridge, Pace { rate: self.rate, spread, epoch: self.epoch, seed });
        self.epoch += 1;
        let residuals = factors.residuals(&sides.rows);
        if factors.objective(sides, &residuals, ridge) <= last {
            self.rate *= FASTER;
            return (residuals, true);
        }
        self.rate *= SLOWER;
        *factors = before;
        (residuals_before, false)
    }

    /// Whether there is nothing to gain: an epoch that was kept moved too little, or even steps of a
    /// hundred-thousandth of the first ones lead up.
    pub fn converged(&self, kept: bool, moved_too_little: bool, first_rate: f64) -> bool {
        if kept { moved_too_little } else { self.rate < 1e-5 * first_rate }
    }
}

/// The rows and columns that one block moves.
struct Task<'a> {
    block: usize,
    rows: &'a mut [f64],
    cols: &'a mut [f64],
    /// The first row and the first column of the parts.
    first: (usize, usize),
}

/// How one entry moves its row and its column.
struct Rule<'a> {
    mean: f64,
    biased: bool,
    width: usize,
    rate: f64,
    factor_rate: f64,
    task: Task<'a>,
}

impl Rule<'_> {
    #[inline]
    fn learn(&mut self, entry: Entry, row_penalty: f64, col_penalty: f64) {
        let k = self.width - usize::from(self.biased);
        let (first_row, first_col) = self.task.first;
        let row = &mut self.task.rows[(entry.row as usize - first_row) * self.width..][..self.width];
        let col = &mut self.task.cols[(entry.col as usize - first_col) * self.width..][..self.width];
        let (u, row_bias) = row.split_at_mut(k);
        let (v, col_bias) = col.split_at_mut(k);
        let mut error = entry.value - self.mean - u.iter().zip(&*v).map(|(u, v)| u * v).sum::<f64>();
        if let ([b], [c]) = (&mut *row_bias, &mut *col_bias) {
            error -= *b + *c;
            *b += self.rate * (error - row_penalty * *b);
            *c += self.rate * (error - col_penalty * *c);
        }
        for (u, v) in u.iter_mut().zip(v) {
            let (old_u, old_v) = (*u, *v);
            *u += self.factor_rate * (error * old_v - row_penalty * old_u);
            *v += self.factor_rate * (error * old_u - col_penalty * old_v);
        }
    }
}

/// Cuts the rows into [`SIDE`] ranges of about equal numbers of entries; some may be empty.
fn equal_ranges(observed: &Observed) -> Vec<Range<usize>> {
    let indptr = observed.pattern().indptr();
    let mut start = 0;
    let mut ranges = Vec::with_capacity(SIDE);
    for q in 1..=SIDE {
        let end = match q {
            SIDE => observed.n_rows(),
            _ => indptr.partition_point(|&before| before < observed.len() * q / SIDE).min(observed.n_rows()),
        };
        ranges.push(start..end.max(start));
        start = end.max(start);
    }
    ranges
}

/// The parts of a factor's values that belong to the ranges.
fn parts<'a>(mut values: &'a mut [f64], ranges: &[Range<usize>], width: usize) -> Vec<&'a mut [f64]> {
    let mut parts = Vec::with_capacity(ranges.len());
    for range in ranges {
        let (part, rest) = values.split_at_mut(range.len() * width);
        parts.push(part);
        values = rest;
    }
    parts
}
