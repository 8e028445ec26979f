//! What every command understands: how data is read, where results go, what the machine may spend.

use crate::data::Scale;
use crate::error::{Error, Result};
use crate::io::loaded::IndexBase;
use crate::io::read::{Format, Missing, ReadOptions, TextOptions};
use crate::monitor::{Budget, Env};
use clap::builder::Resettable;
use clap::{ArgAction, ArgMatches, Args, Command, ValueEnum};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

/// The options of the machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Args)]
#[serde(default)]
pub struct Machine {
    /// Seed of everything random: equal seeds give equal bits
    #[arg(long, value_name = "S")]
    pub seed: u64,
    /// Threads; 0 takes as many as there are cores
    #[arg(long, value_name = "N")]
    pub threads: usize,
    /// Memory that may be taken (`800MB`, `4GB`); 80 % of what the machine has if left out
    #[arg(long, value_name = "BYTES")]
    pub memory_limit: Option<String>,
    /// Results on stdout as JSON
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    pub json: bool,
    /// No progress, no table, no warnings: errors and asked-for output only
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    pub quiet: bool,
}

impl Machine {
    /// The surroundings of a computation.
    /// # Errors
    /// [`Error::Parameter`] where the memory limit is no number of bytes.
    pub fn env(&self) -> Result<Env> {
        let limit = match &self.memory_limit {
            Some(text) => parse_bytes(text)?,
            None => total_memory().map_or(u64::MAX, |total| total / 5 * 4),
        };
        Ok(Env { seed: self.seed, budget: Budget::limited(limit), ..Env::default() })
    }
}

/// Adds the flags of `O` to a command, which keeps its own description.
pub fn add_flags<O: Args>(command: Command) -> Command {
    keep_about(command, O::augment_args_for_update)
}

/// Lets `add` add flags; the descriptions that come with them are not the command's.
pub fn keep_about(command: Command, add: impl FnOnce(Command) -> Command) -> Command {
    let about = command.get_about().cloned().unwrap_or_default();
    add(command).about(about).long_about(Resettable::Reset)
}

/// Options from configuration keys, over which flags win.
/// # Errors
/// [`Error::Parameter`] where a value is of the wrong kind.
pub fn with_flags<O: DeserializeOwned + Args>(config: &toml::Table, flags: &ArgMatches) -> Result<O> {
    let mut options: O = from_config(config)?;
    options.update_from_arg_matches(flags).map_err(|e| Error::parameter("flags", e.to_string()))?;
    Ok(options)
}

/// A struct of options from configuration keys, the rest at their defaults. The keys become JSON first, as saved
/// parameters are: one reader of every struct is enough for both (a second one is 300 kB of the binary).
/// # Errors
/// [`Error::Parameter`] that names the first key which is unknown or has a value of the wrong kind.
pub fn from_config<O: DeserializeOwned>(config: &toml::Table) -> Result<O> {
    let values = config
        .iter()
        .map(|(key, value)| Ok((key.clone(), json_of(key, value)?)))
        .collect::<Result<serde_json::Map<String, Value>>>()?;
    let values = Value::Object(values);
    O::deserialize(&values).map_err(|whole| {
        let alone = config.keys().find_map(|key| {
            let one = Value::Object(serde_json::Map::from_iter([(key.clone(), values[key].clone())]));
            O::deserialize(&one).err().map(|error| (key, error))
        });
        match alone {
            Some((key, error)) => Error::parameter(key, format!("{error} (in --config)")),
            None => Error::parameter("config", whole.to_string()),
        }
    })
}

/// A value of TOML as JSON; the kinds that JSON lacks are kinds no option has.
fn json_of(key: &str, value: &toml::Value) -> Result<Value> {
    Ok(match value {
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) if number.is_finite() => Value::from(*number),
        toml::Value::Boolean(flag) => Value::from(*flag),
        toml::Value::Array(list) => list.iter().map(|value| json_of(key, value)).collect::<Result<_>>()?,
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => {
            let kind = if value.is_float() { "no finite number" } else { "a table or a date" };
            return Err(Error::parameter(key, format!("is {kind} (in --config)")));
        }
    })
}

/// The options of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Args)]
#[serde(default)]
pub struct Fitting {
    /// The run folder to write
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on from the checkpoint in the run folder
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    pub resume: bool,
    /// Go through the file block by block and never hold it: nmf and pca, on .npy and delimited text
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    pub stream: bool,
    /// How every feature is scaled first; saved in the run, applied by encode and inverted by decode. One for all, or of
    /// several views one each
    #[arg(long, value_enum, value_name = "SCALE,...", value_delimiter = ',')]
    #[serde(deserialize_with = "one_or_more")]
    pub scale: Vec<Scale>,
    /// Seconds between checkpoints
    #[arg(long, value_name = "SECONDS")]
    pub save_every: f64,
}

impl Default for Fitting {
    fn default() -> Self {
        Fitting { out: None, resume: false, stream: false, scale: Vec::new(), save_every: 30.0 }
    }
}

/// A key of one value or of a list.
fn one_or_more<'de, D: serde::Deserializer<'de>>(given: D) -> std::result::Result<Vec<Scale>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        One(Scale),
        More(Vec<Scale>),
    }
    Ok(match Given::deserialize(given)? {
        Given::One(scale) => vec![scale],
        Given::More(scales) => scales,
    })
}

