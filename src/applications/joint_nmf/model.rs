//! The start of least objective and what it can do.

use super::run::rows;
use super::views::widths;
use super::{Method, Params, Run, Views, figures};
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::linalg::{Features, Matrix};
use crate::metrics::partition::{adjusted_rand_index, normalized_mutual_information};
use crate::models::{Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Widths, check_width};
use crate::monitor::Env;
use crate::solve::lloyd::clusters;
use crate::solve::nnls;
use crate::tensors::{Named, TensorView, Tensors, visit_vector};
use diabolo_kernels::reduce::Reduce;

/// Key of the streams of k-means.
const GROUPS: u64 = u64::MAX;

/// X_v ~ (W + V_v) H_v
pub struct Joint {
    params: Params,
    /// n_samples x k
    w: Matrix<f64>,
    /// k x n_columns, of all views side by side; positive before negative parts of a view where signs are split.
    h: Matrix<f64>,
    /// V_v of all views, n_samples x k each.
    own: Vec<Matrix<f64>>,
    /// The weights of the views in the fit.
    weights: Vec<f64>,
    objectives: Vec<f64>,
}

impl Joint {
    pub(super) fn of_runs(params: &Params, runs: Vec<Run>) -> Result<Joint> {
        let objectives: Vec<f64> = runs.iter().map(|run| run.objective).collect();
        let best = runs.into_iter().min_by(|a, b| a.objective.total_cmp(&b.objective));
        let best = best.ok_or_else(|| Error::parameter("n_init", "0 starts fit nothing"))?;
        let weights = best.weights.clone();
        let (w, h) = (best.w().clone(), best.ht().transposed());
        Ok(Joint { params: params.clone(), w, h, own: best.own, weights, objectives })
    }

    pub(super) fn load(named: &Named, params: &Params) -> Result<Joint> {
        let (w, h) = (Matrix::load(named, "w")?, Matrix::load(named, "h")?);
        let (weights, objectives) = (named.vector_f64("weights")?, named.vector_f64("objectives")?);
        let n_own = if params.method == Method::Inmf { weights.len() } else { 0 };
        let own: Vec<Matrix<f64>> =
            (0..n_own).map(|v| Matrix::load(named, &format!("own/{v}"))).collect::<Result<_>>()?;
        let parts = if params.split_signs { 2 } else { 1 };
        let n_views = params.views.len().max(1);
        let fits = w.n_cols() == h.n_rows()
            && weights.len() == n_views
            && h.n_cols() % parts == 0
            && (params.views.is_empty() || parts * params.views.iter().sum::<usize>() == h.n_cols())
            && own.iter().all(|own| own.shape() == w.shape());
        if !fits {
            return Err(Error::shape("factors and views that agree", "other sizes; fit again"));
        }
        Ok(Joint { params: params.clone(), w, h, own, weights, objectives })
    }

    /// What all views share, n_samples x k.
    pub fn w(&self) -> &Matrix<f64> {
        &self.w
    }

    /// Metafeatures, k x n_columns, of all views side by side.
    pub fn h(&self) -> &Matrix<f64> {
        &self.h
    }

    /// What each view has beside it, n_samples x k; none for the joint factorisation.
    pub fn own(&self) -> &[Matrix<f64>] {
        &self.own
    }

    /// Where the starts ended.
    pub fn objectives(&self) -> &[f64] {
        &self.objectives
    }

    /// The component each training sample has most of, every component counted by how much of all views it tells.
    pub fn clusters(&self) -> Vec<u32> {
        let sums: Vec<f64> = self.h.rows().map(|row| f64::squared_norm(row).sqrt()).collect();
        let largest = |row: &[f64]| {
            let share = |k: usize| row[k] * sums[k];
            (1..row.len()).fold(0, |best, k| if share(k) > share(best) { k } else { best }) as u32
        };
        self.w.rows().map(largest).collect()
    }

    /// `n` groups of the training samples by k-means on their codes, each of length 1, components counted by how much of all
    /// views they tell: what does not depend on how the components are turned.
    pub fn groups(&self, n: usize, seed: u64) -> Vec<u32> {
        let lengths: Vec<f64> = self.h.rows().map(|row| f64::squared_norm(row).sqrt()).collect();
        let mut codes = self.w.clone();
        for i in 0..codes.n_rows() {
            let row = codes.row_mut(i);
            row.iter_mut().zip(&lengths).for_each(|(code, length)| *code *= length);
            let norm = f64::squared_norm(row).sqrt().max(f64::MIN_POSITIVE);
            row.iter_mut().for_each(|code| *code /= norm);
        }
        clusters(&codes, n.clamp(1, codes.n_rows().max(1)), seed, &[GROUPS])
    }

    /// The views of data of the training data's columns, weighed as in the fit.
    fn views(&self, x: &Features, env: &Env) -> Result<Views> {
        check_width(x, self.n_features())?;
        Views::of(x, &Params { weights: self.weights.clone(), ..self.params.clone() }, env)
    }

