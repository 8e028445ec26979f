//! `diabolo fit MODEL DATA --out DIR`: the main job.

use super::input;
use super::options::{Fitting, Machine, Reading, peak_memory, with_flags};
use super::progress::Watch;
use super::report::word;
use super::rooms::{self, ROOMS, Room};
use crate::data::Scaler;
use crate::error::{Error, Result};
use crate::figure::{Axis, Figure, Plot, Series};
use crate::io::run::{DataDescription, Manifest, RunFolder};
use crate::models::{Dataset, History, Model, StopReason};
use crate::monitor::Env;
use crate::tensors::{TensorView, Tensors};
use clap::{Arg, ArgMatches, Args, Command, value_parser};
use diabolo_kernels::{dispatch, parallel};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The command: one subcommand a model.
pub fn command() -> Command {
    let rooms = ROOMS.iter().map(|room| {
        let command = Command::new(room.name)
            .about(room.about)
            .arg(
                Arg::new("data")
                    .required(true)
                    .value_name("DATA")
                    .help("A file, a folder, `-`, or the name of a set"),
            )
            .arg(
                Arg::new("config")
                    .long("config")
                    .value_name("FILE")
                    .value_parser(value_parser!(PathBuf))
                    .help("A TOML file with the same names as keys; flags win"),
            );
        let command = Fitting::augment_args_for_update(Machine::augment_args_for_update(command));
        (room.flags)(Reading::augment_args_for_update(command))
    });
    Command::new("fit")
        .about("Fit a model to data and leave a run folder")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(rooms)
}

/// Everything a fit was asked for.
struct Request {
    room: &'static Room,
    params: Value,
    source: String,
    read: Reading,
    machine: Machine,
    fitting: Fitting,
}

impl Request {
    /// From the configuration file, over which flags win.
    fn from_matches(matches: &ArgMatches) -> Result<Request> {
        let (name, matches) = matches.subcommand().expect("clap requires a model");
        let room = rooms::find(name)?;
        let config = match matches.get_one::<PathBuf>("config") {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, e))?;
                text.parse::<toml::Table>().map_err(|e| Error::parse(path, e.message().to_owned()))?
            }
            None => toml::Table::new(),
        };
        let (common, own) = split(config);
        Ok(Request {
            room,
            params: (room.params)(&own, Some(matches))?,
            source: matches.get_one::<String>("data").expect("a required argument").clone(),
            read: with_flags(&common, matches)?,
            machine: with_flags(&common, matches)?,
            fitting: with_flags(&common, matches)?,
        })
    }
}

/// The keys every command understands, and the model's own.
fn split(config: toml::Table) -> (toml::Table, toml::Table) {
    let names: Vec<String> = {
        let command = Reading::augment_args(Fitting::augment_args(Machine::augment_args(Command::new(""))));
        command.get_arguments().map(|arg| arg.get_id().to_string()).collect()
    };
    config.into_iter().partition(|(key, _)| names.contains(key))
}

/// Fits.
/// # Errors
/// What the request, the data, the fit and the folder raise; [`Error::Interrupted`] after Ctrl-C, when the
/// checkpoint is written.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let request = Request::from_matches(matches)?;
    let out = request
        .fitting
        .out
        .as_ref()
        .ok_or_else(|| Error::parameter("out", "say where the run folder shall be: --out DIR"))?;
    let env = request.machine.env()?;
    let set = input::dataset(&request.source, &request.read.options(), &env)?;
    let scaler = Scaler::fit(&set.features, request.fitting.scale, &env.budget)?;
    let set = Dataset { features: scaler.apply(set.features, &env.budget)?, ..set };
    let folder = RunFolder::create(out)?;
    let manifest = request.manifest(&set);
    let checkpoint = match request.fitting.resume && folder.has_checkpoint() {
        true => Some(request.checkpoint(&folder, &manifest, &env)?),
        false => None,
    };
    let resumed_at = checkpoint
        .as_ref()
        .map(|named| named.vector_f64("history/objective").map(|o| o.len() as u64))
        .transpose()?;

    let env = std::sync::Arc::new(env);
    let on_interrupt = std::sync::Arc::clone(&env);
    // A second handler in one process (tests of the library) keeps the first.
    let _ = ctrlc::set_handler(move || on_interrupt.cancel.store(true, std::sync::atomic::Ordering::Relaxed));

    let mut watch =
        Watch::new(&folder, &manifest, &env, request.fitting.save_every, resumed_at, request.machine.quiet)?;
    let data = set.data();
    let threads = request.machine.threads;
    let (model, history) = parallel::with_threads(threads, || {
        (request.room.fit)(&request.params, &data, checkpoint.as_ref(), &env, &mut watch)
    })?;
    let seconds = watch.seconds();
    drop(watch);
    if history.stop == StopReason::Interrupted {
        return Err(Error::Interrupted);
    }
    let done = Done {
        request: &request,
        manifest: &manifest,
        set: &set,
        scaler: &scaler,
        model: model.as_ref(),
        history: &history,
        seconds,
    };
    parallel::with_threads(threads, || done.write(&folder, &env))
}

