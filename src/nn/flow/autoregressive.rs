//! Autoregressive steps by masked networks: column i is mapped by what the columns before it say.

use crate::autodiff::op::Degrees;
use crate::autodiff::{Graph, Id, Param, Store};
use crate::nn::Init;
use crate::random::Rng;
use diabolo_kernels::Real;
use diabolo_kernels::flow::{Direction, ScaleLink};
use diabolo_kernels::gemm::Activation;
use std::sync::Arc;

/// A layer with masked weights.
#[derive(Clone, Debug)]
struct Masked {
    w: Param,
    b: Param,
    degrees: Degrees,
}

/// The masked network (MADE, Germain et al. 2015): n_features (+ n_context) -> hidden -> 2 n_features, where what it
/// says of column i depends on the columns before i and on the context alone.
#[derive(Clone, Debug)]
struct Made {
    layers: Vec<Masked>,
    activation: Activation,
    n_features: usize,
}

/// How wide a masked network is.
#[derive(Clone, Copy, Debug)]
pub struct Shape<'a> {
    /// Columns that are mapped.
    pub n_features: usize,
    /// Columns of what all of them are told besides.
    pub n_context: usize,
    /// Widths of the hidden layers.
    pub hidden: &'a [usize],
    /// After them.
    pub activation: Activation,
}

impl Made {
    fn new<T: Real>(store: &mut Store<T>, name: &str, shape: Shape, rng: &mut Rng) -> Self {
        let n = shape.n_features as u32;
        // Inputs have degrees 1, 2, ..., the context 0; hidden units take turns in those that reach an output.
        let least = u32::from(shape.n_context == 0 && n > 1);
        let of_hidden = |width: usize| -> Arc<[u32]> {
            let kinds = (n - least).max(1);
            (0..width as u32).map(|unit| least + unit % kinds).collect()
        };
        let mut of_inputs: Arc<[u32]> = (1..=n).chain(vec![0; shape.n_context]).collect();
        let mut layers = Vec::new();
        for (l, &width) in shape.hidden.iter().enumerate() {
            let degrees = Degrees { of_inputs, of_outputs: of_hidden(width), strict: false };
            of_inputs = degrees.of_outputs.clone();
            layers.push(Masked::new(store, &format!("{name}.{l}"), degrees, rng));
        }
        let of_outputs: Arc<[u32]> = (1..=n).chain(1..=n).collect();
        let degrees = Degrees { of_inputs, of_outputs, strict: true };
        layers.push(Masked::new(store, &format!("{name}.out"), degrees, rng));
        Made { layers, activation: shape.activation, n_features: shape.n_features }
    }

    /// The weights, masked, and biases of all layers.
    fn weights<T: Real>(&self, graph: &mut Graph<T>, store: &Store<T>) -> Vec<[Id; 2]> {
        let mut masked = |layer: &Masked| {
            let w = graph.read(store, layer.w);
            [graph.mask(w, layer.degrees.clone()), graph.read(store, layer.b)]
        };
        self.layers.iter().map(&mut masked).collect()
    }

    /// The last hidden layer.
    fn hidden<T: Real>(&self, graph: &mut Graph<T>, weights: &[[Id; 2]], x: Id) -> Id {
        let hidden = &weights[..weights.len() - 1];
        hidden.iter().fold(x, |h, &[w, b]| graph.linear(h, w, Some(b), self.activation))
    }
}

impl Masked {
    fn new<T: Real>(store: &mut Store<T>, name: &str, degrees: Degrees, rng: &mut Rng) -> Self {
        let (n_in, n_out) = (degrees.of_inputs.len(), degrees.of_outputs.len());
        let (weights, biases) = Init::Lecun.draw(n_in, n_out, rng);
        let w = store.weights(&format!("{name}.weight"), n_in, n_out, weights);
        Masked { w, b: store.vector(&format!("{name}.bias"), biases), degrees }
    }
}

/// z_i = (x_i - t_i) e^-l_i with l_i, t_i of the x before i, all columns at once (MAF: Papamakarios et al. 2017, eq. 4);
/// or of the z before i (IAF: Kingma et al. 2016), column after column. What the one does at once, the inverse of the
/// other does.
#[derive(Clone, Debug)]
pub struct Autoregressive {
    made: Made,
    link: ScaleLink,
    /// The direction in which all columns go at once: x -> z of MAF, z -> x of IAF.
    at_once: Direction,
}

impl Autoregressive {
    /// A step whose network's layers are `NAME.0`, ..., `NAME.out`. `at_once` says which way all columns go together:
    /// `Inverse`, the map y = (x - t) e^-l, for MAF; `Forward` for IAF.
    pub fn new<T: Real>(
        store: &mut Store<T>,
        name: &str,
        shape: Shape,
        link: ScaleLink,
        at_once: Direction,
        rng: &mut Rng,
    ) -> Self {
        Autoregressive { made: Made::new(store, name, shape, rng), link, at_once }
    }

    /// Records x -> z (`is_inverse` false) or z -> x.
    pub fn apply<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        state: Id,
        context: Option<Id>,
        is_inverse: bool,
    ) -> Id {
        // x -> z applies the map y = (x - t) e^-l in either case.
        let direction = if is_inverse { Direction::Forward } else { Direction::Inverse };
        let weights = self.made.weights(graph, store);
        if direction == self.at_once {
            let n = self.made.n_features;
            let x = self.input(graph, state, context);
            let h = self.made.hidden(graph, &weights, x);
            let [w, b] = weights[weights.len() - 1];
            let params = graph.linear(h, w, Some(b), Activation::Identity);
            return graph.affine_coupling(state, params, 0..n, self.link, direction);
        }
        self.one_by_one(graph, &weights, state, context, direction)
    }

    fn input<T: Real>(&self, graph: &mut Graph<T>, state: Id, context: Option<Id>) -> Id {
        let x = graph.columns(state, 0..self.made.n_features);
        context.map_or(x, |context| graph.beside(&[x, context]))
    }

    /// Column after column: the masks see to it that what is said of column i does not depend on those that are not
    /// yet known. Of the last layer only the two outputs of the column are computed.
    fn one_by_one<T: Real>(
        &self,
        graph: &mut Graph<T>,
        weights: &[[Id; 2]],
        mut state: Id,
        context: Option<Id>,
        direction: Direction,
    ) -> Id {
        let n = self.made.n_features;
        for i in 0..n {
            let x = self.input(graph, state, context);
            let h = self.made.hidden(graph, weights, x);
            let [w, b] = weights[weights.len() - 1].map(|all| {
                let (scale, shift) = (graph.columns(all, i..i + 1), graph.columns(all, n + i..n + i + 1));
                graph.beside(&[scale, shift])
            });
            let params = graph.linear(h, w, Some(b), Activation::Identity);
            state = graph.affine_coupling(state, params, i..i + 1, self.link, direction);
        }
        state
    }
}
