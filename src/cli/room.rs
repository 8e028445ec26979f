//! A model as the command line sees it: what its line in the table of [rooms](super::rooms) becomes.

use super::options::from_config;
use crate::error::{Error, Result};
use crate::models::validation::HeldOut;
use crate::models::{self, Data, Fit, History, Model};
use crate::monitor::{Env, Monitor};
use crate::tensors::Named;
use clap::{ArgMatches, Command};
use serde_json::Value;

/// A model as the command line sees it.
pub struct Room {
    /// Its name.
    pub name: &'static str,
    /// How reports write its name, if in a way of its own.
    pub title: Option<&'static str>,
    /// Its family, as the README groups them.
    pub family: &'static str,
    /// One line for help and README.
    pub about: &'static str,
    /// Author and year.
    pub source: &'static str,
    /// A data set by name on which the defaults work: for the common tests and the benches.
    pub example: &'static str,
    /// What cross-validation holds out of its fits.
    pub held_out: HeldOut,
    /// The version of its saved arrays.
    pub version: u32,
    /// Adds its parameters as flags.
    pub flags: fn(Command) -> Command,
    /// Its default parameters.
    pub defaults: fn() -> Value,
    /// Its parameters from configuration keys, over which flags win; checked.
    pub params: fn(&toml::Table, Option<&ArgMatches>) -> Result<Value>,
    /// Fits it.
    pub fit: FitFn,
    /// The model of a saved file.
    pub load: fn(&Value, &Named) -> Result<Box<dyn Model>>,
}

/// Fits a model with checked parameters, from a checkpoint where there is one.
pub type FitFn =
    fn(&Value, &Data, Option<&Named>, &Env, &mut dyn Monitor) -> Result<(Box<dyn Model>, History)>;

/// The line of a model.
pub(super) const fn room<P: Fit>(
    family: &'static str,
    about: &'static str,
    source: &'static str,
    example: &'static str,
) -> Room {
    Room {
        name: P::NAME,
        title: P::TITLE,
        family,
        about,
        source,
        example,
        held_out: P::HELD_OUT,
        version: P::VERSION,
        flags: |command| P::augment_args_for_update(command),
        defaults: || to_value(&P::default()),
        params: params::<P>,
        fit: fit::<P>,
        load: |values, named| Ok(Box::new(from_value::<P>(values)?.load_model(named)?)),
    }
}

/// Parameters from TOML keys, then flags.
fn params<P: Fit>(config: &toml::Table, flags: Option<&ArgMatches>) -> Result<Value> {
    let mut params: P = from_config(config)?;
    if let Some(flags) = flags {
        params.update_from_arg_matches(flags).map_err(|e| Error::parameter("flags", e.to_string()))?;
    }
    params.check()?;
    Ok(to_value(&params))
}

fn fit<P: Fit>(
    values: &Value,
    data: &Data,
    checkpoint: Option<&Named>,
    env: &Env,
    monitor: &mut dyn Monitor,
) -> Result<(Box<dyn Model>, History)> {
    let params: P = from_value(values)?;
    let resume = checkpoint.map(|named| models::resume(&params, named)).transpose()?;
    let (model, history) = models::fit(&params, data, resume, env, monitor)?;
    Ok((Box::new(model), history))
}

fn to_value<P: serde::Serialize>(params: &P) -> Value {
    serde_json::to_value(params).expect("parameters are plain numbers, words and flags")
}

fn from_value<P: Fit>(values: &Value) -> Result<P> {
    P::deserialize(values).map_err(|e| Error::parameter("saved parameters", format!("{e}; fit again")))
}
