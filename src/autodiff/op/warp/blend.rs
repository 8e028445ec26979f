//! Two warped frames put together.

use super::super::Operation;
use crate::autodiff::pieces::{InPieces, Piece, Reads, alike};
use crate::autodiff::{Backward, Forward, Graph, Id, Values};
use diabolo_kernels::{Part, Real};

/// Y = [(1 - t) o A + t (1 - o) B] / [(1 - t) o + t (1 - o)] + U_1..3, o = sigma(U_0)
#[derive(Clone, Debug)]
struct Blend {
    u: Id,
    frames: [Id; 2],
    t: Id,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// Two frames, m x 3 each, blended by the first column of `u`, m x 4, the others added; `t` is an input of one
    /// number an image ([`diabolo_kernels::warp::Warp::blend`]).
    /// # Panics
    /// If the sizes do not agree.
    pub fn blend(&mut self, u: Id, first: Id, second: Id, t: Id) -> Id {
        let [rows, cols] = self.shape(u);
        assert!(cols == 4 && [first, second].iter().all(|&id| self.shape(id) == [rows, 3]), "two frames");
        assert!(self.shape(t)[0] > 0 && rows.is_multiple_of(self.shape(t)[0]), "a time an image");
        let y = self.result(rows, 3);
        self.record(Blend { u, frames: [first, second], t, y });
        y
    }
}

impl<T: Real> Operation<T> for Blend {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        [self.u, self.frames[0], self.frames[1], self.t].into_iter().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn in_pieces(&self) -> Option<&dyn InPieces<T>> {
        Some(self)
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let [a, b] = self.frames.map(|id| values.get(id));
        T::blend(values.get(self.u), a, b, values.get(self.t), y);
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.u, |values, dy, du| {
            let [a, b] = self.frames.map(|id| values.get(id));
            T::blend_mask_back(values.get(self.u), a, b, values.get(self.t), dy, du);
        });
        for (which, &frame) in self.frames.iter().enumerate() {
            run.add(self.y, frame, |values, dy, dx| {
                T::blend_frame_back(values.get(self.u), values.get(self.t), which == 1, dy, dx);
            });
        }
    }
}

impl<T: Real> InPieces<T> for Blend {
    fn size(&self, of: &dyn Fn(Id) -> [usize; 2]) -> [usize; 2] {
        of(self.u)
    }

    fn reads(&self, made: Part, of: &dyn Fn(Id) -> [usize; 2], _: Option<&[T]>) -> Reads {
        let mut reads = alike(&[self.u, self.frames[0], self.frames[1]], made);
        reads.push((self.t, Part::whole(of(self.t))));
        reads
    }

    fn make(&self, _: Part, read: &[Piece<T>], _: &Values<T>, y: &mut [T]) {
        T::blend(read[0].values, read[1].values, read[2].values, read[3].values, y);
    }
}
