//! Deconvolution on real data: blood with known composition, pseudo-bulks of sorted cells, LIBSVM's objective.

use crate::data::real;
use crate::tolerance::ABIS;
use diabolo::applications::deconvolution::{Deconvolver, Method, Params, Pool, Settings, Signature, judge};
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::{Features, Matrix};
use diabolo::models::{Data, Dataset, Encode, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::random::Rng;
use std::path::Path;

fn table(path: &Path, transpose: bool) -> Dataset {
    read(path, &ReadOptions { transpose, ..ReadOptions::default() }, &Budget::unlimited()).unwrap()
}

#[test]
fn blood_is_told_as_well_as_by_the_originals() {
    let Some(folder) = real("abis_pbmc") else { return };
    let signature = table(&folder.join("sigMatrix_ABIS_S0.tsv"), true);
    let mixtures = table(&folder.join("bulkRNAseq_ABIS.tsv"), true);
    let known = table(&folder.join("groundTruth_ABIS.tsv"), false);
    let signature = Signature {
        types: signature.names.samples.unwrap(),
        genes: signature.names.features.unwrap(),
        profiles: signature.features.to_dense(),
        variances: None,
    };
    let (samples, columns) = (known.names.samples.unwrap(), known.names.features.unwrap());
    let values = known.features.to_dense();
    let mut truth = Matrix::from_fn(12, 17, |i, t| {
        let row = samples.iter().position(|name| *name == mixtures.names.sample(i)).unwrap();
        values[(row, columns.iter().position(|name| *name == signature.types[t]).unwrap())]
    });
    for i in 0..12 {
        let sum: f64 = truth.row(i).iter().sum();
        truth.row_mut(i).iter_mut().for_each(|f| *f /= sum);
    }
    let env = Env::seeded(1);
    let genes = mixtures.names.features.clone().unwrap();
    let mut pool = Pool::new(genes.len());
    pool.add(&mixtures.features, &env).unwrap();
    // CIBERSORT v1.04, scipy.optimize.nnls and a quadratic program, on the same tables.
    for (method, r, rmse) in
        [(Method::Cibersort, 0.953, 0.0190), (Method::Nnls, 0.899, 0.0310), (Method::Simplex, 0.897, 0.0297)]
    {
        let settings = Settings { method, ..Settings::default() };
        let deconvolver = Deconvolver::new(&signature, &genes, &settings, None, &pool, &env).unwrap();
        let scores = judge(&deconvolver.estimate(&mixtures.features, 0).unwrap().fractions, &truth).pooled;
        assert!(
            scores.correlation >= r - ABIS && scores.rmse <= rmse + ABIS / 10.0,
            "{method:?}: {scores:?}"
        );
    }
}

#[test]
fn pseudo_bulks_of_sorted_cells_are_told() {
    let Some(folder) = real("pbmc_facs") else { return };
    let options = ReadOptions {
        labels: Some(folder.join("samples.tsv:subpop")),
        feature_names: Some(folder.join("genes.tsv.gz")),
        ..ReadOptions::default()
    };
    let cells = read(&folder.join("counts.npz"), &options, &Budget::unlimited()).unwrap();
    let labels = cells.labels.as_ref().unwrap();
    let (n, k) = (labels.class.len(), labels.classes.len());
    // Even cells teach the profiles, odd ones make the bulks.
    let rows = |odd: usize| (0..n).filter(|i| i % 2 == odd).collect::<Vec<usize>>();
    let (taught, mixed) = (rows(0), rows(1));
    let x = cells.features.select_rows(&taught);
    let of = diabolo::models::Labels {
        class: taught.iter().map(|&i| labels.class[i]).collect(),
        classes: labels.classes.clone(),
    };
    let env = Env::seeded(1);
    let mut rng = Rng::seeded(2);
    let (mut truth, mut bulks) =
        (Matrix::zeros(30, k), Matrix::<f64>::zeros(30, cells.features.n_features()));
    let mut row = vec![0.0; cells.features.n_features()];
    let by_type: Vec<Vec<usize>> =
        (0..k).map(|t| mixed.iter().copied().filter(|&i| labels.class[i] as usize == t).collect()).collect();
    for b in 0..30 {
        let mut shares = vec![0.0; k];
        rng.dirichlet(&vec![1.0; k], &mut shares);
        let mut counts = vec![0; k];
        rng.multinomial(500, &shares, &mut counts);
        for t in 0..k {
            truth[(b, t)] = counts[t] as f64 / 500.0;
            for _ in 0..counts[t] {
                cells.features.row_into(by_type[t][rng.below(by_type[t].len())], &mut row);
                // Of cells, not of molecules: every cell counts the same.
                let sum: f64 = row.iter().sum();
                bulks.row_mut(b).iter_mut().zip(&row).for_each(|(bulk, x)| *bulk += 1e4 * x / sum);
            }
        }
    }
    let bulks = Features::from(bulks);
    for method in [Method::Nnls, Method::Weighted, Method::Cibersort] {
        let data = Data { labels: Some(&of), ..Data::rows(&x) };
        let (model, _) =
            fit(&Params { method, ..Params::default() }, &data, None, &env, &mut Silent).unwrap();
        let found = model.encode(&bulks, &env).unwrap().to_f64();
        let scores = judge(&found, &truth).pooled;
        assert!(scores.correlation >= 0.95, "{method:?}: {scores:?}, {} markers", model.markers().len());
    }
}
