//! How parameters lie in a store, and how in files.

use diabolo_kernels::Real;
use std::borrow::Cow;

/// How a matrix appears in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As it lies here, rows x cols.
    Matrix,
    /// Transposed: weights lie n_in x n_out, as products read them, and are saved n_out x n_in, as PyTorch
    /// names them.
    Transposed,
    /// As a vector.
    Vector,
    /// Weights of a convolution: window pixels x n_in rows of n_out here, n_out x n_in x height x width in files; of a
    /// transposed one n_in x n_out x height x width.
    Window { kernel: [usize; 2], transposed: bool },
}

impl Form {
    /// The shape in files of a matrix rows x cols.
    pub fn shape(self, rows: usize, cols: usize) -> Vec<usize> {
        match self {
            Form::Matrix => vec![rows, cols],
            Form::Transposed => vec![cols, rows],
            Form::Vector => vec![cols],
            Form::Window { kernel: [height, width], transposed } => {
                let n_in = rows / (height * width);
                let [first, second] = if transposed { [n_in, cols] } else { [cols, n_in] };
                vec![first, second, height, width]
            }
        }
    }

    /// Values as files have them.
    pub fn to_file<T: Real>(self, here: &[T], rows: usize, cols: usize) -> Cow<'_, [T]> {
        match self {
            Form::Matrix | Form::Vector => here.into(),
            Form::Transposed => transposed(here, rows, cols).into(),
            Form::Window { kernel, transposed } => {
                window_to_file(here, kernel, channels(kernel, rows, cols), transposed).into()
            }
        }
    }

    /// The inverse of [`Form::to_file`].
    pub fn restored<T: Real>(self, there: &[T], rows: usize, cols: usize) -> Cow<'_, [T]> {
        match self {
            Form::Matrix | Form::Vector => there.into(),
            Form::Transposed => transposed(there, cols, rows).into(),
            Form::Window { kernel, transposed } => {
                window_from_file(there, kernel, channels(kernel, rows, cols), transposed).into()
            }
        }
    }
}

/// (n_in, n_out) of the weights of a convolution.
fn channels(kernel: [usize; 2], rows: usize, cols: usize) -> [usize; 2] {
    [rows / (kernel[0] * kernel[1]), cols]
}

/// Row-major values of the transpose.
fn transposed<T: Copy>(values: &[T], rows: usize, cols: usize) -> Vec<T> {
    (0..rows * cols).map(|at| values[at % rows * cols + at / rows]).collect()
}

/// Places of the weights of a convolution, here and in a file: for each window pixel, channel that is read and channel
/// that is made.
fn window_places(
    [height, width]: [usize; 2],
    [n_in, n_out]: [usize; 2],
    transposed: bool,
) -> impl Iterator<Item = (usize, usize)> {
    let area = height * width;
    (0..area * n_in * n_out).map(move |here| {
        let (k, i, o) = (here / (n_in * n_out), here / n_out % n_in, here % n_out);
        let pair = if transposed { i * n_out + o } else { o * n_in + i };
        (here, pair * area + k)
    })
}

/// Weights of a convolution, window pixels x n_in rows of n_out, as PyTorch has them: n_out x n_in x height x width, or
/// n_in x n_out x height x width of a transposed one.
/// # Panics
/// If there are fewer values than weights.
pub fn window_to_file<T: Real>(
    here: &[T],
    kernel: [usize; 2],
    channels: [usize; 2],
    transposed: bool,
) -> Vec<T> {
    let mut there = vec![T::ZERO; here.len()];
    window_places(kernel, channels, transposed).for_each(|(at, to)| there[to] = here[at]);
    there
}

/// The inverse of [`window_to_file`].
/// # Panics
/// If there are fewer values than weights.
pub fn window_from_file<T: Real>(
    there: &[T],
    kernel: [usize; 2],
    channels: [usize; 2],
    transposed: bool,
) -> Vec<T> {
    let mut here = vec![T::ZERO; there.len()];
    window_places(kernel, channels, transposed).for_each(|(to, at)| here[to] = there[at]);
    here
}
