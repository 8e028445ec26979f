//! Grey pictures as planes of f32.

/// A grey picture, row by row.
#[derive(Clone, Copy, Debug)]
pub struct Grey<'a> {
    height: usize,
    width: usize,
    pixels: &'a [f32],
}

impl<'a> Grey<'a> {
    /// A picture of given size.
    /// # Panics
    /// If there are not `height` x `width` pixels, or none.
    pub fn new(height: usize, width: usize, pixels: &'a [f32]) -> Grey<'a> {
        assert!(height > 0 && width > 0, "a picture has pixels");
        assert_eq!(pixels.len(), height * width, "pixels of a {height} x {width} picture");
        Grey { height, width, pixels }
    }

    /// Rows.
    pub fn height(self) -> usize {
        self.height
    }

    /// Columns.
    pub fn width(self) -> usize {
        self.width
    }

    /// All pixels, row by row.
    pub fn pixels(self) -> &'a [f32] {
        self.pixels
    }

    /// Row `y`; beyond the border the nearest one.
    #[inline(always)]
    pub fn row(self, y: isize) -> &'a [f32] {
        let y = y.clamp(0, self.height as isize - 1) as usize;
        &self.pixels[y * self.width..(y + 1) * self.width]
    }

    /// The value at a place between pixels, (y, x) from the middle of the first one, linear in both; beyond the border
    /// the nearest value. A place that is not a number reads the first pixel.
    #[inline(always)]
    pub fn at(self, y: f32, x: f32) -> f32 {
        let (y, x) = (y.max(0.0).min((self.height - 1) as f32), x.max(0.0).min((self.width - 1) as f32));
        let (y0, x0) = (y as usize, x as usize);
        let (fy, fx) = (y - y0 as f32, x - x0 as f32);
        let (below, right) = ((y0 + 1).min(self.height - 1), (x0 + 1).min(self.width - 1));
        let (upper, lower) = (&self.pixels[y0 * self.width..], &self.pixels[below * self.width..]);
        let top = upper[x0] + fx * (upper[right] - upper[x0]);
        let bottom = lower[x0] + fx * (lower[right] - lower[x0]);
        top + fy * (bottom - top)
    }
}

/// A place between four pixels of pictures of one size, and how far along.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    corners: [usize; 4],
    right: f32,
    down: f32,
}

impl Spot {
    /// As [`Grey::at`] reads it.
    #[inline(always)]
    pub(super) fn new(height: usize, width: usize, y: f32, x: f32) -> Spot {
        let (y, x) = (y.max(0.0).min((height - 1) as f32), x.max(0.0).min((width - 1) as f32));
        let (y0, x0) = (y as usize, x as usize);
        let (below, beside) = ((y0 + 1).min(height - 1), (x0 + 1).min(width - 1));
        Spot {
            corners: [y0 * width + x0, y0 * width + beside, below * width + x0, below * width + beside],
            right: x - x0 as f32,
            down: y - y0 as f32,
        }
    }

    /// The value of a plane.
    #[inline(always)]
    pub(super) fn of(self, plane: &[f32]) -> f32 {
        let [a, b, c, d] = self.corners.map(|at| plane[at]);
        let (top, bottom) = (a + self.right * (b - a), c + self.right * (d - c));
        top + self.down * (bottom - top)
    }
}

/// Gradients of a plane to the right and down (differences of neighbours, smoothed across by `smooth`: (1, 2, 1) / 4 of
/// Sobel & Feldman, or not at all); beyond the border the nearest value.
pub fn gradient(picture: Grey, smooth: bool) -> [Vec<f32>; 2] {
    let (h, w) = (picture.height(), picture.width());
    let (side, middle) = if smooth { (0.125, 0.25) } else { (0.0, 0.5) };
    let (mut right, mut down) = (vec![0.0; h * w], vec![0.0; h * w]);
    for y in 0..h {
        let [above, own, below] = [-1, 0, 1].map(|d| picture.row(y as isize + d));
        let (right, down) = (&mut right[y * w..(y + 1) * w], &mut down[y * w..(y + 1) * w]);
        let at = |l: usize, x: usize, r: usize| {
            (
                middle * (own[r] - own[l]) + side * (above[r] - above[l] + below[r] - below[l]),
                middle * (below[x] - above[x]) + side * (below[l] - above[l] + below[r] - above[r]),
            )
        };
        (right[0], down[0]) = at(0, 0, 1.min(w - 1));
        (right[w - 1], down[w - 1]) = at(w.saturating_sub(2), w - 1, w - 1);
        let places = right.iter_mut().zip(down).enumerate().take(w - 1).skip(1);
        places.for_each(|(x, (right, down))| (*right, *down) = at(x - 1, x, x + 1));
    }
    [right, down]
}
