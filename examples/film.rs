//! FILM learns from a clip of moving shapes what lies between its frames: `cargo run --release --example film`.

use diabolo::models::interpolation::film::Params;
use diabolo::models::{Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::{Error, Result, data};

fn main() -> Result<()> {
    let name = "shapes:side=32,n_frames=90,speed=3,radius=5,seed=1";
    let set = data::by_name(name, &Budget::unlimited())
        .ok_or_else(|| Error::parameter("data", "no set of that name"))??;
    let params = Params {
        levels: 4,
        width: 8,
        flow_filters: vec![12, 16, 16],
        epochs: 12,
        crop: 32,
        decay_epochs: vec![8, 10],
        validate_every: 3,
        ..Params::default()
    };
    let (model, history) = fit(&params, &set.data(), None, &Env::seeded(1), &mut Silent)?;
    let gains = history.metrics().get("held_out_gain").map_or(&[] as &[f64], Vec::as_slice);
    for (epoch, gain) in (1..).zip(gains).filter(|(_, gain)| !gain.is_nan()) {
        println!(
            "epoch {epoch:>2}: frames held out are {gain:+.2} dB nearer than the mean of their neighbours"
        );
    }
    for (name, value) in model.score(&set.data(), &Env::default())? {
        println!("{name:>16} {value:.2}");
    }
    Ok(())
}
