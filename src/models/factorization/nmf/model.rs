//! The fitted factorisation and what it can do.

use super::codes::Usual;
use super::{Loss, Params};
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::linalg::{BLOCK_ROWS, Features, Matrix};
use crate::models::{
    Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Widths, check_width, gallery,
};
use crate::monitor::Env;
use crate::solve::hals::{self, Penalty};
use crate::solve::scd;
use crate::tensors::{TensorView, Tensors, visit_f64};
use diabolo_kernels::reduce::Reduce;

/// X ~ W H.
pub struct Nmf {
    /// Codes of the training samples, n_samples x n_components.
    w: Matrix<f64>,
    /// Parts, n_components x n_features.
    pub(super) h: Matrix<f64>,
    pub(super) loss: Loss,
    /// Twice the mean loss of the fit; 0 where it is not known.
    noise: f64,
    /// Of W: codes of unseen samples are penalised like those of the training samples.
    pub(super) penalty: Penalty,
    /// What is known of the codes of rows that lack values.
    pub(super) usual: Usual,
}

/// The samples x features with at least one of each, no value negative or infinite, and none 0 where the loss
/// takes no zeros; NaN is missing.
/// # Errors
/// [`Error::Shape`] where there is nothing, [`Error::Numerical`] at the first value that is refused.
pub(super) fn observed_features<'a>(x: &Data<'a>, loss: Loss) -> Result<&'a Features> {
    let features = x.features()?;
    let refused = |(i, j): (usize, usize), why: &str| {
        Err(Error::numerical(format!("row {}, column {}", i + 1, j + 1), why))
    };
    if features.first_where(f64::is_nan).is_none() {
        x.non_negative_features()?;
    } else if let Some(place) = features.first_where(|value| value < 0.0 || value.is_infinite()) {
        return refused(
            place,
            "the value is negative or infinite and this model needs counts or other non-negative values; \
             shift the data with --scale minmax",
        );
    }
    if loss != Loss::ItakuraSaito {
        return Ok(features);
    }
    match features.first_zero() {
        Some(place) => refused(
            place,
            "the value is 0, from which the Itakura-Saito divergence is infinite; add a small constant to all \
             values or choose --loss kullback-leibler",
        ),
        None => Ok(features),
    }
}

impl Nmf {
    pub(super) fn new(w: Matrix<f64>, h: Matrix<f64>, noise: f64, params: &Params) -> Nmf {
        let (loss, penalty) = (params.loss, params.penalty_w());
        Nmf { usual: Usual::of(&w, noise, loss), w, h, loss, noise, penalty }
    }

    /// Codes of the training samples, n_samples x n_components; none where they came in batches.
    pub fn w(&self) -> &Matrix<f64> {
        &self.w
    }

    /// The parts, n_components x n_features.
    pub fn h(&self) -> &Matrix<f64> {
        &self.h
    }

    /// (loss, squared error, squared norm, number) over the values of `x` that are not missing.
    fn errors(&self, x: &Features, z: &Matrix<f64>) -> [f64; 4] {
        let ht = self.h.transposed();
        if let Features::Sparse(entries) = x
            && self.loss != Loss::ItakuraSaito
            && x.first_where(f64::is_nan).is_none()
        {
            // Of what a sparse matrix leaves out, ||z H||^2 and sum(z H) know by Gram matrices and sums.
            let norm = x.squared_norm();
            let error = norm - 2.0 * hals::inner(&x.matmul(&ht), z) + hals::inner(&z.gram(), &ht.gram());
            let x_ln_y = f64::x_ln_y(entries.values(), &scd::fitted(entries, z, &ht));
            let loss = match self.loss {
                Loss::Frobenius | Loss::ItakuraSaito => 0.5 * error,
                Loss::KullbackLeibler => scd::divergence(scd::constant(entries), x_ln_y, z, &ht),
            };
            return [loss, error.max(0.0), norm, (x.n_samples() * x.n_features()) as f64];
        }
        let mut total = [0.0; 4];
        let mut row = vec![0.0_f64; x.n_features()];
        for first in (0..x.n_samples()).step_by(BLOCK_ROWS) {
            let rows: Vec<usize> = (first..(first + BLOCK_ROWS).min(x.n_samples())).collect();
            let decoded = z.select_rows(&rows).matmul(&self.h);
            for (&i, decoded) in rows.iter().zip(decoded.rows()) {
                x.row_into(i, &mut row);
                let known = row.iter().zip(decoded).filter(|(x, _)| !x.is_nan());
                let (known, decoded): (Vec<f64>, Vec<f64>) = known.map(|(x, y)| (*x, *y)).unzip();
                total[0] += self.loss.between(&known, &decoded);
                total[1] += Loss::Frobenius.between(&known, &decoded) * 2.0;
                total[2] += known.iter().map(|x| x * x).sum::<f64>();
                total[3] += known.len() as f64;
            }
        }
        total
    }
}

impl Tensors for Nmf {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.w.visit_as("w", each);
        self.h.visit_as("h", each);
        visit_f64(each, "noise", self.noise);
    }
}

impl Widths for Nmf {
    fn n_features(&self) -> usize {
        self.h.n_cols()
    }

    fn n_latent(&self) -> usize {
        self.h.n_rows()
    }
}

impl Encode for Nmf {
    fn codes(&self, x: &Features, _: &Env) -> Result<Latent> {
        // A row's code must not depend on who else is encoded: refuse what the fit refuses.
        observed_features(&Data::rows(x), self.loss)?;
        Ok(Latent::F64(self.solved(x)))
    }
}

impl Decode for Nmf {
    fn lift(&self, z: &Matrix<f64>, _: &Env) -> Result<Matrix<f64>> {
        Ok(z.matmul(&self.h))
    }
}

impl Model for Nmf {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    fn score(&self, x: &Data, _: &Env) -> Result<Metrics> {
        let x = observed_features(x, self.loss)?;
        check_width(x, self.h.n_cols())?;
        let z = self.solved(x);
        let [loss, squared_error, squared_norm, n_known] = self.errors(x, &z);
        let mut metrics: Metrics = vec![
            ("rmse".into(), (squared_error / n_known.max(1.0)).sqrt()),
            ("relative_error".into(), (squared_error / squared_norm.max(f64::MIN_POSITIVE)).sqrt()),
        ];
        if self.loss != Loss::Frobenius {
            metrics.push(("mean_divergence".into(), loss / n_known.max(1.0)));
        }
        Ok(metrics)
    }

    fn figures(&self, x: &Data, env: &Env) -> Result<Vec<Figure>> {
        let caption = "The rows of H. Samples are sums of these parts; nothing is ever subtracted.";
        let mut figures = vec![gallery::parts("Parts", caption, &self.h, x.names)];
        figures.extend(gallery::reconstructions(self, x.features()?, x.names, env)?);
        Ok(figures)
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        let h = Factor { name: "h", rows: Along::Components, cols: Along::Features, values: &self.h };
        let w = Factor { name: "w", rows: Along::Samples, cols: Along::Components, values: &self.w };
        // Fitted by batches there is no W.
        [w, h].into_iter().filter(|factor| factor.values.n_rows() > 0).collect()
    }
}
