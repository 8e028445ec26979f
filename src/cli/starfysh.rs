//! `diabolo starfysh COUNTS --positions FILE --out DIR`: what the spots of a tissue are made of.

use super::options::{Fitting, Machine, Reading, add_flags, keep_about, peak_memory, with_flags};
use super::outcome::{Saved, command_line};
use super::progress::Watch;
use super::run::with_data;
use super::starfysh_inputs::{Spots, signatures};
use super::starfysh_tables::Tables;
use super::{fit, input, output, report};
use crate::applications::starfysh::figures::Told;
use crate::applications::starfysh::generative::Stage;
use crate::applications::starfysh::{Params, steps};
use crate::data::{Scale, Scaler};
use crate::error::{Error, Result};
use crate::io::loaded::Recipe;
use crate::io::run::{DataDescription, Manifest, RunFolder};
use crate::io::text_table::TextTable;
use crate::models::{Dataset, Settings, StopReason};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};
use diabolo_kernels::{dispatch, parallel};
use serde_json::{Value, json};
use std::path::PathBuf;
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
        Arg::new("resume")
            .long("resume")
            .action(ArgAction::SetTrue)
            .help("Go on with the generative stage from the checkpoint in the run folder"),
        Arg::new("save_every")
            .long("save-every")
            .value_name("SECONDS")
            .value_parser(value_parser!(f64))
            .help("Seconds between checkpoints of the generative stage; 30 if left out"),
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
    let (set, recipe, notes) = (loaded.dataset, loaded.recipe, loaded.warnings);
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
    let save_every =
        Fitting { save_every: matches.get_one("save_every").copied().unwrap_or(30.0), ..Fitting::default() };
    let save_every = save_every.save_every()?;
    let folder = RunFolder::create(path("out").expect("a required argument"))?;
    let manifest = manifest(source, &set, recipe, &params, machine.seed);
    let checkpoint = match matches.get_flag("resume") && folder.has_checkpoint() {
        true => Some(fit::checkpoint(&folder, &manifest, &env)?),
        false => None,
    };
    let done = checkpoint.as_ref().map(|named| named.vector_f64("history/objective")).transpose()?;
    fit::stop_on_interrupt(&env);
    let began = Instant::now();
    let mut watch =
        Watch::new(&folder, &manifest, save_every, done.map(|done| done.len() as u64), machine.quiet)?;
    let class = known.as_ref().map(|(class, _)| class.as_slice());
    let (found, metrics) = parallel::with_threads(machine.threads, || {
        let mut found = steps(&set.data(), &places, signatures.as_ref(), &params, &env)?;
        if env.is_cancelled()
            || found.generate(&places, &params, (checkpoint.as_ref(), &env), &mut watch)?
                == StopReason::Interrupted
        {
            return Err(fit::interrupted(&folder));
        }
        let metrics = found.metrics(class, &env)?;
        Ok::<_, Error>((found, metrics))
    })?;
    drop(watch);
    let seconds = began.elapsed().as_secs_f64();
    let warnings = [notes, found.warnings.clone()].concat();
    let mut written = json!({
        "model": manifest.model,
        "command": command_line(),
        "version": env!("CARGO_PKG_VERSION"),
        "seed": machine.seed,
        "threads": parallel::n_threads(),
        "cpu": dispatch::tier().name(),
        "n_samples": set.features.n_samples(),
        "n_features": set.features.n_features(),
        "n_spots": set.features.n_samples(),
        "seconds": seconds,
        "peak_memory_bytes": peak_memory(),
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
        class,
        classes: known.as_ref().map_or(&[], |(_, classes)| classes),
    };
    let figures = found.figures(&told);
    if let Some(generated) = &found.generated {
        let scaler = Scaler::fit(&set.features, Scale::None, &env.budget)?;
        folder.save_model(&Saved { model: &generated.composition, scaler: &scaler }, &manifest)?;
    }
    Tables { found: &found, names: &set.names, folder: &folder }.write()?;
    let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
    folder.save_text("metrics.json", &pretty(&written))?;
    folder.save_text("figures.json", &pretty(&json!(figures)))?;
    folder.save_text("report.html", &report::page(&manifest, &written, &figures))?;
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
        metrics.iter().map(|(name, value)| vec![name.clone(), crate::report::number(*value)]).collect();
    output::print_table(&["metric".to_owned(), "value".to_owned()], &rows)?;
    output::print(&format!("report: {}\n", folder.file("report.html").display()))
}

/// What the run says of itself.
fn manifest(source: &str, set: &Dataset, recipe: Recipe, params: &Params, seed: u64) -> Manifest {
    let x = &set.features;
    Manifest {
        model: Stage::NAME.to_owned(),
        version: Stage::VERSION,
        params: json!(params),
        seed,
        diabolo: env!("CARGO_PKG_VERSION").to_owned(),
        data: DataDescription {
            source: source.to_owned(),
            n_samples: x.n_samples(),
            n_features: x.n_features(),
            n_stored: x.n_stored(),
            fingerprint: x.fingerprint(),
            scale: "none".to_owned(),
            feature_names: set.names.features.clone(),
            picture: None,
            graph: None,
            recipe,
        },
    }
}
