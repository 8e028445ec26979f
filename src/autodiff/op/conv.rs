//! Convolutions of pictures with bias and activation, of one matrix or of several whose channels follow each other.
//!
//! Pixels are rows (picture after picture, row by row), channels are columns. Weights are packed by an operation of
//! their own, once for all convolutions that want them alike, and again only when they have changed: in inference over
//! many pictures, never. The place of their gradient serves the backward pass as room for its own packing.

use super::Operation;
use crate::autodiff::pieces::{InPieces, Piece, Reads, alike};
use crate::autodiff::{Backward, Forward, Graph, Id, Values};
use diabolo_kernels::conv::{ConvShape, Job, Pass, Window};
use diabolo_kernels::gemm::Activation;
use diabolo_kernels::{Part, Real};
use std::sync::Arc;

/// The most matrices a convolution reads.
const MOST_PARTS: usize = 16;

/// How weights are packed: what is equal for convolutions that can share them.
#[derive(Clone, Debug, PartialEq)]
pub struct PackedAs {
    window: Window,
    parts: Vec<usize>,
    n_out: usize,
    /// Forward and backward: [`Pass::is_transformed`], which depends on the size of the pictures.
    is_transformed: [bool; 2],
}

/// W as kernels want it.
struct Pack<T> {
    w: Id,
    pass: Arc<Pass<T>>,
    packed: Id,
}

/// Y = f(X * W + 1 b')
struct Conv<T> {
    parts: Vec<Id>,
    w: Id,
    packed: Id,
    bias: Option<Id>,
    activation: Activation,
    y: Id,
    shape: ConvShape,
    /// Channels of each part.
    channels: Vec<usize>,
    forward: Arc<Pass<T>>,
    backward: Arc<Pass<T>>,
}

impl<T: Real> Graph<T> {
    /// Y = f(X * W + 1 b'), a convolution of pictures of `size` (height, width): X has a row a pixel, picture after
    /// picture, and its channels in the columns of `parts`, one after the other; W has a row for every window pixel and
    /// channel of X (a pixel's channels side by side) and a column for every channel of Y; `bias` 1 x n_out. Y has a row
    /// for every pixel that is made: [`ConvShape::out_height`] and [`ConvShape::out_width`] of `window`'s kind.
    /// # Panics
    /// If the sizes do not agree, or there are no parts or more than sixteen.
    pub fn conv(
        &mut self,
        parts: &[Id],
        size: [usize; 2],
        w: Id,
        bias: Option<Id>,
        window: Window,
        activation: Activation,
    ) -> Id {
        assert!((1..=MOST_PARTS).contains(&parts.len()), "one to {MOST_PARTS} parts");
        let [height, width] = size;
        let rows = self.shape(parts[0])[0];
        assert!(rows.is_multiple_of(height * width), "{rows} pixels of pictures of {height} x {width}");
        assert!(parts.iter().all(|&part| self.shape(part)[0] == rows), "as many pixels in every part");
        let channels: Vec<usize> = parts.iter().map(|&part| self.shape(part)[1]).collect();
        let [w_rows, n_out] = self.shape(w);
        let shape = ConvShape {
            n_images: rows / (height * width),
            height,
            width,
            in_channels: channels.iter().sum(),
            out_channels: n_out,
            window,
        };
        assert_eq!(w_rows, shape.weight_rows(), "a row of W for every window pixel and channel");
        assert!(bias.is_none_or(|bias| self.shape(bias) == [1, n_out]), "one bias a column of W");
        let forward = Arc::new(Pass::forward(shape, &channels));
        let backward = Arc::new(Pass::backward(shape, &channels));
        let packed = self.pack(w, &shape, &channels, &forward, &backward);
        let y = self.result(shape.out_pixels(), n_out);
        let parts = parts.to_vec();
        self.record(Conv { parts, w, packed, bias, activation, y, shape, channels, forward, backward });
        y
    }

    /// The height and width of what [`Graph::conv`] makes of pictures of `size`.
    /// # Panics
    /// If the window is larger than the pictures.
    pub fn conv_size(size: [usize; 2], window: Window) -> [usize; 2] {
        let [height, width] = size;
        let shape = ConvShape { n_images: 1, height, width, in_channels: 1, out_channels: 1, window };
        [shape.out_height(), shape.out_width()]
    }

