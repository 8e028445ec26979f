//! Mixtures told apart: `cargo run --release --example deconvolution`.
//!
//! Learns a signature from labelled cells, mixes cells it has not seen, finds the shares of the types by every method,
//! and tells how certain they are.
//!
//! `deconvolution S.npy Y.npy` (types x genes, samples x genes, both standardised) is what `benches/peers/deconvolution.py`
//! compares with scikit-learn: all rows by nu support vector regression at three nu; prints one line of JSON.

use diabolo::applications::deconvolution::{Deconvolver, Method, Params, Pool, Settings, judge};
use diabolo::data::{Simulator, Zinb};
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::{Features, Matrix};
use diabolo::models::{Data, Labels, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::random::Rng;
use diabolo::solve::nu_svr::Program;
use diabolo::solve::nu_svr::interior::Workspace;
use diabolo::{Error, Result};
use diabolo_kernels::parallel::map_chunks;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => show(),
        [signature, mixtures] => race(Path::new(signature), Path::new(mixtures)),
        _ => Err(Error::parameter("deconvolution", "give nothing, or S.npy Y.npy")),
    }
}

fn show() -> Result<()> {
    let cells = Zinb { n_samples: 800, effect: 1.2, dropout: 0.3, ..Zinb::default() };
    let cells = cells.simulate(&Budget::unlimited())?.dataset;
    let labels =
        cells.labels.as_ref().ok_or_else(|| Error::parameter("labels", "simulated cells have some"))?;
    let n_types = labels.classes.len();
    // Even cells teach, odd ones are mixed.
    let rows = |odd: usize| (0..800).filter(|i| i % 2 == odd).collect::<Vec<usize>>();
    let (taught, mixed) = (rows(0), rows(1));
    let x = cells.features.select_rows(&taught);
    let of_taught =
        Labels { class: taught.iter().map(|&i| labels.class[i]).collect(), classes: labels.classes.clone() };
    let env = Env::seeded(1);
    let data = Data { labels: Some(&of_taught), names: &cells.names, ..Data::rows(&x) };
    let params = Params { min_markers: 10, max_markers: 40, ..Params::default() };
    let (model, _) = fit(&params, &data, None, &env, &mut Silent)?;
    let signature = model.signature(&cells.names);
    println!("{} markers, condition number {:.1}", signature.genes.len(), model.condition_number());

    let dense = cells.features.to_dense();
    let mut rng = Rng::seeded(2);
    let mut truth = Matrix::zeros(20, n_types);
    (0..20).for_each(|i| rng.dirichlet(&vec![1.0; n_types], truth.row_mut(i)));
    let bulks = Matrix::from_fn(20, dense.n_cols(), |i, g| {
        mixed.iter().map(|&c| truth[(i, labels.class[c] as usize)] * dense[(c, g)]).sum::<f64>()
    });
    let bulks = Features::from(bulks);
    let genes = cells.names.features.clone().unwrap_or_default();
    let mut pool = Pool::new(genes.len());
    pool.add(&bulks, &env)?;
    for method in [Method::Nnls, Method::Simplex, Method::Weighted, Method::Cibersort] {
        let settings = Settings { method, permutations: 100, ..Settings::default() };
        let deconvolver = Deconvolver::new(&signature, &genes, &settings, None, &pool, &env)?;
        let found = deconvolver.estimate(&bulks, 0)?;
        let scores = judge(&found.fractions, &truth).pooled;
        let p = found.p_exact.iter().copied().fold(0.0, f64::max);
        println!(
            "{method:?}: r {:.3}, RMSE {:.3}, CCC {:.3}, p at most {p:.3}",
            scores.correlation, scores.rmse, scores.concordance
        );
    }
    Ok(())
}

/// All rows at three nu, timed.
fn race(signature: &Path, mixtures: &Path) -> Result<()> {
    let matrix = |path: &Path| -> Result<Matrix<f64>> {
        Ok(read(path, &ReadOptions::default(), &Budget::unlimited())?.features.to_dense())
    };
    let (signature, y) = (matrix(signature)?, matrix(mixtures)?);
    let began = Instant::now();
    let solved = map_chunks(y.n_rows(), 4, |rows| {
        let mut workspace = Workspace::new(&signature);
        rows.map(|i| {
            [0.25, 0.5, 0.75].map(|nu| {
                let solution = workspace.solve(&Program { c: 1.0, nu }, y.row(i), 1e-9);
                (solution.dual, solution.gap, solution.n_iter)
            })
        })
        .collect::<Vec<_>>()
    });
    let seconds = began.elapsed().as_secs_f64();
    let all: Vec<(f64, f64, usize)> = solved.into_iter().flatten().flatten().collect();
    let duals: Vec<String> = all.iter().map(|(dual, ..)| dual.to_string()).collect();
    let gap = all.iter().map(|(dual, gap, _)| gap / (1.0 + dual.abs())).fold(0.0, f64::max);
    let n_iter = all.iter().map(|(.., n_iter)| *n_iter).max().unwrap_or(0);
    println!(
        "{{\"seconds\": {seconds:.4}, \"n_iter\": {n_iter}, \"gap\": {gap:e}, \"duals\": [{}]}}",
        duals.join(", ")
    );
    Ok(())
}
