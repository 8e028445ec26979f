//! A fitted embedding of a graph's nodes: what all rooms of this family end in.

use super::{Attach, Encoder, Found, Net, Plan, figures, judged, load_split, visit_split};
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::linalg::{Csr, Features, Graph, Link, LinkSplit, Matrix};
use crate::models::{Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Sample, Widths};
use crate::monitor::Env;
use crate::random::{Rng, fill_normal};
use crate::solve::top_n::top_pairs;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64, visit_vector};
use diabolo_kernels::reduce::Reduce;
use diabolo_kernels::vector::VectorMath;

/// The words of the keys of sampled codes and of their links.
const CODES: u64 = 0x6ae2;
const LINKS: u64 = 0x6ae3;

/// The codes of fitted nodes: what decodes a code into links with each of them.
pub struct Codes(pub Matrix<f64>);

/// A fitted embedding.
pub struct Embedding {
    /// Z, n_nodes x n_latent.
    pub codes: Codes,
    /// Rows whose inner products are logits of links, where these are not the codes.
    pub linked: Option<Matrix<f64>>,
    /// Which links were fitted, and which were held out.
    pub split: LinkSplit,
    /// How much more often a pair is no link than one: what logits are too high by, as its logarithm.
    pub pos_weight: f64,
    /// Whether codes have a prior that new nodes can be drawn from.
    pub samples: bool,
    /// What places new nodes.
    pub attach: Attach,
}

/// A pair of nodes that the fitted graph does not join.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Predicted {
    /// The nodes, the lower one first.
    pub nodes: Link,
    /// sigma(s), as the loss weighs links and others: above 1/2 if the pair is more like a link.
    pub score: f64,
    /// sigma(s - ln w), w = `pos_weight`: as often as pairs are links in the fitted graph.
    pub probability: f64,
}

impl Embedding {
    /// Rows whose inner products are the logits of links.
    pub fn rows(&self) -> &Matrix<f64> {
        self.linked.as_ref().unwrap_or(&self.codes.0)
    }

    /// Number of fitted nodes.
    pub fn n_nodes(&self) -> usize {
        self.codes.0.n_rows()
    }

    /// What the model says of a pair of fitted nodes.
    /// # Errors
    /// [`Error::Shape`] for a node that is not there.
    pub fn predict(&self, (i, j): Link) -> Result<Predicted> {
        let n = self.n_nodes();
        if i.max(j) as usize >= n {
            return Err(Error::shape(format!("pairs of {n} nodes"), format!("one of {i} and {j}")));
        }
        let rows = self.rows();
        Ok(self.predicted((i, j), f64::dot(rows.row(i as usize), rows.row(j as usize))))
    }

    fn predicted(&self, nodes: Link, logit: f64) -> Predicted {
        let sigmoid = |s: f64| 1.0 / (1.0 + (-s).exp());
        let probability = sigmoid(logit - self.pos_weight.max(f64::MIN_POSITIVE).ln());
        Predicted { nodes, score: sigmoid(logit), probability }
    }

    /// The `n` pairs of the highest score that `graph`, of the same nodes, does not join, best first. Pairs are never
    /// all held: memory is O(n) for each block of nodes.
    /// # Errors
    /// [`Error::Shape`] for a graph of other nodes.
    pub fn new_links(&self, graph: &Graph, n: usize) -> Result<Vec<Predicted>> {
        self.check_nodes(graph)?;
        let joined = |i: usize| graph.adjacency().row(i).0;
        let pairs = top_pairs(&self.rows().cast::<f32>(), joined, n);
        Ok(pairs.into_iter().map(|(i, j, s)| self.predicted((i, j), f64::from(s))).collect())
    }

    /// Codes of all nodes of another graph, by the same weights.
    /// # Errors
    /// A graph whose nodes have not the features of the fitted ones.
    pub fn embed(&self, graph: &Graph, env: &Env) -> Result<Matrix<f64>> {
        self.attach.embedded(&self.codes.0, graph, env)
    }

    /// How well test links are told from pairs that are none, if some were held out.
    pub fn test(&self) -> Option<Found> {
        Found::of(self.rows(), &self.split.test, &self.split.test_none)
    }

    fn check_nodes(&self, graph: &Graph) -> Result<()> {
        if graph.n_nodes() == self.n_nodes() {
            return Ok(());
        }
        let expected = format!("a graph of {} nodes, as the model was fitted on", self.n_nodes());
        Err(Error::shape(expected, format!("{}", graph.n_nodes())))
    }

    /// The model of a network's saved arrays.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or of another shape.
    pub fn load_network(plan: &Plan, named: &Named) -> Result<Embedding> {
        let net = Net::load(plan, named)?;
        let matrix = |name: &str| -> Result<Matrix<f32>> {
            let (rows, cols, values) = named.matrix_f32(name)?;
            Ok(Matrix::from_vec(rows, cols, values))
        };
        let first = if plan.encoder == Encoder::Gcn { Some(matrix("first")?) } else { None };
        let attach = Attach::Network {
            first,
            second: matrix("second")?,
            degrees: named.vector_f64("degrees")?,
            has_features: named.scalar_u64("has_features")? == 1,
            net,
        };
        Embedding::load(attach, plan.variational, named)
    }

