//! Text cut into words, piece by piece.

use super::Cutting;
use crate::error::Result;

/// The longest word, in bytes; longer runs are data, not words.
const MAX_WORD: usize = 256;

/// The cutter: pieces of text go in, words come out; nothing longer than a word is held.
pub(super) struct Words {
    lowercase: bool,
    min_length: usize,
    /// The word under way.
    word: Vec<u8>,
    is_too_long: bool,
    /// The first bytes of a character whose others have not come yet.
    begun: [u8; 4],
    n_begun: usize,
    /// Bytes of this document that are not UTF-8.
    n_strange: u64,
}

impl Words {
    pub(super) fn new(cutting: &Cutting) -> Words {
        Words {
            lowercase: cutting.lowercase,
            min_length: cutting.min_word_length,
            word: Vec::with_capacity(MAX_WORD),
            is_too_long: false,
            begun: [0; 4],
            n_begun: 0,
            n_strange: 0,
        }
    }

    /// Takes the next piece of a document and gives the words that end in it.
    pub(super) fn feed(&mut self, piece: &[u8], each: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut rest = piece;
        while self.n_begun > 0 && !rest.is_empty() {
            self.begun[self.n_begun] = rest[0];
            let character = self.begun;
            match std::str::from_utf8(&character[..self.n_begun + 1]) {
                Ok(text) => {
                    (self.n_begun, rest) = (0, &rest[1..]);
                    self.text(text, each)?;
                }
                Err(error) if error.error_len().is_none() => {
                    (self.n_begun, rest) = (self.n_begun + 1, &rest[1..]);
                }
                // What was begun is no character; the new byte may begin one.
                Err(_) => {
                    self.n_strange += self.n_begun as u64;
                    self.n_begun = 0;
                    self.end_word(each)?;
                }
            }
        }
        let mut n_seen = 0;
        for chunk in rest.utf8_chunks() {
            self.text(chunk.valid(), each)?;
            let invalid = chunk.invalid();
            n_seen += chunk.valid().len() + invalid.len();
            let is_begun = std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
            if n_seen == rest.len() && is_begun {
                self.begun[..invalid.len()].copy_from_slice(invalid);
                self.n_begun = invalid.len();
            } else if !invalid.is_empty() {
                self.n_strange += invalid.len() as u64;
                self.end_word(each)?;
            }
        }
        Ok(())
    }

    /// Ends the document; gives how many of its bytes were not UTF-8.
    pub(super) fn end(&mut self, each: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<u64> {
        self.n_strange += self.n_begun as u64;
        self.n_begun = 0;
        self.end_word(each)?;
        Ok(std::mem::take(&mut self.n_strange))
    }

    fn text(&mut self, text: &str, each: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at].is_ascii() {
                let run = |is: fn(u8) -> bool| bytes[at..].iter().position(|&byte| !is(byte));
                let is_word = is_ascii_word(bytes[at]);
                let n = if is_word { run(is_ascii_word) } else { run(|b| b.is_ascii() && !is_ascii_word(b)) };
                let end = n.map_or(bytes.len(), |n| at + n);
                if is_word {
                    self.append(&bytes[at..end])
                } else {
                    self.end_word(each)?
                }
                at = end;
            } else {
                let Some(c) = text[at..].chars().next() else { break };
                let end = at + c.len_utf8();
                let continues = c.is_alphanumeric() || (is_combining(c) && !self.word.is_empty());
                if continues {
                    self.append(&bytes[at..end])
                } else {
                    self.end_word(each)?
                }
                at = end;
            }
        }
        Ok(())
    }

    #[inline]
    fn append(&mut self, bytes: &[u8]) {
        if self.word.len() + bytes.len() <= MAX_WORD {
            self.word.extend_from_slice(bytes);
        } else {
            self.is_too_long = true;
        }
    }

    #[inline]
    fn end_word(&mut self, each: &mut impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        if self.word.is_empty() {
            self.is_too_long = false;
            return Ok(());
        }
        let mut lowered = None;
        let is_ascii = self.word.is_ascii();
        if self.lowercase && is_ascii {
            self.word.make_ascii_lowercase();
        }
        let mut n_characters = self.word.len();
        if !is_ascii {
            // As a whole, for the last sigma of a Greek word is another one.
            let text = std::str::from_utf8(&self.word).unwrap_or_default();
            n_characters = text.chars().count();
            lowered = self.lowercase.then(|| text.to_lowercase());
        }
        if n_characters >= self.min_length && !self.is_too_long {
            each(lowered.as_ref().map_or(&self.word[..], |lowered| lowered.as_bytes()))?;
        }
        self.word.clear();
        self.is_too_long = false;
        Ok(())
    }
}

#[inline]
fn is_ascii_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether a character is a mark that belongs to the letter before it and is no letter itself: Unicode's
/// blocks of combining diacritical marks, their extension and supplement, those for symbols and half marks,
/// and nukta and virama in the blocks of Indian scripts, which are built alike.
fn is_combining(c: char) -> bool {
    match c {
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' => true,
        '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}' => true,
        '\u{900}'..='\u{d7f}' => matches!(c as u32 & 0x7f, 0x3c | 0x4d),
        _ => false,
    }
}
