//! A graph and its nodes' features as networks take them.

use crate::error::Result;
use crate::linalg::{Csr, Features, Graph, Matrix};
use crate::monitor::Budget;
use diabolo_kernels::gemm::Epilogue;
use diabolo_kernels::{MatMut, MatRef, Real};

/// A^ and X in the precision of a network.
///
/// Products are taken as A^ (X W): for sparse X, A^ X has many more entries than both together (on Cora some 190,000
/// against 61,000), and for dense X the product with A^ is the small one.
pub struct Inputs<T> {
    a_hat: Csr<T>,
    x: NodeFeatures<T>,
}

enum NodeFeatures<T> {
    /// X = I
    None,
    Sparse {
        x: Csr<T>,
        transposed: Csr<T>,
    },
    Dense(Matrix<T>),
}

/// Features of all nodes in the precision of a network, rows scaled to sum to 1 where `by_rows` says so.
fn features_of<T: Real>(features: Option<&Features>, by_rows: bool) -> NodeFeatures<T> {
    let Some(features) = features else { return NodeFeatures::None };
    let share = |sum: T| if sum == T::ZERO { T::ONE } else { T::ONE / sum };
    match features {
        Features::Sparse(x) => {
            let mut x: Csr<T> = x.cast();
            if by_rows {
                let factors: Vec<T> = T::row_sums(x.view()).into_iter().map(share).collect();
                let mut values = x.values().to_vec();
                T::scale_rows(x.view().pattern(), &factors, &mut values);
                x.values_mut().copy_from_slice(&values);
            }
            NodeFeatures::Sparse { transposed: x.transposed(), x }
        }
        dense => {
            let mut x: Matrix<T> = dense.dense_rows(0, dense.n_samples());
            if by_rows {
                for i in 0..x.n_rows() {
                    let row = x.row_mut(i);
                    let factor = share(T::sum_of(row));
                    row.iter_mut().for_each(|value| *value *= factor);
                }
            }
            NodeFeatures::Dense(x)
        }
    }
}

impl<T: Real> Inputs<T> {
    /// What a network takes of a graph; `by_rows` scales the features of each node to sum to 1.
    /// # Errors
    /// [`crate::Error::Limit`].
    pub fn of(graph: &Graph, by_rows: bool, budget: &Budget) -> Result<Inputs<T>> {
        let (entries, size) = ((graph.adjacency().nnz() + graph.n_nodes()) as u64, size_of::<T>() as u64);
        budget.charge_array(entries, 4 + size, "the normalised adjacency matrix")?;
        let bytes = graph.features().map_or(0, |x| {
            if x.is_sparse() { x.n_stored() as u64 * 2 * (4 + size) } else { x.n_stored() as u64 * size }
        });
        budget.charge(bytes, "the features of the nodes")?;
        Ok(Inputs { a_hat: graph.normalised(), x: features_of(graph.features(), by_rows) })
    }

    /// Number of nodes.
    pub fn n_nodes(&self) -> usize {
        self.a_hat.n_rows()
    }

    /// out = `alpha` A^ M
    pub fn propagate(&self, alpha: f64, m: &Matrix<T>, out: &mut Matrix<T>) {
        T::spmm(T::from_f64(alpha), self.a_hat.view(), m.view(), T::ZERO, out.view_mut());
    }

    /// out = X W; where there are no features, W itself, of whose rows nodes beyond the last have none.
    pub fn project(&self, w: MatRef<T>, out: &mut Matrix<T>) {
        project(&self.x, w, out);
    }

    /// dW = X' G
    pub fn project_back(&self, g: &Matrix<T>, dw: MatMut<T>) {
        match &self.x {
            NodeFeatures::None => {
                let mut dw = dw;
                for i in 0..g.n_rows() {
                    dw.row_mut(i).copy_from_slice(g.row(i));
                }
            }
            NodeFeatures::Sparse { transposed, .. } => {
                T::spmm(T::ONE, transposed.view(), g.view(), T::ZERO, dw);
            }
            NodeFeatures::Dense(x) => {
                T::gemm(T::ONE, x.view().t(), g.view(), T::ZERO, dw, Epilogue::default());
            }
        }
    }
}

fn project<T: Real>(x: &NodeFeatures<T>, w: MatRef<T>, out: &mut Matrix<T>) {
    match x {
        NodeFeatures::None => {
            for i in 0..out.n_rows() {
                let row = out.row_mut(i);
                if i < w.rows() { row.copy_from_slice(w.row(i)) } else { row.fill(T::ZERO) }
            }
        }
        NodeFeatures::Sparse { x, .. } => T::spmm(T::ONE, x.view(), w, T::ZERO, out.view_mut()),
        NodeFeatures::Dense(x) => {
            T::gemm(T::ONE, x.view(), w, T::ZERO, out.view_mut(), Epilogue::default());
        }
    }
}

/// X W of some rows of features, as [`Inputs::project`] of all.
pub fn project_rows<T: Real>(features: &Features, by_rows: bool, w: MatRef<T>) -> Matrix<T> {
    let mut out = Matrix::zeros(features.n_samples(), w.cols());
    project(&features_of(Some(features), by_rows), w, &mut out);
    out
}
