//! Codes of nodes that a fit has not seen.
//!
//! A node that is joined to fitted ones by edges of weights w_j, with features x, is given the code that the network
//! gives to a fitted node with these edges, the others staying as they are: with d = 1 + sum_j w_j and a_j =
//! w_j / sqrt(d d_j),
//!
//! h = relu(sum_j a_j (X W0)_j + x W0 / d), mu = sum_j a_j (H W1)_j + h W1 / d
//!
//! and likewise with the other encoders. A fitted node's own edges and features give its own code again. Without
//! features a new node has none of its own weights: its edges alone place it.
//!
//! Laplacian eigenmaps satisfy lambda_k z_ik = sum_j w_ij z_jk / d_i for each fitted node; a new one is placed by the
//! same equation (Bengio et al. 2004).

use super::{Encoder, Inputs, Net, Pass, product, project_rows};
use crate::error::{Error, Result};
use crate::linalg::{Csr, Features, Graph, Matrix};
use crate::models::check_no_negative;
use crate::monitor::Env;
use diabolo_kernels::vector::{Arithmetic, Broadcast};

/// Eigenvalues of the random walk below which an axis says nothing of a new node.
const LEAST_EIGENVALUE: f64 = 1e-3;

/// What places new nodes.
#[allow(clippy::large_enum_variant)] // a model has one
pub enum Attach {
    /// A network with what lies on its way to the fitted nodes' codes.
    Network {
        /// The network.
        net: Net<f32>,
        /// X W0 of a gcn.
        first: Option<Matrix<f32>>,
        /// What A^ makes codes of: H W1, X W1 or rows of one length.
        second: Matrix<f32>,
        /// 1 and the weights of each fitted node's edges.
        degrees: Vec<f64>,
        /// Whether nodes have features.
        has_features: bool,
    },
    /// Eigenvectors of the random walk on the graph.
    Eigenvectors {
        /// Their eigenvalues.
        values: Vec<f64>,
    },
}

/// The edges of new nodes to fitted ones, and their features.
struct Rows {
    weights: Csr<f64>,
    features: Option<Features>,
}

impl Rows {
    /// Of rows whose first `n_nodes` columns are weights.
    fn of(x: &Features, n_nodes: usize) -> Result<Rows> {
        check_no_negative(x, 0)?;
        let n_features = x.n_features() - n_nodes;
        let sparse = match x {
            Features::Sparse(x) => x.clone(),
            dense => Csr::from_dense(&dense.to_dense()),
        };
        let part = |from: usize, to: usize| {
            let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
            for i in 0..sparse.n_rows() {
                let (columns, row) = sparse.row(i);
                for (&j, &value) in columns.iter().zip(row) {
                    if (from..to).contains(&(j as usize)) && value != 0.0 {
                        indices.push(j - from as u32);
                        values.push(value);
                    }
                }
                indptr.push(indices.len());
            }
            Csr::new(to - from, indptr, indices, values)
        };
        let features = match n_features {
            0 => None,
            _ => Some(Features::Sparse(part(n_nodes, n_nodes + n_features)?)),
        };
        Ok(Rows { weights: part(0, n_nodes)?, features })
    }
}

impl Attach {
    /// Features of a node, 0 where there are none.
    pub fn n_inputs(&self) -> usize {
        match self {
            Attach::Network { net, has_features: true, .. } => net.n_inputs(),
            _ => 0,
        }
    }

    /// Codes of nodes joined to the fitted ones, whose codes are `codes`; rows are weights, then features.
    /// # Errors
    /// Negative values.
    pub fn attached(&self, codes: &Matrix<f64>, x: &Features) -> Result<Matrix<f64>> {
        let rows = Rows::of(x, codes.n_rows())?;
        match self {
            Attach::Network { net, first, second, degrees, .. } => {
                Ok(by_network(&rows, net, first.as_ref(), second, degrees).cast())
            }
            Attach::Eigenvectors { values } => {
                let mut sums = rows.weights.matmul(codes);
                for i in 0..sums.n_rows() {
                    let degree: f64 = rows.weights.row(i).1.iter().sum();
                    for (z, &value) in sums.row_mut(i).iter_mut().zip(values) {
                        let is_told = degree > 0.0 && value.abs() >= LEAST_EIGENVALUE;
                        *z = if is_told { *z / (degree * value) } else { 0.0 };
                    }
                }
                Ok(sums)
            }
        }
    }

