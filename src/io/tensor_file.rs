//! Named arrays in a safetensors file, with one JSON text beside them.

use super::atomic;
use crate::error::{Error, Result};
use crate::monitor::Budget;
use crate::tensors::{Named, Owned, Tensor, Tensors, Values};
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

/// The one metadata key: a single key keeps the bytes of equal models equal.
const METADATA_KEY: &str = "diabolo";

/// Writes every array of `tensors` and the text `metadata`, atomically.
/// # Errors
/// [`Error::Io`].
pub fn save(path: &Path, tensors: &dyn Tensors, metadata: &str) -> Result<()> {
    let mut parts: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
    tensors.visit(&mut |name, view| {
        let (dtype, bytes) = match view.values {
            Values::F32(v) => (Dtype::F32, v.iter().flat_map(|x| x.to_le_bytes()).collect()),
            Values::F64(v) => (Dtype::F64, v.iter().flat_map(|x| x.to_le_bytes()).collect()),
            Values::U8(v) => (Dtype::U8, v.to_vec()),
            Values::U32(v) => (Dtype::U32, v.iter().flat_map(|x| x.to_le_bytes()).collect()),
            Values::U64(v) => (Dtype::U64, v.iter().flat_map(|x| x.to_le_bytes()).collect()),
        };
        parts.push((name.to_owned(), dtype, view.shape.to_vec(), bytes));
    });
    let wrong = |e: safetensors::SafeTensorError| Error::io(path, std::io::Error::other(e.to_string()));
    let mut views = Vec::with_capacity(parts.len());
    for (name, dtype, shape, bytes) in &parts {
        views.push((name.as_str(), TensorView::new(*dtype, shape.clone(), bytes).map_err(wrong)?));
    }
    let metadata = HashMap::from([(METADATA_KEY.to_owned(), metadata.to_owned())]);
    let bytes = serialize(views, Some(metadata)).map_err(wrong)?;
    atomic::write(path, |file| file.write_all(&bytes).map_err(|e| Error::io(path, e)))
}

/// Reads every array and the metadata text.
/// # Errors
/// [`Error::Io`], [`Error::Parse`] where it is no such file, [`Error::Limit`].
pub fn load(path: &Path, budget: &Budget) -> Result<(Named, String)> {
    let mut file = std::fs::File::open(path).map_err(|e| Error::io(path, e))?;
    let length = file.metadata().map_err(|e| Error::io(path, e))?.len();
    // The bytes of the file and the arrays made of them.
    budget.charge(2 * length, &path.display().to_string())?;
    let mut bytes = Vec::with_capacity(length as usize);
    file.read_to_end(&mut bytes).map_err(|e| Error::io(path, e))?;
    let damaged =
        |why: String| Error::parse(path, format!("not a model file ({why}); was it written by diabolo?"));
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| damaged(e.to_string()))?;
    let metadata = header.metadata().as_ref().and_then(|m| m.get(METADATA_KEY)).cloned().unwrap_or_default();
    let arrays = SafeTensors::deserialize(&bytes).map_err(|e| damaged(e.to_string()))?;
    let mut named = Named::default();
    for (name, view) in arrays.iter() {
        let data = view.data();
        let values = match view.dtype() {
            Dtype::F32 => Owned::F32(numbers(data, f32::from_le_bytes)),
            Dtype::F64 => Owned::F64(numbers(data, f64::from_le_bytes)),
            Dtype::U8 => Owned::U8(data.to_vec()),
            Dtype::U32 => Owned::U32(numbers(data, u32::from_le_bytes)),
            Dtype::U64 => Owned::U64(numbers(data, u64::from_le_bytes)),
            other => return Err(damaged(format!("array `{name}` has the type {other:?}"))),
        };
        named.insert(name, Tensor { shape: view.shape().to_vec(), values });
    }
    budget.release(length);
    Ok((named, metadata))
}

/// Little-endian numbers.
fn numbers<const N: usize, T>(bytes: &[u8], from: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (words, _) = bytes.as_chunks::<N>();
    words.iter().map(|word| from(*word)).collect()
}
