//! Clusters of handwritten digits: `cargo run --release --example kmeans`.
//!
//! With two files, `kmeans X.npy START.npy`, iterates in f32 from the given centres until no sample changes
//! clusters, and prints one line of JSON: what `benches/peers/kmeans.py` compares with scikit-learn.

use diabolo::data;
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::Matrix;
use diabolo::models::factorization::kmeans::Params;
use diabolo::models::{Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::solve::lloyd::{Lloyd, Points};
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [] => cluster_digits(),
        [x, start] => iterate(Path::new(x), Path::new(start)),
        _ => Err(Error::parameter("kmeans", "give no arguments, or X.npy and START.npy")),
    }
}

/// Finds ten clusters of the embedded digits and draws their centres.
fn cluster_digits() -> Result<()> {
    let digits = data::digits(&Budget::unlimited())?;
    let params = Params { n_components: 10, ..Params::default() };
    let env = Env::seeded(1);
    let (model, history) = fit(&params, &digits.data(), None, &env, &mut Silent)?;
    println!("{} after {} iterations", history.stop.name(), history.n_iter());
    for (name, value) in model.score(&digits.data(), &env)? {
        println!("{name:>8} {value:.4}");
    }
    for centres in [0..5, 5..10] {
        for row in 0..8 {
            let ink = |c: usize| -> String {
                let pixels = &model.h().row(c)[row * 8..][..8];
                pixels
                    .iter()
                    .map(|&x| [" ", ".", ":", "o", "#"][(x / 16.0 * 4.99) as usize].repeat(2))
                    .collect()
            };
            println!("{}", centres.clone().map(ink).collect::<Vec<_>>().join("  "));
        }
    }
    Ok(())
}

/// Lloyd's iterations from given centres, timed.
fn iterate(x: &Path, start: &Path) -> Result<()> {
    let load = |path: &Path| -> Result<Matrix<f32>> {
        let features = read(path, &ReadOptions::default(), &Budget::unlimited())?.features;
        Ok(features.dense_rows(0, features.n_samples()))
    };
    let (x, start) = (load(x)?, load(start)?);
    let began = Instant::now();
    let points = Points::Dense(&x);
    let mut lloyd = Lloyd::new(&points, start);
    let (mut n_iter, mut n_measured) = (0, 0);
    let inertia = loop {
        let moved = lloyd.step(&points);
        n_iter += 1;
        n_measured += moved.n_measured;
        if moved.n_changed == 0 {
            break moved.objective;
        }
    };
    let seconds = began.elapsed().as_secs_f64();
    let measured = n_measured as f64 / (n_iter * x.n_rows()) as f64;
    println!(
        "{{\"seconds\": {seconds:.4}, \"n_iter\": {n_iter}, \"inertia\": {inertia:.3}, \"measured\": {measured:.4}}}"
    );
    Ok(())
}
