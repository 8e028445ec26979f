//! Means and maxima of 2 x 2 pixels, channel by channel, and their gradients. Of an odd size the last row or column of
//! pixels is left out.

use crate::Real;
use crate::parallel;
use crate::simd::Simd;

/// Rows of pixels that are made by a task.
const ROWS: usize = 4;

/// Pictures that are pooled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PoolShape {
    /// Pictures.
    pub n_images: usize,
    /// Rows of pixels that are read.
    pub height: usize,
    /// Pixels in a row that are read.
    pub width: usize,
    /// Channels.
    pub channels: usize,
}

impl PoolShape {
    /// Pixels that are made: half as many rows, of half as many.
    pub fn out_pixels(&self) -> usize {
        self.n_images * (self.height / 2) * (self.width / 2)
    }

    /// Where in X the four pixels of row `row` (of all pictures) and pixel `col` of what is made start.
    #[inline(always)]
    fn four(&self, row: usize, col: usize) -> [usize; 4] {
        let (image, row) = (row / (self.height / 2), row % (self.height / 2));
        let first = (image * self.height + 2 * row) * self.width + 2 * col;
        [first, first + 1, first + self.width, first + self.width + 1].map(|pixel| pixel * self.channels)
    }

    fn check(&self, x: usize, y: usize) {
        assert_eq!(x, self.n_images * self.height * self.width * self.channels, "pixels that are read");
        assert_eq!(y, self.out_pixels() * self.channels, "pixels that are made");
    }

    /// Elements of a row of pixels that is made.
    fn row_len(&self) -> usize {
        self.width / 2 * self.channels
    }
}

/// Pools of a number type.
pub trait Pool: Sized + Copy {
    /// y = (a + b + c + d) / 4 of every four pixels.
    /// # Panics
    /// If the sizes do not agree.
    fn mean_pool(shape: &PoolShape, x: &[Self], y: &mut [Self]);
    /// The gradient of X: a quarter of dy for each of the four pixels, 0 for those left out.
    /// # Panics
    /// If the sizes do not agree.
    fn mean_pool_back(shape: &PoolShape, dy: &[Self], dx: &mut [Self]);
    /// y = max(a, b, c, d) of every four pixels.
    /// # Panics
    /// If the sizes do not agree.
    fn max_pool(shape: &PoolShape, x: &[Self], y: &mut [Self]);
    /// The gradient of X: dy for the first of the four pixels that is the largest, 0 for the others.
    /// # Panics
    /// If the sizes do not agree.
    fn max_pool_back(shape: &PoolShape, x: &[Self], y: &[Self], dy: &[Self], dx: &mut [Self]);
}

dispatch! {
    fn mean_f32(shape: &PoolShape, first: usize, x: &[f32], y: &mut [f32]) = mean::<F32>;
    fn mean_f64(shape: &PoolShape, first: usize, x: &[f64], y: &mut [f64]) = mean::<F64>;
    fn max_f32(shape: &PoolShape, first: usize, x: &[f32], y: &mut [f32]) = max::<F32>;
    fn max_f64(shape: &PoolShape, first: usize, x: &[f64], y: &mut [f64]) = max::<F64>;
    fn mean_back_f32(shape: &PoolShape, dy: &[f32], dx: &mut [f32]) = mean_back::<F32>;
    fn mean_back_f64(shape: &PoolShape, dy: &[f64], dx: &mut [f64]) = mean_back::<F64>;
}

/// Rows of pixels from `first` on: four vectors of X make one.
#[inline(always)]
fn pool<V: Simd>(
    shape: &PoolShape,
    first: usize,
    x: &[V::Elem],
    y: &mut [V::Elem],
    combine: impl Fn([V; 4]) -> V,
) {
    for (row, y) in (first..).zip(y.chunks_exact_mut(shape.row_len())) {
        for (col, y) in y.chunks_exact_mut(shape.channels).enumerate() {
            let four = shape.four(row, col);
            for c in (0..shape.channels).step_by(V::LANES) {
                let left = shape.channels - c;
                let mut values = [V::splat(V::Elem::ZERO); 4];
                for (value, start) in values.iter_mut().zip(four) {
                    let x = &x[start..start + shape.channels];
                    // SAFETY: c < channels, the length of x.
                    *value = unsafe { V::load_up_to(x.as_ptr().add(c), left, V::Elem::ZERO) };
                }
                // SAFETY: c < channels, the length of y.
                unsafe { combine(values).store_up_to(y.as_mut_ptr().add(c), left) };
            }
        }
    }
}

