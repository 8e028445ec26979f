//! Parts of handwritten digits: `cargo run --release --example nmf`.
//!
//! Fits the embedded digits without their last hundred, encodes those as well, and draws the parts.

use diabolo::Result;
use diabolo::data;
use diabolo::models::factorization::nmf::Params;
use diabolo::models::{Data, Model, fit};
use diabolo::monitor::{Budget, Env, Silent};

/// Pixels by ink, lightest first.
const INK: [&str; 5] = ["  ", "..", "::", "oo", "##"];

fn main() -> Result<()> {
    let digits = data::digits(&Budget::unlimited())?.features;
    let n_seen = digits.n_samples() - 100;
    let seen = digits.select_rows(&(0..n_seen).collect::<Vec<usize>>());
    let unseen = digits.select_rows(&(n_seen..digits.n_samples()).collect::<Vec<usize>>());

    let params = Params { n_components: 12, ..Params::default() };
    let env = Env::seeded(1);
    let (model, history) = fit(&params, &Data::rows(&seen), None, &env, &mut Silent)?;
    println!("{} after {} iterations", history.stop.name(), history.n_iter());
    for (what, x) in [("seen", &seen), ("unseen", &unseen)] {
        let scores = model.score(&Data::rows(x), &env)?;
        let scores: Vec<String> = scores.iter().map(|(name, value)| format!("{name} {value:.4}")).collect();
        println!("{what:>8}: {}", scores.join(", "));
    }
    for factor in model.factors().iter().filter(|factor| factor.name == "h") {
        for parts in factor.values.values().chunks(6 * 64) {
            draw(parts);
        }
    }
    Ok(())
}

/// Pictures of 8 x 8 pixels, side by side, each with its darkest pixel as dark as can be.
fn draw(pictures: &[f64]) {
    for row in 0..8 {
        let lines = pictures.chunks(64).map(|picture| -> String {
            let darkest = picture.iter().fold(f64::MIN_POSITIVE, |most, &x| most.max(x));
            picture[row * 8..][..8].iter().map(|x| INK[(x / darkest * 4.99) as usize]).collect()
        });
        println!("{}", lines.collect::<Vec<String>>().join("  "));
    }
    println!();
}
