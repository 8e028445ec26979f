//! Edge lists: a line names two nodes and perhaps a weight.
//!
//! ```text
//! # comments
//! source target [weight]       between tabs, commas, semicolons or blanks
//! ```
//! * A header is seen by its words (`source,target`, `from,to`) or by a weight that is no number.
//! * Whole numbers are row indices: from 0 if there is a node 0, else from 1, unless it is told. Anything else
//!   is a name. With a file of node names (`--sample-names`), names stand for its lines, and nodes without an
//!   edge are nodes too; without one the names that occur, sorted, are the nodes.
//! * Edges are undirected unless it is told: the matrix is symmetric. Without weights every edge weighs 1,
//!   however often and in whichever direction it is listed. Weights of the same edge are summed, those of
//!   both directions too, unless the list as a whole is symmetric already.
//! * Edges from a node to itself are left out; so are those of weight 0.
//! * What networkx writes behind an edge (`{}`, `{'weight': 2.5}`) is understood.

mod adjacency;
mod nodes;

use super::cells::{Cell, Cells, Separator};
use super::charged::Charged;
use super::delimited::{cells_of, refuse_binary};
use super::input::{HeldLine, Input};
use super::interned::Interned;
use super::listed::{is_content, separator_of};
use super::loaded::{Loaded, Recipe};
use super::missing::Missing;
use super::names;
use super::number::{Cell as Value, parse_cell, value_of};
use super::read::{Format, NodesGiven, ReadOptions};
use crate::error::{Error, Result};
use crate::linalg::{Csr, Graph};
use crate::models::{Dataset, Names};
use nodes::Nodes;

/// How headers call the first node of an edge, in lower case.
const SOURCE: &[&str] = &["source", "src", "from", "source_id", "sourceid", "from_id"];
/// The second.
const TARGET: &[&str] = &["target", "tgt", "dst", "to", "target_id", "targetid", "to_id"];

/// Whether a file certainly is of this format, by its first bytes: a header of two or three cells names the
/// ends of an edge.
pub fn recognises(head: &[u8]) -> bool {
    let first = head.split(|&byte| byte == b'\n').find(|line| is_content(line)).unwrap_or_default();
    let cells: Vec<_> = Cells::of(first, separator_of(first)).map_while(std::result::Result::ok).collect();
    (2..=3).contains(&cells.len()) && names_ends(&cells)
}

/// Whether cells are a header that names the two ends of an edge.
fn names_ends(cells: &[Cell]) -> bool {
    let is_one_of =
        |cell: &Cell, names: &[&str]| names.iter().any(|name| cell.raw.eq_ignore_ascii_case(name.as_bytes()));
    matches!(cells, [first, second, ..] if is_one_of(first, SOURCE) && is_one_of(second, TARGET))
}

/// Reads a whole file as its adjacency matrix; with `options.directed` sources are rows, targets columns.
/// # Errors
/// [`Error::Parse`] at the line that is no edge, [`Error::Limit`] where the budget refuses, [`Error::Io`].
pub fn read(input: &mut Input<'_>, options: &ReadOptions) -> Result<Loaded> {
    let (adjacency, nodes, edges) = read_adjacency(input, options)?;
    let n_alone = adjacency::n_alone(&adjacency);
    let (kind, n_edges) = match options.directed {
        true => ("directed", adjacency.nnz()),
        false => ("undirected", adjacency.nnz() / 2),
    };
    let numbered = nodes.base.map_or(String::new(), |base| format!(", nodes numbered from {}", base.first()));
    let facts = vec![("graph", format!("{kind}, {n_edges} edges, {n_alone} nodes without any{numbered}"))];
    let mut warnings = Vec::new();
    if edges.n_loops > 0 {
        warnings.push(format!("{} edges from a node to itself are left out", edges.n_loops));
    }
    let recipe = Recipe { format: Some(Format::Edges), index_base: nodes.base, ..Recipe::default() };
    let names = Names { samples: nodes.names.clone(), features: nodes.names, ..Names::default() };
    let dataset = Dataset { features: adjacency.into(), names, labels: None, batches: None };
    Ok(Loaded { recipe, facts, warnings, ..dataset.into() })
}

/// Reads a whole file as an undirected graph.
/// # Errors
/// As [`read`].
pub fn read_graph(input: &mut Input<'_>, options: &ReadOptions) -> Result<Graph> {
    let undirected = ReadOptions { directed: false, ..options.clone() };
    Graph::from_adjacency(read_adjacency(input, &undirected)?.0)
}

fn read_adjacency<'a>(input: &mut Input<'a>, options: &ReadOptions) -> Result<(Csr<f64>, Nodes, Edges<'a>)> {
    let mut edges = gather(input, options.missing)?;
    let names = options.sample_names.as_ref();
    let names = names.map(|path| names::read_all(path, "nodes", input.budget())).transpose()?;
    let (names, count) = match (names, &options.nodes) {
        (None, Some(NodesGiven::Names(names))) => (Some(names.clone()), None),
        (None, Some(NodesGiven::Count(count))) => (None, Some(*count)),
        (names, _) => (names, None),
    };
    let known = options.known.as_ref().and_then(|known| known.recipe.index_base);
    let nodes = Nodes::of(&mut edges, names, count, options.index_base.or(known), input)?;
    let adjacency = adjacency::of(&mut edges, nodes.n_nodes, options.directed, input)?;
    Ok((adjacency, nodes, edges))
}

