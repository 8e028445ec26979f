//! The built binary, as its users meet it.

mod blocks;
mod configuration;
mod data;
mod deconvolve;
mod graph;
mod interpolate;
mod lists;
mod mistakes;
mod results;
mod resume;
mod shipping;
mod starfysh;
mod text;
mod topics;
mod tune;

use crate::io::Scratch;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The binary in a folder of its own, with the words of a command line.
fn command(folder: &Scratch, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_diabolo"));
    command.current_dir(folder.path()).args(line.split_whitespace()).stdin(Stdio::null());
    command
}

/// What a command line does.
fn run(folder: &Scratch, line: &str) -> Output {
    command(folder, line).output().expect("the binary starts")
}

/// The standard output of a command line that must succeed.
fn good(folder: &Scratch, line: &str) -> String {
    let output = run(folder, line);
    assert_eq!(output.status.code(), Some(0), "{line}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// The bytes of a file in the folder.
fn bytes(folder: &Scratch, name: impl AsRef<Path>) -> Vec<u8> {
    let path = folder.path().join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
