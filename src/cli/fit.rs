//! `diabolo fit MODEL DATA --out DIR`: the main job.

use super::options::{Fitting, FrameFiles, GraphFiles, Machine, Reading, add_flags, keep_about, with_flags};
use super::outcome::Outcome;
use super::progress::Watch;
use super::report::{self, word};
use super::room::Room;
use super::rooms::{self, ROOMS};
use super::stream::Stream;
use super::{frames, graph, input, output};
use crate::data::Scaler;
use crate::error::{Error, Result};
use crate::io::loaded::{Loaded, Recipe};
use crate::io::run::{DataDescription, Manifest, RunFolder};
use crate::linalg::Graph;
use crate::models::{Data, Dataset, Source, StopReason};
use crate::monitor::Env;
use crate::tensors::Named;
use clap::{Arg, ArgMatches, Args, Command, value_parser};
use diabolo_kernels::parallel;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The command: one subcommand a model.
pub fn command() -> Command {
    Command::new("fit")
        .about("Fit a model to data and leave a run folder")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(ROOMS.iter().map(|room| match graph::is_of(room) {
            true => add_flags::<GraphFiles>(of_room::<Fitting>(room)),
            false if frames::is_of(room) => add_flags::<FrameFiles>(of_room::<Fitting>(room)),
            false => of_room::<Fitting>(room),
        }))
}

/// The subcommand of a model: the data, a configuration, the options `O` of the command, the model's parameters.
pub fn of_room<O: Args>(room: &Room) -> Command {
    let data = Arg::new("data").required(true).value_name("DATA");
    let config = Arg::new("config").long("config").value_name("FILE").value_parser(value_parser!(PathBuf));
    let command = Command::new(room.name)
        .about(room.about)
        .arg(data.help("A file, a folder, `-`, or the name of a set"))
        .arg(config.help("A TOML file with the same names as keys; flags win"));
    let command = add_flags::<O>(add_flags::<Machine>(command));
    keep_about(add_flags::<Reading>(command), room.flags)
}

/// Parameters that say when a fit ends and not what it does: a resumed one may have others.
const MAY_CHANGE: &[&str] = &["max_iter", "epochs", "tol"];

/// The exit code after Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Everything a fit was asked for.
struct Request {
    room: &'static Room,
    params: Value,
    source: String,
    read: Reading,
    machine: Machine,
    fitting: Fitting,
    graph_files: GraphFiles,
    frame_files: FrameFiles,
}

impl Request {
    /// From the configuration file, over which flags win.
    fn from_matches(matches: &ArgMatches) -> Result<Request> {
        let (name, matches) = matches.subcommand().expect("clap requires a model");
        let room = rooms::find(name)?;
        let (common, own) = configuration::<Fitting>(matches)?;
        let is_file = |key: &str| {
            graph::is_of(room) && ["features", "split"].contains(&key)
                || frames::is_of(room) && ["weights", "vgg"].contains(&key)
        };
        let (files, own): (toml::Table, toml::Table) = own.into_iter().partition(|(key, _)| is_file(key));
        let graph_files =
            if graph::is_of(room) { with_flags(&files, matches)? } else { GraphFiles::default() };
        let frame_files =
            if frames::is_of(room) { with_flags(&files, matches)? } else { FrameFiles::default() };
        Ok(Request {
            room,
            graph_files,
            frame_files,
            params: (room.params)(&own, Some(matches))?,
            source: matches.get_one::<String>("data").expect("a required argument").clone(),
            read: with_flags(&common, matches)?,
            machine: with_flags(&common, matches)?,
            fitting: with_flags(&common, matches)?,
        })
    }
}

