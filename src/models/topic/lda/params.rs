//! What a fit is asked for, and what makes no sense.

use crate::error::{Error, Result};
use crate::models::{Names, Settings, check_count, check_not_negative, check_positive};
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of topics
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_topics: usize,
    /// How topics are found
    #[cfg_attr(feature = "cli", arg(long, value_name = "METHOD"))]
    pub method: Method,
    /// Prior of a topic in a document: smaller makes documents of fewer topics
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub alpha: f64,
    /// Prior of a word in a topic: smaller makes topics of fewer words
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub eta: f64,
    /// Whether alpha is learned, one number or one a topic
    #[cfg_attr(feature = "cli", arg(long, value_name = "HOW"))]
    pub learn_alpha: Learn,
    /// Whether eta is learned
    #[cfg_attr(
        feature = "cli",
        arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = clap::ArgAction::Set)
    )]
    pub learn_eta: bool,
    /// Words that lead a topic, as TOPIC:WORD,WORD,... with topics counted from 1; may be given again
    #[cfg_attr(feature = "cli", arg(long, value_name = "TOPIC:WORDS"))]
    pub seed_words: Vec<String>,
    /// What is added to eta for a word that leads a topic
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub seed_weight: f64,
    /// The most iterations, sweeps or passes
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// Stop when an iteration changes the objective by less than this share of it (not of gibbs)
    #[cfg_attr(feature = "cli", arg(long, value_name = "T"))]
    pub tol: f64,
    /// The most iterations of a document's topics (variational, online, and encoding)
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub inner_iter: usize,
    /// Mean change of a document's topics below which its iterations end
    #[cfg_attr(feature = "cli", arg(long, value_name = "T"))]
    pub inner_tol: f64,
    /// Iterations in which documents start afresh, not where they were; later ones are faster (variational)
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub restarts: u64,
    /// Documents that move the topics at a time (online)
    #[cfg_attr(feature = "cli", arg(long, value_name = "ROWS"))]
    pub batch_size: usize,
    /// How fast earlier batches are forgotten, above 0.5 and up to 1 (online)
    #[cfg_attr(feature = "cli", arg(long, value_name = "KAPPA"))]
    pub kappa: f64,
    /// How little the first batches count, 0 or more (online)
    #[cfg_attr(feature = "cli", arg(long, value_name = "TAU"))]
    pub tau0: f64,
    /// Sweeps before draws count (gibbs)
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub burn_in: u64,
    /// Sweeps from one draw that counts to the next (gibbs)
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub thin: u64,
    /// How tokens are drawn (gibbs)
    #[cfg_attr(feature = "cli", arg(long, value_name = "SAMPLER"))]
    pub sampler: Sampler,
    /// Parts of the documents that are swept at the same time: 1 is exact, more are approximate and use threads (gibbs)
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub chunks: usize,
}

/// How topics are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Variational EM on all documents at once (Blei, Ng & Jordan 2003).
    Variational,
    /// Variational inference by batches of documents, for data larger than memory (Hoffman, Blei & Bach 2010).
    Online,
    /// Collapsed Gibbs sampling of whole counts (Griffiths & Steyvers 2004).
    Gibbs,
    /// Collapsed variational inference of order zero (Asuncion et al. 2009).
    #[default]
    Cvb0,
}

/// Whether a prior is learned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Learn {
    /// As given.
    #[default]
    No,
    /// One number for all topics.
    Symmetric,
    /// One number a topic.
    Asymmetric,
}

/// How tokens are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Sampler {
    /// Dense below 128 topics, by passes from there on.
    #[default]
    Auto,
    /// Every topic of every token is weighed: exact.
    Dense,
    /// Metropolis-Hastings in constant time a token: approximate.
    Passes,
}

/// Topics from which on passes do more a second.
const PASSES_FROM: usize = 128;

