//! Splits of a graph's links: a line says what a pair of nodes is for.
//!
//! ```text
//! # comments
//! train 448 1826       train, val, test, val_neg or test_neg; nodes as in the edge list
//! ```
//! A first line that begins with `kind` is a header. The pairs of `val_neg` and `test_neg` are no links.

use super::cells::Cells;
use super::charged::Charged;
use super::input::Input;
use super::listed::{is_content, separator_of};
use super::loaded::IndexBase;
use super::number::{parse_unsigned, shown};
use crate::error::{Error, Result};
use crate::linalg::LinkSplit;
use crate::monitor::Budget;
use std::collections::HashMap;
use std::path::Path;

/// How a file calls nodes.
pub enum NodeNames<'a> {
    /// By numbers, of which the first is this.
    Numbers(IndexBase),
    /// By names, in order.
    Names(&'a [String]),
}

/// The split of a file, of `n_nodes` nodes.
/// # Errors
/// [`Error::Parse`] at the line that is no pair, [`Error::Shape`] for a split that leaves no link to fit,
/// [`Error::Limit`], [`Error::Io`].
pub fn read(path: &Path, n_nodes: usize, names: &NodeNames, budget: &Budget) -> Result<LinkSplit> {
    read_from(&mut Input::open(path, budget)?, n_nodes, names)
}

/// The split of what is already open.
/// # Errors
/// As [`read`].
pub fn read_from(input: &mut Input<'_>, n_nodes: usize, names: &NodeNames) -> Result<LinkSplit> {
    let places: HashMap<&[u8], u32> = match names {
        NodeNames::Numbers(_) => HashMap::new(),
        NodeNames::Names(names) => names.iter().map(String::as_bytes).zip(0..).collect(),
    };
    let node = |cell: &[u8]| match names {
        NodeNames::Names(_) => places.get(cell).copied(),
        NodeNames::Numbers(base) => {
            let number = parse_unsigned(cell)?.checked_sub(u64::from(base.first()))?;
            u32::try_from(number).ok().filter(|&number| (number as usize) < n_nodes)
        }
    };
    let mut parts = LinkSplit::NAMES.map(|_| Charged::new(input.budget(), "the split of the links"));
    let path = input.path().to_path_buf();
    let mut is_first = true;
    input.for_each_line_where(is_content, |line, text| {
        let wrong = |why: String| Error::parse_line(&path, line, why);
        // One more than there may be.
        let cells: Vec<&[u8]> = Cells::of(text, separator_of(text))
            .take(4)
            .map(|cell| cell.map(|cell| cell.raw))
            .collect::<std::result::Result<_, _>>()
            .map_err(wrong)?;
        let is_kind = cells.first().is_some_and(|cell| cell.eq_ignore_ascii_case(b"kind"));
        let is_header = std::mem::take(&mut is_first) && is_kind;
        let [kind, first, second] = cells[..] else {
            return Err(wrong("the line is not a kind and two nodes, like `train 3 5`".to_owned()));
        };
        if is_header {
            return Ok(());
        }
        let Some(part) = LinkSplit::NAMES.iter().position(|name| name.as_bytes() == kind) else {
            let why = format!("`{}` is none of {}", shown(kind), LinkSplit::NAMES.join(", "));
            return Err(wrong(why));
        };
        let ends = [first, second].map(|cell| node(cell).ok_or(cell));
        let [i, j] = match ends {
            [Ok(i), Ok(j)] => [i, j],
            [Err(cell), _] | [_, Err(cell)] => {
                let why = format!("`{}` is none of the {n_nodes} nodes of the graph", shown(cell));
                return Err(wrong(why));
            }
        };
        if i == j {
            return Err(wrong("a node paired with itself; leave the line out".to_owned()));
        }
        parts[part].push((i.min(j), i.max(j)))
    })?;
    let mut split = LinkSplit::default();
    split.parts_mut().into_iter().zip(parts).for_each(|(part, found)| *part = found.into_vec());
    if split.training.is_empty() {
        return Err(input.fail("it leaves no link to fit; give lines `train NODE NODE`"));
    }
    Ok(split)
}
