//! Layer normalisation (Ba, Kiros & Hinton 2016): every row at mean 0 and variance 1, then scale and bias.

use super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;

/// y = scale * (x - mean) / sqrt(variance + eps) + bias, mean and (biased) variance of each row.
#[derive(Clone, Debug)]
struct LayerNorm {
    x: Id,
    scale: Id,
    bias: Id,
    eps: f64,
    y: Id,
    normalised: Id,
    /// 1 / sqrt(variance + eps), m x 1
    inverse: Id,
}

impl<T: Real> Graph<T> {
    /// Layer normalisation; `scale` and `bias` 1 x n.
    /// # Panics
    /// If the sizes do not agree.
    pub fn layer_norm(&mut self, x: Id, scale: Id, bias: Id, eps: f64) -> Id {
        let [rows, cols] = self.shape(x);
        assert!(self.shape(scale) == [1, cols] && self.shape(bias) == [1, cols], "one value a column");
        let y = self.result(rows, cols);
        let normalised = self.result(rows, cols);
        let inverse = self.result(rows, 1);
        self.record(LayerNorm { x, scale, bias, eps, y, normalised, inverse });
        y
    }
}

impl<T: Real> Operation<T> for LayerNorm {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        [self.x, self.scale, self.bias].into_iter().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        [self.y, self.normalised, self.inverse].into_iter().for_each(each);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, [y, normalised, inverse]) = run.results([self.y, self.normalised, self.inverse]);
        let (x, cols) = (values.get(self.x), values.shape(self.x)[1].max(1));
        let of_n = T::ONE / T::from_f64(cols as f64);
        let (scale, bias) = (values.get(self.scale), values.get(self.bias));
        let rows = y.chunks_exact_mut(cols).zip(normalised.chunks_exact_mut(cols)).zip(inverse);
        for (((y, xn), inverse), x) in rows.zip(x.chunks_exact(cols)) {
            let mean = T::sum_of(x) * of_n;
            xn.iter_mut().zip(x).for_each(|(xn, &x)| *xn = x - mean);
            *inverse = T::ONE / (T::squared_norm(xn) * of_n + T::from_f64(self.eps)).sqrt();
            T::scale(*inverse, xn);
            T::mul_into(xn, scale, y);
            T::add_in_place(bias, y);
        }
    }

    /// With g = dy * scale: dx = inverse (g - mean(g) - xn mean(g * xn)) by row.
    fn backward(&self, run: &mut Backward<T>) {
        run.add_scaled(self.y, self.bias, |_, dy, db, beta| T::column_sums(dy, beta, db));
        run.add_scaled(self.y, self.scale, |values, dy, ds, beta| {
            T::column_dots(dy, values.get(self.normalised), beta, ds);
        });
        run.add(self.y, self.x, |values, dy, dx| {
            let cols = values.shape(self.x)[1].max(1);
            let (xn, scale) = (values.get(self.normalised), values.get(self.scale));
            let of_n = T::ONE / T::from_f64(cols as f64);
            let rows = dx.chunks_exact_mut(cols).zip(dy.chunks_exact(cols)).zip(xn.chunks_exact(cols));
            for (((dx, dy), xn), &inverse) in rows.zip(values.get(self.inverse)) {
                T::mul_into(dy, scale, dx);
                let (mean, product) = (T::sum_of(dx) * of_n, T::dot(dx, xn) * of_n);
                dx.iter_mut().zip(xn).for_each(|(dx, &xn)| *dx = inverse * (*dx - mean - xn * product));
            }
        });
    }
}
