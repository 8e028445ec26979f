//! Frames brought to sides that a network takes, and cut out again.

use super::PairNet;
use crate::error::Result;
use crate::models::interpolation::Frame;

/// Where a frame lies in one whose sides are multiples of a number: in its middle, around it black or the border repeated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Padding {
    pub size: [usize; 2],
    pub padded: [usize; 2],
    is_black: bool,
}

impl Padding {
    pub fn new<N: PairNet>(size: [usize; 2], net: &N) -> Padding {
        let multiple = net.multiple();
        Padding { size, padded: size.map(|side| side.next_multiple_of(multiple)), is_black: net.pads_black() }
    }

    fn before(&self) -> [usize; 2] {
        [0, 1].map(|axis| (self.padded[axis] - self.size[axis]) / 2)
    }

    pub fn fill(&self, frame: &Frame, [unit, shift]: [f32; 2]) -> Vec<f32> {
        let [top, left] = self.before();
        let [height, width] = self.size;
        let mut values = Vec::with_capacity(3 * self.padded[0] * self.padded[1]);
        for y in 0..self.padded[0] {
            let row = y.saturating_sub(top).min(height - 1);
            for x in 0..self.padded[1] {
                let column = x.saturating_sub(left).min(width - 1);
                if self.is_black && [y, x] != [top + row, left + column] {
                    values.extend([shift; 3]);
                    continue;
                }
                let pixel = &frame.rgb()[3 * (row * width + column)..][..3];
                values.extend(pixel.iter().map(|&x| unit * f32::from(x) / 255.0 + shift));
            }
        }
        values
    }

    pub fn crop(&self, values: &[f32], [unit, shift]: [f32; 2]) -> Result<Frame> {
        let [top, left] = self.before();
        let [height, width] = self.size;
        let mut rgb = Vec::with_capacity(3 * height * width);
        for row in 0..height {
            let line = &values[3 * ((top + row) * self.padded[1] + left)..][..3 * width];
            rgb.extend(line.iter().map(|x| (255.0 * (x - shift) / unit).round().clamp(0.0, 255.0) as u8));
        }
        Frame::new(height, width, rgb)
    }
}
