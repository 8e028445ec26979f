//! `diabolo report RUN`: the page of a run, made again from what the folder holds; and what a fit says at
//! its end.

use super::{output, rooms};
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::io::run::{Manifest, RunFolder};
use crate::monitor::{Budget, show_bytes};
use crate::report::{self, Metric, Summary};
use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::Value;
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// The command.
pub fn command() -> Command {
    let run = Arg::new("run").required(true).value_name("RUN").value_parser(value_parser!(PathBuf));
    Command::new("report").about("Make a run's report.html again").arg(run.help("A run folder"))
}

/// Makes the page again.
/// # Errors
/// What reading the folder and writing the page raise.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let folder = RunFolder::open(matches.get_one::<PathBuf>("run").expect("a required argument"))?;
    let (_, manifest) = folder.load_model(&Budget::unlimited())?;
    let damaged =
        |name: &str, e: serde_json::Error| Error::parse(folder.file(name), format!("{e}; fit again"));
    let metrics =
        serde_json::from_str(&folder.load_text("metrics.json")?).map_err(|e| damaged("metrics.json", e))?;
    let figures: Vec<Figure> =
        serde_json::from_str(&folder.load_text("figures.json")?).map_err(|e| damaged("figures.json", e))?;
    folder.save_text("report.html", &page(&manifest, &metrics, &figures))?;
    output::print(&format!("{}\n", folder.file("report.html").display()))
}

/// Keys of metrics.json that are about the run and not about the fit: they stand elsewhere on the page.
const ABOUT_THE_RUN: &[&str] = &["n_samples", "n_features", "seed", "threads"];

/// The page of a run.
pub fn page(manifest: &Manifest, metrics: &Value, figures: &[Figure]) -> String {
    report::html(&summary(manifest, metrics), figures)
}

fn summary(manifest: &Manifest, metrics: &Value) -> Summary {
    let data = &manifest.data;
    let held = match data.n_stored == data.n_samples * data.n_features {
        true => String::new(),
        false => format!(", {} of them stored", data.n_stored),
    };
    let scaled = if data.scale == "none" { String::new() } else { format!(", scaled by {}", data.scale) };
    let stop = metrics["stop"].as_str().unwrap_or("").to_owned();
    let mut warnings = said_by_the_model(metrics);
    if metrics["converged"].as_bool() == Some(false) {
        warnings.push(format!("The fit {stop}: more iterations (or a larger tol) may be needed."));
    }
    Summary {
        title: format!("{} of {}", title_of(&manifest.model), file_name(&data.source)),
        model: manifest.model.clone(),
        description: rooms::of_run(&manifest.model)
            .map_or(String::new(), |room| format!("{} ({}).", capitalised(room.about), room.source)),
        metrics: cards(metrics),
        parameters: parameters(manifest, metrics),
        data: match data.graph {
            None => format!(
                "{}: {} samples of {} features{held}{scaled}",
                data.source, data.n_samples, data.n_features
            ),
            Some(graph) => {
                let features = match graph.n_features {
                    0 => "no features".to_owned(),
                    n => format!("{n} features of each node"),
                };
                let (n_nodes, n_links) = (data.n_samples, graph.n_links);
                let alone = graph.n_isolated;
                format!(
                    "{}: {n_nodes} nodes, {n_links} links, {alone} nodes without any, {features}",
                    data.source
                )
            }
        },
        stop,
        warnings,
        command: word(&metrics["command"]),
    }
}

/// The warnings of the model itself.
fn said_by_the_model(metrics: &Value) -> Vec<String> {
    let said = metrics["warnings"].as_array().into_iter().flatten();
    said.filter_map(|warning| warning.as_str().map(str::to_owned)).collect()
}

/// Says on stderr what should not be overlooked.
pub fn warn(manifest: &Manifest, metrics: &Value) {
    for warning in summary(manifest, metrics).warnings {
        eprintln!("diabolo: warning: {warning}");
    }
}

/// The scores first, then what the fit took.
pub(super) fn cards(metrics: &Value) -> Vec<Metric> {
    let number = |key: &str| metrics[key].as_f64();
    let mut cards = Vec::new();
    for (key, value) in metrics.as_object().into_iter().flatten() {
        let is_score = value.is_f64() && !["objective", "seconds"].contains(&key.as_str());
        if let (true, false, Some(x)) = (is_score, ABOUT_THE_RUN.contains(&key.as_str()), value.as_f64()) {
            cards.push(Metric::new(key.replace('_', " "), x, ""));
        }
    }
    for (key, name, hint) in [
        ("objective", "objective", "at the end"),
        ("n_iter", "iterations", ""),
        ("seconds", "seconds", "of fitting"),
    ] {
        cards.extend(number(key).map(|x| Metric::new(name, x, hint)));
    }
    if let Some(bytes) = metrics["peak_memory_bytes"].as_u64() {
        cards.push(Metric {
            name: "peak memory".into(),
            value: show_bytes(bytes),
            hint: "of the process".into(),
        });
    }
    cards
}

/// The model's parameters, then the surroundings.
fn parameters(manifest: &Manifest, metrics: &Value) -> Vec<(String, String)> {
    let own =
        manifest.params.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), word(value)));
    let surroundings = ["seed", "threads", "cpu"].map(|key| (key.to_owned(), word(&metrics[key])));
    let version = ("diabolo".to_owned(), manifest.diabolo.clone());
    own.chain(surroundings).chain([version]).collect()
}

/// A JSON value as people write it: words without quotes.
pub fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What a file is called, without the folders it is in.
fn file_name(source: &str) -> Cow<'_, str> {
    Path::new(source).file_name().map_or(source.into(), |name| name.to_string_lossy())
}

/// As authors write it; else abbreviations (NMF, PCA) in capitals, words as words.
fn title_of(model: &str) -> String {
    match rooms::of_run(model).ok().and_then(|room| room.title) {
        Some(title) => title.to_owned(),
        None if model.len() <= 4 => model.to_uppercase(),
        None => capitalised(model),
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// Says what came out, on stdout.
/// # Errors
/// [`Error::Io`].
pub fn say(manifest: &Manifest, metrics: &Value, folder: &RunFolder) -> Result<()> {
    let summary = summary(manifest, metrics);
    output::print(&format!("{} {}\n", summary.model, summary.stop))?;
    let rows: Vec<Vec<&str>> =
        summary.metrics.iter().map(|metric| vec![metric.name.as_str(), metric.value.as_str()]).collect();
    output::print_table(&["metric", "value"], &rows)?;
    output::print(&format!("report: {}\n", folder.file("report.html").display()))
}
