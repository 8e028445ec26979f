//! Links that are held out, and pairs without one.

use crate::error::{Error, Result};
use crate::linalg::{Graph, Link, LinkSplit};
use crate::random::Rng;
use std::collections::HashSet;

/// The words of the keys of links and of pairs.
const LINKS: u64 = 0x11f5;
const PAIRS: u64 = 0x11f6;

/// Holds out the shares `validation` and `test` of the links, rounded down, and draws as many pairs without a link for
/// each (Kipf & Welling 2016, section 3). Equal seeds give equal splits.
/// # Errors
/// [`Error::Shape`] for a graph without a link, or without enough pairs that are none; [`Error::Parameter`] for shares
/// that leave no link to fit.
pub fn draw_split(graph: &Graph, validation: f64, test: f64, seed: u64) -> Result<LinkSplit> {
    let mut links = graph.links();
    let n_links = links.len();
    if n_links == 0 {
        let received = format!("{} nodes and none; give an edge between two of them", graph.n_nodes());
        return Err(Error::shape("a graph with an edge", received));
    }
    let part = |share: f64| (n_links as f64 * share).floor() as usize;
    let (n_validation, n_test) = (part(validation), part(test));
    if n_validation + n_test >= n_links {
        let why =
            format!("with --validation {validation} it leaves none of {n_links} links to fit; give less");
        return Err(Error::parameter("test", why));
    }
    Rng::keyed(seed, &[LINKS]).shuffle(&mut links);
    let mut training = links.split_off(n_validation + n_test);
    let test = links.split_off(n_validation);
    training.sort_unstable();
    let mut none = draw_unlinked(graph, n_validation + n_test, seed)?;
    let test_none = none.split_off(n_validation);
    Ok(LinkSplit { training, validation: links, test, validation_none: none, test_none })
}

/// `n` different pairs without a link, drawn evenly.
/// # Errors
/// [`Error::Shape`] where there are not so many.
pub fn draw_unlinked(graph: &Graph, n: usize, seed: u64) -> Result<Vec<Link>> {
    let n_nodes = graph.n_nodes();
    let n_all = n_nodes as u128 * (n_nodes as u128 - 1) / 2 - graph.n_edges() as u128;
    if (n as u128) > n_all {
        let received = format!("{n_all}; hold fewer out (--validation, --test)");
        return Err(Error::shape(format!("{n} pairs of nodes without a link, to judge by"), received));
    }
    let mut rng = Rng::keyed(seed, &[PAIRS]);
    if 4 * n as u128 > n_all {
        // Most of them: all, in random order.
        let ends = |i: u32| (i + 1..n_nodes as u32).map(move |j| (i, j));
        let mut all: Vec<Link> =
            (0..n_nodes as u32).flat_map(ends).filter(|&(i, j)| !graph.has_link(i, j)).collect();
        rng.shuffle(&mut all);
        all.truncate(n);
        return Ok(all);
    }
    let (mut found, mut seen) = (Vec::with_capacity(n), HashSet::with_capacity(n));
    while found.len() < n {
        let (a, b) = (rng.below(n_nodes) as u32, rng.below(n_nodes) as u32);
        let pair = (a.min(b), a.max(b));
        // In dense graphs most pairs are links; of those that are none at least three quarters are left.
        if a != b && !graph.has_link(a, b) && seen.insert(pair) {
            found.push(pair);
        }
    }
    Ok(found)
}