impl Fitting {
    /// Whether features stay as they are.
    pub fn is_unscaled(&self) -> bool {
        self.scale.iter().all(|scale| *scale == Scale::None)
    }

    /// The scales as one writes them: `none`, `minmax`, `shift,minmax`.
    pub fn scales(&self) -> String {
        let name = |scale: &Scale| serde_json::json!(scale).as_str().unwrap_or_default().to_owned();
        match self.scale[..] {
            [] => name(&Scale::None),
            ref scales => scales.iter().map(name).collect::<Vec<_>>().join(","),
        }
    }

    /// The time between checkpoints.
    /// # Errors
    /// [`Error::Parameter`] where the number is no time.
    pub fn save_every(&self) -> Result<Duration> {
        let why = || format!("{} is no number of seconds; give 0 or more", self.save_every);
        Duration::try_from_secs_f64(self.save_every).map_err(|_| Error::parameter("save_every", why()))
    }
}

/// What else there is of a graph than its edges.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Args)]
#[serde(default)]
pub struct GraphFiles {
    /// A file with features of the nodes, a row each: found by name where the rows have names, else in order
    #[arg(long, value_name = "FILE")]
    pub features: Option<PathBuf>,
    /// A file that says which links are fitted and which held out: lines of train, val, test, val_neg or test_neg and two
    /// nodes; drawn by the seed if left out
    #[arg(long, value_name = "FILE")]
    pub split: Option<PathBuf>,
}

/// What a network that makes frames takes beside them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Args)]
#[serde(default)]
pub struct FrameFiles {
    /// Weights to start from: safetensors with the published names, or the model of a run
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// The weights of VGG19, safetensors with torchvision's names, for --feature-weight and --style-weight
    #[arg(long, value_name = "FILE")]
    pub vgg: Option<PathBuf>,
}

/// How data is read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, Args)]
#[serde(default)]
pub struct Reading {
    /// The file holds features x samples
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    pub transpose: bool,
    /// What missing values (NaN, NA, empty) become; refused if left out
    #[arg(long, value_name = "nan|zero")]
    pub missing: Option<MissingBecome>,
    /// A file with a name for every feature
    #[arg(long, value_name = "FILE")]
    pub feature_names: Option<PathBuf>,
    /// A file with a name for every sample
    #[arg(long, value_name = "FILE")]
    pub sample_names: Option<PathBuf>,
    /// A file with a class for every sample: compared with, never fitted to but by deconvolution and by flows with
    /// --conditional (FILE.h5ad:COLUMN of obs)
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// A file with the batch of every sample, as --labels has classes: a covariate of models that take one
    #[arg(long, value_name = "FILE")]
    pub batches: Option<PathBuf>,
    /// A file whose columns are put beside those of the data, samples in the same order: what else describes them
    #[arg(long, value_name = "FILE")]
    pub beside: Option<PathBuf>,
    /// A file with a further view of the samples, met by their names; again for each view: for joint_nmf
    #[arg(long, value_name = "FILE")]
    pub view: Vec<PathBuf>,
    /// The format of the data; told from its content if left out
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// The first index of SVMlight files and edge lists; 0 if there is a 0, else 1, if left out
    #[arg(long, value_name = "0|1")]
    pub index_base: Option<IndexBase>,
    /// The edges of an edge list have a direction
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    pub directed: bool,
    /// How text becomes counts of words
    #[command(flatten)]
    #[serde(flatten)]
    pub text: TextOptions,
    /// A layer of an AnnData file instead of X, or `raw`
    #[arg(long, value_name = "NAME")]
    pub layer: Option<String>,
}

/// What missing values become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum MissingBecome {
    /// NaN: for the models that leave missing entries out
    Nan,
    /// 0
    Zero,
}

impl Reading {
    /// The options as the readers take them.
    pub fn options(&self) -> ReadOptions {
        ReadOptions {
            transpose: self.transpose,
            missing: match self.missing {
                None => Missing::Refuse,
                Some(MissingBecome::Nan) => Missing::Nan,
                Some(MissingBecome::Zero) => Missing::Zero,
            },
            feature_names: self.feature_names.clone(),
            sample_names: self.sample_names.clone(),
            labels: self.labels.clone(),
            batches: self.batches.clone(),
            beside: self.beside.clone(),
            views: self.view.clone(),
            format: self.format,
            index_base: self.index_base,
            directed: self.directed,
            text: self.text.clone(),
            layer: self.layer.clone(),
            known: None,
            nodes: None,
        }
    }
}

/// `800MB`, `4GB`, `1.5GiB`, `123456` as bytes.
fn parse_bytes(text: &str) -> Result<u64> {
    let wrong =
        || Error::parameter("memory_limit", format!("`{text}` is no amount of memory; write 800MB or 4GB"));
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return Err(wrong()),
    };
    let amount: f64 = digits.trim().parse().map_err(|_| wrong())?;
    if amount >= 0.0 && amount.is_finite() { Ok((amount * unit) as u64) } else { Err(wrong()) }
}

/// The machine's memory in bytes, where the system tells.
fn total_memory() -> Option<u64> {
    proc_kilobytes("/proc/meminfo", "MemTotal:")
}

/// The most memory this process has held, in bytes, where the system tells.
pub fn peak_memory() -> Option<u64> {
    proc_kilobytes("/proc/self/status", "VmHWM:")
}

/// A line `KEY 123 kB` of a file under /proc, in bytes.
fn proc_kilobytes(path: &str, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()?.checked_mul(1024)
}
