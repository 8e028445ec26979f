//! Who makes the frames: optical flow, or the network of a run.

use super::super::report::word;
use super::super::rooms;
use crate::error::{Error, Result};
use crate::io::run::RunFolder;
use crate::linalg::hash;
use crate::models::Model;
use crate::models::interpolation::Interpolate;
use crate::models::interpolation::optical_flow::{Params, Quality};
use crate::monitor::Env;
use crate::tensors::Values;
use clap::builder::EnumValueParser;
use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::json;
use std::path::PathBuf;

/// The arguments that choose.
pub fn with_arguments(command: Command) -> Command {
    command
        .arg(
            Arg::new("run")
                .long("run")
                .value_name("RUN")
                .value_parser(value_parser!(PathBuf))
                .help("A run of film or xvfi, whose network makes the frames; optical flow if left out"),
        )
        .arg(
            Arg::new("quality")
                .long("quality")
                .value_parser(EnumValueParser::<Quality>::new())
                .help("How much work the flow is worth; balanced if left out"),
        )
}

/// What makes frames, and the flow that motion is shown by.
pub struct Maker {
    network: Option<Box<dyn Model>>,
    flow: Params,
    name: String,
}

impl Maker {
    /// The one that was chosen.
    /// # Errors
    /// [`Error::Parameter`] for the run of a model that makes no frames, or a quality beside a run; what reading the run
    /// raises.
    pub fn new(matches: &ArgMatches, env: &Env) -> Result<Maker> {
        let quality = matches.get_one::<Quality>("quality").copied();
        let flow = Params::from(quality.unwrap_or_default());
        let Some(path) = matches.get_one::<PathBuf>("run") else {
            let name = format!("optical flow, {}", word(&json!(quality.unwrap_or_default())));
            return Ok(Maker { network: None, flow, name });
        };
        if quality.is_some() {
            let why = "is of optical flow and not of a network's run; leave it or --run out";
            return Err(Error::parameter("quality", why));
        }
        let (named, manifest) = RunFolder::open(path)?.load_model(&env.budget)?;
        let model = rooms::load(&named.under("model/"), &manifest)?;
        if model.interpolator().is_none() {
            let why = format!("{} is a run of {}; give one of film or xvfi", path.display(), manifest.model);
            return Err(Error::parameter("run", why));
        }
        let name = format!("{} of {}", manifest.model, path.display());
        Ok(Maker { network: Some(model), flow, name })
    }

    /// Makes the frames.
    pub fn interpolator(&self) -> &dyn Interpolate {
        self.network.as_deref().and_then(Model::interpolator).unwrap_or(&self.flow)
    }

    /// Whose motion is shown.
    pub fn flow(&self) -> Params {
        self.flow
    }

    /// What tells its frames from others': the kind of flow, or the network with a hash of its parameters.
    pub fn record(&self) -> String {
        let Some(network) = &self.network else { return self.name.clone() };
        let mut hash = hash::START;
        let mut mix = |word: u64| hash = hash::mix(hash, word);
        network.visit(&mut |name, view| {
            name.bytes().for_each(|byte| mix(u64::from(byte)));
            match view.values {
                Values::F32(values) => values.iter().for_each(|x| mix(u64::from(x.to_bits()))),
                Values::F64(values) => values.iter().for_each(|x| mix(x.to_bits())),
                Values::U8(values) => values.iter().for_each(|&x| mix(u64::from(x))),
                Values::U32(values) => values.iter().for_each(|&x| mix(u64::from(x))),
                Values::U64(values) => values.iter().for_each(|&x| mix(x)),
            }
        });
        let kind = self.name.split(' ').next().unwrap_or_default();
        format!("{kind} of parameters {hash:016x}")
    }

    /// What it is called on the page.
    pub fn name(&self) -> &str {
        &self.name
    }
}