/// The keys of the configuration file: those of the command, whose options are `O`, and the model's own.
/// # Errors
/// [`Error::Io`], [`Error::Parse`].
pub fn configuration<O: Args>(matches: &ArgMatches) -> Result<(toml::Table, toml::Table)> {
    let config = match matches.get_one::<PathBuf>("config") {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, e))?;
            text.parse::<toml::Table>().map_err(|e| Error::parse(path, e.message().to_owned()))?
        }
        None => toml::Table::new(),
    };
    let command = Reading::augment_args(O::augment_args(Machine::augment_args(Command::new(""))));
    let names: Vec<&str> = command.get_arguments().map(|arg| arg.get_id().as_str()).collect();
    Ok(config.into_iter().partition(|(key, _)| names.contains(&key.as_str())))
}

/// Fits.
/// # Errors
/// What the request, the data, the fit and the folder raise; [`Error::Interrupted`] after Ctrl-C, when the
/// checkpoint is written.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let mut request = Request::from_matches(matches)?;
    let out = request
        .fitting
        .out
        .clone()
        .ok_or_else(|| Error::parameter("out", "say where the run folder shall be: --out DIR"))?;
    let save_every = request.fitting.save_every()?;
    let env = Arc::new(request.machine.env()?);
    let stream = request.stream(&env)?;
    let (loaded, graph) =
        request.graph(&env)?.map_or((None, None), |(loaded, graph)| (Some(loaded), Some(graph)));
    let loaded = match (&stream, loaded) {
        (_, Some(loaded)) => loaded,
        (Some(stream), None) => {
            Loaded { warnings: Vec::from_iter(stream.note()), ..stream.shown.clone().into() }
        }
        (None, None) => input::load(&request.source, &request.read.options(), &env)?,
    };
    let (set, recipe, notes) = (loaded.dataset, loaded.recipe, loaded.warnings);
    request.take_views(&recipe)?;
    let scaler = Scaler::of_views(&set.features, &request.fitting.scale, &request.widths(), &env.budget)?;
    let set = Dataset { features: scaler.apply(set.features, &env.budget)?, ..set };
    let folder = RunFolder::create(&out)?;
    let mut manifest = request.manifest(&set, recipe);
    if let Some(graph) = &graph {
        manifest.data.graph = Some(graph::description(graph));
        manifest.data.fingerprint = graph::fingerprint(graph);
    }
    if let Some(stream) = &stream {
        let Stream { n_samples, n_stored, fingerprint, .. } = *stream;
        manifest.data = DataDescription { n_samples, n_stored, fingerprint, ..manifest.data };
    }
    let checkpoint = match request.fitting.resume && folder.has_checkpoint() {
        true => Some(checkpoint(&folder, &manifest, &env)?),
        false => None,
    };
    let resumed_at = checkpoint
        .as_ref()
        .map(|named| named.vector_f64("history/objective").map(|o| o.len() as u64))
        .transpose()?;

    stop_on_interrupt(&env);
    let mut watch = Watch::new(&folder, &manifest, save_every, resumed_at, request.machine.quiet)?;
    let data = match &stream {
        Some(stream) => Data { names: &set.names, ..Data::stream(&stream.file) },
        None => set.data(),
    };
    let data = graph.as_ref().map_or(data.clone(), |graph| Data { source: Source::Graph(graph), ..data });
    let arrays = frames::arrays(&request.frame_files, &env)?;
    let data = Data { arrays: arrays.as_ref(), ..data };
    let threads = request.machine.threads;
    let (model, history) = parallel::with_threads(threads, || {
        (request.room.fit)(&request.params, &data, checkpoint.as_ref(), &env, &mut watch)
    })?;
    let seconds = watch.seconds();
    drop(watch);
    if history.stop == StopReason::Interrupted {
        return Err(interrupted(&folder));
    }
    let done = Outcome {
        manifest: &manifest,
        set: &set,
        graph: graph.as_ref(),
        notes: &notes,
        scaler: &scaler,
        model: model.as_ref(),
        history: &history,
    };
    let metrics = parallel::with_threads(threads, || done.write(&folder, seconds, &env))?;
    if !request.machine.quiet {
        report::warn(&manifest, &metrics);
    }
    if request.machine.json {
        return output::print_json(&metrics);
    }
    if request.machine.quiet { Ok(()) } else { report::say(&manifest, &metrics, &folder) }
}

