//! Topics as a product of experts: `cargo run --release --example prodlda`.
//!
//! With files, `prodlda TRAIN N_TOPICS EPOCHS SEED OUT.npy`, fits counts of any format diabolo reads, writes the words of the
//! topics, n_topics x n_words, and prints one line of JSON with the seconds an epoch: what `benches/peers/prodlda.py`
//! compares with PyTorch.

use diabolo::data;
use diabolo::io::read::{ReadOptions, read};
use diabolo::io::write::write_matrix;
use diabolo::models::topic::prodlda::Params;
use diabolo::models::{Data, Fit, Model, Names, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => planted(),
        [train, n_topics, epochs, seed, out] => {
            let number = |text: &str| {
                text.parse().map_err(|_| Error::parameter("prodlda", format!("{text} is no number")))
            };
            let params =
                Params { n_topics: number(n_topics)? as usize, epochs: number(epochs)?, ..Params::default() };
            timed(Path::new(train), &params, number(seed)?, Path::new(out))
        }
        _ => Err(Error::parameter("prodlda", "give no arguments, or TRAIN N_TOPICS EPOCHS SEED OUT.npy")),
    }
}

/// Documents whose topics are known: the likeliest words of each topic that is found.
fn planted() -> Result<()> {
    let Some(made) = data::simulated_by_name("topics:n_docs=1000,n_topics=5", &Budget::unlimited()) else {
        return Err(Error::parameter("prodlda", "the simulator is missing"));
    };
    let made = made?;
    let params =
        Params { n_topics: 5, epochs: 60, batch_size: 100, learning_rate: 1e-2, ..Params::default() };
    let env = Env::seeded(1);
    let (model, _) = fit(&params, &made.dataset.data(), None, &env, &mut Silent)?;
    for (name, value) in model.score(&made.dataset.data(), &env)? {
        println!("{name:>16} {value:.3}");
    }
    for (k, row) in model.beta().rows().enumerate() {
        let mut order: Vec<usize> = (0..row.len()).collect();
        order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
        let words: Vec<String> = order[..8].iter().map(|j| format!("{} {:.2}", j + 1, row[*j])).collect();
        println!("topic {}: {}", k + 1, words.join(", "));
    }
    Ok(())
}

/// Epoch by epoch; reading and writing are not timed.
fn timed(train: &Path, params: &Params, seed: u64, out: &Path) -> Result<()> {
    let features = read(train, &ReadOptions::default(), &Budget::unlimited())?.features;
    let (env, x) = (Env::seeded(seed), Data::rows(&features));
    let mut state = params.start(&x, &env)?;
    let began = Instant::now();
    let mut objective = 0.0;
    for _ in 0..params.epochs {
        objective = params.step(&x, &mut state, &env)?.objective;
    }
    let seconds = began.elapsed().as_secs_f64() / params.epochs.max(1) as f64;
    let model = params.finish(state)?;
    write_matrix(out, model.beta(), Names::NONE)?;
    println!("{{\"seconds\": {seconds:.4}, \"loss\": {objective:.4}}}");
    Ok(())
}
