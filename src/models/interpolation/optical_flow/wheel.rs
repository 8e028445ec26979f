//! Flow as colour: where to as the hue, how far as how strong (Baker, Scharstein, Lewis, Roth, Black & Szeliski 2011).
//!
//! Hues go round a wheel of 55 in six stretches, red, yellow, green, cyan, blue, magenta and back, as many in each as the eye
//! tells apart. Nothing moves where it is white; at the largest displacement the hue is full, beyond it darker.

use super::Flow;
use crate::error::Result;
use crate::models::interpolation::Frame;
use std::f32::consts::PI;

/// Hues of each stretch, and the channels (red, green, blue) at its beginning.
const STRETCHES: [(usize, [f32; 3]); 6] = [
    (15, [1.0, 0.0, 0.0]),
    (6, [1.0, 1.0, 0.0]),
    (4, [0.0, 1.0, 0.0]),
    (11, [0.0, 1.0, 1.0]),
    (13, [0.0, 0.0, 1.0]),
    (6, [1.0, 0.0, 1.0]),
];

/// The share of all displacements that the full hue may be exceeded by: a few that went astray pale no picture.
const BEYOND: f64 = 0.005;

/// What is left of a hue beyond the largest displacement.
const DARKER: f32 = 0.75;

/// The hues of the wheel.
fn hues() -> Vec<[f32; 3]> {
    let mut hues = Vec::new();
    for (at, (n, from)) in STRETCHES.iter().enumerate() {
        let to = STRETCHES[(at + 1) % STRETCHES.len()].1;
        for k in 0..*n {
            let share = k as f32 / *n as f32;
            hues.push([0, 1, 2].map(|c| from[c] + share * (to[c] - from[c])));
        }
    }
    hues
}

/// The colour of a displacement in shares of the largest.
fn colour(hues: &[[f32; 3]], right: f32, down: f32) -> [u8; 3] {
    let far = right.hypot(down);
    let place = ((-down).atan2(-right) / PI + 1.0) / 2.0 * (hues.len() - 1) as f32;
    let at = (place as usize).min(hues.len() - 1);
    let (here, next) = (hues[at], hues[(at + 1) % hues.len()]);
    let share = place - at as f32;
    [0, 1, 2].map(|c| {
        let hue = here[c] + share * (next[c] - here[c]);
        let mixed = if far <= 1.0 { 1.0 - far * (1.0 - hue) } else { DARKER * hue };
        (255.0 * mixed) as u8
    })
}

/// A flow as a picture, and the displacement, in pixels, that has the full hue: the one that only a share of .005 are beyond.
/// # Errors
/// [`crate::Error::Shape`] for a flow of no pixels.
pub fn coloured(flow: &Flow) -> Result<(Frame, f64)> {
    let mut far: Vec<f32> = flow.right.iter().zip(&flow.down).map(|(u, v)| u.hypot(*v)).collect();
    far.sort_by(f32::total_cmp);
    let at = ((1.0 - BEYOND) * (far.len().saturating_sub(1)) as f64).round() as usize;
    // A flow of nothing is white, and not the noise in it.
    let largest = far.get(at).copied().unwrap_or(0.0).max(0.01);
    let hues = hues();
    let pixels = flow.right.iter().zip(&flow.down);
    let rgb = pixels.flat_map(|(u, v)| colour(&hues, u / largest, v / largest)).collect();
    Ok((Frame::new(flow.height, flow.width, rgb)?, f64::from(largest)))
}

/// The wheel itself, `side` pixels each way: the colour of every displacement, seen from the middle.
/// # Errors
/// [`crate::Error::Shape`] for a side of 0.
pub fn legend(side: usize) -> Result<Frame> {
    let hues = hues();
    let middle = (side as f32 - 1.0) / 2.0;
    let pixel = |at: usize| {
        let (right, down) = ((at % side) as f32 - middle, (at / side) as f32 - middle);
        let (right, down) = (right / middle.max(0.5), down / middle.max(0.5));
        // Outside the circle nothing is told.
        if right.hypot(down) > 1.0 { [255; 3] } else { colour(&hues, right, down) }
    };
    Frame::new(side, side, (0..side * side).flat_map(pixel).collect())
}
