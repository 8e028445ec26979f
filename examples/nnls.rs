//! Non-negative mixtures of known profiles: many samples against one signature, as deconvolution does it.
//!
//! `cargo run --release --example nnls -- [SIGNATURE.npy MIXTURES.npy OUT.npy]`: genes x types, samples x
//! genes; writes the weights, samples x types, and prints one line of JSON. Without files a simulation of
//! 20,000 samples, 1,296 genes and 17 types.

use diabolo::io::read::{ReadOptions, read};
use diabolo::io::write;
use diabolo::linalg::Matrix;
use diabolo::models::Names;
use diabolo::monitor::Env;
use diabolo::random::Rng;
use diabolo::solve::nnls;
use std::path::Path;
use std::time::Instant;

fn main() -> diabolo::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (signature, mixtures) = match &words[..] {
        [signature, mixtures, ..] => (matrix(signature)?, matrix(mixtures)?),
        _ => simulated(20_000, 1_296, 17),
    };
    let began = Instant::now();
    // G = S'S, C = Y S
    let gram = signature.gram();
    let mut weights = mixtures.matmul(&signature);
    nnls::non_negative(&gram, &mut weights);
    let seconds = began.elapsed().as_secs_f64();
    let per_second = mixtures.n_rows() as f64 / seconds;
    println!(r#"{{"seconds": {seconds}, "samples_per_second": {per_second}}}"#);
    match words.get(2) {
        Some(out) => write::write_matrix(Path::new(out), &weights, &Names::default()),
        None => Ok(()),
    }
}

fn matrix(path: &str) -> diabolo::Result<Matrix<f64>> {
    let set = read(path.as_ref(), &ReadOptions::default(), &Env::default().budget)?;
    Ok(set.features.to_dense())
}

/// Log-normal profiles, Dirichlet weights, multiplicative noise.
fn simulated(n_samples: usize, n_genes: usize, n_types: usize) -> (Matrix<f64>, Matrix<f64>) {
    let mut rng = Rng::seeded(1);
    let signature = Matrix::from_fn(n_genes, n_types, |_, _| (1.5 * rng.normal() + 3.0).exp());
    let mut weights = Matrix::zeros(n_samples, n_types);
    for i in 0..n_samples {
        rng.dirichlet(&vec![0.3; n_types], weights.row_mut(i));
    }
    let mut mixtures = weights.matmul_nt(&signature);
    mixtures.values_mut().iter_mut().for_each(|y| *y *= (0.1 * rng.normal()).exp());
    (signature, mixtures)
}
