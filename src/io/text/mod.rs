//! Text into counts of words: a document a line, or a folder with a file for every document.
//!
//! * **Documents.** Every line of a file is a document, an empty one too. In a folder every file is one, those
//!   in folders below it too, in the order of their paths, which name them; files whose names begin with a dot
//!   are skipped. Where all lie in sub-folders, the first of these on the way to a document is its class.
//! * **Characters** are UTF-8. Bytes that are not separate words like blanks, and are counted and told; a
//!   document with binary zeros, and a file of which more than a tenth is not UTF-8, are refused.
//! * **Words** are the longest runs of letters, digits and underscores (Unicode's alphabetic and numeric
//!   characters, and marks that combine with them), in lower case unless it is told, of at least
//!   `min_word_length` characters; runs above 256 bytes are none. That is the rule of scikit-learn's
//!   CountVectorizer but for combining marks, which end words there. Languages without blanks between words
//!   must be cut into words before.
//! * **Stop words** are cut by the same rule (`don't` is `don` and `t`) and dropped, then `ngrams` neighbours
//!   are joined to terms, over what was dropped.
//! * **The vocabulary** are the terms, sorted by their bytes, that occur in at least `min_df` and at most
//!   `max_df` documents, and of these the `max_features` most frequent.
//!
//! Memory holds the counts, 12 bytes for every different word of a document, and every different word of the
//! text once; never a document.

mod counts;
mod folder;
mod stop_words;
mod words;

pub use folder::{is_folder, read_folder};
pub use stop_words::StopWords;

use super::input::{BYTE_ORDER_MARK, Input};
use super::loaded::Loaded;
use super::read::ReadOptions;
use crate::error::{Error, Result};
use crate::models::{Dataset, Names};
use crate::monitor::Budget;
use counts::Counts;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use words::Words;

/// How text becomes counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default)]
pub struct TextOptions {
    /// Words in lower case
    #[cfg_attr(
        feature = "cli",
        arg(long, help_heading = "Text", num_args = 0..=1, require_equals = true, default_missing_value = "true", action = clap::ArgAction::Set)
    )]
    pub lowercase: bool,
    /// Characters a word has at least
    #[cfg_attr(feature = "cli", arg(long, help_heading = "Text", value_name = "N"))]
    pub min_word_length: usize,
    /// Words that are dropped: `english`, `none`, or a file with one a line
    #[cfg_attr(feature = "cli", arg(long, help_heading = "Text", value_name = "english|none|FILE"))]
    pub stop_words: StopWords,
    /// Neighbouring words, up to N of them, are terms too
    #[cfg_attr(feature = "cli", arg(long, help_heading = "Text", value_name = "N"))]
    pub ngrams: usize,
    /// Documents a term occurs in at least: a number, or a share with a point or % (`5`, `0.01`, `1%`)
    #[cfg_attr(feature = "cli", arg(long, help_heading = "Text", value_name = "N|SHARE"))]
    pub min_df: Frequency,
    /// Documents a term occurs in at most
    #[cfg_attr(feature = "cli", arg(long, help_heading = "Text", value_name = "N|SHARE"))]
    pub max_df: Frequency,
    /// Only so many of the most frequent terms
    #[cfg_attr(feature = "cli", arg(long, help_heading = "Text", value_name = "N"))]
    pub max_features: Option<usize>,
}

impl Default for TextOptions {
    fn default() -> Self {
        TextOptions {
            lowercase: true,
            min_word_length: 2,
            stop_words: StopWords::English,
            ngrams: 1,
            min_df: Frequency::Count(1),
            max_df: Frequency::Share(1.0),
            max_features: None,
        }
    }
}

/// The most words of a term.
const MAX_NGRAMS: usize = 8;

impl TextOptions {
    /// Refuses what makes no sense.
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        if !(1..=MAX_NGRAMS).contains(&self.ngrams) {
            return Err(Error::parameter(
                "ngrams",
                format!("{} is not within 1 to {MAX_NGRAMS}", self.ngrams),
            ));
        }
        for (name, frequency) in [("min_df", self.min_df), ("max_df", self.max_df)] {
            if matches!(frequency, Frequency::Share(share) if !(0.0..=1.0).contains(&share)) {
                let why = format!(
                    "{frequency} is no share; give 0.0 to 1.0, or a number of documents without a point"
                );
                return Err(Error::parameter(name, why));
            }
        }
        if self.max_features == Some(0) {
            return Err(Error::parameter("max_features", "0 leaves nothing; give 1 or more"));
        }
        Ok(())
    }
}

/// A number of documents, absolute or as a share of all.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Frequency {
    /// So many.
    Count(u64),
    /// A share from 0 to 1.
    Share(f64),
}

impl Frequency {
    /// As a number of `n_docs` documents.
    fn of(self, n_docs: usize) -> f64 {
        match self {
            Frequency::Count(count) => count as f64,
            Frequency::Share(share) => share * n_docs as f64,
        }
    }
}

impl FromStr for Frequency {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Frequency, String> {
        let wrong = || format!("`{text}` is neither a number of documents (5) nor a share (0.01, 1%)");
        if let Some(percent) = text.strip_suffix('%') {
            return percent.trim().parse().map(|x: f64| Frequency::Share(x / 100.0)).map_err(|_| wrong());
        }
        let count = text.parse().map(Frequency::Count);
        count.or_else(|_| text.parse().map(Frequency::Share)).map_err(|_| wrong())
    }
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Frequency::Count(count) => write!(f, "{count}"),
            Frequency::Share(share) => write!(f, "{:?}", share),
        }
    }
}

