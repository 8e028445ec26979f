//! The start of least objective and what it can do.

use super::partition::{self, spread};
use super::run::rows;
use super::views::widths;
use super::{Method, Params, Run, Views, figures};
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::linalg::{Features, Matrix};
use crate::metrics::partition::{adjusted_rand_index, normalized_mutual_information};
use crate::models::{Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Widths, check_width};
use crate::monitor::Env;
use crate::solve::nnls;
use crate::tensors::{Named, TensorView, Tensors, visit_vector};
use diabolo_kernels::parallel::map_chunks;
use diabolo_kernels::reduce::Reduce;

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
    /// The clusters of the training samples by every start.
    starts: Vec<Vec<u32>>,
    /// Which start it is.
    best: usize,
}

impl Joint {
    pub(super) fn of_runs(params: &Params, runs: Vec<Run>, seed: u64) -> Result<Joint> {
        let objectives: Vec<f64> = runs.iter().map(|run| run.objective).collect();
        let starts = map_chunks(runs.len(), 1, |at| partition::of_run(params, &runs[at.start], seed));
        let best = (0..runs.len()).min_by(|&a, &b| objectives[a].total_cmp(&objectives[b]));
        let best = best.ok_or_else(|| Error::parameter("n_init", "0 starts fit nothing"))?;
        let run = runs.into_iter().nth(best).expect("one of the runs");
        let (w, h) = (run.w().clone(), run.ht().transposed());
        let Run { weights, own, .. } = run;
        Ok(Joint { params: params.clone(), w, h, own, weights, objectives, starts, best })
    }

    pub(super) fn load(named: &Named, params: &Params) -> Result<Joint> {
        let (w, h) = (Matrix::load(named, "w")?, Matrix::load(named, "h")?);
        let (weights, objectives) = (named.vector_f64("weights")?, named.vector_f64("objectives")?);
        let n_own = if params.method == Method::Inmf { weights.len() } else { 0 };
        let own: Vec<Matrix<f64>> =
            (0..n_own).map(|v| Matrix::load(named, &format!("own/{v}"))).collect::<Result<_>>()?;
        let parts = if params.split_signs { 2 } else { 1 };
        let n_views = params.views.len().max(1);
        let flat = named.vector_u32("starts")?;
        let n = w.n_rows().max(1);
        let starts: Vec<Vec<u32>> = flat.chunks(n).map(<[u32]>::to_vec).collect();
        let best =
            (0..objectives.len()).min_by(|&a, &b| objectives[a].total_cmp(&objectives[b])).unwrap_or(0);
        let fits = w.n_cols() == h.n_rows()
            && flat.len() == w.n_rows() * objectives.len()
            && !objectives.is_empty()
            && weights.len() == n_views
            && h.n_cols() % parts == 0
            && (params.views.is_empty() || parts * params.views.iter().sum::<usize>() == h.n_cols())
            && own.iter().all(|own| own.shape() == w.shape());
        if !fits {
            return Err(Error::shape("factors and views that agree", "other sizes; fit again"));
        }
        Ok(Joint { params: params.clone(), w, h, own, weights, objectives, starts, best })
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

    /// The clusters of the training samples by the codes of every start, in the order of [`Joint::objectives`].
    pub fn starts(&self) -> &[Vec<u32>] {
        &self.starts
    }

    /// The clusters of the training samples, of the start of least objective.
    pub fn clusters(&self) -> &[u32] {
        &self.starts[self.best]
    }

    /// The component each training sample has most of, every component counted by how much of all views it tells.
    pub fn largest(&self) -> Vec<u32> {
        partition::largest(&self.w, &self.lengths())
    }

    /// `n` groups of the training samples by k-means on their codes, each of length 1, components counted by how much of all
    /// views they tell: what does not depend on how the components are turned.
    pub fn groups(&self, n: usize, seed: u64) -> Vec<u32> {
        partition::grouped(&self.w, &self.lengths(), n, seed)
    }

    /// How much of all views each component tells.
    fn lengths(&self) -> Vec<f64> {
        self.h.rows().map(|row| f64::squared_norm(row).sqrt()).collect()
    }

    /// How each start's clusters agree with known classes: adjusted Rand indices.
    pub(super) fn agreements(&self, classes: &[u32]) -> Vec<f64> {
        self.starts.iter().map(|clusters| adjusted_rand_index(clusters, classes)).collect()
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
        visit_vector(each, "starts", self.starts.concat().as_slice());
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

    /// The relative error of each view by the shared part, how far apart the starts ended and how much their clusters agree;
    /// and of the training data how much clusters tell of known classes: those of the model, of all starts, and of the one
    /// that, knowing the classes, one would choose.
    fn score(&self, x: &Data, env: &Env) -> Result<Metrics> {
        let views = self.views(x.features()?, env)?;
        let (z, ht) = (self.solved(&views), self.h.transposed());
        let mut metrics: Metrics = Vec::new();
        for (v, view) in views.iter().enumerate() {
            let fitted = z.select_rows(&view.present).matmul_nt(&rows(&ht, view.columns.clone()));
            let error = f64::squared_distance(view.x.values(), fitted.values()) / view.squared_norm;
            metrics.push((format!("relative_error_view_{}", v + 1), error.sqrt()));
        }
        let (mean, deviation) = spread(&self.objectives);
        metrics.push(("mean_over_starts".to_owned(), mean));
        metrics.push(("deviation_over_starts".to_owned(), deviation));
        if self.starts.len() > 1 {
            metrics.push(("agreement_between_starts".to_owned(), partition::agreement(&self.starts)));
        }
        if let Some(labels) = x.labels.filter(|labels| labels.class.len() == self.w.n_rows()) {
            metrics.push(("ari".to_owned(), adjusted_rand_index(self.clusters(), &labels.class)));
            metrics.push(("nmi".to_owned(), normalized_mutual_information(self.clusters(), &labels.class)));
            let all = self.agreements(&labels.class);
            let (mean, deviation) = spread(&all);
            metrics.push(("ari_mean_over_starts".to_owned(), mean));
            metrics.push(("ari_deviation_over_starts".to_owned(), deviation));
            metrics.push((
                "ari_of_the_best_by_ari".to_owned(),
                all.into_iter().fold(f64::NEG_INFINITY, f64::max),
            ));
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
