//! How uneven flows are where the picture is even.

use super::super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;
use diabolo_kernels::warp::unevenness_sums;

/// sum over axes of mean e^(-150^2 |dI|^2) |dF|
#[derive(Clone, Debug)]
struct Unevenness {
    flow: Id,
    guide: Id,
    size: [usize; 2],
    /// Room to add up in.
    sums: Id,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// How much neighbours in the flow differ where those in the picture `guide`, an input of the same size, do not:
    /// 1 x 1 ([`diabolo_kernels::warp::Warp::unevenness`]).
    /// # Panics
    /// If the sizes do not agree.
    pub fn unevenness(&mut self, flow: Id, guide: Id, size: [usize; 2]) -> Id {
        let rows = self.shape(flow)[0];
        assert!(
            rows == self.shape(guide)[0] && rows.is_multiple_of(size[0] * size[1]),
            "flows on whole images"
        );
        let sums = self.result(unevenness_sums(size, rows / (size[0] * size[1])), 1);
        let y = self.result(1, 1);
        self.record(Unevenness { flow, guide, size, sums, y });
        y
    }
}

impl<T: Real> Operation<T> for Unevenness {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.flow);
        each(self.guide);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.sums);
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, [sums, y]) = run.results([self.sums, self.y]);
        let n_images = values.shape(self.flow)[0] / (self.size[0] * self.size[1]);
        let (flow, guide) = (values.get(self.flow), values.get(self.guide));
        y[0] = T::unevenness(flow, guide, self.size, n_images, sums);
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.flow, |values, dy, dflow| {
            let n_images = values.shape(self.flow)[0] / (self.size[0] * self.size[1]);
            let (flow, guide) = (values.get(self.flow), values.get(self.guide));
            T::unevenness_back(flow, guide, self.size, n_images, dy[0], dflow);
        });
    }
}
