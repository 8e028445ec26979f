//! Metagenes of simulated samples: `cargo run --release --example metagene`.
//!
//! Fits every rank from 2 to 5, shows how much the runs agree, the clusters of the suggested rank and their programs.
//!
//! `metagene X.npy LOSS RUNS` is what `benches/peers/metagene.py` compares with scikit-learn: ranks 2 to 6; prints one line
//! of JSON with the objectives of all runs of each rank.

use diabolo::applications::metagene::{Loss, Params};
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::{Features, Matrix, falling};
use diabolo::models::{Data, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::random::Rng;
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => show(),
        [x, loss, n_runs] => {
            let n_runs =
                n_runs.parse().map_err(|e| Error::parameter("metagene", format!("{n_runs}: {e}")))?;
            let loss = if loss == "frobenius" { Loss::Frobenius } else { Loss::KullbackLeibler };
            race(Path::new(x), loss, n_runs)
        }
        _ => Err(Error::parameter("metagene", "give nothing, or X.npy LOSS RUNS")),
    }
}

fn show() -> Result<()> {
    // Three groups of samples, each with genes of its own.
    let mut rng = Rng::seeded(1);
    let x: Features =
        Matrix::from_fn(30, 90, |i, j| rng.poisson(if j / 30 == i % 3 { 15.0 } else { 3.0 }) as f64).into();
    let params = Params { max_rank: 5, n_runs: 20, ..Params::default() };
    let (model, _) = fit(&params, &Data::rows(&x), None, &Env::seeded(1), &mut Silent)?;
    println!("rank  cophenetic  dispersion  silhouette");
    for rank in model.ranks() {
        println!(
            "{:>4} {:>11.4} {:>11.4} {:>11.4}",
            rank.rank, rank.cophenetic, rank.dispersion, rank.silhouette
        );
    }
    let chosen = model.chosen();
    println!("suggested: {} metagenes; clusters {:?}", chosen.rank, chosen.labels);
    for (k, program) in chosen.programs.rows().enumerate() {
        println!("program {}: features {:?}", k + 1, &falling(program)[..8]);
    }
    Ok(())
}

/// Ranks 2 to 6, timed.
fn race(path: &Path, loss: Loss, n_runs: usize) -> Result<()> {
    let x = read(path, &ReadOptions::default(), &Budget::unlimited())?.features;
    let params = Params { loss, n_runs, ..Params::default() };
    let began = Instant::now();
    let (model, _) = fit(&params, &Data::rows(&x), None, &Env::seeded(1), &mut Silent)?;
    let seconds = began.elapsed().as_secs_f64();
    let list = |values: &[f64]| values.iter().map(f64::to_string).collect::<Vec<String>>().join(", ");
    let objectives: Vec<String> =
        model.ranks().iter().map(|rank| format!("[{}]", list(&rank.objectives))).collect();
    println!("{{\"seconds\": {seconds:.4}, \"objectives\": [{}]}}", objectives.join(", "));
    Ok(())
}
