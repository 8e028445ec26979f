//! Likelihoods of counts on the last layer's outputs.

use super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id, Values};
use diabolo_kernels::Real;
use diabolo_kernels::loss::{CountGradients, CountParameters, Counts, DispersionLink, Link};

/// How the last layer's outputs (a, b, p) become the parameters of counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountLinks {
    /// Least and largest e^a; the mean is a row's size factor times it.
    pub mean_range: [f64; 2],
    /// How the dispersion comes from b.
    pub dispersion: DispersionLink,
    /// Least and largest dispersion.
    pub dispersion_range: [f64; 2],
}

/// What is read for a likelihood of counts.
#[derive(Clone, Copy, Debug)]
pub struct CountOutputs {
    /// a, n x n_features: the mean is size factor * e^a.
    pub mean: Id,
    /// b, n x n_features, or 1 x n_features for all rows; without it the counts are Poisson.
    pub dispersion: Option<Id>,
    /// p, n x n_features: the logit of an additional zero; `None` for none.
    pub logit: Option<Id>,
    /// n x 1, an input; 1 if `None`.
    pub size_factors: Option<Id>,
}

/// loss = -scale * sum ln p(x | a, b, p)
#[derive(Clone, Debug)]
struct CountNll {
    counts: Id,
    outputs: CountOutputs,
    links: CountLinks,
    scale: f64,
    loss: Id,
}

impl<T: Real> Graph<T> {
    /// Minus the log likelihood of counts, summed and scaled, 1 x 1: Poisson, negative binomial or zero-inflated, as
    /// `outputs` are given. `counts` n x n_features, dense or a sparse input; no gradient flows to it or to size
    /// factors. Value and gradients are computed in one pass where each output has no other reader.
    /// # Panics
    /// If the sizes do not agree.
    pub fn count_nll(&mut self, counts: Id, outputs: CountOutputs, links: CountLinks, scale: f64) -> Id {
        let [n, n_features] = self.shape(counts);
        assert_eq!(self.shape(outputs.mean), [n, n_features], "a mean a count");
        let fits = |id: Id, one_row: bool| {
            self.shape(id) == [n, n_features] || (one_row && self.shape(id) == [1, n_features])
        };
        assert!(outputs.dispersion.is_none_or(|id| fits(id, true)), "a dispersion a count, or a column");
        assert!(outputs.logit.is_none_or(|id| fits(id, false)), "a logit a count");
        assert!(outputs.size_factors.is_none_or(|id| self.shape(id) == [n, 1]), "a size factor a row");
        // Kernels give a gradient an element: that of one row for all is the sum of its repetitions'.
        let dispersion = outputs.dispersion.map(|id| match self.shape(id) {
            [1, _] if n != 1 => self.repeat(id, n),
            _ => id,
        });
        let outputs = CountOutputs { dispersion, ..outputs };
        let loss = self.result(1, 1);
        self.record(CountNll { counts, outputs, links, scale, loss });
        loss
    }

    /// Minus the log likelihood of every row of counts, n x 1, for what weighs rows against each other; no gradient
    /// flows through it.
    /// # Panics
    /// If the sizes do not agree.
    pub fn count_nll_rows(&mut self, counts: Id, outputs: CountOutputs, links: CountLinks) -> Id {
        let [n, n_features] = self.shape(counts);
        assert_eq!(self.shape(outputs.mean), [n, n_features], "a mean a count");
        let rows = self.result(n, 1);
        self.record(CountRows(CountNll { counts, outputs, links, scale: 1.0, loss: rows }));
        rows
    }
}

/// rows_i = -sum_j ln p(x_ij | a_ij, b_ij, p_ij)
#[derive(Clone, Debug)]
struct CountRows(CountNll);

impl CountNll {
    fn counts<'a, T: Real>(&self, values: &Values<'a, T>) -> Counts<'a, T> {
        match values.sparse(self.counts) {
            Some(rows) => Counts::Sparse(rows.view()),
            None => Counts::Dense(values.get(self.counts)),
        }
    }

    fn parameters<'a, T: Real>(&self, values: &Values<'a, T>) -> CountParameters<'a, T> {
        let range = |range: [f64; 2]| range.map(T::from_f64);
        CountParameters {
            mean: values.get(self.outputs.mean),
            dispersion: self.outputs.dispersion.map(|id| values.get(id)),
            logit: self.outputs.logit.map(|id| values.get(id)),
            link: Link::PreActivation {
                size_factors: self.outputs.size_factors.map(|id| values.get(id)),
                mean_range: range(self.links.mean_range),
                dispersion: self.links.dispersion,
                dispersion_range: range(self.links.dispersion_range),
            },
        }
    }

    fn compute<T: Real>(&self, values: &Values<'_, T>, gradients: CountGradients<'_, T>) -> f64 {
        let n_features = values.shape(self.outputs.mean)[1];
        let scale = T::from_f64(self.scale);
        T::count_nll(self.counts(values), n_features, self.parameters(values), scale, gradients, None)
    }
}

impl<T: Real> Operation<T> for CountRows {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        Operation::<T>::inputs(&self.0, each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.0.loss);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, rows) = run.result(self.0.loss);
        let n_features = values.shape(self.0.outputs.mean)[1];
        let mut sums = vec![0.0; rows.len()];
        let (counts, parameters) = (self.0.counts(&values), self.0.parameters(&values));
        T::count_nll(counts, n_features, parameters, T::ONE, CountGradients::default(), Some(&mut sums));
        rows.iter_mut().zip(sums).for_each(|(row, sum)| *row = T::from_f64(sum));
    }

    fn backward(&self, _: &mut Backward<T>) {}
}

impl<T: Real> Operation<T> for CountNll {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        let CountOutputs { mean, dispersion, logit, size_factors } = self.outputs;
        [Some(self.counts), Some(mean), dispersion, logit, size_factors].into_iter().flatten().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.loss);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let CountOutputs { mean, dispersion, logit, .. } = self.outputs;
        let (values, loss, [of_mean, of_dispersion, of_logit]) =
            run.loss(self.loss, [Some(mean), dispersion, logit]);
        let gradients = CountGradients { mean: of_mean, dispersion: of_dispersion, logit: of_logit };
        loss[0] = T::from_f64(self.scale * self.compute(&values, gradients));
    }

    fn backward(&self, run: &mut Backward<T>) {
        let CountOutputs { mean, dispersion, logit, .. } = self.outputs;
        run.weigh(self.loss, mean, |values, da| {
            self.compute(&values, CountGradients { mean: Some(da), ..CountGradients::default() });
        });
        if let Some(dispersion) = dispersion {
            run.weigh(self.loss, dispersion, |values, db| {
                self.compute(&values, CountGradients { dispersion: Some(db), ..CountGradients::default() });
            });
        }
        if let Some(logit) = logit {
            run.weigh(self.loss, logit, |values, dp| {
                self.compute(&values, CountGradients { logit: Some(dp), ..CountGradients::default() });
            });
        }
    }
}