    /// The weights packed as a convolution wants them, recorded once for all that want them alike.
    fn pack(
        &mut self,
        w: Id,
        shape: &ConvShape,
        parts: &[usize],
        forward: &Arc<Pass<T>>,
        backward: &Pass<T>,
    ) -> Id {
        let wanted = PackedAs {
            window: shape.window,
            parts: parts.to_vec(),
            n_out: shape.out_channels,
            is_transformed: [forward.is_transformed(), backward.is_transformed()],
        };
        let found = self.packed.iter().find(|(of, packed_as, _)| *of == w && *packed_as == wanted);
        if let Some(&(_, _, packed)) = found {
            return packed;
        }
        let packed = self.result(1, forward.packed_len().max(backward.packed_len()));
        self.record(Pack { w, pass: forward.clone(), packed });
        self.packed.push((w, wanted, packed));
        packed
    }
}

impl<T: Real> Operation<T> for Pack<T> {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.w);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.packed);
    }

    fn keeps_results(&self) -> bool {
        true
    }

    fn forward(&self, run: &mut Forward<T>) {
        if run.has_new_parameters() {
            let (values, packed) = run.result(self.packed);
            self.pass.pack(values.get(self.w), packed);
        }
    }

    /// The convolutions contribute to the gradient of W themselves.
    fn backward(&self, _: &mut Backward<T>) {}
}

impl<T: Real> Conv<T> {
    /// What is read, in the first places.
    fn sources<'a>(&self, values: &Values<'a, T>) -> [&'a [T]; MOST_PARTS] {
        let part = |at: usize| self.parts.get(at).map_or(&[] as &[T], |&part| values.get(part));
        std::array::from_fn(part)
    }
}

impl<T: Real> Operation<T> for Conv<T> {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        self.parts.iter().copied().for_each(&mut *each);
        each(self.w);
        each(self.packed);
        self.bias.into_iter().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn in_pieces(&self) -> Option<&dyn InPieces<T>> {
        Some(self)
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let sources = &self.sources(&values)[..self.parts.len()];
        let bias = self.bias.map(|bias| values.get(bias));
        let job = Job { bias, activation: self.activation, adds: false };
        self.forward.run(sources, values.get(self.packed), 0, job, y);
    }

    /// With dA = dY * f'(A): dW = X' dA over all windows, db = dA' 1, and dX = the opposite pass of dA.
    fn backward(&self, run: &mut Backward<T>) {
        let (values, dy) = run.own(self.y);
        self.activation.apply_back(values.get(self.y), dy);
        run.add_scaled(self.y, self.w, |values, dy, dw, beta| {
            let sources = &self.sources(&values)[..self.parts.len()];
            T::weight_gradient(&self.shape, &self.channels, sources, dy, beta == T::ONE, dw);
        });
        if let Some(bias) = self.bias {
            run.add_scaled(self.y, bias, |_, dy, db, beta| T::column_sums(dy, beta, db));
        }
        for (at, &part) in self.parts.iter().enumerate() {
            run.add_beside(self.y, part, self.packed, |values, dy, dx, beta, (packed, is_first)| {
                if is_first {
                    self.backward.pack(values.get(self.w), packed);
                }
                let job = Job { bias: None, activation: Activation::Identity, adds: beta == T::ONE };
                self.backward.run(&[dy], packed, at, job, dx);
            });
        }
    }
}

impl<T: Real> InPieces<T> for Conv<T> {
    fn size(&self, _: &dyn Fn(Id) -> [usize; 2]) -> [usize; 2] {
        [self.shape.out_height(), self.shape.out_width()]
    }

    fn made(&self, wanted: Part) -> Part {
        self.forward.made(&wanted)
    }

    fn reads(&self, made: Part, _: &dyn Fn(Id) -> [usize; 2], _: Option<&[T]>) -> Reads {
        alike(&self.parts, self.forward.reads(&made))
    }

    fn scratch_len(&self) -> usize {
        self.forward.scratch_len()
    }

    fn make(&self, made: Part, read: &[Piece<T>], constants: &Values<T>, y: &mut [T]) {
        let mut sources: [&[T]; MOST_PARTS] = [&[]; MOST_PARTS];
        sources.iter_mut().zip(read).for_each(|(source, piece)| *source = piece.values);
        let bias = self.bias.map(|bias| constants.get(bias));
        let job = Job { bias, activation: self.activation, adds: false };
        let pass = self.forward.piece(&read[0].part, &made);
        pass.run(&sources[..read.len()], constants.get(self.packed), 0, job, y);
    }
}
