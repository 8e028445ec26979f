//! Friendships of a karate club that a graph autoencoder would expect: `cargo run --release --example gae`.
//!
//! With files, `gae EDGES FEATURES SPLIT EPOCHS SEED`, fits the published net and prints one line of JSON with the seconds
//! of an epoch (forward, backward, Adam; nothing evaluated), AUC and AP: what `benches/peers/gae.py` compares with PyTorch.

#[path = "shared/graphs.rs"]
mod graphs;

use diabolo::Result;
use diabolo::data::{karate, karate_graph};
use diabolo::models::graph::Described;
use diabolo::models::graph::gae::Params;
use diabolo::models::{Model, fit};
use diabolo::monitor::{Env, Silent};

fn main() -> Result<()> {
    graphs::run("gae", &Params::default().plan(), friends)
}

/// The members most likely to be friends who are not.
fn friends() -> Result<()> {
    let (club, graph, env) = (karate(), karate_graph(), Env::seeded(1));
    let params = Params { validation: 0.0, test: 0.0, ..Params::default() };
    let (model, history) = fit(&params, &club.data(), None, &env, &mut Silent)?;
    println!("loss {:.4} after {} epochs", history.last_objective().unwrap_or(f64::NAN), history.n_iter());
    for (name, value) in model.score(&club.data(), &env)? {
        println!("{name:>16} {value:.3}");
    }
    for link in model.new_links(&graph, 5)? {
        let (i, j) = link.nodes;
        let name = |node: u32| club.names.sample(node as usize);
        println!("{} and {}: {:.3} (probability {:.3})", name(i), name(j), link.score, link.probability);
    }
    Ok(())
}
