//! Images read along flows.

use super::super::Operation;
use crate::autodiff::pieces::{InPieces, Piece, Reads};
use crate::autodiff::{Backward, Forward, Graph, Id, Values};
use diabolo_kernels::warp::Edge;
use diabolo_kernels::{Part, Real};

/// y(p) = x(p + scale flow(p))
#[derive(Clone, Debug)]
struct Sample {
    x: Id,
    flow: Id,
    scale: f64,
    size: [usize; 2],
    edge: Edge,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// X read at the places that `scale` times the flow, a row (right, down) a pixel, leads to, linear between pixels;
    /// images of `size` (rows, columns).
    /// # Panics
    /// If the sizes do not agree.
    pub fn warp(&mut self, x: Id, flow: Id, scale: f64, size: [usize; 2], edge: Edge) -> Id {
        let [rows, cols] = self.shape(x);
        assert_eq!(self.shape(flow), [rows, 2], "a displacement a pixel");
        assert!(rows.is_multiple_of(size[0] * size[1]), "{rows} pixels of images of {size:?}");
        let y = self.result(rows, cols);
        self.record(Sample { x, flow, scale, size, edge, y });
        y
    }
}

impl<T: Real> Operation<T> for Sample {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.x);
        each(self.flow);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn in_pieces(&self) -> Option<&dyn InPieces<T>> {
        Some(self)
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let scale = T::from_f64(self.scale);
        T::warp(values.get(self.x), values.get(self.flow), scale, self.size, self.edge, y);
    }

    fn backward(&self, run: &mut Backward<T>) {
        let scale = T::from_f64(self.scale);
        run.add_scaled(self.y, self.x, |values, dy, dx, beta| {
            if beta == T::ZERO {
                dx.fill(T::ZERO);
            }
            T::warp_image_back(values.get(self.flow), scale, self.size, self.edge, dy, dx);
        });
        run.add(self.y, self.flow, |values, dy, dflow| {
            let (x, flow) = (values.get(self.x), values.get(self.flow));
            T::warp_flow_back(x, flow, scale, self.size, self.edge, dy, dflow);
        });
    }
}

impl<T: Real> InPieces<T> for Sample {
    fn size(&self, _: &dyn Fn(Id) -> [usize; 2]) -> [usize; 2] {
        self.size
    }

    fn reads(&self, made: Part, of: &dyn Fn(Id) -> [usize; 2], flow: Option<&[T]>) -> Reads {
        let read = flow.and_then(|flow| T::warp_reads(flow, made, T::from_f64(self.scale), self.edge));
        let none = Part { of: of(self.x), first: made.first, size: [1, 1] };
        vec![(self.x, read.unwrap_or(none)), (self.flow, made)]
    }

    fn led_by(&self) -> Option<Id> {
        Some(self.flow)
    }

    fn takes_larger(&self, number: usize) -> bool {
        number == 0
    }

    fn make(&self, made: Part, read: &[Piece<T>], _: &Values<T>, y: &mut [T]) {
        let [image, flow] = [read[0], read[1]].map(|piece| (piece.values, piece.part));
        debug_assert_eq!(flow.1, made);
        T::warp_part(image, flow, T::from_f64(self.scale), self.edge, y);
    }
}
