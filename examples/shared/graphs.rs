//! What the examples of graph autoencoders do with files: the published net, its epochs timed.

use diabolo::io::edge_list;
use diabolo::io::input::Input;
use diabolo::io::link_split::{self, NodeNames};
use diabolo::io::loaded::IndexBase;
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::Graph;
use diabolo::models::graph::{InFit, Plan};
use diabolo::models::{Data, Names, Source};
use diabolo::monitor::{Budget, Env};
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

/// Runs `friends` without arguments, else the race of EDGES FEATURES SPLIT EPOCHS SEED.
pub fn run(name: &str, plan: &Plan, friends: impl FnOnce() -> Result<()>) -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => friends(),
        [edges, features, split, epochs, seed] => {
            let number =
                |text: &str| text.parse().map_err(|_| Error::parameter(name, format!("{text} is no number")));
            let graph = cora(Path::new(edges), Path::new(features), Path::new(split))?;
            race(plan, &graph, number(epochs)?, number(seed)?)
        }
        _ => Err(Error::parameter(name, "give no arguments, or EDGES FEATURES SPLIT EPOCHS SEED")),
    }
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
    let data =
        Data { source: Source::Graph(graph), names: Names::NONE, labels: None, batches: None, arrays: None };
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
