//! Which node each end of an edge is.

use super::Edges;
use crate::error::{Error, Result};
use crate::io::charged::Charged;
use crate::io::input::Input;
use crate::io::interned::{Interned, ranks};
use crate::io::loaded::IndexBase;
use crate::io::number::{parse_unsigned, shown};

/// The nodes of a graph.
pub(super) struct Nodes {
    pub n_nodes: usize,
    /// Where they are not numbers.
    pub names: Option<Vec<String>>,
    /// From where they count, where they are numbers.
    pub base: Option<IndexBase>,
}

impl Nodes {
    /// Puts nodes in the place of the ends of the edges. Where there are neither names nor a count, the edges tell which
    /// nodes there are.
    /// # Errors
    /// [`Error::Parse`] for an end that is no node, [`Error::Limit`].
    pub(super) fn of(
        edges: &mut Edges,
        names: Option<Vec<String>>,
        count: Option<usize>,
        told: Option<IndexBase>,
        input: &Input,
    ) -> Result<Nodes> {
        let budget = input.budget();
        let n_ends = edges.ends.len() as u32;
        let are_indices = (0..n_ends).all(|end| parse_unsigned(edges.ends.name(end)).is_some());
        if let Some(names) = names {
            let interned = Interned::of(&names, budget, "the nodes")?;
            let stranger = (0..n_ends).find(|&end| interned.find(edges.ends.name(end)).is_none());
            match stranger {
                None => {
                    let node = |edges: &Edges, end| interned.find(edges.ends.name(end)).unwrap_or(0);
                    edges.rename(node)?;
                    return Ok(Nodes { n_nodes: names.len(), names: Some(names), base: None });
                }
                Some(_) if are_indices => {
                    let end = Some((names.len(), "names of nodes; add it to their file"));
                    let nodes = numbered(edges, told, end, input)?;
                    return Ok(Nodes { names: Some(names), ..nodes });
                }
                Some(end) => {
                    let (name, n) = (shown(edges.ends.name(end)), names.len());
                    let why = format!("`{name}` is none of the {n} names of nodes; add it to their file");
                    let line = edges.first_lines.as_slice()[end as usize];
                    return Err(Error::parse_line(input.path(), line, why));
                }
            }
        }
        if are_indices {
            let end = count.map(|count| (count, "rows of features; add one for it"));
            return numbered(edges, told, end, input);
        }
        if let Some(count) = count {
            let is_name = |&end: &u32| parse_unsigned(edges.ends.name(end)).is_none();
            let end = (0..n_ends).find(is_name).unwrap_or(0);
            let name = shown(edges.ends.name(end));
            let why = format!(
                "`{name}` is no number, and the {count} rows of features have no names; give them a column of names, or \
                 --sample-names FILE"
            );
            return Err(Error::parse_line(input.path(), edges.first_lines.as_slice()[end as usize], why));
        }
        let order = edges.ends.in_order()?;
        let rank = ranks(order.as_slice(), budget, "the nodes")?;
        edges.rename(|_, end| rank.as_slice()[end as usize])?;
        let names = edges.ends.names_of(order.as_slice())?;
        Ok(Nodes { n_nodes: names.len(), names: Some(names), base: None })
    }
}

/// Nodes that are numbers; `given` says how many there are where that is known, and by what.
fn numbered(
    edges: &mut Edges,
    told: Option<IndexBase>,
    given: Option<(usize, &str)>,
    input: &Input,
) -> Result<Nodes> {
    let index = |edges: &Edges, end: u32| parse_unsigned(edges.ends.name(end)).unwrap_or(u64::MAX);
    let n_ends = edges.ends.len() as u32;
    let is_there = |end: u32| index(edges, end) == 0;
    let base = told.unwrap_or(IndexBase::by_least(u32::from(!(0..n_ends).any(is_there))));
    let first = u64::from(base.first());
    let n_nodes = given.map(|(n, _)| n);
    let end_of_all = n_nodes.map_or(u64::from(u32::MAX), |n| n as u64 + first);
    let wrong = (0..n_ends).find(|&end| !(first..end_of_all).contains(&index(edges, end)));
    if let Some(end) = wrong {
        let node = shown(edges.ends.name(end));
        let why = match given {
            _ if index(edges, end) < first => {
                "there is a node 0 although nodes are to count from 1; use --index-base 0".to_owned()
            }
            Some((n, what)) => format!("node {node} is beyond the {n} {what}"),
            None => format!("node {node} is above 2^32 - 2; number the nodes without gaps"),
        };
        return Err(Error::parse_line(input.path(), edges.first_lines.as_slice()[end as usize], why));
    }
    let most = (0..n_ends).map(|end| index(edges, end)).max().unwrap_or(0);
    edges.rename(|edges, end| (index(edges, end) - first) as u32)?;
    let n_found = (most + 1).saturating_sub(first) as usize;
    Ok(Nodes { n_nodes: n_nodes.unwrap_or(n_found), names: None, base: Some(base) })
}

impl Edges<'_> {
    /// Puts another number in the place of every end's.
    fn rename(&mut self, number_of: impl Fn(&Edges, u32) -> u32) -> Result<()> {
        let mut numbers = Charged::new(self.ends.budget(), "the nodes");
        numbers.reserve_exactly(self.ends.len())?;
        for end in 0..self.ends.len() as u32 {
            numbers.push(number_of(self, end))?;
        }
        let numbers = numbers.as_slice();
        for pair in self.pairs.as_mut_slice() {
            *pair = (numbers[pair.0 as usize], numbers[pair.1 as usize]);
        }
        Ok(())
    }
}
