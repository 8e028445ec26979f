//! A matrix in a safetensors file, as data.
//!
//! The length of the header (64 bits, little endian), the header (JSON: name -> type, shape, first and last
//! byte), the values one array after the other in little endian. Source: Hugging Face, "Safetensors", section
//! "Format". The header is parsed and checked by the crate `safetensors`; values are streamed, not mapped.
//! Of several arrays of two axes the one named `X` is taken.

use super::array::{Layout, expect_end};
use super::element::{ByteOrder, Element};
use super::input::Input;
use super::npz::{DATA_NAME, choice_of};
use crate::error::Result;
use crate::models::Dataset;
use safetensors::tensor::{Dtype, Metadata};

/// The longest header that is read: some ten thousand arrays.
const LONGEST_HEADER: u64 = 16 << 20;

/// Bytes of a parsed header for each of the text, at most.
const PARSED_SIZE: u64 = 8;

/// Reads the file's matrix as samples x features; see [`super::array`] for types.
/// # Errors
/// [`crate::Error::Parse`] if this is no safetensors file or which array is the data is not clear,
/// [`crate::Error::Limit`] if the values do not fit the budget, [`crate::Error::Io`].
pub fn read(input: &mut Input) -> Result<Dataset> {
    let mut length = [0; 8];
    input.read_exact(&mut length, "the safetensors header")?;
    let length = u64::from_le_bytes(length);
    if length > LONGEST_HEADER {
        return Err(
            input.fail(format!("a header of {length} bytes; the file is damaged or no safetensors file"))
        );
    }
    input.budget().charge(length * PARSED_SIZE, "the safetensors header")?;
    let mut text = vec![0; length as usize];
    input.read_exact(&mut text, "the safetensors header")?;
    let header: Metadata = serde_json::from_slice(&text).map_err(|error| {
        input.fail(format!("the safetensors header is damaged ({error}); write the file again"))
    })?;
    drop(text);

    let name = choose(&header).map_err(|why| input.fail(why))?;
    let info = header.info(&name).expect("the name is one of the header's");
    let Some(element) = element_of(info.dtype) else {
        let why = format!("numbers of type {:?} are not read; save f32 or f64", info.dtype);
        return Err(input.fail(why));
    };
    let layout = Layout {
        element,
        order: ByteOrder::Little,
        shape: info.shape.iter().map(|&size| size as u64).collect(),
        fortran: false,
    };
    let (start, end) = info.data_offsets;
    skip(input, start as u64)?;
    let dataset = layout.read_dataset(input, 1.0)?;
    skip(input, (header.data_len() - end) as u64)?;
    expect_end(input)?;
    input.budget().release(length * PARSED_SIZE);
    Ok(dataset)
}

/// The name of the data: the only array, the only one of two axes, or `X`.
fn choose(header: &Metadata) -> std::result::Result<String, String> {
    let names = header.offset_keys();
    if let [only] = names.as_slice() {
        return Ok(only.clone());
    }
    if header.info(DATA_NAME).is_some() {
        return Ok(DATA_NAME.to_owned());
    }
    let is_matrix = |name: &&String| header.info(name).is_some_and(|info| info.shape.len() == 2);
    let matrices: Vec<String> = names.iter().filter(is_matrix).cloned().collect();
    match matrices.as_slice() {
        [only] => Ok(only.clone()),
        several => Err(choice_of(several, "matrices")),
    }
}

/// The element of a type; `None` where it is none of ours.
fn element_of(dtype: Dtype) -> Option<Element> {
    Some(match dtype {
        Dtype::BOOL => Element::Bool,
        Dtype::U8 => Element::U8,
        Dtype::I8 => Element::I8,
        Dtype::U16 => Element::U16,
        Dtype::I16 => Element::I16,
        Dtype::U32 => Element::U32,
        Dtype::I32 => Element::I32,
        Dtype::U64 => Element::U64,
        Dtype::I64 => Element::I64,
        Dtype::F16 => Element::F16,
        Dtype::BF16 => Element::Bf16,
        Dtype::F32 => Element::F32,
        Dtype::F64 => Element::F64,
        _ => return None,
    })
}

/// Reads over `n_bytes`.
fn skip(input: &mut Input, n_bytes: u64) -> Result<()> {
    let mut buffer = [0; 8192];
    let mut left = n_bytes;
    while left > 0 {
        let wanted = left.min(buffer.len() as u64) as usize;
        input.read_exact(&mut buffer[..wanted], "the arrays before or after the data")?;
        left -= wanted as u64;
    }
    Ok(())
}
