//! What the spots of a tissue are made of (Starfysh: He, Jin, Nazaret et al. 2024), from counts of genes and places of spots, with
//! signatures of cell types or without.
//!
//! | step | what | where |
//! |---|---|---|
//! | 0 | genes that tell of cells' state and not their kind left out, library sizes made equal, log1p, principal components of the most variable genes | [`Prepared`] |
//! | 1 | the number of archetypes: from the intrinsic dimension up, while the explained variance grows | [`numbers`] |
//! | 2 | archetypes: spots as mixtures of extremes | [`crate::models::factorization::archetype`] |
//! | 3 | anchors: the spots that have most of an archetype | [`crate::models::factorization::archetype::anchors`] |
//! | 4 | granularity: archetypes that lie close become one | [`Granularity`] |
//! | 5 | communities: the spots nearest to an archetype; marker genes by rank sums | [`Community`] |
//! | 6 | signatures: scores, stable marriage with archetypes, markers appended, anchors anew, novel types | [`Matched`] |
//! | 7 | the generative stage: an auxiliary variational autoencoder that gives proportions, of new spots too | [`generative`] |
//!
//! Departures from the authors' program: archetypes are exact solutions with moves out of poor optima; log1p is on (unlogged data is a
//! few genes' matter), and components are of the most variable genes, by Pearson residuals (Lause, Berens & Kobak 2021); of names that begin with RP only RPS and RPL, the ribosome's, are left out; communities and anchors grow with the
//! number of spots; archetypes merge along a hierarchy, and the greedy rule, which is offered, never lets an archetype absorb itself
//! or vanish without a parent; a type that shares no spot with an archetype is not married to it.

mod communities;
pub mod figures;
pub mod generative;
mod genes;
mod granularity;
pub mod numbers;
mod params;
mod preprocess;
mod signatures;

pub use communities::{Community, Marker};
pub use granularity::{Granularity, Merge};
pub use params::Params;
pub use preprocess::Prepared;
pub use signatures::{Matched, Novel, Signatures};

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::metrics::partition::{adjusted_rand_index, normalized_mutual_information};
use crate::models::factorization::{archetype, kmeans};
use crate::models::{Data, Metrics, StopReason, check_columns, fit};
use crate::monitor::{Env, Monitor, Silent};
use crate::tensors::Named;
use diabolo_kernels::reduce::Reduce;
use generative::Generated;
use numbers::Chosen;

/// Everything that was found.
pub struct Starfysh {
    /// Step 0.
    pub prepared: Prepared,
    /// Step 1; with one number only where it was given.
    pub chosen: Chosen,
    /// Step 2.
    pub archetypes: archetype::Archetype,
    /// Step 4.
    pub granularity: Granularity,
    /// The shares of the major archetypes, n_spots x n_major, rows on the simplex.
    pub mixtures: Matrix<f64>,
    /// Step 3, of the major archetypes.
    pub anchors: Vec<Vec<usize>>,
    /// Step 5, one a major archetype.
    pub communities: Vec<Community>,
    /// Step 6, where there are signatures.
    pub matched: Option<Matched>,
    /// Step 7, where it was asked for.
    pub generated: Option<Generated>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Columns of the counts.
    n_features: usize,
}

/// All steps on counts, n_spots x n_genes, names and all, at `places`, n_spots x 2.
/// # Errors
/// Parameters that make no sense; negative counts, spots without counts, fewer spots than the steps need; signatures of which no
/// gene is known; memory over the limit.
pub fn run(
    x: &Data,
    places: &Matrix<f64>,
    signatures: Option<&Signatures>,
    params: &Params,
    env: &Env,
) -> Result<Starfysh> {
    let mut found = steps(x, places, signatures, params, env)?;
    found.generate(places, params, (None, env), &mut Silent)?;
    Ok(found)
}