/// How text is cut into terms: what a run keeps beside its vocabulary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cutting {
    /// Whether words are in lower case.
    pub lowercase: bool,
    /// Characters a word has at least.
    pub min_word_length: usize,
    /// The most words of a term.
    pub ngrams: usize,
    /// Words that are dropped, sorted.
    pub stop_words: Vec<String>,
}

/// Text under way: the words of its documents, counted.
struct Reading<'a> {
    words: Words,
    counts: Counts<'a>,
    cutting: Cutting,
    /// What is read at a time.
    chunk: Vec<u8>,
    /// Bytes read of the file under way, and those of them that are not UTF-8.
    n_bytes: u64,
    n_strange: u64,
    n_strange_in_all: u64,
}

/// Bytes read at a time.
const CHUNK: usize = 64 << 10;

impl<'a> Reading<'a> {
    fn new(options: &ReadOptions, budget: &'a Budget) -> Result<Reading<'a>> {
        options.text.check()?;
        let known = options.known.as_ref();
        let known = known.and_then(|known| Some((known.recipe.text.clone()?, known.columns.as_deref()?)));
        let (cutting, vocabulary) = match known {
            Some((cutting, vocabulary)) => (cutting, Some(vocabulary)),
            None => (stop_words::cutting(&options.text, budget)?, None),
        };
        Ok(Reading {
            words: Words::new(&cutting),
            counts: Counts::new(&cutting, vocabulary, budget)?,
            cutting,
            chunk: vec![0; CHUNK],
            n_bytes: 0,
            n_strange: 0,
            n_strange_in_all: 0,
        })
    }

    /// The rest of a file: as one document, or as a document a line.
    fn file(&mut self, input: &mut Input, is_document: bool) -> Result<()> {
        let head = input.peek(BYTE_ORDER_MARK.len())?;
        if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
            return Err(input.fail("the text is UTF-16; save it as UTF-8"));
        }
        let has_mark = head == BYTE_ORDER_MARK;
        let mut chunk = std::mem::take(&mut self.chunk);
        if has_mark {
            input.read_exact(&mut chunk[..BYTE_ORDER_MARK.len()], "the byte-order mark")?;
        }
        (self.n_bytes, self.n_strange) = (0, 0);
        let mut is_open = is_document;
        loop {
            let n = input.read_some(&mut chunk)?;
            if n == 0 {
                break;
            }
            self.n_bytes += n as u64;
            for piece in chunk[..n].split_inclusive(|&byte| byte == b'\n' && !is_document) {
                if piece.contains(&0) {
                    return Err(input.fail("the text holds binary zeros; give UTF-8 text"));
                }
                self.words.feed(piece, &mut |word| self.counts.add(word))?;
                is_open = true;
                if !is_document && piece.ends_with(b"\n") {
                    self.end_document()?;
                    is_open = false;
                }
            }
        }
        self.chunk = chunk;
        if is_open {
            self.end_document()?;
        }
        if 10 * self.n_strange > self.n_bytes {
            let share = 100.0 * self.n_strange as f64 / self.n_bytes as f64;
            let why = format!(
                "{share:.0} % of its bytes are not UTF-8; convert the text to UTF-8, or leave it out"
            );
            return Err(input.fail(why));
        }
        self.n_strange_in_all += self.n_strange;
        Ok(())
    }

    fn end_document(&mut self) -> Result<()> {
        self.n_strange += self.words.end(&mut |word| self.counts.add(word))?;
        self.counts.end_document()
    }

    /// The matrix; `place` is what a refusal names.
    fn finish(self, options: &TextOptions, place: &std::path::Path) -> Result<Loaded> {
        let mut warnings = Vec::new();
        if self.n_strange_in_all > 0 {
            let n = self.n_strange_in_all;
            warnings.push(format!(
                "{n} bytes of the text are not UTF-8 and separate words; convert it for its accents"
            ));
        }
        let (counts, vocabulary, fact) = self.counts.finish(options, place)?;
        let stop_words = match self.cutting.stop_words.len() {
            0 => "none".to_owned(),
            n => format!("{} ({n} words)", options.stop_words),
        };
        let facts = vec![("words", fact), ("stop words", stop_words)];
        let recipe = super::loaded::Recipe {
            format: Some(super::read::Format::Text),
            text: Some(self.cutting),
            ..Default::default()
        };
        let names = Names { features: Some(vocabulary), ..Names::default() };
        let dataset = Dataset { features: counts.into(), names, labels: None, batches: None };
        Ok(Loaded { recipe, facts, warnings, ..dataset.into() })
    }
}

/// Reads a file with a document on every line.
/// # Errors
/// [`Error::Parse`] for what is no text or leaves no word, [`Error::Limit`] where the budget refuses,
/// [`Error::Io`], [`Error::Parameter`].
pub fn read(input: &mut Input<'_>, options: &ReadOptions) -> Result<Loaded> {
    let budget = input.budget();
    let before = budget.used();
    let outcome = Reading::new(options, budget).and_then(|mut reading| {
        reading.file(input, false)?;
        reading.finish(&options.text, input.path())
    });
    if outcome.is_err() {
        budget.release(budget.used().saturating_sub(before)); // the stop words
    }
    outcome
}
