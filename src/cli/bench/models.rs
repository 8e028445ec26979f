//! Every model of ROOMS with its defaults on the data set its line names.

use crate::cli::room::Room;
use crate::cli::rooms::ROOMS;
use crate::data;
use crate::error::{Error, Result};
use crate::monitor::{Env, Monitor, Progress, Signal};
use crate::tensors::Tensors;
use serde::Serialize;
use std::time::{Duration, Instant};

/// Seconds that all fits together may take, more or less a step each.
const SECONDS: f64 = 12.0;

/// A model's figures.
#[derive(Serialize)]
pub struct ModelLine {
    /// The model.
    pub model: &'static str,
    /// The data set.
    pub data: &'static str,
    /// Steps of the fit.
    pub n_iter: u64,
    /// Seconds of the fit.
    pub seconds: f64,
    /// Whether the fit ended by itself, and not because its time was over.
    pub ended: bool,
    /// Samples encoded in a second, all of the data at once, if the model encodes.
    pub encoded_samples_per_second: Option<f64>,
}

/// Fits and encodes with every model, on the threads of the current pool.
/// # Errors
/// What data and models raise.
pub fn measure(env: &Env) -> Result<Vec<ModelLine>> {
    ROOMS.iter().map(|room| measure_room(room, env)).collect()
}

fn measure_room(room: &Room, env: &Env) -> Result<ModelLine> {
    let no_set = || Error::parameter(room.name, format!("there is no set {}", room.example));
    let set = data::by_name(room.example, &env.budget).ok_or_else(no_set)??;
    let began = Instant::now();
    let mut deadline =
        Deadline { at: began + Duration::from_secs_f64(SECONDS / ROOMS.len() as f64), passed: false };
    let (model, history) = (room.fit)(&(room.defaults)(), &set.data(), None, env, &mut deadline)?;
    let seconds = began.elapsed().as_secs_f64();
    let encoded_samples_per_second = match model.encoder() {
        None => None,
        Some(encoder) => {
            let began = Instant::now();
            encoder.encode(&set.features, env)?;
            Some(set.features.n_samples() as f64 / began.elapsed().as_secs_f64())
        }
    };
    Ok(ModelLine {
        model: room.name,
        data: room.example,
        n_iter: history.n_iter(),
        seconds,
        ended: !deadline.passed,
        encoded_samples_per_second,
    })
}

/// Stops a fit when its time is over.
struct Deadline {
    at: Instant,
    passed: bool,
}

impl Monitor for Deadline {
    fn at(&mut self, _: &Progress, _: &dyn Tensors) -> Result<Signal> {
        self.passed = Instant::now() >= self.at;
        Ok(if self.passed { Signal::Stop } else { Signal::Go })
    }
}
