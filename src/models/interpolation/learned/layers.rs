//! Feature maps on a tape, and convolutions by name.

use crate::autodiff::{Graph, Id, Store};
use crate::random::Rng;
use diabolo_kernels::Real;
use diabolo_kernels::conv::Window;
use diabolo_kernels::gemm::Activation;
use diabolo_kernels::warp::Edge;

/// The word of the key of initial values.
const INITIAL: u64 = 0xc0_4e;

/// Feature maps of a batch: a row a pixel, image after image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Map {
    /// The matrix.
    pub id: Id,
    /// Rows and columns of an image.
    pub size: [usize; 2],
    /// Images.
    pub n_images: usize,
}

impl Map {
    /// An input of images, to be filled in.
    pub fn input<T: Real>(graph: &mut Graph<T>, n_images: usize, size: [usize; 2], n_channels: usize) -> Map {
        Map { id: graph.input(n_images * size[0] * size[1], n_channels), size, n_images }
    }

    /// The same pixels with other channels.
    pub fn with(self, id: Id) -> Map {
        Map { id, ..self }
    }

    /// Half the size, means of 2 x 2 pixels.
    pub fn pooled<T: Real>(self, graph: &mut Graph<T>) -> Map {
        let id = graph.mean_pool(self.id, self.size);
        Map { id, size: self.size.map(|side| side / 2), ..self }
    }

    /// `scale` times the same at another size, linear between pixels.
    pub fn resized<T: Real>(self, graph: &mut Graph<T>, to: [usize; 2], scale: f64) -> Map {
        Map { id: graph.resize(self.id, self.size, to, scale), size: to, ..self }
    }

    /// `factor` times as small, by cubic convolution: a constant to gradients.
    pub fn shrunk<T: Real>(self, graph: &mut Graph<T>, factor: usize) -> Map {
        if factor == 1 {
            return self;
        }
        let id = graph.shrink_cubic(self.id, self.size, factor);
        Map { id, size: self.size.map(|side| side / factor), ..self }
    }

    /// Twice the size, each pixel four times.
    pub fn doubled<T: Real>(self, graph: &mut Graph<T>) -> Map {
        Map { id: graph.double(self.id, self.size), size: self.size.map(|side| 2 * side), ..self }
    }

    /// Another map read along `scale` times this flow.
    pub fn lead<T: Real>(self, graph: &mut Graph<T>, x: Map, scale: f64, edge: Edge) -> Map {
        self.with(graph.warp(x.id, self.id, scale, self.size, edge))
    }

    /// Other maps read along `scale` times this flow.
    pub fn lead_all<T: Real>(self, graph: &mut Graph<T>, xs: &[Map], scale: f64, edge: Edge) -> Vec<Map> {
        xs.iter().map(|&x| self.lead(graph, x, scale, edge)).collect()
    }

    /// The channels of several, side by side.
    pub fn beside<T: Real>(graph: &mut Graph<T>, maps: &[Map]) -> Map {
        let ids: Vec<Id> = maps.iter().map(|map| map.id).collect();
        maps[0].with(graph.beside(&ids))
    }

    /// Some channels.
    pub fn channels<T: Real>(self, graph: &mut Graph<T>, range: std::ops::Range<usize>) -> Map {
        self.with(graph.columns(self.id, range))
    }
}

/// Convolutions with biases, by their names in published files: `NAME.weight` (outputs x inputs x rows x columns there)
/// and `NAME.bias`.
#[derive(Clone, Debug, PartialEq)]
pub struct Layers {
    seed: u64,
    /// Names and sides of the windows.
    names: Vec<(String, usize)>,
}

impl Layers {
    /// None yet; initial values are drawn by `seed`.
    pub fn new(seed: u64) -> Layers {
        Layers { seed, names: Vec::new() }
    }

    /// Adds a layer with a square window; weights start normal with a standard deviation, biases 0.
    pub fn add<T: Real>(
        &mut self,
        store: &mut Store<T>,
        name: &str,
        channels: [usize; 2],
        side: usize,
        deviation: f64,
    ) {
        let n = side * side * channels[0] * channels[1];
        let normal = |rng: &mut Rng| (0..n).map(|_| deviation * rng.normal()).collect();
        self.add_drawn(store, name, channels, side, normal);
    }

    /// Adds a layer with a square window; `draw` gives its weights, a row for every place and input, a column for every output.
    pub fn add_drawn<T: Real>(
        &mut self,
        store: &mut Store<T>,
        name: &str,
        channels: [usize; 2],
        side: usize,
        draw: impl FnOnce(&mut Rng) -> Vec<f64>,
    ) {
        let mut rng = Rng::keyed(self.seed, &[INITIAL, self.names.len() as u64]);
        let values = draw(&mut rng).into_iter().map(T::from_f64).collect();
        store.window_weights(&format!("{name}.weight"), [side; 2], channels, false, values);
        store.vector(&format!("{name}.bias"), vec![T::ZERO; channels[1]]);
        self.names.push((name.to_owned(), side));
    }

    /// The side of a layer's square window.
    /// # Panics
    /// If there is no such layer.
    pub fn side(&self, name: &str) -> usize {
        let found = self.names.iter().find(|(own, _)| own == name);
        found.unwrap_or_else(|| panic!("no layer is named {name}")).1
    }

    /// Records f(conv(parts) + b), the channels of the parts side by side.
    pub fn apply<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        name: &str,
        parts: &[Map],
        window: Window,
        activation: Activation,
    ) -> Map {
        let w = graph.read(store, store.named(&format!("{name}.weight")));
        let b = graph.read(store, store.named(&format!("{name}.bias")));
        let ids: Vec<Id> = parts.iter().map(|part| part.id).collect();
        let Map { size, n_images, .. } = parts[0];
        let id = graph.conv(&ids, size, w, Some(b), window, activation);
        Map { id, size: Graph::<T>::conv_size(size, window), n_images }
    }
}

/// The standard deviation of weights that keeps that of activations and of gradients (Glorot & Bengio 2010).
pub fn glorot(side: usize, [n_in, n_out]: [usize; 2]) -> f64 {
    (2.0 / (side * side * (n_in + n_out)) as f64).sqrt()
}

/// The standard deviation of weights that keeps that of activations behind rectifiers (He et al. 2015).
pub fn he(side: usize, [n_in, _]: [usize; 2]) -> f64 {
    (2.0 / (side * side * n_in) as f64).sqrt()
}
