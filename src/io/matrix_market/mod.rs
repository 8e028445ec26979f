//! MatrixMarket (Boisvert, Pozo & Remington 1996): `coordinate` and `array` files of `real`, `integer` or
//! `pattern` values, `general`, `symmetric` or `skew-symmetric`.
//!
//! ```text
//! %%MatrixMarket matrix coordinate integer general
//! % comments
//! n_rows n_cols n_entries
//! row column value        (from 1; a place given twice is summed)
//! ```
//! Rows are samples. A coordinate file becomes a sparse matrix, an array file a dense one.

pub mod rows;

use super::charged::Charged;
use super::entries::Entries;
use super::input::Input;
use super::missing::Missing;
use super::number::{parse_unsigned, shown, value_of};
use super::read::ReadOptions;
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};

/// The values a file holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Real,
    Integer,
    /// Whole numbers that are not negative.
    Count,
    /// None: every entry is 1.
    Pattern,
}

/// What a file leaves out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Symmetry {
    General,
    /// The entries above the diagonal: x_ji = x_ij.
    Symmetric,
    /// The diagonal, which is 0, and the entries above it: x_ji = -x_ij.
    Skew,
}

/// The first line.
pub(in crate::io) struct Banner {
    is_coordinate: bool,
    field: Field,
    symmetry: Symmetry,
}

/// What a message lost in the middle of the file tells.
const CUT_OFF: &str = "is it cut off?";

/// Reads a whole file; with `options.transpose` columns are samples.
/// # Errors
/// [`Error::Parse`] at the line that breaks the format or what the header promises, [`Error::Limit`] where
/// the budget refuses, [`Error::Io`].
pub fn read(input: &mut Input<'_>, options: &ReadOptions) -> Result<Features> {
    let (banner, [n_rows, n_cols, n_entries]) = read_header(input)?;
    if banner.is_coordinate {
        read_coordinates(input, &banner, [n_rows, n_cols, n_entries], options)
    } else {
        read_array(input, &banner, [n_rows, n_cols], options)
    }
}

/// The first line, and the sizes: rows, columns and, for coordinates, entries.
fn read_header(input: &mut Input<'_>) -> Result<(Banner, [usize; 3])> {
    let banner = input.next_line()?.map_or(Err(String::new()), Banner::parse);
    let banner = banner.map_err(|why| input.fail_line(why))?;
    let sizes = next_content(input)?.map(|line| parse_sizes(line, banner.is_coordinate));
    let Some(sizes) = sizes else {
        return Err(input.fail(format!("the file ends before its sizes; {CUT_OFF}")));
    };
    let [n_rows, n_cols, n_entries] = sizes.map_err(|why| input.fail_line(why))?;
    if banner.symmetry != Symmetry::General && n_rows != n_cols {
        let why = format!("a symmetric matrix of {n_rows} x {n_cols}; write `general` in the first line");
        return Err(input.fail_line(why));
    }
    Ok((banner, [n_rows, n_cols, n_entries]))
}

impl Banner {
    /// Of files that hold coordinates of counts and say so elsewhere.
    pub(super) const COUNTS: Banner =
        Banner { is_coordinate: true, field: Field::Count, symmetry: Symmetry::General };

    fn parse(line: &[u8]) -> std::result::Result<Banner, String> {
        let line = String::from_utf8_lossy(line).to_ascii_lowercase();
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [_, object, format, field, symmetry] = words[..] else {
            let example = "`%%MatrixMarket matrix coordinate real general`";
            return Err(format!("the first line has {} words; it must read like {example}", words.len()));
        };
        if object != "matrix" {
            return Err(format!("it holds a `{}`; give a `matrix`", shown(object.as_bytes())));
        }
        let is_coordinate = match format {
            "coordinate" => true,
            "array" => false,
            _ => return Err(format!("`{}` must be `coordinate` or `array`", shown(format.as_bytes()))),
        };
        let field = match field {
            "real" | "double" => Field::Real,
            "integer" | "unsigned-integer" => Field::Integer,
            "pattern" if is_coordinate => Field::Pattern,
            "complex" => return Err("complex values are not taken; write their moduli as `real`".into()),
            _ => {
                let field = shown(field.as_bytes());
                return Err(format!("`{field}` must be `real`, `integer` or, with coordinates, `pattern`"));
            }
        };
        let symmetry = match symmetry {
            "general" => Symmetry::General,
            "symmetric" => Symmetry::Symmetric,
            "skew-symmetric" if field != Field::Pattern => Symmetry::Skew,
            "hermitian" => {
                return Err("hermitian means complex values; write real ones as `symmetric`".into());
            }
            _ => {
                let symmetry = shown(symmetry.as_bytes());
                return Err(format!("`{symmetry}` must be `general`, `symmetric` or `skew-symmetric`"));
            }
        };
        Ok(Banner { is_coordinate, field, symmetry })
    }
}

