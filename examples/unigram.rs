//! A mixture of unigrams: `cargo run --release --example unigram`.
//!
//! With two files and a number, `unigram X.npz THETA.npy N_ITER`, goes on from given shares and prints one line of JSON:
//! what `benches/peers/unigram.py` compares with numpy.

use diabolo::data;
use diabolo::io::read::{ReadOptions, read};
use diabolo::models::topic::unigram::Params;
use diabolo::models::{Data, History, Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match &words[..] {
        [] => {
            // Documents that mix 8 topics, each forced into one of 8.
            let set = data::by_name("topics", &Budget::unlimited()).expect("a set of that name")?;
            for n_topics in [1, 8] {
                let params = Params { n_topics, ..Params::default() };
                let (model, history) = fit(&params, &set.data(), None, &Env::seeded(1), &mut Silent)?;
                println!("{n_topics} topic(s): {} after {}", history.stop.name(), history.n_iter());
                for (metric, value) in model.score(&set.data(), &Env::default())? {
                    println!("{metric:>12} {value:.4}");
                }
            }
            Ok(())
        }
        [x, theta, n_iter] => {
            let load = |path: &String| read(Path::new(path), &ReadOptions::default(), &Budget::unlimited());
            let (x, theta) = (load(x)?.features, load(theta)?.features.to_dense());
            let max_iter = n_iter.parse().map_err(|_| Error::parameter("N_ITER", "is no number"))?;
            let params = Params { n_topics: theta.n_cols(), max_iter, tol: 0.0, ..Params::default() };
            let (data, env) = (Data::rows(&x), Env::seeded(1));
            let began = Instant::now();
            let start = params.start_from(&data, theta, &env)?;
            let (_, history) = fit(&params, &data, Some((start, History::default())), &env, &mut Silent)?;
            let seconds = began.elapsed().as_secs_f64();
            let objective = history.last_objective().unwrap_or(f64::NAN);
            println!("{{\"seconds\": {seconds:.4}, \"objective\": {objective}}}");
            Ok(())
        }
        _ => Err(Error::parameter("unigram", "give nothing, or X THETA N_ITER")),
    }
}
