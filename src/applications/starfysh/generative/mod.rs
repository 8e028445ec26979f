//! Step 7: proportions of every spot from a model of its counts, an auxiliary variational autoencoder (He, Jin, Nazaret et al. 2024),
//! without its branch for pictures.
//!
//! Of a spot, x its counts of the genes that are modelled, K factors (types of cells, or archetypes), L = 10 latent axes:
//!
//! c ~ Dir(a (s + 1e-5)), u_k ~ N(0, I), z ~ N(sum_k c_k u_k, (sum_k c_k e^{s_k})^2), l ~ N(l0, 1), x_g ~ NB(e^l softmax(f(z))_g, r_g)
//!
//! with a = 50, s the spot's scores of the factors' signatures (below 0 taken as 0, divided by their sum) or, without signatures, its shares of
//! the archetypes, l0 the logarithm of the library
//! of the spot and its neighbours, f a layer of 256. Networks give q(c) = Dir(a m(x) + 1e-5), q(z) = N(sum_k c_k mu_k(x), e^{sum_k c_k
//! lv_k(x)}) and q(l) = N(l0 + d(x), e^{lv(x)}); q(u_k) = N(mu_k, e^{lv_k}) are parameters. Minimised, a mean over spots:
//!
//! loss = -ln NB(x) + KL(q(c) | p(c)) + KL(q(z) | p(z)) + KL(q(l) | p(l)) + mean_k KL(q(u_k) | p(u_k))
//!
//! Dirichlet draws are reparameterised implicitly (Figurnov, Mohamed & Mnih 2018). A spot's proportions are m(x). Of some fits from
//! different first weights the one of the least KL(q(c) | p(c)) is kept.
//!
//! Departures: the encoder of libraries learns what differs from l0; genes are the most variable ones and those of the signatures.

mod net;

pub use net::{Loss, Net, Sizes};

use super::signatures::Scorer;
use super::{Community, Matched, Params, Prepared, genes};
use crate::autodiff::{Program, Store};
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::Metrics;
use crate::models::network::{Batch, Descent, Runner, TrainState};
use crate::monitor::Env;
use std::collections::BTreeSet;

/// Spots whose libraries are averaged: itself and six neighbours, as on a hexagonal grid.
const NEIGHBOURS: usize = 7;

/// What the step size is multiplied by in an epoch.
const DECAY: f64 = 0.98;

/// The largest norm of a gradient.
const CLIP: f64 = 5.0;

/// What spots are made of, and which genes tell.
pub struct Factors {
    /// Names.
    pub names: Vec<String>,
    /// Genes of each, places among those kept.
    pub genes: Vec<Vec<usize>>,
    /// The prior means of a spot's proportions, n_spots x n_factors, rows that sum to 1.
    pub prior: Matrix<f64>,
}

