//! Ratings completed with intervals: `cargo run --release --example bpmf`.
//!
//! With two files and parameters, `bpmf TRAIN.npz TEST.npz K N_ITER BURN_IN`, fits the first, predicts the
//! second, and prints one line of JSON: what `benches/peers/bpmf.py` compares with other samplers.

use diabolo::data;
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::Features;
use diabolo::models::factorization::bpmf::Params;
use diabolo::models::{Data, Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::solve::observed::Observed;
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => predict(),
        [train, test, k, n_iter, burn_in] => {
            let wrong = |what: &str| Error::parameter(what, "give TRAIN.npz TEST.npz K N_ITER BURN_IN");
            let burn_in = burn_in.parse().map_err(|_| wrong("BURN_IN"))?;
            let params = Params {
                n_components: k.parse().map_err(|_| wrong("K"))?,
                max_iter: n_iter.parse().map_err(|_| wrong("N_ITER"))?,
                burn_in,
                als_iter: burn_in.min(Params::default().als_iter),
                ..Params::default()
            };
            // The others average over all draws too.
            let params =
                Params { n_draws: (params.max_iter.saturating_sub(burn_in) as usize).max(2), ..params };
            compare(Path::new(train), Path::new(test), &params)
        }
        _ => Err(Error::parameter("bpmf", "give no arguments, or two files and three parameters")),
    }
}

/// Completes simulated ratings whose noise has standard deviation 0.5: the share of held-out ratings within
/// their 95 % intervals, and what the first user may think of a few items.
fn predict() -> Result<()> {
    let name = "ratings:n_users=1000,n_items=500,density=0.2";
    let set = data::by_name(name, &Budget::unlimited()).expect("a set of that name")?;
    let params = Params { held_out: 0.1, ..Params::default() };
    let (model, history) = fit(&params, &set.data(), None, &Env::seeded(1), &mut Silent)?;
    println!("{} sweeps, {} draws kept", history.n_iter(), model.n_draws());
    for (metric, value) in model.score(&set.data(), &Env::default())? {
        println!("{metric:>17} {value:.4}");
    }
    let user = set.features.select_rows(&[0]);
    let known = Observed::of(&user, &Budget::unlimited())?;
    for (item, within) in known.row(0).0.iter().zip(model.predict(&user, known.pattern())?).take(5) {
        println!("item {:>4}: {:.2}, from {:.2} to {:.2}", item + 1, within.mean, within.low, within.high);
    }
    Ok(())
}

/// Fits one file and predicts the other, timed.
fn compare(train: &Path, test: &Path, params: &Params) -> Result<()> {
    let budget = Budget::unlimited();
    let load =
        |path: &Path| -> Result<Features> { Ok(read(path, &ReadOptions::default(), &budget)?.features) };
    let (train, test) = (load(train)?, Observed::of(&load(test)?, &budget)?);
    let began = Instant::now();
    let (model, _) = fit(params, &Data::rows(&train), None, &Env::seeded(1), &mut Silent)?;
    let seconds = began.elapsed().as_secs_f64();
    let intervals = model.predict(&train, test.pattern())?;
    let predicting = began.elapsed().as_secs_f64() - seconds;
    let pairs = || intervals.iter().zip(test.values());
    let n = test.len() as f64;
    let error = (pairs().map(|(within, r)| (within.mean - r).powi(2)).sum::<f64>() / n).sqrt();
    let share = pairs().filter(|(within, r)| within.low <= **r && **r <= within.high).count() as f64 / n;
    println!(
        "{{\"seconds\": {seconds:.4}, \"predicting\": {predicting:.4}, \"rmse\": {error:.6}, \"within\": {share:.4}}}"
    );
    Ok(())
}
