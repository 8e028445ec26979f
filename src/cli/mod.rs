//! The command line. One file per command; the models come from the [`rooms`] table alone.
//!
//! Results go to stdout, everything else to stderr; an error is one line and an exit code: 0 good, 2 usage,
//! 65 bad data, 74 I/O, 75 over a limit, 130 interrupted. A reader of stdout that leaves early (`| head`) has
//! what it wanted: that is good too.

mod bench;
mod completions;
mod data;
mod decode;
mod deconvolve;
mod differences;
mod encode;
mod eval;
mod fit;
mod frames;
mod graph;
mod info;
mod input;
mod interpolate;
mod links;
mod lists;
mod man;
mod models;
mod options;
mod outcome;
mod output;
mod progress;
mod recommend;
mod report;
pub mod room;
pub mod rooms;
mod run;
mod sample;
mod similar;
mod starfysh;
mod starfysh_inputs;
mod starfysh_tables;
mod stream;
mod structure;
mod tables;
mod topics;
mod tune;

use crate::error::{Error, Result};
use clap::Command;
use diabolo_kernels::dispatch::{CPU_VARIABLE, Tier};
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs a command line, its first word being the program's name.
pub fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let matches = match command().try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(usage) => {
            let _ = usage.print(); // help and version are no errors: clap's code says which it was
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
        }
    };
    let done = check_tier().and_then(|()| match matches.subcommand() {
        Some(("fit", matches)) => fit::run(matches),
        Some(("tune", matches)) => tune::run(matches),
        Some(("encode", matches)) => encode::run(matches),
        Some(("decode", matches)) => decode::run(matches),
        Some(("sample", matches)) => sample::run(matches),
        Some(("recommend", matches)) => recommend::run(matches),
        Some(("similar", matches)) => similar::run(matches),
        Some(("topics", matches)) => topics::run(matches),
        Some(("differences", matches)) => differences::run(matches),
        Some(("structure", matches)) => structure::run(matches),
        Some(("deconvolve", matches)) => deconvolve::run(matches),
        Some(("starfysh", matches)) => starfysh::run(matches),
        Some(("links", matches)) => links::run(matches),
        Some(("interpolate", matches)) => interpolate::run(matches),
        Some(("eval", matches)) => eval::run(matches),
        Some(("info", matches)) => info::run(matches),
        Some(("data", matches)) => data::run(matches),
        Some(("models", matches)) => models::run(matches),
        Some(("bench", matches)) => bench::run(matches),
        Some(("report", matches)) => report::run(matches),
        Some(("completions", matches)) => completions::run(matches),
        Some(("man", matches)) => man::run(matches),
        _ => Ok(()),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if output::reader_left(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("diabolo: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// The whole command line: help, completions and the man page derive from it.
pub fn command() -> Command {
    Command::new("diabolo")
        .about("Latent-variable models on plain CPUs: encode, decode, sample")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([
            fit::command(),
            tune::command(),
            encode::command(),
            decode::command(),
            sample::command(),
            recommend::command(),
            similar::command(),
            topics::command(),
            differences::command(),
            structure::command(),
            starfysh::command(),
            deconvolve::command(),
            links::command(),
            interpolate::command(),
            eval::command(),
            report::command(),
            info::command(),
            data::command(),
            models::command(),
            bench::command(),
            completions::command(),
            man::command(),
        ])
}

/// Refuses an instruction set that does not exist or that this machine does not have.
fn check_tier() -> Result<()> {
    let Ok(name) = std::env::var(CPU_VARIABLE) else { return Ok(()) };
    match Tier::from_name(&name) {
        Some(tier) if tier.is_supported() => Ok(()),
        Some(_) => Err(Error::parameter(
            CPU_VARIABLE,
            format!("this machine has no {name}; use portable or leave it out"),
        )),
        None => Err(Error::parameter(CPU_VARIABLE, format!("`{name}` is neither portable nor avx2"))),
    }
}
