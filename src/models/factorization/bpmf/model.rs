//! The posterior and what it can do.

use super::Params;
use super::posterior::{Draw, Moments, load_draws, visit_draws};
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::linalg::{Features, Matrix};
use crate::metrics::chain::split_r_hat;
use crate::metrics::interval::coverage;
use crate::models::{
    Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Recommend, Sample, Widths, bilinear,
    check_columns,
};
use crate::monitor::{Budget, Env};
use crate::random::Rng;
use crate::solve::normal_wishart::add_transposed_upper;
use crate::solve::observed::{Observed, root_mean_square};
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64, visit_vector};
use diabolo_kernels::gemm::{Epilogue, Gemm};
use diabolo_kernels::small::Small;

/// R^ of the noise above which the user is warned (Gelman et al. 2013, section 11.4).
const LARGEST_R_HAT: f64 = 1.1;

/// What a chain has found.
pub struct Fitted {
    /// What every prediction starts from.
    pub mean: f64,
    /// Rows of the training data.
    pub n_rows: usize,
    /// Entries it was fitted to.
    pub n_observed: usize,
    /// Sweeps that counted.
    pub n_counted: u64,
    /// Those that were kept, one or more.
    pub draws: Vec<Draw>,
    /// The entries that were held out, at their places in the training data; empty if there are none.
    pub held_out: Observed,
    /// The moments of their predictions over all sweeps that counted.
    pub moments: Moments,
    /// The standard deviation of the noise after every sweep.
    pub noise: Vec<f64>,
}

/// The posterior of R ~ mean + b + c + U V, as draws.
pub struct Bpmf {
    pub(super) fitted: Fitted,
    pub(super) params: Params,
    tables: [Matrix<f64>; 2],
}

impl Bpmf {
    pub(super) fn new(fitted: Fitted, params: Params) -> Result<Bpmf> {
        let is_finite = |draw: &Draw| draw.facing.is_finite() && draw.alpha.is_finite();
        if !fitted.draws.iter().all(is_finite) {
            return Err(Error::numerical(
                "the draws",
                "they are not finite; look for extreme values in the data",
            ));
        }
        let none = Matrix::zeros(0, 1);
        let mut model = Bpmf { fitted, params, tables: [none.clone(), none] };
        model.tables = model.of_nobody()?;
        Ok(model)
    }

    pub(super) fn load(named: &Named, params: Params) -> Result<Bpmf> {
        let draws = load_draws(named)?;
        let Some(draw) = draws.first() else {
            return Err(Error::shape("one draw or more", "none; fit again"));
        };
        let expected = params.n_components + usize::from(params.biases);
        check_columns(draw.prior.mean.len(), expected, "coordinates of a draw")?;
        check_columns(draw.facing.n_cols(), expected + usize::from(params.biases), "columns of a draw")?;
        let held_out = Observed::load(named, "held_out", draw.facing.n_rows())?;
        let fitted = Fitted {
            mean: named.scalar_f64("mean")?,
            n_rows: named.scalar_u64("n_rows")? as usize,
            n_observed: named.scalar_u64("n_observed")? as usize,
            n_counted: named.scalar_u64("n_counted")?,
            moments: Moments::load(&named.under("moments/"), held_out.len())?,
            draws,
            held_out,
            noise: named.vector_f64("noise")?,
        };
        Bpmf::new(fitted, params)
    }

    /// Draws that predictions average over.
    pub fn n_draws(&self) -> usize {
        self.fitted.draws.len()
    }

    /// The standard deviation of the noise after every sweep, burn-in first.
    pub fn noise_trace(&self) -> &[f64] {
        &self.fitted.noise
    }

    /// The posterior mean of the standard deviation of the noise.
    pub fn noise(&self) -> f64 {
        let counted = self.counted_noise();
        counted.iter().sum::<f64>() / counted.len() as f64
    }

    /// The trace of the noise where sweeps count, or the last of it.
    fn counted_noise(&self) -> &[f64] {
        let trace = &self.fitted.noise;
        let n_counted = (self.fitted.n_counted as usize).clamp(1, trace.len().max(1)).min(trace.len());
        &trace[trace.len() - n_counted..]
    }

    /// D
    pub(super) fn width(&self) -> usize {
        self.fitted.draws[0].prior.mean.len()
    }

    /// Columns of the data.
    pub(super) fn n_items(&self) -> usize {
        self.fitted.draws[0].facing.n_rows()
    }
}

impl Tensors for Bpmf {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        let fitted = &self.fitted;
        visit_f64(each, "mean", fitted.mean);
        visit_u64(each, "n_rows", fitted.n_rows as u64);
        visit_u64(each, "n_observed", fitted.n_observed as u64);
        visit_u64(each, "n_counted", fitted.n_counted);
        visit_draws(&fitted.draws, each);
        fitted.held_out.visit_as("held_out", each);
        fitted.moments.visit(&mut |name, view| each(&format!("moments/{name}"), view));
        visit_vector(each, "noise", fitted.noise.as_slice());
    }
}

impl Widths for Bpmf {
    fn n_features(&self) -> usize {
        self.n_items()
    }

