//! Learnt profiles and what they can do.

use super::state::{scale, select};
use super::{Method, OTHER, Params, Signature, Solver, condition_number, figures};
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::linalg::{BLOCK_ROWS, Features, Matrix};
use crate::models::{
    Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Names, Widths, check_no_negative,
    check_width,
};
use crate::monitor::Env;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_names, visit_vector};

/// Mixtures ~ Z S.
pub struct Deconvolution {
    method: Method,
    types: Vec<String>,
    /// n_types x n_features
    profiles: Matrix<f64>,
    variances: Option<Matrix<f64>>,
    /// Features that fractions are found by, rising.
    markers: Vec<u32>,
    scale_to: f64,
    condition_number: f64,
}

impl Deconvolution {
    pub(super) fn new(
        params: &Params,
        types: Vec<String>,
        profiles: Matrix<f64>,
        variances: Option<Matrix<f64>>,
        markers: Vec<u32>,
        scale_to: f64,
    ) -> Result<Deconvolution> {
        let condition_number = condition_number(&select(&profiles, &markers))?;
        let method = params.method;
        Ok(Deconvolution { method, types, profiles, variances, markers, scale_to, condition_number })
    }

    pub(super) fn load(named: &Named, params: &Params) -> Result<Deconvolution> {
        let (types, profiles) = (named.list_of_names("types")?, Matrix::load(named, "profiles")?);
        let variances = named.contains("variances").then(|| Matrix::load(named, "variances")).transpose()?;
        let markers = named.vector_u32("markers")?;
        let fits = types.len() == profiles.n_rows()
            && variances.as_ref().is_none_or(|table| table.shape() == profiles.shape())
            && markers.iter().all(|&j| (j as usize) < profiles.n_cols());
        if !fits {
            return Err(Error::shape("types, profiles and markers that agree", "other sizes; fit again"));
        }
        Deconvolution::new(params, types, profiles, variances, markers, named.scalar_f64("scale_to")?)
    }

    /// The markers' profiles, the features called by `names`.
    pub fn signature(&self, names: &Names) -> Signature {
        Signature {
            types: self.types.clone(),
            genes: self.markers.iter().map(|&j| names.feature(j as usize)).collect(),
            profiles: select(&self.profiles, &self.markers),
            variances: self.variances.as_ref().map(|table| select(table, &self.markers)),
        }
    }

    /// Features that fractions are found by, rising.
    pub fn markers(&self) -> &[u32] {
        &self.markers
    }

    /// By how much errors of mixtures may be enlarged in fractions.
    pub fn condition_number(&self) -> f64 {
        self.condition_number
    }

    fn solver(&self) -> Result<Solver> {
        let variances = self.variances.as_ref().map(|table| select(table, &self.markers));
        Solver::new(self.method, select(&self.profiles, &self.markers), variances.as_ref())
    }

    /// Fractions with correlations and errors, block by block.
    fn solved(&self, x: &Features) -> Result<(Matrix<f64>, Vec<f64>, Vec<f64>)> {
        let solver = self.solver()?;
        let mut fractions = Matrix::zeros(x.n_samples(), self.n_latent());
        let (mut correlation, mut rmse) = (Vec::new(), Vec::new());
        let mut row = vec![0.0; x.n_features()];
        for first in (0..x.n_samples()).step_by(BLOCK_ROWS) {
            let n_rows = BLOCK_ROWS.min(x.n_samples() - first);
            let mut y = Matrix::zeros(n_rows, self.markers.len());
            for i in 0..n_rows {
                x.row_into(first + i, &mut row);
                scale(&mut row, self.scale_to);
                y.row_mut(i).iter_mut().zip(&self.markers).for_each(|(y, &j)| *y = row[j as usize]);
            }
            let found = solver.weights(&y);
            for (i, w) in found.w.rows().enumerate() {
                let out = fractions.row_mut(first + i);
                out[..w.len()].copy_from_slice(w);
                let sum: f64 = w.iter().sum();
                if let Some(other) = out.get_mut(w.len()) {
                    *other = (1.0 - sum).max(0.0);
                } else if sum > 0.0 {
                    out.iter_mut().for_each(|f| *f /= sum);
                }
            }
            correlation.extend(found.correlation);
            rmse.extend(found.rmse);
        }
        Ok((fractions, correlation, rmse))
    }
}

impl Tensors for Deconvolution {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_names(each, "types", &self.types);
        self.profiles.visit_as("profiles", each);
        if let Some(variances) = &self.variances {
            variances.visit_as("variances", each);
        }
        visit_vector(each, "markers", self.markers.as_slice());
        visit_f64(each, "scale_to", self.scale_to);
    }
}

impl Widths for Deconvolution {
    fn n_features(&self) -> usize {
        self.profiles.n_cols()
    }

    fn n_latent(&self) -> usize {
        self.types.len() + usize::from(self.method == Method::SimplexOther)
    }
}

impl Encode for Deconvolution {
    fn codes(&self, x: &Features, _: &Env) -> Result<Latent> {
        Data::rows(x).finite_features()?;
        check_no_negative(x, 0)?;
        Ok(Latent::F64(self.solved(x)?.0))
    }
}

impl Decode for Deconvolution {
    /// Z S; what is [`OTHER`] has no profile.
    fn lift(&self, z: &Matrix<f64>, _: &Env) -> Result<Matrix<f64>> {
        let of_types = Matrix::from_fn(z.n_rows(), self.types.len(), |i, t| z[(i, t)]);
        Ok(of_types.matmul(&self.profiles))
    }
}

impl Model for Deconvolution {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    fn component_names(&self) -> Option<Vec<String>> {
        let other = (self.method == Method::SimplexOther).then(|| OTHER.to_owned());
        Some(self.types.iter().cloned().chain(other).collect())
    }

    /// The condition number, and how well mixtures of the profiles tell the samples.
    fn score(&self, x: &Data, _: &Env) -> Result<Metrics> {
        let features = x.finite_features()?;
        check_width(features, self.profiles.n_cols())?;
        let (fractions, correlation, rmse) = self.solved(features)?;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        let mut metrics = vec![
            ("condition_number".to_owned(), self.condition_number),
            ("correlation".to_owned(), mean(&correlation)),
            ("rmse".to_owned(), mean(&rmse)),
        ];
        if let Some(labels) = x.labels.filter(|labels| labels.classes == self.types) {
            let own: Vec<f64> =
                labels.class.iter().enumerate().map(|(i, &t)| fractions[(i, t as usize)]).collect();
            metrics.push(("own_type".to_owned(), mean(&own)));
        }
        Ok(metrics)
    }

    fn figures(&self, x: &Data, _: &Env) -> Result<Vec<Figure>> {
        let mut drawn = vec![figures::profiles(&self.signature(x.names))];
        let features = x.finite_features()?;
        let some: Vec<usize> = (0..features.n_samples().min(figures::BARS)).collect();
        let (fractions, ..) = self.solved(&features.select_rows(&some))?;
        let names: Vec<String> = some.iter().map(|&i| x.names.sample(i)).collect();
        drawn.push(figures::composition(
            &fractions,
            &self.component_names().unwrap_or_default(),
            &names,
            x.labels,
        ));
        Ok(drawn)
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        vec![Factor {
            name: "profiles",
            rows: Along::Components,
            cols: Along::Features,
            values: &self.profiles,
        }]
    }
}
