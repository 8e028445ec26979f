//! The ranks that were tried, and the one that is the model.

use super::consensus::suggested;
use super::{Codes, Consensus, Loss, Params, figures, visit_ranks};
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::linalg::{Features, Matrix};
use crate::metrics::partition::{adjusted_rand_index, normalized_mutual_information};
use crate::models::{
    Along, Data, Decode, Encode, Factor, Labels, Latent, Metrics, Model, Widths, check_width,
};
use crate::monitor::Env;
use crate::solve::hals::Penalty;
use crate::solve::poisson::sparse;
use crate::solve::{nnls, scd};
use crate::tensors::{TensorView, Tensors};
use diabolo_kernels::reduce::Reduce;

/// X ~ W H at the rank that was chosen or suggested.
pub struct Metagenes {
    loss: Loss,
    codes: Codes,
    ranks: Vec<Consensus>,
    suggested: usize,
    chosen: usize,
    /// The cluster of each sample, from 0, n_samples x 1.
    clusters: Matrix<f64>,
}

impl Metagenes {
    pub(super) fn new(params: &Params, ranks: Vec<Consensus>) -> Result<Metagenes> {
        let cophenetic: Vec<f64> = ranks.iter().map(|rank| rank.cophenetic).collect();
        let suggested = suggested(&cophenetic);
        // Of an interrupted fit the rank that was asked for may be missing: the last one stands for it.
        let asked = ranks.iter().position(|rank| rank.rank == params.n_components);
        let chosen =
            if params.n_components == 0 { suggested } else { asked.unwrap_or(ranks.len().saturating_sub(1)) };
        let Some(rank) = ranks.get(chosen) else {
            return Err(Error::Interrupted {
                how: "no rank was finished; give the same command again".into(),
            });
        };
        let labels: Vec<f64> = rank.labels.iter().map(|&label| f64::from(label)).collect();
        let clusters = Matrix::from_vec(labels.len(), 1, labels);
        Ok(Metagenes { loss: params.loss, codes: params.codes, suggested, chosen, clusters, ranks })
    }

    /// All ranks.
    pub fn ranks(&self) -> &[Consensus] {
        &self.ranks
    }

    /// The rank of the model.
    pub fn chosen(&self) -> &Consensus {
        &self.ranks[self.chosen]
    }

    /// The number of metagenes that the cophenetic correlation suggests.
    pub fn suggested_rank(&self) -> usize {
        self.ranks[self.suggested].rank
    }

    /// What samples are encoded by, k x n_features.
    fn basis(&self) -> &Matrix<f64> {
        match self.codes {
            Codes::Best => &self.chosen().h,
            Codes::Robust => &self.chosen().programs,
        }
    }

    /// min over w >= 0 of the loss between x and w H.
    fn solved(&self, x: &Features) -> Matrix<f64> {
        self.solved_by(x, &self.basis().transposed())
    }

    /// The same by metagenes of some features, n_features x k.
    fn solved_by(&self, x: &Features, ht: &Matrix<f64>) -> Matrix<f64> {
        match self.loss {
            Loss::Frobenius => {
                let mut z = x.matmul(ht);
                nnls::non_negative(&ht.gram(), &mut z);
                z
            }
            Loss::KullbackLeibler => {
                let sums = ht.col_sums();
                // Sum x = sum_k w_k sum_j h_kj at the solution: every part begins with an equal share.
                let share = 1.0 / sums.iter().sum::<f64>().max(f64::MIN_POSITIVE);
                let row_sums = x.row_sums();
                let mut z = Matrix::from_fn(x.n_samples(), ht.n_cols(), |i, _| share * row_sums[i]);
                scd::solve(&mut z, &sparse(x), ht, &sums, Penalty::default());
                z
            }
        }
    }
}

