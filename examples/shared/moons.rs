//! What the examples of normalizing flows do with two moons.

use diabolo::Result;
use diabolo::data;
use diabolo::models::flow::Density;
use diabolo::models::{Decode, Encode, Fit, Model, Sample, fit};
use diabolo::monitor::{Budget, Env, Silent};

/// Fits, scores, goes to the codes of some points and back, and draws the density in characters.
pub fn tour<P: Fit<Model = Density>>(params: &P) -> Result<()> {
    let moons = data::Moons { n_samples: 2000, ..Default::default() };
    let moons = data::Simulator::simulate(&moons, &Budget::unlimited())?.dataset;
    let env = Env::seeded(1);
    let (density, history) = fit(params, &moons.data(), None, &env, &mut Silent)?;
    println!("{} epochs", history.n_iter());
    for (name, value) in density.score(&moons.data(), &env)? {
        println!("{name:>18} {value:.3}");
    }
    // There and back again.
    let some = moons.features.select_rows(&[0, 1, 2]);
    let z = density.encode(&some, &env)?.to_f64();
    let back = density.decode(&z, &env)?;
    for ((x, z), back) in some.to_dense().rows().zip(z.rows()).zip(back.rows()) {
        println!("x {x:.3?} -> z {z:.3?} -> x {back:.3?}");
    }
    // What it has learned, as characters: how many of 4000 samples fall where.
    let drawn = density.sample(4000, &env)?.to_dense();
    let mut counts = [[0_u32; 60]; 18];
    for row in drawn.rows() {
        let (col, line) = ((row[0] + 1.5) / 4.0 * 60.0, (1.4 - row[1]) / 2.4 * 18.0);
        if (0.0..60.0).contains(&col) && (0.0..18.0).contains(&line) {
            counts[line as usize][col as usize] += 1;
        }
    }
    for line in counts {
        println!("{}", line.map(|n| [" ", ".", ":", "o", "#"][(n as usize).div_ceil(4).min(4)]).concat());
    }
    Ok(())
}
