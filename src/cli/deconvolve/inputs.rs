//! The tables deconvolution reads: mixtures, signatures, what is known of types and samples; all met by name.

use super::super::{input, rooms};
use crate::applications::deconvolution::{Deconvolution, Params, Signature};
use crate::error::{Error, Result};
use crate::io::read::{self, ReadOptions};
use crate::io::rows::RowFile;
use crate::io::run::RunFolder;
use crate::linalg::Matrix;
use crate::models::{Data, Dataset, Fit, Names, RowSource, rows_per_block};
use crate::monitor::Env;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The mixtures, samples x genes.
pub enum Mixtures<'a> {
    /// In memory.
    Whole(Box<Dataset>),
    /// A file that is gone through as often as needed.
    File(Box<RowFile<'a>>),
}

impl<'a> Mixtures<'a> {
    /// Opens a file or a set of that name.
    pub fn open(name: &str, options: &ReadOptions, stream: bool, env: &'a Env) -> Result<Mixtures<'a>> {
        if stream {
            return Ok(Mixtures::File(Box::new(RowFile::new(Path::new(name), options, &env.budget)?)));
        }
        let set = input::load(name, options, env)?.dataset;
        Data::rows(&set.features).finite_features()?;
        Ok(Mixtures::Whole(Box::new(set)))
    }

    /// The names of the genes.
    pub fn genes(&self) -> Result<&[String]> {
        let names = match self {
            Mixtures::Whole(set) => &set.names,
            Mixtures::File(file) => file.names(),
        };
        names.features.as_deref().ok_or_else(|| {
            Error::shape("names of the genes of the mixtures", "none; give a header or --feature-names FILE")
        })
    }

    /// Calls `each` with every block of rows and the number of rows before it.
    pub fn each_block(&self, mut each: impl FnMut(usize, &Dataset) -> Result<()>) -> Result<()> {
        let file = match self {
            Mixtures::Whole(set) => return each(0, set),
            Mixtures::File(file) => file,
        };
        let mut blocks = file.open()?;
        let mut first = 0;
        while let Some(block) = blocks.next_block(rows_per_block(file.n_features()))? {
            each(first, &block)?;
            first += block.features.n_samples();
        }
        if first == 0 {
            return Err(Error::shape("at least one mixture", "a file without rows"));
        }
        Ok(())
    }
}

/// Where profiles and what belongs to them are read from.
pub struct Signatures<'a> {
    pub signature: Option<&'a PathBuf>,
    pub variances: Option<&'a PathBuf>,
    pub contents: Option<&'a PathBuf>,
}

impl Signatures<'_> {
    /// The signature, and what the RNA of a cell of each type counts for.
    pub fn read(&self, genes: &[String], env: &Env) -> Result<(Signature, Option<Vec<f64>>)> {
        let path = self.signature.expect("a required argument");
        let mut signature = if path.is_dir() { of_run(path, env)? } else { of_file(path, genes, env)? };
        if let Some(path) = self.variances {
            let table = of_file(path, genes, env)?;
            signature.variances = Some(arranged(path, &table, &signature)?);
        }
        let contents = self.contents.map(|path| contents(path, &signature.types, env)).transpose()?;
        Ok((signature, contents))
    }
}

/// The profiles a run has learnt.
fn of_run(path: &Path, env: &Env) -> Result<Signature> {
    let (named, manifest) = RunFolder::open(path)?.load_model(&env.budget)?;
    let name = <Params as crate::models::Settings>::NAME;
    if manifest.model != name {
        let why = format!("{} is a run of {}; give one of `fit {name}`, or a table", path.display(), manifest.model);
        return Err(Error::parameter("signature", why));
    }
    rooms::load(&named.under("model/"), &manifest)?; // refuses another version
    let params: Params = serde_json::from_value(manifest.params.clone())
        .map_err(|e| Error::parse(path, format!("{e}; fit again")))?;
    let model: Deconvolution = params.load_model(&named.under("model/"))?;
    Ok(model.signature(&Names { features: manifest.data.feature_names, ..Names::default() }))
}

