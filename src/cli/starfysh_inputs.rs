//! What `diabolo starfysh` reads beside the counts: places, classes and signatures, met by name.

use crate::applications::starfysh::Signatures;
use crate::error::{Error, Result};
use crate::io::text_table::TextTable;
use crate::linalg::Matrix;
use crate::models::{Dataset, Labels};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Spots by name.
pub struct Spots<'a> {
    names: &'a [String],
    place: HashMap<&'a str, usize>,
}

impl<'a> Spots<'a> {
    /// Of data whose samples have names, each its own.
    pub fn of(set: &'a Dataset) -> Result<Spots<'a>> {
        let why = "the spots have no names to find their places by; give --sample-names FILE";
        let names = set.names.samples.as_deref().ok_or_else(|| Error::parameter("sample_names", why))?;
        let mut place = HashMap::new();
        for (i, name) in names.iter().enumerate() {
            if place.insert(name.as_str(), i).is_some() {
                let why = format!("two spots are called {name}; give each a name of its own");
                return Err(Error::parameter("sample_names", why));
            }
        }
        Ok(Spots { names, place })
    }

    /// The places of all spots, n_spots x 2, from lines `name x y` in any order; other names are passed over.
    pub fn places(&self, table: &TextTable) -> Result<Matrix<f64>> {
        let mut places = Matrix::filled(self.names.len(), 2, f64::NAN);
        for (line, cells) in &table.lines {
            let Some(&i) = cells.first().and_then(|name| self.place.get(name.as_str())) else { continue };
            if !places[(i, 0)].is_nan() {
                return Err(
                    table.fail(*line, format!("spot {} stands there twice; give it one place", cells[0]))
                );
            }
            for axis in 0..2 {
                let text = cells.get(axis + 1).map_or("", String::as_str);
                let number = text.parse::<f64>().ok().filter(|v| v.is_finite());
                let why = || format!("`{text}` is no coordinate of spot {}; lines are: name, x, y", cells[0]);
                places[(i, axis)] = number.ok_or_else(|| table.fail(*line, why()))?;
            }
        }
        let missing: Vec<&str> = (0..self.names.len())
            .filter(|&i| places[(i, 0)].is_nan())
            .map(|i| self.names[i].as_str())
            .collect();
        match missing.first() {
            None => Ok(places),
            Some(first) => Err(Error::parse(
                &table.path,
                format!(
                    "{} of {} spots have no place, {first} the first; lines are: name, x, y, with the names of the data",
                    missing.len(),
                    self.names.len()
                ),
            )),
        }
    }

    /// The class of every spot that has one, from lines `name class`.
    pub fn classes(&self, table: &TextTable) -> Result<(Vec<Option<u32>>, Vec<String>)> {
        let mut named: Vec<Option<String>> = vec![None; self.names.len()];
        for (line, cells) in &table.lines {
            let Some(&i) = cells.first().and_then(|name| self.place.get(name.as_str())) else { continue };
            let class = cells.get(1..).and_then(<[String]>::last);
            let class = class.ok_or_else(|| table.fail(*line, format!("spot {} has no class", cells[0])))?;
            if named[i].replace(class.clone()).is_some() {
                return Err(
                    table.fail(*line, format!("spot {} stands there twice; give it one class", cells[0]))
                );
            }
        }
        let known: Vec<String> = named.iter().flatten().cloned().collect();
        if known.is_empty() {
            return Err(Error::parse(
                &table.path,
                "no line begins with the name of a spot; lines are: name, class",
            ));
        }
        let labels = Labels::from_names(&known);
        let mut classes = labels.class.into_iter();
        let class = named.iter().map(|name| name.as_ref().and_then(|_| classes.next())).collect();
        Ok((class, labels.classes))
    }
}

/// Signatures of either form. In a table of two columns of which the second names more genes of the data by far, or neither any, a line is a
/// type and a gene; else the first line names types, and below each stand its genes.
pub fn signatures(table: &TextTable, set: &Dataset) -> Result<Signatures> {
    let genes: HashSet<&str> = set.names.features.iter().flatten().map(String::as_str).collect();
    if genes.is_empty() {
        let why = "the genes have no names to find signatures by; give --feature-names FILE";
        return Err(Error::parameter("feature_names", why));
    }
    let is_gene =
        |cells: &[String], at: usize| cells.get(at).is_some_and(|cell| genes.contains(cell.as_str()));
    let count = |at: usize| table.lines.iter().filter(|(_, cells)| is_gene(cells, at)).count();
    let found = match table.n_cols() == 2 && 2 * count(0) <= count(1) {
        true => by_lines(table, &genes),
        false => by_columns(table),
    };
    check_signatures(&table.path, found)
}

/// Lines `type gene`; the first is a header where its gene is none and some other line's is.
fn by_lines(table: &TextTable, genes: &HashSet<&str>) -> Signatures {
    let mut found = Signatures::default();
    let is_known = |cells: &[String]| cells.get(1).is_some_and(|gene| genes.contains(gene.as_str()));
    let any_known = table.lines.iter().any(|(_, cells)| is_known(cells));
    for (at, (_, cells)) in table.lines.iter().enumerate() {
        let [kind, gene] = &cells[..] else { continue };
        let is_header = at == 0 && any_known && !is_known(cells);
        if is_header || kind.is_empty() || gene.is_empty() {
            continue;
        }
        let place = found.types.iter().position(|known| known == kind).unwrap_or_else(|| {
            found.types.push(kind.clone());
            found.genes.push(Vec::new());
            found.types.len() - 1
        });
        found.genes[place].push(gene.clone());
    }
    found
}

/// A column of genes under the name of each type; a column without a name, as of row numbers, is passed over.
fn by_columns(table: &TextTable) -> Signatures {
    let mut found = Signatures::default();
    let header = table.lines.first().map_or(&[][..], |(_, cells)| cells.as_slice());
    for (at, name) in header.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        let cell = |(_, cells): &(u64, Vec<String>)| cells.get(at).cloned();
        let is_gene = |gene: &String| !gene.is_empty() && !gene.eq_ignore_ascii_case("nan");
        found.types.push(name.clone());
        found.genes.push(table.lines[1..].iter().filter_map(cell).filter(is_gene).collect());
    }
    found
}

fn check_signatures(path: &Path, found: Signatures) -> Result<Signatures> {
    if let Some(at) = found.genes.iter().position(Vec::is_empty) {
        return Err(Error::parse(
            path,
            format!("type {} has no genes; give it some or leave it out", found.types[at]),
        ));
    }
    match found.types.is_empty() {
        true => Err(Error::parse(
            path,
            "there is no type; lines are `type gene`, or a header of types above their genes",
        )),
        false => Ok(found),
    }
}
