//! Step 6: cell types by their signatures, and which archetypes they are.
//!
//! A spot's score of a type is the mean of its signature's genes less the mean of control genes, logged, each gene at mean 0 and deviation 1:
//! controls are 50 genes drawn from each of the 25 bins of mean expression that hold a gene of the signature, without it (Tirosh et al.
//! 2016). A type's anchors are the spots of the largest scores. A[i, j] counts the spots that are anchors of type i and of the community
//! of archetype j; types and archetypes marry by it ([`crate::solve::matching`]); the markers of the archetype join the signature, and
//! anchors are picked anew. An archetype that is left over may be a type nobody named: the farther from the types' anchors the rather.

use super::{Community, Params, Prepared};
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix, falling};
use crate::monitor::Env;
use crate::random::Rng;
use crate::solve::matching;
use std::collections::HashMap;

/// Bins of mean expression.
const BINS: usize = 25;

/// Controls drawn from each.
const CONTROLS: usize = 50;

/// The word of the keys of controls.
const CONTROL: u64 = 0xc0;

/// Nearest types whose distance tells how new an archetype is.
const NEAREST_TYPES: usize = 2;

/// Unknown genes that a warning names.
const NAMED: usize = 5;

/// Types of cells and the genes that tell them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signatures {
    /// Names of the types.
    pub types: Vec<String>,
    /// Names of each type's genes.
    pub genes: Vec<Vec<String>>,
}

/// Signatures as places of genes.
pub(super) struct Known {
    pub types: Vec<String>,
    pub genes: Vec<Vec<usize>>,
}

impl Signatures {
    /// The genes that there are; what is not known is said.
    /// # Errors
    /// No type, two of the same name, a type of which no gene is known.
    pub(super) fn known(&self, prepared: &Prepared) -> Result<(Known, Vec<String>)> {
        if self.types.is_empty() {
            return Err(Error::parameter(
                "signatures",
                "there is no type in them; give a name and genes for each",
            ));
        }
        let place: HashMap<&str, usize> =
            prepared.names.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        let mut said = Vec::new();
        let mut genes = Vec::new();
        for (t, (name, listed)) in self.types.iter().zip(&self.genes).enumerate() {
            if self.types[..t].contains(name) {
                return Err(Error::parameter(
                    "signatures",
                    format!("type {name} stands there twice; give it once"),
                ));
            }
            let mut found: Vec<usize> =
                listed.iter().filter_map(|gene| place.get(gene.as_str()).copied()).collect();
            found.sort_unstable();
            found.dedup();
            let unknown: Vec<&str> =
                listed.iter().map(String::as_str).filter(|gene| !place.contains_key(gene)).collect();
            if found.is_empty() {
                let why = format!(
                    "none of the {} genes of type {name} is in the data ({}); names must be spelt as there, case and all",
                    listed.len(),
                    unknown.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ")
                );
                return Err(Error::parameter("signatures", why));
            }
            if !unknown.is_empty() {
                said.push(format!(
                    "{} of {} genes of type {name} are not in the data and are left out: {}{}.",
                    unknown.len(),
                    listed.len(),
                    unknown.iter().take(NAMED).copied().collect::<Vec<_>>().join(", "),
                    if unknown.len() > NAMED { ", ..." } else { "" }
                ));
            }
            genes.push(found);
        }
        Ok((Known { types: self.types.clone(), genes }, said))
    }
}

/// Types, their anchors and their archetypes.
pub struct Matched {
    /// Names of the types.
    pub types: Vec<String>,
    /// The genes of each type, those of its archetype among them.
    pub genes: Vec<Vec<usize>>,
    /// How many of these were appended: the last ones.
    pub n_appended: Vec<usize>,
    /// Scores by these genes, n_spots x n_types.
    pub scores: Matrix<f64>,
    /// Anchors before genes were appended.
    pub first_anchors: Vec<Vec<usize>>,
    /// Anchors by the scores.
    pub anchors: Vec<Vec<usize>>,
    /// |anchors of type i and community of archetype j|, n_types x n_major.
    pub overlaps: Matrix<f64>,
    /// The archetype of each type.
    pub archetype: Vec<Option<usize>>,
    /// Archetypes without a type, the farthest first.
    pub novel: Vec<Novel>,
}

/// An archetype that no type is married to.
#[derive(Clone, Debug, PartialEq)]
pub struct Novel {
    /// Which major archetype.
    pub archetype: usize,
    /// The mean distance to the centroids of the two nearest types, in the space of components.
    pub distance: f64,
    /// The nearest type.
    pub nearest: usize,
}

impl Matched {
    pub(super) fn new(
        prepared: &Prepared,
        known: Known,
        communities: &[Community],
        n_anchors: usize,
        params: &Params,
        env: &Env,
    ) -> Result<Matched> {
        let Known { types, mut genes } = known;
        let scorer = Scorer::new(prepared);
        let first = scorer.scores(&genes, env)?;
        let first_anchors = top(&first, n_anchors);
        let overlaps = Matrix::from_fn(types.len(), communities.len(), |i, j| {
            first_anchors[i].iter().filter(|spot| communities[j].spots.contains(spot)).count() as f64
        });
        let archetype = matching::stable(&overlaps);
        let mut n_appended = vec![0; types.len()];
        for (t, archetype) in archetype.iter().enumerate() {
            let Some(j) = archetype else { continue };
            let fresh: Vec<usize> = (communities[*j].markers.iter())
                .map(|marker| marker.gene)
                .filter(|gene| !genes[t].contains(gene))
                .take(params.n_appended)
                .collect();
            n_appended[t] = fresh.len();
            genes[t].extend(fresh);
        }
        let scores = scorer.scores(&genes, env)?;
        let anchors = top(&scores, n_anchors);
        let novel = novel(prepared, communities, &anchors, &archetype);
        Ok(Matched { types, genes, n_appended, scores, first_anchors, anchors, overlaps, archetype, novel })
    }
}