/// The edges of a file, between the things it names.
struct Edges<'a> {
    ends: Interned<'a>,
    /// The line on which each end stands first.
    first_lines: Charged<'a, u64>,
    /// Numbers of ends, later of nodes.
    pairs: Charged<'a, (u32, u32)>,
    /// Empty where there are none.
    weights: Charged<'a, f64>,
    n_loops: u64,
}

fn gather<'a>(input: &mut Input<'a>, missing: Missing) -> Result<Edges<'a>> {
    let Some(first) = input.hold_line_where(is_content)? else {
        return Err(input.fail("the file is empty; give a line `source target` for each edge"));
    };
    refuse_binary(input, &first)?;
    let layout = Layout::of(input, &first)?;
    let budget = input.budget();
    let mut edges = Edges {
        ends: Interned::new(budget, "the nodes"),
        first_lines: Charged::new(budget, "the nodes"),
        pairs: Charged::new(budget, "the edges"),
        weights: Charged::new(budget, "the edges"),
        n_loops: 0,
    };
    let path = input.path().to_path_buf();
    let mut take = |line: u64, text: &[u8]| match layout.parse(text, missing) {
        Ok((ends, weight)) => edges.push(line, ends, weight),
        Err(why) => Err(Error::parse_line(&path, line, why)),
    };
    if !layout.has_header {
        take(first.line(), first.text())?;
    }
    input.for_each_line_where(is_content, take)?;
    if edges.pairs.is_empty() {
        return Err(input.fail("there is a header and no edge; give a line `source target` for each"));
    }
    Ok(edges)
}

impl Edges<'_> {
    fn push(&mut self, line: u64, ends: [&[u8]; 2], weight: Option<f64>) -> Result<()> {
        let mut numbers = [0; 2];
        for (number, end) in numbers.iter_mut().zip(ends) {
            *number = self.ends.intern(end)?;
            if self.first_lines.len() < self.ends.len() {
                self.first_lines.push(line)?;
            }
        }
        self.pairs.push((numbers[0], numbers[1]))?;
        weight.map_or(Ok(()), |weight| self.weights.push(weight))
    }
}

/// How lines are built.
struct Layout {
    separator: Separator,
    has_header: bool,
    /// Whether a third cell is a weight.
    has_weights: bool,
    /// Whether a dictionary of Python's stands behind every edge.
    has_dictionaries: bool,
}

impl Layout {
    fn of(input: &Input, first: &HeldLine) -> Result<Layout> {
        let fail = |why: String| Err(Error::parse_line(input.path(), first.line(), why));
        let (edge, dictionary) = split_dictionary(first.text());
        let separator = separator_of(edge);
        if separator == Separator::Colons {
            return fail("double colons separate ratings; put tabs, commas or blanks between nodes".into());
        }
        let cells = cells_of(input.path(), first, separator)?;
        let n_cells = Cells::of(edge, separator).count();
        if !(2..=3).contains(&n_cells) || (dictionary.is_some() && n_cells != 2) {
            return fail(format!(
                "the line has {n_cells} cells; an edge is source, target and perhaps a weight"
            ));
        }
        let has_header = names_ends(&cells) || (n_cells == 3 && parse_cell(cells[2].raw) == Value::Text);
        Ok(Layout {
            separator,
            has_header,
            has_weights: n_cells == 3 || dictionary.is_some_and(|text| weight_in(text).is_some()),
            has_dictionaries: dictionary.is_some(),
        })
    }

    /// The ends and the weight of an edge.
    fn parse<'l>(
        &self,
        line: &'l [u8],
        missing: Missing,
    ) -> std::result::Result<([&'l [u8]; 2], Option<f64>), String> {
        let (edge, dictionary) = if self.has_dictionaries { split_dictionary(line) } else { (line, None) };
        let mut cells = Cells::of(edge, self.separator);
        let mut ends = [&b""[..]; 2];
        for (end, which) in ends.iter_mut().zip(["first", "second"]) {
            let cell = cells.next().transpose()?.filter(|cell| !cell.raw.is_empty());
            *end = cell.ok_or_else(|| format!("the edge has no {which} node; give two"))?.raw;
        }
        let weight = match self.has_weights {
            true if self.has_dictionaries => dictionary.and_then(weight_in),
            true => cells.next().transpose()?.map(|cell| cell.raw),
            false => None,
        };
        let weight = weight.map(|weight| value_of(weight, missing)).transpose()?;
        if weight.is_none() && self.has_weights {
            return Err("the edge has no weight where the first has one; give all or none".into());
        }
        if cells.next().is_some() {
            let most = if self.has_weights { "a weight" } else { "two nodes" };
            return Err(format!(
                "there is more behind {most}; give one edge a line, all with the same cells"
            ));
        }
        Ok((ends, weight.map(|weight| if weight.is_nan() { 0.0 } else { weight })))
    }
}

/// An edge and the dictionary behind it.
fn split_dictionary(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    let line = line.trim_ascii();
    let at = line.iter().position(|&byte| byte == b'{').filter(|&at| at > 0 && line.ends_with(b"}"));
    at.map_or((line, None), |at| (line[..at].trim_ascii(), Some(&line[at..])))
}

/// The weight in a dictionary.
fn weight_in(dictionary: &[u8]) -> Option<&[u8]> {
    const KEY: &[u8] = b"'weight':";
    let at = dictionary.windows(KEY.len()).position(|part| part == KEY)? + KEY.len();
    let rest = &dictionary[at..];
    let end = rest.iter().position(|byte| b",}".contains(byte)).unwrap_or(rest.len());
    Some(rest[..end].trim_ascii())
}
