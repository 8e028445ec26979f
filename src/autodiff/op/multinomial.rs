//! The multinomial likelihood of counts on logits.

use super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id, Values};
use diabolo_kernels::Real;
use diabolo_kernels::loss::Counts;

/// loss = -scale * sum_ij x_ij ln softmax(l_i)_j
#[derive(Clone, Debug)]
struct MultinomialNll {
    logits: Id,
    counts: Id,
    scale: f64,
    loss: Id,
}

/// rows_i = -sum_j x_ij ln softmax(l_i)_j
#[derive(Clone, Debug)]
struct MultinomialRows(MultinomialNll);

impl<T: Real> Graph<T> {
    /// Minus the log likelihood of counts or shares x whose logits are l, but for what x alone determines, summed and
    /// scaled, 1 x 1: -scale * sum_ij x_ij ln softmax(l_i)_j. `counts`, as large as the logits, dense or a sparse
    /// input; no gradient flows to it.
    /// # Panics
    /// If the sizes differ.
    pub fn multinomial_nll(&mut self, logits: Id, counts: Id, scale: f64) -> Id {
        assert_eq!(self.shape(logits), self.shape(counts), "a count a logit");
        let loss = self.result(1, 1);
        self.record(MultinomialNll { logits, counts, scale, loss });
        loss
    }

    /// The same of every row, n x 1, for what weighs rows against each other; no gradient flows through it.
    /// # Panics
    /// If the sizes differ.
    pub fn multinomial_nll_rows(&mut self, logits: Id, counts: Id) -> Id {
        assert_eq!(self.shape(logits), self.shape(counts), "a count a logit");
        let [n, _] = self.shape(logits);
        let loss = self.result(n, 1);
        self.record(MultinomialRows(MultinomialNll { logits, counts, scale: 1.0, loss }));
        loss
    }
}

impl MultinomialNll {
    /// The unscaled sum; the gradient, softmax(l) sum_j x_j - x, is scaled.
    fn compute<T: Real>(
        &self,
        values: &Values<'_, T>,
        gradient: Option<&mut [T]>,
        rows: Option<&mut [f64]>,
    ) -> f64 {
        let counts = match values.sparse(self.counts) {
            Some(rows) => Counts::Sparse(rows.view()),
            None => Counts::Dense(values.get(self.counts)),
        };
        let n_cols = values.shape(self.logits)[1];
        T::multinomial_nll(values.get(self.logits), n_cols, counts, T::from_f64(self.scale), gradient, rows)
    }
}

impl<T: Real> Operation<T> for MultinomialNll {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        [self.logits, self.counts].into_iter().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.loss);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, loss, [gradient]) = run.loss(self.loss, [Some(self.logits)]);
        loss[0] = T::from_f64(self.scale * self.compute(&values, gradient, None));
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.weigh(self.loss, self.logits, |values, dl| _ = self.compute(&values, Some(dl), None));
    }
}

impl<T: Real> Operation<T> for MultinomialRows {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        Operation::<T>::inputs(&self.0, each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.0.loss);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, rows) = run.result(self.0.loss);
        let mut sums = vec![0.0; rows.len()];
        self.0.compute(&values, None, Some(&mut sums));
        rows.iter_mut().zip(sums).for_each(|(row, sum)| *row = T::from_f64(sum));
    }

    fn backward(&self, _: &mut Backward<T>) {}
}
