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
use crate::figure::{Axis, Figure, Plot, Series};
use crate::linalg::{Csr, Features, Matrix};
use crate::models::{Names, check_columns, check_not_negative};
use crate::monitor::Env;
use crate::random::Rng;
use crate::solve::adaptive_shrinkage::{Effect, shrunken};
use crate::solve::hals::Penalty;
use crate::solve::poisson::sparse;
use crate::solve::scd;
use diabolo_kernels::parallel::map_chunks;
use std::f64::consts::LOG2_E;

/// Words a task takes.
const WORDS_PER_TASK: usize = 16;

/// Rates below this share of a word's mean rate are taken to be it: their logarithms are.
const LEAST: f64 = 1e-6;

/// Points of a volcano plot at the most; beyond it the least certain are left out.
const POINTS: usize = 4000;

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
        let sums = scd::col_sums(&l);
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
        let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
        for (w, mean) in means.iter().enumerate() {
            let (docs, counts) = cols.row(w);
            indices.extend_from_slice(docs);
            values.extend_from_slice(counts);
            if *mean > 0.0 && pseudocount > 0.0 {
                indices.extend((0..k).map(|t| (n + t) as u32));
                values.extend((0..k).map(|_| pseudocount));
            }
            indptr.push(values.len());
        }
        let widened = Csr::new(n + k, indptr, indices, values).expect("columns rise, the pseudocounts last");
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
    /// Loadings of these documents, one row each.
    l: Vec<f64>,
    sums: &'a [f64],
    pseudocount: f64,
    /// What it has at present: m_d = sum_k l_dk f_k.
    m: Vec<f64>,
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
        let l: Vec<f64> = docs.iter().flat_map(|&d| l.row(d as usize).iter().copied()).collect();
        let m = l.chunks_exact(f.len()).map(|l| l.iter().zip(f).map(|(l, f)| l * f).sum()).collect();
        Word { counts, l, sums, pseudocount: settings.pseudocount, m }
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
        let k = f.len();
        let by = step * rng.normal();
        let new = f[t] * by.exp();
        let change = new - f[t];
        let mut gain = self.pseudocount * by - change * self.sums[t];
        for ((m, l), x) in self.m.iter().zip(self.l.chunks_exact(k)).zip(self.counts) {
            gain += x * ((m + change * l[t]) / m).ln();
        }
        if gain >= 0.0 || rng.uniform().ln() < gain {
            f[t] = new;
            for (m, l) in self.m.iter_mut().zip(self.l.chunks_exact(k)) {
                *m = (*m + change * l[t]).max(f64::MIN_POSITIVE);
            }
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

impl Differences {
    /// The volcano plot of a topic: how large the change of each word is, and how certain.
    pub fn volcano(&self, topic: usize, names: &Names) -> Vec<Figure> {
        let n = self.lfc.n_rows();
        let z: Vec<f64> = (0..n).map(|w| self.z[(w, topic)].abs()).collect();
        let certain: Vec<usize> = crate::linalg::falling(&z).into_iter().take(POINTS).collect();
        let is_sure = |w: usize| self.lfsr[(w, topic)] < 0.05;
        let group = |name: &str, keep: &dyn Fn(usize) -> bool| {
            let points = certain.iter().filter(|&&w| keep(w));
            let (x, y) = points.map(|&w| (self.shrunken[(w, topic)], z[w].max(0.01))).unzip();
            Series { name: name.into(), x, y }
        };
        let volcano = Figure::new(
            format!("Volcano plot of topic {}", topic + 1),
            "Words by their log fold change against the nearest other topic and by |z|, its certainty.",
            Plot::Scatter {
                x: Axis::linear("log2 fold change"),
                y: Axis::log("|z|"),
                series: vec![group("false sign rate below 5 %", &is_sure), group("others", &|w| !is_sure(w))],
            },
        );
        let header = ["word", "log2 fold change", "z", "false sign rate"].map(String::from).to_vec();
        let mut up: Vec<usize> = (0..n).filter(|&w| self.lfc[(w, topic)] > 0.0).collect();
        up.sort_by(|&a, &b| z[b].total_cmp(&z[a]));
        let row = |&w: &usize| {
            let number = |x: f64| format!("{x:.3}");
            vec![
                names.feature(w),
                number(self.shrunken[(w, topic)]),
                number(self.z[(w, topic)]),
                format!("{:.1e}", self.lfsr[(w, topic)]),
            ]
        };
        let table = Figure::new(
            format!("Words that topic {} has more of", topic + 1),
            "The most certain first.",
            Plot::Table { header, rows: up.iter().take(20).map(row).collect() },
        );
        vec![volcano, table]
    }
}
