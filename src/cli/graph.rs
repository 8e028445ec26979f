//! Graphs on the command line: their edges, the features of their nodes, the split of their links.

use super::input;
use super::options::{GraphFiles, Reading, with_flags};
use super::room::Room;
use super::run::{self, Run};
use crate::error::{Error, Result};
use crate::io::link_split::{self, NodeNames};
use crate::io::loaded::{IndexBase, Known, Loaded, Recipe};
use crate::io::names;
use crate::io::read::{Format, NodesGiven, ReadOptions};
use crate::io::records::{self, Cell};
use crate::io::run::{GraphDescription, RunFolder};
use crate::linalg::{Csr, Features, Graph, LinkSplit, hash};
use crate::models::graph::{Embedding, SEARCHED_NODES};
use crate::models::{Labels, Names};
use crate::monitor::Env;
use clap::{Arg, ArgMatches, Command, value_parser};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Predicted links that a fit writes.
const WRITTEN_LINKS: usize = 100;

/// The columns of tables of pairs.
pub const LINK_HEADER: &[&str] = &["node", "and_node", "score", "probability"];

/// Whether a model takes graphs.
pub fn is_of(room: &Room) -> bool {
    room.family == "graph"
}

/// The option `--features FILE`.
pub fn with_features(command: Command) -> Command {
    let features = Arg::new("features").long("features").value_name("FILE");
    let features = features.value_parser(value_parser!(PathBuf));
    command.arg(
        features.help("Features of the nodes of a graph, for models of graphs that were fitted with such"),
    )
}

/// Reads a graph: its edges, with the features and the split that `files` name. Nodes are those of the features where
/// there are any, else those of the edges. `base` is where the numbers of nodes begin, if that is known.
/// # Errors
/// What reading raises; data that are no graph, nodes without features, a split of other nodes.
pub fn load(
    source: &str,
    reading: &Reading,
    files: &GraphFiles,
    base: Option<IndexBase>,
    env: &Env,
) -> Result<(Loaded, Graph)> {
    let features = files.features.as_ref().map(|path| {
        let options = ReadOptions { missing: reading.options().missing, ..ReadOptions::default() };
        input::load(&path.to_string_lossy(), &options, env)
    });
    let features = features.transpose()?.map(|loaded| loaded.dataset);
    // Lines of two or three cells are edges here, whatever else they could be.
    let recipe = Recipe { format: Some(Format::Edges), index_base: base, ..Recipe::default() };
    let nodes = features.as_ref().map(|set| match &set.names.samples {
        Some(names) => NodesGiven::Names(names.clone()),
        None => NodesGiven::Count(set.features.n_samples()),
    });
    // Labels are found by the names of nodes, which are not known yet.
    let by_name = reading.labels.as_ref().and_then(|path| Labelled::read(path, env));
    let options = ReadOptions {
        labels: if by_name.is_some() { None } else { reading.labels.clone() },
        known: Some(Known { recipe, n_features: 0, columns: None }),
        nodes,
        ..reading.options()
    };
    let mut loaded = input::load(source, &options, env)?;
    let set = &mut loaded.dataset;
    let (n, m) = (set.features.n_samples(), set.features.n_features());
    if n != m {
        let received = format!("{n} x {m} in {source}; give lines of two nodes and perhaps a weight");
        return Err(Error::shape("a graph: an edge list, or its square adjacency matrix", received));
    }
    env.budget.charge_array(set.features.n_stored() as u64, 24, "the graph")?;
    let (mut graph, mended) = match &set.features {
        Features::Sparse(x) => Graph::mended(x)?,
        dense => Graph::mended(&Csr::from_dense(&dense.to_dense()))?,
    };
    loaded.warnings.extend(mended.warnings());
    set.features = Features::Sparse(graph.adjacency().clone());
    if n < 2 || graph.adjacency().nnz() == 0 {
        let received = format!("{n} nodes and {} edges in {source}", graph.n_edges());
        return Err(Error::shape("a graph of two nodes or more that has an edge", received));
    }
    let base = loaded.recipe.index_base;
    if let (Some(IndexBase::One), None, true) = (base, reading.index_base, features.is_some())
        && graph.adjacency().row(n - 1).0.is_empty()
    {
        loaded.warnings.push(
            "there is neither a node 0 nor an edge of the last node; nodes are counted from 1 (--index-base 0 if not)"
                .to_owned(),
        );
    }
    if let Some(features) = features {
        graph = graph.with_features(features.features)?;
    }
    if let Some(path) = &files.split {
        let names = match (&set.names.samples, base) {
            (Some(names), None) => NodeNames::Names(names),
            (_, base) => NodeNames::Numbers(base.unwrap_or(IndexBase::Zero)),
        };
        graph = graph.with_split(link_split::read(path, n, &names, &env.budget)?)?;
    }
    if set.names.samples.is_none() {
        env.budget.charge_array(n as u64, 40, "the names of nodes")?;
        let first = base.map_or(0, |base| base.first() as usize);
        set.names.samples = Some((first..first + n).map(|node| node.to_string()).collect());
    }
    if let (Some(by_name), Some(names)) = (by_name, &set.names.samples) {
        set.labels = Some(by_name.of(names, env)?);
    }
    Ok((loaded, graph))
}

