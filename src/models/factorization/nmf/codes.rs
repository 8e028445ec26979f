//! Codes of samples, of such too that lack values.
//!
//! Where a row lacks values, a part may lie on features that it lacks nearly alone: what little of it the row has
//! would then set its weight by the last digits, and what the row lacks be predicted without bounds. What the
//! training rows have shown of the codes settles that; a row with all its values is encoded without.
//!
//! | loss | noise | codes are taken to be | penalty |
//! |---|---|---|---|
//! | Frobenius | normal of variance s | normal around 0, w_k^2 being m_k in the mean | s / 2 sum_k w_k^2 / m_k |
//! | Kullback-Leibler | counts of dispersion s | exponential of mean m_k | s sum_k w_k / m_k |
//!
//! with s twice the mean loss of the fit. Both are the most probable code (Hoerl & Kennard 1970; of counts Cemgil
//! 2009, whose dispersion need not be that of Poisson's: Wedderburn 1974). Data that the parts explain without
//! error has no such penalty; neither has a fit by batches, which keeps no codes, nor the Itakura-Saito divergence.

use super::Loss;
use super::model::Nmf;
use crate::linalg::{Csr, Features, Matrix};
use crate::solve::{itakura_saito, nnls, scd};

/// The penalties by component; 0 where nothing is known.
pub struct Usual {
    /// s / m_k of squares
    ridge: Vec<f64>,
    /// s / m_k of codes
    rate: Vec<f64>,
}

impl Usual {
    /// Of the codes of the training rows and s.
    pub fn of(w: &Matrix<f64>, noise: f64, loss: Loss) -> Usual {
        let n = w.n_rows() as f64;
        let mean = |k: usize, power: i32| w.col(k).iter().map(|w| w.powi(power)).sum::<f64>() / n;
        // A part that no row has says nothing.
        let over = |top: f64, mean: f64| if mean > f64::MIN_POSITIVE * 1e30 { top / mean } else { 0.0 };
        let of = |is: Loss, power: i32| -> Vec<f64> {
            (0..w.n_cols()).map(|k| if loss == is { over(noise, mean(k, power)) } else { 0.0 }).collect()
        };
        Usual { ridge: of(Loss::Frobenius, 2), rate: of(Loss::KullbackLeibler, 1) }
    }
}

impl Nmf {
    /// Codes of samples: min over w >= 0 of loss(x, w H) + penalties, over the features a sample has.
    pub(super) fn solved(&self, x: &Features) -> Matrix<f64> {
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
            Loss::KullbackLeibler => self.divergence_codes(x, &ht, &ht.col_sums()),
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

    /// The same where values are missing: every sample has Gram matrix or sums of its own features, and its code
    /// the penalty of [`Usual`].
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
                    let (mut code, mut gram) = (sample.matmul(&ht), ht.gram());
                    (0..gram.n_rows()).for_each(|k| gram[(k, k)] += self.usual.ridge[k]);
                    nnls::penalised(&gram, &mut code, self.penalty);
                    code
                }
                Loss::KullbackLeibler => {
                    // sum_k w_k (sum_j h_kj + r_k): the penalty stands beside the sums.
                    let sums = ht.col_sums().into_iter().zip(&self.usual.rate).map(|(sum, rate)| sum + rate);
                    self.divergence_codes(&Features::F64(sample), &ht, &sums.collect::<Vec<f64>>())
                }
                Loss::ItakuraSaito => self.ratio_codes(&Features::F64(sample), &ht),
            };
            z.row_mut(i).copy_from_slice(code.row(0));
        }
        z
    }
}