/// What a fit of the stage gives.
pub struct Generated {
    /// Names of the factors.
    pub names: Vec<String>,
    /// The share of every factor in every spot, n_spots x n_factors, rows on the simplex.
    pub proportions: Matrix<f64>,
    /// The prior means.
    pub prior: Matrix<f64>,
    /// Genes that were modelled.
    pub n_genes: usize,
    /// The loss after every epoch of the fit that is kept.
    pub loss: Vec<f64>,
    /// Its parts after the last one, by name.
    pub terms: Vec<(&'static str, f64)>,
    /// The divergence of proportions of every fit.
    pub divergences: Vec<f64>,
}

impl Generated {
    /// The figures under their plain names.
    pub(super) fn metrics(&self) -> Metrics {
        let mut metrics = vec![("loss".to_owned(), self.loss.last().copied().unwrap_or(f64::NAN))];
        metrics.extend(self.terms.iter().map(|(name, value)| ((*name).to_owned(), *value)));
        metrics
    }
}

/// Types with their signatures, and, where that is asked for, archetypes without a type, with their markers; without types, all major
/// archetypes, and `mixtures`, their shares, for prior means.
pub(super) fn factors(
    prepared: &Prepared,
    (communities, mixtures): (&[Community], &Matrix<f64>),
    matched: Option<&Matched>,
    params: &Params,
    env: &Env,
) -> Result<Factors> {
    let markers =
        |j: usize| -> Vec<usize> { communities[j].markers.iter().map(|marker| marker.gene).collect() };
    let name = |j: usize| format!("archetype_{}", j + 1);
    let Some(matched) = matched else {
        let all = 0..communities.len();
        return Ok(Factors {
            names: all.clone().map(name).collect(),
            genes: all.map(markers).collect(),
            prior: mixtures.clone(),
        });
    };
    let (mut names, mut genes) = (matched.types.clone(), matched.genes.clone());
    // An archetype that no gene marks tells nothing that a score could go by.
    let novel =
        matched.novel.iter().map(|novel| novel.archetype).filter(|&j| !communities[j].markers.is_empty());
    for j in novel.filter(|_| params.add_novel) {
        names.push(name(j));
        genes.push(markers(j));
    }
    let mut prior = Scorer::new(prepared).scores(&genes, env)?;
    let k = prior.n_cols() as f64;
    for i in 0..prior.n_rows() {
        let row = prior.row_mut(i);
        row.iter_mut().for_each(|score| *score = score.max(0.0));
        let total: f64 = row.iter().sum();
        row.iter_mut().for_each(|score| *score = if total > 0.0 { *score / total } else { 1.0 / k });
    }
    Ok(Factors { names, genes, prior })
}

/// Fits the stage, `n_restarts` times, and gives the proportions of the best fit.
pub(super) fn fit(
    prepared: &Prepared,
    places: &Matrix<f64>,
    factors: Factors,
    params: &Params,
    env: &Env,
) -> Result<Generated> {
    let n_spots = prepared.n_spots();
    let signatures: BTreeSet<usize> = factors.genes.iter().flatten().copied().collect();
    let modelled = genes::chosen(&prepared.counts, &prepared.libraries, params.n_variable, &signatures);
    env.budget.charge_array((n_spots * modelled.len()) as u64, 4, "the counts of the generative stage")?;
    let x = Features::F32(genes::dense(&prepared.counts, &modelled));
    let libraries = genes::smoothed(&x, places, NEIGHBOURS);
    let sizes = Sizes { n_genes: modelled.len(), n_factors: factors.names.len() };
    env.budget.charge(Net::bytes(&sizes), "the networks of the generative stage")?;
    let mut best: Option<(f64, Generated)> = None;
    let mut divergences = Vec::new();
    for restart in 0..params.n_restarts {
        // Each with weights, batches and noise of its own.
        let own =
            Env { seed: env.seed ^ (restart as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15), ..Env::default() };
        let mut store = Store::default();
        let net = Net::new(&mut store, sizes, libraries.clone(), factors.prior.clone(), own.seed);
        let mut descent = Descent {
            epochs: params.epochs,
            batch_size: params.batch_size,
            learning_rate: params.learning_rate,
            clip: CLIP,
            ..Descent::default()
        };
        let mut train = TrainState::start(store, &net, &descent, &x, &own)?;
        let (mut loss, mut terms) = (Vec::new(), Vec::new());
        for _ in 0..params.epochs {
            if env.is_cancelled() {
                break;
            }
            let step = train.epoch(&net, &descent, &x, &own)?;
            if !step.objective.is_finite() {
                let why = "the loss is no number any more; lower --learning-rate";
                return Err(Error::numerical("the generative stage", why));
            }
            loss.push(step.objective);
            terms = step.metrics;
            descent.learning_rate *= DECAY;
        }
        let divergence = terms.iter().find(|(name, _)| *name == "kl_c").map_or(f64::INFINITY, |(_, kl)| *kl);
        divergences.push(divergence);
        if best.as_ref().is_none_or(|(least, _)| divergence < *least) {
            let proportions = proportions(&net, &train.finish(), &x, env)?;
            let generated = Generated {
                names: factors.names.clone(),
                proportions,
                prior: factors.prior.clone(),
                n_genes: modelled.len(),
                loss,
                terms,
                divergences: Vec::new(),
            };
            best = Some((divergence, generated));
        }
    }
    let (_, generated) = best.ok_or_else(|| Error::parameter("n_restarts", "0 fits fit nothing"))?;
    Ok(Generated { divergences, ..generated })
}

/// m(x) of every spot.
fn proportions(net: &Net, store: &Store<f32>, x: &Features, env: &Env) -> Result<Matrix<f64>> {
    let (n, k) = (x.n_samples(), net.sizes().n_factors);
    let mut place = None;
    let mut runner = Runner::new(n, env, |graph, rows| {
        let input = graph.input(rows, net.sizes().n_genes);
        let shares = net.shares(graph, store, input, false);
        place = Some(input);
        (input, vec![shares])
    })?;
    let mut shares = Matrix::zeros(n, k);
    let fill = |program: &mut Program<f32>, _: &Batch| {
        if let Some(input) = place {
            net::log1p(program, input);
        }
    };
    runner.run_filled(store, x, fill, |first, n, outputs| {
        let rows = outputs[0][..n * k].iter().map(|&share| f64::from(share));
        shares.values_mut()[first * k..(first + n) * k]
            .iter_mut()
            .zip(rows)
            .for_each(|(to, from)| *to = from);
    });
    // Softmax in f32 sums to 1 to its precision; proportions do exactly.
    for i in 0..n {
        let total: f64 = shares.row(i).iter().sum();
        shares.row_mut(i).iter_mut().for_each(|share| *share /= total);
    }
    Ok(shares)
}
