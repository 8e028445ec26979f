//! Edge lists: networkx's files, the rules of nodes and directions, and the graph of Cora.

use super::{Scratch, golden_path};
use crate::data::real;
use diabolo::io::describe::describe;
use diabolo::io::edge_list;
use diabolo::io::input::Input;
use diabolo::io::loaded::{IndexBase, Loaded};
use diabolo::io::read::{Format, ReadOptions, load, load_from, recognise};
use diabolo::linalg::{Graph, Matrix};
use diabolo::monitor::Budget;
use proptest::prelude::*;
use std::path::Path;

fn as_edges() -> ReadOptions {
    ReadOptions { format: Some(Format::Edges), ..ReadOptions::default() }
}

fn load_text(text: &str, options: &ReadOptions) -> Loaded {
    let budget = Budget::limited(1 << 24);
    let mut input = Input::over(Path::new("file"), text.as_bytes(), &budget).unwrap();
    load_from(&mut input, options).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn dense(text: &str, options: &ReadOptions) -> Vec<f64> {
    load_text(text, options).dataset.features.to_dense().into_values()
}

/// The wheel of tests/io/files/make_lists.py, its weights i + j / 2 with i before j.
fn wheel(is_weighted: bool) -> Matrix<f64> {
    let is_edge = |a: usize, b: usize| a == 0 && b > 0 || a > 0 && (b == a + 1 || (a, b) == (1, 5));
    Matrix::from_fn(6, 6, |i, j| {
        let (a, b) = (i.min(j), i.max(j));
        // networkx writes the edge that closes the rim as (1, 5).
        if !is_edge(a, b) {
            0.0
        } else if is_weighted {
            a as f64 + b as f64 / 2.0
        } else {
            1.0
        }
    })
}

#[test]
fn files_of_networkx() {
    for (name, is_weighted) in [
        ("edges_plain.txt", false),
        ("edges_dictionary.txt", false),
        ("edges_weight_dictionary.txt", true),
        ("edges_weights.txt", true),
        ("edges_names.tsv", true),
    ] {
        let loaded = load(&golden_path(name), &as_edges(), &Budget::unlimited()).unwrap();
        assert_eq!(loaded.dataset.features.to_dense(), wheel(is_weighted), "{name}");
        let names = loaded.dataset.names.samples;
        assert_eq!(names.is_some(), name == "edges_names.tsv", "{name}");
        assert!(names.is_none_or(|names| names == ["n0", "n1", "n2", "n3", "n4", "n5"]));
    }
}

#[test]
fn directions_and_repeats() {
    let directed = ReadOptions { directed: true, ..as_edges() };
    // Unweighted: 1, however often and whichever way.
    let repeated = "0 1\n1 0\n0 1\n1 2\n2 2\n";
    assert_eq!(dense(repeated, &as_edges()), [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
    assert_eq!(dense(repeated, &directed), [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
    assert_eq!(load_text(repeated, &as_edges()).warnings, ["1 edges from a node to itself are left out"]);
    // Weighted: summed, unless the whole list is symmetric already.
    assert_eq!(dense("0 1 2\n0 1 3\n", &as_edges()), [0.0, 5.0, 5.0, 0.0]);
    assert_eq!(dense("0 1 2\n1 0 2\n", &as_edges()), [0.0, 2.0, 2.0, 0.0]);
    assert_eq!(dense("0 1 2\n1 0 3\n", &as_edges()), [0.0, 5.0, 5.0, 0.0]);
    assert_eq!(dense("0 1 2\n1 0 3\n", &directed), [0.0, 2.0, 3.0, 0.0]);
    assert_eq!(load_text("0 1 2\n0 2 0\n", &as_edges()).dataset.features.n_stored(), 2);
}

#[test]
fn nodes_are_indices_or_names() {
    // From 0 if there is a 0, else from 1, or as told.
    assert_eq!(dense("1 2\n", &as_edges()).len(), 4);
    assert_eq!(dense("0 2\n", &as_edges()).len(), 9);
    assert_eq!(dense("1 2\n", &ReadOptions { index_base: Some(IndexBase::Zero), ..as_edges() }).len(), 9);
    let named = load_text("source,target\nbob,eve\neve,alice\n", &ReadOptions::default()).dataset;
    assert_eq!(named.names.samples.as_ref().unwrap(), &["alice", "bob", "eve"]);
    assert_eq!(named.names.samples, named.names.features);
    let rows = [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0];
    assert_eq!(named.features.to_dense().values(), rows);
}

/// A file of names orders the nodes and may name some without an edge.
#[test]
fn a_file_of_names() {
    let folder = Scratch::new();
    let names = folder.file("nodes.csv", b"id,paper\n1,z\n2,y\n3,x\n4,w\n");
    let column = format!("{}:paper", names.display()).into();
    let options = ReadOptions { sample_names: Some(column), ..as_edges() };
    let with = |text: &[u8]| load(&folder.file("edges.txt", text), &options, &Budget::limited(1 << 20));
    let by_name = with(b"z x\nx y\n").unwrap();
    assert_eq!(by_name.dataset.features.to_dense().row(0), [0.0, 0.0, 1.0, 0.0]);
    assert_eq!(by_name.dataset.names.samples.unwrap(), ["z", "y", "x", "w"]);
    assert!(by_name.facts[0].1.contains("1 nodes without any"), "{:?}", by_name.facts);
    let by_number = with(b"0 2\n2 1\n").unwrap();
    assert_eq!(by_number.dataset.features, by_name.dataset.features);
    for (text, expected) in [
        (&b"z x\nx v\n"[..], "edges.txt:2: `v` is none of the 4 names of nodes; add it to their file"),
        (b"0 1\n1 4\n", "edges.txt:2: node 4 is beyond the 4 names of nodes; add it to their file"),
    ] {
        let error = with(text).unwrap_err().to_string();
        assert!(error.ends_with(expected), "{error}");
    }
}

#[test]
fn recognised_only_where_it_is_certain() {
    for (text, format) in [
        ("source,target\n1,2\n", Format::Edges),
        ("Source\tTarget\tWeight\na\tb\t1\n", Format::Edges),
        ("# a graph\nfrom to\n1 2\n", Format::Edges),
        ("0\t633\n0\t1862\n", Format::Delimited),
        ("source,target,time,place\n1,2,3,4\n", Format::Delimited),
        ("source,total\n1,2\n", Format::Delimited),
    ] {
        assert_eq!(recognise(text.as_bytes()), format, "{text:?}");
    }
}

/// Kipf's copy of Cora: 2708 papers, 5278 citations between them.
#[test]
fn cora() {
    let (Some(edges), Some(labels)) = (real("cora/edges.tsv"), real("cora/labels.tsv")) else { return };
    let options = ReadOptions { labels: Some(labels), ..as_edges() };
    let told = describe(&edges, &options, &Budget::unlimited()).unwrap();
    assert_eq!((told.n_samples, told.n_features, told.n_stored), (2708, 2708, 2 * 5278));
    assert_eq!(told.classes.as_ref().map(Vec::len), Some(7));
    let text = told.to_string();
    let fact = "graph          undirected, 5278 edges, 0 nodes without any, nodes numbered from 0";
    assert!(text.contains(fact) && text.contains("format         edge list"), "{text}");
    let budget = Budget::unlimited();
    let graph = edge_list::read_graph(&mut Input::open(&edges, &budget).unwrap(), &as_edges()).unwrap();
    assert_eq!((graph.n_nodes(), graph.n_edges()), (2708, 5278));
}

proptest! {
    /// Every way of writing a graph down is the graph.
    #[test]
    fn a_written_graph_reads_back(
        edges in proptest::collection::btree_map((0_u32..15, 0_u32..15), 0.25..4.0_f64, 1..40),
        flips in 0_u64..u64::MAX,
    ) {
        let edges: Vec<(u32, u32, f64)> = edges
            .into_iter()
            .filter(|((i, j), _)| i < j)
            .chain([((0, 15), 2.0)]) // the last node has an edge, and so has the first
            .map(|((i, j), w)| (i, j, w))
            .collect();
        let graph = Graph::from_edges(16, &edges).unwrap();
        let mut one_way = String::new();
        let mut both_ways = String::new();
        for (at, &(i, j, w)) in edges.iter().enumerate() {
            let (a, b) = if flips >> (at % 64) & 1 == 1 { (i, j) } else { (j, i) };
            one_way += &format!("{a},{b},{w}\n");
            both_ways += &format!("{a} {b} {w}\n{b} {a} {w}\n");
        }
        for text in [one_way, both_ways] {
            let budget = Budget::limited(1 << 24);
            let mut input = Input::over(Path::new("file"), text.as_bytes(), &budget).unwrap();
            prop_assert_eq!(&edge_list::read_graph(&mut input, &as_edges()).unwrap(), &graph);
        }
    }
}
