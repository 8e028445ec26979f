//! The folder 10x Genomics' Cell Ranger writes: `matrix.mtx`, `features.tsv` (`genes.tsv` before version 3)
//! and `barcodes.tsv`, each plain or with `.gz`.
//!
//! The matrix holds genes x cells and becomes cells x genes. A gene is named by its symbol, the second
//! column of its line (symbols may occur twice), or by its identifier where there is no second column.

use super::input::Input;
use super::matrix_market;
use super::names::{Column, read_names};
use super::read::ReadOptions;
use crate::error::{Error, Result};
use crate::models::{Dataset, Names};
use crate::monitor::Budget;
use std::path::{Path, PathBuf};

/// Reads a folder; with `options.transpose` the genes are the samples.
/// # Errors
/// [`Error::Parse`] for a file that is missing or broken, [`Error::Limit`] where the budget refuses,
/// [`Error::Io`].
pub fn read(folder: &Path, options: &ReadOptions, budget: &Budget) -> Result<Dataset> {
    let matrix = find(folder, &["matrix.mtx"])?;
    let features = find(folder, &["features.tsv", "genes.tsv"])?;
    let barcodes = find(folder, &["barcodes.tsv"])?;
    let genes_first = ReadOptions { transpose: !options.transpose, ..options.clone() };
    let matrix = matrix_market::read(&mut Input::open(&matrix, budget)?, &genes_first)?;
    let (n_cells, n_genes) = match options.transpose {
        false => (matrix.n_samples(), matrix.n_features()),
        true => (matrix.n_features(), matrix.n_samples()),
    };
    let genes = read_names(&features, Column::SecondOrOnly, n_genes, "genes", budget)?;
    let cells = read_names(&barcodes, Column::First, n_cells, "cells", budget)?;
    let (samples, features) = if options.transpose { (genes, cells) } else { (cells, genes) };
    let names = Names { samples: Some(samples), features: Some(features), ..Names::default() };
    Ok(Dataset { features: matrix, names, labels: None, batches: None })
}

/// Whether a folder has any of the files.
pub fn is_folder(path: &Path) -> bool {
    let names = ["matrix.mtx", "features.tsv", "genes.tsv", "barcodes.tsv"];
    path.is_dir() && names.iter().any(|name| find(path, &[name]).is_ok())
}

/// The first file there is of these names, plain or with `.gz`.
fn find(folder: &Path, names: &[&str]) -> Result<PathBuf> {
    let candidates = names.iter().flat_map(|name| [folder.join(name), folder.join(format!("{name}.gz"))]);
    candidates.into_iter().find(|path| path.is_file()).ok_or_else(|| {
        let names = names.join(" or ");
        Error::parse(folder, format!("the folder has no {names} (or .gz); give a 10x folder or a file"))
    })
}
