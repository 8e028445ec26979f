//! .npy, the file of one numpy array.
//!
//! `\x93NUMPY`, two bytes of version, the length of the header (2 bytes in version 1, 4 in versions 2 and
//! 3), the header (a Python dictionary in plain text, `{'descr': '<f8', 'fortran_order': False, 'shape': (3,
//! 4), }`, padded with spaces), then the values. Source: "NEP 1: a simple file format for NumPy arrays" and
//! the documentation of `numpy.lib.format`. Python objects (pickles) are never loaded: loading one runs code.

use super::array::{Layout, expect_end};
use super::element::{ByteOrder, Element};
use super::input::Input;
use crate::error::Result;
use crate::models::Dataset;
use crate::tensors::{TensorView, Values};
use std::io::Write;

/// The first bytes.
pub const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest header that is read: numpy's own are below a hundred bytes, those of structured arrays
/// (which are refused) some thousands.
const LONGEST_HEADER: u32 = 1 << 16;

/// The most axes an array has: numpy's own limit.
const MOST_AXES: usize = 64;

/// Values start at a multiple of this, so that they can be mapped into memory.
const ALIGNMENT: usize = 64;

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

/// Reads a whole file as samples x features; see [`super::array`] for shapes and types.
/// # Errors
/// [`crate::Error::Parse`] if it is not a .npy file of numbers, [`crate::Error::Limit`] if the values do not
/// fit the budget, [`crate::Error::Io`].
pub fn read(input: &mut Input) -> Result<Dataset> {
    let layout = read_header(input)?.layout(input)?;
    let dataset = layout.read_dataset(input, 1.0)?;
    expect_end(input)?;
    Ok(dataset)
}

/// Reads up to the first value.
/// # Errors
/// [`crate::Error::Parse`] if this is not the beginning of a .npy file.
pub fn read_header(input: &mut Input) -> Result<Header> {
    let mut magic_and_version = [0; 8];
    input.read_exact(&mut magic_and_version, "the .npy header")?;
    let [magic @ .., major, minor] = magic_and_version;
    if magic != MAGIC {
        return Err(input.fail("this is not a .npy file; write one with numpy.save"));
    }
    let length = match major {
        1 => {
            let mut length = [0; 2];
            input.read_exact(&mut length, "the .npy header")?;
            u32::from(u16::from_le_bytes(length))
        }
        2 | 3 => {
            let mut length = [0; 4];
            input.read_exact(&mut length, "the .npy header")?;
            u32::from_le_bytes(length)
        }
        _ => {
            let why = format!("version {major}.{minor} of the .npy format is unknown; save it as version 1");
            return Err(input.fail(why));
        }
    };
    if length > LONGEST_HEADER {
        return Err(input.fail(format!(
            "a header of {length} bytes; the file is damaged or holds a structured array, save plain numbers"
        )));
    }
    let mut text = vec![0; length as usize];
    input.read_exact(&mut text, "the .npy header")?;
    let text = String::from_utf8_lossy(&text);
    parse_header(&text).map_err(|why| input.fail(why))
}

/// Writes an array in C order, as version 1.
/// # Errors
/// Those of the writer.
pub fn write(output: &mut dyn Write, array: TensorView<'_>) -> std::io::Result<()> {
    let descr = match array.values {
        Values::F32(_) => "<f4",
        Values::F64(_) => "<f8",
        Values::U8(_) => "|u1",
        Values::U32(_) => "<u4",
        Values::U64(_) => "<u8",
    };
    let sizes: String = array.shape.iter().map(|size| format!("{size}, ")).collect();
    let sizes = if array.shape.len() == 1 { sizes.trim_end() } else { sizes.trim_end_matches(", ") };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}");
    let unpadded = MAGIC.len() + 4 + header.len() + 1;
    header.extend(std::iter::repeat_n(' ', unpadded.next_multiple_of(ALIGNMENT) - unpadded));
    header.push('\n');
    output.write_all(MAGIC)?;
    output.write_all(&[1, 0])?;
    output.write_all(&(header.len() as u16).to_le_bytes())?;
    output.write_all(header.as_bytes())?;
    match array.values {
        Values::F32(values) => write_words(output, values, |x| x.to_le_bytes()),
        Values::F64(values) => write_words(output, values, |x| x.to_le_bytes()),
        Values::U8(values) => output.write_all(values),
        Values::U32(values) => write_words(output, values, |x| x.to_le_bytes()),
        Values::U64(values) => write_words(output, values, |x| x.to_le_bytes()),
    }
}

/// Writes numbers, some thousands at a time.
fn write_words<T: Copy, const SIZE: usize>(
    output: &mut dyn Write,
    values: &[T],
    bytes: impl Fn(T) -> [u8; SIZE],
) -> std::io::Result<()> {
    for chunk in values.chunks(8192) {
        let words: Vec<[u8; SIZE]> = chunk.iter().map(|&x| bytes(x)).collect();
        output.write_all(words.as_flattened())?;
    }
    Ok(())
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
        "b1" | "?" => Element::Bool,
        "u1" | "B" => Element::U8,
        "i1" | "b" => Element::I8,
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
            "the array holds Python objects, which are never loaded because loading them runs code; \
                      save numbers with astype(float)"
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
fn parse_header(text: &str) -> Parsed<Header> {
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
