//! 10x Genomics: one group with the columns (cells) of a genes x cells matrix one after the other.

use super::Book;
use super::pieces::check_names;
use crate::error::Result;
use crate::io::compressed::{Lists, index, pointer, sizes};
use crate::models::{Dataset, Names};

/// The group of the matrix: `matrix` since version 3, before it one named after the genome.
pub fn find(book: &Book) -> Result<Option<String>> {
    let groups = book.group("/")?.groups().map_err(|error| book.broken("/", error))?;
    let mut matrices = Vec::new();
    for name in &groups {
        let mut is_matrix = true;
        for part in ["barcodes", "indptr", "shape"] {
            is_matrix = is_matrix && book.find_dataset(&format!("{name}/{part}"))?.is_some();
        }
        if is_matrix {
            matrices.push(name);
        }
    }
    match matrices.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only.to_string())),
        [first, second, ..] => Err(book.fail(format!(
            "it holds several matrices (`{}`, `{}`, ...); keep one in the file",
            first.escape_debug(),
            second.escape_debug()
        ))),
    }
}

/// Reads cells x genes. Genes have their symbols as names.
pub fn read(book: &Book, group: &str) -> Result<Dataset> {
    let at = |part: &str| format!("{group}/{part}");
    let shape = book.list(&at("shape"), Some(2), |x| x)?;
    let Some((n_genes, n_cells)) = sizes(&shape) else {
        return Err(
            book.fail(format!("the shape {shape:?} is not two sizes below 2^32; write the file again"))
        );
    };
    let pointers = book.list(&at("indptr"), Some(n_cells as u64 + 1), pointer)?;
    let nnz = pointers.last().map(|&nnz| nnz as u64);
    let indices = book.list(&at("indices"), nnz, index)?;
    let values = book.list(&at("data"), nnz, |x| x)?;
    let matrix = Lists { pointers, indices, values }.by_rows(n_genes, &book.path)?;

    let cells = book.text(&at("barcodes"))?;
    let mut genes = None;
    for place in ["features/name", "features/id", "gene_names", "genes"].map(at) {
        if genes.is_none() && book.find_dataset(&place)?.is_some() {
            genes = book.text(&place)?;
            if let Some(genes) = &genes {
                check_names(book, genes, n_genes, &place, "genes")?;
            }
        }
    }
    if let Some(cells) = &cells {
        check_names(book, cells, n_cells, &at("barcodes"), "cells")?;
    }
    let names = Names { samples: cells, features: genes, ..Names::default() };
    Ok(Dataset { features: matrix.into(), names, labels: None, batches: None })
}
