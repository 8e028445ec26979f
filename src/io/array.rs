//! Arrays of numbers in binary files: what a header promises, checked and charged, then read into
//! [`Features`]. Shared by .npy, .npz, IDX and safetensors.
//!
//! The first axis is the samples, all others together are the features: (n) is n x 1, (n, h, w) is n x h w
//! with pictures of h x w. Bytes stay bytes, half and single precision become f32, all else f64.

use super::charged::Charged;
use super::element::{ByteOrder, Element};
use super::input::Input;
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::{Dataset, Labels, Names};

/// Bytes read at a time: a multiple of every element's size.
const CHUNK: usize = 1 << 16;

/// Memory a name of a few characters takes.
const BYTES_PER_NAME: u64 = 48;

/// What a header says of an array.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// The type of the numbers.
    pub element: Element,
    /// Which byte comes first.
    pub order: ByteOrder,
    /// Sizes; empty for a single number.
    pub shape: Vec<u64>,
    /// Whether the first axis runs fastest (Fortran), not the last (C).
    pub fortran: bool,
}

impl Layout {
    /// The number of values; `None` where it does not fit 64 bits.
    pub fn count(&self) -> Option<u64> {
        product(&self.shape)
    }

    /// The number of bytes; `None` where it does not fit 64 bits.
    pub fn n_bytes(&self) -> Option<u64> {
        self.count()?.checked_mul(self.element.size() as u64)
    }

    /// Reads the values as samples x features. `unit` is what a byte of 1 is worth, where the values are
    /// bytes.
    /// # Errors
    /// [`Error::Limit`] if the budget does not hold them, [`Error::Parse`] if the input ends early.
    pub fn read_dataset(&self, input: &mut Input, unit: f64) -> Result<Dataset> {
        let (n_samples, n_features) = self.rows_and_columns(input)?;
        if n_features == 0 {
            // Rows without values take no memory, but whoever goes through the rows does: they pay as those
            // of a sparse matrix do.
            input.budget().charge_array(
                n_samples as u64,
                size_of::<usize>() as u64,
                "rows without values",
            )?;
        }
        let features = match self.element {
            Element::U8 | Element::Bool => {
                let bytes = self.read_bytes(input)?;
                Features::U8 { bytes: Matrix::from_vec(n_samples, n_features, bytes), unit }
            }
            Element::F16 | Element::Bf16 | Element::F32 => {
                let values = self.read(input, |x| x as f32)?;
                Matrix::from_vec(n_samples, n_features, values).into()
            }
            _ => Matrix::from_vec(n_samples, n_features, self.read(input, |x| x)?).into(),
        };
        let names = Names { picture: self.picture(), ..Names::default() };
        Ok(Dataset { features, names, labels: None, batches: None })
    }

    /// Height and width, where samples are pictures.
    pub fn picture(&self) -> Option<(usize, usize)> {
        match self.shape[..] {
            [_, height, width] => Some((height as usize, width as usize)),
            _ => None,
        }
    }

    /// Reads one whole number a sample as classes.
    /// # Errors
    /// As [`Layout::read_dataset`], and [`Error::Parse`] if these are not whole numbers in one axis.
    pub fn read_labels(&self, input: &mut Input) -> Result<Labels> {
        let is_list = matches!(self.shape[..], [_] | [_, 1]);
        if !is_list || !self.element.is_integer() {
            return Err(input.fail("labels are one whole number or name a sample, in one axis"));
        }
        let numbers = self.read(input, |x| x)?;
        input.budget().charge_array(numbers.len() as u64, BYTES_PER_NAME, "the names of the labels")?;
        let names: Vec<String> = numbers.iter().map(f64::to_string).collect();
        input.budget().release(size_of_val(numbers.as_slice()) as u64);
        Ok(Labels::from_names(&names))
    }

    /// Reads the values into what `convert` makes of them, in C order.
    /// # Errors
    /// As [`Layout::read_dataset`].
    pub fn read<T: Copy + Default>(&self, input: &mut Input, convert: impl Fn(f64) -> T) -> Result<Vec<T>> {
        if self.fortran && self.shape.len() > 1 {
            let mut values =
                Charged::filled(input.budget(), ARRAY, self.checked_count(input)?, T::default())?;
            let mut places = FortranOrder::new(&self.shape);
            let slots = values.as_mut_slice();
            self.for_each_chunk(input, |bytes| {
                self.element.decode(self.order, bytes, &mut |x| slots[places.advance()] = convert(x));
                Ok(())
            })?;
            return Ok(values.into_vec());
        }
        let mut values = self.reserve(input)?;
        let mut converted = Vec::with_capacity(CHUNK / self.element.size());
        self.for_each_chunk(input, |bytes| {
            converted.clear();
            self.element.decode(self.order, bytes, &mut |x| converted.push(convert(x)));
            values.extend_from_slice(&converted)
        })?;
        Ok(values.into_vec())
    }

