//! SVMlight and LIBSVM (Joachims 1999; Chang & Lin 2011): a sample a line, its class first.
//!
//! ```text
//! # comments
//! label qid:query index:value index:value ...   # comments
//! ```
//! * Labels become classes by their spelling, without a plus and with whole numbers as such (`+1` and `1.0`
//!   are `1`); several labels between commas are one class together, and none, before a blank, is `none`.
//! * Columns count from 0 if any index is 0, else from 1 (the rule of scikit-learn), unless it is told.
//! * Indices may come in any order; one that comes twice in a line is refused.
//! * A query id must be a whole number; it is not used.

pub mod rows;

use super::charged::Charged;
use super::input::Input;
use super::interned::Interned;
use super::loaded::{IndexBase, Loaded, Recipe};
use super::matrix_market::split_word;
use super::missing::Missing;
use super::number::{parse_real, parse_unsigned, shown, value_of};
use super::read::ReadOptions;
use crate::error::{Error, Result};
use crate::linalg::Csr;
use crate::models::{Dataset, Labels};

/// Whether a file certainly is of this format, by its first bytes: the first line with more than a label
/// goes on with `index:number` or `qid:number` behind a number.
pub fn recognises(head: &[u8]) -> bool {
    let mut lines =
        head.split(|&byte| byte == b'\n').map(content).filter(|line| !line.trim_ascii().is_empty());
    lines
        .find_map(|line| {
            let (label, rest) = split_label(line);
            let (pair, _) = split_word(rest);
            let is_label =
                label.is_empty() || label.split(|&byte| byte == b',').all(|word| parse_real(word).is_some());
            (!is_label || !pair.is_empty()).then(|| is_label && is_pair(pair))
        })
        .unwrap_or(false)
}

/// The label of a line and what follows it. Behind a blank at the beginning there may be none.
fn split_label(line: &[u8]) -> (&[u8], &[u8]) {
    let (word, rest) = split_word(line);
    if line.starts_with(b" ") && word.contains(&b':') { (b"", line) } else { (word, rest) }
}

/// Whether a word is `index:number` or `qid:number`, or the beginning of one that is cut off.
fn is_pair(word: &[u8]) -> bool {
    split_pair(word).is_some_and(|(index, value)| {
        (index == b"qid" || parse_unsigned(index).is_some())
            && (value.is_empty() || parse_real(value).is_some())
    })
}

/// What stands before and behind the colon.
#[inline]
fn split_pair(word: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = word.iter().position(|&byte| byte == b':')?;
    Some((&word[..at], &word[at + 1..]))
}

/// A line without its comment.
#[inline]
fn content(line: &[u8]) -> &[u8] {
    let end = line.iter().position(|&byte| byte == b'#').unwrap_or(line.len());
    &line[..end]
}

/// Whether a line holds more than a comment.
fn is_sample(line: &[u8]) -> bool {
    !content(line).trim_ascii().is_empty()
}

/// Reads a whole file.
/// # Errors
/// [`Error::Parse`] at the line that breaks the format, [`Error::Limit`] where the budget refuses, [`Error::Io`].
pub fn read(input: &mut Input<'_>, options: &ReadOptions) -> Result<Loaded> {
    let known = options.known.as_ref();
    let told = options.index_base.or_else(|| known.and_then(|known| known.recipe.index_base));
    let mut samples = Samples::new(input, told, options.missing);
    let path = input.path().to_path_buf();
    input.for_each_line_where(is_sample, |line, text| {
        samples.push(content(text))?.map_err(|why| Error::parse_line(&path, line, why))
    })?;
    let n_least = known.filter(|_| !options.transpose).map_or(0, |known| known.n_features);
    samples.finish(input, n_least)
}

/// The matrix and the labels as they grow.
struct Samples<'a> {
    told: Option<IndexBase>,
    missing: Missing,
    starts: Charged<'a, usize>,
    /// As the file counts them.
    columns: Charged<'a, u32>,
    values: Charged<'a, f64>,
    /// The row under way, where its indices do not rise.
    row: Charged<'a, (u32, f64)>,
    least: u32,
    most: u32,
    keeps_labels: bool,
    classes: Interned<'a>,
    class: Charged<'a, u32>,
    n_queries: u64,
}

/// What a refused growth names.
const WHAT: &str = "the entries of the matrix";

