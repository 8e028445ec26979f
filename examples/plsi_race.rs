//! pLSI of a file from given factors: what `benches/peers/plsi.py` and `benches/peers/countclust.py` race.
//!
//! `plsi_race X L.npy F.npy ITERATIONS [countclust]` takes so many steps of expectation maximisation and prints one
//! line of JSON; `countclust` fits the model with priors instead, from its own start.

use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::Matrix;
use diabolo::models::topic::{countclust, plsi};
use diabolo::models::{Data, History, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [x, l, f, max_iter, ..] = &words[..] else {
        return Err(Error::parameter("plsi_race", "give X L.npy F.npy ITERATIONS"));
    };
    let max_iter = max_iter.parse().map_err(|_| Error::parameter("plsi_race", "ITERATIONS is no number"))?;
    let load = |path: &String| read(Path::new(path), &ReadOptions::default(), &Budget::unlimited());
    let matrix = |path: &String| -> Result<Matrix<f64>> { Ok(load(path)?.features.to_dense()) };
    let (x, l, f) = (load(x)?.features, matrix(l)?, matrix(f)?);
    let (env, data, n_topics) = (Env::default(), Data::rows(&x), l.n_cols());
    let began = Instant::now();
    let history = if words.len() > 4 {
        let params = countclust::Params { n_topics: vec![n_topics], max_iter, tol: 0.0 };
        fit(&params, &data, None, &env, &mut Silent)?.1
    } else {
        let params = plsi::Params { n_topics, max_iter, tol: 0.0, ..plsi::Params::default() };
        let state = params.start_from(&data, l, f, &env)?;
        fit(&params, &data, Some((state, History::default())), &env, &mut Silent)?.1
    };
    let seconds = began.elapsed().as_secs_f64();
    let reached = -history.last_objective().unwrap_or(f64::NAN);
    println!("{{\"seconds\": {seconds:.4}, \"n_iter\": {}, \"objective\": {reached:.6}}}", history.n_iter());
    Ok(())
}
