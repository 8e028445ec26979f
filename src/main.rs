//! The binary `diabolo`: everything is in `diabolo::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    diabolo::cli::run(std::env::args_os())
}
