//! A generative adversarial network of handwritten digits: `cargo run --release --example gan`.
//!
//! With files, `gan TRAIN EPOCHS SEED OUT.npy [DROPOUT [SMOOTHING [mlp|convolutional]]]`, fits the reference networks on pictures and writes 10,000
//! samples; prints one line of JSON with the milliseconds of a step: what `benches/peers/gan.py` compares with PyTorch.

use diabolo::io::read::{ReadOptions, read};
use diabolo::io::write::write_matrix;
use diabolo::models::adversarial::gan::Params;
use diabolo::models::{Data, Fit, Names, Sample, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::{Error, Result, data};
use std::path::Path;
use std::time::Instant;

#[path = "shared/networks.rs"]
mod networks;
use networks::architecture;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => draw_digits(),
        [train, epochs, seed, out, further @ ..] if further.len() <= 3 => {
            let wrong = |text: &str| Error::parameter("gan", format!("{text} is no number"));
            let whole = |text: &str| text.parse::<u64>().map_err(|_| wrong(text));
            let share = |at: usize| match further.get(at) {
                Some(text) => text.parse::<f64>().map_err(|_| wrong(text)),
                None => Ok(0.0),
            };
            let params = Params {
                epochs: whole(epochs)?,
                dropout: share(0)?,
                smoothing: share(1)?,
                architecture: architecture("gan", further.get(2))?,
                ..Params::default()
            };
            race(Path::new(train), &params, whole(seed)?, Path::new(out))
        }
        _ => Err(Error::parameter(
            "gan",
            "give no arguments, or TRAIN EPOCHS SEED OUT.npy [DROPOUT [SMOOTHING [mlp|convolutional]]]",
        )),
    }
}

/// Fits the embedded digits and draws five new ones.
fn draw_digits() -> Result<()> {
    let digits = data::digits(&Budget::unlimited())?;
    let params = Params {
        n_latent: 32,
        generator_hidden: vec![64, 128],
        critic_hidden: vec![128, 64],
        epochs: 60,
        ..Params::default()
    };
    let env = Env::seeded(1);
    let (gan, _) = fit(&params, &digits.data(), None, &env, &mut Silent)?;
    println!("diversity {:.2} of the data's", gan.diversity().overall);
    let drawn = gan.sample(5, &env)?.to_dense();
    for row in 0..8 {
        let ink = |i: usize| -> String {
            let pixels = &drawn.row(i)[row * 8..][..8];
            pixels.iter().map(|&x| [" ", ".", ":", "o", "#"][(x / 16.0 * 4.99) as usize].repeat(2)).collect()
        };
        println!("{}", (0..5).map(ink).collect::<Vec<_>>().join("  "));
    }
    Ok(())
}

/// The reference networks; samples are drawn after the clock has stopped.
fn race(train: &Path, params: &Params, seed: u64, out: &Path) -> Result<()> {
    let features = read(train, &ReadOptions::default(), &Budget::unlimited())?.features;
    let (env, epochs) = (Env::seeded(seed), params.epochs);
    let x = Data::rows(&features);
    let mut state = params.start(&x, &env)?;
    let began = Instant::now();
    for _ in 0..epochs {
        params.step(&x, &mut state, &env)?;
    }
    let steps = epochs as usize * (features.n_samples() / params.batch_size);
    let seconds = began.elapsed().as_secs_f64() / steps.max(1) as f64;
    let gan = params.finish(state)?;
    let diversity = gan.diversity();
    write_matrix(out, &gan.sample(10_000, &env)?.to_dense(), Names::NONE)?;
    let (overall, nearest) = (diversity.overall, diversity.nearest);
    println!("{{\"seconds\": {seconds:.6}, \"diversity\": {overall:.4}, \"nearest\": {nearest:.4}}}");
    Ok(())
}
