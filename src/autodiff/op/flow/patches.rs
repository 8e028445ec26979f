//! The 3 x 3 surroundings of every pixel, so that a convolution is a product.

use super::super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;

/// Row of a pixel: its channels and those of its eight neighbours, 0 beyond the edge. Folded, the other way round:
/// what every pixel adds to its neighbours.
#[derive(Clone, Debug)]
struct Patches {
    x: Id,
    height: usize,
    width: usize,
    is_fold: bool,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// The 3 x 3 surroundings of the pixels of pictures, zeros beyond their edges: X has a row a pixel, picture after
    /// picture, and a column a channel; the result 9 times as many columns, surroundings row by row.
    /// # Panics
    /// If X does not hold whole pictures.
    pub fn patches(&mut self, x: Id, [height, width]: [usize; 2]) -> Id {
        let [rows, channels] = self.shape(x);
        assert!(rows.is_multiple_of(height * width), "{rows} pixels of pictures of {height} x {width}");
        let y = self.result(rows, 9 * channels);
        self.record(Patches { x, height, width, is_fold: false, y });
        y
    }

    /// The transpose of [`Graph::patches`]: every row of X, 9 times n numbers, is added to the n channels of the pixel's
    /// surroundings; what falls beyond the edges is lost.
    /// # Panics
    /// If X does not hold whole pictures of surroundings.
    pub fn fold_patches(&mut self, x: Id, [height, width]: [usize; 2]) -> Id {
        let [rows, cols] = self.shape(x);
        assert!(rows.is_multiple_of(height * width), "{rows} pixels of pictures of {height} x {width}");
        assert!(cols.is_multiple_of(9), "{cols} numbers are not 9 surroundings");
        let y = self.result(rows, cols / 9);
        self.record(Patches { x, height, width, is_fold: true, y });
        y
    }
}

impl Patches {
    /// Calls `each(pixel, part, neighbour)` for every pixel and each of its neighbours that there is.
    fn each(&self, n_pixels: usize, mut each: impl FnMut(usize, usize, usize)) {
        let (height, width) = (self.height as isize, self.width as isize);
        for pixel in 0..n_pixels {
            let at = pixel % (self.height * self.width);
            let (row, col) = ((at / self.width) as isize, (at % self.width) as isize);
            for part in 0..9 {
                let (down, right) = (part / 3 - 1, part % 3 - 1);
                if (0..height).contains(&(row + down)) && (0..width).contains(&(col + right)) {
                    each(pixel, part as usize, (pixel as isize + down * width + right) as usize);
                }
            }
        }
    }
}

impl Patches {
    /// Surroundings of pixels of `n` channels.
    fn spread<T: Real>(&self, pixels: &[T], around: &mut [T], [n_pixels, n]: [usize; 2]) {
        around.fill(T::ZERO);
        self.each(n_pixels, |pixel, part, neighbour| {
            around[(9 * pixel + part) * n..][..n].copy_from_slice(&pixels[neighbour * n..][..n]);
        });
    }

    /// What surroundings add up to.
    fn fold<T: Real>(&self, around: &[T], pixels: &mut [T], [n_pixels, n]: [usize; 2]) {
        pixels.fill(T::ZERO);
        self.each(n_pixels, |pixel, part, neighbour| {
            let from = &around[(9 * pixel + part) * n..][..n];
            pixels[neighbour * n..][..n].iter_mut().zip(from).for_each(|(sum, &x)| *sum += x);
        });
    }
}

impl<T: Real> Operation<T> for Patches {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.x);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let x = values.get(self.x);
        if self.is_fold {
            self.fold(x, y, values.shape(self.y))
        } else {
            self.spread(x, y, values.shape(self.x))
        }
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.x, |values, dy, dx| {
            if self.is_fold {
                self.spread(dy, dx, values.shape(self.y));
            } else {
                self.fold(dy, dx, values.shape(self.x));
            }
        });
    }
}
