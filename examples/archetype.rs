//! Archetypes of handwritten digits: `cargo run --release --example archetype`.
//!
//! With `archetype X.npy K RUNS MOVES SEED`, fits the rows of a file and prints one line of JSON: what
//! `benches/peers/archetype.py` compares with py_pcha.

use diabolo::data;
use diabolo::io::read::{ReadOptions, read};
use diabolo::models::factorization::archetype::{Params, anchors};
use diabolo::models::{Dataset, Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number =
        |text: &String| text.parse::<usize>().map_err(|e| Error::parameter("archetype", e.to_string()));
    match &arguments[..] {
        [] => digits(),
        [x, k, n_init, n_moves, seed] => {
            let (n_components, n_init, n_moves) = (number(k)?, number(n_init)?, number(n_moves)?);
            timed(
                Path::new(x),
                &Params { n_components, n_init, n_moves, ..Params::default() },
                number(seed)? as u64,
            )
        }
        _ => Err(Error::parameter("archetype", "give no arguments, or X.npy, K, RUNS, MOVES and SEED")),
    }
}

/// Five extremes of the embedded digits, and the digits nearest to them.
fn digits() -> Result<()> {
    let digits = data::digits(&Budget::unlimited())?;
    let env = Env::seeded(1);
    let (model, history) = fit(&Params::default(), &digits.data(), None, &env, &mut Silent)?;
    println!("{} after {} sweeps", history.stop.name(), history.n_iter());
    for (name, value) in model.score(&digits.data(), &env)? {
        println!("{name:>24} {value:.4}");
    }
    let classes = digits.labels.as_ref().map(|labels| &labels.class);
    for (j, nearest) in anchors(model.w(), 10).iter().enumerate() {
        let class = |&i: &usize| classes.map_or(String::new(), |class| class[i].to_string());
        println!("archetype {}: {}", j + 1, nearest.iter().map(class).collect::<Vec<_>>().join(" "));
    }
    Ok(())
}

/// A fit with its runs and moves, timed.
fn timed(x: &Path, params: &Params, seed: u64) -> Result<()> {
    let features = read(x, &ReadOptions::default(), &Budget::unlimited())?.features;
    let set = Dataset::unnamed(features);
    let began = Instant::now();
    let (_, history) = fit(params, &set.data(), None, &Env::seeded(seed), &mut Silent)?;
    let seconds = began.elapsed().as_secs_f64();
    let objective = history.last_objective().unwrap_or(f64::NAN);
    println!(
        "{{\"seconds\": {seconds:.5}, \"n_iter\": {}, \"objective\": {objective:.4}}}",
        history.n_iter()
    );
    Ok(())
}
