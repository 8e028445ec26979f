//! A neural spline flow of two moons: `cargo run --release --example spline`.

#[path = "shared/moons.rs"]
mod moons;

use diabolo::Result;
use diabolo::data;
use diabolo::models::density::spline::Params;
use diabolo::models::{Draw, Model, Sample, fit};
use diabolo::monitor::{Budget, Env, Silent};

fn main() -> Result<()> {
    let params = Params::default();
    moons::tour(&params)?;

    let moons = data::Moons { n_samples: 2000, ..Default::default() };
    let moons = data::Simulator::simulate(&moons, &Budget::unlimited())?.dataset;
    let env = Env::seeded(1);
    // Given its class the same steps make two densities, and Bayes tells which a point is of.
    let told = Params { conditional: true, ..params };
    let (told, _) = fit(&told, &moons.data(), None, &env, &mut Silent)?;
    for (name, value) in told.score(&moons.data(), &env)? {
        println!("told of the moon: {name:>18} {value:.3}");
    }
    let how = Draw { temperature: Some(0.5), class: Some("moon_1".to_owned()) };
    let calm = told.draw(3, &how, &env)?.to_dense();
    calm.rows().for_each(|row| println!("of the first moon, at half the temperature: {row:.2?}"));
    Ok(())
}
