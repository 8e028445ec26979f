//! A matrix of low rank by gradient descent, three ways: `cargo run --release --example gradient`.
//!
//! With files and parameters, `gradient X.npz K RIDGE TARGET N_ITER`, descends on the stored entries to an
//! objective of TARGET or for N_ITER iterations, and prints one line of JSON: what `benches/peers/gradient.py`
//! compares with scipy.

use diabolo::data;
use diabolo::io::read::{ReadOptions, read};
use diabolo::models::factorization::gradient::{Method, Params};
use diabolo::models::{Data, Model, fit};
use diabolo::monitor::{Budget, Env, Monitor, Progress, Signal, Silent};
use diabolo::tensors::Tensors;
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match &words[..] {
        [] => three_ways(),
        [x, k, ridge, target, n_iter] => {
            let number = |text: &String| {
                text.parse::<f64>().map_err(|e| Error::parameter("gradient", format!("{text}: {e}")))
            };
            let params = Params {
                n_components: number(k)? as usize,
                ridge: number(ridge)?,
                max_iter: number(n_iter)? as u64,
                tol: 0.0,
                ..Params::default()
            };
            descend(Path::new(x), &params, number(target)?)
        }
        _ => Err(Error::parameter("gradient", "give no arguments, or X.npz K RIDGE TARGET N_ITER")),
    }
}

/// The same planted matrix by every method.
fn three_ways() -> Result<()> {
    let set = data::by_name("low_rank", &Budget::unlimited()).expect("a simulator of that name")?;
    let env = Env::seeded(1);
    for (name, method) in [("descent", Method::Descent), ("adam", Method::Adam), ("sgd", Method::Sgd)] {
        let params = Params { method, ..Params::default() };
        let (model, history) = fit(&params, &set.data(), None, &env, &mut Silent)?;
        let scores = model.score(&set.data(), &env)?;
        println!("{name:>8}: {} {:.4} after {} iterations", scores[0].0, scores[0].1, history.n_iter());
    }
    Ok(())
}

/// Stops a fit at an objective.
struct StopAt(f64);

impl Monitor for StopAt {
    fn at(&mut self, progress: &Progress, _: &dyn Tensors) -> Result<Signal> {
        Ok(if progress.objective <= self.0 { Signal::Stop } else { Signal::Go })
    }
}

/// A descent to an objective, timed.
fn descend(x: &Path, params: &Params, target: f64) -> Result<()> {
    let x = read(x, &ReadOptions::default(), &Budget::unlimited())?.features;
    let began = Instant::now();
    let (_, history) = fit(params, &Data::rows(&x), None, &Env::seeded(1), &mut StopAt(target))?;
    let seconds = began.elapsed().as_secs_f64();
    let objective = history.last_objective().unwrap_or(f64::NAN);
    let n_iter = history.n_iter();
    println!(r#"{{"seconds": {seconds:.4}, "n_iter": {n_iter}, "objective": {objective:.6}}}"#);
    Ok(())
}
