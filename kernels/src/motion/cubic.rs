//! Colour pictures read between pixels by cubic convolution.

use crate::parallel::for_each_row_block;
use crate::simd::Simd;

/// Pixels around a picture that repeat its border.
const BORDER: usize = 2;

/// Channels a pixel is kept with: two pixels are a vector.
const CHANNELS: usize = 4;

/// The slope of the kernel at distance 1: -3/4 keeps fine patterns sharper than Keys' -1/2 when pictures are moved.
const SLOPE: f32 = -0.75;

/// Rows of pixels of a task.
const ROWS: usize = 16;

/// A colour picture with its border repeated, four f32 a pixel.
#[derive(Clone, Debug)]
pub struct Colour {
    height: usize,
    width: usize,
    values: Vec<f32>,
}

impl Colour {
    /// Of rows of (red, green, blue).
    /// # Panics
    /// If there are not `height` x `width` x 3 values, or none.
    pub fn new(height: usize, width: usize, rgb: &[u8]) -> Colour {
        assert!(height > 0 && width > 0 && rgb.len() == height * width * 3, "a {height} x {width} picture");
        let stride = (width + 2 * BORDER) * CHANNELS;
        let mut values = vec![0.0; (height + 2 * BORDER) * stride];
        for_each_row_block(&mut values, stride, ROWS, |first, block| {
            for (y, row) in (first..).zip(block.chunks_exact_mut(stride)) {
                let y = y.saturating_sub(BORDER).min(height - 1);
                let own = &rgb[y * width * 3..(y + 1) * width * 3];
                for (x, pixel) in row.chunks_exact_mut(CHANNELS).enumerate() {
                    let x = x.saturating_sub(BORDER).min(width - 1);
                    pixel
                        .iter_mut()
                        .zip(&own[3 * x..3 * x + 3])
                        .for_each(|(to, &from)| *to = f32::from(from));
                }
            }
        });
        Colour { height, width, values }
    }

    /// Bytes of a picture.
    pub fn bytes(height: usize, width: usize) -> u64 {
        4 * (CHANNELS * (height + 2 * BORDER) * (width + 2 * BORDER)) as u64
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The colours at `places` (y, x), which may lie between pixels and beyond the border: (red, green, blue, 0) each,
    /// by the 4 x 4 pixels around (Keys 1981).
    /// # Panics
    /// If there is not one colour a place.
    pub fn read(&self, places: &[[f32; 2]], colours: &mut [[f32; CHANNELS]]) {
        assert_eq!(places.len(), colours.len(), "one colour a place");
        read_places(self, places, colours);
    }
}

/// The weights of the pixels at -1, 0, 1 and 2 for a place at 0 <= f < 1:
/// (a + 2) d^3 - (a + 3) d^2 + 1 at distances d up to 1, a (d^3 - 5 d^2 + 8 d - 4) from there to 2.
#[inline(always)]
pub(crate) fn weights(f: f32) -> [f32; 4] {
    let near = |d: f32| ((SLOPE + 2.0) * d - (SLOPE + 3.0)) * d * d + 1.0;
    let far = |d: f32| ((d - 5.0) * d + 8.0) * d * SLOPE - 4.0 * SLOPE;
    [far(1.0 + f), near(f), near(1.0 - f), far(2.0 - f)]
}

#[inline(always)]
fn read_all<V: Simd<Elem = f32>>(picture: &Colour, places: &[[f32; 2]], colours: &mut [[f32; CHANNELS]]) {
    let stride = (picture.width + 2 * BORDER) * CHANNELS;
    for (&[y, x], colour) in places.iter().zip(colours) {
        // What is not a number reads the first pixel.
        let y = y.max(0.0).min((picture.height - 1) as f32);
        let x = x.max(0.0).min((picture.width - 1) as f32);
        let (y0, x0) = (y as usize, x as usize);
        let (down, across) = (weights(y - y0 as f32), weights(x - x0 as f32));
        let mut spread = [0.0; 4 * CHANNELS];
        for (spread, weight) in spread.chunks_exact_mut(CHANNELS).zip(across) {
            spread.fill(weight);
        }
        // SAFETY: two vectors of 8 lanes lie in 16 values.
        let (left, right) = unsafe { (V::load(spread.as_ptr()), V::load(spread.as_ptr().add(8))) };
        let mut sum = V::of(0.0);
        for (r, weight) in down.into_iter().enumerate() {
            // Rows y0 - 1 to y0 + 2 and columns x0 - 1 to x0 + 2 of the picture, its border of 2 counted.
            let taps = &picture.values[(y0 + BORDER - 1 + r) * stride + (x0 + BORDER - 1) * CHANNELS..][..16];
            // SAFETY: as above.
            let row =
                unsafe { V::load(taps.as_ptr()).mul(left).add(V::load(taps.as_ptr().add(8)).mul(right)) };
            sum = row.mul_add(V::splat(weight), sum);
        }
        let mut both = [0.0; 2 * CHANNELS];
        // SAFETY: a vector of 8 lanes fills 8 values.
        unsafe { sum.store(both.as_mut_ptr()) };
        *colour = std::array::from_fn(|q| both[q] + both[q + CHANNELS]);
    }
}

dispatch! {
    fn read_places(picture: &Colour, places: &[[f32; 2]], colours: &mut [[f32; CHANNELS]]) = read_all::<F32>;
}
