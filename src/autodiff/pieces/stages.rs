//! What of a network is made as whole pictures, and in which order.

use crate::autodiff::graph::{Graph, Kind};
use crate::autodiff::{Id, op::Operation};
use diabolo_kernels::Real;
use std::collections::BTreeMap;

/// Stages that read a picture from which on it may be kept for them.
const OFTEN: usize = 3;

/// Pictures of one size that are made side by side, piece by piece, of whole ones.
#[derive(Clone, Debug, Default)]
pub struct Stage {
    /// The whole pictures that are made.
    pub made: Vec<Id>,
    /// The operations between the whole pictures before and these, in order.
    pub operations: Vec<usize>,
    /// Whole pictures that no later stage reads.
    pub frees: Vec<Id>,
}

/// A graph of pictures, looked through.
pub struct Pictures<'a, T> {
    graph: &'a Graph<T>,
    outputs: &'a [Id],
    /// The operation that makes each matrix, where one does that works in pieces.
    made_by: Vec<Option<usize>>,
    needed: Vec<bool>,
    /// Which pictures are made as a whole.
    pub whole: Vec<bool>,
}

impl<'a, T: Real> Pictures<'a, T> {
    /// Those of a graph: whole are `outputs`, what flows are made of, and what is scattered along them.
    pub fn new(graph: &'a Graph<T>, outputs: &'a [Id]) -> Pictures<'a, T> {
        let n = graph.nodes.len();
        let mut made_by = vec![None; n];
        for (at, operation) in graph.operations.iter().enumerate() {
            if operation.in_pieces().is_some() {
                operation.results(&mut |id| made_by[id.index()] = Some(at));
            }
        }
        let mut needed = vec![false; n];
        outputs.iter().for_each(|id| needed[id.index()] = true);
        for operation in graph.operations.iter().rev() {
            let mut is_needed = false;
            operation.results(&mut |id| is_needed |= needed[id.index()]);
            if is_needed {
                operation.inputs(&mut |id| needed[id.index()] = true);
            }
        }
        let mut pictures = Pictures { graph, outputs, made_by, needed, whole: vec![false; n] };
        outputs.iter().for_each(|id| pictures.whole[id.index()] = true);
        for at in 0..n {
            let Some(piece) = pictures.operation(Id(at as u32)).and_then(Operation::in_pieces) else {
                continue;
            };
            if !pictures.needed[at] {
                continue;
            }
            piece.led_by().into_iter().for_each(|flow| pictures.keep_sources(flow));
            if piece.scatters() {
                pictures.whole[at] = true;
                pictures.inputs(Id(at as u32)).into_iter().for_each(|id| pictures.keep_sources(id));
            }
        }
        pictures
    }

    /// The operation that makes a matrix, where one does that works in pieces.
    fn operation(&self, id: Id) -> Option<&'a dyn Operation<T>> {
        self.made_by[id.index()].map(|at| &*self.graph.operations[at])
    }

    /// What the operation reads that makes a picture.
    fn inputs(&self, id: Id) -> Vec<Id> {
        let mut inputs = Vec::new();
        if let Some(operation) = self.operation(id) {
            operation.inputs(&mut |id| inputs.push(id));
        }
        inputs
    }

    /// Makes whole what a picture is made of by light operations alone.
    fn keep_sources(&mut self, id: Id) {
        let Some(piece) = self.operation(id).and_then(Operation::in_pieces) else { return };
        match piece.is_light() && !self.whole[id.index()] {
            true => self.inputs(id).into_iter().for_each(|id| self.keep_sources(id)),
            false => self.whole[id.index()] = true,
        }
    }

    /// Whether a matrix is there before an operation runs: an input, or a picture made as a whole.
    fn is_there(&self, id: Id) -> bool {
        self.whole[id.index()] || self.graph.nodes[id.index()].kind == Kind::Input
    }

    /// The stages, each picture in the first one that it can be made in; `sizes` tells rows and columns.
    pub fn stages(&self, sizes: &[[usize; 2]]) -> Vec<Stage> {
        let mut depth = vec![0; self.whole.len()];
        let mut grouped: BTreeMap<(usize, [usize; 2]), Vec<Id>> = BTreeMap::new();
        for at in 0..self.whole.len() {
            let id = Id(at as u32);
            let behind = |id: Id| depth[id.index()] + usize::from(self.whole[id.index()]);
            depth[at] = self.inputs(id).into_iter().map(behind).max().unwrap_or(0);
            if self.whole[at] && self.needed[at] {
                grouped.entry((depth[at], sizes[at])).or_default().push(id);
            }
        }
        let mut stages: Vec<Stage> = grouped.into_values().map(|made| self.stage(made)).collect();
        // From the last stage back: who reads a picture last frees it.
        let mut seen: Vec<bool> = vec![false; self.whole.len()];
        self.outputs.iter().for_each(|id| seen[id.index()] = true);
        for stage in stages.iter_mut().rev() {
            for &at in &stage.operations {
                self.graph.operations[at].inputs(&mut |id| {
                    if self.whole[id.index()] && !std::mem::replace(&mut seen[id.index()], true) {
                        stage.frees.push(id);
                    }
                });
            }
        }
        stages
    }

    fn stage(&self, made: Vec<Id>) -> Stage {
        let mut wanted = vec![false; self.whole.len()];
        made.iter().for_each(|id| wanted[id.index()] = true);
        let mut operations = Vec::new();
        for (at, operation) in self.graph.operations.iter().enumerate().rev() {
            let mut is_wanted = false;
            operation
                .results(&mut |id| is_wanted |= wanted[id.index()] && self.made_by[id.index()].is_some());
            if is_wanted {
                operations.push(at);
                operation.inputs(&mut |id| wanted[id.index()] |= !self.is_there(id));
            }
        }
        operations.reverse();
        Stage { made, operations, frees: Vec::new() }
    }

    /// Makes whole those of `worth` that several stages would make again, the smallest first, as long as they take no more
    /// than so many elements.
    pub fn keep(&mut self, worth: &[Id], sizes: &[[usize; 2]], mut elements: u64) {
        let stages = self.stages(sizes);
        let n_readers = |id: Id| {
            let made_in =
                |stage: &&Stage| self.made_by[id.index()].is_some_and(|at| stage.operations.contains(&at));
            stages.iter().filter(made_in).count()
        };
        let len = |id: &Id| {
            let [rows, cols] = self.graph.shape(*id);
            rows as u64 * cols as u64
        };
        let mut often: Vec<Id> = worth.iter().copied().filter(|&id| n_readers(id) >= OFTEN).collect();
        often.sort_by_key(len);
        for id in often {
            if len(&id) > elements {
                break;
            }
            elements -= len(&id);
            self.whole[id.index()] = true;
        }
    }
}
