//! Friendships of a karate club that a variational graph autoencoder would expect: `cargo run --release --example vgae`.
//!
//! With files, `vgae EDGES FEATURES SPLIT EPOCHS SEED`, fits the published net and prints one line of JSON with the seconds
//! of an epoch (forward, backward, Adam; nothing evaluated), AUC and AP: what `benches/peers/vgae.py` compares with PyTorch.

#[path = "shared/graphs.rs"]
mod graphs;

use diabolo::Result;
use diabolo::data::{karate, karate_graph};
use diabolo::models::graph::Described;
use diabolo::models::graph::vgae::Params;
use diabolo::models::{Model, fit};
use diabolo::monitor::{Env, Silent};

fn main() -> Result<()> {
    graphs::run("vgae", &Params::default().plan(), friends)
}

/// The members most likely to be friends who are not, and new members.
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
    let newcomers = model.sampler().map(|sampler| sampler.sample(3, &env)).transpose()?;
    let n_friends = newcomers.map_or(0, |rows| rows.n_stored());
    println!("three new members, drawn from the prior, have {n_friends} friends");
    Ok(())
}
