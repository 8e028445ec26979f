//! Ratings completed: `cargo run --release --example completion`.
//!
//! With two files and parameters, `completion TRAIN.npz TEST.npz METHOD K RIDGE N_ITER \[SEED\]`, fits the
//! first, predicts the second, and prints one line of JSON: what `benches/peers/completion.py` compares with
//! cmfrec.

use diabolo::data;
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::Features;
use diabolo::models::factorization::completion::{Method, Params};
use diabolo::models::{Data, Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::solve::observed::Observed;
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => recommend(),
        [train, test, method, k, ridge, n_iter, seed @ ..] if seed.len() <= 1 => {
            let wrong =
                |what: &str| Error::parameter(what, "give TRAIN.npz TEST.npz als|sgd K RIDGE N_ITER [SEED]");
            let params = Params {
                n_components: k.parse().map_err(|_| wrong("K"))?,
                method: if method == "sgd" { Method::Sgd } else { Method::Als },
                ridge: ridge.parse().map_err(|_| wrong("RIDGE"))?,
                max_iter: n_iter.parse().map_err(|_| wrong("N_ITER"))?,
                tol: 0.0,
                ..Params::default()
            };
            let seed = seed.first().map_or(Ok(1), |seed| seed.parse()).map_err(|_| wrong("SEED"))?;
            compare(Path::new(train), Path::new(test), &params, seed)
        }
        _ => Err(Error::parameter("completion", "give no arguments, or two files and four parameters")),
    }
}

/// Completes simulated ratings whose noise has standard deviation 0.5, and recommends items to a user.
fn recommend() -> Result<()> {
    let name = "ratings:n_users=1000,n_items=500,density=0.2";
    let set = data::by_name(name, &Budget::unlimited()).expect("a set of that name")?;
    let env = Env::seeded(1);
    let params = Params { held_out: 0.1, ridge: 0.01, ..Params::default() };
    let (model, history) = fit(&params, &set.data(), None, &env, &mut Silent)?;
    println!("{} after {} iterations", history.stop.name(), history.n_iter());
    for (metric, value) in model.score(&set.data(), &env)? {
        println!("{metric:>14} {value:.4}");
    }
    if let Features::Sparse(ratings) = &set.features {
        let best = model.best_features(model.fitted_factors().rows.row(0), ratings.row(0).0, 5)?;
        for (item, rating) in best {
            println!("item {:>4}: {rating:.2}", item + 1);
        }
    }
    Ok(())
}

/// Fits one file and predicts the other, timed.
fn compare(train: &Path, test: &Path, params: &Params, seed: u64) -> Result<()> {
    let budget = Budget::unlimited();
    let load =
        |path: &Path| -> Result<Features> { Ok(read(path, &ReadOptions::default(), &budget)?.features) };
    let (train, test) = (load(train)?, Observed::of(&load(test)?, &budget)?);
    let began = Instant::now();
    let (model, history) = fit(params, &Data::rows(&train), None, &Env::seeded(seed), &mut Silent)?;
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{{\"seconds\": {seconds:.4}, \"n_iter\": {}, \"rmse\": {:.6}, \"objective\": {:.9e}}}",
        history.n_iter(),
        model.fitted_factors().rmse(&test),
        history.last_objective().unwrap_or(f64::NAN)
    );
    Ok(())
}
