//! Data sets read piece by piece: numbers, and text of fixed or variable length.

use super::Book;
use crate::error::{Error, Result};
use crate::io::name_list::NameList;
use hdf5_pure::{DType, Dataset, VlenStringReadOptions};

/// Values of a piece, where chunks are not larger.
const PIECE: u64 = 1 << 17;

/// Bytes of a reference to text of variable length, as it is stored and as it is held.
const REFERENCE: u64 = 16 + 32;

/// Bytes of what is known of a chunk: twice its address, its size, its place in the data.
const PLACE_OF_CHUNK: u64 = 256;

/// The numbers of a data set come in these.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Byte,
    Single,
    Double,
}

/// What the numbers of a data set are kept as; `None` where it holds none.
pub fn kind_of(dataset: &Dataset) -> Option<Kind> {
    match dataset.dtype().ok()? {
        // An enumeration is how numpy's booleans are stored.
        DType::U8 => Some(Kind::Byte),
        DType::Enum(_) if dataset.element_size().ok()? == 1 => Some(Kind::Byte),
        DType::F32 => Some(Kind::Single),
        DType::F64 | DType::I8 | DType::I16 | DType::I32 | DType::I64 => Some(Kind::Double),
        DType::U16 | DType::U32 | DType::U64 => Some(Kind::Double),
        _ => None,
    }
}