/// Archetypes that are left over, the farthest from the types first.
fn novel(
    prepared: &Prepared,
    communities: &[Community],
    anchors: &[Vec<usize>],
    archetype: &[Option<usize>],
) -> Vec<Novel> {
    let centroid = |spots: &[usize]| -> Vec<f64> {
        let mut mean = vec![0.0; prepared.scores.n_cols()];
        for &i in spots {
            mean.iter_mut().zip(prepared.scores.row(i)).for_each(|(m, v)| *m += v / spots.len() as f64);
        }
        mean
    };
    let types: Vec<Vec<f64>> = anchors.iter().map(|spots| centroid(spots)).collect();
    let free = (0..communities.len()).filter(|j| !archetype.contains(&Some(*j)));
    let told = |j: usize| {
        let own = centroid(&communities[j].spots);
        let away = |other: &Vec<f64>| own.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        let mut distances: Vec<(f64, usize)> = types.iter().map(away).zip(0..).collect();
        distances.sort_by(|a, b| a.0.total_cmp(&b.0));
        let near = &distances[..NEAREST_TYPES.min(distances.len())];
        let distance = near.iter().map(|(d, _)| d).sum::<f64>() / near.len() as f64;
        Novel { archetype: j, distance, nearest: near[0].1 }
    };
    let mut novel: Vec<Novel> = free.map(told).collect();
    novel.sort_by(|a, b| b.distance.total_cmp(&a.distance));
    novel
}

/// The `n` rows of the largest value of every column, largest first.
fn top(scores: &Matrix<f64>, n: usize) -> Vec<Vec<usize>> {
    (0..scores.n_cols()).map(|t| falling(&scores.col(t)).into_iter().take(n).collect()).collect()
}

/// Scores of signatures.
pub(super) struct Scorer<'a> {
    prepared: &'a Prepared,
    mean: Vec<f64>,
    /// 1 over the standard deviation; 0 of a gene that does not vary.
    inverse_deviation: Vec<f64>,
    /// The bin of every gene by its mean.
    bin: Vec<usize>,
}

impl<'a> Scorer<'a> {
    /// Means and deviations of logged expression.
    pub fn new(prepared: &'a Prepared) -> Scorer<'a> {
        let n = prepared.n_spots() as f64;
        let n_genes = prepared.names.len();
        let (mut mean, mut square) = (vec![0.0; n_genes], vec![0.0; n_genes]);
        for (_, j, v) in prepared.logged.entries() {
            mean[j] += v / n;
            square[j] += v * v / n;
        }
        let inverse = |j: usize| {
            let variance = square[j] - mean[j] * mean[j];
            if variance > 1e-12 * square[j] { variance.sqrt().recip() } else { 0.0 }
        };
        let inverse_deviation = (0..n_genes).map(inverse).collect();
        let mut bin = vec![0; n_genes];
        // Falling means: bins of equal numbers of genes.
        falling(&mean).into_iter().enumerate().for_each(|(rank, j)| bin[j] = rank * BINS / n_genes);
        Scorer { prepared, mean, inverse_deviation, bin }
    }

    /// The scores of signatures, n_spots x n_types.
    /// # Errors
    /// Memory over the limit.
    pub fn scores(&self, genes: &[Vec<usize>], env: &Env) -> Result<Matrix<f64>> {
        let n_genes = self.prepared.names.len();
        env.budget.charge_array((n_genes * genes.len()) as u64, 8, "the scores of signatures")?;
        let mut weights = Matrix::zeros(n_genes, genes.len());
        let mut offset = vec![0.0; genes.len()];
        for (t, signature) in genes.iter().enumerate() {
            let controls = self.controls(signature, &mut Rng::keyed(env.seed, &[CONTROL, t as u64]));
            let sides =
                [(signature, 1.0 / signature.len() as f64), (&controls, -1.0 / controls.len().max(1) as f64)];
            for (side, weight) in sides {
                for &j in side {
                    let weight = weight * self.inverse_deviation[j];
                    weights[(j, t)] += weight;
                    offset[t] += weight * self.mean[j];
                }
            }
        }
        // sum_j weight_j (x_ij - mean_j), without making x dense.
        let mut scores = Features::Sparse(self.prepared.logged.clone()).matmul(&weights);
        for i in 0..scores.n_rows() {
            scores.row_mut(i).iter_mut().zip(&offset).for_each(|(score, offset)| *score -= offset);
        }
        Ok(scores)
    }

    /// Genes like those of a signature, without them.
    fn controls(&self, signature: &[usize], rng: &mut Rng) -> Vec<usize> {
        let mut controls = Vec::new();
        for bin in 0..BINS {
            if !signature.iter().any(|&j| self.bin[j] == bin) {
                continue;
            }
            let mut of_bin: Vec<usize> = (0..self.bin.len()).filter(|&j| self.bin[j] == bin).collect();
            rng.shuffle(&mut of_bin);
            controls.extend(of_bin.into_iter().take(CONTROLS).filter(|j| !signature.contains(j)));
        }
        controls.sort_unstable();
        controls
    }
}
