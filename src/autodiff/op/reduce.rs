//! Sums: of everything, of each row, of each column, of weighted numbers.

use super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;

/// Along what is summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Along {
    /// 1 x 1
    All,
    /// m x 1: over the columns of each row
    Rows,
    /// 1 x n: over the rows of each column
    Columns,
}

/// Y = scale * sum of X
#[derive(Clone, Debug)]
struct Sum {
    along: Along,
    scale: f64,
    x: Id,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// The sum of all elements, 1 x 1.
    pub fn sum(&mut self, x: Id) -> Id {
        self.sum_along(Along::All, 1.0, x)
    }

    /// The sum of all elements times `scale`, 1 x 1: 1 / n_samples makes the mean over a batch of sums.
    pub fn scaled_sum(&mut self, x: Id, scale: f64) -> Id {
        self.sum_along(Along::All, scale, x)
    }

    /// The mean of all elements, 1 x 1.
    pub fn mean(&mut self, x: Id) -> Id {
        let [rows, cols] = self.shape(x);
        self.sum_along(Along::All, 1.0 / (rows * cols).max(1) as f64, x)
    }

    /// The sum of every row, m x 1.
    pub fn row_sums(&mut self, x: Id) -> Id {
        self.sum_along(Along::Rows, 1.0, x)
    }

    /// The sum of every column, 1 x n.
    pub fn col_sums(&mut self, x: Id) -> Id {
        self.sum_along(Along::Columns, 1.0, x)
    }

    fn sum_along(&mut self, along: Along, scale: f64, x: Id) -> Id {
        let [rows, cols] = self.shape(x);
        let [rows, cols] = match along {
            Along::All => [1, 1],
            Along::Rows => [rows, 1],
            Along::Columns => [1, cols],
        };
        let y = self.result(rows, cols);
        self.record(Sum { along, scale, x, y });
        y
    }
}

impl<T: Real> Operation<T> for Sum {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.x);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let (x, cols) = (values.get(self.x), values.shape(self.x)[1].max(1));
        match self.along {
            Along::All => y[0] = T::sum_of(x),
            Along::Rows => y.iter_mut().zip(x.chunks_exact(cols)).for_each(|(y, row)| *y = T::sum_of(row)),
            Along::Columns => T::column_sums(x, T::ZERO, y),
        }
        let scale = T::from_f64(self.scale);
        y.iter_mut().for_each(|y| *y = scale * *y);
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.x, |values, dy, dx| {
            let (cols, scale) = (values.shape(self.x)[1].max(1), T::from_f64(self.scale));
            match self.along {
                Along::All => dx.fill(scale * dy[0]),
                Along::Rows => {
                    dx.chunks_exact_mut(cols).zip(dy).for_each(|(row, &dy)| row.fill(scale * dy));
                }
                Along::Columns => {
                    for row in dx.chunks_exact_mut(cols) {
                        row.iter_mut().zip(dy).for_each(|(dx, &dy)| *dx = scale * dy);
                    }
                }
            }
        });
    }
}

/// y = sum_k w_k x_k of numbers, the weights constants or a 1 x K input
#[derive(Clone, Debug)]
struct Total {
    terms: Vec<Id>,
    weights: Option<Id>,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// The sum of 1 x 1 matrices.
    /// # Panics
    /// If one is larger.
    pub fn total(&mut self, terms: &[Id]) -> Id {
        self.weighted(terms, None)
    }

    /// The sum of 1 x 1 matrices, each times its weight in the 1 x K matrix `weights` (which receives no
    /// gradient): an input, so that weights may change from step to step.
    /// # Panics
    /// If the sizes do not agree.
    pub fn weighted_total(&mut self, terms: &[Id], weights: Id) -> Id {
        self.weighted(terms, Some(weights))
    }

    fn weighted(&mut self, terms: &[Id], weights: Option<Id>) -> Id {
        assert!(terms.iter().all(|&term| self.shape(term) == [1, 1]), "terms are numbers");
        assert!(weights.is_none_or(|weights| self.shape(weights) == [1, terms.len()]), "a weight a term");
        let y = self.result(1, 1);
        self.record(Total { terms: terms.to_vec(), weights, y });
        y
    }
}

impl<T: Real> Operation<T> for Total {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        self.terms.iter().copied().chain(self.weights).for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let weight = |k: usize| self.weights.map_or(T::ONE, |weights| values.get(weights)[k]);
        y[0] = self.terms.iter().enumerate().map(|(k, &term)| weight(k) * values.scalar(term)).sum();
    }

    fn backward(&self, run: &mut Backward<T>) {
        for (k, &term) in self.terms.iter().enumerate() {
            run.add(self.y, term, |values, dy, dx| {
                dx[0] = dy[0] * self.weights.map_or(T::ONE, |weights| values.get(weights)[k]);
            });
        }
    }
}
