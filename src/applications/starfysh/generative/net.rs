//! The networks and their loss, as recorded; for any precision, so that gradients can be checked in f64.

use crate::autodiff::op::{CountLinks, CountOutputs};
use crate::autodiff::{Graph, Id, Param, Program, Store};
use crate::linalg::Matrix;
use crate::models::network::{Batch, Moment, Network, Recorded};
use crate::nn::{Dense, Init, Layers, Mlp, Norm};
use crate::random::{Rng, fill_by};
use diabolo_kernels::Real;
use diabolo_kernels::gemm::Activation;
use diabolo_kernels::loss::DispersionLink;
use diabolo_kernels::vector::VectorMath;

/// Units of every hidden layer.
const HIDDEN: usize = 256;

/// Latent axes of a factor.
const LATENT: usize = 10;

/// (eps, momentum) of batch normalisation.
const NORM: (f64, f64) = (1e-3, 0.1);

/// Added to what must be above 0.
const EPS: f64 = 1e-5;

/// The words of the keys of first values, and of Dirichlet noise.
const INIT: u64 = 0x57a1;
const NOISE: u64 = 0x57a2;

/// How sure proportions are: the sum of a spot's Dirichlet parameters.
const ALPHA: f64 = 50.0;

/// The sizes of the networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Genes that are modelled.
    pub n_genes: usize,
    /// Factors that spots are made of.
    pub n_factors: usize,
}

/// x -> (c, z, l) -> the parameters of counts.
pub struct Net {
    sizes: Sizes,
    /// l0 of every spot.
    libraries: Vec<f32>,
    /// The prior means of proportions, n_spots x n_factors.
    prior: Matrix<f64>,
    shares: Mlp,
    shares_head: (Dense, Norm),
    library: Mlp,
    library_heads: [Dense; 2],
    latent: Mlp,
    latent_heads: [Dense; 2],
    factor_mu: Param,
    factor_log_var: Param,
    /// ln of the deviation of z about a factor's mean.
    spread: Param,
    decoder: Dense,
    genes: Dense,
    dispersion: Param,
}

/// The inputs of a graph, and the loss with its parts.
pub struct Loss {
    /// ln(1 + counts), n x n_genes.
    pub x: Id,
    /// The counts, n x n_genes.
    pub counts: Id,
    /// l0, n x 1.
    pub library: Id,
    /// The parameters of the proportions' prior, n x n_factors.
    pub prior: Id,
    /// Uniform noise, n x n_factors.
    pub uniform: Id,
    /// Standard normal noise: of l, z and u.
    pub normal: [Id; 3],
    /// What is minimised, 1 x 1.
    pub loss: Id,
    /// Its parts by name.
    pub terms: Vec<(&'static str, Id)>,
}

impl Net {
    /// The networks with their first values.
    pub fn new<T: Real>(
        store: &mut Store<T>,
        sizes: Sizes,
        libraries: Vec<f32>,
        prior: Matrix<f64>,
        seed: u64,
    ) -> Net {
        Net::of_width(store, sizes, HIDDEN, (libraries, prior), seed)
    }

    /// The same with another number of hidden units: small ones for checks of gradients.
    pub fn of_width<T: Real>(
        store: &mut Store<T>,
        sizes: Sizes,
        hidden: usize,
        (libraries, prior): (Vec<f32>, Matrix<f64>),
        seed: u64,
    ) -> Net {
        let Sizes { n_genes, n_factors } = sizes;
        let mut rng = Rng::keyed(seed, &[INIT]);
        let widths = [n_genes, hidden];
        let shape = Layers {
            sizes: &widths,
            activation: Activation::Relu,
            norm: Some(NORM),
            dropout: 0.0,
            init: Init::Glorot,
        };
        let [shares, library, latent] =
            ["c_enc", "l_enc", "z_enc"].map(|name| Mlp::new(store, name, &shape, &mut rng));
        let mut dense = |store: &mut Store<T>, name: &str, n_in: usize, n_out: usize| {
            Dense::new(store, name, n_in, n_out, Init::Glorot, &mut rng)
        };
        let head = dense(store, "c_enc_m", hidden, n_factors);
        let shares_head = (head, Norm::new(store, "c_enc_m.norm", n_factors, NORM.0, NORM.1));
        let library_heads = ["l_enc_m", "l_enc_logv"].map(|name| dense(store, name, hidden, 1));
        let latent_heads =
            ["z_enc_m", "z_enc_logv"].map(|name| dense(store, name, hidden, n_factors * LATENT));
        let decoder = dense(store, "px_hidden", LATENT, hidden);
        let genes = dense(store, "px_scale", hidden, n_genes);
        let n = n_factors * LATENT;
        // Factors begin apart, so that z tells them.
        let apart: Vec<T> = (0..n).map(|_| T::from_f64(rng.normal())).collect();
        Net {
            sizes,
            libraries,
            prior,
            shares,
            shares_head,
            library,
            library_heads,
            latent,
            latent_heads,
            factor_mu: store.weights("qu_m", n_factors, LATENT, apart),
            factor_log_var: store.weights("qu_logv", n_factors, LATENT, vec![T::ZERO; n]),
            spread: store.weights("qs_logm", n_factors, LATENT, vec![T::ZERO; n]),
            decoder,
            genes,
            dispersion: store.vector("px_r", vec![T::ZERO; n_genes]),
        }
    }

