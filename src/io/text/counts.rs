//! Terms of documents, counted while they come; the vocabulary chosen when all are there.
//!
//! Every different term has a number from its first appearance. A document's entries stand behind those of
//! the one before; a term remembers the document it was met in last and its entry there, so that counting
//! takes no table for each document. At the end the entries of terms that stay are renumbered in place.

use super::{Cutting, TextOptions};
use crate::error::{Error, Result};
use crate::io::charged::Charged;
use crate::io::interned::Interned;
use crate::linalg::Csr;
use crate::monitor::Budget;
use std::path::Path;

/// What is known of a term.
#[derive(Clone, Copy, Default)]
struct Term {
    /// The number of the last document it was met in, from 1.
    last: u32,
    /// Documents it was met in.
    n_docs: u32,
    /// Its entry in the last one.
    place: usize,
}

/// Counts under way.
pub(super) struct Counts<'a> {
    terms: Interned<'a>,
    known: Charged<'a, Term>,
    /// Whether only the terms that are there are counted.
    is_fixed: bool,
    stop_words: Interned<'a>,
    ngrams: usize,
    /// The last words of this document, as many as a longer term takes before its last.
    recent: Vec<Vec<u8>>,
    term: Vec<u8>,
    n_docs: usize,
    n_words: u64,
    starts: Charged<'a, usize>,
    columns: Charged<'a, u32>,
    values: Charged<'a, f64>,
    budget: &'a Budget,
}

/// What a refused growth names.
const WORDS: &str = "the words";
const ENTRIES: &str = "the counts of words";

