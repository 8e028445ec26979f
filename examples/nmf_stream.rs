//! Parts of a file larger than memory: `cargo run --release --example nmf_stream`.
//!
//! Without arguments writes 400 MB of mixtures to the temporary folder and goes through them in 32 MB. With
//! `nmf_stream X K BATCH PASSES [H.npy]` goes through a file of rows and prints one line of JSON, the last
//! argument being where the parts go; with `nmf_stream X H.npy` prints the objective of given parts, every code
//! exact: what `benches/peers/nmf_minibatch.py` compares with scikit-learn.

use diabolo::io::read::{ReadOptions, read};
use diabolo::io::row_sink;
use diabolo::io::rows::RowFile;
use diabolo::io::write;
use diabolo::linalg::Matrix;
use diabolo::models::factorization::nmf::Params;
use diabolo::models::{Data, Names, RowSource, fit, rows_per_block};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::random::Rng;
use diabolo::solve::{hals, nnls};
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match &words[..] {
        [] => larger_than_memory(),
        [x, h] => {
            println!(r#"{{"objective": {}}}"#, objective(Path::new(x), Path::new(h))?);
            Ok(())
        }
        [x, k, batch, passes, out @ ..] => {
            let number = |text: &String| {
                text.parse::<u64>().map_err(|e| Error::parameter("nmf_stream", format!("{text}: {e}")))
            };
            let (k, batch, passes) = (number(k)? as usize, number(batch)? as usize, number(passes)?);
            let (h, seconds) = stream(Path::new(x), k, batch, passes, &Env::seeded(1))?;
            println!(r#"{{"seconds": {seconds:.4}}}"#);
            out.first().map_or(Ok(()), |out| write::write_matrix(Path::new(out), &h, Names::NONE))
        }
        _ => Err(Error::parameter("nmf_stream", "give nothing, X H.npy, or X K BATCH PASSES [H.npy]")),
    }
}

/// The parts of a file, and the seconds of finding them, reading counted.
fn stream(x: &Path, k: usize, batch: usize, passes: u64, env: &Env) -> Result<(Matrix<f64>, f64)> {
    let file = RowFile::new(x, &ReadOptions::default(), &env.budget)?;
    let params =
        Params { n_components: k, batch_size: batch, max_iter: passes, tol: 0.0, ..Params::default() };
    let began = Instant::now();
    let (model, _) = fit(&params, &Data::stream(&file), None, env, &mut Silent)?;
    Ok((model.h().clone(), began.elapsed().as_secs_f64()))
}

/// 1/2 ||X - Z H||^2 with the best Z >= 0, block by block.
fn objective(x: &Path, h: &Path) -> Result<f64> {
    let budget = Budget::unlimited();
    let ht = read(h, &ReadOptions::default(), &budget)?.features.to_dense().transposed();
    let gram = ht.gram();
    let file = RowFile::new(x, &ReadOptions::default(), &budget)?;
    let (mut blocks, mut sum) = (file.open()?, 0.0);
    while let Some(block) = blocks.next_block(rows_per_block(file.n_features()))? {
        let products = block.features.matmul(&ht);
        let mut z = products.clone();
        nnls::non_negative(&gram, &mut z);
        sum += 0.5 * (block.features.squared_norm() - 2.0 * hals::inner(&products, &z))
            + 0.5 * hals::inner(&z.gram(), &gram);
    }
    Ok(sum)
}

/// 100,000 mixtures of 8 parts in 500 features, written and fitted in the memory of a few blocks.
fn larger_than_memory() -> Result<()> {
    let path = std::env::temp_dir().join(format!("diabolo-nmf-stream-{}.npy", std::process::id()));
    let env = Env { budget: Budget::limited(32_000_000), ..Env::seeded(1) };
    let mut rng = Rng::seeded(1);
    let parts = Matrix::from_fn(8, 500, |_, _| if rng.bernoulli(0.7) { 0.0 } else { rng.uniform() });
    row_sink::write(&path, &env.budget, |sink| {
        for _ in 0..100 {
            let weights = Matrix::from_fn(1000, 8, |_, _| rng.uniform().powi(3));
            sink.push(&weights.matmul(&parts), Names::NONE)?;
        }
        Ok(())
    })?;
    let fitted = stream(&path, 8, 1000, 3, &env);
    let (found, seconds) = fitted.inspect_err(|_| drop(std::fs::remove_file(&path)))?;
    println!("3 passes over 400 MB in {seconds:.2} s, with 32 MB to spend");
    let norm = |row: &[f64]| row.iter().map(|x| x * x).sum::<f64>().sqrt();
    for (k, part) in parts.rows().enumerate() {
        let cosine = |row: &[f64]| {
            part.iter().zip(row).map(|(a, b)| a * b).sum::<f64>()
                / norm(part)
                / norm(row).max(f64::MIN_POSITIVE)
        };
        println!(
            "part {}: cosine {:.4} with the one found",
            k + 1,
            found.rows().map(cosine).fold(0.0, f64::max)
        );
    }
    std::fs::remove_file(&path).map_err(|source| Error::io(&path, source))
}
