//! A flow on files, for the scripts in `benches/peers`: `flow_race ROOM TRAIN.npy TEST.npy PARAMETERS SEED`, parameters
//! as JSON, prints one line of JSON: seconds of the fit, the mean log likelihood of TEST in nats, bits a number.
//!
//! Rows of 64 numbers are taken to be pictures of 8 x 8 where the room needs such.

use diabolo::cli::rooms;
use diabolo::io::read::{ReadOptions, read};
use diabolo::models::Dataset;
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [room, train, test, parameters, seed] = &arguments[..] else {
        return Err(Error::parameter("flow_race", "give ROOM TRAIN TEST PARAMETERS SEED"));
    };
    let wrong = |why: String| Error::parameter("flow_race", why);
    let load = |path: &str| -> Result<Dataset> {
        let mut set = read(Path::new(path), &ReadOptions::default(), &Budget::unlimited())?;
        if room == "glow" && set.features.n_features() == 64 {
            set.names.picture = Some((8, 8));
        }
        Ok(set)
    };
    let (train, test) = (load(train)?, load(test)?);
    let table: toml::Table = serde_json::from_str(parameters).map_err(|e| wrong(e.to_string()))?;
    let env = Env::seeded(seed.parse().map_err(|_| wrong(format!("{seed} is no seed")))?);
    let room = rooms::find(room)?;
    let parameters = (room.params)(&table, None)?;
    let began = Instant::now();
    let (model, _) = (room.fit)(&parameters, &train.data(), None, &env, &mut Silent)?;
    let seconds = began.elapsed().as_secs_f64();
    let scores = model.score(&test.data(), &env)?;
    let found = |name: &str| scores.iter().find(|score| score.0 == name).map_or(0.0, |score| score.1);
    println!(
        "{{\"seconds\": {seconds:.4}, \"log_likelihood\": {:.5}, \"bits\": {:.4}}}",
        found("log_likelihood"),
        found("bits_per_dim")
    );
    Ok(())
}