/// The next line that is neither blank nor a comment.
fn next_content<'i>(input: &'i mut Input<'_>) -> Result<Option<&'i [u8]>> {
    input.next_line_where(|line| line.first() != Some(&b'%') && !line.trim_ascii().is_empty())
}

/// Rows, columns and, for coordinates, entries.
fn parse_sizes(line: &[u8], is_coordinate: bool) -> std::result::Result<[usize; 3], String> {
    let mut sizes = [0_usize; 3];
    let n_sizes = if is_coordinate { 3 } else { 2 };
    let mut rest = line;
    for size in &mut sizes[..n_sizes] {
        let word;
        (word, rest) = split_word(rest);
        let parsed = parse_unsigned(word).and_then(|value| usize::try_from(value).ok());
        *size = parsed.ok_or_else(|| {
            let needed = if is_coordinate { "rows, columns and entries" } else { "rows and columns" };
            format!("`{}` must hold the numbers of {needed}", shown(line))
        })?;
    }
    if !rest.trim_ascii().is_empty() {
        return Err(format!("`{}` holds more than {n_sizes} sizes", shown(line)));
    }
    check_sizes(sizes).map(|()| sizes)
}

/// Refuses sizes no matrix has here.
pub(super) fn check_sizes([n_rows, n_cols, _]: [usize; 3]) -> std::result::Result<(), String> {
    if n_rows.max(n_cols) > u32::MAX as usize {
        return Err(format!("{n_rows} x {n_cols} is more than 2^32 - 1 rows or columns"));
    }
    if n_rows.min(n_cols) == 0 {
        return Err(format!("{n_rows} x {n_cols} holds nothing; give at least one row and column"));
    }
    Ok(())
}

/// The first word of a line and what follows it.
#[inline]
pub(super) fn split_word(line: &[u8]) -> (&[u8], &[u8]) {
    let line = line.trim_ascii_start();
    let end = line.iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(line.len());
    line.split_at(end)
}

/// The entries of a coordinate file.
pub(super) fn read_coordinates(
    input: &mut Input<'_>,
    banner: &Banner,
    [n_rows, n_cols, n_entries]: [usize; 3],
    options: &ReadOptions,
) -> Result<Features> {
    let mut entries = Entries::new(input.budget());
    let mut add = |i: u32, j: u32, x: f64| {
        if options.transpose { entries.push(j, i, x) } else { entries.push(i, j, x) }
    };
    let mut n_read = 0;
    while let Some(line) = next_content(input)? {
        let entry = if n_read < n_entries {
            parse_entry(line, banner, [n_rows, n_cols], options.missing)
        } else {
            Err(beyond(n_entries))
        };
        let (i, j, x) = entry.map_err(|why| input.fail_line(why))?;
        add(i, j, x)?;
        match banner.symmetry {
            Symmetry::Symmetric if i != j => add(j, i, x)?,
            Symmetry::Skew => add(j, i, -x)?,
            _ => {}
        }
        n_read += 1;
    }
    if n_read < n_entries {
        return Err(input.fail(cut_off(n_read, n_entries)));
    }
    let (n_samples, n_features) = if options.transpose { (n_cols, n_rows) } else { (n_rows, n_cols) };
    let matrix = entries.into_csr(n_samples, n_features).map_err(|error| match error {
        Error::Numerical { step, why } => input.fail(format!("{step}: {why}")),
        other => other,
    })?;
    Ok(matrix.into())
}

/// What is wrong with an entry beyond the last.
fn beyond(n_entries: usize) -> String {
    format!("there are more than the {n_entries} entries the header promises; correct it")
}

/// What is wrong with an end before the last entry.
fn cut_off(n_read: usize, n_entries: usize) -> String {
    format!("the file ends after {n_read} of the {n_entries} entries its header promises; {CUT_OFF}")
}