/// A file of labels with a node in the first column and its class in the second.
struct Labelled {
    path: PathBuf,
    nodes: Vec<String>,
    classes: Vec<String>,
}

impl Labelled {
    /// Nothing where there are not two columns: such a file is read in the order of the nodes.
    fn read(path: &Path, env: &Env) -> Option<Labelled> {
        let column = |number: usize| {
            names::read_all(&PathBuf::from(format!("{}:{number}", path.display())), "nodes", &env.budget).ok()
        };
        let (nodes, classes) = (column(1)?, column(2)?);
        Some(Labelled { path: path.to_path_buf(), nodes, classes })
    }

    /// The classes of nodes by their names; in the order of the file where it does not name all of them.
    fn of(self, names: &[String], env: &Env) -> Result<Labels> {
        env.budget.charge_array(names.len() as u64, 64, "the labels")?;
        let class: HashMap<&str, &String> =
            self.nodes.iter().map(String::as_str).zip(&self.classes).collect();
        let found: Option<Vec<String>> =
            names.iter().map(|name| class.get(name.as_str()).copied().cloned()).collect();
        match found {
            Some(classes) => Ok(Labels::from_names(&classes)),
            None if self.classes.len() == names.len() => Ok(Labels::from_names(&self.classes)),
            None => {
                let missing = names.iter().find(|name| !class.contains_key(name.as_str()));
                let missing = missing.map_or("", String::as_str);
                let why = format!("it has no class of the node `{missing}`; give a line for each node");
                Err(Error::parse(&self.path, why))
            }
        }
    }
}

/// The graph that the arguments of a command name, read as that of the run was.
/// # Errors
/// As [`load`].
pub fn load_for(run: &Run, matches: &ArgMatches) -> Result<(Loaded, Graph)> {
    let reading: Reading = with_flags(&toml::Table::new(), matches)?;
    let features = matches.try_get_one::<PathBuf>("features").ok().flatten().cloned();
    let files = GraphFiles { features, split: None };
    let base = run.manifest.data.recipe.index_base;
    let (loaded, graph) = load(run::name(matches), &reading, &files, base, &run.env)?;
    run.warn(&loaded.warnings);
    Ok((loaded, graph))
}

/// What a run says of its graph.
pub fn description(graph: &Graph) -> GraphDescription {
    GraphDescription {
        n_links: graph.n_edges(),
        n_features: graph.features().map_or(0, Features::n_features),
        n_isolated: graph.n_isolated(),
    }
}

/// A hash of edges, features and split: a resume on others is refused.
pub fn fingerprint(graph: &Graph) -> u64 {
    let mut hash = Features::Sparse(graph.adjacency().clone()).fingerprint();
    let mut mix = |word: u64| hash = hash::mix(hash, word);
    if let Some(features) = graph.features() {
        mix(features.fingerprint());
    }
    for part in graph.split().map(LinkSplit::parts).into_iter().flatten() {
        mix(part.len() as u64);
        part.iter().for_each(|&(i, j)| mix(u64::from(i) << 32 | u64::from(j)));
    }
    hash
}

/// Writes the split of the links, and the pairs that may be links too.
/// # Errors
/// [`Error::Io`], and what the model raises.
pub fn write_tables(folder: &RunFolder, model: &Embedding, graph: &Graph, names: &Names) -> Result<()> {
    records::write(&folder.file("split.tsv"), &["kind", "node", "and_node"], &mut |row| {
        for (kind, part) in LinkSplit::NAMES.iter().zip(model.split.parts()) {
            for &(i, j) in part {
                let (a, b) = (names.sample(i as usize), names.sample(j as usize));
                row(&[Cell::Name(kind), Cell::Name(&a), Cell::Name(&b)])?;
            }
        }
        Ok(())
    })?;
    if model.n_nodes() > SEARCHED_NODES {
        return Ok(());
    }
    let found = model.new_links(graph, WRITTEN_LINKS)?;
    records::write(&folder.file("links.tsv"), LINK_HEADER, &mut |row| {
        found.iter().try_for_each(|link| {
            let (a, b) = (names.sample(link.nodes.0 as usize), names.sample(link.nodes.1 as usize));
            row(&[Cell::Name(&a), Cell::Name(&b), Cell::Number(link.score), Cell::Number(link.probability)])
        })
    })
}
