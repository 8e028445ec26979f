//! A run folder as the commands after `fit` use it: its model, its scaling, data of its width.

use super::options::{Machine, Reading, add_flags, with_flags};
use super::tables::{name_components, names_along};
use super::{input, output, rooms};
use crate::data::Scaler;
use crate::error::{Error, Result};
use crate::io::loaded::Known;
use crate::io::read::{ReadOptions, TextOptions};
use crate::io::row_sink::{self, RowSink};
use crate::io::run::{Manifest, RunFolder};
use crate::io::write::{self, Ending};
use crate::linalg::{Features, Matrix};
use crate::models::{Along, Dataset, Model, Names, Recommend};
use crate::monitor::Env;
use clap::{Arg, ArgMatches, Command, value_parser};
use std::path::PathBuf;

/// A loaded run and the surroundings of the command.
pub struct Run {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The model.
    pub model: Box<dyn Model>,
    /// Seed, memory, cancellation.
    pub env: Env,
    /// Threads, output.
    pub machine: Machine,
    scaler: Scaler,
}

/// A command that takes a run folder, with the options of the machine.
pub fn command(name: &'static str, about: &'static str) -> Command {
    let run = Arg::new("run").required(true).value_name("RUN").value_parser(value_parser!(PathBuf));
    add_flags::<Machine>(Command::new(name).about(about).arg(run.help("A run folder")))
}

/// The argument DATA and the options of reading it.
pub fn with_data(command: Command) -> Command {
    let data = Arg::new("data").required(true).value_name("DATA");
    add_flags::<Reading>(command.arg(data.help("A file, a folder, `-`, or the name of a set")))
}

/// The option `-o FILE`.
pub fn with_file(command: Command) -> Command {
    let file = Arg::new("file").short('o').value_name("FILE").value_parser(value_parser!(PathBuf));
    command.arg(
        file.help("Where to write: .csv, .tsv, .mtx (or these with .gz) or .npy; tabs on stdout if left out"),
    )
}

impl Run {
    /// The run that the arguments name.
    /// # Errors
    /// What the options and the folder raise.
    pub fn open(matches: &ArgMatches) -> Result<Run> {
        if let Ok(Some(path)) = matches.try_get_one::<PathBuf>("file") {
            Ending::of(path)?; // a name that cannot be written is refused before the work
        }
        let machine: Machine = with_flags(&toml::Table::new(), matches)?;
        let env = machine.env()?;
        let folder = RunFolder::open(matches.get_one::<PathBuf>("run").expect("a required argument"))?;
        let (named, manifest) = folder.load_model(&env.budget)?;
        let model = rooms::load(&named.under("model/"), &manifest)?;
        let scaler = Scaler::load(&named.under("scale/"))?;
        Ok(Run { manifest, model, env, machine, scaler })
    }

    /// The data that the arguments name, scaled as the training data was.
    /// # Errors
    /// What reading and scaling raise.
    pub fn data(&self, matches: &ArgMatches) -> Result<Dataset> {
        let loaded = input::load(name(matches), &self.options(matches, true)?, &self.env)?;
        self.warn(&loaded.warnings);
        let features = self.scaled(loaded.dataset.features)?;
        Ok(Dataset { features, ..loaded.dataset })
    }

    /// How the argument DATA is read: as the arguments say, and where it `is_data` of the model's kind, as the
    /// training data was.
    fn options(&self, matches: &ArgMatches, is_data: bool) -> Result<ReadOptions> {
        let reading: Reading = with_flags(&toml::Table::new(), matches)?;
        let fitted = &self.manifest.data;
        let known = || Known {
            recipe: fitted.recipe.clone(),
            n_features: fitted.n_features,
            columns: fitted.recipe.columns.clone().or_else(|| fitted.feature_names.clone()),
        };
        if is_data && fitted.recipe.text.is_some() && reading.text != TextOptions::default() {
            let why = "the run cuts text into words as it was fitted; leave --min-df and its like out";
            return Err(Error::parameter("text", why));
        }
        Ok(ReadOptions { known: is_data.then(known), ..reading.options() })
    }

