//! Flows carried along themselves.

use super::super::Operation;
use crate::autodiff::pieces::{InPieces, Piece, Reads};
use crate::autodiff::{Backward, Forward, Graph, Id, Values};
use diabolo_kernels::{Part, Real};

/// Rows (sum w f_x, sum w f_y, sum w) of what lands at a pixel.
#[derive(Clone, Debug)]
struct Splat {
    flow: Id,
    z: Id,
    share: Id,
    size: [usize; 2],
    y: Id,
}

impl<T: Real> Graph<T> {
    /// What pixels say of their flow when they have come a share of their way: m x 3, see
    /// [`diabolo_kernels::warp::Warp::splat`]. `z` is m x 1, `share` an input of one number an image.
    /// # Panics
    /// If the sizes do not agree.
    pub fn splat(&mut self, flow: Id, z: Id, share: Id, size: [usize; 2]) -> Id {
        let rows = self.shape(z)[0];
        let n_images = rows / (size[0] * size[1]);
        assert_eq!(self.shape(flow), [n_images * size[0] * size[1], 2], "a displacement a pixel");
        assert!(
            self.shape(z) == [rows, 1] && self.shape(share) == [n_images, 1],
            "a z a pixel, a share an image"
        );
        let y = self.result(rows, 3);
        self.record(Splat { flow, z, share, size, y });
        y
    }
}

impl<T: Real> Operation<T> for Splat {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.flow);
        each(self.z);
        each(self.share);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn in_pieces(&self) -> Option<&dyn InPieces<T>> {
        Some(self)
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        T::splat(values.get(self.flow), values.get(self.z), values.get(self.share), self.size, y);
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.flow, |values, dy, dflow| {
            let [flow, z, share] = [self.flow, self.z, self.share].map(|id| values.get(id));
            T::splat_flow_back(flow, z, share, self.size, dy, dflow);
        });
        run.add(self.y, self.z, |values, dy, dz| {
            let [flow, z, share] = [self.flow, self.z, self.share].map(|id| values.get(id));
            T::splat_z_back(flow, z, share, self.size, dy, dz);
        });
    }
}

impl<T: Real> InPieces<T> for Splat {
    fn size(&self, _: &dyn Fn(Id) -> [usize; 2]) -> [usize; 2] {
        self.size
    }

    /// Pixels come from anywhere.
    fn made(&self, wanted: Part) -> Part {
        Part::whole(wanted.of)
    }

    fn reads(&self, made: Part, of: &dyn Fn(Id) -> [usize; 2], _: Option<&[T]>) -> Reads {
        vec![(self.flow, made), (self.z, made), (self.share, Part::whole(of(self.share)))]
    }

    fn scatters(&self) -> bool {
        true
    }

    fn make(&self, made: Part, read: &[Piece<T>], _: &Values<T>, y: &mut [T]) {
        T::splat(read[0].values, read[1].values, read[2].values, made.of, y);
    }
}
