//! Friendships of a karate club that a variational graph autoencoder would expect: `cargo run --release --example vgae`.
//!
//! With files, `vgae EDGES FEATURES SPLIT EPOCHS SEED`, fits the published net and prints one line of JSON with the seconds
//! of an epoch (forward, backward, Adam; nothing evaluated), AUC and AP: what `benches/peers/vgae.py` compares with PyTorch.

use diabolo::data::{karate, karate_graph};
use diabolo::io::edge_list;
use diabolo::io::input::Input;
use diabolo::io::link_split::{self, NodeNames};
use diabolo::io::loaded::IndexBase;
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::Graph;
use diabolo::models::graph::vgae::Params;
use diabolo::models::graph::{Described, InFit, Plan};
use diabolo::models::{Data, Model, Names, Source, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => friends(),
        [edges, features, split, epochs, seed] => {
            let number = |text: &str| {
                text.parse().map_err(|_| Error::parameter("vgae", format!("{text} is no number")))
            };
            let graph = cora(Path::new(edges), Path::new(features), Path::new(split))?;
            race(&Params::default().plan(), &graph, number(epochs)?, number(seed)?)
        }
        _ => Err(Error::parameter("vgae", "give no arguments, or EDGES FEATURES SPLIT EPOCHS SEED")),
    }
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

/// A graph of files.
fn cora(edges: &Path, features: &Path, split: &Path) -> Result<Graph> {
    let (budget, options) = (Budget::unlimited(), ReadOptions::default());
    let graph = edge_list::read_graph(&mut Input::open(edges, &budget)?, &options)?;
    let graph = graph.with_features(read(features, &options, &budget)?.features)?;
    let names = NodeNames::Numbers(IndexBase::Zero);
    let split = link_split::read(split, graph.n_nodes(), &names, &budget)?;
    graph.with_split(split)
}

/// The published net, its epochs timed.
fn race(plan: &Plan, graph: &Graph, epochs: u64, seed: u64) -> Result<()> {
    let data = Data { source: Source::Graph(graph), names: Names::NONE, labels: None, batches: None };
    let env = Env::seeded(seed);
    let mut state = InFit::start(plan, &data, &env)?;
    let began = Instant::now();
    let mut terms = None;
    for epoch in 0..epochs {
        terms = Some(state.descend(&data, epoch, &env)?);
    }
    let seconds = began.elapsed().as_secs_f64() / epochs.max(1) as f64;
    let found = state.finish().test().ok_or_else(|| Error::parameter("split", "it has no test links"))?;
    let loss = terms.map_or(f64::NAN, |terms| terms.total);
    let (auc, ap) = (100.0 * found.auc(), 100.0 * found.ap());
    println!(
        "{{\"seconds\": {seconds:.6}, \"cpu_ms\": {:.3}, \"loss\": {loss:.6}, \"auc\": {auc:.3}, \"ap\": {ap:.3}}}",
        1e3 * seconds * diabolo_kernels::parallel::n_threads() as f64
    );
    Ok(())
}
