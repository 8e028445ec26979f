//! Stacks of convolutions between a row and a square picture of one channel: from a side to a quarter of it and back.

use super::{Conv, Dense, Init, Norm};
use crate::autodiff::{Graph, Id, Store};
use crate::random::Rng;
use diabolo_kernels::Real;
use diabolo_kernels::conv::Window;
use diabolo_kernels::gemm::Activation;

/// What halves a picture, and what doubles it: every pixel that is made sees as many others.
const HALVING: Window =
    Window { kernel: [4, 4], stride: 2, padding: [1; 4], kind: diabolo_kernels::conv::Kind::Plain };
const DOUBLING: Window = Window { kind: diabolo_kernels::conv::Kind::Transposed, ..HALVING };

/// The shape of a stack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pictures {
    /// The side of the pictures, a multiple of 4.
    pub side: usize,
    /// Channels at half the side; twice as many at a quarter.
    pub channels: usize,
    /// After every layer.
    pub activation: Activation,
    /// (eps, momentum) of a batch normalisation before every activation but the one next to the picture.
    pub norm: Option<(f64, f64)>,
    /// How weights start.
    pub init: Init,
}

impl Pictures {
    /// Numbers of a row at a quarter of the side.
    pub fn n_inner(&self) -> usize {
        self.side / 4 * (self.side / 4) * 2 * self.channels
    }

    /// Bytes of f32 of the values of one picture in training, with their gradients, in one direction.
    pub fn value_bytes(&self) -> u64 {
        let (half, quarter) = (self.side * self.side / 4 * self.channels, self.n_inner());
        // Sums, normalised and activated, of each.
        2 * 4 * (3 * (half + quarter) + self.side * self.side) as u64
    }

    /// Parameters of one direction beside what joins it to rows.
    pub fn n_parameters(&self) -> u64 {
        (16 * self.channels * (2 * self.channels + 1) + 5 * self.channels) as u64
    }
}

/// A picture, a row of pixels, to a row of numbers: two convolutions of stride 2 (Radford et al. 2016).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FromPictures {
    shape: Pictures,
    outer: Conv,
    inner: Conv,
    norm: Option<Norm>,
}

impl FromPictures {
    /// Layers `NAME.0` and `NAME.1` (and `NAME.1.norm`).
    pub fn new<T: Real>(store: &mut Store<T>, name: &str, shape: Pictures, rng: &mut Rng) -> Self {
        let Pictures { channels, init, .. } = shape;
        let outer = Conv::new(store, &format!("{name}.0"), HALVING, [1, channels], init, rng);
        let inner = Conv::new(store, &format!("{name}.1"), HALVING, [channels, 2 * channels], init, rng);
        let norm = shape
            .norm
            .map(|(eps, momentum)| Norm::new(store, &format!("{name}.1.norm"), 2 * channels, eps, momentum));
        FromPictures { shape, outer, inner, norm }
    }

    /// Records it: [`Pictures::n_inner`] numbers a row. In training, masks of dropout after each layer, where
    /// `masks` are asked for, are inputs that are added to them.
    /// # Panics
    /// If X is of another width.
    pub fn apply<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        x: Id,
        train: bool,
        mut masks: Option<&mut Vec<Id>>,
    ) -> Id {
        let [n, side] = [graph.shape(x)[0], self.shape.side];
        let mut dropped = |graph: &mut Graph<T>, h: Id| {
            let Some(masks) = &mut masks else { return h };
            let [rows, cols] = graph.shape(h);
            let mask = graph.input(rows, cols);
            masks.push(mask);
            graph.dropout(h, mask)
        };
        let pixels = graph.reshape(x, n * side * side);
        let (half, size) = self.outer.apply(graph, store, &[pixels], [side, side], self.shape.activation);
        let half = dropped(graph, half);
        let quarter = match &self.norm {
            None => self.inner.apply(graph, store, &[half], size, self.shape.activation).0,
            Some(norm) => {
                let (sums, _) = self.inner.apply(graph, store, &[half], size, Activation::Identity);
                let normalised = norm.apply(graph, store, sums, train);
                graph.activation(self.shape.activation, normalised)
            }
        };
        let quarter = dropped(graph, quarter);
        graph.reshape(quarter, n)
    }
}

/// A row of numbers to a picture at half the side: a linear layer and a transposed convolution of stride 2. What makes
/// the last step, to one channel, is its user's: [`ToPictures::last`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ToPictures {
    shape: Pictures,
    dense: Dense,
    inner: Conv,
    norms: Option<[Norm; 2]>,
}

impl ToPictures {
    /// Layers `NAME.0` and `NAME.1` (and `NAME.0.norm`, `NAME.1.norm`) for rows of `n_in` numbers.
    pub fn new<T: Real>(
        store: &mut Store<T>,
        name: &str,
        n_in: usize,
        shape: Pictures,
        rng: &mut Rng,
    ) -> Self {
        let Pictures { channels, init, .. } = shape;
        let dense = Dense::new(store, &format!("{name}.0"), n_in, shape.n_inner(), init, rng);
        let inner = Conv::new(store, &format!("{name}.1"), DOUBLING, [2 * channels, channels], init, rng);
        let norms = shape.norm.map(|(eps, momentum)| {
            [(0, 2 * channels), (1, channels)]
                .map(|(l, n)| Norm::new(store, &format!("{name}.{l}.norm"), n, eps, momentum))
        });
        ToPictures { shape, dense, inner, norms }
    }

    /// Records it: a row a pixel at half the side, a column a channel.
    pub fn apply<T: Real>(&self, graph: &mut Graph<T>, store: &Store<T>, z: Id, train: bool) -> Id {
        let (n, side) = (graph.shape(z)[0], self.shape.side / 4);
        let activation = self.shape.activation;
        let Some([first, second]) = &self.norms else {
            let row = self.dense.apply(graph, store, z, activation);
            let quarter = graph.reshape(row, n * side * side);
            return self.inner.apply(graph, store, &[quarter], [side, side], activation).0;
        };
        let row = self.dense.apply(graph, store, z, Activation::Identity);
        let quarter = graph.reshape(row, n * side * side);
        let normalised = first.apply(graph, store, quarter, train);
        let quarter = graph.activation(activation, normalised);
        let (half, _) = self.inner.apply(graph, store, &[quarter], [side, side], Activation::Identity);
        let normalised = second.apply(graph, store, half, train);
        graph.activation(activation, normalised)
    }

    /// The window of the last step, and the channels and the size that it reads.
    pub fn last(shape: &Pictures) -> (Window, (usize, [usize; 2])) {
        (DOUBLING, (shape.channels, [shape.side / 2; 2]))
    }
}
