//! Poisson topics from given factors to a given likelihood: what `benches/peers/fasttopics.py` races.
//!
//! `fasttopics_race X L.npy F.npy TARGET ITERATIONS` starts at the given factors with ten steps of expectation
//! maximisation, stops at a log likelihood of TARGET or after ITERATIONS, and prints one line of JSON.

use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::Matrix;
use diabolo::models::topic::fasttopics::Params;
use diabolo::models::{Data, History, fit};
use diabolo::monitor::{Budget, Env, Monitor, Progress, Signal};
use diabolo::tensors::Tensors;
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [x, l, f, target, max_iter] => {
            let number = |text: &String| {
                text.parse::<f64>().map_err(|e| Error::parameter("fasttopics_race", format!("{text}: {e}")))
            };
            race([x, l, f].map(Path::new), number(target)?, number(max_iter)? as u64)
        }
        _ => Err(Error::parameter("fasttopics_race", "give X L.npy F.npy TARGET ITERATIONS")),
    }
}

/// Stops a fit at a log likelihood.
struct StopAt(f64);

impl Monitor for StopAt {
    fn at(&mut self, progress: &Progress, _: &dyn Tensors) -> Result<Signal> {
        Ok(if -progress.objective >= self.0 { Signal::Stop } else { Signal::Go })
    }
}

/// A fit from given factors to a given likelihood, timed: the copy of the counts by column and the steps of
/// expectation maximisation included.
fn race([x, l, f]: [&Path; 3], target: f64, max_iter: u64) -> Result<()> {
    let load = |path: &Path| read(path, &ReadOptions::default(), &Budget::unlimited());
    let matrix = |path: &Path| -> Result<Matrix<f64>> { Ok(load(path)?.features.to_dense()) };
    let (x, l, f) = (load(x)?.features, matrix(l)?, matrix(f)?);
    let params = Params { n_topics: l.n_cols(), max_iter, tol: 0.0, ..Params::default() };
    let (env, data) = (Env::default(), Data::rows(&x));
    let began = Instant::now();
    let state = params.start_from(&data, l, f, &env)?;
    let start = Some((state, History::default()));
    let (_, history) = fit(&params, &data, start, &env, &mut StopAt(target))?;
    let seconds = began.elapsed().as_secs_f64();
    let reached = -history.last_objective().unwrap_or(f64::NAN);
    println!(
        "{{\"seconds\": {seconds:.4}, \"n_iter\": {}, \"log_likelihood\": {reached:.3}}}",
        history.n_iter()
    );
    Ok(())
}