    /// The model of saved arrays, with what places new nodes.
    /// # Errors
    /// As [`Embedding::load_network`].
    pub fn load(attach: Attach, samples: bool, named: &Named) -> Result<Embedding> {
        let codes = Matrix::load(named, "codes")?;
        let linked = if named.contains("linked") { Some(Matrix::load(named, "linked")?) } else { None };
        let split = load_split(named)?;
        split.check(codes.n_rows())?;
        let n = codes.n_rows();
        let fits = match &attach {
            Attach::Network { first, second, degrees, net, .. } => {
                let is_of_nodes = first.iter().all(|first| first.n_rows() == n) && second.n_rows() == n;
                is_of_nodes && degrees.len() == n && net.plan.n_latent == codes.n_cols()
            }
            Attach::Eigenvectors { values } => values.len() == codes.n_cols(),
        };
        if !fits || linked.as_ref().is_some_and(|linked| linked.n_rows() != n) {
            let expected = format!("arrays of {n} nodes with codes of {}", codes.n_cols());
            return Err(Error::shape(expected, "others; the file is damaged"));
        }
        let pos_weight = named.scalar_f64("pos_weight")?;
        Ok(Embedding { codes: Codes(codes), linked, split, pos_weight, samples, attach })
    }
}

impl Tensors for Embedding {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.codes.0.visit_as("codes", each);
        if let Some(linked) = &self.linked {
            linked.visit_as("linked", each);
        }
        visit_split(&self.split, each);
        visit_f64(each, "pos_weight", self.pos_weight);
        match &self.attach {
            Attach::Network { net, first, second, degrees, has_features } => {
                net.visit(each);
                if let Some(first) = first {
                    first.visit_as("first", each);
                }
                second.visit_as("second", each);
                visit_vector(each, "degrees", degrees.as_slice());
                visit_u64(each, "has_features", u64::from(*has_features));
            }
            Attach::Eigenvectors { values } => visit_vector(each, "eigenvalues", values.as_slice()),
        }
    }
}

impl Widths for Embedding {
    /// Weights of edges to each fitted node, then features.
    fn n_features(&self) -> usize {
        self.n_nodes() + self.attach.n_inputs()
    }

    fn n_latent(&self) -> usize {
        self.codes.0.n_cols()
    }
}

impl Encode for Embedding {
    fn codes(&self, x: &Features, _env: &Env) -> Result<Latent> {
        Ok(Latent::F64(self.attach.attached(&self.codes.0, x)?))
    }
}

impl Widths for Codes {
    fn n_features(&self) -> usize {
        self.0.n_rows()
    }

    fn n_latent(&self) -> usize {
        self.0.n_cols()
    }
}

impl Decode for Codes {
    /// sigma(z Z'): how much like a link each pair with a fitted node is.
    fn lift(&self, z: &Matrix<f64>, _env: &Env) -> Result<Matrix<f64>> {
        let mut links = z.matmul_nt(&self.0);
        f64::sigmoid_in_place(links.values_mut());
        Ok(links)
    }
}

impl Sample for Embedding {
    /// New nodes: codes drawn from the prior, and edges to the fitted nodes drawn by sigma(s - ln w).
    fn sample(&self, n: usize, env: &Env) -> Result<Features> {
        let (n_nodes, k) = (self.n_nodes(), self.codes.0.n_cols());
        env.budget.charge_array(n as u64, 8 * (k + n_nodes) as u64, "new nodes")?;
        let mut z = Matrix::zeros(n, k);
        fill_normal(env.seed, &[CODES], z.values_mut());
        let logits = z.matmul_nt(&self.codes.0);
        let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
        for (i, row) in logits.rows().enumerate() {
            let mut rng = Rng::keyed(env.seed, &[LINKS, i as u64]);
            for (j, &logit) in row.iter().enumerate() {
                if rng.bernoulli(self.predicted((0, 0), logit).probability) {
                    indices.push(j as u32);
                    values.push(1.0);
                }
            }
            indptr.push(indices.len());
        }
        Ok(Features::Sparse(Csr::new(n_nodes, indptr, indices, values)?))
    }
}

impl Model for Embedding {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    /// Where logits are not inner products of codes, a code alone has none.
    fn decoder(&self) -> Option<&dyn Decode> {
        if self.linked.is_none() { Some(&self.codes) } else { None }
    }

    fn sampler(&self) -> Option<&dyn Sample> {
        if self.samples && self.linked.is_none() { Some(self) } else { None }
    }

    fn graph(&self) -> Option<&Embedding> {
        Some(self)
    }

    /// AUC and AP of held-out links; where classes are known, how well clusters and a classifier find them in the codes.
    fn score(&self, x: &Data, env: &Env) -> Result<Metrics> {
        self.check_nodes(x.graph()?.as_ref())?;
        let mut metrics = Metrics::new();
        let mut put = |name: &str, value: f64| metrics.push((name.to_owned(), value));
        if let Some(found) = self.test() {
            put("test_auc", found.auc());
            put("test_ap", found.ap());
        }
        if let Some(found) = Found::of(self.rows(), &self.split.validation, &self.split.validation_none) {
            put("validation_auc", found.auc());
            put("validation_ap", found.ap());
        }
        if let Some(labels) = x.labels {
            for (name, value) in judged::by_labels(&self.codes.0, labels, env) {
                put(name, value);
            }
        }
        Ok(metrics)
    }

    fn figures(&self, x: &Data, env: &Env) -> Result<Vec<Figure>> {
        self.check_nodes(x.graph()?.as_ref())?;
        figures::all(self, x, env)
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        vec![Factor { name: "z", rows: Along::Samples, cols: Along::Components, values: &self.codes.0 }]
    }
}
