//! AnnData: `X` and `layers` of cells x genes, dense or sparse, with tables of cells (`obs`) and genes (`var`).

use super::Book;
use super::pieces::{Kind, check_names, kind_of, product};
use crate::error::{Error, Result};
use crate::io::compressed::{Lists, index, pointer, sizes};
use crate::io::name_list::NameList;
use crate::linalg::{Features, Matrix};
use crate::models::{Dataset, Labels, Names};
use hdf5_pure::{AttrValue, Group};

/// What a category that is missing (code -1) is called, as pandas shows it.
const MISSING: &str = "nan";

/// The layer that means the matrix and genes before they were filtered.
const RAW: &str = "raw";

/// Reads `X`, `raw` or a layer, with the names of cells and genes.
pub fn read(book: &Book, layer: Option<&str>) -> Result<Dataset> {
    let (place, var) = match layer {
        None => ("X".to_owned(), "var"),
        Some(RAW) => ("raw/X".to_owned(), "raw/var"),
        Some(name) => (format!("layers/{name}"), "var"),
    };
    let features = if let Some(dataset) = book.find_dataset(&place)? {
        dense(book, &dataset, &place)?
    } else if let Some(group) = book.find_group(&place)? {
        sparse(book, &group, &place)?
    } else if layer.is_some() {
        let (why, layers) = ("the file has no such layer", book.names_in("layers"));
        return Err(Error::parameter("layer", format!("{why}; there are {layers}, or leave it out for X")));
    } else {
        let found = book.names_in("/");
        return Err(
            book.fail(format!("it is no AnnData or 10x file: of X or matrix there is none, only {found}"))
        );
    };
    let samples = names(book, "obs", features.n_samples(), "cells")?;
    let genes = names(book, var, features.n_features(), "genes")?;
    Ok(Dataset {
        features,
        names: Names { samples, features: genes, ..Names::default() },
        labels: None,
        batches: None,
    })
}

/// A matrix whose every value is stored.
fn dense(book: &Book, dataset: &hdf5_pure::Dataset, place: &str) -> Result<Features> {
    let shape = book.shape(dataset, place)?;
    let (n_samples, n_features) = match shape[..] {
        [n_samples, n_features] => (n_samples, n_features),
        [n_samples] => (n_samples, 1),
        _ => return Err(book.fail(format!("the shape of `{place}` is {shape:?}; save cells x genes"))),
    };
    let n = product(&[n_samples, n_features]);
    let sizes = (n_samples as usize, n_features as usize);
    if n_features == 0 {
        book.budget.charge_array(n_samples, size_of::<usize>() as u64, "rows without values")?;
    }
    let matrix = match kind_of(dataset) {
        Some(Kind::Byte) => {
            let bytes = Matrix::from_vec(sizes.0, sizes.1, book.numbers(dataset, place, n, |x| x as u8)?);
            Features::U8 { bytes, unit: 1.0 }
        }
        Some(Kind::Single) => {
            Matrix::from_vec(sizes.0, sizes.1, book.numbers(dataset, place, n, |x| x as f32)?).into()
        }
        _ => Matrix::from_vec(sizes.0, sizes.1, book.numbers(dataset, place, n, |x| x)?).into(),
    };
    Ok(matrix)
}

