//! A complete matrix by alternating least squares: `cargo run --release --example als`.
//!
//! With a file and parameters, `als X.npy START.npy RIDGE N_ITER`, starts at the columns V of START
//! (n_features x n_components), takes that many iterations, and prints one line of JSON: what
//! `benches/peers/als.py` compares with numpy.

use diabolo::data;
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::Matrix;
use diabolo::models::factorization::als::Params;
use diabolo::models::{Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::solve::als;
use diabolo::solve::bilinear::{Factors, Ridge};
use diabolo::solve::observed::{Observed, Sides};
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let wrong = || Error::parameter("als", "give no arguments, or X.npy START.npy RIDGE N_ITER");
    match &words[..] {
        [] => planted(),
        [x, start, ridge, n_iter] => {
            let weight = ridge.parse().map_err(|_| wrong())?;
            let n_iter = n_iter.parse().map_err(|_| wrong())?;
            iterate([x, start].map(Path::new), Ridge { weight, by_count: false }, n_iter)
        }
        _ => Err(wrong()),
    }
}

/// Finds the planted factors of a simulated matrix of rank 5 whose noise has standard deviation 0.1.
fn planted() -> Result<()> {
    let set = data::by_name("low_rank", &Budget::unlimited()).expect("a simulator of that name")?;
    let env = Env::seeded(1);
    for n_components in [2, 5, 8] {
        let params = Params { n_components, ..Params::default() };
        let (model, history) = fit(&params, &set.data(), None, &env, &mut Silent)?;
        let scores = model.score(&set.data(), &env)?;
        println!(
            "k = {n_components}: {} {:.4} after {} iterations",
            scores[0].0,
            scores[0].1,
            history.n_iter()
        );
    }
    Ok(())
}

/// Iterations from given columns, timed.
fn iterate([x, start]: [&Path; 2], ridge: Ridge, n_iter: usize) -> Result<()> {
    let budget = Budget::unlimited();
    let load = |path: &Path| Ok::<_, Error>(read(path, &ReadOptions::default(), &budget)?.features);
    let (x, cols) = (load(x)?, load(start)?.to_dense());
    let began = Instant::now();
    let sides = Sides::new(Observed::of(&x, &budget)?, &budget)?;
    let rows = Matrix::zeros(x.n_samples(), cols.n_cols());
    let mut factors = Factors { mean: 0.0, biased: false, rows, cols };
    for _ in 0..n_iter {
        als::sweep(&mut factors, &sides, ridge)?;
    }
    let seconds = began.elapsed().as_secs_f64();
    let objective = factors.objective(&sides, &factors.residuals(&sides.rows), ridge);
    println!(r#"{{"seconds": {seconds:.4}, "objective": {objective:.9}}}"#);
    Ok(())
}
