//! Numbers as text files spell them.

use super::missing::{Missing, REFUSED};

/// What a cell of a text file says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    /// A number; infinite where it is beyond f64 or spelt `inf`.
    Number(f64),
    /// Nothing, or a word for nothing.
    Missing,
    /// Anything else.
    Text,
}

/// The words for a missing value, in lower case; an empty cell is one too.
const MISSING_WORDS: [&[u8]; 7] = [b"na", b"nan", b"n/a", b"null", b"none", b"?", b"<na>"];

/// Decimal digits that always fit a u64, and whose value up to 2^53 is exact in f64.
const EXACT_DIGITS: usize = 15;

/// Reads a cell without blanks around it.
#[inline]
pub fn parse_cell(text: &[u8]) -> Cell {
    match parse_real(text) {
        Some(x) if !x.is_nan() => Cell::Number(x),
        _ if is_missing(text) => Cell::Missing,
        _ => Cell::Text,
    }
}

/// Whether a cell says that there is no value.
pub fn is_missing(text: &[u8]) -> bool {
    text.is_empty() || MISSING_WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// A decimal number, rounded to the nearest f64; `inf` and `nan` in any case are numbers here.
#[inline]
pub fn parse_real(text: &[u8]) -> Option<f64> {
    if let Some(integer) = parse_short_integer(text) {
        return Some(integer);
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// An unsigned decimal integer that fits a u64.
#[inline]
pub fn parse_unsigned(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |value, &byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 { None } else { value.checked_mul(10)?.checked_add(u64::from(digit)) }
    })
}

/// An integer of few digits with or without a minus: what count data consists of, without a detour
/// through the general parser.
#[inline]
fn parse_short_integer(text: &[u8]) -> Option<f64> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > EXACT_DIGITS {
        return None;
    }
    let mut value = 0_u64;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = 10 * value + u64::from(digit);
    }
    Some(if is_negative { -(value as f64) } else { value as f64 })
}

/// The value of a cell that must hold one, or why it has none.
/// # Errors
/// The reason and the remedy, for an error at a line.
#[inline]
pub fn value_of(text: &[u8], missing: Missing) -> Result<f64, String> {
    match parse_cell(text) {
        Cell::Number(x) if x.is_finite() => Ok(x),
        Cell::Number(_) => Err(format!("`{}` is not finite; write a finite number or NA", shown(text))),
        Cell::Missing => match missing {
            Missing::Refuse => Err(REFUSED.into()),
            Missing::Nan => Ok(f64::NAN),
            Missing::Zero => Ok(0.0),
        },
        Cell::Text => Err(not_a_number(text)),
    }
}

/// Why a cell is no number, with the usual suspects.
fn not_a_number(text: &[u8]) -> String {
    let with_point: Vec<u8> = text.iter().map(|&byte| if byte == b',' { b'.' } else { byte }).collect();
    if text.contains(&b',') && parse_real(&with_point).is_some() {
        return format!("`{}` has a decimal comma; write decimal points", shown(text));
    }
    if text.contains(&0) {
        return "the line holds binary zeros; is this a text file?".into();
    }
    format!("`{}` is not a number; remove or encode what is text", shown(text))
}

/// A cell for an error message: short, on one line, printable.
pub fn shown(text: &[u8]) -> String {
    const MOST: usize = 40;
    let cut = &text[..text.len().min(4 * MOST)];
    let printable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let text: String = String::from_utf8_lossy(cut).chars().map(printable).collect();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