/// Row and column from 0, and the value.
#[inline]
fn parse_entry(
    line: &[u8],
    banner: &Banner,
    [n_rows, n_cols]: [usize; 2],
    missing: Missing,
) -> std::result::Result<(u32, u32, f64), String> {
    let (row, rest) = split_word(line);
    let (column, rest) = split_word(rest);
    let i = parse_index(row, n_rows, "row")?;
    let j = parse_index(column, n_cols, "column")?;
    let (value, rest) = if banner.field == Field::Pattern { (&[][..], rest) } else { split_word(rest) };
    if !rest.trim_ascii().is_empty() {
        return Err(format!("`{}` follows the entry; give one entry a line", shown(rest.trim_ascii())));
    }
    let x = parse_value(value, banner.field, missing)?;
    match banner.symmetry {
        Symmetry::Symmetric if i < j => {
            Err(format!("({}, {}) is above the diagonal of a symmetric matrix; leave it out", i + 1, j + 1))
        }
        Symmetry::Skew if i <= j => Err(format!(
            "({}, {}) is not below the diagonal of a skew-symmetric matrix; leave it out",
            i + 1,
            j + 1
        )),
        _ => Ok((i, j, x)),
    }
}

/// An index from 0 of one from 1.
#[inline]
fn parse_index(word: &[u8], size: usize, kind: &str) -> std::result::Result<u32, String> {
    match parse_unsigned(word) {
        Some(index) if (1..=size as u64).contains(&index) => Ok((index - 1) as u32),
        Some(index) => {
            Err(format!("{kind} {index} is not within 1 to {size}; correct the entry or the header"))
        }
        None => Err(format!("`{}` is not the number of a {kind}", shown(word))),
    }
}

/// A value of the banner's field.
#[inline]
fn parse_value(word: &[u8], field: Field, missing: Missing) -> std::result::Result<f64, String> {
    if field == Field::Pattern {
        return Ok(1.0);
    }
    if word.is_empty() {
        return Err("the entry has no value; write one, or `pattern` in the first line".into());
    }
    let value = value_of(word, missing)?;
    if field == Field::Integer && value.fract() != 0.0 && !value.is_nan() {
        return Err(format!("`{}` is not an integer; write `real` in the first line", shown(word)));
    }
    if field == Field::Count && (value < 0.0 || value.fract() != 0.0) {
        return Err(format!("`{}` is not a count; write a whole number of 0 or more", shown(word)));
    }
    Ok(value)
}

/// The value that is alone on a line.
fn parse_only_value(line: &[u8], field: Field, missing: Missing) -> std::result::Result<f64, String> {
    let (word, rest) = split_word(line);
    if !rest.trim_ascii().is_empty() {
        return Err(format!("`{}` follows the value; give one value a line", shown(rest.trim_ascii())));
    }
    parse_value(word, field, missing)
}

/// The values of an array file, which come column by column.
fn read_array(
    input: &mut Input<'_>,
    banner: &Banner,
    [n_rows, n_cols]: [usize; 2],
    options: &ReadOptions,
) -> Result<Features> {
    let (n_samples, n_features) = if options.transpose { (n_cols, n_rows) } else { (n_rows, n_cols) };
    let n_values = n_rows.saturating_mul(n_cols);
    let mut values = Charged::filled(input.budget(), "the values of the matrix", n_values, 0.0)?;
    let x = values.as_mut_slice();
    let mut place = |i: usize, j: usize, value: f64| {
        x[if options.transpose { j * n_features + i } else { i * n_features + j }] = value;
    };
    for j in 0..n_cols {
        let first_row = match banner.symmetry {
            Symmetry::General => 0,
            Symmetry::Symmetric => j,
            Symmetry::Skew => j + 1,
        };
        for i in first_row..n_rows {
            let value =
                next_content(input)?.map(|line| parse_only_value(line, banner.field, options.missing));
            let Some(value) = value else {
                let why = format!("the file ends before row {}, column {}; {CUT_OFF}", i + 1, j + 1);
                return Err(input.fail(why));
            };
            let value = value.map_err(|why| input.fail_line(why))?;
            place(i, j, value);
            match banner.symmetry {
                Symmetry::General => {}
                Symmetry::Symmetric => place(j, i, value),
                Symmetry::Skew => place(j, i, -value),
            }
        }
    }
    if next_content(input)?.is_some() {
        return Err(
            input.fail_line(format!("there are more values than {n_rows} x {n_cols}; correct the header"))
        );
    }
    Ok(Matrix::from_vec(n_samples, n_features, values.into_vec()).into())
}
