//! What dropouts hide: `cargo run --release --example zinb`.
//!
//! With files, `zinb TRAIN TEST EPOCHS BATCH [TRUTH DROPPED]`, fits counts of any format diabolo reads for some
//! epochs, and prints one line of JSON: seconds an epoch, minus the log likelihood a cell of TEST, and the root mean
//! square of ln((1 + m) / (1 + mu)) at the entries DROPPED is 1 at: what `benches/peers/zinb.py` compares with the same net
//! in PyTorch.

use diabolo::data::{self, Simulated};
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::Matrix;
use diabolo::models::autoencoder::zinb::{Params, Zinb};
use diabolo::models::{Data, Dataset, Fit, Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::{Error, Result};
use std::time::Instant;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match &words[..] {
        [] => dropouts(),
        [train, test, epochs, batch] => timed([train, test], [epochs, batch], None),
        [train, test, epochs, batch, truth, dropped] => {
            timed([train, test], [epochs, batch], Some([truth, dropped]))
        }
        _ => Err(Error::parameter("zinb", "give no arguments, or TRAIN TEST EPOCHS BATCH [TRUTH DROPPED]")),
    }
}

/// Simulated cells: how far the imputed means are from the planted ones where counts were lost.
fn dropouts() -> Result<()> {
    let name = "zinb:n_samples=1000,n_features=300,dropout=0.3";
    let Some(made) = data::simulated_by_name(name, &Budget::unlimited()) else {
        return Err(Error::parameter("zinb", "the simulator is missing"));
    };
    let Simulated { dataset, truth } = made?;
    let env = Env::seeded(1);
    let (model, history) = fit(&Params::default(), &dataset.data(), None, &env, &mut Silent)?;
    println!("{} epochs, {:?}", history.n_iter(), history.stop);
    for (name, value) in model.score(&dataset.data(), &env)? {
        println!("{name}: {value:.4}");
    }
    let mu = &truth[0].1;
    let zero = dataset.features.to_dense();
    let at_zeros = |i: usize, j: usize| zero[(i, j)] == 0.0 && mu[(i, j)] > 3.0;
    let imputed = model.impute(&dataset.features, &env)?.cast();
    println!("where a mean above 3 was counted as 0, errors of ln(1 + mean):");
    println!("  as counted {:.3}", error(&zero, mu, at_zeros));
    println!("  imputed    {:.3}", error(&imputed, mu, at_zeros));
    Ok(())
}

/// The root mean square of ln((1 + m) / (1 + mu)) over some entries.
fn error(m: &Matrix<f64>, mu: &Matrix<f64>, is_asked: impl Fn(usize, usize) -> bool) -> f64 {
    let (mut sum, mut n) = (0.0, 0.0);
    for i in 0..mu.n_rows() {
        for j in (0..mu.n_cols()).filter(|&j| is_asked(i, j)) {
            sum += (m[(i, j)].ln_1p() - mu[(i, j)].ln_1p()).powi(2);
            n += 1.0;
        }
    }
    (sum / f64::max(n, 1.0)).sqrt()
}

/// A fit of so many epochs, timed without the first one.
fn timed(files: [&str; 2], numbers: [&str; 2], truth: Option<[&str; 2]>) -> Result<()> {
    let env = Env::seeded(1);
    let load = |file: &str| -> Result<Dataset> { read(file.as_ref(), &ReadOptions::default(), &env.budget) };
    let [train, test] = [load(files[0])?, load(files[1])?];
    let number =
        |text: &str| text.parse().map_err(|_| Error::parameter("zinb", format!("{text} is no whole number")));
    let [epochs, batch_size] = [number(numbers[0])?, number(numbers[1])?];
    let params = Params {
        epochs,
        batch_size: Some(batch_size as usize),
        validation: 0.0,
        plateau: 0,
        patience: 0,
        ..Params::default()
    };
    let (model, seconds) = stepped(&params, &train.data(), &env)?;
    let losses = model.row_losses(&test.data(), &env)?;
    let nll = losses.iter().sum::<f64>() / losses.len() as f64;
    let at_dropped = match truth {
        None => String::new(),
        Some(files) => {
            let [mu, dropped] = [load(files[0])?.features.to_dense(), load(files[1])?.features.to_dense()];
            let imputed = model.impute(&train.features, &env)?.cast();
            let found = error(&imputed, &mu, |i, j| dropped[(i, j)] == 1.0);
            let raw = error(&train.features.to_dense(), &mu, |i, j| dropped[(i, j)] == 1.0);
            format!(r#", "error": {found:.6}, "error_of_counts": {raw:.6}"#)
        }
    };
    println!(r#"{{"seconds": {seconds:.5}, "nll": {nll:.5}{at_dropped}}}"#);
    Ok(())
}

/// The loop of a fit, with the median seconds of an epoch but the first, which makes the programs.
fn stepped(params: &Params, x: &Data, env: &Env) -> Result<(Zinb, f64)> {
    let mut state = params.start(x, env)?;
    let mut seconds = Vec::new();
    for _ in 0..params.epochs {
        let began = Instant::now();
        params.step(x, &mut state, env)?;
        seconds.push(began.elapsed().as_secs_f64());
    }
    let mut later = seconds.split_off(1.min(seconds.len().saturating_sub(1)));
    later.sort_by(f64::total_cmp);
    Ok((params.finish(state)?, later.get(later.len() / 2).copied().unwrap_or(0.0)))
}
