//! A colour picture of 8 bits a channel.

use crate::error::{Error, Result};

/// Rows of (red, green, blue).
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    height: usize,
    width: usize,
    rgb: Vec<u8>,
}

impl Frame {
    /// A picture of given size.
    /// # Errors
    /// [`Error::Shape`] for another number of values than `height` x `width` x 3, or none.
    pub fn new(height: usize, width: usize, rgb: Vec<u8>) -> Result<Frame> {
        if rgb.is_empty() || Some(rgb.len()) != height.checked_mul(width).and_then(|n| n.checked_mul(3)) {
            let expected = format!("3 values for each of {height} x {width} pixels, at least one");
            return Err(Error::shape(expected, format!("{} values", rgb.len())));
        }
        Ok(Frame { height, width, rgb })
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows of (red, green, blue).
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// Luma (ITU-R BT.601), 0 to 255.
    pub fn grey(&self) -> Vec<f32> {
        let luma = |c: &[u8]| {
            let [r, g, b] = [c[0], c[1], c[2]].map(f32::from);
            0.299 * r + 0.587 * g + 0.114 * b
        };
        self.rgb.chunks_exact(3).map(luma).collect()
    }

    /// Refuses a frame of another size.
    /// # Errors
    /// [`Error::Shape`]
    pub fn check_like(&self, other: &Frame) -> Result<()> {
        if (self.height, self.width) == (other.height, other.width) {
            return Ok(());
        }
        let of = |frame: &Frame| format!("{} x {} pixels", frame.height, frame.width);
        Err(Error::shape(
            format!("a frame of {} like the one before", of(other)),
            format!("one of {}", of(self)),
        ))
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({} x {})", self.height, self.width)
    }
}
