//! What users did: `cargo run --release --example implicit`.
//!
//! With a file and parameters, `implicit X.npz METHOD[:BLOCK] K ALPHA RIDGE N_ITER [USERS.npy ITEMS.npy [OUT_USERS.npy
//! OUT_ITEMS.npy]]`, fits it, from given factors where there are some, and prints one line of JSON: what
//! `benches/peers/implicit.py` compares with the package `implicit`.

use diabolo::data;
use diabolo::io::read::{ReadOptions, read};
use diabolo::io::write::write_matrix;
use diabolo::linalg::Matrix;
use diabolo::models::factorization::implicit::{Method, Params};
use diabolo::models::{Data, History, Model, Names, Recommend, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => recommend(),
        [x, method, k, alpha, ridge, n_iter, factors @ ..] => {
            let number = |text: &String| {
                text.parse::<f64>().map_err(|e| Error::parameter("implicit", format!("{text}: {e}")))
            };
            let (method, block) = method.split_once(':').unwrap_or((method, "32"));
            let params = Params {
                n_components: number(k)? as usize,
                block: number(&block.to_owned())? as usize,
                method: match method {
                    "cholesky" => Method::Cholesky,
                    "ials++" => Method::Ials,
                    _ => Method::Cg,
                },
                alpha: number(alpha)?,
                ridge: number(ridge)?,
                ridge_power: 0.0,
                max_iter: number(n_iter)? as u64,
                tol: 0.0,
                ..Params::default()
            };
            compare(Path::new(x), &params, factors)
        }
        _ => Err(Error::parameter("implicit", "give no arguments, or a file and five parameters")),
    }
}

/// Fits simulated interactions, tests the lists, and shows one of them.
fn recommend() -> Result<()> {
    let name = "interactions:n_users=2000,n_items=1000,per_user=60";
    let set = data::by_name(name, &Budget::unlimited()).expect("a set of that name")?;
    let env = Env::seeded(1);
    let params = Params { n_components: 16, held_out: 0.2, ..Params::default() };
    let (model, history) = fit(&params, &set.data(), None, &env, &mut Silent)?;
    println!("{} after {} iterations", history.stop.name(), history.n_iter());
    for (metric, value) in model.score(&set.data(), &env)? {
        println!("{metric:>14} {value:.4}");
    }
    let first = set.features.select_rows(&[0]);
    for (item, score) in &model.recommend(&first, 5, &env)?[0] {
        println!("item {:>4}: {score:.2}", item + 1);
    }
    Ok(())
}

/// Fits one file, timed; writes the factors where that is asked for.
fn compare(x: &Path, params: &Params, factors: &[String]) -> Result<()> {
    let load = |path: &Path| read(path, &ReadOptions::default(), &Budget::unlimited());
    let matrix = |path: &String| -> Result<Matrix<f64>> { Ok(load(Path::new(path))?.features.to_dense()) };
    let x = load(x)?.features;
    let start = match factors {
        [users, items, ..] => Some((matrix(users)?, matrix(items)?)),
        _ => None,
    };
    let (data, env) = (Data::rows(&x), Env::seeded(1));
    let began = Instant::now();
    let resume = match start {
        Some((users, items)) => Some((params.start_from(&data, users, items, &env)?, History::default())),
        None => None,
    };
    let (model, history) = fit(params, &data, resume, &env, &mut Silent)?;
    let seconds = began.elapsed().as_secs_f64();
    if let [_, _, users, items] = factors {
        write_matrix(Path::new(users), model.users(), Names::NONE)?;
        write_matrix(Path::new(items), model.items(), Names::NONE)?;
    }
    println!(
        "{{\"seconds\": {seconds:.4}, \"n_iter\": {}, \"objective\": {:.9e}}}",
        history.n_iter(),
        history.last_objective().unwrap_or(f64::NAN)
    );
    Ok(())
}