/// A table of profiles; the side whose names are genes of the mixtures are its genes.
fn of_file(path: &Path, genes: &[String], env: &Env) -> Result<Signature> {
    let set = read::read(path, &ReadOptions::default(), &env.budget)?;
    let n_values = set.features.n_samples() as u64 * set.features.n_features() as u64;
    env.budget.charge_array(n_values, 16, "the signature")?;
    let known: HashMap<&String, ()> = genes.iter().map(|gene| (gene, ())).collect();
    let n_known = |names: Option<&[String]>| {
        names.map_or(0, |names| names.iter().filter(|name| known.contains_key(name)).count())
    };
    let (rows, cols) = (set.names.samples.as_deref(), set.names.features.as_deref());
    let values = set.features.to_dense();
    let count = |n: usize, what: &str| (1..=n).map(|i| format!("{what}_{i}")).collect::<Vec<String>>();
    let named = |names: Option<&[String]>, n: usize, what: &str| {
        names.map_or_else(|| count(n, what), <[String]>::to_vec)
    };
    if let Some((i, j)) = set.features.first_not_finite() {
        let why = format!("row {}, column {}: the value is not finite; give profiles of all genes", i + 1, j + 1);
        return Err(Error::parse(path, why));
    }
    // Types are rows here; where neither side is known, Deconvolver says so.
    Ok(match n_known(cols) > n_known(rows) || rows.is_none() {
        true => Signature {
            types: named(rows, values.n_rows(), "type"),
            genes: named(cols, values.n_cols(), "gene"),
            profiles: values,
            variances: None,
        },
        false => Signature {
            types: named(cols, values.n_cols(), "type"),
            genes: named(rows, values.n_rows(), "gene"),
            profiles: values.transposed(),
            variances: None,
        },
    })
}

/// A table arranged as the signature is.
fn arranged(path: &Path, table: &Signature, signature: &Signature) -> Result<Matrix<f64>> {
    let missing = |what: &str, name: &String| Error::parse(path, format!("there is no {what} `{name}`"));
    let place = |names: &[String], what: &str, wanted: &[String]| -> Result<Vec<usize>> {
        let places: HashMap<&String, usize> = names.iter().enumerate().rev().map(|(at, name)| (name, at)).collect();
        wanted.iter().map(|name| places.get(name).copied().ok_or_else(|| missing(what, name))).collect()
    };
    let types = place(&table.types, "type", &signature.types)?;
    let genes = place(&table.genes, "gene", &signature.genes)?;
    let values = Matrix::from_fn(types.len(), genes.len(), |t, g| table.profiles[(types[t], genes[g])]);
    match values.values().iter().any(|x| *x < 0.0) {
        true => Err(Error::parse(path, "a variance is negative")),
        false => Ok(values),
    }
}

/// A number above 0 for every type.
fn contents(path: &Path, types: &[String], env: &Env) -> Result<Vec<f64>> {
    let set = read::read(path, &ReadOptions::default(), &env.budget)?;
    let (rows, cols) = (set.names.samples.as_deref(), set.names.features.as_deref());
    let values = set.features.to_dense();
    let find = |name: &String| {
        let of_row = rows.and_then(|names| names.iter().position(|n| n == name)).map(|i| values[(i, 0)]);
        let of_col = || cols.and_then(|names| names.iter().position(|n| n == name)).map(|j| values[(0, j)]);
        let found = of_row.or_else(of_col);
        found.filter(|x| *x > 0.0 && x.is_finite()).ok_or_else(|| {
            Error::parse(path, format!("there is no number above 0 for `{name}`; give a line for each type"))
        })
    };
    types.iter().map(find).collect()
}

/// Known fractions of the samples, which sum to 1 over the types that are known, and which types these are (places in
/// `types`).
pub fn truth(path: &Path, samples: &[String], types: &[String], env: &Env) -> Result<(Matrix<f64>, Vec<usize>)> {
    let set = read::read(path, &ReadOptions::default(), &env.budget)?;
    let (Some(rows), Some(cols)) = (&set.names.samples, &set.names.features) else {
        return Err(Error::parse(path, "it needs names of samples and types; give a header and a column of names"));
    };
    let values = set.features.to_dense();
    let known: Vec<usize> = (0..types.len()).filter(|&t| cols.contains(&types[t])).collect();
    if known.is_empty() {
        return Err(Error::parse(path, "no column is called as a type of the signature; give samples x types"));
    }
    let of_type: Vec<usize> =
        known.iter().filter_map(|&t| cols.iter().position(|name| *name == types[t])).collect();
    let mut truth = Matrix::zeros(samples.len(), known.len());
    for (i, sample) in samples.iter().enumerate() {
        let Some(row) = rows.iter().position(|name| name == sample) else {
            return Err(Error::parse(path, format!("there is no sample `{sample}`; give a row for each mixture")));
        };
        let sum: f64 = of_type.iter().map(|&j| values[(row, j)]).sum();
        let is_whole = sum > 0.0 && sum.is_finite() && of_type.iter().all(|&j| values[(row, j)] >= 0.0);
        if !is_whole {
            let why = format!("the fractions of `{sample}` are negative, missing or all 0; give numbers of 0 and more");
            return Err(Error::parse(path, why));
        }
        truth.row_mut(i).iter_mut().zip(&of_type).for_each(|(f, &j)| *f = values[(row, j)] / sum);
    }
    Ok((truth, known))
}
