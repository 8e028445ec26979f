//! Words that say little: an English list, or one from a file.

use super::words::Words;
use super::{Cutting, TextOptions};
use crate::error::Result;
use crate::io::input::Input;
use crate::io::interned::Interned;
use crate::monitor::Budget;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The English list of the Snowball project (M. F. Porter 2001, BSD-3-Clause); the file has its terms.
const ENGLISH: &str = include_str!("english.txt");

/// Which words are dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum StopWords {
    /// The English ones.
    #[default]
    English,
    /// None.
    None,
    /// Those of a file: a word a line; what follows `#` or `|` is a comment.
    File(PathBuf),
}

impl From<String> for StopWords {
    fn from(word: String) -> StopWords {
        match word.as_str() {
            "english" => StopWords::English,
            "none" => StopWords::None,
            _ => StopWords::File(word.into()),
        }
    }
}

impl FromStr for StopWords {
    type Err = std::convert::Infallible;

    fn from_str(word: &str) -> std::result::Result<StopWords, Self::Err> {
        Ok(StopWords::from(word.to_owned()))
    }
}

impl From<StopWords> for String {
    fn from(words: StopWords) -> String {
        words.to_string()
    }
}

impl fmt::Display for StopWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StopWords::English => f.write_str("english"),
            StopWords::None => f.write_str("none"),
            StopWords::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// How text is cut after these options, the stop words cut in the same way.
/// # Errors
/// [`crate::Error::Io`], [`crate::Error::Limit`] and those of broken files where the words are in one.
pub(super) fn cutting(options: &TextOptions, budget: &Budget) -> Result<Cutting> {
    let mut cutting = Cutting {
        lowercase: options.lowercase,
        min_word_length: options.min_word_length,
        ngrams: options.ngrams,
        stop_words: Vec::new(),
    };
    let mut input = match &options.stop_words {
        StopWords::None => return Ok(cutting),
        StopWords::English => Input::over(Path::new("english"), ENGLISH.as_bytes(), budget)?,
        StopWords::File(path) => Input::open(path, budget)?,
    };
    let mut words = Words::new(&cutting);
    let mut found = Interned::new(budget, "the stop words");
    let mut take = |word: &[u8]| found.intern(word).map(|_| ());
    input.for_each_line_where(
        |_| true,
        |_, line| {
            let end = line.iter().position(|byte| b"#|".contains(byte)).unwrap_or(line.len());
            words.feed(&line[..end], &mut take)?;
            words.end(&mut take).map(|_| ())
        },
    )?;
    let mut numbers: Vec<u32> = (0..found.len() as u32).collect();
    numbers.sort_unstable_by(|a, b| found.name(*a).cmp(found.name(*b)));
    cutting.stop_words = found.names_of(&numbers)?;
    Ok(cutting)
}
