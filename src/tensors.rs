//! Named arrays: how models and checkpoints leave memory and come back.

use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// The values of an array, borrowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Values<'a> {
    /// 32-bit floats.
    F32(&'a [f32]),
    /// 64-bit floats.
    F64(&'a [f64]),
    /// 8-bit unsigned integers.
    U8(&'a [u8]),
    /// 32-bit unsigned integers.
    U32(&'a [u32]),
    /// 64-bit unsigned integers.
    U64(&'a [u64]),
}

impl Values<'_> {
    /// The number of values.
    pub fn len(&self) -> usize {
        match self {
            Values::F32(v) => v.len(),
            Values::F64(v) => v.len(),
            Values::U8(v) => v.len(),
            Values::U32(v) => v.len(),
            Values::U64(v) => v.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A row-major array, borrowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TensorView<'a> {
    /// Sizes; the product is the number of values. Empty for a scalar.
    pub shape: &'a [usize],
    /// The values.
    pub values: Values<'a>,
}

impl<'a> From<&'a [f64]> for Values<'a> {
    fn from(values: &'a [f64]) -> Self {
        Values::F64(values)
    }
}

impl<'a> From<&'a [f32]> for Values<'a> {
    fn from(values: &'a [f32]) -> Self {
        Values::F32(values)
    }
}

impl<'a> From<&'a [u64]> for Values<'a> {
    fn from(values: &'a [u64]) -> Self {
        Values::U64(values)
    }
}

impl<'a> From<&'a [u32]> for Values<'a> {
    fn from(values: &'a [u32]) -> Self {
        Values::U32(values)
    }
}

/// Number types that arrays are stored in and read back as.
pub trait Stored: Copy {
    /// Numbers, as an array's values.
    fn values(numbers: &[Self]) -> Values<'_>;
    /// The vector of that name.
    /// # Errors
    /// If it is missing, not one-dimensional or of another type.
    fn vector(named: &Named, name: &str) -> Result<Vec<Self>>;
}

impl Stored for f32 {
    fn values(numbers: &[f32]) -> Values<'_> {
        Values::F32(numbers)
    }
    fn vector(named: &Named, name: &str) -> Result<Vec<f32>> {
        named.vector_f32(name)
    }
}

impl Stored for f64 {
    fn values(numbers: &[f64]) -> Values<'_> {
        Values::F64(numbers)
    }
    fn vector(named: &Named, name: &str) -> Result<Vec<f64>> {
        named.vector_f64(name)
    }
}

/// Something whose whole content is named arrays. Object safe: arrays only go out; reading them back is
/// the work of the fit that knows what they mean.
pub trait Tensors {
    /// Calls `each` with every name and array, in a fixed order.
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>));
}

/// Gives a visitor one vector.
pub fn visit_vector<'a, V: Into<Values<'a>>>(
    each: &mut dyn FnMut(&str, TensorView<'_>),
    name: &str,
    values: V,
) {
    let values = values.into();
    each(name, TensorView { shape: &[values.len()], values });
}

/// Gives a visitor names as bytes, one a line: none has a line break.
pub fn visit_names(each: &mut dyn FnMut(&str, TensorView<'_>), name: &str, names: &[String]) {
    let text = names.join("\n").into_bytes();
    each(name, TensorView { shape: &[text.len()], values: Values::U8(&text) });
}

/// Gives a visitor one f64.
pub fn visit_f64(each: &mut dyn FnMut(&str, TensorView<'_>), name: &str, value: f64) {
    each(name, TensorView { shape: &[], values: Values::F64(&[value]) });
}

/// Gives a visitor one u64.
pub fn visit_u64(each: &mut dyn FnMut(&str, TensorView<'_>), name: &str, value: u64) {
    each(name, TensorView { shape: &[], values: Values::U64(&[value]) });
}

/// An owned array.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Sizes.
    pub shape: Vec<usize>,
    /// The values, row-major.
    pub values: Owned,
}

/// The values of an owned array.
#[derive(Clone, Debug, PartialEq)]
pub enum Owned {
    /// 32-bit floats.
    F32(Vec<f32>),
    /// 64-bit floats.
    F64(Vec<f64>),
    /// 8-bit unsigned integers.
    U8(Vec<u8>),
    /// 32-bit unsigned integers.
    U32(Vec<u32>),
    /// 64-bit unsigned integers.
    U64(Vec<u64>),
}

impl From<TensorView<'_>> for Tensor {
    fn from(view: TensorView<'_>) -> Tensor {
        let values = match view.values {
            Values::F32(v) => Owned::F32(v.to_vec()),
            Values::F64(v) => Owned::F64(v.to_vec()),
            Values::U8(v) => Owned::U8(v.to_vec()),
            Values::U32(v) => Owned::U32(v.to_vec()),
            Values::U64(v) => Owned::U64(v.to_vec()),
        };
        Tensor { shape: view.shape.to_vec(), values }
    }
}

impl Tensor {
    /// The array, borrowed.
    pub fn view(&self) -> TensorView<'_> {
        let values = match &self.values {
            Owned::F32(v) => Values::F32(v),
            Owned::F64(v) => Values::F64(v),
            Owned::U8(v) => Values::U8(v),
            Owned::U32(v) => Values::U32(v),
            Owned::U64(v) => Values::U64(v),
        };
        TensorView { shape: &self.shape, values }
    }
}

/// Named arrays that were read back. The getters take an array out and check its shape, so a damaged or
/// foreign file is an error with a name in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Named {
    arrays: BTreeMap<String, Tensor>,
}

impl Tensors for Named {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        for (name, tensor) in &self.arrays {
            each(name, tensor.view());
        }
    }
}

