//! Discs and squares that glide through a picture and bounce off its edges.

use super::{POSITIVE, Simulator, charge, check_count, check_range};
use crate::data::Simulated;
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::{Dataset, Names};
use crate::monitor::Budget;
use crate::random::Rng;
use diabolo_kernels::parallel::for_each_row_block;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Frames t = 0, 1, 2, ... of `n_shapes` bodies, each moving at constant speed in a random direction and
/// reflected at the edges.
///
/// A pixel holds the largest brightness(b) clamp(radius + 1/2 - d_b, 0, 1) over the bodies b, where d_b is
/// the distance of the pixel's centre from the body's: Euclidean for discs (b even), the larger of both
/// coordinates' for squares (b odd). Edges are smooth, so motion by a part of a pixel is seen, and
/// [`Shapes::frame`] gives the exact picture at any time between frames.
///
/// Truth: `positions`, frames x (row, column of each body).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shapes {
    /// Pictures.
    #[serde(alias = "n")]
    pub n_frames: usize,
    /// Height and width of a picture, pixels.
    pub side: usize,
    /// Bodies.
    #[serde(alias = "k")]
    pub n_shapes: usize,
    /// Half their size, pixels.
    pub radius: f64,
    /// Pixels from frame to frame.
    pub speed: f64,
    /// The seed.
    pub seed: u64,
}

impl Default for Shapes {
    fn default() -> Self {
        Self { n_frames: 200, side: 16, n_shapes: 2, radius: 2.5, speed: 0.7, seed: 1 }
    }
}

/// A moving body.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// Row and column at t = 0, pixels from the upper left corner.
    start: [f64; 2],
    /// Pixels a frame.
    velocity: [f64; 2],
    /// 1/2 to 1.
    brightness: f64,
    is_square: bool,
}

impl Shapes {
    /// The bodies of this seed.
    pub fn bodies(&self) -> Vec<Body> {
        let bodies = (0..self.n_shapes).map(|b| {
            let mut rng = Rng::keyed(self.seed, &[b as u64]);
            let free = self.side as f64 - 2.0 * self.radius;
            let start = [(); 2].map(|()| self.radius + free * rng.uniform());
            let direction = TAU * rng.uniform();
            let velocity = [self.speed * direction.sin(), self.speed * direction.cos()];
            Body { start, velocity, brightness: 0.5 + 0.5 * rng.uniform(), is_square: b % 2 == 1 }
        });
        bodies.collect()
    }

    /// Where a body's centre is at time `t`: it swings between the edges as a triangle wave.
    pub fn position(&self, body: &Body, t: f64) -> [f64; 2] {
        let free = self.side as f64 - 2.0 * self.radius;
        [0, 1].map(|axis| {
            let travelled = body.start[axis] - self.radius + body.velocity[axis] * t;
            let phase = travelled.rem_euclid(2.0 * free);
            self.radius + if phase < free { phase } else { 2.0 * free - phase }
        })
    }

    /// The picture at time `t`, side x side pixels, row-major, 0 to 1.
    /// # Panics
    /// If `pixels` has another size.
    pub fn frame(&self, bodies: &[Body], t: f64, pixels: &mut [f32]) {
        assert_eq!(pixels.len(), self.side * self.side, "pixels of a picture");
        pixels.fill(0.0);
        for body in bodies {
            let [row, col] = self.position(body, t);
            for (at, pixel) in pixels.iter_mut().enumerate() {
                let down = ((at / self.side) as f64 + 0.5 - row).abs();
                let along = ((at % self.side) as f64 + 0.5 - col).abs();
                let distance = if body.is_square { down.max(along) } else { down.hypot(along) };
                let cover = (self.radius + 0.5 - distance).clamp(0.0, 1.0);
                *pixel = pixel.max((body.brightness * cover) as f32);
            }
        }
    }
}

impl Simulator for Shapes {
    const NAME: &'static str = "shapes";

    fn check(&self) -> Result<()> {
        check_count("n_frames", self.n_frames)?;
        check_count("n_shapes", self.n_shapes)?;
        check_count("side", self.side)?;
        check_range("radius", self.radius, POSITIVE)?;
        check_range("speed", self.speed, 0.0..=1e9)?;
        if 2.0 * self.radius >= self.side as f64 {
            let why = format!("bodies of {} pixels have no room to move in {}", 2.0 * self.radius, self.side);
            return Err(Error::parameter("radius", format!("{why}; give a smaller radius")));
        }
        Ok(())
    }

    fn draw(&self, budget: &Budget) -> Result<Simulated> {
        let (n_frames, n_pixels) = (self.n_frames, self.side.saturating_mul(self.side));
        charge(budget, "the frames", &[[n_frames, n_pixels.div_ceil(2)], [n_frames, 2 * self.n_shapes]])?;
        let bodies = self.bodies();
        let mut frames: Matrix<f32> = Matrix::zeros(n_frames, n_pixels);
        for_each_row_block(frames.values_mut(), n_pixels, 1, |t, pixels| {
            self.frame(&bodies, t as f64, pixels);
        });
        let positions = Matrix::from_fn(n_frames, 2 * self.n_shapes, |t, at| {
            self.position(&bodies[at / 2], t as f64)[at % 2]
        });
        let dataset = Dataset {
            features: Features::F32(frames),
            names: Names { picture: Some((self.side, self.side)), ..Names::default() },
            labels: None,
            batches: None,
        };
        Ok(Simulated { dataset, truth: vec![("positions", positions)] })
    }
}
