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
    let params = Params {
        width: 16,
        module_scale: 2,
        depth: 1,
        epochs: 12,
        crop: 32,
        span: 4,
        still_epochs: 1,
        still_pan: 3,
        decay_epochs: vec![8, 10],
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
