//! Which words a topic has more of than the others (grade-of-membership differential expression: Carbonetto et al.
//! 2023, "GoM DE: interpreting structure in sequence count data with differential expression analysis allowing for
//! grades of membership").
//!
//! For each word w, memberships and sizes as they are: x_dw ~ Poisson(s_d sum_k theta_dk f_wk), and before the data
//! ln f_wk has density ~ f_wk^c, c = `pseudocount`: as if every topic had c more of every word. The most probable
//! rates come by coordinate descent ([`crate::solve::scd`]); around them a random walk in the logarithms, accepted as
//! Metropolis et al. (1953) do, draws from the posterior. The log fold change of topic k is against the topic nearest
//! to it,
//!
//! lfc_wk = log2 f_wk - log2 f_wl, the l /= k for which |lfc_wk| is least
//!
//! and what is told of it: its value at the most likely rates, mean and a 68 % interval of the draws, z = value over
//! the distance from the interval's end nearer to 0; and, if asked, the value shrunken by all words of the topic
//! together ([`crate::solve::adaptive_shrinkage`]) with the rate of false signs.

use super::Mixture;
use crate::error::{Error, Result};
use crate::linalg::{Csr, Features, Matrix};
use crate::models::{check_columns, check_not_negative};
use crate::monitor::Env;
use crate::random::Rng;
use crate::solve::adaptive_shrinkage::{Effect, shrunken};
use crate::solve::hals::Penalty;
use crate::solve::poisson::{sparse, with_own_columns};
use crate::solve::scd;
use diabolo_kernels::parallel::map_chunks;
use diabolo_kernels::reduce::Reduce;
use diabolo_kernels::vector::VectorMath;
use std::f64::consts::LOG2_E;

/// Words a task takes.
const WORDS_PER_TASK: usize = 16;

/// Rates below this share of a word's mean rate are taken to be it: their logarithms are.
const LEAST: f64 = 1e-6;

/// How the differences are found.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// Draws for each word; the first tenth is forgotten.
    pub n_samples: usize,
    /// Standard deviation of a proposal, in ln f.
    pub step: f64,
    /// What every topic is taken to have more of every word.
    pub pseudocount: f64,
    /// Whether values are shrunken.
    pub shrink: bool,
}

impl Default for Expression {
    fn default() -> Self {
        Expression { n_samples: 1000, step: 0.3, pseudocount: 0.1, shrink: true }
    }
}

/// What is told of each word in each topic; all matrices n_words x n_topics.
#[derive(Clone, Debug, PartialEq)]
pub struct Differences {
    /// Log fold changes (base 2) at the most likely rates.
    pub lfc: Matrix<f64>,
    /// Their posterior means.
    pub mean: Matrix<f64>,
    /// Lower ends of 68 % intervals.
    pub lower: Matrix<f64>,
    /// Upper ends.
    pub upper: Matrix<f64>,
    /// Values over their standard errors.
    pub z: Matrix<f64>,
    /// Shrunken values; the values where nothing was shrunken.
    pub shrunken: Matrix<f64>,
    /// Local false sign rates; 1 where nothing was shrunken.
    pub lfsr: Matrix<f64>,
}

