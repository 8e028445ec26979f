//! Features of VGG19 (Simonyan & Zisserman 2015), by which frames are compared as people do.
//!
//! The weights are the user's, under torchvision's names (`features.0.weight`, ...); pixels are normalised as they
//! expect. Pools are means (Gatys et al. 2016), and layers are weighed as Chen & Koltun 2017 do.

use super::{Map, Terms, mean_absolute};
use crate::autodiff::{Graph, Id, Param, Store};
use crate::error::Result;
use crate::tensors::Named;
use diabolo_kernels::conv::Window;
use diabolo_kernels::gemm::Activation;

/// Convolutions by their numbers in torchvision, with their channels; a pool stands before those whose third is true.
const LAYERS: [(usize, usize, bool); 14] = [
    (0, 64, false),
    (2, 64, false),
    (5, 128, true),
    (7, 128, false),
    (10, 256, true),
    (12, 256, false),
    (14, 256, false),
    (16, 256, false),
    (19, 512, true),
    (21, 512, false),
    (23, 512, false),
    (25, 512, false),
    (28, 512, true),
    (30, 512, false),
];

/// The layers that are compared (conv1_2, 2_2, 3_2, 4_2, 5_2), with their weights.
const COMPARED: [(usize, f64); 5] =
    [(2, 1.0 / 2.6), (7, 1.0 / 4.8), (12, 1.0 / 3.7), (21, 1.0 / 5.6), (30, 10.0 / 1.5)];

/// Means and deviations of the colours of ImageNet, 0 to 1.
const MEANS: [f64; 3] = [0.485, 0.456, 0.406];
const DEVIATIONS: [f64; 3] = [0.229, 0.224, 0.225];

/// The network: places of weights in a store, behind those of the network that is trained.
#[derive(Clone, Debug)]
pub struct Vgg {
    layers: Vec<(usize, Param, Param)>,
    /// 1 / deviation and -mean / deviation of each colour, as rows.
    colours: [Param; 2],
}

/// The weights of the two losses; 0 leaves one out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Perceived {
    /// Of the differences of features.
    pub features: f64,
    /// Of those of their products (Gram matrices), which tell texture.
    pub style: f64,
}

impl Vgg {
    /// Adds the weights of a file to a store.
    /// # Errors
    /// [`crate::Error::Shape`] where one is missing or of another shape.
    pub fn new(store: &mut Store<f32>, named: &Named) -> Result<Vgg> {
        let mut own = Store::default();
        let mut n_in = 3;
        for (number, n_out, _) in LAYERS {
            let values = vec![0.0; 9 * n_in * n_out];
            own.window_weights(&format!("features.{number}.weight"), [3; 2], [n_in, n_out], false, values);
            own.vector(&format!("features.{number}.bias"), vec![0.0; n_out]);
            n_in = n_out;
        }
        own.load(named)?;
        let mut layers = Vec::new();
        let mut n_in = 3;
        for (number, n_out, _) in LAYERS {
            let [weight, bias] =
                ["weight", "bias"].map(|kind| own.named(&format!("features.{number}.{kind}")));
            let w = store.window_weights(
                &format!("vgg.{number}.weight"),
                [3; 2],
                [n_in, n_out],
                false,
                own.get(weight).to_vec(),
            );
            layers.push((number, w, store.vector(&format!("vgg.{number}.bias"), own.get(bias).to_vec())));
            n_in = n_out;
        }
        let unit = DEVIATIONS.map(|d| (1.0 / d) as f32).to_vec();
        let shift = [0, 1, 2].map(|c| (-MEANS[c] / DEVIATIONS[c]) as f32).to_vec();
        let colours = [store.vector("vgg.unit", unit), store.vector("vgg.shift", shift)];
        Ok(Vgg { layers, colours })
    }

    /// Whether a name is one of the weights that stand in a store for comparison only.
    pub fn is_own(name: &str) -> bool {
        name.starts_with("vgg.")
    }

    /// The features of frames (0 to 1) that are compared.
    fn features(&self, graph: &mut Graph<f32>, store: &Store<f32>, frame: Map) -> Vec<Map> {
        let [unit, shift] = self.colours.map(|param| graph.read(store, param));
        let scaled = graph.mul(frame.id, unit);
        let mut x = frame.with(graph.add(scaled, shift));
        let mut compared = Vec::new();
        for (&(number, w, b), (_, _, is_pooled)) in self.layers.iter().zip(LAYERS) {
            if is_pooled {
                x = x.pooled(graph);
            }
            let (w, b) = (graph.read(store, w), graph.read(store, b));
            let window = Window::same([3; 2]);
            x = x.with(graph.conv(&[x.id], x.size, w, Some(b), window, Activation::Relu));
            if COMPARED.iter().any(|compared| compared.0 == number) {
                compared.push(x);
            }
        }
        compared
    }

    /// Records the losses of `made` beside `truth`: means over layers' elements, weighed; each by its name and weight.
    pub fn losses(
        &self,
        graph: &mut Graph<f32>,
        store: &Store<f32>,
        [made, truth]: [Map; 2],
        weights: Perceived,
    ) -> (Id, Terms) {
        let (made, truth) = (self.features(graph, store, made), self.features(graph, store, truth));
        let (mut features, mut style) = (Vec::new(), Vec::new());
        for ((made, truth), (_, weight)) in made.into_iter().zip(truth).zip(COMPARED) {
            let distance = mean_absolute(graph, made, truth);
            features.push(graph.affine(distance, weight, 0.0));
            if weights.style > 0.0 {
                let distance = gram_distance(graph, made, truth);
                style.push(graph.affine(distance, weight, 0.0));
            }
        }
        let (mut total, mut terms) = (Vec::new(), Terms::new());
        for (name, parts, weight) in
            [("features", features, weights.features), ("style", style, weights.style)]
        {
            if weight > 0.0 {
                let sum = graph.total(&parts);
                total.push(graph.affine(sum, weight, 0.0));
                terms.push((name, sum));
            }
        }
        (graph.total(&total), terms)
    }
}

/// The mean squared difference of F'F / pixels, image by image.
fn gram_distance(graph: &mut Graph<f32>, made: Map, truth: Map) -> Id {
    let n = made.size[0] * made.size[1];
    let images: Vec<Id> = (0..made.n_images)
        .map(|image| {
            let [a, b] = [made, truth].map(|map| {
                let own = graph.rows(map.id, image * n..(image + 1) * n);
                let product = graph.matmul_tn(own, own);
                graph.affine(product, 1.0 / n as f64, 0.0)
            });
            let difference = graph.sub(a, b);
            let squares = graph.square(difference);
            graph.mean(squares)
        })
        .collect();
    let sum = graph.total(&images);
    graph.affine(sum, 1.0 / images.len() as f64, 0.0)
}
