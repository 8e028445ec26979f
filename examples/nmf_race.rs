//! NMF from given factors to a given objective: what `benches/peers/nmf.py` compares with scikit-learn.
//!
//! `nmf_race X W.npy H.npy LOSS TARGET ITERATIONS` starts at the given factors, stops at an objective of TARGET
//! or after ITERATIONS, and prints one line of JSON.

use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::Matrix;
use diabolo::models::factorization::nmf::{Loss, Params};
use diabolo::models::{Data, History, fit};
use diabolo::monitor::{Budget, Env, Monitor, Progress, Signal};
use diabolo::tensors::Tensors;
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [x, w, h, loss, target, max_iter] => {
            let number = |text: &String| {
                text.parse::<f64>().map_err(|e| Error::parameter("nmf_race", format!("{text}: {e}")))
            };
            let loss = if loss == "frobenius" { Loss::Frobenius } else { Loss::KullbackLeibler };
            race([x, w, h].map(Path::new), loss, number(target)?, number(max_iter)? as u64)
        }
        _ => Err(Error::parameter("nmf_race", "give X W.npy H.npy LOSS TARGET ITERATIONS")),
    }
}

/// Stops a fit at an objective.
struct StopAt(f64);

impl Monitor for StopAt {
    fn at(&mut self, progress: &Progress, _: &dyn Tensors) -> Result<Signal> {
        Ok(if progress.objective <= self.0 { Signal::Stop } else { Signal::Go })
    }
}

/// A fit from given factors to a given objective, timed.
fn race([x, w, h]: [&Path; 3], loss: Loss, target: f64, max_iter: u64) -> Result<()> {
    let load = |path: &Path| read(path, &ReadOptions::default(), &Budget::unlimited());
    let matrix = |path: &Path| -> Result<Matrix<f64>> { Ok(load(path)?.features.to_dense()) };
    let (x, w, h) = (load(x)?.features, matrix(w)?, matrix(h)?);
    let params = Params { n_components: w.n_cols(), loss, max_iter, tol: 0.0, ..Params::default() };
    let env = Env::default();
    let began = Instant::now();
    let state = params.start_from(&Data::rows(&x), w, h, &env)?;
    let (_, history) =
        fit(&params, &Data::rows(&x), Some((state, History::default())), &env, &mut StopAt(target))?;
    let seconds = began.elapsed().as_secs_f64();
    let objective = history.last_objective().unwrap_or(f64::NAN);
    println!(
        "{{\"seconds\": {seconds:.4}, \"n_iter\": {}, \"objective\": {objective:.6}}}",
        history.n_iter()
    );
    Ok(())
}