/// Steps 0 to 6.
/// # Errors
/// As [`run`].
pub fn steps(
    x: &Data,
    places: &Matrix<f64>,
    signatures: Option<&Signatures>,
    params: &Params,
    env: &Env,
) -> Result<Starfysh> {
    params.check()?;
    check_columns(places.n_cols(), 2, "coordinates")?;
    if places.n_rows() != x.features()?.n_samples() {
        let received = format!("{} places", places.n_rows());
        return Err(Error::shape(
            format!("a place for each of {} spots", x.features()?.n_samples()),
            received,
        ));
    }
    if let Some(at) = places.values().iter().position(|v| !v.is_finite()) {
        let why = format!("spot {} has none that is a number", x.names.sample(at / 2));
        return Err(Error::numerical("places", why));
    }
    let prepared = Prepared::new(x, params, env)?;
    let n_spots = prepared.scores.n_rows();
    let chosen = numbers::choose(&prepared, params, env)?;
    let archetypes = chosen.fitted.clone();
    let granularity = Granularity::new(&archetypes, &prepared.scores, params);
    let mixtures = granularity.merged(archetypes.w());
    let n_near = params.n_near(n_spots);
    let anchors = archetype::anchors(&mixtures, n_near);
    let communities = communities::find(&prepared, &granularity.places(&archetypes), n_near, params, env)?;
    let mut warnings = prepared.warnings.clone();
    let matched = match signatures {
        None => None,
        Some(given) => {
            let (known, said) = given.known(&prepared)?;
            warnings.extend(said);
            Some(Matched::new(&prepared, known, &communities, n_near, params, env)?)
        }
    };
    Ok(Starfysh {
        prepared,
        chosen,
        archetypes,
        granularity,
        mixtures,
        anchors,
        communities,
        matched,
        generated: None,
        warnings,
        n_features: x.features()?.n_features(),
    })
}

impl Starfysh {
    /// Step 7, where `params` ask for epochs: watched by `monitor`, from `checkpoint` on where there is one. Says how it ended.
    /// # Errors
    /// What the fit and the monitor raise; [`Error::Parameter`] for a checkpoint of other places or signatures.
    pub fn generate(
        &mut self,
        places: &Matrix<f64>,
        params: &Params,
        (checkpoint, env): (Option<&Named>, &Env),
        monitor: &mut dyn Monitor,
    ) -> Result<StopReason> {
        if params.epochs == 0 {
            return Ok(StopReason::Completed);
        }
        let told = (self.communities.as_slice(), &self.mixtures);
        let factors = generative::factors(&self.prepared, told, self.matched.as_ref(), params, env)?;
        let at = (places, self.n_features);
        let (generated, stop) =
            generative::fit(&self.prepared, at, factors, params, (checkpoint, env), monitor)?;
        self.generated = Some(generated);
        Ok(stop)
    }

    /// The figures under their plain names; with the known class of each spot, where it has one, the agreement of the largest parts
    /// with it, and for comparison that of k-means on the same components.
    /// # Errors
    /// What k-means raises.
    pub fn metrics(&self, classes: Option<&[Option<u32>]>, env: &Env) -> Result<Metrics> {
        let n_genes = self.prepared.genes.len() as f64;
        let mut metrics = vec![
            ("n_genes".to_owned(), n_genes),
            ("n_archetypes".to_owned(), self.archetypes.h().n_rows() as f64),
            ("n_major".to_owned(), self.communities.len() as f64),
            ("objective".to_owned(), self.chosen.objective()),
            ("explained_variance".to_owned(), self.chosen.explained()),
        ];
        metrics.extend(self.chosen.dimension.map(|n| ("intrinsic_dimension".to_owned(), n)));
        if let Some(generated) = &self.generated {
            metrics.extend(generated.metrics());
        }
        let Some(classes) = classes else { return Ok(metrics) };
        let known: Vec<usize> = (0..classes.len()).filter(|&i| classes[i].is_some()).collect();
        let of: Vec<u32> = known.iter().filter_map(|&i| classes[i]).collect();
        let n_classes = of.iter().max().map_or(0, |&c| c as usize + 1);
        if n_classes < 2 {
            return Ok(metrics);
        }
        let mut agree = |name: &str, clusters: &[u32]| {
            let clusters: Vec<u32> = known.iter().map(|&i| clusters[i]).collect();
            metrics.push((format!("{name}_ari"), adjusted_rand_index(&clusters, &of)));
            metrics.push((format!("{name}_nmi"), normalized_mutual_information(&clusters, &of)));
        };
        if let Some(generated) = &self.generated {
            agree("proportions", &largest(&generated.proportions));
        }
        agree("archetypes", &largest(&self.mixtures));
        agree("kmeans", &self.kmeans(n_classes, env)?);
        Ok(metrics)
    }

    /// k-means on the principal components.
    fn kmeans(&self, n_components: usize, env: &Env) -> Result<Vec<u32>> {
        let params = kmeans::Params { n_components, n_init: 50, ..Default::default() };
        let x = self.prepared.scores.clone().into();
        let (model, _) = fit(&params, &Data::rows(&x), None, env, &mut Silent)?;
        Ok(model.labels().collect())
    }

    /// What the major archetypes are called: `archetype_1`, ...
    pub fn names(&self) -> Vec<String> {
        (1..=self.communities.len()).map(|j| format!("archetype_{j}")).collect()
    }
}

/// The column of the largest value of every row.
pub fn largest(shares: &Matrix<f64>) -> Vec<u32> {
    shares.rows().map(|row| f64::arg_max(row).unwrap_or(0) as u32).collect()
}
