//! XVFI learns from a clip of moving shapes and makes frames at any time: `cargo run --release --example xvfi`.

use diabolo::models::interpolation::Footage;
use diabolo::models::interpolation::xvfi::Params;
use diabolo::models::{Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::{Error, Result, data};

fn main() -> Result<()> {
    let name = "shapes:side=32,n_frames=90,speed=3,radius=5,seed=1";
    let set = data::by_name(name, &Budget::unlimited())
        .ok_or_else(|| Error::parameter("data", "no set of that name"))??;
    // Frames this small and a scene this plain need neither several levels nor crops that move.
    let params = Params {
        width: 16,
        depth: 0,
        epochs: 20,
        crop: 32,
        pan: 0,
        still_epochs: 0,
        still: 0.0,
        span: 4,
        learning_rate: 2e-3,
        decay_epochs: vec![14, 18],
        ..Params::default()
    };
    let (env, footage) = (Env::seeded(1), Footage::new(&set.data())?);
    let (model, _) = fit(&params, &set.data(), None, &env, &mut Silent)?;
    for (name, value) in model.score(&set.data(), &env)? {
        println!("{name:>16} {value:.2}");
    }
    // A line of pixels through a frame, at times from it to the next but one.
    let interpolator = model.interpolator().ok_or_else(|| Error::parameter("model", "makes no frames"))?;
    let mut sequence = interpolator.sequence(vec![0.2, 0.4, 0.6, 0.8])?;
    for at in [80, 82] {
        sequence.push(footage.frame(at)?, &env, &mut |t, frame| {
            let ink = |x: u8| [" ", ".", ":", "o", "#"][usize::from(x) * 5 / 256];
            let line: String = (0..32).map(|x| ink(frame.rgb()[3 * (16 * 32 + x)])).collect();
            println!("{t:.1} |{line}|");
            Ok(())
        })?;
    }
    Ok(())
}
