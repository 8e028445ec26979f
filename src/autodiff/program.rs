//! A graph laid out in memory and replayed.

use super::graph::{Graph, Kind, Node};
use super::layout::{Life, first_fit};
use super::store::Version;
use super::{Backward, Forward, Id, Plan, SparseRows, Store, Values, padded};
use diabolo_kernels::Real;
use std::ops::Range;

/// A graph with the memory its passes take. Passes allocate nothing.
pub struct Program<T> {
    graph: Graph<T>,
    /// Where each matrix lies in `values` (and, for training, its gradient in `gradients`).
    places: Vec<Range<usize>>,
    values: Vec<T>,
    sparse: Vec<SparseRows<T>>,
    /// Empty for inference.
    gradients: Vec<T>,
    /// How many operations read each matrix.
    readers: Vec<u32>,
    written: Vec<bool>,
    scratch: Vec<T>,
    /// The version of the parameters of the last pass.
    seen: Option<u64>,
}

impl<T: Real> Program<T> {
    /// A program that keeps every value for the backward pass.
    pub fn training(graph: Graph<T>) -> Program<T> {
        let mut end = 0;
        let places: Vec<Range<usize>> = graph
            .nodes
            .iter()
            .map(|node| {
                let start = end;
                let len = if is_here(&node.kind) { node.rows * node.cols } else { 0 };
                end = padded(start + len);
                start..start + len
            })
            .collect();
        let readers = readers(&graph);
        let size = |at: usize| graph.nodes[at].rows * graph.nodes[at].cols;
        let scratch = (0..readers.len()).filter(|&at| readers[at] > 1).map(size).max().unwrap_or(0);
        Program {
            values: vec![T::ZERO; end],
            gradients: vec![T::ZERO; end],
            scratch: vec![T::ZERO; scratch],
            written: vec![false; places.len()],
            readers,
            sparse: sparse_inputs(&graph),
            places,
            graph,
            seen: None,
        }
    }

    /// A program for forward passes only, which keeps inputs and `outputs`; other values lie where others lay
    /// that nobody reads any more.
    pub fn inference(graph: Graph<T>, outputs: &[Id]) -> Program<T> {
        let (places, end) = by_lifetime(&graph, outputs);
        Program {
            values: vec![T::ZERO; end],
            sparse: sparse_inputs(&graph),
            places,
            graph,
            gradients: Vec::new(),
            readers: Vec::new(),
            written: Vec::new(),
            scratch: Vec::new(),
            seen: None,
        }
    }

    /// How a backward pass goes from a 1 x 1 loss to the parameters in `wanted`, ranges of the store's slice.
    /// # Panics
    /// If the loss is no number.
    pub fn plan(&self, loss: Id, wanted: &[Range<usize>]) -> Plan {
        Plan::new(&self.graph, loss, wanted)
    }

    /// The values of an input, to be filled in.
    /// # Panics
    /// If `id` is no dense input.
    pub fn input_mut(&mut self, id: Id) -> &mut [T] {
        assert!(self.graph.nodes[id.index()].kind == Kind::Input, "not a dense input");
        &mut self.values[self.places[id.index()].clone()]
    }

    /// Fills one dense input in with the values of another.
    /// # Panics
    /// If one is no dense input, or they differ in size.
    pub fn copy_input(&mut self, from: Id, to: Id) {
        let is_input = |id: Id| self.graph.nodes[id.index()].kind == Kind::Input;
        assert!(is_input(from) && is_input(to), "not dense inputs");
        let (from, to) = (self.places[from.index()].clone(), self.places[to.index()].clone());
        assert_eq!(from.len(), to.len(), "inputs of one size");
        self.values.copy_within(from, to.start);
    }

    /// The rows of a sparse input, to be filled in.
    /// # Panics
    /// If `id` is no sparse input.
    pub fn sparse_mut(&mut self, id: Id) -> &mut SparseRows<T> {
        let Kind::Sparse(number) = self.graph.nodes[id.index()].kind else { panic!("not a sparse input") };
        &mut self.sparse[number]
    }

    /// Whether a matrix is a sparse input.
    pub fn is_sparse(&self, id: Id) -> bool {
        matches!(self.graph.nodes[id.index()].kind, Kind::Sparse(_))
    }

    /// The values of an input or result. For inference only those of inputs and outputs are kept.
    pub fn value(&self, id: Id) -> &[T] {
        &self.values[self.places[id.index()].clone()]
    }

    /// The value of a 1 x 1 result.
    pub fn scalar(&self, id: Id) -> T {
        self.value(id)[0]
    }

    /// (rows, cols)
    pub fn shape(&self, id: Id) -> [usize; 2] {
        self.graph.shape(id)
    }

    /// The gradient of a result after a backward pass, for what looks into a network.
    pub fn gradient(&self, id: Id) -> &[T] {
        &self.gradients[self.places[id.index()].clone()]
    }

    /// Computes every result. The store's running state moves where operations say so.
    pub fn forward(&mut self, store: &mut Store<T>) {
        let version = store.version();
        let (parameters, state) = store.parts_mut();
        self.run(parameters, state, version);
    }