#[inline(always)]
fn mean<V: Simd>(shape: &PoolShape, first: usize, x: &[V::Elem], y: &mut [V::Elem]) {
    let quarter = V::of(0.25);
    pool::<V>(shape, first, x, y, |[a, b, c, d]| a.add(b).add(c.add(d)).mul(quarter));
}

#[inline(always)]
fn max<V: Simd>(shape: &PoolShape, first: usize, x: &[V::Elem], y: &mut [V::Elem]) {
    pool::<V>(shape, first, x, y, |[a, b, c, d]| a.max(b).max(c.max(d)));
}

/// One picture.
#[inline(always)]
fn mean_back<V: Simd>(shape: &PoolShape, dy: &[V::Elem], dx: &mut [V::Elem]) {
    let quarter = V::of(0.25);
    dx.fill(V::Elem::ZERO);
    for (row, dy) in dy.chunks_exact(shape.row_len().max(1)).enumerate() {
        for (col, dy) in dy.chunks_exact(shape.channels).enumerate() {
            for start in shape.four(row, col) {
                let dx = &mut dx[start..start + shape.channels];
                for c in (0..shape.channels).step_by(V::LANES) {
                    let left = shape.channels - c;
                    // SAFETY: c < channels, the length of both.
                    unsafe {
                        let dy = V::load_up_to(dy.as_ptr().add(c), left, V::Elem::ZERO);
                        dy.mul(quarter).store_up_to(dx.as_mut_ptr().add(c), left);
                    }
                }
            }
        }
    }
}

/// One picture.
fn max_back<T: Real>(shape: &PoolShape, x: &[T], y: &[T], dy: &[T], dx: &mut [T]) {
    dx.fill(T::ZERO);
    let width = shape.width / 2;
    for (pixel, (y, dy)) in y.chunks_exact(shape.channels).zip(dy.chunks_exact(shape.channels)).enumerate() {
        let four = shape.four(pixel / width, pixel % width);
        for c in 0..shape.channels {
            if let Some(start) = four.into_iter().find(|start| x[start + c] == y[c]) {
                dx[start + c] = dy[c];
            }
        }
    }
}

macro_rules! pool {
    ($t:ty, $mean:ident, $max:ident, $mean_back:ident) => {
        impl Pool for $t {
            fn mean_pool(shape: &PoolShape, x: &[$t], y: &mut [$t]) {
                shape.check(x.len(), y.len());
                parallel::for_each_row_block(y, shape.row_len(), ROWS, |first, y| $mean(shape, first, x, y));
            }
            fn max_pool(shape: &PoolShape, x: &[$t], y: &mut [$t]) {
                shape.check(x.len(), y.len());
                parallel::for_each_row_block(y, shape.row_len(), ROWS, |first, y| $max(shape, first, x, y));
            }
            fn mean_pool_back(shape: &PoolShape, dy: &[$t], dx: &mut [$t]) {
                shape.check(dx.len(), dy.len());
                let one = PoolShape { n_images: 1, ..*shape };
                let (x_len, y_len) =
                    (shape.height * shape.width * shape.channels, one.out_pixels() * shape.channels);
                parallel::for_each_row_block(dx, x_len, 1, |image, dx| {
                    $mean_back(&one, &dy[image * y_len..(image + 1) * y_len], dx);
                });
            }
            fn max_pool_back(shape: &PoolShape, x: &[$t], y: &[$t], dy: &[$t], dx: &mut [$t]) {
                shape.check(x.len(), y.len());
                shape.check(dx.len(), dy.len());
                let one = PoolShape { n_images: 1, ..*shape };
                let (x_len, y_len) =
                    (shape.height * shape.width * shape.channels, one.out_pixels() * shape.channels);
                parallel::for_each_row_block(dx, x_len, 1, |image, dx| {
                    let made = image * y_len..(image + 1) * y_len;
                    max_back(&one, &x[image * x_len..(image + 1) * x_len], &y[made.clone()], &dy[made], dx);
                });
            }
        }
    };
}

pool!(f32, mean_f32, max_f32, mean_back_f32);
pool!(f64, mean_f64, max_f64, mean_back_f64);
