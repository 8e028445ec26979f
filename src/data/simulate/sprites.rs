//! Pictures of one shape each, made from five independent factors.

use super::{Simulator, charge, check_count, check_range};
use crate::data::Simulated;
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::{Dataset, Labels, Names};
use crate::monitor::Budget;
use crate::random::Rng;
use diabolo_kernels::parallel::for_each_row_block;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// A square, an ellipse or a heart at one of several sizes, angles, rows and columns, each level of each factor
/// as likely as the others (after dSprites, Matthey et al. 2017): what tells whether a code separates the factors.
///
/// A pixel holds the share of its 4 x 4 points that lie in the shape. A square looks the same after a quarter
/// turn and an ellipse after half a turn, so of them the angle is not all there to be seen.
///
/// Truth: `levels`, pictures x (shape, scale, rotation, row, column), from 0; `values`, the same as (shape,
/// 1/2 to 1, radians, pixels, pixels). Labels are the shapes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sprites {
    /// Pictures.
    #[serde(alias = "n")]
    pub n_samples: usize,
    /// Height and width of a picture, pixels.
    pub side: usize,
    /// The largest shape's radius as a share of the side.
    pub size: f64,
    /// Levels of the scale.
    pub n_scales: usize,
    /// Levels of the rotation.
    pub n_rotations: usize,
    /// Levels of the row, and of the column.
    pub n_positions: usize,
    /// The seed.
    pub seed: u64,
}

impl Default for Sprites {
    fn default() -> Self {
        Self { n_samples: 2000, side: 32, size: 0.22, n_scales: 6, n_rotations: 40, n_positions: 32, seed: 1 }
    }
}

/// Points along each side of a pixel.
const POINTS: usize = 4;

/// Whether (u, v), the origin in the middle and v pointing up, is in a shape within the circle of radius 1.
fn is_inside(shape: usize, u: f64, v: f64) -> bool {
    match shape {
        0 => u.abs().max(v.abs()) <= 0.7,
        1 => u * u + 4.0 * v * v <= 1.0,
        _ => {
            // (u^2 + v^2 - 1)^3 <= u^2 v^3, made smaller and lowered.
            let (u, v) = (1.3 * u, 1.3 * v + 0.1);
            let rest = u * u + v * v - 1.0;
            rest * rest * rest <= u * u * v * v * v
        }
    }
}

impl Sprites {
    /// The shapes, in the order of their levels.
    pub const SHAPES: [&str; 3] = ["square", "ellipse", "heart"];

    /// The levels of each factor, from the truth `levels`, as the metrics of codes take them.
    pub fn factors(levels: &Matrix<f64>) -> Vec<Vec<u32>> {
        (0..levels.n_cols()).map(|k| levels.rows().map(|row| row[k] as u32).collect()).collect()
    }

    /// The number of levels of (shape, scale, rotation, row, column).
    pub fn n_levels(&self) -> [usize; 5] {
        [Self::SHAPES.len(), self.n_scales, self.n_rotations, self.n_positions, self.n_positions]
    }

    /// (shape, scale, radians, row, column) of the levels.
    pub fn values(&self, levels: [usize; 5]) -> [f64; 5] {
        let n_levels = self.n_levels();
        // 0 to 1; 1/2 of a factor with one level.
        let share =
            |k: usize| if n_levels[k] == 1 { 0.5 } else { levels[k] as f64 / (n_levels[k] - 1) as f64 };
        let radius = self.size * self.side as f64;
        let place = |k: usize| radius + (self.side as f64 - 2.0 * radius) * share(k);
        let angle = TAU * levels[2] as f64 / n_levels[2] as f64;
        [levels[0] as f64, 0.5 + 0.5 * share(1), angle, place(3), place(4)]
    }

    /// The picture of the levels, side x side pixels, row-major, 0 to 1.
    /// # Panics
    /// If `pixels` has another size.
    pub fn picture(&self, levels: [usize; 5], pixels: &mut [f32]) {
        assert_eq!(pixels.len(), self.side * self.side, "pixels of a picture");
        let [_, scale, angle, row, column] = self.values(levels);
        let radius = scale * self.size * self.side as f64;
        let (sin, cos) = angle.sin_cos();
        let at_point = |at: usize, point: usize| at as f64 + (point as f64 + 0.5) / POINTS as f64;
        for (at, pixel) in pixels.iter_mut().enumerate() {
            let (i, j) = (at / self.side, at % self.side);
            let inside = (0..POINTS * POINTS).filter(|point| {
                let x = (at_point(j, point % POINTS) - column) / radius;
                let y = (row - at_point(i, point / POINTS)) / radius;
                x * x + y * y <= 1.0 && is_inside(levels[0], cos * x + sin * y, cos * y - sin * x)
            });
            *pixel = inside.count() as f32 / (POINTS * POINTS) as f32;
        }
    }

    /// The levels of sample `i`.
    fn levels(&self, i: usize) -> [usize; 5] {
        let mut rng = Rng::keyed(self.seed, &[i as u64]);
        self.n_levels().map(|n_levels| rng.below(n_levels))
    }
}

impl Simulator for Sprites {
    const NAME: &'static str = "sprites";

    fn check(&self) -> Result<()> {
        check_count("n_samples", self.n_samples)?;
        check_count("side", self.side)?;
        check_count("n_scales", self.n_scales)?;
        check_count("n_rotations", self.n_rotations)?;
        check_count("n_positions", self.n_positions)?;
        check_range("size", self.size, 0.01..=0.5).and_then(|()| {
            let radius = 0.5 * self.size * self.side as f64;
            if radius >= 1.0 {
                return Ok(());
            }
            let why = format!("the smallest shape would have a radius of {radius} pixels; give 1 or more");
            Err(Error::parameter("size", why))
        })
    }

    fn draw(&self, budget: &Budget) -> Result<Simulated> {
        let (n, n_pixels) = (self.n_samples, self.side.saturating_mul(self.side));
        charge(budget, "the pictures", &[[n, n_pixels.div_ceil(2)], [n, 10]])?;
        let mut pictures: Matrix<f32> = Matrix::zeros(n, n_pixels);
        for_each_row_block(pictures.values_mut(), n_pixels, 16, |first, block| {
            for (i, pixels) in block.chunks_exact_mut(n_pixels).enumerate() {
                self.picture(self.levels(first + i), pixels);
            }
        });
        let drawn: Vec<[usize; 5]> = (0..n).map(|i| self.levels(i)).collect();
        let levels = Matrix::from_fn(n, 5, |i, k| drawn[i][k] as f64);
        let values = Matrix::from_fn(n, 5, |i, k| self.values(drawn[i])[k]);
        let class = drawn.iter().map(|levels| levels[0] as u32).collect();
        let dataset = Dataset {
            features: Features::F32(pictures),
            names: Names { picture: Some((self.side, self.side)), ..Names::default() },
            labels: Some(Labels { class, classes: Self::SHAPES.map(str::to_owned).to_vec() }),
            batches: None,
        };
        Ok(Simulated { dataset, truth: vec![("levels", levels), ("values", values)] })
    }
}