    /// Codes of all nodes of another graph.
    /// # Errors
    /// A graph without the features that the network takes, or with others; [`Error::Limit`].
    pub fn embedded(&self, codes: &Matrix<f64>, graph: &Graph, env: &Env) -> Result<Matrix<f64>> {
        let (n_nodes, n_given) = (codes.n_rows(), graph.features().map_or(0, Features::n_features));
        if n_given != self.n_inputs() {
            let expected = format!("{} features of each node, as the model was fitted with", self.n_inputs());
            return Err(Error::shape(expected, format!("{n_given} (--features FILE)")));
        }
        match self {
            Attach::Network { net, .. } => {
                let inputs = Inputs::of(graph, net.plan.encoder == Encoder::Vgnae, &env.budget)?;
                let n_numbers = Pass::<f32>::numbers_a_node(&net.plan);
                env.budget.charge_array(graph.n_nodes() as u64, 4 * n_numbers, "the layers of all nodes")?;
                let mut pass = Pass::new(&net.plan, graph.n_nodes());
                net.forward(&inputs, &mut pass);
                Ok(pass.mu.cast())
            }
            Attach::Eigenvectors { .. } => {
                // Edges between new nodes tell nothing of where the fitted ones are.
                let known = |(i, j, w): (usize, usize, f64)| (j < n_nodes).then_some((i as u32, j as u32, w));
                let weights = graph.adjacency().entries().filter_map(known).collect();
                let rows = Csr::from_triplets(graph.n_nodes(), n_nodes, weights)?;
                self.attached(codes, &Features::Sparse(rows))
            }
        }
    }
}

/// The network's codes of new nodes.
fn by_network(
    rows: &Rows,
    net: &Net<f32>,
    first: Option<&Matrix<f32>>,
    second: &Matrix<f32>,
    degrees: &[f64],
) -> Matrix<f32> {
    let (m, k) = (rows.weights.n_rows(), net.plan.n_latent);
    let own: Vec<f64> = (0..m).map(|i| 1.0 + rows.weights.row(i).1.iter().sum::<f64>()).collect();
    let mut joined: Csr<f32> = rows.weights.cast();
    let scaled: Vec<f32> =
        rows.weights.entries().map(|(i, j, w)| (w / (own[i] * degrees[j]).sqrt()) as f32).collect();
    joined.values_mut().copy_from_slice(&scaled);
    // The share of a node's own row, 1 / d.
    let shares: Vec<f32> = own.iter().map(|d| (1.0 / d) as f32).collect();
    let by_rows = net.plan.encoder == Encoder::Vgnae;
    let projected = |name: &str| match &rows.features {
        Some(x) => project_rows(x, by_rows, net.matrix(name)),
        None => Matrix::zeros(m, net.matrix(name).cols()),
    };
    let with_own = |of_joined: &Matrix<f32>, mut of_own: Matrix<f32>| {
        f32::mul_column(of_own.values_mut(), &shares);
        let mut sum = joined.matmul(of_joined);
        f32::add_in_place(of_own.values(), sum.values_mut());
        sum
    };
    let before_mu = match (net.plan.encoder, first) {
        (Encoder::Gcn, Some(first)) => {
            let mut hidden = with_own(first, projected("w0"));
            f32::relu_in_place(hidden.values_mut());
            let mut out = Matrix::zeros(m, k);
            product(hidden.view(), net.matrix("w1"), &mut out);
            out
        }
        (Encoder::Vgnae, _) if rows.features.is_some() => {
            let mut own = projected("w1");
            f32::add_row(own.values_mut(), net.matrix("b1").row(0));
            net.scale_rows(&mut own);
            own
        }
        (Encoder::Vgnae, _) => Matrix::zeros(m, k),
        _ => projected("w1"),
    };
    with_own(second, before_mu)
}
