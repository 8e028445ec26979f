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

mod composition;
mod net;
mod stage;

pub use composition::Composition;
pub use net::{Loss, Net, Sizes};
pub use stage::{Given, Stage, State};

use super::signatures::Scorer;
use super::{Community, Matched, Params, Prepared, genes};
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::{Data, History, Metrics, StopReason};
use crate::monitor::{Env, Monitor};
use crate::tensors::Named;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Spots whose libraries are averaged: itself and six neighbours, as on a hexagonal grid.
const NEIGHBOURS: usize = 7;

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
    pub terms: Vec<(String, f64)>,
    /// The divergence of proportions of every fit.
    pub divergences: Vec<f64>,
    /// The fitted encoder of proportions.
    pub composition: Composition,
    /// What the fits went through, one after the other.
    pub history: History,
}

impl Generated {
    /// The figures under their plain names.
    pub(super) fn metrics(&self) -> Metrics {
        let mut metrics = vec![("loss".to_owned(), self.loss.last().copied().unwrap_or(f64::NAN))];
        metrics.extend(self.terms.iter().cloned());
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

/// Fits the stage, `n_restarts` times, and gives the proportions of the best fit; goes on from `checkpoint` where there is one. Says
/// too whether it came to its end.
pub(super) fn fit(
    prepared: &Prepared,
    (places, n_features): (&Matrix<f64>, usize),
    factors: Factors,
    params: &Params,
    (checkpoint, env): (Option<&Named>, &Env),
    monitor: &mut dyn Monitor,
) -> Result<(Generated, StopReason)> {
    let n_spots = prepared.n_spots();
    let signatures: BTreeSet<usize> = factors.genes.iter().flatten().copied().collect();
    let modelled = genes::chosen(&prepared.counts, &prepared.libraries, params.n_variable, &signatures);
    env.budget.charge_array((n_spots * modelled.len()) as u64, 4, "the counts of the generative stage")?;
    let x = Features::F32(genes::dense(&prepared.counts, &modelled));
    let given = Given {
        names: factors.names.clone(),
        prior: factors.prior.clone(),
        libraries: genes::smoothed(&x, places, NEIGHBOURS),
        columns: modelled.iter().map(|&j| prepared.genes[j] as u32).collect(),
        n_features,
    };
    let stage = Stage { params: params.clone(), given: Arc::new(given) };
    let resume = checkpoint.map(|named| crate::models::resume(&stage, named)).transpose()?;
    let (composition, history) = crate::models::fit(&stage, &Data::rows(&x), resume, env, monitor)?;
    // The epochs of the fit that is kept.
    let first = (composition.restart().saturating_mul(params.epochs) as usize).min(history.objective().len());
    let last = (first + params.epochs as usize).min(history.objective().len());
    let loss = history.objective()[first..last].to_vec();
    if loss.is_empty() && history.stop != StopReason::Interrupted {
        return Err(Error::parameter("n_restarts", "0 fits fit nothing"));
    }
    let at_the_end =
        |(name, values): (&String, &Vec<f64>)| Some((name.clone(), *values.get(last.checked_sub(1)?)?));
    let generated = Generated {
        names: factors.names,
        proportions: composition.proportions(&x, env)?,
        prior: factors.prior,
        n_genes: modelled.len(),
        loss,
        terms: history.metrics().iter().filter_map(at_the_end).collect(),
        divergences: composition.divergences().to_vec(),
        composition,
        history,
    };
    let stop = generated.history.stop;
    Ok((generated, stop))
}