/// Samples that are not of the class most of their cluster are of.
fn n_misassigned(clusters: &[u32], labels: &Labels) -> usize {
    let n_clusters = clusters.iter().max().map_or(0, |&most| most as usize + 1);
    let mut counts = vec![vec![0_usize; labels.classes.len()]; n_clusters];
    clusters.iter().zip(&labels.class).for_each(|(&c, &l)| counts[c as usize][l as usize] += 1);
    clusters.len() - counts.iter().map(|row| row.iter().max().copied().unwrap_or(0)).sum::<usize>()
}

impl Tensors for Metagenes {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_ranks(each, &self.ranks);
    }
}

impl Widths for Metagenes {
    fn n_features(&self) -> usize {
        self.chosen().h.n_cols()
    }

    fn n_latent(&self) -> usize {
        self.chosen().rank
    }
}

impl Encode for Metagenes {
    fn codes(&self, x: &Features, _: &Env) -> Result<Latent> {
        Data::rows(x).non_negative_features()?;
        Ok(Latent::F64(self.solved(x)))
    }

    fn encode_known(&self, x: &Matrix<f64>, known: &[usize]) -> Option<Result<Latent>> {
        let x = Features::from(x.clone());
        let solve = || {
            Data::rows(&x).non_negative_features()?;
            Ok(Latent::F64(self.solved_by(&x, &self.basis().transposed().select_rows(known))))
        };
        Some(solve())
    }
}

impl Decode for Metagenes {
    /// Z H
    fn lift(&self, z: &Matrix<f64>, _: &Env) -> Result<Matrix<f64>> {
        Ok(z.matmul(self.basis()))
    }
}

impl Model for Metagenes {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    fn component_names(&self) -> Option<Vec<String>> {
        Some((1..=self.chosen().rank).map(|k| format!("metagene_{k}")).collect())
    }

    /// How much the runs agree, and how well the metagenes tell data; of the training data, how much its clusters tell
    /// of known classes.
    fn score(&self, x: &Data, _: &Env) -> Result<Metrics> {
        let features = x.non_negative_features()?;
        check_width(features, self.n_features())?;
        let chosen = self.chosen();
        let fitted = self.solved(features).matmul(self.basis());
        let error = f64::squared_distance(features.to_dense().values(), fitted.values());
        let norm = features.squared_norm().max(f64::MIN_POSITIVE);
        let mut metrics: Metrics = [
            ("rank", chosen.rank as f64),
            ("suggested_rank", self.suggested_rank() as f64),
            ("cophenetic", chosen.cophenetic),
            ("dispersion", chosen.dispersion),
            ("silhouette", chosen.silhouette),
            ("relative_error", (error / norm).sqrt()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec();
        if let Some(labels) = x.labels.filter(|labels| labels.class.len() == chosen.labels.len()) {
            metrics.push(("misassigned".to_owned(), n_misassigned(&chosen.labels, labels) as f64));
            metrics.push(("ari".to_owned(), adjusted_rand_index(&chosen.labels, &labels.class)));
            metrics.push(("nmi".to_owned(), normalized_mutual_information(&chosen.labels, &labels.class)));
        }
        Ok(metrics)
    }

    fn figures(&self, x: &Data, _: &Env) -> Result<Vec<Figure>> {
        Ok(figures::all(self, x))
    }

    fn warnings(&self) -> Vec<String> {
        let all = (self.chosen().rank * self.chosen().objectives.len()) as u64;
        let mut warnings = Vec::new();
        if 2 * self.chosen().n_outliers > all {
            warnings.push(format!(
                "{} of {all} metagenes of the runs are like few others: the runs agree on little at this rank.",
                self.chosen().n_outliers
            ));
        }
        warnings
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        let chosen = self.chosen();
        let table = |name, rows, cols, values| Factor { name, rows, cols, values };
        vec![
            table("w", Along::Samples, Along::Components, &chosen.w),
            table("h", Along::Components, Along::Features, &chosen.h),
            table("programs", Along::Components, Along::Features, &chosen.programs),
            table("consensus", Along::Samples, Along::Samples, &chosen.consensus),
            table("clusters", Along::Samples, Along::Value, &self.clusters),
        ]
    }
}
