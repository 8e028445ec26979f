//! Reads a file, or a folder of text, and says how long it took: what benches/peers/readers.py races.
//!
//!     cargo run --release --example readers -- text FOLDER [COUNTS.mtx [WORDS.txt]]
//!     cargo run --release --example readers -- svmlight FILE [X.mtx]

use diabolo::io::atomic;
use diabolo::io::read::{Format, ReadOptions, TextOptions, load};
use diabolo::io::text::StopWords;
use diabolo::io::write;
use diabolo::monitor::Budget;
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let format = match words.first().map(String::as_str) {
        Some("text") => Format::Text,
        Some("svmlight") => Format::SvmLight,
        _ => return Err(Error::parameter("format", "give text or svmlight, then a path")),
    };
    let path = words.get(1).ok_or_else(|| Error::parameter("path", "say what to read"))?;
    let options = ReadOptions {
        format: Some(format),
        text: TextOptions { stop_words: StopWords::None, ..TextOptions::default() },
        ..ReadOptions::default()
    };
    let began = Instant::now();
    let loaded = load(Path::new(path), &options, &Budget::unlimited())?;
    let seconds = began.elapsed().as_secs_f64();
    let (features, names) = (&loaded.dataset.features, &loaded.dataset.names);
    if let Some(path) = words.get(2) {
        write::write(Path::new(path), features, names)?;
    }
    if let Some(path) = words.get(3).map(Path::new) {
        let lines = names.features.as_deref().unwrap_or_default().join("\n");
        atomic::write(path, |file| {
            file.write_all(lines.as_bytes()).map_err(|source| Error::io(path, source))
        })?;
    }
    let (n, m, nnz) = (features.n_samples(), features.n_features(), features.n_stored());
    println!("{{\"seconds\": {seconds}, \"n_samples\": {n}, \"n_features\": {m}, \"n_stored\": {nnz}}}");
    Ok(())
}
