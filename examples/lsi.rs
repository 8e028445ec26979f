//! Latent semantic indexing of a file or of simulated documents: `cargo run --release --example lsi -- [FILE [K]]`.
//!
//! Weighs by log-entropy, folds a new document in, and finds the nearest of the others by cosine. Prints one line of
//! JSON at its end: seconds of the fit and the singular values.

use diabolo::data;
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::falling;
use diabolo::models::topic::lsi::{Params, Weighting};
use diabolo::models::{Data, Encode, fit};
use diabolo::monitor::{Env, Silent};
use std::time::Instant;

fn main() -> diabolo::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let env = Env::default();
    let set = match words.first() {
        Some(path) => read(path.as_ref(), &ReadOptions::default(), &env.budget)?,
        None => data::by_name("topics", &env.budget).expect("a simulator")?,
    };
    let n_components = words.get(1).and_then(|word| word.parse().ok()).unwrap_or(8);
    let weighting = if words.len() > 2 { Weighting::TfIdf } else { Weighting::LogEntropy };
    let params = Params { n_components, weighting, ..Params::default() };
    let began = Instant::now();
    let (model, history) = fit(&params, &Data::rows(&set.features), None, &env, &mut Silent)?;
    let seconds = began.elapsed().as_secs_f64();

    let query = model.encode(&set.features.select_rows(&[0]), &env)?.to_f64();
    let cosine = |z: &[f64]| {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        dot(z, query.row(0)) / (dot(z, z) * dot(query.row(0), query.row(0))).sqrt().max(f64::MIN_POSITIVE)
    };
    let cosines: Vec<f64> = model.z().rows().map(cosine).collect();
    for i in falling(&cosines).into_iter().take(5) {
        println!("{:.4} {}", cosines[i], set.names.sample(i));
    }
    println!(
        r#"{{"seconds": {seconds}, "n_iter": {}, "singular_values": {:?}}}"#,
        history.n_iter(),
        model.singular_values()
    );
    Ok(())
}
