//! Step 5: the spots nearest to each major archetype, and the genes that mark them.

use super::{Params, Prepared};
use crate::error::Result;
use crate::linalg::{Csr, Matrix, falling};
use crate::metrics::rank_sum::{RankSum, Ranks, benjamini_hochberg};
use crate::monitor::Env;
use diabolo_kernels::parallel::map_chunks;

/// Genes that a task takes.
const GENES_PER_TASK: usize = 256;

/// The spots nearest to an archetype.
pub struct Community {
    /// The archetype's place among the components.
    pub place: Vec<f64>,
    /// The spots, nearest first.
    pub spots: Vec<usize>,
    /// The genes that mark them, the largest `auc` first.
    pub markers: Vec<Marker>,
}

/// How a gene marks a community.
#[derive(Clone, Debug, PartialEq)]
pub struct Marker {
    /// Its place among the genes that are kept.
    pub gene: usize,
    /// The rank-sum test of spots inside against those outside.
    pub test: RankSum,
    /// The p-value adjusted for all genes of the community.
    pub adjusted: f64,
    /// The share of the spots inside that it occurs in.
    pub detected: f64,
    /// log2 of (mean inside + 1) / (mean outside + 1), of normalised counts.
    pub log_fold_change: f64,
}

/// The `n` nearest spots of each place, n_places x n_pcs, and their markers.
pub(super) fn find(
    prepared: &Prepared,
    places: &Matrix<f64>,
    n: usize,
    params: &Params,
    env: &Env,
) -> Result<Vec<Community>> {
    let spots: Vec<Vec<usize>> = places.rows().map(|place| prepared.nearest(place, n)).collect();
    let tests = test(prepared, &spots, env)?;
    let community = |((place, spots), tests): ((&[f64], Vec<usize>), Vec<Marker>)| {
        let markers = most(tests, params);
        Community { place: place.to_vec(), spots, markers }
    };
    Ok(places.rows().zip(spots).zip(tests).map(community).collect())
}

/// The genes that a group has more of by the rank-sum test, the largest probability of being larger first, of those that enough of its
/// spots have. By z, genes that hardly ever occur would stand first: their many ties make its deviation small.
fn most(tests: Vec<Marker>, params: &Params) -> Vec<Marker> {
    let auc: Vec<f64> = tests.iter().map(|marker| marker.test.auc).collect();
    let marks = |g: &usize| auc[*g] > 0.5 && tests[*g].detected >= params.detected;
    falling(&auc).into_iter().filter(marks).take(params.n_markers).map(|g| tests[g].clone()).collect()
}

/// All genes of all groups: ranks are found once a gene.
pub fn test(prepared: &Prepared, groups: &[Vec<usize>], env: &Env) -> Result<Vec<Vec<Marker>>> {
    let (n_spots, n_genes) = (prepared.n_spots(), prepared.names.len());
    env.budget.charge_array((n_genes * groups.len()) as u64, 64, "the tests of genes")?;
    let columns: Csr<f64> = prepared.logged.transposed();
    let inside: Vec<Vec<bool>> = groups
        .iter()
        .map(|spots| {
            let mut inside = vec![false; n_spots];
            spots.iter().for_each(|&i| inside[i] = true);
            inside
        })
        .collect();
    let of_gene = |gene: usize| -> Vec<Marker> {
        let (spots, values) = columns.row(gene);
        let ranks = Ranks::of_sparse(n_spots, spots, values);
        let total: f64 = values.iter().map(|v| v.exp_m1()).sum();
        let told = |(group, inside): (&Vec<usize>, &Vec<bool>)| {
            let within: f64 =
                spots.iter().zip(values).filter(|(i, _)| inside[**i as usize]).map(|(_, v)| v.exp_m1()).sum();
            let n_outside = (n_spots - group.len()).max(1) as f64;
            let mean = within / group.len().max(1) as f64;
            let rest = (total - within).max(0.0) / n_outside;
            let log_fold_change = ((mean + 1.0) / (rest + 1.0)).log2();
            let n_with = spots.iter().filter(|i| inside[**i as usize]).count();
            let detected = n_with as f64 / group.len().max(1) as f64;
            Marker { gene, test: ranks.compare(inside), adjusted: 1.0, detected, log_fold_change }
        };
        groups.iter().zip(&inside).map(told).collect()
    };
    let by_gene: Vec<Vec<Marker>> =
        map_chunks(n_genes, GENES_PER_TASK, |genes| genes.map(of_gene).collect::<Vec<_>>()).concat();
    let of_group = |g: usize| {
        let mut markers: Vec<Marker> = by_gene.iter().map(|tests| tests[g].clone()).collect();
        let p: Vec<f64> = markers.iter().map(|marker| marker.test.p_value).collect();
        let adjusted = benjamini_hochberg(&p);
        markers.iter_mut().zip(adjusted).for_each(|(marker, q)| marker.adjusted = q);
        markers
    };
    Ok((0..groups.len()).map(of_group).collect())
}
