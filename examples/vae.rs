//! A variational autoencoder of handwritten digits: `cargo run --release --example vae`.
//!
//! With files, `vae TRAIN TEST EPOCHS SEED [mlp|convolutional]`, fits the reference network (400 hidden, 20 latent; or convolutions) and prints one line of
//! JSON with minus the bound on TEST after each epoch: what `benches/peers/vae.py` compares with PyTorch.

use diabolo::data::{self, Scale, Scaler};
use diabolo::io::read::{ReadOptions, read};
use diabolo::models::autoencoder::vae::Params;
use diabolo::models::{Data, Encode, Fit, Model, Sample, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

#[path = "shared/networks.rs"]
mod networks;
use networks::architecture;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => draw_digits(),
        [train, test, epochs, seed, further @ ..] if further.len() <= 1 => {
            let number = |text: &str| {
                text.parse().map_err(|_| Error::parameter("vae", format!("{text} is no number")))
            };
            let params = Params {
                epochs: number(epochs)?,
                architecture: architecture("vae", further.first())?,
                ..Params::default()
            };
            race(Path::new(train), Path::new(test), &params, number(seed)?)
        }
        _ => Err(Error::parameter("vae", "give no arguments, or TRAIN TEST EPOCHS SEED [mlp|convolutional]")),
    }
}

/// Fits the embedded digits, encodes one and draws five new ones.
fn draw_digits() -> Result<()> {
    let mut digits = data::digits(&Budget::unlimited())?;
    let budget = Budget::unlimited();
    let scaler = Scaler::fit(&digits.features, Scale::Max, &budget)?;
    digits.features = scaler.apply(digits.features, &budget)?;
    let env = Env::seeded(1);
    let params = Params { n_latent: 8, hidden: vec![128], epochs: 60, ..Params::default() };
    let (vae, _) = fit(&params, &digits.data(), None, &env, &mut Silent)?;
    for (name, value) in vae.score(&digits.data(), &env)? {
        println!("{name:>16} {value:.3}");
    }
    let z = vae.encode(&digits.features.select_rows(&[0]), &env)?.to_f64();
    println!("the first digit's code: {:.2?}", z.row(0));
    let drawn = vae.sample(5, &env)?.to_dense();
    for row in 0..8 {
        let ink = |i: usize| -> String {
            let pixels = &drawn.row(i)[row * 8..][..8];
            pixels.iter().map(|&x| [" ", ".", ":", "o", "#"][(x * 4.99) as usize].repeat(2)).collect()
        };
        println!("{}", (0..5).map(ink).collect::<Vec<_>>().join("  "));
    }
    Ok(())
}

/// The reference network, epoch by epoch; the evaluations are not timed.
fn race(train: &Path, test: &Path, params: &Params, seed: u64) -> Result<()> {
    let load = |path: &Path| read(path, &ReadOptions::default(), &Budget::unlimited());
    let (train, test) = (load(train)?, load(test)?);
    let (env, epochs) = (Env::seeded(seed), params.epochs);
    let x = Data::rows(&train.features);
    let mut state = params.start(&x, &env)?;
    let (mut seconds, mut curve) = (0.0, Vec::new());
    for _ in 0..epochs {
        let began = Instant::now();
        params.step(&x, &mut state, &env)?;
        seconds += began.elapsed().as_secs_f64();
        let found = state.model(params).evaluate(&test.features, &env)?;
        curve.push(format!("{:.3}", found.reconstruction + found.kl()));
    }
    let last = curve.last().map_or("null", String::as_str);
    println!(
        "{{\"seconds\": {:.4}, \"neg_elbo\": {last}, \"curve\": [{}]}}",
        seconds / epochs.max(1) as f64,
        curve.join(", ")
    );
    Ok(())
}
