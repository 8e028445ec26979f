//! What an epoch of a variational graph autoencoder costs, by the number of nodes:
//! `cargo run --release --example graph_costs -- exact 1000 5000 20000` (or `sampled`, or `subgraph`), with `epochs=N` and
//! `degree=D` (a mean degree of 20 if left out) before the numbers.
//!
//! Graphs are simulated: blocks of 1,000 nodes, nine of ten edges within them; nodes have no features. One line a graph:
//! nodes, links, seconds an epoch (forward, backward, Adam), AUC of held-out links after the epochs, and the most memory
//! that the process has held so far, where the system tells. docs/four-autoencoders.md has a table.

use diabolo::data::Blocks;
use diabolo::models::graph::{Decoder, Described, InFit, vgae::Params};
use diabolo::models::{Data, Names, Source};
use diabolo::monitor::{Budget, Env};
use diabolo::{Error, Result};
use std::time::Instant;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let usage = || Error::parameter("graph_costs", "give exact, sampled or subgraph, then numbers of nodes");
    let decoder = match words.first().map(String::as_str) {
        None | Some("exact") => Decoder::Exact,
        Some("sampled") => Decoder::Sampled,
        Some("subgraph") => Decoder::Subgraph,
        Some(_) => return Err(usage()),
    };
    let (mut epochs, mut degree, mut sizes) = (20, 20.0, Vec::new());
    for word in words.iter().skip(1) {
        match word.split_once('=') {
            Some(("epochs", n)) => epochs = n.parse().map_err(|_| usage())?,
            Some(("degree", d)) => degree = d.parse().map_err(|_| usage())?,
            _ => sizes.push(word.parse().map_err(|_| usage())?),
        }
    }
    if sizes.is_empty() {
        sizes = vec![1000, 2000, 5000];
    }
    println!("{:>9} {:>10} {:>14} {:>7} {:>9}", "nodes", "links", "seconds/epoch", "AUC", "peak MB");
    for n_nodes in sizes {
        epoch_of(decoder, n_nodes, degree, epochs)?;
    }
    Ok(())
}

/// Fits one graph and prints its line.
fn epoch_of(decoder: Decoder, n_nodes: usize, degree: f64, epochs: u64) -> Result<()> {
    let n_blocks = (n_nodes / 1000).max(2);
    let within = n_nodes as f64 / n_blocks as f64;
    let p_within = (0.9 * degree / within).min(1.0);
    let p_between = (0.1 * degree / (n_nodes as f64 - within)).min(1.0);
    let simulator = Blocks { n_nodes, n_blocks, p_within, p_between, seed: 1 };
    let (graph, _) = simulator.graph(&Budget::unlimited())?;
    let data =
        Data { source: Source::Graph(&graph), names: Names::NONE, labels: None, batches: None, arrays: None };
    let (env, params) = (Env::seeded(1), Params { decoder, ..Params::default() });
    let mut state = InFit::start(&params.plan(), &data, &env)?;
    let began = Instant::now();
    for epoch in 0..epochs {
        state.descend(&data, epoch, &env)?;
    }
    let seconds = began.elapsed().as_secs_f64() / epochs.max(1) as f64;
    let auc = state.finish().test().map_or(f64::NAN, |found| found.auc());
    let peak = peak_megabytes().map_or("unknown".to_owned(), |mb| format!("{mb:.0}"));
    println!("{n_nodes:>9} {:>10} {seconds:>14.4} {auc:>7.4} {peak:>9}", graph.n_edges());
    Ok(())
}

/// The most memory this process has held.
fn peak_megabytes() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<f64>().ok().map(|kb| kb / 1000.0)
}
