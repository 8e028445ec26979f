//! The fitted factorisation and what it can do.

use super::Loss;
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::linalg::{BLOCK_ROWS, Csr, Features, Matrix};
use crate::models::{
    Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Widths, check_width, gallery,
};
use crate::monitor::Env;
use crate::solve::hals::{self, Penalty};
use crate::solve::{itakura_saito, nnls, scd};
use crate::tensors::{TensorView, Tensors};
use diabolo_kernels::reduce::Reduce;

/// X ~ W H.
pub struct Nmf {
    /// Codes of the training samples, n_samples x n_components.
    w: Matrix<f64>,
    /// Parts, n_components x n_features.
    h: Matrix<f64>,
    loss: Loss,
    /// Of W: codes of unseen samples are penalised like those of the training samples.
    penalty: Penalty,
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
    pub(super) fn new(w: Matrix<f64>, h: Matrix<f64>, loss: Loss, penalty: Penalty) -> Nmf {
        Nmf { w, h, loss, penalty }
    }

    /// Codes of the training samples, n_samples x n_components; none where they came in batches.
    pub fn w(&self) -> &Matrix<f64> {
        &self.w
    }

    /// The parts, n_components x n_features.
    pub fn h(&self) -> &Matrix<f64> {
        &self.h
    }

    /// Codes of samples: min over w >= 0 of loss(x, w H) + penalties, over the features a sample has.
    fn solved(&self, x: &Features) -> Matrix<f64> {
        let ht = self.h.transposed();
        if x.first_where(f64::is_nan).is_some() {
            return self.codes_of_incomplete(x, &ht);
        }
        match self.loss {
            Loss::Frobenius => {
                let mut z = x.matmul(&ht);
                nnls::penalised(&ht.gram(), &mut z, self.penalty);
                z
            }
            Loss::KullbackLeibler => self.divergence_codes(x, &ht, &scd::col_sums(&ht)),
            Loss::ItakuraSaito => self.ratio_codes(x, &ht),
        }
    }

    /// Codes by the Itakura-Saito divergence.
    fn ratio_codes(&self, x: &Features, ht: &Matrix<f64>) -> Matrix<f64> {
        // With equal weights u, sum_j x_j / (u sum_k h_kj) = n_features at the best u.
        let sums: Vec<f64> = ht.rows().map(|row| row.iter().sum::<f64>().max(f64::MIN_POSITIVE)).collect();
        let mut row = vec![0.0; ht.n_rows()];
        let mut z = Matrix::zeros(x.n_samples(), ht.n_cols());
        for i in 0..x.n_samples() {
            x.row_into(i, &mut row);
            let level = row.iter().zip(&sums).map(|(x, sum)| x / sum).sum::<f64>() / row.len().max(1) as f64;
            z.row_mut(i).fill(level);
        }
        itakura_saito::solve(&mut z, x, ht, self.penalty);
        z
    }

    /// Codes by the divergence, `sums` being those of the features all samples have.
    fn divergence_codes(&self, x: &Features, ht: &Matrix<f64>, sums: &[f64]) -> Matrix<f64> {
        // Sum x = sum_k w_k sum_j h_kj at the solution: every part begins with an equal share.
        let share = 1.0 / sums.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let row_sums = x.row_sums();
        let mut z = Matrix::from_fn(x.n_samples(), ht.n_cols(), |i, _| share * row_sums[i]);
        match x {
            Features::Sparse(x) => scd::solve(&mut z, x, ht, sums, self.penalty),
            _ => scd::solve(&mut z, &Csr::from_dense(&x.to_dense()), ht, sums, self.penalty),
        }
        z
    }

    /// The same where values are missing: every sample has Gram matrix or sums of its own features.
    fn codes_of_incomplete(&self, x: &Features, ht: &Matrix<f64>) -> Matrix<f64> {
        let mut z = Matrix::zeros(x.n_samples(), ht.n_cols());
        let mut row = vec![0.0_f64; x.n_features()];
        for i in 0..x.n_samples() {
            x.row_into(i, &mut row);
            let known: Vec<usize> = (0..row.len()).filter(|&j| !row[j].is_nan()).collect();
            let values = known.iter().map(|&j| row[j]).collect();
            let sample = Matrix::from_vec(1, known.len(), values);
            let ht = ht.select_rows(&known);
            let code = match self.loss {
                Loss::Frobenius => {
                    let mut code = sample.matmul(&ht);
                    nnls::penalised(&ht.gram(), &mut code, self.penalty);
                    code
                }
                Loss::KullbackLeibler => {
                    self.divergence_codes(&Features::F64(sample), &ht, &scd::col_sums(&ht))
                }
                Loss::ItakuraSaito => self.ratio_codes(&Features::F64(sample), &ht),
            };
            z.row_mut(i).copy_from_slice(code.row(0));
        }
        z
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
