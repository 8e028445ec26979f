//! Bags of words as the UCI repository keeps them (Newman 2008): `docword.NAME.txt`, with the words in
//! `vocab.NAME.txt` beside it, a word a line; each plain or with `.gz`.
//!
//! ```text
//! n_docs
//! n_words
//! n_entries
//! document word count     (from 1; a place given twice is summed)
//! ```

use super::input::Input;
use super::matrix_market::rows::Rows;
use super::matrix_market::{self, Banner};
use super::names::{Column, read_names};
use super::number::{parse_unsigned, shown};
use super::read::ReadOptions;
use crate::error::Result;
use crate::models::{Dataset, Names};
use std::path::{Path, PathBuf};

/// Whether a file certainly is of this format, by its first bytes: three lines of one whole number, then
/// lines of three.
pub fn recognises(head: &[u8]) -> bool {
    let n_words = |line: &[u8]| {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        words.try_fold(0, |n, word| parse_unsigned(word).map(|_| n + 1))
    };
    let lines: Vec<_> = head.split(|&byte| byte == b'\n').take(4).map(n_words).collect();
    lines == [Some(1), Some(1), Some(1), Some(3)]
}

/// Reads a whole file, documents x words.
/// # Errors
/// [`crate::Error::Parse`] at the line that breaks the format or what the header promises,
/// [`crate::Error::Limit`] where the budget refuses, [`crate::Error::Io`].
pub fn read(input: &mut Input<'_>, options: &ReadOptions) -> Result<Dataset> {
    let sizes = read_sizes(input)?;
    let counts = matrix_market::read_coordinates(input, &Banner::COUNTS, sizes, options)?;
    let mut names = Names::default();
    if let Some(words) = read_words(input, sizes[1], options)? {
        if options.transpose { names.samples = Some(words) } else { names.features = Some(words) }
    }
    Ok(Dataset { features: counts, names, labels: None, batches: None })
}

/// A reading of documents block by block, and the names of the words.
/// # Errors
/// As [`read`].
pub fn begin(input: &mut Input<'_>, options: &ReadOptions) -> Result<(Rows, Option<Vec<String>>)> {
    let sizes = read_sizes(input)?;
    let words = read_words(input, sizes[1], options)?;
    Ok((Rows::after(Banner::COUNTS, sizes, options.missing), words))
}

/// Documents, words and entries.
fn read_sizes(input: &mut Input<'_>) -> Result<[usize; 3]> {
    let mut sizes = [0; 3];
    for (size, what) in sizes.iter_mut().zip(["documents", "words", "entries"]) {
        let Some(line) = input.next_line()? else {
            return Err(input.fail(format!("the file ends before its number of {what}; is it cut off?")));
        };
        let parsed = parse_unsigned(line.trim_ascii()).and_then(|size| usize::try_from(size).ok());
        let wrong = format!("`{}` must be the number of {what}, alone on its line", shown(line));
        *size = parsed.ok_or_else(|| input.fail_line(wrong))?;
    }
    matrix_market::check_sizes(sizes).map_err(|why| input.fail_line(why))?;
    Ok(sizes)
}

/// The words beside the file, where there are some and no others are given.
fn read_words(input: &Input<'_>, n_words: usize, options: &ReadOptions) -> Result<Option<Vec<String>>> {
    match (vocabulary_beside(input.path()), &options.feature_names) {
        (Some(path), None) => read_names(&path, Column::First, n_words, "words", input.budget()).map(Some),
        _ => Ok(None),
    }
}

/// `vocab.NAME.txt` or the same with `.gz`, beside `docword.NAME.txt`, where there is one.
fn vocabulary_beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?.strip_prefix("docword.")?;
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let candidates = [format!("vocab.{name}"), format!("vocab.{name}.gz")];
    candidates.iter().map(|name| path.with_file_name(name)).find(|path| path.is_file())
}
