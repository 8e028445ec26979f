//! Files in and out.

mod archive;
mod bad_binary;
mod bad_lists;
mod bad_text;
mod crashers;
mod delimited;
mod docword;
mod edge_list;
mod hdf5;
mod idx;
mod input;
mod jpeg;
mod link_split;
mod matrix_market;
mod mutations;
mod npy;
mod npz;
mod png;
mod ratings;
mod rows;
mod safetensors;
mod svmlight;
mod ten_x;
mod text;
mod write;
mod y4m;

use diabolo::Result;
use diabolo::io::input::Input;
use diabolo::io::read::{ReadOptions, read, read_from};
use diabolo::linalg::Matrix;
use diabolo::models::Dataset;
use diabolo::monitor::Budget;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The path of a file under tests/io/files.
fn golden_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/io/files").join(name)
}

/// What the reader makes of a file under tests/io/files.
fn golden(name: &str) -> Result<Dataset> {
    read(&golden_path(name), &ReadOptions::default(), &Budget::unlimited())
}

/// What one format's reader makes of bytes.
fn read_bytes(reader: fn(&mut Input) -> Result<Dataset>, bytes: &[u8]) -> Result<Dataset> {
    reader(&mut Input::over(Path::new("bytes"), bytes, &Budget::limited(1 << 24))?)
}

/// The 3 x 4 table 10 i + j - 5 of tests/io/files/make.py.
fn table() -> Matrix<f64> {
    Matrix::from_fn(3, 4, |i, j| (10 * i + j) as f64 - 5.0)
}

/// The same table from 0, for types without a sign.
fn table_from_zero() -> Matrix<f64> {
    Matrix::from_fn(3, 4, |i, j| (10 * i + j) as f64)
}

/// Reads bytes as if they were a file called `file`.
fn read_file(bytes: &[u8], options: &ReadOptions) -> Result<Dataset> {
    let budget = Budget::limited(64 << 20);
    read_from(&mut Input::over(Path::new("file"), bytes, &budget)?, options)
}

/// Gzip of bytes, one member.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A folder for one test, removed in the end.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Scratch {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let name = format!("diabolo-test-{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Makes a file in the folder.
    pub fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The sorted names of the files in the folder.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
