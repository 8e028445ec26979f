//! Complementary flow reversal (Sim, Oh & Kim 2021, equations 2 to 5).

use super::super::Operation;
use crate::autodiff::pieces::{InPieces, Piece, Reads, alike};
use crate::autodiff::{Backward, Forward, Graph, Id, Values};
use diabolo_kernels::{Part, Real};

/// With rows (F~, n) of what either frame's pixels say and n = (1 - t) n_0 + t n_1:
/// F_t0 = [-(1 - t) t F~_01 + t^2 F~_10] / n, F_t1 = [(1 - t)^2 F~_01 - t (1 - t) F~_10] / n; not divided where n is 0.
#[derive(Clone, Debug)]
struct Reverse {
    from: [Id; 2],
    t: Id,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// Flows from the time between to both frames, m x 4 (right and down to the first, right and down to the second),
    /// of what [`Graph::splat`] makes of the flows from the first and from the second; `t` is an input of one number an
    /// image.
    /// # Panics
    /// If the sizes do not agree.
    pub fn reverse_flows(&mut self, first: Id, second: Id, t: Id) -> Id {
        let [rows, cols] = self.shape(first);
        assert!(cols == 3 && self.shape(second) == [rows, cols], "splats of two flows");
        assert!(self.shape(t)[0] > 0 && rows.is_multiple_of(self.shape(t)[0]), "a time an image");
        let y = self.result(rows, 4);
        self.record(Reverse { from: [first, second], t, y });
        y
    }
}

/// n, the coefficients of F~_01 and F~_10 in F_t0, and those in F_t1.
fn terms<T: Real>(n: [T; 2], t: T) -> (T, [[T; 2]; 2]) {
    let s = T::ONE - t;
    let sum = s * n[0] + t * n[1];
    (if sum == T::ZERO { T::ONE } else { sum }, [[-(s * t), t * t], [s * s, -(t * s)]])
}

fn reverse<T: Real>([a, b]: [&[T]; 2], t: &[T], y: &mut [T]) {
    let per_image = y.len() / 4 / t.len();
    for (p, ((y, a), b)) in y.chunks_exact_mut(4).zip(a.chunks_exact(3)).zip(b.chunks_exact(3)).enumerate() {
        let (n, weights) = terms([a[2], b[2]], t[p / per_image]);
        for (to, [of_a, of_b]) in weights.into_iter().enumerate() {
            for q in 0..2 {
                y[2 * to + q] = (of_a * a[q] + of_b * b[q]) / n;
            }
        }
    }
}

impl<T: Real> Operation<T> for Reverse {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        self.from.into_iter().chain([self.t]).for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn in_pieces(&self) -> Option<&dyn InPieces<T>> {
        Some(self)
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        reverse(self.from.map(|id| values.get(id)), values.get(self.t), y);
    }

    /// dF~ = weight dy / n; dn = -(dy . y) / n times (1 - t) or t, where n is not 0.
    fn backward(&self, run: &mut Backward<T>) {
        for which in 0..2 {
            run.add(self.y, self.from[which], |values, dy, dx| {
                let ([a, b], t) = (self.from.map(|id| values.get(id)), values.get(self.t));
                let (y, per_image) = (values.get(self.y), dy.len() / 4 / t.len());
                for (p, (dx, dy)) in dx.chunks_exact_mut(3).zip(dy.chunks_exact(4)).enumerate() {
                    let (t, y) = (t[p / per_image], &y[4 * p..4 * p + 4]);
                    let counts = [a[3 * p + 2], b[3 * p + 2]];
                    let (n, weights) = terms(counts, t);
                    for q in 0..2 {
                        dx[q] = (weights[0][which] * dy[q] + weights[1][which] * dy[2 + q]) / n;
                    }
                    let share = [T::ONE - t, t][which];
                    let is_divided = (T::ONE - t) * counts[0] + t * counts[1] != T::ZERO;
                    let dot: T = dy.iter().zip(y).map(|(&dy, &y)| dy * y).sum();
                    dx[2] = if is_divided { -(share * dot / n) } else { T::ZERO };
                }
            });
        }
    }
}

impl<T: Real> InPieces<T> for Reverse {
    fn size(&self, of: &dyn Fn(Id) -> [usize; 2]) -> [usize; 2] {
        of(self.from[0])
    }

    fn reads(&self, made: Part, of: &dyn Fn(Id) -> [usize; 2], _: Option<&[T]>) -> Reads {
        let mut reads = alike(&self.from, made);
        reads.push((self.t, Part::whole(of(self.t))));
        reads
    }

    fn is_light(&self) -> bool {
        true
    }

    fn make(&self, _: Part, read: &[Piece<T>], _: &Values<T>, y: &mut [T]) {
        reverse([read[0].values, read[1].values], read[2].values, y);
    }
}