impl Default for Params {
    fn default() -> Self {
        Params {
            n_topics: 20,
            method: Method::default(),
            alpha: 0.1,
            eta: 0.01,
            learn_alpha: Learn::No,
            learn_eta: false,
            seed_words: Vec::new(),
            seed_weight: 10.0,
            max_iter: 300,
            tol: 1e-5,
            inner_iter: 100,
            inner_tol: 1e-3,
            restarts: 20,
            batch_size: 256,
            kappa: 0.7,
            tau0: 10.0,
            burn_in: 100,
            thin: 10,
            sampler: Sampler::default(),
            chunks: 1,
        }
    }
}

impl Params {
    /// Whether tokens are drawn by passes.
    pub(super) fn by_passes(&self) -> bool {
        match self.sampler {
            Sampler::Auto => self.n_topics >= PASSES_FROM,
            Sampler::Dense => false,
            Sampler::Passes => true,
        }
    }

    /// The (word, topic) of `seed_words`.
    /// # Errors
    /// [`Error::Parameter`] where a topic or word is not there.
    pub(super) fn seeds(&self, names: &Names, n_words: usize) -> Result<Vec<(usize, usize)>> {
        let refuse = |why: String| Err(Error::parameter("seed_words", why));
        let mut seeds = Vec::new();
        for text in &self.seed_words {
            let Some((topic, words)) = text.split_once(':') else {
                return refuse(format!(
                    "`{text}` names no topic; give TOPIC:WORD,WORD, such as 1:space,nasa"
                ));
            };
            let topic = match topic.trim().parse::<usize>() {
                Ok(topic) if (1..=self.n_topics).contains(&topic) => topic - 1,
                _ => return refuse(format!("`{topic}` is no topic from 1 to {}", self.n_topics)),
            };
            for word in words.split(',').map(str::trim) {
                match (0..n_words).find(|&w| names.feature(w) == word) {
                    Some(at) => seeds.push((at, topic)),
                    None => return refuse(format!("`{word}` is no word of the data; see `diabolo info`")),
                }
            }
        }
        Ok(seeds)
    }
}

impl Settings for Params {
    const NAME: &'static str = "lda";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        let refuse = |name: &str, why: String| Err(Error::parameter(name, why));
        check_count("n_topics", self.n_topics as u64, "0 topics explain nothing")?;
        check_count("inner_iter", self.inner_iter as u64, "0 iterations find no topics of a document")?;
        check_count("batch_size", self.batch_size as u64, "0 documents teach nothing")?;
        check_count("thin", self.thin, "every 0th draw is none")?;
        check_count("chunks", self.chunks as u64, "0 parts hold no documents")?;
        check_positive("alpha", self.alpha)?;
        check_positive("eta", self.eta)?;
        let numbers = [
            ("tol", self.tol),
            ("inner_tol", self.inner_tol),
            ("tau0", self.tau0),
            ("seed_weight", self.seed_weight),
        ];
        numbers.into_iter().try_for_each(|(name, value)| check_not_negative(name, value))?;
        if !(self.kappa > 0.5 && self.kappa <= 1.0) {
            let why =
                format!("{} forgets too fast or too slowly to converge; give 0.5 to 1, as 0.7", self.kappa);
            return refuse("kappa", why);
        }
        if self.method == Method::Gibbs && self.burn_in >= self.max_iter {
            let Params { burn_in, max_iter, .. } = self;
            let why = format!("{burn_in} leaves no draw of {max_iter} sweeps; lower it or raise max_iter");
            return refuse("burn_in", why);
        }
        if self.n_topics > MOST_TOPICS {
            let why = format!("{} topics; there may be {MOST_TOPICS}", self.n_topics);
            return refuse("n_topics", why);
        }
        if self.learn_eta && !self.seed_words.is_empty() {
            return refuse(
                "learn_eta",
                "words that lead topics have an eta of their own; leave one out".into(),
            );
        }
        if self.learn_eta && self.method == Method::Online {
            return refuse("learn_eta", "eta is not learned from batches; choose another method".into());
        }
        Ok(())
    }
}

/// Topics there may be.
const MOST_TOPICS: usize = 1 << 20;
