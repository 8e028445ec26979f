//! Codes of a graph's nodes that a critic cannot tell from draws of N(0, I): `cargo run --release --example arga`.

use diabolo::Result;
use diabolo::data::karate;
use diabolo::linalg::Matrix;
use diabolo::models::graph::arga::Params;
use diabolo::models::graph::gae;
use diabolo::models::{Model, fit};
use diabolo::monitor::{Env, Silent};

fn main() -> Result<()> {
    let (club, env) = (karate(), Env::seeded(1));
    let params = Params { n_latent: 4, epochs: 300, validation: 0.0, test: 0.0, ..Params::default() };
    let (played, history) = fit(&params, &club.data(), None, &env, &mut Silent)?;
    for name in ["critic", "fooled"] {
        let told = &history.metrics()[name];
        println!("{name:>8}: {:.3} at first, {:.3} at the end", told[0], told[told.len() - 1]);
    }
    let alone = gae::Params { n_latent: 4, validation: 0.0, test: 0.0, ..gae::Params::default() };
    let (free, _) = fit(&alone, &club.data(), None, &env, &mut Silent)?;
    println!("deviation of each axis of the codes, 1 of the prior");
    println!("{:>8}: {:.2?}", "arga", deviations(&played.codes.0));
    println!("{:>8}: {:.2?}", "gae", deviations(&free.codes.0));
    for (name, value) in played.score(&club.data(), &env)? {
        println!("{name:>16} {value:.3}");
    }
    Ok(())
}

/// The standard deviation of each column.
fn deviations(codes: &Matrix<f64>) -> Vec<f64> {
    let n = codes.n_rows() as f64;
    let of = |k: usize| {
        let mean = codes.rows().map(|row| row[k]).sum::<f64>() / n;
        (codes.rows().map(|row| (row[k] - mean).powi(2)).sum::<f64>() / n).sqrt()
    };
    (0..codes.n_cols()).map(of).collect()
}
