//! The record: which operation makes which matrix out of which.

use super::op::{Operation, PackedAs};
use super::store::{Param, Running, Store};
use diabolo_kernels::Real;
use std::ops::Range;

/// A matrix of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Id(pub(super) u32);

impl Id {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a matrix comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The caller, before every pass.
    Input,
    /// The caller, as sparse rows: the number of the sparse input.
    Sparse(usize),
    /// A [`Store`]: its place among the parameters.
    Parameter(Range<usize>),
    /// A [`Store`]: its place among the running state.
    Running(Range<usize>),
    /// The operation of that number.
    Result(usize),
}

/// A matrix of a graph.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub rows: usize,
    pub cols: usize,
    pub kind: Kind,
}

/// A recorded computation on matrices of fixed sizes.
///
/// Operations are methods, one group in each file of [`super::op`]. Sizes are checked as they are recorded: a
/// mismatch is a bug of the model and panics.
#[derive(Default)]
pub struct Graph<T> {
    pub(super) nodes: Vec<Node>,
    pub(super) operations: Vec<Box<dyn Operation<T>>>,
    pub(super) n_sparse: usize,
    /// Weights that operations share as kernels want them: what made them, how, and where they are.
    pub(super) packed: Vec<(Id, PackedAs, Id)>,
}

impl<T: Real> Graph<T> {
    /// A matrix that the caller fills in before every pass: data, noise, weights of losses.
    pub fn input(&mut self, rows: usize, cols: usize) -> Id {
        self.node(rows, cols, Kind::Input)
    }

    /// Sparse rows that the caller fills in before every pass.
    pub fn sparse_input(&mut self, rows: usize, cols: usize) -> Id {
        self.n_sparse += 1;
        self.node(rows, cols, Kind::Sparse(self.n_sparse - 1))
    }

    /// A parameter, read from the store in every pass.
    pub fn read(&mut self, store: &Store<T>, param: Param) -> Id {
        let [rows, cols] = store.shape(param);
        self.unique(rows, cols, Kind::Parameter(store.place(param)))
    }

    /// Running state, read from the store in every pass.
    pub fn read_running(&mut self, store: &Store<T>, running: Running) -> Id {
        let place = store.running_place(running);
        self.unique(1, place.len(), Kind::Running(place))
    }

    /// (rows, cols)
    pub fn shape(&self, id: Id) -> [usize; 2] {
        let node = &self.nodes[id.index()];
        [node.rows, node.cols]
    }

    /// A result of the operation that is recorded next.
    pub fn result(&mut self, rows: usize, cols: usize) -> Id {
        let operation = self.operations.len();
        self.node(rows, cols, Kind::Result(operation))
    }

    /// Records an operation; its results were made by [`Graph::result`] just before.
    pub fn record(&mut self, operation: impl Operation<T> + 'static) {
        self.operations.push(Box::new(operation));
    }

    /// Bytes of a program for training: every value and its gradient.
    pub fn training_bytes(&self) -> u64 {
        let cells: usize = self.nodes.iter().map(|node| node.rows * node.cols).sum();
        (2 * cells * size_of::<T>()) as u64
    }

    /// The node of that kind: a parameter that is read twice is one matrix, with one gradient.
    fn unique(&mut self, rows: usize, cols: usize, kind: Kind) -> Id {
        match self.nodes.iter().position(|node| node.kind == kind) {
            Some(at) => Id(at as u32),
            None => self.node(rows, cols, kind),
        }
    }

    fn node(&mut self, rows: usize, cols: usize, kind: Kind) -> Id {
        self.nodes.push(Node { rows, cols, kind });
        Id(self.nodes.len() as u32 - 1)
    }
}
