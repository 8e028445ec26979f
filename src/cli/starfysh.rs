//! `diabolo starfysh COUNTS --positions FILE --out DIR`: what the spots of a tissue are made of.

use super::options::{Machine, Reading, add_flags, keep_about, with_flags};
use super::outcome::command_line;
use super::run::with_data;
use super::starfysh_tables::Tables;
use super::{fit, input, output};
use crate::applications::starfysh::figures::Told;
use crate::applications::starfysh::{Params, Signatures, Starfysh, run as find};
use crate::error::{Error, Result};
use crate::io::run::RunFolder;
use crate::io::text_table::TextTable;
use crate::linalg::Matrix;
use crate::models::{Dataset, Labels};
use crate::report::{self, Metric, Summary};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, value_parser};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// The command.
pub fn command() -> Command {
    let file = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf)).help(help)
    };
    let about = "What the spots of a tissue are made of: archetypes, markers, cell types, proportions (He et al. 2024)";
    let command = Command::new("starfysh").about(about).args([
        file("positions", "A table with the name, x and y of every spot, in any order").required(true),
        file(
            "signatures",
            "Genes of cell types: lines `type gene`, or a column of genes under each type's name",
        ),
        file("annotations", "A table with the name and the class of spots: compared with, never fitted to"),
        Arg::new("out").long("out").required(true).value_name("DIR").value_parser(value_parser!(PathBuf)),
    ]);
    keep_about(with_data(add_flags::<Machine>(command)), Params::augment_args_for_update)
}

/// Finds and writes.
/// # Errors
/// What reading, the steps and writing raise.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let machine: Machine = with_flags(&toml::Table::new(), matches)?;
    let reading: Reading = with_flags(&toml::Table::new(), matches)?;
    let mut params = Params::default();
    params.update_from_arg_matches(matches).map_err(|e| Error::parameter("flags", e.to_string()))?;
    params.check()?;
    let env = Arc::new(machine.env()?);
    let path = |name: &str| matches.get_one::<PathBuf>(name);
    let source = matches.get_one::<String>("data").expect("a required argument");
    let loaded = input::load(source, &reading.options(), &env)?;
    let (set, notes) = (loaded.dataset, loaded.warnings);
    let spots = Spots::of(&set)?;
    let places =
        spots.places(&TextTable::read(path("positions").expect("a required argument"), &env.budget)?)?;
    let signatures =
        path("signatures").map(|file| signatures(&TextTable::read(file, &env.budget)?, &set)).transpose()?;
    let known = match path("annotations") {
        Some(file) => Some(spots.classes(&TextTable::read(file, &env.budget)?)?),
        None => set.labels.clone().map(|labels| {
            (labels.class.iter().map(|class| Some(*class)).collect::<Vec<_>>(), labels.classes)
        }),
    };
    let folder = RunFolder::create(path("out").expect("a required argument"))?;
    fit::stop_on_interrupt(&env);
    let began = Instant::now();
    let (found, metrics) = diabolo_kernels::parallel::with_threads(machine.threads, || {
        let found = find(&set.data(), &places, signatures.as_ref(), &params, &env)?;
        let metrics = found.metrics(known.as_ref().map(|(class, _)| class.as_slice()), &env)?;
        Ok::<_, Error>((found, metrics))
    })?;
    if env.is_cancelled() {
        let how =
            "nothing was written; give the same command again, with fewer --epochs where that took long";
        return Err(Error::Interrupted { how: how.to_owned() });
    }
    let seconds = began.elapsed().as_secs_f64();
    let warnings = [notes, found.warnings.clone()].concat();
    let mut written = json!({
        "command": command_line(),
        "version": env!("CARGO_PKG_VERSION"),
        "seed": machine.seed,
        "n_spots": set.features.n_samples(),
        "seconds": seconds,
        "params": params,
        "why_this_number_of_archetypes": found.chosen.why,
    });
    metrics.iter().for_each(|(name, value)| written[name] = json!(value));
    if !warnings.is_empty() {
        written["warnings"] = json!(warnings);
    }
    let told = Told {
        places: &places,
        names: &set.names,
        class: known.as_ref().map(|(class, _)| class.as_slice()),
        classes: known.as_ref().map_or(&[], |(_, classes)| classes),
    };
    let figures = found.figures(&told);
    Tables { found: &found, names: &set.names, folder: &folder }.write()?;
    let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
    folder.save_text("metrics.json", &pretty(&written))?;
    folder.save_text("figures.json", &pretty(&json!(figures)))?;
    let summary = summary(&found, source, &metrics, &warnings, &params);
    folder.save_text("report.html", &report::html(&summary, &figures))?;
    if !machine.quiet {
        warnings.iter().for_each(|warning| eprintln!("diabolo: warning: {warning}"));
    }
    if machine.json {
        return output::print_json(&written);
    }
    if machine.quiet {
        return Ok(());
    }
    let rows: Vec<Vec<String>> =
        metrics.iter().map(|(name, value)| vec![name.clone(), report::number(*value)]).collect();
    output::print_table(&["metric".to_owned(), "value".to_owned()], &rows)?;
    output::print(&format!("report: {}\n", folder.file("report.html").display()))
}

fn summary(
    found: &Starfysh,
    source: &str,
    metrics: &[(String, f64)],
    warnings: &[String],
    params: &Params,
) -> Summary {
    let told = json!(params);
    let parameters = told.as_object().into_iter().flatten();
    Summary {
        title: format!("Spots of {source}"),
        model: "starfysh".into(),
        description: "Spots as mixtures of archetypes, their communities and marker genes, and proportions by a generative model \
                      (He, Jin, Nazaret et al. 2024)."
            .into(),
        metrics: metrics.iter().map(|(name, value)| Metric::new(name.replace('_', " "), *value, "")).collect(),
        parameters: parameters.map(|(key, value)| (key.clone(), super::report::word(value))).collect(),
        data: format!(
            "{source}: {} spots, {} genes kept",
            found.prepared.n_spots(),
            found.prepared.genes.len()
        ),
        warnings: warnings.to_vec(),
        command: command_line(),
        ..Summary::default()
    }
}

/// Spots by name.
struct Spots<'a> {
    names: &'a [String],
    place: HashMap<&'a str, usize>,
}

impl<'a> Spots<'a> {
    /// Of data whose samples have names, each its own.
    fn of(set: &'a Dataset) -> Result<Spots<'a>> {
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
    fn places(&self, table: &TextTable) -> Result<Matrix<f64>> {
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
    fn classes(&self, table: &TextTable) -> Result<(Vec<Option<u32>>, Vec<String>)> {
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
fn signatures(table: &TextTable, set: &Dataset) -> Result<Signatures> {
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