impl Book<'_> {
    /// The sizes of a data set.
    pub fn shape(&self, dataset: &Dataset, name: &str) -> Result<Vec<u64>> {
        dataset.shape().map_err(|error| self.broken(name, error))
    }

    /// All numbers of a data set of `n` values, in order, through `convert`.
    pub fn numbers<T: Copy>(
        &self,
        dataset: &Dataset,
        name: &str,
        n: u64,
        convert: impl Fn(f64) -> T,
    ) -> Result<Vec<T>> {
        if kind_of(dataset).is_none() {
            return Err(
                self.fail(format!("`{name}` holds no numbers; write the file again with numbers in it"))
            );
        }
        let mut values = self.room(n, "the values in the HDF5 file")?;
        self.for_each_piece(dataset, name, |start, count| {
            let piece = dataset.read_f64_rows(start, count).map_err(|error| self.broken(name, error))?;
            piece.into_iter().try_for_each(|x| values.push(convert(x)))
        })?;
        if values.len() as u64 != n {
            return Err(self.fail(format!(
                "`{name}` has {} values and should have {n}; write the file again",
                values.len()
            )));
        }
        Ok(values.into_vec())
    }

    /// A list of numbers, of a length that is given or not.
    pub fn list<T: Copy>(
        &self,
        name: &str,
        length: Option<u64>,
        convert: impl Fn(f64) -> T,
    ) -> Result<Vec<T>> {
        let dataset = self.dataset(name)?;
        match self.shape(&dataset, name)?[..] {
            [n] if length.is_none_or(|length| n == length) => self.numbers(&dataset, name, n, convert),
            ref shape => {
                let wanted =
                    length.map_or("a list".to_owned(), |length| format!("{length} values in a list"));
                Err(self.fail(format!(
                    "the shape of `{name}` is {shape:?} and not {wanted}; write the file again"
                )))
            }
        }
    }

    /// A list of text; `None` where the data set holds none.
    pub fn text(&self, name: &str) -> Result<Option<Vec<String>>> {
        let dataset = self.dataset(name)?;
        let [n] = self.shape(&dataset, name)?[..] else { return Ok(None) };
        let mut names = NameList::new(self.budget);
        match dataset.dtype() {
            Ok(DType::VariableLengthString) => self.visit_text(&dataset, name, n, &mut names)?,
            Ok(DType::String) => self.for_each_piece(&dataset, name, |start, count| {
                let piece =
                    dataset.read_string_rows(start, count).map_err(|error| self.broken(name, error))?;
                piece.iter().try_for_each(|text| names.push(text.as_bytes()))
            })?,
            _ => return Ok(None),
        }
        Ok(Some(names.into_vec()))
    }

    /// Text of variable length: references first, then what they stand for, no more than the budget holds.
    fn visit_text(&self, dataset: &Dataset, name: &str, n: u64, names: &mut NameList) -> Result<()> {
        let bytes = n.saturating_mul(REFERENCE).saturating_add(self.bytes_of_chunks(dataset, name)?);
        self.while_charged(bytes, || {
            let left = self.budget.limit() - self.budget.used();
            let most = usize::try_from(left).unwrap_or(usize::MAX);
            let mut refused = Ok(());
            let options = VlenStringReadOptions::new().with_max_payload_bytes(most);
            let visited = dataset.visit_vlen_strings(options, |text| {
                if refused.is_ok() {
                    refused = names.push(text.as_bytes());
                }
            });
            refused?;
            visited.map_err(|error| self.broken(name, error))
        })
    }

    /// Calls `read` with the first row and the number of rows of every piece: whole chunks, or as many rows as
    /// have some thousand values. The piece and a chunk are charged meanwhile.
    fn for_each_piece(
        &self,
        dataset: &Dataset,
        name: &str,
        mut read: impl FnMut(u64, u64) -> Result<()>,
    ) -> Result<()> {
        let failed = |error| self.broken(name, error);
        let shape = dataset.shape().map_err(failed)?;
        let size = dataset.element_size().map_err(failed)?;
        let (n_rows, row) = match shape.split_first() {
            None => (1, 1),
            Some((&n_rows, rest)) => (n_rows, product(rest)),
        };
        let chunk = dataset.chunk_shape().map_err(failed)?;
        let rows_of_chunk = chunk.as_ref().and_then(|chunk| chunk.first().copied()).unwrap_or(1).max(1);
        let n_chunks = (PIECE / rows_of_chunk.saturating_mul(row).max(1)).max(1);
        let rows = rows_of_chunk.saturating_mul(n_chunks).min(n_rows);
        // Values as they are stored, and as numbers or text.
        let value = size.saturating_mul(2).saturating_add(size_of::<String>() as u64);
        let of_piece = rows.saturating_mul(row).saturating_mul(value);
        let of_chunks = self.bytes_of_chunks(dataset, name)?;
        self.while_charged(of_piece.saturating_add(of_chunks), || {
            let mut start = 0;
            while start < n_rows {
                let count = rows.min(n_rows - start);
                read(start, count)?;
                start += count;
            }
            Ok(())
        })
    }

    /// What chunks take while a data set is read: where each is, and the largest packed and unpacked, with
    /// filters in between. Chunks that are said to reach beyond the file are refused.
    fn bytes_of_chunks(&self, dataset: &Dataset, name: &str) -> Result<u64> {
        let failed = |error| self.broken(name, error);
        let Some(chunk) = dataset.chunk_shape().map_err(failed)? else { return Ok(0) };
        let shape = dataset.shape().map_err(failed)?;
        let counts: Vec<u64> =
            shape.iter().zip(&chunk).map(|(n, of_chunk)| n.div_ceil((*of_chunk).max(1))).collect();
        let of_places = product(&counts).saturating_mul(PLACE_OF_CHUNK);
        let mut packed = 0;
        self.while_charged(of_places, || {
            for chunk in dataset.chunks().map_err(failed)? {
                let end = chunk.address.checked_add(chunk.storage_size);
                if end.is_none_or(|end| end > self.file.file_size()) {
                    return Err(self
                        .fail(format!("a chunk of `{name}` lies outside the file; copy or write it again")));
                }
                packed = packed.max(chunk.storage_size);
            }
            Ok(())
        })?;
        let size = dataset.element_size().map_err(failed)?;
        let unpacked = product(&chunk).saturating_mul(size).saturating_mul(2);
        Ok(of_places.saturating_add(packed).saturating_add(unpacked))
    }

    /// Charges what reading takes beside what stays, and gives it back.
    fn while_charged(&self, bytes: u64, work: impl FnOnce() -> Result<()>) -> Result<()> {
        self.budget.charge(bytes, "reading the HDF5 file")?;
        let outcome = work();
        self.budget.release(bytes);
        outcome
    }
}

/// The product of sizes, as far as it can be told.
pub fn product(sizes: &[u64]) -> u64 {
    if sizes.contains(&0) {
        return 0;
    }
    sizes.iter().fold(1, |product: u64, &size| product.saturating_mul(size))
}

/// An error of numbers of names and of what they name.
pub fn check_names(book: &Book, names: &[String], n: usize, place: &str, kind: &str) -> Result<()> {
    if names.len() == n {
        return Ok(());
    }
    let n_names = names.len();
    Err(Error::parse(
        &book.path,
        format!("`{place}` has {n_names} names for {n} {kind}; write the file again"),
    ))
}
