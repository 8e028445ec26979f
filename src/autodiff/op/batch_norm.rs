//! Batch normalisation (Ioffe & Szegedy 2015): every column at mean 0 and variance 1 over the batch.
//!
//! y = scale * (x - mean) / sqrt(variance + eps) + bias, mean and (biased) variance over the rows. Running
//! means of both, with the unbiased variance as PyTorch keeps it, serve evaluation.

use super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id, Values};
use diabolo_kernels::Real;

/// What a batch normalisation reads besides X. Scale and bias are 1 x n and may each be left out.
#[derive(Clone, Copy, Debug)]
pub struct BatchNorm {
    /// gamma
    pub scale: Option<Id>,
    /// beta
    pub bias: Option<Id>,
    /// The running mean, 1 x n, a running state.
    pub mean: Id,
    /// The running variance, 1 x n, a running state.
    pub variance: Id,
    /// Added to the variance.
    pub eps: f64,
    /// The weight of a new batch in the running state.
    pub momentum: f64,
}

/// A normalisation by the batch's own moments, which moves the running ones.
#[derive(Clone, Debug)]
struct Train {
    x: Id,
    norm: BatchNorm,
    y: Id,
    /// 1 / sqrt(variance + eps), and the mean, as rows.
    moments: Id,
}

/// A normalisation by the running moments.
#[derive(Clone, Debug)]
struct Evaluate {
    x: Id,
    norm: BatchNorm,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// Batch normalisation by the batch's moments (`train`) or by the running ones.
    /// # Panics
    /// If the sizes do not agree.
    pub fn batch_norm(&mut self, x: Id, norm: BatchNorm, train: bool) -> Id {
        let [rows, cols] = self.shape(x);
        let others = [Some(norm.mean), Some(norm.variance), norm.scale, norm.bias];
        assert!(others.iter().flatten().all(|&row| self.shape(row) == [1, cols]), "one value a column");
        let y = self.result(rows, cols);
        if train {
            let moments = self.result(2, cols);
            self.record(Train { x, norm, y, moments });
        } else {
            self.record(Evaluate { x, norm, y });
        }
        y
    }
}

impl BatchNorm {
    /// y = scale * normalised + bias, in place.
    fn scale_and_shift<T: Real>(&self, values: &Values<'_, T>, y: &mut [T]) {
        if let Some(scale) = self.scale {
            T::mul_row(y, values.get(scale));
        }
        if let Some(bias) = self.bias {
            T::add_row(y, values.get(bias));
        }
    }

    /// d bias = dy' 1.
    fn bias_back<T: Real>(&self, run: &mut Backward<T>, y: Id) {
        if let Some(bias) = self.bias {
            run.add_scaled(y, bias, |_, dy, db, beta| T::column_sums(dy, beta, db));
        }
    }
}

impl<T: Real> Operation<T> for Train {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.x);
        [self.norm.scale, self.norm.bias].into_iter().flatten().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        [self.y, self.moments].into_iter().for_each(each);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, [y, moments]) = run.results([self.y, self.moments]);
        let [n, cols] = values.shape(self.x);
        let [scale, bias] = [self.norm.scale, self.norm.bias].map(|row| row.map(|row| values.get(row)));
        let eps = T::from_f64(self.norm.eps);
        T::normalise_columns(values.get(self.x), eps, scale, bias, moments, y);

        let momentum = T::from_f64(self.norm.momentum);
        let keep = T::ONE - momentum;
        let (values, running) = run.running(self.norm.mean);
        let mean = &values.get(self.moments)[cols..];
        running.iter_mut().zip(mean).for_each(|(r, &m)| *r = keep * *r + momentum * m);
        let (values, running) = run.running(self.norm.variance);
        let unbiased = T::from_f64(n as f64 / (n.max(2) - 1) as f64);
        for (running, &inverse) in running.iter_mut().zip(&values.get(self.moments)[..cols]) {
            let variance = T::ONE / (inverse * inverse) - eps;
            *running = keep * *running + momentum * unbiased * variance.max(T::ZERO);
        }
    }

    /// With xn the normalised x: d scale = sum(dy xn), dx = scale / sqrt(variance + eps) (dy - mean(dy) - xn mean(dy xn)).
    fn backward(&self, run: &mut Backward<T>) {
        self.norm.bias_back(run, self.y);
        if let Some(scale) = self.norm.scale {
            run.add_scaled(self.y, scale, |values, dy, ds, beta| {
                T::normalised_dots(values.get(self.x), dy, values.get(self.moments), beta, ds);
            });
        }
        run.add(self.y, self.x, |values, dy, dx| {
            let scale = self.norm.scale.map(|scale| values.get(scale));
            T::normalise_columns_back(values.get(self.x), dy, scale, values.get(self.moments), dx);
        });
    }
}

impl<T: Real> Operation<T> for Evaluate {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.x);
        [self.norm.scale, self.norm.bias].into_iter().flatten().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let (x, cols) = (values.get(self.x), values.shape(self.x)[1]);
        let (mean, variance) = (values.get(self.norm.mean), values.get(self.norm.variance));
        let eps = T::from_f64(self.norm.eps);
        for (row, x) in y.chunks_exact_mut(cols.max(1)).zip(x.chunks_exact(cols.max(1))) {
            for (j, (y, &x)) in row.iter_mut().zip(x).enumerate() {
                *y = (x - mean[j]) / (variance[j] + eps).sqrt();
            }
        }
        self.norm.scale_and_shift(&values, y);
    }

    fn backward(&self, run: &mut Backward<T>) {
        let eps = T::from_f64(self.norm.eps);
        self.norm.bias_back(run, self.y);
        if let Some(scale) = self.norm.scale {
            run.add(self.y, scale, |values, dy, ds| {
                ds.fill(T::ZERO);
                let (mean, variance) = (values.get(self.norm.mean), values.get(self.norm.variance));
                let (x, cols) = (values.get(self.x), ds.len().max(1));
                for (dy, x) in dy.chunks_exact(cols).zip(x.chunks_exact(cols)) {
                    for (j, ds) in ds.iter_mut().enumerate() {
                        *ds += dy[j] * (x[j] - mean[j]) / (variance[j] + eps).sqrt();
                    }
                }
            });
        }
        run.add(self.y, self.x, |values, dy, dx| {
            let cols = values.shape(self.x)[1].max(1);
            let variance = values.get(self.norm.variance);
            let scale = self.norm.scale.map(|scale| values.get(scale));
            for (row, dy) in dx.chunks_exact_mut(cols).zip(dy.chunks_exact(cols)) {
                for (j, (dx, &dy)) in row.iter_mut().zip(dy).enumerate() {
                    *dx = dy * scale.map_or(T::ONE, |scale| scale[j]) / (variance[j] + eps).sqrt();
                }
            }
        });
    }
}