    /// The shared codes of samples: with H_v fixed, W and the V_v are one non-negative least squares a sample, of
    /// (1 + number of views) k unknowns for iNMF.
    fn solved(&self, views: &Views) -> Matrix<f64> {
        let k = self.w.n_cols();
        let ht = self.h.transposed();
        let mut z = Matrix::zeros(views.n_samples(), k);
        let parts: Vec<(Matrix<f64>, Matrix<f64>)> = views
            .iter()
            .map(|view| {
                let h = rows(&ht, view.columns.clone());
                (view.x.matmul(&h), h.gram())
            })
            .collect();
        for (of_group, samples) in views.groups() {
            let n_own = if self.params.method == Method::Inmf { of_group.len() } else { 0 };
            let order = k * (1 + n_own);
            let mut gram = Matrix::zeros(order, order);
            let mut products = Matrix::zeros(samples.len(), order);
            for (at, &v) in of_group.iter().enumerate() {
                let (theta, (of_view, of_gram)) = (self.weights[v], &parts[v]);
                let view = views.iter().nth(v).expect("a view of the group");
                // Blocks of (w, v_1, ...): G_v for w, w and v, (1 + lambda) G_v for v itself.
                let mut blocks = vec![(0, 0, 1.0)];
                if n_own > 0 {
                    let own = at + 1;
                    blocks.extend([(0, own, 1.0), (own, 0, 1.0), (own, own, 1.0 + self.params.lambda)]);
                }
                for &(r, c, factor) in &blocks {
                    for i in 0..k {
                        for j in 0..k {
                            gram[(r * k + i, c * k + j)] += theta * factor * of_gram[(i, j)];
                        }
                    }
                }
                for (s, sample) in samples.iter().enumerate() {
                    let place = view.present.binary_search(sample).expect("a sample of the view");
                    for j in 0..k {
                        products[(s, j)] += theta * of_view[(place, j)];
                        if n_own > 0 {
                            products[(s, (at + 1) * k + j)] += theta * of_view[(place, j)];
                        }
                    }
                }
            }
            nnls::non_negative(&gram, &mut products);
            for (s, &sample) in samples.iter().enumerate() {
                z.row_mut(sample).copy_from_slice(&products.row(s)[..k]);
            }
        }
        z
    }

    /// Columns of the data from those of the views: positive less negative parts.
    fn joined(&self, columns: &Matrix<f64>) -> Matrix<f64> {
        if !self.params.split_signs {
            return columns.clone();
        }
        let widths = self.widths();
        let mut joined = Matrix::zeros(columns.n_rows(), self.n_features());
        for i in 0..columns.n_rows() {
            let (mut from, mut to) = (0, 0);
            for &width in &widths {
                for j in 0..width {
                    joined[(i, to + j)] = columns[(i, from + j)] - columns[(i, from + width + j)];
                }
                from += 2 * width;
                to += width;
            }
        }
        joined
    }

    /// Columns of each view of the data.
    pub(super) fn widths(&self) -> Vec<usize> {
        widths(self.n_features(), &self.params.views).unwrap_or_else(|_| vec![self.n_features()])
    }
}

impl Tensors for Joint {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.w.visit_as("w", each);
        self.h.visit_as("h", each);
        for (v, own) in self.own.iter().enumerate() {
            own.visit_as(&format!("own/{v}"), each);
        }
        visit_vector(each, "weights", self.weights.as_slice());
        visit_vector(each, "objectives", self.objectives.as_slice());
    }
}

impl Widths for Joint {
    fn n_features(&self) -> usize {
        self.h.n_cols() / if self.params.split_signs { 2 } else { 1 }
    }

    fn n_latent(&self) -> usize {
        self.w.n_cols()
    }
}

impl Encode for Joint {
    fn codes(&self, x: &Features, env: &Env) -> Result<Latent> {
        Ok(Latent::F64(self.solved(&self.views(x, env)?)))
    }
}

impl Decode for Joint {
    /// Z H: what the views share.
    fn lift(&self, z: &Matrix<f64>, _: &Env) -> Result<Matrix<f64>> {
        Ok(self.joined(&z.matmul(&self.h)))
    }
}

impl Model for Joint {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    /// The relative error of each view by the shared part, how far apart the starts ended, and of the training data how
    /// much as many groups of codes tell of known classes.
    fn score(&self, x: &Data, env: &Env) -> Result<Metrics> {
        let views = self.views(x.features()?, env)?;
        let (z, ht) = (self.solved(&views), self.h.transposed());
        let mut metrics: Metrics = Vec::new();
        for (v, view) in views.iter().enumerate() {
            let fitted = z.select_rows(&view.present).matmul_nt(&rows(&ht, view.columns.clone()));
            let error = f64::squared_distance(view.x.values(), fitted.values()) / view.squared_norm;
            metrics.push((format!("relative_error_view_{}", v + 1), error.sqrt()));
        }
        let n = self.objectives.len() as f64;
        let mean = self.objectives.iter().sum::<f64>() / n;
        let variance =
            self.objectives.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0).max(1.0);
        metrics.push(("mean_over_starts".to_owned(), mean));
        metrics.push(("deviation_over_starts".to_owned(), variance.sqrt()));
        if let Some(labels) = x.labels.filter(|labels| labels.class.len() == self.w.n_rows()) {
            let groups = self.groups(labels.classes.len(), env.seed);
            metrics.push(("ari".to_owned(), adjusted_rand_index(&groups, &labels.class)));
            metrics.push(("nmi".to_owned(), normalized_mutual_information(&groups, &labels.class)));
        }
        Ok(metrics)
    }

    fn figures(&self, x: &Data, _: &Env) -> Result<Vec<Figure>> {
        Ok(figures::all(self, x))
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        let mut factors =
            vec![Factor { name: "w", rows: Along::Samples, cols: Along::Components, values: &self.w }];
        if !self.params.split_signs {
            factors.push(Factor {
                name: "h",
                rows: Along::Components,
                cols: Along::Features,
                values: &self.h,
            });
        }
        const NAMES: [&str; 8] = ["v_1", "v_2", "v_3", "v_4", "v_5", "v_6", "v_7", "v_8"];
        for (own, name) in self.own.iter().zip(NAMES) {
            factors.push(Factor { name, rows: Along::Samples, cols: Along::Components, values: own });
        }
        factors
    }
}
