//! The plane that handwritten digits spread in most: `cargo run --release --example pca`.
//!
//! With a file, `pca FILE K`, fits any file diabolo reads and prints one line of JSON: what
//! `benches/peers/pca.py` compares with scikit-learn.

use diabolo::data;
use diabolo::io::read::{ReadOptions, read};
use diabolo::models::factorization::pca::Params;
use diabolo::models::{Encode, Model, Sample, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::{Error, Result};
use std::time::Instant;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match &words[..] {
        [] => digits(),
        [file, k] => {
            let n_components =
                k.parse().map_err(|_| Error::parameter("pca", format!("{k} is no number of components")))?;
            timed(file, n_components)
        }
        _ => Err(Error::parameter("pca", "give no arguments, or FILE K")),
    }
}

/// Shares of variance, the mean code of every class, and whether drawn digits are as large as real ones.
fn digits() -> Result<()> {
    let digits = data::digits(&Budget::unlimited())?;
    let env = Env::seeded(1);
    let params = Params { n_components: 8, ..Params::default() };
    let (model, _) = fit(&params, &digits.data(), None, &env, &mut Silent)?;
    let shares = model.explained_variance_ratio();
    let shares: Vec<String> = shares.iter().map(|share| format!("{:.1} %", 100.0 * share)).collect();
    println!("variance along each component: {}", shares.join(", "));
    for (name, value) in model.score(&digits.data(), &env)? {
        println!("{name}: {value:.4}");
    }
    let codes = model.encode(&digits.features, &env)?.to_f64();
    if let Some(labels) = &digits.labels {
        for (class, name) in labels.classes.iter().enumerate() {
            let members: Vec<usize> =
                (0..codes.n_rows()).filter(|&i| labels.class[i] as usize == class).collect();
            let mean = |k: usize| members.iter().map(|&i| codes[(i, k)]).sum::<f64>() / members.len() as f64;
            println!("digit {name}: mean code ({:6.2}, {:6.2}, ...)", mean(0), mean(1));
        }
    }
    let drawn = model.sample(1000, &env)?;
    println!("a drawn digit has squared norm {:.0}", drawn.squared_norm() / 1000.0);
    println!("a real one {:.0}", digits.features.squared_norm() / digits.features.n_samples() as f64);
    Ok(())
}

/// A fit, timed.
fn timed(file: &str, n_components: usize) -> Result<()> {
    let env = Env::default();
    let set = read(file.as_ref(), &ReadOptions::default(), &env.budget)?;
    let params = Params { n_components, ..Params::default() };
    let began = Instant::now();
    let (model, history) = fit(&params, &set.data(), None, &env, &mut Silent)?;
    let seconds = began.elapsed().as_secs_f64();
    println!(
        r#"{{"seconds": {seconds:.4}, "n_iter": {}, "explained_variance": {:?}}}"#,
        history.n_iter(),
        model.explained_variance()
    );
    Ok(())
}