    /// Reads bytes, without a conversion where they come as they are kept.
    fn read_bytes(&self, input: &mut Input) -> Result<Vec<u8>> {
        if self.element == Element::Bool || self.fortran {
            return self.read(input, |x| x as u8);
        }
        let mut values = self.reserve(input)?;
        self.for_each_chunk(input, |bytes| values.extend_from_slice(bytes))?;
        Ok(values.into_vec())
    }

    /// Room for the values, charged.
    fn reserve<'a, T: Copy>(&self, input: &Input<'a>) -> Result<Charged<'a, T>> {
        let mut values = Charged::new(input.budget(), ARRAY);
        values.reserve_exactly(self.checked_count(input)?)?;
        Ok(values)
    }

    /// Calls `each` with the bytes of the array, some whole numbers at a time.
    fn for_each_chunk(&self, input: &mut Input, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut left = self.n_bytes().ok_or_else(|| self.too_large(input))?;
        let mut buffer = vec![0; left.min(CHUNK as u64) as usize];
        while left > 0 {
            let chunk = &mut buffer[..left.min(CHUNK as u64) as usize];
            input.read_exact(chunk, ARRAY)?;
            each(chunk)?;
            left -= chunk.len() as u64;
        }
        Ok(())
    }

    /// The number of values, as far as memory can be addressed.
    fn checked_count(&self, input: &Input) -> Result<usize> {
        let addressable = self.n_bytes().filter(|&bytes| bytes <= isize::MAX as u64);
        addressable.and(self.count()).map(|count| count as usize).ok_or_else(|| self.too_large(input))
    }

    /// Numbers of samples and features.
    /// # Errors
    /// [`Error::Limit`] for sizes no memory holds.
    pub fn rows_and_columns(&self, input: &Input) -> Result<(usize, usize)> {
        let (n_samples, n_features) = match self.shape.split_first() {
            None => (Some(1), Some(1)),
            Some((&first, rest)) => (Some(first), product(rest)),
        };
        let size = |n: Option<u64>| n.and_then(|n| usize::try_from(n).ok());
        size(n_samples).zip(size(n_features)).ok_or_else(|| self.too_large(input))
    }

    /// The refusal of sizes no memory holds.
    fn too_large(&self, input: &Input) -> Error {
        let shown = self.shape.iter().take(SHOWN_AXES).map(u64::to_string);
        let mut sizes: Vec<String> = shown.collect();
        if self.shape.len() > SHOWN_AXES {
            sizes.push("...".to_owned());
        }
        Error::Limit {
            why: format!(
                "{}: {} values are more than can be addressed; the header is damaged or the data needs splitting",
                input.path().display(),
                sizes.join(" x ")
            ),
        }
    }
}

/// Axes shown in messages.
const SHOWN_AXES: usize = 4;

/// What is charged.
const ARRAY: &str = "the values of the array";

/// The product of sizes: 0 if one of them is, `None` if it does not fit.
fn product(sizes: &[u64]) -> Option<u64> {
    if sizes.contains(&0) {
        return Some(0);
    }
    sizes.iter().try_fold(1_u64, |product, &size| product.checked_mul(size))
}

/// Where the values of a Fortran-ordered array belong in C order, in the order they are stored.
struct FortranOrder {
    shape: Vec<usize>,
    strides: Vec<usize>,
    index: Vec<usize>,
    place: usize,
}

impl FortranOrder {
    /// Starts at the first value. The product of the sizes must fit.
    fn new(shape: &[u64]) -> Self {
        let shape: Vec<usize> = shape.iter().map(|&size| size as usize).collect();
        let mut strides = vec![1_usize; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis].saturating_mul(shape[axis]);
        }
        Self { index: vec![0; shape.len()], shape, strides, place: 0 }
    }

    /// The place of the value that comes now.
    fn advance(&mut self) -> usize {
        let place = self.place;
        for axis in 0..self.shape.len() {
            self.index[axis] += 1;
            self.place += self.strides[axis];
            if self.index[axis] < self.shape[axis] {
                break;
            }
            self.index[axis] = 0;
            self.place -= self.strides[axis] * self.shape[axis];
        }
        place
    }
}

/// Refuses bytes after the last value: the header and the content disagree.
/// # Errors
/// [`Error::Parse`] if there is one.
pub(super) fn expect_end(input: &mut Input) -> Result<()> {
    if input.peek(1)?.is_empty() {
        return Ok(());
    }
    Err(input
        .fail("there are more bytes than the header promises; write one array a file, with nothing after it"))
}
