//! Autoencoders of handwritten digits, a linear and a deep one, beside principal components:
//! `cargo run --release --example ae`.
//!
//! With files, `ae TRAIN TEST K EPOCHS`, prints the mean squared error a pixel on TEST of all three as a line of JSON.

use diabolo::data;
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::Features;
use diabolo::models::autoencoder::ae::Params;
use diabolo::models::factorization::pca;
use diabolo::models::network::Decay;
use diabolo::models::{Data, Decode, Encode, Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::{Error, Result};
use std::path::Path;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (train, test, k, epochs) = match &arguments[..] {
        [] => {
            let digits = data::digits(&Budget::unlimited())?.features;
            (digits.clone(), digits, 8, 200)
        }
        [train, test, k, epochs] => {
            let number =
                |text: &str| text.parse().map_err(|_| Error::parameter("ae", format!("{text} is no number")));
            let load = |path: &str| {
                Ok::<_, Error>(read(Path::new(path), &ReadOptions::default(), &Budget::unlimited())?.features)
            };
            (load(train)?, load(test)?, number(k)?, number(epochs)?)
        }
        _ => return Err(Error::parameter("ae", "give no arguments, or TRAIN TEST K EPOCHS")),
    };
    let (env, x) = (Env::seeded(1), Data::rows(&train));
    let (pca, _) = fit(&pca::Params { n_components: k, ..Default::default() }, &x, None, &env, &mut Silent)?;
    let shared = Params { n_latent: k, epochs: epochs as u64, decay: Decay::Cosine, ..Params::default() };
    let (linear, _) = fit(&Params { linear: true, ..shared.clone() }, &x, None, &env, &mut Silent)?;
    let (deep, _) = fit(&Params { hidden: vec![512, 256], ..shared }, &x, None, &env, &mut Silent)?;
    println!(
        "{{\"pca\": {:.5}, \"linear\": {:.5}, \"deep\": {:.5}}}",
        error(&pca, &test, &env)?,
        linear.mean_squared_error(&test, &env)?,
        deep.mean_squared_error(&test, &env)?
    );
    Ok(())
}

/// The mean squared error of a value.
fn error(model: &(impl Encode + Decode + Model), x: &Features, env: &Env) -> Result<f64> {
    let decoded = model.decode(&model.encode(x, env)?.to_f64(), env)?;
    let original = x.to_dense();
    let squares = decoded.values().iter().zip(original.values()).map(|(a, b)| (a - b) * (a - b));
    Ok(squares.sum::<f64>() / original.values().len() as f64)
}
