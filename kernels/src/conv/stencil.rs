//! Every convolution and every gradient with respect to what one reads, as one thing: pixels that are made read
//! pixels that are given, at fixed offsets.
//!
//! A *target* pixel `target_step` q + `first` reads the *source* pixels `source_step` q + offset. Pixels with the same
//! remainder by `target_step` are a *phase*: they share offsets. Several pixels of a window can fall on one offset (an
//! upsampled picture): their weights are added.
//!
//! | | source step | target step | offset of window pixel k in phase p |
//! |---|---|---|---|
//! | plain | s | 1 | k - before |
//! | transposed, or the gradient of plain | 1 | s | (p + before - k) / s, where s divides it |
//! | upsampled | 1 | 2 | floor((p + k - before) / 2) |
//! | the gradient of upsampled | 2 | 1 | r - k + before, r = 0 and 1 |

use super::shape::{ConvShape, Kind};

/// An offset, and the window's pixels that fall on it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tap {
    pub offset: [isize; 2],
    pub of_window: Vec<usize>,
}

/// Target pixels that share offsets.
#[derive(Clone, Debug)]
pub(super) struct Phase {
    /// The first such pixel of a picture.
    pub first: [usize; 2],
    /// How many there are, down and across.
    pub grid: [usize; 2],
    pub taps: Vec<Tap>,
}

/// What reads what.
#[derive(Clone, Debug)]
pub(super) struct Stencil {
    pub n_images: usize,
    /// Height and width of the pictures that are read.
    pub source: [usize; 2],
    /// Height and width of the pictures that are made.
    pub target: [usize; 2],
    pub source_step: usize,
    pub target_step: usize,
    pub phases: Vec<Phase>,
}

/// Offsets along one axis, with the window's places that fall on them.
type Axis = Vec<(isize, Vec<usize>)>;

impl Stencil {
    /// What a convolution reads.
    pub fn forward(shape: &ConvShape) -> Stencil {
        let steps = match shape.window.kind {
            Kind::Plain => [shape.window.stride, 1],
            Kind::Transposed => [1, shape.window.stride],
            Kind::Upsampled => [1, 2],
        };
        let (source, target) = sizes(shape);
        Stencil::new(shape, source, target, steps, false)
    }

    /// What the gradient with respect to a convolution's source reads of that with respect to its target.
    pub fn backward(shape: &ConvShape) -> Stencil {
        let steps = match shape.window.kind {
            Kind::Plain => [1, shape.window.stride],
            Kind::Transposed => [shape.window.stride, 1],
            Kind::Upsampled => [2, 1],
        };
        let (source, target) = sizes(shape);
        Stencil::new(shape, target, source, steps, true)
    }

    fn new(
        shape: &ConvShape,
        source: [usize; 2],
        target: [usize; 2],
        [source_step, target_step]: [usize; 2],
        is_gradient: bool,
    ) -> Stencil {
        let mut phases = Vec::new();
        for p in 0..target_step {
            for q in 0..target_step {
                let first = [p, q];
                let grid = [0, 1].map(|axis| target[axis].saturating_sub(first[axis]).div_ceil(target_step));
                // A phase without pixels is kept: weights are packed alike for pictures of any size.
                let axes = [0, 1].map(|axis| axis_taps(shape, axis, first[axis] as isize, is_gradient));
                phases.push(Phase { first, grid, taps: product(&axes, shape.window.kernel[1]) });
            }
        }
        Stencil { n_images: shape.n_images, source, target, source_step, target_step, phases }
    }
}

fn sizes(shape: &ConvShape) -> ([usize; 2], [usize; 2]) {
    ([shape.height, shape.width], [shape.out_height(), shape.out_width()])
}

/// The offsets of a phase along an axis, rising.
fn axis_taps(shape: &ConvShape, axis: usize, phase: isize, is_gradient: bool) -> Axis {
    let window = &shape.window;
    let (before, stride) = (window.padding[axis] as isize, window.stride as isize);
    let mut taps = Axis::new();
    let mut add = |offset: isize, k: usize| match taps.iter_mut().find(|(other, _)| *other == offset) {
        Some((_, places)) => places.push(k),
        None => taps.push((offset, vec![k])),
    };
    for at in 0..window.kernel[axis] {
        let k = at as isize;
        match (window.kind, is_gradient) {
            (Kind::Plain, false) | (Kind::Transposed, true) => add(k - before, at),
            (Kind::Transposed, false) | (Kind::Plain, true) => {
                if (phase + before - k).rem_euclid(stride) == 0 {
                    add((phase + before - k).div_euclid(stride), at);
                }
            }
            (Kind::Upsampled, false) => add((phase + k - before).div_euclid(2), at),
            (Kind::Upsampled, true) => {
                add(before - k, at);
                add(before - k + 1, at);
            }
        }
    }
    taps.sort_unstable_by_key(|(offset, _)| *offset);
    taps
}

/// The taps of a rectangle, row by row.
fn product([down, across]: &[Axis; 2], kernel_width: usize) -> Vec<Tap> {
    let mut taps = Vec::new();
    for (dy, of_rows) in down {
        for (dx, of_cols) in across {
            let of_window =
                of_rows.iter().flat_map(|y| of_cols.iter().map(move |x| y * kernel_width + x)).collect();
            taps.push(Tap { offset: [*dy, *dx], of_window });
        }
    }
    taps
}