    /// Bytes of the parameters.
    pub fn bytes(sizes: &Sizes) -> u64 {
        let wide = (4 * sizes.n_genes + 2 * LATENT * sizes.n_factors) as u64;
        wide.saturating_mul(HIDDEN as u64).saturating_mul(4)
    }

    /// The sizes.
    pub fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// Records ln(1 + counts) -> m(x), n x n_factors, rows that sum to 1.
    pub fn shares<T: Real>(&self, graph: &mut Graph<T>, store: &Store<T>, x: Id, train: bool) -> Id {
        let h = self.encoded(&self.shares, graph, store, x, train);
        let linear = self.shares_head.0.apply(graph, store, h, Activation::Identity);
        let normed = self.shares_head.1.apply(graph, store, linear, train);
        graph.softmax(normed)
    }

    fn encoded<T: Real>(&self, mlp: &Mlp, graph: &mut Graph<T>, store: &Store<T>, x: Id, train: bool) -> Id {
        let mut masks = Vec::new();
        mlp.apply(graph, store, x, train.then_some(&mut masks))
    }

    /// Records all of it for `rows` spots.
    pub fn loss<T: Real>(&self, graph: &mut Graph<T>, store: &Store<T>, rows: usize, train: bool) -> Loss {
        let Sizes { n_genes, n_factors } = self.sizes;
        let mean = 1.0 / rows as f64;
        let x = graph.input(rows, n_genes);
        let [counts, library] = [n_genes, 1].map(|n| graph.input(rows, n));
        let [prior, uniform] = [(); 2].map(|()| graph.input(rows, n_factors));
        let normal = [(rows, 1), (rows, LATENT), (n_factors, LATENT)].map(|(n, m)| graph.input(n, m));

        // c ~ Dir(a m(x) + 1e-5)
        let shares = self.shares(graph, store, x, train);
        let alpha = graph.affine(shares, ALPHA, EPS);
        let c = graph.dirichlet_draws(alpha, uniform);
        let kl_c = graph.dirichlet_kl(alpha, prior);
        let kl_c = graph.scaled_sum(kl_c, mean);

        // l ~ N(l0 + d(x), e^lv(x)); KL against N(l0, 1).
        let h = self.encoded(&self.library, graph, store, x, train);
        let [d, log_var] = self.library_heads.map(|head| head.apply(graph, store, h, Activation::Identity));
        let kl_l = graph.normal_kl(d, log_var);
        let kl_l = graph.scaled_sum(kl_l, mean);
        let drawn = graph.normal(d, log_var, normal[0]);
        let l = graph.add(drawn, library);

        // u_k ~ N(mu_k, e^lv_k); KL against N(0, I), a mean over factors.
        let [mu, lv, spread] =
            [self.factor_mu, self.factor_log_var, self.spread].map(|param| graph.read(store, param));
        let u = graph.normal(mu, lv, normal[2]);
        let kl_u = graph.normal_kl(mu, lv);
        let kl_u = graph.scaled_sum(kl_u, 1.0 / n_factors as f64);

        // z ~ N(sum_k c_k mu_k(x), e^(sum_k c_k lv_k(x))); KL against N(sum_k c_k u_k, (sum_k c_k e^s_k)^2).
        let h = self.encoded(&self.latent, graph, store, x, train);
        let [z_mu, z_log_var] = self.latent_heads.map(|head| {
            let by_factor = head.apply(graph, store, h, Activation::Identity);
            mixed(graph, by_factor, c, n_factors)
        });
        let z = graph.normal(z_mu, z_log_var, normal[1]);
        let centre = graph.matmul(c, u);
        let deviations = graph.exp(spread);
        let deviation = graph.matmul(c, deviations);
        let away = graph.sub(z_mu, centre);
        let away = graph.div(away, deviation);
        let log_deviation = graph.ln(deviation);
        let log_variance = graph.affine(log_deviation, 2.0, 0.0);
        let narrower = graph.sub(z_log_var, log_variance);
        let kl_z = graph.normal_kl(away, narrower);
        let kl_z = graph.scaled_sum(kl_z, mean);

        // x_g ~ NB(e^l softmax(f(z))_g, softplus(r_g) + 1e-5)
        let h = self.decoder.apply(graph, store, z, Activation::Relu);
        let logits = self.genes.apply(graph, store, h, Activation::Identity);
        let log_shares = graph.log_softmax(logits);
        let log_mean = graph.add(log_shares, l);
        let dispersion = graph.read(store, self.dispersion);
        let outputs =
            CountOutputs { mean: log_mean, dispersion: Some(dispersion), logit: None, size_factors: None };
        let links = CountLinks {
            mean_range: [1e-8, 1e8],
            dispersion: DispersionLink::Softplus,
            dispersion_range: [EPS, 1e6],
        };
        let reconstruction = graph.count_nll(counts, outputs, links, mean);
        let loss = graph.total(&[reconstruction, kl_c, kl_z, kl_l, kl_u]);
        let terms = vec![
            ("reconstruction", reconstruction),
            ("kl_c", kl_c),
            ("kl_z", kl_z),
            ("kl_l", kl_l),
            ("kl_u", kl_u),
        ];
        Loss { x, counts, library, prior, uniform, normal, loss, terms }
    }
}

/// sum_k c_k v_k of n x (n_factors LATENT) values, factor after factor.
fn mixed<T: Real>(graph: &mut Graph<T>, by_factor: Id, c: Id, n_factors: usize) -> Id {
    let weighed = |graph: &mut Graph<T>, k: usize| {
        let of_factor = graph.columns(by_factor, k * LATENT..(k + 1) * LATENT);
        let share = graph.columns(c, k..k + 1);
        graph.mul(of_factor, share)
    };
    let first = weighed(graph, 0);
    (1..n_factors).fold(first, |sum, k| {
        let next = weighed(graph, k);
        graph.add(sum, next)
    })
}

/// Counts become what the encoders take, in place.
pub(super) fn log1p(program: &mut Program<f32>, x: Id) {
    f32::log1p_in_place(program.input_mut(x));
}

impl Network for Net {
    fn record(&self, graph: &mut Graph<f32>, store: &Store<f32>, rows: usize, train: bool) -> Recorded {
        let Loss { x, counts, library, prior, uniform, normal, loss, terms } =
            self.loss(graph, store, rows, train);
        Recorded {
            x,
            loss,
            terms,
            noise: normal.to_vec(),
            masks: Vec::new(),
            weights: None,
            further: vec![counts, library, prior, uniform],
        }
    }

    fn fill(
        &self,
        program: &mut Program<f32>,
        recorded: &Recorded,
        batch: &Batch,
        _: Moment,
        key: &[u64],
        seed: u64,
    ) {
        let &[counts, library, prior, uniform] = &recorded.further[..] else { return };
        log1p(program, recorded.x);
        batch.fill(program, counts);
        for (i, l) in program.input_mut(library).iter_mut().enumerate() {
            *l = self.libraries[batch.row(i)];
        }
        let k = self.sizes.n_factors;
        for (i, row) in program.input_mut(prior).chunks_exact_mut(k).enumerate() {
            let means = self.prior.row(batch.row(i));
            row.iter_mut().zip(means).for_each(|(a, mean)| *a = (ALPHA * (mean + EPS)) as f32);
        }
        let key = [&[NOISE], key].concat();
        fill_by(seed, &key, program.input_mut(uniform), |rng| rng.uniform().clamp(1e-6, 1.0 - 1e-6) as f32);
    }

    /// Batch normalisation has no variance over one row.
    fn least_rows(&self) -> usize {
        2
    }
}