    fn run(&mut self, parameters: &[T], state: &mut [T], version: Version) {
        let has_new_parameters = self.seen.replace(version.number()) != Some(version.number());
        let gradients = if self.gradients.is_empty() { None } else { Some(&mut self.gradients) };
        let mut run = Forward {
            nodes: &self.graph.nodes,
            places: &self.places,
            values: &mut self.values,
            parameters,
            has_new_parameters,
            state,
            sparse: &self.sparse,
            gradients: gradients.map(|gradients| (gradients.as_mut_slice(), self.readers.as_slice())),
        };
        for operation in &self.graph.operations {
            operation.forward(&mut run);
        }
    }

    /// Computes every result and leaves the store as it is, even where operations would move its running state.
    pub fn infer(&mut self, store: &Store<T>) {
        let mut state = store.state().to_vec();
        self.run(store.values(), &mut state, store.version());
    }

    /// Overwrites the gradients of the plan's parameters in `gradient`, a slice as long as the store's values;
    /// those of others stay as they are. To be called once for each loss after a forward pass.
    /// # Panics
    /// If the program is for inference, or `gradient` of another length.
    pub fn backward(&mut self, plan: &Plan, store: &Store<T>, gradient: &mut [T]) {
        assert!(!self.written.is_empty(), "a program for inference has no gradients");
        assert_eq!(gradient.len(), store.values().len(), "one derivative a parameter");
        self.written.fill(false);
        self.written[plan.loss.index()] = true;
        self.gradients[self.places[plan.loss.index()].start] = T::ONE;
        let mut run = Backward {
            nodes: &self.graph.nodes,
            places: &self.places,
            values: &self.values,
            store,
            sparse: &self.sparse,
            readers: &self.readers,
            plan,
            gradients: &mut self.gradients,
            of_parameters: gradient,
            written: &mut self.written,
            scratch: &mut self.scratch,
        };
        for &at in &plan.operations {
            self.graph.operations[at].backward(&mut run);
        }
    }

    /// Bytes of values, gradients and scratch.
    pub fn bytes(&self) -> u64 {
        let cells = self.values.len() + self.gradients.len() + self.scratch.len();
        (cells * size_of::<T>()) as u64
    }
}

/// Whether a matrix lies in a program's arena.
fn is_here(kind: &Kind) -> bool {
    matches!(kind, Kind::Input | Kind::Result(_))
}

fn sparse_inputs<T: Real>(graph: &Graph<T>) -> Vec<SparseRows<T>> {
    let inputs = graph.nodes.iter().filter(|node| matches!(node.kind, Kind::Sparse(_)));
    inputs.map(|node| SparseRows::empty(node.rows, node.cols)).collect()
}

/// How many operations read each matrix; one that reads it twice counts twice.
fn readers<T: Real>(graph: &Graph<T>) -> Vec<u32> {
    let mut readers = vec![0; graph.nodes.len()];
    for operation in &graph.operations {
        operation.inputs(&mut |id| readers[id.index()] += 1);
    }
    readers
}

/// Places such that matrices share memory only where no lifetimes meet, and the end of the last: first fit,
/// in the order of computation.
fn by_lifetime<T: Real>(graph: &Graph<T>, outputs: &[Id]) -> (Vec<Range<usize>>, usize) {
    let n = graph.nodes.len();
    let never = graph.operations.len();
    let mut last_read: Vec<usize> = vec![0; n];
    for (at, operation) in graph.operations.iter().enumerate() {
        operation.inputs(&mut |id| last_read[id.index()] = at);
        operation.results(&mut |id| last_read[id.index()] = at);
    }
    let is_kept = |node: &Node| match node.kind {
        Kind::Input => true,
        Kind::Result(operation) => graph.operations[operation].keeps_results(),
        _ => false,
    };
    for (at, node) in graph.nodes.iter().enumerate() {
        if is_kept(node) || outputs.iter().any(|id| id.index() == at) {
            last_read[at] = never;
        }
    }
    // First what is there before the first operation: inputs, and what is kept from the pass before.
    let kept = (0..n).filter(|&at| is_kept(&graph.nodes[at]));
    let results =
        |at: &usize| matches!(graph.nodes[*at].kind, Kind::Result(_)) && !is_kept(&graph.nodes[*at]);
    let order: Vec<usize> = kept.chain((0..n).filter(results)).collect();
    let lives = order.iter().map(|&at| {
        let node = &graph.nodes[at];
        let born = match node.kind {
            Kind::Result(operation) if !is_kept(node) => operation,
            _ => 0,
        };
        Life { len: node.rows * node.cols, born, dies: last_read[at] }
    });
    let (found, end) = first_fit(lives);
    let mut places = vec![0..0; n];
    order.into_iter().zip(found).for_each(|(at, place)| places[at] = place);
    (places, end)
}

impl<T: Real> Program<T> {
    /// All values as operations see them.
    pub fn values<'a>(&'a self, store: &'a Store<T>) -> Values<'a, T> {
        Values::whole(&self.graph.nodes, &self.places, &self.values, store, &self.sparse)
    }
}

impl<T: Real> Graph<T> {
    /// Bytes of a program for inference ([`Program::inference`]) before it is made.
    pub fn inference_bytes(&self, outputs: &[Id]) -> u64 {
        (by_lifetime(self, outputs).1 * size_of::<T>()) as u64
    }
}