impl Named {
    /// A copy of everything `tensors` visits.
    pub fn copy_of(tensors: &dyn Tensors) -> Named {
        let mut named = Named::default();
        tensors.visit(&mut |name, view| named.insert(name, Tensor::from(view)));
        named
    }

    /// Adds or replaces an array.
    pub fn insert(&mut self, name: &str, tensor: Tensor) {
        self.arrays.insert(name.to_owned(), tensor);
    }

    /// Whether there is an array of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.arrays.contains_key(name)
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.arrays.keys().map(String::as_str)
    }

    /// The arrays whose names start with `prefix`, without it.
    pub fn under(&self, prefix: &str) -> Named {
        let arrays = self.arrays.iter().filter_map(|(name, tensor)| {
            name.strip_prefix(prefix).map(|rest| (rest.to_owned(), tensor.clone()))
        });
        Named { arrays: arrays.collect() }
    }

    /// The array of that name.
    /// # Errors
    /// If it is missing.
    pub fn get(&self, name: &str) -> Result<&Tensor> {
        self.arrays.get(name).ok_or_else(|| {
            Error::shape(format!("an array `{name}`"), "a file without it; was it written by this model?")
        })
    }

    /// The f64 values and the sizes (rows, cols) of a matrix.
    /// # Errors
    /// If it is missing, not two-dimensional or not f64.
    pub fn matrix_f64(&self, name: &str) -> Result<(usize, usize, Vec<f64>)> {
        match self.get(name)? {
            Tensor { shape, values: Owned::F64(v) } if shape.len() == 2 => {
                Ok((shape[0], shape[1], v.clone()))
            }
            other => Err(mismatch(name, "an f64 matrix", other)),
        }
    }

    /// The f32 values and the sizes (rows, cols) of a matrix.
    /// # Errors
    /// If it is missing, not two-dimensional or not f32.
    pub fn matrix_f32(&self, name: &str) -> Result<(usize, usize, Vec<f32>)> {
        match self.get(name)? {
            Tensor { shape, values: Owned::F32(v) } if shape.len() == 2 => {
                Ok((shape[0], shape[1], v.clone()))
            }
            other => Err(mismatch(name, "an f32 matrix", other)),
        }
    }

    /// An f64 vector.
    /// # Errors
    /// If it is missing, not one-dimensional or not f64.
    pub fn vector_f64(&self, name: &str) -> Result<Vec<f64>> {
        match self.get(name)? {
            Tensor { shape, values: Owned::F64(v) } if shape.len() == 1 => Ok(v.clone()),
            other => Err(mismatch(name, "an f64 vector", other)),
        }
    }

    /// An f32 vector.
    /// # Errors
    /// If it is missing, not one-dimensional or not f32.
    pub fn vector_f32(&self, name: &str) -> Result<Vec<f32>> {
        match self.get(name)? {
            Tensor { shape, values: Owned::F32(v) } if shape.len() == 1 => Ok(v.clone()),
            other => Err(mismatch(name, "an f32 vector", other)),
        }
    }

    /// A u64 vector.
    /// # Errors
    /// If it is missing, not one-dimensional or not u64.
    pub fn vector_u64(&self, name: &str) -> Result<Vec<u64>> {
        match self.get(name)? {
            Tensor { shape, values: Owned::U64(v) } if shape.len() == 1 => Ok(v.clone()),
            other => Err(mismatch(name, "a u64 vector", other)),
        }
    }

    /// A u32 vector.
    /// # Errors
    /// If it is missing, not one-dimensional or not u32.
    pub fn vector_u32(&self, name: &str) -> Result<Vec<u32>> {
        match self.get(name)? {
            Tensor { shape, values: Owned::U32(v) } if shape.len() == 1 => Ok(v.clone()),
            other => Err(mismatch(name, "a u32 vector", other)),
        }
    }

    /// What [`visit_names`] gave.
    /// # Errors
    /// If it is missing or no text.
    pub fn list_of_names(&self, name: &str) -> Result<Vec<String>> {
        let damaged = || Error::shape(format!("names in `{name}`"), "bytes that are none; fit again");
        let Owned::U8(bytes) = &self.get(name)?.values else { return Err(damaged()) };
        let text = std::str::from_utf8(bytes).map_err(|_| damaged())?;
        Ok(text.split('\n').map(str::to_owned).collect())
    }

    /// An f64 scalar.
    /// # Errors
    /// If it is missing or not a single f64.
    pub fn scalar_f64(&self, name: &str) -> Result<f64> {
        match self.get(name)? {
            Tensor { values: Owned::F64(v), .. } if v.len() == 1 => Ok(v[0]),
            other => Err(mismatch(name, "one f64", other)),
        }
    }

    /// A u64 scalar.
    /// # Errors
    /// If it is missing or not a single u64.
    pub fn scalar_u64(&self, name: &str) -> Result<u64> {
        match self.get(name)? {
            Tensor { values: Owned::U64(v), .. } if v.len() == 1 => Ok(v[0]),
            other => Err(mismatch(name, "one u64", other)),
        }
    }
}

/// The error for an array of another kind than expected.
fn mismatch(name: &str, expected: &str, tensor: &Tensor) -> Error {
    let kind = match tensor.values {
        Owned::F32(_) => "f32",
        Owned::F64(_) => "f64",
        Owned::U8(_) => "u8",
        Owned::U32(_) => "u32",
        Owned::U64(_) => "u64",
    };
    Error::shape(format!("`{name}` to be {expected}"), format!("{kind} of shape {:?}", tensor.shape))
}