/// A matrix that leaves zeros out.
fn sparse(book: &Book, group: &Group, place: &str) -> Result<Features> {
    let attributes = group.attrs().map_err(|error| book.broken(place, error))?;
    let either = |new: &str, old: &str| attributes.get(new).or_else(|| attributes.get(old));
    let encoding = either("encoding-type", "h5sparse_format").and_then(AttrValue::as_str).unwrap_or_default();
    let shape: Option<Vec<f64>> = either("shape", "h5sparse_shape")
        .and_then(AttrValue::to_i64s)
        .map(|sizes| sizes.iter().map(|&size| size as f64).collect());
    let Some((n_samples, n_features)) = shape.and_then(|shape| self::sizes(&shape)) else {
        return Err(
            book.fail(format!("the shape of `{place}` is not two sizes below 2^32; write the file again"))
        );
    };
    let is_by_rows = match encoding {
        "csr_matrix" | "csr" => true,
        "csc_matrix" | "csc" => false,
        other => {
            let other = other.escape_debug();
            return Err(book
                .fail(format!("matrices of encoding `{other}` are not read; save `{place}` as csr_matrix")));
        }
    };
    let (n_lines, n_across) = if is_by_rows { (n_samples, n_features) } else { (n_features, n_samples) };
    let at = |part: &str| format!("{place}/{part}");
    let pointers = book.list(&at("indptr"), Some(n_lines as u64 + 1), pointer)?;
    let nnz = pointers.last().map(|&nnz| nnz as u64);
    let indices = book.list(&at("indices"), nnz, index)?;
    let values = book.list(&at("data"), nnz, |x| x)?;
    let lists = Lists { pointers, indices, values };
    let matrix = match is_by_rows {
        true => lists.by_rows(n_across, &book.path)?,
        false => lists.by_columns(n_across, &book.path, book.budget)?,
    };
    Ok(matrix.into())
}

/// The names of a table's rows: the column its attribute `_index` names. `None` where they are no text.
fn names(book: &Book, table: &str, n: usize, kind: &str) -> Result<Option<Vec<String>>> {
    let Some(group) = book.find_group(table)? else { return Ok(None) };
    let attributes = group.attrs().map_err(|error| book.broken(table, error))?;
    let column = attributes.get("_index").and_then(AttrValue::as_str).unwrap_or("_index");
    let place = format!("{table}/{column}");
    if book.find_dataset(&place)?.is_none() {
        return Ok(None);
    }
    let names = book.text(&place)?;
    if let Some(names) = &names {
        check_names(book, names, n, &place, kind)?;
    }
    Ok(names)
}

/// A column of `obs` as classes: categories, text, or whole numbers.
pub fn read_labels(book: &Book, column: &str) -> Result<Labels> {
    let place = format!("obs/{column}");
    // Since version 0.2 a categorical column is a group; before, codes with their categories elsewhere.
    let old_categories = format!("obs/__categories/{column}");
    if book.find_group(&place)?.is_some() {
        return categorical(book, &format!("{place}/codes"), &format!("{place}/categories"));
    }
    if book.find_dataset(&place)?.is_none() {
        let columns = book.names_in("obs");
        return Err(
            book.fail(format!("`obs` has no column `{}`; there are {columns}", column.escape_debug()))
        );
    }
    if book.find_dataset(&old_categories)?.is_some() {
        return categorical(book, &place, &old_categories);
    }
    if let Some(names) = book.text(&place)? {
        return Ok(Labels::from_names(&names));
    }
    let numbers = book.list(&place, None, |x| x)?;
    if numbers.iter().any(|x| x.fract() != 0.0) {
        return Err(
            book.fail(format!("`{place}` is no class: its numbers are not whole; choose another column"))
        );
    }
    let names: Vec<String> = numbers.iter().map(f64::to_string).collect();
    Ok(Labels::from_names(&names))
}

/// Classes by their codes. Categories that no cell has are left out.
fn categorical(book: &Book, codes: &str, categories: &str) -> Result<Labels> {
    let names = match book.text(categories)? {
        Some(names) => names,
        None => book.list(categories, None, |x| x)?.iter().map(f64::to_string).collect(),
    };
    let codes_of = book.list(codes, None, |x| x)?;
    let mut labels = NameList::new(book.budget);
    for code in codes_of {
        let name = match code {
            -1.0 => MISSING,
            _ => names.get(pointer(code)).ok_or_else(|| {
                book.fail(format!("`{codes}` has a code {code} without a category; write the file again"))
            })?,
        };
        labels.push(name.as_bytes())?;
    }
    Ok(Labels::from_names(&labels.into_vec()))
}