impl<'a> Counts<'a> {
    /// No documents yet; with a vocabulary nothing else is counted.
    pub(super) fn new(
        cutting: &Cutting,
        vocabulary: Option<&[String]>,
        budget: &'a Budget,
    ) -> Result<Counts<'a>> {
        let terms = match vocabulary {
            Some(terms) => Interned::of(terms, budget, WORDS)?,
            None => Interned::new(budget, WORDS),
        };
        let mut starts = Charged::new(budget, ENTRIES);
        starts.push(0)?;
        Ok(Counts {
            known: Charged::filled(budget, WORDS, terms.len(), Term::default())?,
            terms,
            is_fixed: vocabulary.is_some(),
            stop_words: Interned::of(&cutting.stop_words, budget, WORDS)?,
            ngrams: cutting.ngrams,
            recent: Vec::new(),
            term: Vec::new(),
            n_docs: 0,
            n_words: 0,
            starts,
            columns: Charged::new(budget, ENTRIES),
            values: Charged::new(budget, ENTRIES),
            budget,
        })
    }

    /// The next word of the document.
    pub(super) fn add(&mut self, word: &[u8]) -> Result<()> {
        if self.stop_words.find(word).is_some() {
            return Ok(());
        }
        self.n_words += 1;
        self.count(word)?;
        if self.ngrams > 1 {
            self.add_longer(word)?;
        }
        Ok(())
    }

    /// The terms of several words that end with this one.
    fn add_longer(&mut self, word: &[u8]) -> Result<()> {
        let mut term = std::mem::take(&mut self.term);
        for first in (0..self.recent.len()).rev() {
            term.clear();
            for before in &self.recent[first..] {
                term.extend_from_slice(before);
                term.push(b' ');
            }
            term.extend_from_slice(word);
            self.count(&term)?;
        }
        self.term = term;
        if self.recent.len() + 1 == self.ngrams {
            self.recent.remove(0);
        }
        self.recent.push(word.to_vec());
        Ok(())
    }

    /// One more of a term.
    #[inline]
    fn count(&mut self, term: &[u8]) -> Result<()> {
        let number = if self.is_fixed {
            let Some(number) = self.terms.find(term) else { return Ok(()) };
            number
        } else {
            let number = self.terms.intern(term)?;
            if number as usize == self.known.len() {
                self.known.push(Term::default())?;
            }
            number
        };
        let known = &mut self.known.as_mut_slice()[number as usize];
        if known.last as usize == self.n_docs + 1 {
            self.values.as_mut_slice()[known.place] += 1.0;
            return Ok(());
        }
        *known = Term { last: self.n_docs as u32 + 1, n_docs: known.n_docs + 1, place: self.values.len() };
        self.columns.push(number)?;
        self.values.push(1.0)
    }

    /// Ends the document.
    pub(super) fn end_document(&mut self) -> Result<()> {
        self.recent.clear();
        self.n_docs += 1;
        if self.n_docs >= u32::MAX as usize {
            return Err(Error::Limit { why: "there are more than 2^32 - 2 documents; give fewer".into() });
        }
        self.starts.push(self.values.len())
    }

    /// Documents x terms, the terms, and what there is to tell.
    pub(super) fn finish(
        mut self,
        options: &TextOptions,
        place: &Path,
    ) -> Result<(Csr<f64>, Vec<String>, String)> {
        if self.n_docs == 0 {
            return Err(Error::parse(place, "the file is empty; give a document on every line"));
        }
        let (order, n_found) = (self.vocabulary(options, place)?, self.terms.len());
        let mut rank = Charged::filled(self.budget, WORDS, n_found, DROPPED)?;
        for (at, &number) in order.as_slice().iter().enumerate() {
            rank.as_mut_slice()[number as usize] = at as u32;
        }
        let n_kept = self.renumber(rank.as_slice())?;
        self.columns.truncate(n_kept);
        self.values.truncate(n_kept);
        let vocabulary = self.terms.names_of(order.as_slice())?;
        let fact = match self.is_fixed {
            true => format!("{} in {} documents", self.n_words, self.n_docs),
            false => format!(
                "{} in {} documents, {n_found} different terms, {} kept (min_df {}, max_df {})",
                self.n_words,
                self.n_docs,
                vocabulary.len(),
                options.min_df,
                options.max_df
            ),
        };
        let (starts, columns) = (self.starts.into_vec(), self.columns.into_vec());
        Ok((Csr::new(vocabulary.len(), starts, columns, self.values.into_vec())?, vocabulary, fact))
    }

    /// The numbers of the terms that stay, in the order of their columns.
    fn vocabulary(&self, options: &TextOptions, place: &Path) -> Result<Charged<'a, u32>> {
        let mut order = Charged::new(self.budget, WORDS);
        let numbers = 0..self.terms.len() as u32;
        if self.is_fixed {
            numbers.into_iter().try_for_each(|number| order.push(number))?;
            return Ok(order);
        }
        let (least, most) = (options.min_df.of(self.n_docs), options.max_df.of(self.n_docs));
        for number in numbers {
            let n_docs = f64::from(self.known.as_slice()[number as usize].n_docs);
            if least <= n_docs && n_docs <= most {
                order.push(number)?;
            }
        }
        if order.is_empty() {
            return Err(Error::parse(place, self.nothing_left(options)));
        }
        let by_name = |a: &u32, b: &u32| self.terms.name(*a).cmp(self.terms.name(*b));
        if let Some(n) = options.max_features.filter(|&n| n < order.len()) {
            let mut totals = Charged::filled(self.budget, WORDS, self.terms.len(), 0.0)?;
            let totals = totals.as_mut_slice();
            let entries = self.columns.as_slice().iter().zip(self.values.as_slice());
            entries.for_each(|(&number, count)| totals[number as usize] += count);
            let most_first = |a: &u32, b: &u32| totals[*b as usize].total_cmp(&totals[*a as usize]);
            order.as_mut_slice().sort_unstable_by(|a, b| most_first(a, b).then_with(|| by_name(a, b)));
            order.truncate(n);
        }
        order.as_mut_slice().sort_unstable_by(by_name);
        Ok(order)
    }

    /// Why there is no vocabulary.
    fn nothing_left(&self, options: &TextOptions) -> String {
        let TextOptions { min_df, max_df, min_word_length, stop_words, .. } = options;
        match self.terms.len() {
            0 => format!(
                "the text has no word of {min_word_length} or more characters beside stop words ({stop_words}); \
                 give other text, or lower --min-word-length"
            ),
            n => format!(
                "none of {n} terms occurs in at least {min_df} (min_df) and at most {max_df} (max_df) of {} \
                 documents; lower --min-df or raise --max-df",
                self.n_docs
            ),
        }
    }

    /// Puts ranks in the place of numbers, rows sorted, and moves what stays to the front; gives its length.
    fn renumber(&mut self, rank: &[u32]) -> Result<usize> {
        let mut row: Charged<(u32, f64)> = Charged::new(self.budget, ENTRIES);
        let (starts, columns) = (self.starts.as_mut_slice(), self.columns.as_mut_slice());
        let values = self.values.as_mut_slice();
        let mut begin = 0;
        let mut n_kept = 0;
        for end in &mut starts[1..] {
            row.truncate(0);
            for at in begin..*end {
                let column = rank[columns[at] as usize];
                if column != DROPPED {
                    row.push((column, values[at]))?;
                }
            }
            row.as_mut_slice().sort_unstable_by_key(|entry| entry.0);
            for &(column, value) in row.as_slice() {
                (columns[n_kept], values[n_kept]) = (column, value);
                n_kept += 1;
            }
            begin = *end;
            *end = n_kept;
        }
        Ok(n_kept)
    }
}

/// The rank of a term that is not in the vocabulary.
const DROPPED: u32 = u32::MAX;
