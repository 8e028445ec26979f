//! The plain loops the kernels are tested against, in f64: by the definitions, without a stencil.

use super::shape::{ConvShape, Kind};

/// Calls `each(pixel read, window pixel, pixel made)` for every product of a convolution.
fn each(shape: &ConvShape, mut each: impl FnMut(usize, usize, usize)) {
    let (window, [oh, ow]) = (&shape.window, [shape.out_height(), shape.out_width()]);
    let inside = |at: isize, size: usize| (0..size as isize).contains(&at).then_some(at as usize);
    for image in 0..shape.n_images {
        for ky in 0..window.kernel[0] {
            for kx in 0..window.kernel[1] {
                // The plain kinds go over what is made, the transposed one over what is read.
                let (rows, cols) =
                    if window.kind == Kind::Transposed { (shape.height, shape.width) } else { (oh, ow) };
                for (y, x) in (0..rows).flat_map(|y| (0..cols).map(move |x| (y, x))) {
                    let along = |at: usize, k: usize, before: usize| {
                        (at * window.stride + k) as isize - before as isize
                    };
                    let (v, u) = (along(y, ky, window.padding[0]), along(x, kx, window.padding[1]));
                    let (of_v, of_u) = match window.kind {
                        Kind::Plain => (inside(v, shape.height), inside(u, shape.width)),
                        Kind::Upsampled => (
                            inside(v, 2 * shape.height).map(|v| v / 2),
                            inside(u, 2 * shape.width).map(|u| u / 2),
                        ),
                        Kind::Transposed => (inside(v, oh), inside(u, ow)),
                    };
                    let (Some(v), Some(u)) = (of_v, of_u) else { continue };
                    let k = ky * window.kernel[1] + kx;
                    if window.kind == Kind::Transposed {
                        let read = (image * shape.height + y) * shape.width + x;
                        each(read, k, (image * oh + v) * ow + u);
                    } else {
                        let read = (image * shape.height + v) * shape.width + u;
                        each(read, k, (image * oh + y) * ow + x);
                    }
                }
            }
        }
    }
}

/// Y of X (pixels x in_channels) and W (window pixels x in_channels x out_channels), row-major.
pub fn forward(shape: &ConvShape, x: &[f64], w: &[f64]) -> Vec<f64> {
    let (n_in, n_out) = (shape.in_channels, shape.out_channels);
    let mut y = vec![0.0; shape.out_pixels() * n_out];
    each(shape, |read, k, made| {
        for i in 0..n_in {
            for o in 0..n_out {
                y[made * n_out + o] += x[read * n_in + i] * w[(k * n_in + i) * n_out + o];
            }
        }
    });
    y
}

/// The gradient with respect to X.
pub fn backward_data(shape: &ConvShape, dy: &[f64], w: &[f64]) -> Vec<f64> {
    let (n_in, n_out) = (shape.in_channels, shape.out_channels);
    let mut dx = vec![0.0; shape.in_pixels() * n_in];
    each(shape, |read, k, made| {
        for i in 0..n_in {
            for o in 0..n_out {
                dx[read * n_in + i] += dy[made * n_out + o] * w[(k * n_in + i) * n_out + o];
            }
        }
    });
    dx
}

/// The gradient with respect to W.
pub fn backward_weights(shape: &ConvShape, x: &[f64], dy: &[f64]) -> Vec<f64> {
    let (n_in, n_out) = (shape.in_channels, shape.out_channels);
    let mut dw = vec![0.0; shape.weight_rows() * n_out];
    each(shape, |read, k, made| {
        for i in 0..n_in {
            for o in 0..n_out {
                dw[(k * n_in + i) * n_out + o] += x[read * n_in + i] * dy[made * n_out + o];
            }
        }
    });
    dw
}
