//! What the spots of a simulated tissue are made of: `cargo run --release --example starfysh`.
//!
//! Three types of cells lie in stripes; only two of them have a signature. The third is found as a candidate, and the shares of all
//! three are set beside the truth.

use diabolo::Result;
use diabolo::applications::starfysh::{Params, Signatures, run};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::models::{Dataset, Names};
use diabolo::monitor::Env;
use diabolo::random::Rng;

/// Spots along a side, types, genes of each type, and genes of all.
const SIDE: usize = 16;
const TYPES: usize = 3;
const OWN: usize = 15;
const COMMON: usize = 60;

fn main() -> Result<()> {
    let (set, places, truth) = tissue();
    let gene = |t: usize| (t * OWN..t * OWN + 10).map(|g| format!("gene{g}")).collect();
    let known = Signatures { types: vec!["red".into(), "green".into()], genes: vec![gene(0), gene(1)] };
    let params = Params { add_novel: true, epochs: 40, learning_rate: 1e-3, ..Params::default() };
    let found = run(&set.data(), &places, Some(&known), &params, &Env::seeded(1))?;

    println!("{} archetypes: {}", found.archetypes.h().n_rows(), found.chosen.why);
    if let Some(matched) = &found.matched {
        for (name, archetype) in matched.types.iter().zip(&matched.archetype) {
            println!("{name} is archetype {}", archetype.map_or("none".to_owned(), |j| (j + 1).to_string()));
        }
        for novel in &matched.novel {
            println!(
                "archetype {} is nobody's, {:.2} away from the types",
                novel.archetype + 1,
                novel.distance
            );
        }
    }
    if let Some(generated) = &found.generated {
        for (name, t) in generated.names.iter().zip(0..) {
            let shares = generated.proportions.col(t);
            println!(
                "{name:>12}: correlation with the true shares {:.3}",
                correlation(&shares, &truth.col(t))
            );
        }
    }
    Ok(())
}

/// Counts, places, and the share of every type in every spot.
fn tissue() -> (Dataset, Matrix<f64>, Matrix<f64>) {
    let mut rng = Rng::seeded(7);
    let (n, n_genes) = (SIDE * SIDE, TYPES * OWN + COMMON);
    let places =
        Matrix::from_fn(n, 2, |i, axis| if axis == 0 { (i % SIDE) as f64 } else { (i / SIDE) as f64 });
    let mut shares = Matrix::zeros(n, TYPES);
    let mut counts = Matrix::zeros(n, n_genes);
    for i in 0..n {
        let stripe = (i % SIDE) * TYPES / SIDE;
        let alpha: Vec<f64> = (0..TYPES).map(|t| if t == stripe { 6.0 } else { 0.5 }).collect();
        rng.dirichlet(&alpha, shares.row_mut(i));
        for g in 0..n_genes {
            let rate = |t: usize| if g / OWN == t { 20.0 } else { 2.0 };
            let mean: f64 = (0..TYPES).map(|t| shares[(i, t)] * rate(t)).sum();
            counts[(i, g)] = rng.poisson(mean) as f64;
        }
    }
    let names = Names {
        samples: None,
        features: Some((0..n_genes).map(|g| format!("gene{g}")).collect()),
        ..Default::default()
    };
    (Dataset { names, ..Dataset::unnamed(Features::Sparse(Csr::from_dense(&counts))) }, places, shares)
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(a, b)| f(a - ma, b - mb)).sum::<f64>();
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}
