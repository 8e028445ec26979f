//! Tempered expectation maximisation (Hofmann 1999, section 3.4).
//!
//! (theta_dk beta_kw)^t = theta_dk^t beta_kw^t: the E-step at temper t is the plain one on factors whose entries are
//! raised to t.

use super::Params;
use crate::error::Result;
use crate::linalg::{Csr, Features, Matrix};
use crate::models::Step;
use crate::models::topic::Mixture;
use crate::monitor::Env;
use crate::random::Rng;
use crate::solve::poisson::{Factors, Multinomial, expected, normalise_rows, rows_of};
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};

/// Key of the streams that choose the hidden words.
const HIDDEN: u64 = 7;

/// Tempers below this are no temper: all topics become one.
const COOLEST: f64 = 0.05;

/// Every entry to the power `temper`.
pub fn raised(a: &Matrix<f64>, temper: f64) -> Matrix<f64> {
    let values = a.values().iter().map(|x| x.powf(temper)).collect();
    Matrix::from_vec(a.n_rows(), a.n_cols(), values)
}

/// A tempered fit under way.
pub struct Tempered {
    now: Multinomial,
    best: Multinomial,
    /// The temper of the best.
    best_temper: f64,
    /// The hidden words' least perplexity.
    least: f64,
    temper: f64,
    /// Whether a step at this temper has lowered it.
    has_helped: bool,
    words: Option<Words>,
}

/// The words that are fitted, by document and by word, and those that are hidden.
struct Words {
    seen: Csr<f64>,
    seen_by_word: Csr<f64>,
    hidden: Csr<f64>,
}

impl Words {
    /// Hides a share of the tokens of each entry: of x, Binomial(x, p), and of a fraction all or nothing.
    fn split(x: &Features, share: f64, env: &Env) -> Result<Words> {
        env.budget.charge_array(
            x.n_stored() as u64,
            5 * 12,
            "the words that are hidden and those that are not",
        )?;
        let all = rows_of(x);
        let (mut seen, mut hidden) = (Vec::new(), Vec::new());
        for i in 0..all.n_rows() {
            let mut rng = Rng::keyed(env.seed, &[HIDDEN, i as u64]);
            let (columns, values) = all.row(i);
            for (&j, &x) in columns.iter().zip(values) {
                let whole = x.floor();
                let tokens = rng.binomial(whole as u64, share) as f64;
                let rest = if rng.bernoulli(share) { x - whole } else { 0.0 };
                let taken = tokens + rest;
                if taken > 0.0 {
                    hidden.push((i as u32, j, taken));
                }
                if x > taken {
                    seen.push((i as u32, j, x - taken));
                }
            }
        }
        let (n, m) = (all.n_rows(), all.n_cols());
        let seen = Csr::from_triplets(n, m, seen)?;
        Ok(Words { seen_by_word: seen.transposed(), seen, hidden: Csr::from_triplets(n, m, hidden)? })
    }
}

impl Tempered {
    /// At temper 1 from these factors.
    /// # Errors
    /// Memory over the limit.
    pub fn start(x: &Features, factors: Factors, share: f64, env: &Env) -> Result<Tempered> {
        let now = Multinomial::of(&factors);
        Ok(Tempered {
            best: now.clone(),
            now,
            best_temper: 1.0,
            least: f64::INFINITY,
            temper: 1.0,
            has_helped: false,
            words: Some(Words::split(x, share, env)?),
        })
    }

    /// One step at the temper, which falls where steps at it have stopped helping; done where one at a new temper
    /// does not help at all.
    /// # Errors
    /// Memory over the limit.
    pub fn step(&mut self, x: &Features, params: &Params, env: &Env) -> Result<Step> {
        let words = match &mut self.words {
            Some(words) => words,
            absent => absent.insert(Words::split(x, params.held_out, env)?),
        };
        let Multinomial { theta, beta, .. } = &mut self.now;
        let (l, f) = (raised(theta, self.temper), raised(&beta.transposed(), self.temper));
        let (mut by_doc, by_word) = (expected(&words.seen, &l, &f), expected(&words.seen_by_word, &f, &l));
        let mut by_topic = by_word.transposed();
        normalise_rows(&mut by_doc);
        normalise_rows(&mut by_topic);
        (*theta, *beta) = (by_doc, by_topic);

        let hidden = Mixture::perplexity(&words.hidden, theta, beta).value;
        let seen = Mixture::perplexity(&words.seen, theta, beta).value;
        let helps = hidden < self.least * (1.0 - params.tol);
        let mut converged = false;
        if helps {
            (self.best, self.best_temper, self.least) = (self.now.clone(), self.temper, hidden);
            self.has_helped = true;
        } else if self.has_helped && self.temper * params.cooling > COOLEST {
            // From the best, cooler.
            self.now = self.best.clone();
            self.temper *= params.cooling;
            self.has_helped = false;
        } else {
            converged = true;
        }
        let metrics = vec![("perplexity", seen), ("held_out_perplexity", hidden), ("temper", self.temper)];
        Ok(Step { objective: hidden, converged, metrics })
    }

    /// The best factors and their temper.
    pub fn best(self) -> (Factors, f64) {
        (self.best.factors(), self.best_temper)
    }

    /// The fit of a checkpoint.
    /// # Errors
    /// [`crate::error::Error::Shape`] where arrays are missing or of another shape.
    pub fn load(named: &Named) -> Result<Tempered> {
        Ok(Tempered {
            now: Multinomial::load(&named.under("now/"))?,
            best: Multinomial::load(&named.under("best/"))?,
            best_temper: named.scalar_f64("best_temper")?,
            least: named.scalar_f64("least")?,
            temper: named.scalar_f64("value")?,
            has_helped: named.scalar_u64("has_helped")? == 1,
            words: None,
        })
    }
}

impl Tensors for Tempered {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.now.visit(&mut |name, view| each(&format!("now/{name}"), view));
        self.best.visit(&mut |name, view| each(&format!("best/{name}"), view));
        visit_f64(each, "best_temper", self.best_temper);
        visit_f64(each, "least", self.least);
        visit_f64(each, "value", self.temper);
        visit_u64(each, "has_helped", u64::from(self.has_helped));
    }
}
