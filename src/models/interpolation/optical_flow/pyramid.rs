//! A frame as motion is told by: halved again and again.

use crate::error::Result;
use crate::models::interpolation::Frame;
use crate::monitor::Env;
use diabolo_kernels::motion::{Colour, Grey, PATCH};

/// A picture is halved as long as both its sides are this many pixels at least.
const SMALLEST: usize = 4 * PATCH;

/// A grey picture.
pub(super) struct Level {
    pub height: usize,
    pub width: usize,
    pub grey: Vec<f32>,
}

impl Level {
    pub fn picture(&self) -> Grey<'_> {
        Grey::new(self.height, self.width, &self.grey)
    }

    /// Half the size, means of 2 x 2 pixels; a last odd row or column is left out.
    fn half(&self) -> Level {
        let (h, w) = (self.height / 2, self.width / 2);
        let mut grey = Vec::with_capacity(h * w);
        for y in 0..h {
            let [upper, lower] = [0, 1].map(|r| &self.grey[(2 * y + r) * self.width..][..2 * w]);
            let means = upper.chunks_exact(2).zip(lower.chunks_exact(2));
            grey.extend(means.map(|(a, b)| 0.25 * (a[0] + a[1] + b[0] + b[1])));
        }
        Level { height: h, width: w, grey }
    }
}

/// A frame made ready: of a sequence every frame once.
pub struct Prepared {
    /// The whole size first.
    pub(super) levels: Vec<Level>,
    pub(super) colour: Colour,
}

impl Prepared {
    /// Halves a frame. Charges the budget with it; [`Prepared::bytes`] is what to release with it.
    /// # Errors
    /// [`crate::Error::Limit`]
    pub fn new(frame: &Frame, env: &Env) -> Result<Prepared> {
        env.budget
            .charge(Prepared::bytes(frame.height(), frame.width()), "a frame and its smaller copies")?;
        let mut levels = vec![Level { height: frame.height(), width: frame.width(), grey: frame.grey() }];
        while levels.last().is_some_and(|last| last.height.min(last.width) >= SMALLEST) {
            levels.push(levels[levels.len() - 1].half());
        }
        Ok(Prepared { levels, colour: Colour::new(frame.height(), frame.width(), frame.rgb()) })
    }

    /// Bytes of a frame of that size.
    pub fn bytes(height: usize, width: usize) -> u64 {
        // A pyramid has a third more than its base.
        6 * (height * width) as u64 + Colour::bytes(height, width)
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.levels[0].height
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.levels[0].width
    }
}
