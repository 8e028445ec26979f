//! The matrix of a list of edges.

use super::Edges;
use crate::error::{Error, Result};
use crate::io::charged::Charged;
use crate::io::entries::Entries;
use crate::io::input::Input;
use crate::linalg::Csr;
use crate::monitor::Budget;

/// The adjacency matrix: a_ij is the weight of the edge from i to j, symmetric unless directed.
/// # Errors
/// [`Error::Parse`] for weights without a finite sum, [`Error::Limit`].
pub(super) fn of(edges: &mut Edges, n_nodes: usize, is_directed: bool, input: &Input) -> Result<Csr<f64>> {
    let budget = input.budget();
    let is_weighted = !edges.weights.is_empty();
    let mut entries = Entries::new(budget);
    for (at, &(i, j)) in edges.pairs.as_slice().iter().enumerate() {
        let weight = edges.weights.as_slice().get(at).copied().unwrap_or(1.0);
        if i == j {
            edges.n_loops += 1;
        } else if weight != 0.0 {
            entries.push(i, j, weight)?;
        }
    }
    let one_way = entries.into_csr(n_nodes, n_nodes);
    let mut one_way = one_way.map_err(|error| match error {
        Error::Numerical { step, why } => input.fail(format!("{step}: {why}")),
        other => other,
    })?;
    if !is_weighted {
        one_way.values_mut().fill(1.0);
    }
    if is_directed {
        return Ok(one_way);
    }
    let held = bytes_of(&one_way);
    budget.charge(held, "the edges in both directions")?;
    let other_way = one_way.transposed();
    if one_way == other_way {
        budget.release(held);
        return Ok(one_way);
    }
    let sum: fn(f64, f64) -> f64 = if is_weighted { |a, b| a + b } else { |_, _| 1.0 };
    let both = merged(&one_way, &other_way, sum, budget)?;
    budget.release(2 * held);
    match both.values().iter().all(|weight| weight.is_finite()) {
        true => Ok(both),
        false => Err(input.fail("the weights of an edge have no finite sum; give that edge once")),
    }
}

/// Every entry of either matrix, those of both by `sum`.
fn merged(a: &Csr<f64>, b: &Csr<f64>, sum: fn(f64, f64) -> f64, budget: &Budget) -> Result<Csr<f64>> {
    const WHAT: &str = "the edges in both directions";
    let mut starts = Charged::new(budget, WHAT);
    let mut columns = Charged::new(budget, WHAT);
    let mut values = Charged::new(budget, WHAT);
    starts.reserve_exactly(a.n_rows() + 1)?;
    starts.push(0)?;
    for i in 0..a.n_rows() {
        let ((a_columns, a_values), (b_columns, b_values)) = (a.row(i), b.row(i));
        let (mut p, mut q) = (0, 0);
        while p < a_columns.len() || q < b_columns.len() {
            let (in_a, in_b) = (a_columns.get(p).copied(), b_columns.get(q).copied());
            // The row that is through is behind every column.
            let column = in_a.unwrap_or(u32::MAX).min(in_b.unwrap_or(u32::MAX));
            let value = match (in_a == Some(column), in_b == Some(column)) {
                (true, true) => sum(a_values[p], b_values[q]),
                (true, false) => a_values[p],
                _ => b_values[q],
            };
            p += usize::from(in_a == Some(column));
            q += usize::from(in_b == Some(column));
            columns.push(column)?;
            values.push(value)?;
        }
        starts.push(values.len())?;
    }
    Csr::new(a.n_cols(), starts.into_vec(), columns.into_vec(), values.into_vec())
}

/// Nodes that no edge leaves or reaches.
pub(super) fn n_alone(adjacency: &Csr<f64>) -> usize {
    let mut is_met: Vec<bool> = adjacency.indptr().windows(2).map(|ends| ends[0] < ends[1]).collect();
    adjacency.indices().iter().for_each(|&j| is_met[j as usize] = true);
    is_met.iter().filter(|&&is_met| !is_met).count()
}

/// Bytes a sparse matrix takes.
fn bytes_of(x: &Csr<f64>) -> u64 {
    12 * x.nnz() as u64 + 8 * (x.n_rows() as u64 + 1)
}