impl Mixture<'_> {
    /// The differences of the words of `x`, the data the model was fitted to. Streams are keyed by the word, so the
    /// result does not depend on the number of threads.
    /// # Errors
    /// [`Error::Shape`] for other data, [`Error::Parameter`] for settings that make no sense, memory over the limit.
    pub fn differences(&self, x: &Features, settings: &Expression, env: &Env) -> Result<Differences> {
        let (n, m, k) = (self.theta.n_rows(), self.beta.n_cols(), self.theta.n_cols());
        check_columns(x.n_features(), m, "features")?;
        if x.n_samples() != n {
            let received = format!("{}; give the data the model was fitted to", x.n_samples());
            return Err(Error::shape(format!("{n} samples, as the memberships have"), received));
        }
        check_not_negative("pseudocount", settings.pseudocount)?;
        if settings.n_samples < 10 || !(settings.step > 0.0 && settings.step.is_finite()) {
            return Err(Error::parameter("n_samples", "give 10 draws or more and a step above 0"));
        }
        if k < 2 {
            return Err(Error::parameter("n_topics", "one topic differs from no other; fit two or more"));
        }
        env.budget.charge_array((m * k) as u64, 8 * 12, "the differences of words")?;
        env.budget.charge_array(x.n_stored() as u64, 16, "the counts by word")?;
        let cols = sparse(x).transposed();
        let l = Matrix::from_fn(n, k, |d, t| self.sizes[d] * self.theta[(d, t)]);
        let sums = l.col_sums();
        let rates = self.rates(&cols, &l, &sums, settings.pseudocount);
        let word = |w: usize| {
            let mut rng = Rng::keyed(env.seed, &[w as u64]);
            Word::new(&cols, w, &l, &sums, rates.row(w), settings).drawn(rates.row(w), settings, &mut rng)
        };
        let told: Vec<Vec<Told>> =
            map_chunks(m, WORDS_PER_TASK, |words| words.map(word).collect::<Vec<_>>()).concat();
        let of = |f: &dyn Fn(&Told) -> f64| Matrix::from_fn(m, k, |w, t| f(&told[w][t]));
        let mut differences = Differences {
            lfc: of(&|t| t.value),
            mean: of(&|t| t.mean),
            lower: of(&|t| t.lower),
            upper: of(&|t| t.upper),
            z: of(&|t| if t.error > 0.0 { t.value / t.error } else { 0.0 }),
            shrunken: of(&|t| t.value),
            lfsr: Matrix::filled(m, k, 1.0),
        };
        for t in (0..k).filter(|_| settings.shrink) {
            let values: Vec<f64> = told.iter().map(|word| word[t].value).collect();
            let errors: Vec<f64> = told.iter().map(|word| word[t].error).collect();
            for (w, Effect { mean, lfsr, .. }) in shrunken(&values, &errors).into_iter().enumerate() {
                (differences.shrunken[(w, t)], differences.lfsr[(w, t)]) = (mean, lfsr);
            }
        }
        Ok(differences)
    }

    /// The most probable rates, n_words x n_topics: max over f_w of sum_d x_dw ln m_dw + c sum_k ln f_wk -
    /// sum_k f_wk S_k, S_k the sum of the topic's loadings and c the pseudocount.
    fn rates(&self, cols: &Csr<f64>, l: &Matrix<f64>, sums: &[f64], pseudocount: f64) -> Matrix<f64> {
        let (n, m, k) = (l.n_rows(), cols.n_rows(), l.n_cols());
        let total: f64 = sums.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let means: Vec<f64> = (0..m).map(|w| cols.row(w).1.iter().sum::<f64>() / total).collect();
        // A document of each topic alone that has the word c times pulls with c ln f; it adds nothing to the sums.
        let widened = with_own_columns(cols, k, |w| if means[w] > 0.0 { pseudocount } else { 0.0 });
        let mut f = Matrix::from_fn(m, k, |w, _| means[w]);
        let lengths = Matrix::from_fn(n + k, k, |d, t| match d.checked_sub(n) {
            None => l[(d, t)],
            Some(own) => f64::from(u8::from(own == t)),
        });
        scd::solve(&mut f, &widened, &lengths, sums, Penalty::default());
        for (w, mean) in means.iter().enumerate() {
            f.row_mut(w).iter_mut().for_each(|f| *f = f.max(LEAST * mean));
        }
        f
    }
}

/// What is told of a word in a topic.
#[derive(Clone, Copy, Debug)]
struct Told {
    value: f64,
    mean: f64,
    lower: f64,
    upper: f64,
    error: f64,
}

/// The documents of a word, as the random walk reads them.
struct Word<'a> {
    counts: &'a [f64],
    /// Loadings of these documents, a list for each topic.
    l: Vec<Vec<f64>>,
    sums: &'a [f64],
    pseudocount: f64,
    /// What it has at present: m_d = sum_k l_dk f_k.
    m: Vec<f64>,
    /// What it would have, and the logarithms of how much more that is.
    proposed: Vec<f64>,
    ratios: Vec<f64>,
}

