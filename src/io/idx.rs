//! IDX, the format of MNIST.
//!
//! Two zero bytes, a byte that names the type, a byte with the number of axes, the sizes as 32-bit integers,
//! the values; all big endian. Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten
//! digits", section "File formats". Pictures of bytes are read as [0, 1] (a byte is worth 1/255).

use super::array::{Layout, expect_end};
use super::element::{ByteOrder, Element};
use super::input::Input;
use crate::error::Result;
use crate::models::{Dataset, Labels};

/// What a byte of a picture is worth.
pub const PICTURE_UNIT: f64 = 1.0 / 255.0;

/// Reads a whole file as samples x features; see [`super::array`] for shapes and types.
/// # Errors
/// [`crate::Error::Parse`] if it is not an IDX file, [`crate::Error::Limit`] if the values do not fit the
/// budget, [`crate::Error::Io`].
pub fn read(input: &mut Input) -> Result<Dataset> {
    let layout = read_header(input)?;
    // One axis is a list of numbers (the labels of MNIST), not of pixels.
    let unit = if layout.shape.len() > 1 { PICTURE_UNIT } else { 1.0 };
    let dataset = layout.read_dataset(input, unit)?;
    expect_end(input)?;
    Ok(dataset)
}

/// Reads a file of one whole number a sample as classes.
/// # Errors
/// As [`read`], and if there is more than one axis or the numbers are not whole.
pub fn read_labels(input: &mut Input) -> Result<Labels> {
    let layout = read_header(input)?;
    let labels = layout.read_labels(input)?;
    expect_end(input)?;
    Ok(labels)
}

/// Reads up to the first value.
fn read_header(input: &mut Input) -> Result<Layout> {
    let mut magic = [0; 4];
    input.read_exact(&mut magic, "the IDX header")?;
    let [0, 0, code, n_axes] = magic else {
        return Err(input.fail("this is not an IDX file: it does not start with two zero bytes"));
    };
    let element = match code {
        0x08 => Element::U8,
        0x09 => Element::I8,
        0x0b => Element::I16,
        0x0c => Element::I32,
        0x0d => Element::F32,
        0x0e => Element::F64,
        _ => {
            let why =
                format!("type {code:#04x} is none of IDX (0x08, 0x09, 0x0b to 0x0e); the file is damaged");
            return Err(input.fail(why));
        }
    };
    if n_axes == 0 {
        return Err(input.fail("an IDX file without axes; the file is damaged"));
    }
    let mut shape = Vec::with_capacity(usize::from(n_axes));
    for _ in 0..n_axes {
        let mut size = [0; 4];
        input.read_exact(&mut size, "the IDX header")?;
        shape.push(u64::from(u32::from_be_bytes(size)));
    }
    Ok(Layout { element, order: ByteOrder::Big, shape, fortran: false })
}