/// The first Ctrl-C asks the fit to stop after its step, the second ends the process.
pub fn stop_on_interrupt(env: &Arc<Env>) {
    let env = Arc::clone(env);
    // A second handler in one process keeps the first.
    let _ = ctrlc::set_handler(move || {
        if env.cancel.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
    });
}

/// What the user of an interrupted fit is told.
pub fn interrupted(folder: &RunFolder) -> Error {
    let how = match folder.has_checkpoint() {
        true => format!(
            "a checkpoint is in {}; go on with the same command and --resume",
            folder.path().display()
        ),
        false => "nothing was computed yet; give the same command again".to_owned(),
    };
    Error::Interrupted { how }
}

impl Request {
    /// Gives a model of several views the number of columns that each file of views has.
    fn take_views(&mut self, recipe: &Recipe) -> Result<()> {
        let Some(asked) = self.params.get("views").filter(|_| !recipe.views.is_empty()) else {
            return Ok(());
        };
        let files = json!(recipe.views);
        if *asked != json!([]) && *asked != files {
            let why = format!("{asked}, but the files have {files}; leave it out");
            return Err(Error::parameter("views", why));
        }
        self.params["views"] = files;
        Ok(())
    }

    /// The columns of each view of a model that takes several; empty for one.
    fn widths(&self) -> Vec<usize> {
        let asked = self.params.get("views").and_then(Value::as_array).into_iter().flatten();
        asked.filter_map(|width| usize::try_from(width.as_u64()?).ok()).collect()
    }

    /// The file to go through block by block, where that is asked for.
    fn stream<'a>(&self, env: &'a Env) -> Result<Option<Stream<'a>>> {
        if !self.fitting.stream {
            return Ok(None);
        }
        if !self.fitting.is_unscaled() {
            let why =
                "the scale of a stream is not known before its end; scale the file, or leave --stream out";
            return Err(Error::parameter("scale", why));
        }
        Stream::open(&self.source, &self.read.options(), env).map(Some)
    }

    /// The graph with what belongs to it, for a model that takes one.
    fn graph(&self, env: &Env) -> Result<Option<(Loaded, Graph)>> {
        if !graph::is_of(self.room) {
            return Ok(None);
        }
        if self.fitting.stream || !self.fitting.is_unscaled() {
            let name = if self.fitting.stream { "stream" } else { "scale" };
            return Err(Error::parameter(name, "the data are a graph; leave it out"));
        }
        graph::load(&self.source, &self.read, &self.graph_files, None, env).map(Some)
    }

    fn manifest(&self, set: &Dataset, recipe: Recipe) -> Manifest {
        Manifest {
            model: self.room.name.to_owned(),
            version: self.room.version,
            params: self.params.clone(),
            seed: self.machine.seed,
            diabolo: env!("CARGO_PKG_VERSION").to_owned(),
            data: DataDescription {
                source: self.source.clone(),
                n_samples: set.features.n_samples(),
                n_features: set.features.n_features(),
                n_stored: set.features.n_stored(),
                fingerprint: set.features.fingerprint(),
                scale: self.fitting.scales(),
                feature_names: set.names.features.clone(),
                picture: set.names.picture,
                graph: None,
                recipe,
            },
        }
    }
}

/// The checkpoint of a folder, if it belongs to a fit that says this of itself.
/// # Errors
/// [`Error::Parameter`] where it is of another one, what reading raises.
pub fn checkpoint(folder: &RunFolder, manifest: &Manifest, env: &Env) -> Result<Named> {
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
    let changed =
        |key: &&String| !MAY_CHANGE.contains(&key.as_str()) && saved.params[key] != manifest.params[key];
    if let Some(key) = manifest.params.as_object().and_then(|params| params.keys().find(changed)) {
        return Err(Error::parameter(
            key,
            format!(
                "the checkpoint was made with {}, not {}; give the same, or another --out",
                word(&saved.params[key]),
                word(&manifest.params[key])
            ),
        ));
    }
    Ok(named)
}
