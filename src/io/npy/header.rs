//! The header of a .npy file: a Python dictionary in plain text, parsed by hand and without trust.

use crate::error::Result;
use crate::io::array::Layout;
use crate::io::element::{ByteOrder, Element};
use crate::io::input::Input;
use crate::models::Labels;

/// The most axes an array has: numpy's own limit.
const MOST_AXES: usize = 64;

/// Characters of the longest name of a class.
const LONGEST_NAME: usize = 256;

/// A part of a header, or what is wrong with it.
type Parsed<T> = std::result::Result<T, String>;

/// What the header of a .npy file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The type of the values as numpy spells it: `<f8`.
    pub descr: String,
    /// Whether the first axis runs fastest.
    pub fortran: bool,
    /// Sizes; empty for a single value.
    pub shape: Vec<u64>,
}

impl Header {
    /// The layout of an array of numbers.
    /// # Errors
    /// [`crate::Error::Parse`] for every other kind of array, with what to do instead.
    pub fn layout(self, input: &Input) -> Result<Layout> {
        match element_of(&self.descr) {
            Ok((element, order)) => Ok(Layout { element, order, shape: self.shape, fortran: self.fortran }),
            Err(why) => Err(input.fail(why)),
        }
    }

    /// Reads an array of text (`|S3`: bytes, `<U3`: UTF-32) of at most `widest` characters each.
    /// # Errors
    /// [`crate::Error::Parse`] if it holds something else or longer text, [`crate::Error::Limit`].
    pub fn read_text(&self, input: &mut Input, widest: usize) -> Result<Vec<String>> {
        let mut kind = self.descr.trim_start_matches(['<', '>', '|', '=']).chars();
        let (letter, width) = (kind.next(), kind.as_str().parse::<usize>().ok());
        let (Some('S' | 'U'), Some(width)) = (letter, width) else {
            let descr = shortened(&self.descr);
            return Err(input.fail(format!("the type `{descr}` is not text; write the names as str")));
        };
        if width == 0 || width > widest {
            let why = format!("names of {width} characters are not read; give each 1 to {widest}");
            return Err(input.fail(why));
        }
        let count = self.shape.iter().try_fold(1_u64, |product, &size| product.checked_mul(size));
        let count = count.unwrap_or(u64::MAX);
        let size = (size_of::<String>() + 4 * width) as u64;
        input.budget().charge_array(count, size, "the names in the array")?;
        let mut item = vec![0; if letter == Some('U') { 4 * width } else { width }];
        let mut texts = Vec::new();
        for _ in 0..count {
            input.read_exact(&mut item, "the text of the array")?;
            let text = match letter {
                Some('U') => utf32(&item, self.descr.starts_with('>')),
                _ => String::from_utf8_lossy(&item).into_owned(),
            };
            texts.push(text.trim_end_matches('\0').to_owned());
        }
        Ok(texts)
    }

    /// Reads one name or whole number a sample as classes.
    /// # Errors
    /// As [`Header::read_text`] and [`Layout::read_labels`].
    pub fn read_labels(self, input: &mut Input) -> Result<Labels> {
        if self.descr.get(1..2).is_some_and(|letter| letter == "S" || letter == "U") {
            return Ok(Labels::from_names(&self.read_text(input, LONGEST_NAME)?));
        }
        self.layout(input)?.read_labels(input)
    }
}

