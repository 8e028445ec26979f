//! The distribution of codes before anything is known of a sample.

use super::Params;
use crate::autodiff::{Graph, Id, Store};
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::network::Runner;
use crate::models::{check_count, check_widths};
use crate::monitor::Env;
use crate::nn::flow::{Base, Chain, Halves, Map};
use crate::random::Rng;
use diabolo_kernels::flow::ScaleLink;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// The largest logarithm of a scale of a coupling.
const SCALE_BOUND: f64 = 2.0;

/// How codes are distributed before anything is known of a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Prior {
    /// N(0, I)
    #[default]
    Normal,
    /// A RealNVP, learned with the rest (Chen et al. 2017; Huang et al. 2017)
    Flow,
}

impl Prior {
    /// Refuses what a flow cannot be.
    pub(super) fn check(self, params: &Params) -> Result<()> {
        if self == Prior::Normal {
            return Ok(());
        }
        check_count("prior_layers", params.prior_layers as u64, "a flow has at least 1 layer")?;
        check_widths("prior_hidden", &params.prior_hidden)?;
        if params.n_latent < 2 {
            let why =
                "a flow has one half of a code say what happens to the other; give --n-latent 2 or more";
            return Err(Error::parameter("prior", why));
        }
        if params.free_bits > 0.0 {
            let why = "are counted by axis, and the divergence from a flow is no sum over axes; leave out --prior flow";
            return Err(Error::parameter("free_bits", why));
        }
        Ok(())
    }

    /// Bytes of the parameters.
    pub(super) fn bytes(self, params: &Params) -> u64 {
        if self == Prior::Normal {
            return 0;
        }
        let half = params.n_latent.div_ceil(2) as u64;
        let hidden = params.prior_hidden.iter().map(|&n| n as u64);
        let sizes: Vec<u64> = [half].into_iter().chain(hidden).chain([half.saturating_mul(2)]).collect();
        let layer = |pair: &[u64]| (pair[0].saturating_add(1)).saturating_mul(pair[1]);
        let network = sizes.windows(2).map(layer).fold(0, u64::saturating_add);
        network.saturating_mul(params.prior_layers as u64).saturating_mul(4)
    }
}

/// p(z) = N(f(z); 0, I) |det df/dz|, f alternating couplings (Dinh et al. 2017) `prior.N`.
pub(super) struct Learned {
    chain: Chain,
}

impl Learned {
    /// The flow that is asked for, with its initial values.
    pub fn new(store: &mut Store<f32>, params: &Params, rng: &mut Rng) -> Option<Learned> {
        let (even, odd) = ((0..params.n_latent).step_by(2), (1..params.n_latent).step_by(2));
        let halves = Halves {
            order: &even.chain(odd).collect::<Vec<_>>(),
            n_context: 0,
            hidden: &params.prior_hidden,
            map: Map::Affine(ScaleLink::Bounded(SCALE_BOUND)),
        };
        let is_flow = params.prior == Prior::Flow;
        is_flow.then(|| Learned {
            chain: Chain { steps: halves.steps(store, "prior", params.prior_layers, rng) },
        })
    }

    /// Records ln p(z) of every row, n x 1.
    pub fn log_density(&self, graph: &mut Graph<f32>, store: &Store<f32>, z: Id) -> Id {
        let flowed = self.chain.forward(graph, store, z, None, &mut Vec::new());
        let of_base = Base::Normal.log_density(graph, flowed.values);
        graph.add(of_base, flowed.log_det)
    }

    /// Records the mean over the rows of ln q(z | x) - ln p(z), z = mu + e^(log_var / 2) eps:
    /// ln q = -1/2 sum (log_var + eps^2) - n_latent / 2 ln(2 pi).
    pub fn divergence(&self, graph: &mut Graph<f32>, store: &Store<f32>, [z, log_var, eps]: [Id; 3]) -> Id {
        let [rows, n_latent] = graph.shape(z);
        let squares = graph.square(eps);
        let both = graph.add(log_var, squares);
        let log_q = graph.scaled_sum(both, -0.5 / rows as f64);
        let log_p = self.log_density(graph, store, z);
        let minus_log_p = graph.scaled_sum(log_p, -1.0 / rows as f64);
        let sum = graph.add(log_q, minus_log_p);
        graph.affine(sum, 1.0, -0.5 * n_latent as f64 * TAU.ln())
    }

    /// Codes whose images under the flow are `z`, n x n_latent: draws from p where those are from N(0, I).
    pub fn codes_of(&self, store: &Store<f32>, z: &Matrix<f64>, env: &Env) -> Result<Matrix<f64>> {
        let mut runner = Runner::new(z.n_rows(), env, |graph, rows| {
            let input = graph.input(rows, z.n_cols());
            (input, vec![self.chain.inverse(graph, store, input, None).values])
        })?;
        Ok(runner.output(store, &Features::F64(z.clone()), 0).cast())
    }
}
