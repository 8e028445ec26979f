//! Convolutions of pictures: plain, upsampled and transposed, and their gradients.
//!
//! Pixels are rows and channels are columns, so that a window of one pixel is a dense product, and a normalisation of
//! channels one of columns. Weights are a matrix with a row for every window pixel and channel that is read (window
//! pixels row by row, the channels of one side by side) and a column for every channel that is made. What is read may
//! lie in several matrices, *parts*, whose channels follow each other.
//!
//! * [`ConvShape`] and [`Window`]: what is computed; `stencil`: all kinds and their gradients with respect to what
//!   is read, as one.
//! * [`Pass`]: one direction, laid out once; `layout` (the order of products, packed weights), `direct` (implicit
//!   GEMM; `pixels`: where its tiles lie), `winograd` (3 x 3 windows by a quarter of the products), `micro` (a tile in
//!   registers).
//! * `piece`: the same of parts of a picture.
//! * `weights`: the gradient with respect to the weights.
//! * [`pool`]: means and maxima of 2 x 2 pixels.
//! * [`mod@reference`]: the definitions as plain loops.
//!
//! Sums are in an order that depends on sizes alone: the bits are the same for any number of threads.

mod direct;
mod layout;
mod micro;
mod piece;
mod pixels;
pub mod pool;
pub mod reference;
mod shape;
mod stencil;
mod weights;
mod winograd;

pub use shape::{ConvShape, Kind, Window};

use crate::Real;
use crate::gemm::Activation;
use direct::Operands;
use layout::{Columns, Order, SEGMENT_DEPTH, Weights};
use micro::Finish;
use std::marker::PhantomData;
use stencil::Stencil;

/// What happens to finished sums.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a, T> {
    /// Added to every pixel, one value a channel.
    pub bias: Option<&'a [T]>,
    /// Applied last.
    pub activation: Activation,
    /// Whether the sums are added to what the target holds.
    pub adds: bool,
}

impl<T: Real> Job<'_, T> {
    /// What of the activation is done in registers.
    fn finish(&self) -> Finish<T> {
        match self.activation {
            Activation::Relu => Finish::Rectify,
            Activation::LeakyRelu(slope) => Finish::Leak(T::from_f64(slope)),
            _ => Finish::Nothing,
        }
    }
}

/// One direction of a convolution, laid out: forward, from X to Y, or backward, from the gradient of Y to that of X.
#[derive(Clone, Debug)]
pub struct Pass<T> {
    shape: ConvShape,
    stencil: Stencil,
    /// Channels of each matrix that is read, and the channels before it.
    sources: Vec<usize>,
    starts: Vec<usize>,
    /// Channels of each matrix that is made, and the channels before it.
    targets: Vec<usize>,
    target_starts: Vec<usize>,
    columns: Columns,
    orders: Vec<Order>,
    n_packed: usize,
    /// Whether products are saved as [`winograd`] does.
    is_transformed: bool,
    /// Elements between window pixels, source channels and target channels of the weights.
    strides: [usize; 3],
    _element: PhantomData<T>,
}

use crate::simd::MAX_LANES;

/// The lanes of a vector, the same in every tier.
const fn lanes<T>() -> usize {
    MAX_LANES * size_of::<f32>() / size_of::<T>()
}

/// Bytes of a cache line, to which packed weights are aligned.
const LINE: usize = 64;

impl<T: Real> Pass<T> {
    /// From X, whose channels lie in matrices of `parts` columns, to Y.
    /// # Panics
    /// If the parts do not add up to the channels that are read.
    pub fn forward(shape: ConvShape, parts: &[usize]) -> Pass<T> {
        let strides = [shape.in_channels * shape.out_channels, shape.out_channels, 1];
        Pass::new(shape, Stencil::forward(&shape), parts, &[shape.out_channels], strides, parts)
    }

    /// From the gradient of Y to those of the parts of X.
    /// # Panics
    /// If the parts do not add up to the channels that are read.
    pub fn backward(shape: ConvShape, parts: &[usize]) -> Pass<T> {
        let strides = [shape.in_channels * shape.out_channels, 1, shape.out_channels];
        Pass::new(shape, Stencil::backward(&shape), &[shape.out_channels], parts, strides, parts)
    }

    fn new(
        shape: ConvShape,
        stencil: Stencil,
        sources: &[usize],
        targets: &[usize],
        strides: [usize; 3],
        parts: &[usize],
    ) -> Pass<T> {
        assert_eq!(parts.iter().sum::<usize>(), shape.in_channels, "the channels of all parts");
        let columns = Columns::new(targets, lanes::<T>());
        let is_transformed = winograd::suits(&stencil, sources, targets);
        let (orders, n_direct) = layout::orders(&stencil, sources, columns.padded);
        let n_packed = if is_transformed { winograd::packed_len(sources, &columns) } else { n_direct };
        let (starts, target_starts) = (starts(sources), starts(targets));
        let (sources, targets) = (sources.to_vec(), targets.to_vec());
        Pass {
            shape,
            stencil,
            sources,
            starts,
            targets,
            target_starts,
            columns,
            orders,
            n_packed,
            is_transformed,
            strides,
            _element: PhantomData,
        }
    }

    /// Whether it is computed by fewer products than the definition has, with rounding errors some ten times as
    /// large; weights are packed otherwise then.
    pub fn is_transformed(&self) -> bool {
        self.is_transformed
    }

    /// Elements of the packed weights.
    pub fn packed_len(&self) -> usize {
        self.n_packed + LINE / size_of::<T>()
    }

