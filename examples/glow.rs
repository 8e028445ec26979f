//! Glow of handwritten digits: `cargo run --release --example glow`.

use diabolo::Result;
use diabolo::data;
use diabolo::models::density::glow::Params;
use diabolo::models::{Draw, Model, Sample, fit};
use diabolo::monitor::{Budget, Env, Silent};

fn main() -> Result<()> {
    let digits = data::digits(&Budget::unlimited())?;
    let (env, params) = (Env::seeded(1), Params { n_layers: 4, epochs: 60, ..Params::default() });
    let (density, history) = fit(&params, &digits.data(), None, &env, &mut Silent)?;
    println!("{} epochs", history.n_iter());
    for (name, value) in density.score(&digits.data(), &env)? {
        println!("{name:>18} {value:.3}");
    }
    // Five new digits, somewhat calmer than the model's own.
    let how = Draw { temperature: Some(0.7), class: None };
    let drawn = density.draw(5, &how, &env)?.to_dense();
    for line in 0..8 {
        let ink = |i: usize| -> String {
            let pixels = &drawn.row(i)[line * 8..][..8];
            pixels.iter().map(|&x| [" ", ".", ":", "o", "#"][(x / 16.1 * 5.0) as usize].repeat(2)).collect()
        };
        println!("{}", (0..5).map(ink).collect::<Vec<_>>().join("  "));
    }
    Ok(())
}