impl<'a> Samples<'a> {
    fn new(input: &Input<'a>, told: Option<IndexBase>, missing: Missing) -> Samples<'a> {
        let budget = input.budget();
        Samples {
            told,
            missing,
            starts: Charged::new(budget, "the rows of the matrix"),
            columns: Charged::new(budget, WHAT),
            values: Charged::new(budget, WHAT),
            row: Charged::new(budget, "sorting a row of the matrix"),
            least: u32::MAX,
            most: 0,
            keeps_labels: true,
            classes: Interned::new(budget, "the labels"),
            class: Charged::new(budget, "the labels"),
            n_queries: 0,
        }
    }

    /// A line that is not empty; the inner error says what is wrong with it.
    fn push(&mut self, line: &[u8]) -> Result<std::result::Result<(), String>> {
        let (label, mut rest) = split_label(line);
        if label.contains(&b':') {
            let why = format!("the line begins with `{}` and has no label; write 0 before it", shown(label));
            return Ok(Err(why));
        }
        if self.keeps_labels {
            self.class.push(self.classes.intern(spelling(label).as_bytes())?)?;
        }
        let begin = self.values.len();
        self.starts.push(begin)?;
        let mut is_first = true;
        let mut rises = true;
        loop {
            let word;
            (word, rest) = split_word(rest);
            if word.is_empty() {
                break;
            }
            match self.entry(word, std::mem::take(&mut is_first)) {
                Ok(Some((index, value))) => {
                    rises &= self.columns.len() == begin || self.columns.as_slice().last() < Some(&index);
                    self.least = self.least.min(index);
                    self.most = self.most.max(index);
                    self.columns.push(index)?;
                    self.values.push(value)?;
                }
                Ok(None) => self.n_queries += 1,
                Err(why) => return Ok(Err(why)),
            }
        }
        if rises { Ok(Ok(())) } else { self.sort_row(begin) }
    }

    /// Index and value of `index:value`; nothing of a query id.
    #[inline]
    fn entry(&self, word: &[u8], is_first: bool) -> std::result::Result<Option<(u32, f64)>, String> {
        let wrong = || format!("`{}` is not an index and a value, like 3:0.5", shown(word));
        let (index, value) = split_pair(word).ok_or_else(wrong)?;
        if is_first && index == b"qid" {
            let digits = value.strip_prefix(b"-").unwrap_or(value);
            let id = parse_unsigned(digits).map(|_| None);
            return id.ok_or_else(|| format!("`{}` is not a query id; write qid:7", shown(word)));
        }
        let index = parse_unsigned(index).ok_or_else(wrong)?;
        if index >= u64::from(u32::MAX) {
            return Err(format!("the index {index} is above 2^32 - 2; give fewer columns"));
        }
        if index == 0 && self.told == Some(IndexBase::One) {
            return Err("there is an index 0 although indices are to count from 1; use --index-base 0".into());
        }
        Ok(Some((index as u32, value_of(value, self.missing)?)))
    }

    /// Sorts the last row, whose indices do not rise.
    fn sort_row(&mut self, begin: usize) -> Result<std::result::Result<(), String>> {
        let (columns, values) = (self.columns.as_mut_slice(), self.values.as_mut_slice());
        self.row.truncate(0);
        columns[begin..].iter().zip(&values[begin..]).try_for_each(|(&j, &x)| self.row.push((j, x)))?;
        let row = self.row.as_mut_slice();
        row.sort_unstable_by_key(|entry| entry.0);
        if let Some(pair) = row.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Ok(Err(format!("the index {} comes twice in the line; give it once", pair[0].0)));
        }
        for (at, &(j, x)) in row.iter().enumerate() {
            (columns[begin + at], values[begin + at]) = (j, x);
        }
        Ok(Ok(()))
    }

    /// Drops the rows, not what is known of their indices.
    fn forget(&mut self) {
        self.starts.truncate(0);
        self.columns.truncate(0);
        self.values.truncate(0);
    }

    /// Refuses a file without samples, or without a value though nothing tells how wide it is.
    fn check(&self, input: &Input, has_samples: bool, has_values: bool) -> Result<()> {
        if !has_samples {
            return Err(input.fail("the file is empty; give a line `label index:value ...` for each sample"));
        }
        if !has_values {
            return Err(input.fail("no line has a value; write them as index:value behind the label"));
        }
        Ok(())
    }

    /// From where indices count.
    fn base(&self) -> IndexBase {
        self.told.unwrap_or(IndexBase::by_least(self.least))
    }

    /// The rows, columns counted from the base.
    fn into_csr(mut self, base: IndexBase, n_features: usize) -> Result<Csr<f64>> {
        self.columns.as_mut_slice().iter_mut().for_each(|j| *j -= base.first());
        self.starts.push(self.values.len())?;
        Csr::new(n_features, self.starts.into_vec(), self.columns.into_vec(), self.values.into_vec())
    }

    fn finish(mut self, input: &Input<'a>, n_least: usize) -> Result<Loaded> {
        self.check(input, !self.class.is_empty(), !self.columns.is_empty() || n_least > 0)?;
        let base = self.base();
        let n_found = if self.columns.is_empty() { 0 } else { (self.most - base.first()) as usize + 1 };
        let class = std::mem::replace(&mut self.class, Charged::new(input.budget(), "the labels"));
        let labels = labels_of(&self.classes, class)?;
        let mut facts = vec![("indices", format!("from {}", base.first()))];
        if self.n_queries > 0 {
            facts.push(("query ids", format!("on {} samples, not used", self.n_queries)));
        }
        let x = self.into_csr(base, n_found.max(n_least))?;
        let recipe = Recipe { index_base: Some(base), ..Recipe::default() };
        let dataset = Dataset { labels: Some(labels), ..Dataset::unnamed(x.into()) };
        Ok(Loaded { recipe, facts, ..dataset.into() })
    }
}

/// A label without a plus, a whole number as such.
fn spelling(label: &[u8]) -> String {
    let label = label.strip_prefix(b"+").unwrap_or(label);
    match parse_real(label) {
        _ if label.is_empty() => "none".to_owned(),
        Some(x) if x.fract() == 0.0 && x.abs() < 1e15 => format!("{}", x as i64),
        _ => String::from_utf8_lossy(label).into_owned(),
    }
}

/// Labels of samples from the numbers of their interned classes.
/// # Errors
/// [`Error::Limit`].
pub(super) fn labels_of(classes: &Interned, class: Charged<u32>) -> Result<Labels> {
    let in_order_of_first: Vec<u32> = (0..classes.len() as u32).collect();
    let sorted = Labels::from_names(&classes.names_of(&in_order_of_first)?);
    let mut class = class.into_vec();
    class.iter_mut().for_each(|class| *class = sorted.class[*class as usize]);
    Ok(Labels { class, classes: sorted.classes })
}