    /// Elements that a thread works with beside what it reads and makes, at the most.
    pub fn scratch_len(&self) -> usize {
        match self.is_transformed {
            true => winograd::scratch_len(&self.sources, &self.columns),
            false => direct::scratch_len(&self.orders),
        }
    }

    /// Packs the weights, window pixels x in_channels rows and out_channels columns, for any number of runs.
    /// # Panics
    /// If the sizes do not agree.
    pub fn pack(&self, w: &[T], packed: &mut [T]) {
        assert_eq!(w.len(), self.shape.weight_rows() * self.shape.out_channels, "the weights");
        assert!(packed.len() >= self.packed_len(), "room for the packed weights");
        let first = aligned(packed);
        let packed = &mut packed[first..][..self.n_packed];
        let weights = Weights { values: w, strides: self.strides };
        if self.is_transformed {
            return T::pack_transformed(self, weights, packed);
        }
        for (phase, order) in self.orders.iter().enumerate() {
            for block in &order.blocks {
                for (target, panels) in self.columns.of_target.iter().enumerate() {
                    for panel in &self.columns.panels[panels.clone()] {
                        let width = panel.n_vectors * lanes::<T>();
                        let start =
                            order.start + block.start * self.columns.padded + block.depth * panel.place;
                        let place = &mut packed[start..start + block.depth * width];
                        let columns = (self.target_starts[target] + panel.first, panel.n_cols, width);
                        weights.pack_panel(
                            &self.stencil,
                            (phase, order, block),
                            &self.starts,
                            columns,
                            place,
                        );
                    }
                }
            }
        }
    }

    /// Computes matrix `target` of what is made (0, or the part whose gradient it is) from the matrices that are
    /// read (the parts of X, or the gradient of Y).
    /// # Panics
    /// If the sizes do not agree.
    pub fn run(&self, sources: &[&[T]], packed: &[T], target: usize, job: Job<T>, out: &mut [T]) {
        let pixels = |[height, width]: [usize; 2]| self.stencil.n_images * height * width;
        assert_eq!(sources.len(), self.sources.len(), "one matrix a part");
        for (source, channels) in sources.iter().zip(&self.sources) {
            assert_eq!(source.len(), pixels(self.stencil.source) * channels, "pixels that are read");
        }
        assert_eq!(out.len(), pixels(self.stencil.target) * self.targets[target], "pixels that are made");
        assert!(job.bias.is_none_or(|bias| bias.len() == self.targets[target]), "one bias a channel");
        assert!(packed.len() >= self.packed_len(), "packed weights");
        let packed = &packed[aligned(packed)..][..self.n_packed];
        T::convolve(self, sources, packed, target, job, out);
        if job.finish() == Finish::Nothing {
            job.activation.apply(out);
        }
    }
}

/// The sums of what comes before each.
fn starts(sizes: &[usize]) -> Vec<usize> {
    let mut before = 0;
    sizes
        .iter()
        .map(|size| {
            before += size;
            before - size
        })
        .collect()
}

/// Elements before the first that starts a cache line.
fn aligned<T>(slice: &[T]) -> usize {
    slice.as_ptr().align_offset(LINE).min(LINE / size_of::<T>())
}

/// The convolutions of a number type.
pub trait Convolve: Sized + Copy {
    /// [`Pass::run`].
    #[doc(hidden)]
    fn convolve(
        pass: &Pass<Self>,
        sources: &[&[Self]],
        packed: &[Self],
        target: usize,
        job: Job<Self>,
        out: &mut [Self],
    );

    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn pack_transformed(pass: &Pass<Self>, weights: Weights<Self>, packed: &mut [Self]);

    /// dW = X' dY over all places of the window, added to dW or not: `sources` are the parts of X, `dy` the gradient
    /// of Y.
    /// # Panics
    /// If the sizes do not agree.
    fn weight_gradient(
        shape: &ConvShape,
        parts: &[usize],
        sources: &[&[Self]],
        dy: &[Self],
        adds: bool,
        dw: &mut [Self],
    );
}

macro_rules! convolve {
    ($t:ty, $task:ident, $stages:ident, $transform:ident, $weights:ident) => {
        impl Convolve for $t {
            fn convolve(
                pass: &Pass<$t>,
                sources: &[&[$t]],
                packed: &[$t],
                target: usize,
                job: Job<$t>,
                out: &mut [$t],
            ) {
                let out = out.as_mut_ptr();
                let zeros = &[0.0; SEGMENT_DEPTH];
                let operands = Operands { pass, sources, packed, target, job, out, zeros };
                if pass.is_transformed {
                    winograd::run(&operands, &winograd::$stages);
                } else {
                    direct::run(&operands, direct::$task);
                }
            }
            #[allow(private_interfaces)]
            fn pack_transformed(pass: &Pass<$t>, weights: Weights<$t>, packed: &mut [$t]) {
                winograd::pack(pass, weights, packed, winograd::$transform);
            }
            fn weight_gradient(
                shape: &ConvShape,
                parts: &[usize],
                sources: &[&[$t]],
                dy: &[$t],
                adds: bool,
                dw: &mut [$t],
            ) {
                weights::gradient(shape, parts, sources, dy, adds, dw, weights::$weights);
            }
        }
    };
}

convolve!(f32, task_f32, STAGES_F32, transform_f32, part_f32);
convolve!(f64, task_f64, STAGES_F64, transform_f64, part_f64);
