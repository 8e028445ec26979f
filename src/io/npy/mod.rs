//! .npy, the file of one numpy array.
//!
//! `\x93NUMPY`, two bytes of version, the length of the header (2 bytes in version 1, 4 in versions 2 and
//! 3), the header (a Python dictionary in plain text, `{'descr': '<f8', 'fortran_order': False, 'shape': (3,
//! 4), }`, padded with spaces), then the values. Source: "NEP 1: a simple file format for NumPy arrays" and
//! the documentation of `numpy.lib.format`. Python objects (pickles) are never loaded: loading one runs code.

mod header;

pub use header::Header;

use super::array::expect_end;
use super::input::Input;
use crate::error::Result;
use crate::models::{Dataset, Labels};
use crate::tensors::{TensorView, Values};
use std::io::Write;

/// The first bytes.
pub const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest header that is read: numpy's own are below a hundred bytes, those of structured arrays
/// (which are refused) some thousands.
const LONGEST_HEADER: u32 = 1 << 16;

/// Values start at a multiple of this, so that they can be mapped into memory.
const ALIGNMENT: usize = 64;

/// Reads a whole file as samples x features; see [`crate::io::array`] for shapes and types.
/// # Errors
/// [`crate::Error::Parse`] if it is not a .npy file of numbers, [`crate::Error::Limit`] if the values do not
/// fit the budget, [`crate::Error::Io`].
pub fn read(input: &mut Input) -> Result<Dataset> {
    let layout = read_header(input)?.layout(input)?;
    let dataset = layout.read_dataset(input, 1.0)?;
    expect_end(input)?;
    Ok(dataset)
}

/// Reads a file of one name or whole number a sample as classes.
/// # Errors
/// As [`read`], and if there is more than one axis or the numbers are not whole.
pub fn read_labels(input: &mut Input) -> Result<Labels> {
    let labels = read_header(input)?.read_labels(input)?;
    expect_end(input)?;
    Ok(labels)
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
    header::parse(&text).map_err(|why| input.fail(why))
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
    output.write_all(&prologue(descr, array.shape, 0))?;
    write_values(output, array.values)
}

/// All that stands before the values, of at least so many bytes: room for sizes that are known later.
pub(super) fn prologue(descr: &str, shape: &[usize], at_least: usize) -> Vec<u8> {
    let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let sizes = if shape.len() == 1 { sizes.trim_end() } else { sizes.trim_end_matches(", ") };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}");
    let unpadded = MAGIC.len() + 4 + header.len() + 1;
    let padded = unpadded.max(at_least).next_multiple_of(ALIGNMENT);
    header.extend(std::iter::repeat_n(' ', padded - unpadded));
    header.push('\n');
    [MAGIC, &[1, 0], &(header.len() as u16).to_le_bytes(), header.as_bytes()].concat()
}

/// Writes the values alone.
pub(super) fn write_values(output: &mut dyn Write, values: Values<'_>) -> std::io::Result<()> {
    match values {
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
