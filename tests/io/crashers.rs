//! What fuzzing found, read the way its fuzz target does: data or one clear line, within the memory allowed.

use super::Scratch;
use diabolo::io::input::Input;
use diabolo::io::missing::Missing;
use diabolo::io::names::{Column, read_names_from};
use diabolo::io::read::{Format, ReadOptions, read, read_from};
use diabolo::io::{delimited, hdf5, idx, jpeg, matrix_market, npy, npz, png, safetensors};
use diabolo::models::Dataset;
use diabolo::monitor::Budget;
use diabolo::{Error, Result};
use std::path::{Path, PathBuf};

/// Memory a reader may take, as in fuzz/src/lib.rs.
const MEMORY: u64 = 16 << 20;

/// Gives the bytes to a reader; a refusal must be of the file or of memory, in one line.
fn feed<T>(path: &Path, bytes: &[u8], reader: impl FnOnce(&mut Input) -> Result<T>) {
    let budget = Budget::limited(MEMORY);
    let outcome = Input::over(path, bytes, &budget).and_then(|mut input| reader(&mut input));
    if let Err(error) = outcome {
        assert!(matches!(error.exit_code(), 65 | 75), "{error}");
        assert!(!error.to_string().contains('\n'), "{error:?}");
    }
}

/// The files of a folder below tests/io/crashers.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a readable folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    paths
}

#[test]
fn every_crasher_is_data_or_a_clear_refusal() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/io/crashers");
    let folders: Vec<PathBuf> = files(&root).into_iter().filter(|path| path.is_dir()).collect();
    assert!(!folders.is_empty(), "the crashers are missing");
    for folder in folders {
        let target = folder.file_name().and_then(|name| name.to_str()).expect("a name");
        for path in files(&folder) {
            let bytes = std::fs::read(&path).expect("a readable file");
            replay(target, &path, &bytes);
        }
    }
}

/// What the fuzz target of that name does.
fn replay(target: &str, path: &Path, bytes: &[u8]) {
    let whole: fn(&mut Input) -> Result<Dataset> = match target {
        "any" => |input| read_from(input, &ReadOptions::default()),
        "delimited" => |input| delimited::read(input, Missing::Zero),
        "idx" => idx::read,
        "jpeg" => jpeg::read,
        "npy" => npy::read,
        "npz" => npz::read,
        "png" => png::read,
        "safetensors" => safetensors::read,
        "gzip" => |input| {
            while input.next_line()?.is_some() {}
            Err(input.fail("lines are no data"))
        },
        "matrix_market" => {
            for transpose in [false, true] {
                let options = ReadOptions { transpose, ..ReadOptions::default() };
                feed(path, bytes, |input| matrix_market::read(input, &options));
            }
            return;
        }
        "docword" | "edge_list" | "ratings" | "svmlight" | "text" => {
            let format = match target {
                "docword" => Format::Docword,
                "edge_list" => Format::Edges,
                "ratings" => Format::Ratings,
                "text" => Format::Text,
                _ => Format::SvmLight,
            };
            for transpose in [false, true] {
                let options = ReadOptions { format: Some(format), transpose, ..ReadOptions::default() };
                feed(path, bytes, |input| read_from(input, &options));
            }
            return;
        }
        "hdf5" => {
            let layer = ReadOptions { layer: Some("counts".to_owned()), ..ReadOptions::default() };
            feed(path, bytes, |input| hdf5::read(input, &ReadOptions::default()));
            feed(path, bytes, |input| match hdf5::read(input, &layer) {
                Err(Error::Parameter { .. }) => Ok(()), // there is no such layer
                outcome => outcome.map(drop),
            });
            feed(path, bytes, |input| hdf5::read_labels(input, "ct"));
            return;
        }
        "names" => {
            for column in [Column::First, Column::SecondOrOnly, Column::Last, Column::Number(2)] {
                feed(path, bytes, |input| read_names_from(input, &column, 3, "samples"));
            }
            return;
        }
        "ten_x" => {
            let folder = Scratch::new();
            let mut parts = bytes.splitn(3, |&byte| byte == 0xff);
            for name in ["matrix.mtx", "genes.tsv", "barcodes.tsv"] {
                folder.file(name, parts.next().unwrap_or(b"one\n"));
            }
            let budget = Budget::limited(MEMORY);
            let outcome = read(folder.path(), &ReadOptions::default(), &budget);
            assert!(outcome.is_ok() || budget.used() == 0, "a refusal gives its memory back");
            return;
        }
        other => panic!("{}: no replay of target {other}", path.display()),
    };
    feed(path, bytes, whole);
}
