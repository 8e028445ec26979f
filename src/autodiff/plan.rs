//! From which loss to which parameters a gradient goes.

use super::Id;
use super::graph::{Graph, Kind};
use diabolo_kernels::Real;
use std::ops::Range;

/// The operations a backward pass visits, and the matrices that receive a gradient.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) loss: Id,
    /// Operations from the loss down.
    pub(super) operations: Vec<usize>,
    /// Whether a matrix's gradient is needed: a wanted parameter lies behind it, and the loss before it.
    pub(super) needed: Vec<bool>,
}

impl Plan {
    /// The plan from a 1 x 1 loss to the parameters in `wanted`, ranges of the store's slice.
    pub(super) fn new<T: Real>(graph: &Graph<T>, loss: Id, wanted: &[Range<usize>]) -> Plan {
        assert_eq!(graph.shape(loss), [1, 1], "a loss is one number");
        let inside =
            |place: &Range<usize>| wanted.iter().any(|w| w.start <= place.start && place.end <= w.end);
        let mut leads: Vec<bool> = graph
            .nodes
            .iter()
            .map(|node| matches!(&node.kind, Kind::Parameter(place) if inside(place)))
            .collect();
        for operation in &graph.operations {
            let mut any = false;
            operation.inputs(&mut |id| any |= leads[id.index()]);
            operation.results(&mut |id| leads[id.index()] = any);
        }
        let mut counts = vec![false; graph.nodes.len()];
        counts[loss.index()] = true;
        let mut operations = Vec::new();
        for (at, operation) in graph.operations.iter().enumerate().rev() {
            let mut any = false;
            operation.results(&mut |id| any |= counts[id.index()] && leads[id.index()]);
            if any {
                operations.push(at);
                operation.inputs(&mut |id| counts[id.index()] = true);
            }
        }
        let needed = leads.iter().zip(&counts).map(|(leads, counts)| *leads && *counts).collect();
        Plan { loss, operations, needed }
    }
}