    /// Says what reading warns of.
    pub fn warn(&self, warnings: &[String]) {
        if !self.machine.quiet {
            warnings.iter().for_each(|warning| eprintln!("diabolo: warning: {warning}"));
        }
    }

    /// Features scaled as the training data was.
    /// # Errors
    /// What scaling raises.
    pub fn scaled(&self, x: Features) -> Result<Features> {
        self.scaler.apply(x, &self.env.budget)
    }

    /// Writes what `f` makes of the data that the arguments name, as it is: `n_cols` columns, which are `cols`;
    /// to `-o FILE`, or tab-separated to stdout. Goes a block of rows at a time where the file is read so, and
    /// then in the memory of a block. `is_data` says that it is data of the model's kind, and not codes.
    /// # Errors
    /// What reading, `f` and writing raise.
    pub fn by_blocks(
        &self,
        matches: &ArgMatches,
        is_data: bool,
        (cols, n_cols): (Along, usize),
        names: &Names,
        f: impl Fn(Features) -> Result<Matrix<f64>>,
    ) -> Result<()> {
        let mut blocks = input::blocks(name(matches), &self.options(matches, is_data)?, &self.env)?;
        self.warn(blocks.warnings());
        let transfer = |sink: &mut dyn RowSink| -> Result<()> {
            let mut n_done = 0;
            let budget = &self.env.budget;
            while let Some(block) = blocks.next(n_cols)? {
                let before = budget.used();
                let rows = f(block.features)?;
                let taken = budget.used().saturating_sub(before);
                let known = Names { samples: block.names.samples, ..names.clone() };
                let sides = [Along::Samples, cols];
                let mut known = names_along(sides, rows.shape(), &known, n_done);
                name_components(&mut known, sides, self.model.component_names());
                sink.push(&rows, &known)?;
                n_done += rows.n_rows();
                budget.release(taken);
            }
            Ok(())
        };
        match matches.get_one::<PathBuf>("file") {
            Some(path) => row_sink::write(path, &self.env.budget, transfer),
            None => output::write_rows(transfer),
        }
    }

    /// Model values back in the units of the data.
    /// # Errors
    /// [`Error::Shape`] for another width.
    pub fn unscaled(&self, x: Matrix<f64>) -> Result<Matrix<f64>> {
        self.scaler.invert(x)
    }

    /// The names of the training data's features.
    pub fn feature_names(&self) -> Names {
        Names {
            features: self.manifest.data.feature_names.clone(),
            picture: self.manifest.data.picture,
            ..Names::default()
        }
    }

    /// The model's recommendations, for the command of that name.
    /// # Errors
    /// [`Error::Parameter`] if it has none.
    pub fn recommender(&self, command: &str) -> Result<&dyn Recommend> {
        let why =
            "names no features that a sample may like; use a model that does, such as implicit or completion";
        self.model.recommender().ok_or_else(|| self.cannot(command, why))
    }

    /// The error of a model that cannot do what was asked.
    pub fn cannot(&self, what: &str, why: &str) -> Error {
        Error::parameter(what, format!("{} {why}", self.manifest.model))
    }

    /// Runs `f` on the threads that were asked for.
    pub fn on_threads<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
        diabolo_kernels::parallel::with_threads(self.machine.threads, f)
    }
}

/// The argument DATA.
pub fn name(matches: &ArgMatches) -> &str {
    matches.get_one::<String>("data").expect("a required argument")
}

/// Writes a samples x columns matrix to `-o FILE`, or tab-separated to stdout.
/// # Errors
/// [`Error::Parameter`] for an ending that is not written, [`Error::Io`].
pub fn deliver(matches: &ArgMatches, values: &Matrix<f64>, cols: Along, names: &Names) -> Result<()> {
    let names = names_along([Along::Samples, cols], values.shape(), names, 0);
    match matches.get_one::<PathBuf>("file") {
        Some(path) => write::write_matrix(path, values, &names),
        None => output::write(|out| write::write_tabs_to(out, values, &names)),
    }
}