impl Request {
    fn manifest(&self, set: &Dataset) -> Manifest {
        Manifest {
            model: self.room.name.to_owned(),
            version: self.room.version,
            params: self.params.clone(),
            seed: self.machine.seed,
            diabolo: env!("CARGO_PKG_VERSION").to_owned(),
            command: command_line(),
            data: DataDescription {
                source: self.source.clone(),
                n_samples: set.features.n_samples(),
                n_features: set.features.n_features(),
                n_stored: set.features.n_stored(),
                fingerprint: set.features.fingerprint(),
                scale: word(&json!(self.fitting.scale)),
                feature_names: set.names.features.clone(),
                picture: set.names.picture,
            },
        }
    }

    /// The checkpoint of the folder, if it belongs to this request.
    fn checkpoint(
        &self,
        folder: &RunFolder,
        manifest: &Manifest,
        env: &Env,
    ) -> Result<crate::tensors::Named> {
        let (named, saved) = folder.load_checkpoint(&env.budget)?;
        let same = saved.model == manifest.model
            && saved.version == manifest.version
            && saved.seed == manifest.seed
            && saved.data.fingerprint == manifest.data.fingerprint;
        if !same {
            return Err(Error::parameter(
                "resume",
                format!(
                    "the checkpoint is of {} with seed {} on {}; give the same model, seed and data, or another --out",
                    saved.model, saved.seed, saved.data.source
                ),
            ));
        }
        Ok(named)
    }
}

/// The words this process was started with, the program's without its folder.
fn command_line() -> String {
    let words = std::env::args().skip(1).map(|word| match word.contains([' ', '\'', '"']) {
        true => format!("{word:?}"),
        false => word,
    });
    std::iter::once("diabolo".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// A finished fit.
struct Done<'a> {
    request: &'a Request,
    manifest: &'a Manifest,
    set: &'a Dataset,
    scaler: &'a Scaler,
    model: &'a dyn Model,
    history: &'a History,
    seconds: f64,
}

impl Done<'_> {
    /// Writes the run folder and says what came out.
    fn write(&self, folder: &RunFolder, env: &Env) -> Result<()> {
        let data = self.set.data();
        let metrics = self.metrics(env)?;
        let mut figures = vec![self.loss_curve()];
        figures.extend(self.model.figures(&data, env)?);
        folder.save_model(&Saved { model: self.model, scaler: self.scaler }, self.manifest)?;
        folder.create_folder("factors")?;
        for factor in self.model.factors() {
            super::tables::factor(&factor, &self.set.names)
                .write(&folder.file(&format!("factors/{}.tsv", factor.name)))?;
        }
        let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
        folder.save_text("metrics.json", &pretty(&metrics))?;
        folder.save_text("figures.json", &pretty(&json!(figures)))?;
        folder.save_text("report.html", &super::report::page(self.manifest, &metrics, &figures))?;
        if self.request.machine.json {
            println!("{metrics}");
        } else if !self.request.machine.quiet {
            super::report::say(self.manifest, &metrics, folder);
        }
        Ok(())
    }

    /// The content of metrics.json.
    fn metrics(&self, env: &Env) -> Result<Value> {
        let mut metrics = json!({
            "model": self.manifest.model,
            "version": env!("CARGO_PKG_VERSION"),
            "seed": self.manifest.seed,
            "threads": parallel::n_threads(),
            "cpu": dispatch::tier().name(),
            "n_samples": self.manifest.data.n_samples,
            "n_features": self.manifest.data.n_features,
            "n_iter": self.history.n_iter(),
            "converged": self.history.stop == StopReason::Converged,
            "stop": self.history.stop.name(),
            "objective": self.history.last_objective(),
            "seconds": self.seconds,
            "peak_memory_bytes": peak_memory(),
        });
        for (name, value) in self.model.score(&self.set.data(), env)? {
            metrics[name] = json!(value);
        }
        Ok(metrics)
    }

    fn loss_curve(&self) -> Figure {
        Figure::new(
            "Objective",
            "The objective after every iteration.",
            Plot::Lines {
                x: Axis::linear("iteration"),
                y: Axis::log("objective"),
                series: vec![Series::counted("", self.history.objective().to_vec())],
            },
        )
    }
}

/// The arrays of a run's model file.
struct Saved<'a> {
    model: &'a dyn Model,
    scaler: &'a Scaler,
}

impl Tensors for Saved<'_> {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.model.visit(&mut |name, view| each(&format!("model/{name}"), view));
        self.scaler.visit(&mut |name, view| each(&format!("scale/{name}"), view));
    }
}