impl<'a> Word<'a> {
    fn new(
        cols: &'a Csr<f64>,
        w: usize,
        l: &Matrix<f64>,
        sums: &'a [f64],
        f: &[f64],
        settings: &Expression,
    ) -> Self {
        let (docs, counts) = cols.row(w);
        let of_topic = |t: usize| docs.iter().map(|&d| l[(d as usize, t)]).collect();
        let l: Vec<Vec<f64>> = (0..f.len()).map(of_topic).collect();
        let mut m = vec![0.0; docs.len()];
        for (l, f) in l.iter().zip(f) {
            m.iter_mut().zip(l).for_each(|(m, l)| *m += l * f);
        }
        let (proposed, ratios) = (m.clone(), m.clone());
        Word { counts, l, sums, pseudocount: settings.pseudocount, m, proposed, ratios }
    }

    /// The random walk from the most likely rates, a coordinate at a time.
    ///
    /// ln p = sum_d x_d ln m_d + c sum_k ln f_k - sum_k f_k S_k in ln f, S_k the sum of the topic's loadings
    fn drawn(mut self, f: &[f64], settings: &Expression, rng: &mut Rng) -> Vec<Told> {
        let k = f.len();
        let value = fold_changes(f);
        if self.counts.is_empty() {
            // A word no document has.
            let nothing = Told { value: 0.0, mean: 0.0, lower: 0.0, upper: 0.0, error: 0.0 };
            return vec![nothing; k];
        }
        let mut f = f.to_vec();
        let forgotten = settings.n_samples / 10;
        let mut draws: Vec<Vec<f64>> = vec![Vec::with_capacity(settings.n_samples); k];
        for draw in 0..settings.n_samples + forgotten {
            for t in 0..k {
                self.propose(t, &mut f, settings.step, rng);
            }
            if draw >= forgotten {
                draws.iter_mut().zip(fold_changes(&f)).for_each(|(draws, lfc)| draws.push(lfc));
            }
        }
        value.into_iter().zip(draws).map(|(value, draws)| told(value, draws)).collect()
    }

    fn propose(&mut self, t: usize, f: &mut [f64], step: f64, rng: &mut Rng) {
        let by = step * rng.normal();
        let new = f[t] * by.exp();
        let change = new - f[t];
        let places = self.proposed.iter_mut().zip(&mut self.ratios).zip(self.m.iter().zip(&self.l[t]));
        for ((proposed, ratio), (m, l)) in places {
            *proposed = (m + change * l).max(f64::MIN_POSITIVE);
            *ratio = *proposed / m;
        }
        f64::ln_in_place(&mut self.ratios);
        let fit = f64::dot(self.counts, &self.ratios);
        let gain = fit + self.pseudocount * by - change * self.sums[t];
        if gain >= 0.0 || rng.uniform().ln() < gain {
            f[t] = new;
            std::mem::swap(&mut self.m, &mut self.proposed);
        }
    }
}

/// log2 f_k - log2 f_l of the nearest l, for every k.
fn fold_changes(f: &[f64]) -> Vec<f64> {
    let ln: Vec<f64> = f.iter().map(|f| f.max(f64::MIN_POSITIVE).ln()).collect();
    let nearest = |t: usize| {
        let others = (0..ln.len()).filter(|&l| l != t).map(|l| ln[t] - ln[l]);
        others.fold(f64::INFINITY, |best: f64, change| if change.abs() < best.abs() { change } else { best })
    };
    (0..ln.len()).map(|t| LOG2_E * nearest(t)).collect()
}

/// Mean, the shortest interval that holds 68 % of the draws, and the error towards 0.
fn told(value: f64, mut draws: Vec<f64>) -> Told {
    let n = draws.len();
    let mean = draws.iter().sum::<f64>() / n as f64;
    draws.sort_by(f64::total_cmp);
    let held = ((0.68 * n as f64).ceil() as usize).clamp(1, n);
    let width = |i: usize| draws[i + held - 1] - draws[i];
    let shortest = (0..=n - held).fold(0, |best, i| if width(i) < width(best) { i } else { best });
    let (lower, upper) = (draws[shortest], draws[shortest + held - 1]);
    let error = if value >= 0.0 { value - lower } else { upper - value };
    // Where the most likely value is at the interval's very end, half the interval.
    let error = if error > 0.0 { error } else { 0.5 * (upper - lower) };
    Told { value, mean, lower, upper, error }
}