/// Text of 32-bit characters; what is no character becomes U+FFFD.
fn utf32(bytes: &[u8], is_big: bool) -> String {
    let (words, _) = bytes.as_chunks::<4>();
    let code = |word: &[u8; 4]| if is_big { u32::from_be_bytes(*word) } else { u32::from_le_bytes(*word) };
    words.iter().map(|word| char::from_u32(code(word)).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The element and byte order of a type like `<f8`.
fn element_of(descr: &str) -> Parsed<(Element, ByteOrder)> {
    let mut characters = descr.chars();
    let order = match characters.next() {
        Some('<' | '|' | '=') => ByteOrder::Little,
        Some('>') => ByteOrder::Big,
        _ => return Err(format!("the type `{}` is unknown; save with astype('<f8')", shortened(descr))),
    };
    let element = match characters.as_str() {
        "b1" => Element::Bool,
        "u1" => Element::U8,
        "i1" => Element::I8,
        "u2" => Element::U16,
        "i2" => Element::I16,
        "u4" => Element::U32,
        "i4" => Element::I32,
        "u8" => Element::U64,
        "i8" => Element::I64,
        "f2" => Element::F16,
        "f4" => Element::F32,
        "f8" => Element::F64,
        other => return Err(refusal_of(other)),
    };
    Ok((element, order))
}

/// Why values of a type are not read, and what to do.
fn refusal_of(kind: &str) -> String {
    match kind.chars().next() {
        Some('O') => {
            "the array holds Python objects, never loaded because that runs code; save it with astype(float)"
                .to_owned()
        }
        Some('c') => "the array is complex; save its real part or its absolute value".to_owned(),
        Some('S' | 'U' | 'a') => {
            "the array holds text, not numbers; save numbers, or give it as --labels".to_owned()
        }
        Some('M' | 'm') => "the array holds dates or durations; save numbers with astype(float)".to_owned(),
        Some('V') => "the array is structured or raw; save a plain array of numbers".to_owned(),
        _ => format!("the type `{}` is not read; save with astype('<f8')", shortened(kind)),
    }
}

/// A header's text, short enough for one line.
fn shortened(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    short.escape_debug().to_string()
}

/// Parses the dictionary of a header.
pub(super) fn parse(text: &str) -> Parsed<Header> {
    let mut literal = Literal { rest: text };
    let (mut descr, mut fortran, mut shape) = (None, None, None);
    literal.expect('{')?;
    while !literal.take('}') {
        let key = literal.string()?;
        literal.expect(':')?;
        match key {
            "descr" => descr = Some(literal.descr()?),
            "fortran_order" => fortran = Some(literal.boolean()?),
            "shape" => shape = Some(literal.sizes()?),
            other => {
                return Err(format!(
                    "the header has an unknown key `{}`; write the file again",
                    shortened(other)
                ));
            }
        }
        if !literal.take(',') {
            literal.expect('}')?;
            break;
        }
    }
    literal.expect_end()?;
    match (descr, fortran, shape) {
        (Some(descr), Some(fortran), Some(shape)) => Ok(Header { descr: descr.to_owned(), fortran, shape }),
        _ => {
            Err("the header lacks descr, fortran_order or shape; write the file again with numpy.save"
                .to_owned())
        }
    }
}

/// The part of Python's literals a header is made of, read from the front.
struct Literal<'a> {
    rest: &'a str,
}

impl<'a> Literal<'a> {
    /// Takes a character if it is the next one after white space.
    fn take(&mut self, wanted: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes a character that must be next.
    fn expect(&mut self, wanted: char) -> Parsed<()> {
        if self.take(wanted) { Ok(()) } else { Err(self.broken(&format!("`{wanted}`"))) }
    }

    /// Nothing but white space may be left.
    fn expect_end(&mut self) -> Parsed<()> {
        if self.rest.trim().is_empty() { Ok(()) } else { Err(self.broken("the end")) }
    }

    /// A quoted string without escapes.
    fn string(&mut self) -> Parsed<&'a str> {
        let quote = if self.take('\'') {
            '\''
        } else if self.take('"') {
            '"'
        } else {
            return Err(self.broken("a string"));
        };
        let Some((content, rest)) = self.rest.split_once(quote) else {
            return Err(self.broken("the end of a string"));
        };
        self.rest = rest;
        Ok(content)
    }

    /// The type: a string, or a list for structured arrays.
    fn descr(&mut self) -> Parsed<&'a str> {
        if self.rest.trim_start().starts_with(['[', '(']) {
            return Err(refusal_of("V"));
        }
        self.string()
    }

    /// `True` or `False`.
    fn boolean(&mut self) -> Parsed<bool> {
        self.rest = self.rest.trim_start();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(self.broken("True or False"))
    }

    /// A tuple of sizes: `()`, `(3,)`, `(3, 4)`; `3L` as Python 2 wrote it.
    fn sizes(&mut self) -> Parsed<Vec<u64>> {
        let mut sizes = Vec::new();
        self.expect('(')?;
        while !self.take(')') {
            sizes.push(self.size()?);
            if sizes.len() > MOST_AXES {
                return Err(format!(
                    "the shape has more than {MOST_AXES} axes; reshape to samples x features"
                ));
            }
            if !self.take(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(sizes)
    }

    /// A size.
    fn size(&mut self) -> Parsed<u64> {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        let size = digits.parse().map_err(|_| self.broken("a size (0 to 2^64 - 1)"))?;
        self.rest = rest.strip_prefix('L').unwrap_or(rest);
        Ok(size)
    }

    /// What was wanted and what is there.
    fn broken(&self, wanted: &str) -> String {
        let there = shortened(self.rest.trim());
        format!(
            "the header is damaged: {wanted} was expected at `{there}`; write the file again with numpy.save"
        )
    }
}