    /// The coordinates under every draw, side by side.
    fn n_latent(&self) -> usize {
        self.n_draws() * self.width()
    }
}

impl Encode for Bpmf {
    fn codes(&self, x: &Features, _: &Env) -> Result<Latent> {
        Ok(Latent::F64(self.codes_of(&Observed::of(x, &Budget::unlimited())?)?))
    }
}

impl Decode for Bpmf {
    /// The mean over the draws of what each predicts: the posterior mean.
    fn lift(&self, z: &Matrix<f64>, _: &Env) -> Result<Matrix<f64>> {
        let mut x = Matrix::filled(z.n_rows(), self.n_items(), self.fitted.mean);
        let weight = 1.0 / self.n_draws() as f64;
        for (s, draw) in self.fitted.draws.iter().enumerate() {
            let own = self.own(z, s);
            f64::gemm(weight, own.view(), draw.facing.view().t(), 1.0, x.view_mut(), Epilogue::default());
        }
        Ok(x)
    }
}

impl Sample for Bpmf {
    /// Complete rows of new users: a draw at random, a row from its prior, noise.
    fn sample(&self, n: usize, env: &Env) -> Result<Features> {
        let (m, width) = (self.n_items(), self.width());
        env.budget.charge_array((n as u64).saturating_mul(m as u64), 8, "the samples")?;
        let mut x = Matrix::zeros(n, m);
        for i in 0..n {
            let mut rng = Rng::keyed(env.seed, &[i as u64]);
            let draw = &self.fitted.draws[rng.below(self.n_draws())];
            // Lambda = U'U; U'U p = Lambda mu + U'z has p ~ N(mu, Lambda^-1).
            let precision = &draw.prior.precision;
            let mean = Matrix::from_vec(width, 1, draw.prior.mean.clone());
            let mut row = precision.matmul(&mean).into_values();
            let mut u = precision.values().to_vec();
            f64::cholesky_small(&mut u, width).map_err(|failure| {
                Error::numerical("the prior of new rows", format!("{failure:?}; fit again"))
            })?;
            let z: Vec<f64> = (0..width).map(|_| rng.normal()).collect();
            add_transposed_upper(&u, &z, 1.0, &mut row);
            f64::cholesky_solve(&u, width, &mut row);
            row.resize(draw.facing.n_cols(), 1.0);
            let deviation = draw.alpha.sqrt().recip();
            for (x, facing) in x.row_mut(i).iter_mut().zip(draw.facing.rows()) {
                let expected = row.iter().zip(facing).map(|(p, q)| p * q).sum::<f64>();
                *x = self.fitted.mean + expected + deviation * rng.normal();
            }
        }
        Ok(Features::F64(x))
    }
}

impl Model for Bpmf {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    fn recommender(&self) -> Option<&dyn Recommend> {
        Some(self)
    }

    fn sampler(&self) -> Option<&dyn Sample> {
        Some(self)
    }

    /// Errors at the observed entries of `x` given themselves, and, where entries were held out of the fit,
    /// errors at those and the share of them within their intervals.
    fn score(&self, x: &Data, _: &Env) -> Result<Metrics> {
        let mut residuals = Vec::new();
        self.each_block(x.features()?, |_, observed, codes| {
            let predicted = self.predict_codes(codes, observed.pattern());
            residuals.extend(observed.values().iter().zip(predicted).map(|(r, p)| r - p));
            Ok(())
        })?;
        let mut metrics = vec![
            ("rmse".to_owned(), root_mean_square(&residuals)),
            ("mae".to_owned(), bilinear::mean_absolute(&residuals)),
            ("noise".to_owned(), self.noise()),
        ];
        let Fitted { held_out, moments, .. } = &self.fitted;
        if !held_out.is_empty() {
            let residuals: Vec<f64> =
                held_out.values().iter().zip(moments.mean()).map(|(r, p)| r - p).collect();
            metrics.push(("held_out_rmse".to_owned(), root_mean_square(&residuals)));
            metrics.push(("held_out_mae".to_owned(), bilinear::mean_absolute(&residuals)));
            let share = coverage(&self.standardised_errors(), self.params.level);
            metrics.push(("held_out_coverage".to_owned(), share));
        }
        Ok(metrics)
    }

    fn figures(&self, x: &Data, _: &Env) -> Result<Vec<Figure>> {
        self.draw_figures(x)
    }

    /// What a sample of which nothing is known is predicted, and the standard deviation of that.
    fn factors(&self) -> Vec<Factor<'_>> {
        let table = |name, values| Factor { name, rows: Along::Features, cols: Along::Value, values };
        vec![table("feature_mean", &self.tables[0]), table("feature_sd", &self.tables[1])]
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.fitted.n_counted == 0 {
            warnings.push(
                "the chain ended before its burn-in: predictions come from its last sweep alone, and intervals \
                 are too narrow"
                    .to_owned(),
            );
        }
        if let Some(r_hat) = split_r_hat(self.counted_noise())
            && r_hat > LARGEST_R_HAT
            && self.params.noise == 0.0
        {
            warnings.push(format!(
                "the chain still moves: R-hat of the noise is {r_hat:.2}; raise burn_in and max_iter"
            ));
        }
        warnings
    }
}
