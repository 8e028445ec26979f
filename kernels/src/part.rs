//! Rectangles of pictures.

use crate::parallel::for_each_row_block;

/// Rows of a task.
const ROWS: usize = 16;

/// A rectangle of a picture's pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Rows and columns of the picture.
    pub of: [usize; 2],
    /// Its first row and column.
    pub first: [usize; 2],
    /// Its rows and columns.
    pub size: [usize; 2],
}

impl Part {
    /// All of a picture.
    pub fn whole(of: [usize; 2]) -> Part {
        Part { of, first: [0, 0], size: of }
    }

    /// Rows and columns from `first` on and before `past`, as far as the picture has them: a pixel at the least.
    /// # Panics
    /// If the picture has no pixels.
    pub fn between(of: [usize; 2], first: [isize; 2], past: [isize; 2]) -> Part {
        let first = [0, 1].map(|axis| first[axis].clamp(0, of[axis] as isize - 1));
        let size =
            [0, 1].map(|axis| (past[axis].clamp(first[axis] + 1, of[axis] as isize) - first[axis]) as usize);
        Part { of, first: first.map(|at| at as usize), size }
    }

    /// The row and the column behind its last ones.
    pub fn past(&self) -> [usize; 2] {
        [0, 1].map(|axis| self.first[axis] + self.size[axis])
    }

    /// Pixels.
    pub fn n_pixels(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Whether it is all of its picture.
    pub fn is_whole(&self) -> bool {
        self.size == self.of
    }

    /// Whether all of another part lies in it.
    pub fn holds(&self, other: &Part) -> bool {
        let (past, other_past) = (self.past(), other.past());
        (0..2).all(|axis| self.first[axis] <= other.first[axis] && other_past[axis] <= past[axis])
    }

    /// The smallest part that holds this one and another.
    #[must_use]
    pub fn with(&self, other: &Part) -> Part {
        let (past, other_past) = (self.past(), other.past());
        let first = [0, 1].map(|axis| self.first[axis].min(other.first[axis]));
        let size = [0, 1].map(|axis| past[axis].max(other_past[axis]) - first[axis]);
        Part { of: self.of, first, size }
    }

    /// The smallest part around it whose first row and column are multiples of `step`, as are those behind its last ones
    /// unless the picture ends there.
    #[must_use]
    pub fn widened(&self, step: usize) -> Part {
        let first = self.first.map(|at| at / step * step);
        let past = self.past();
        let size = [0, 1].map(|axis| past[axis].next_multiple_of(step).min(self.of[axis]) - first[axis]);
        Part { of: self.of, first, size }
    }

    /// The part of a picture `factor` times as small that holds what lies under it.
    /// # Panics
    /// If `factor` is 0.
    pub fn shrunk(&self, of: [usize; 2], factor: usize) -> Part {
        let first = self.first.map(|at| (at / factor) as isize);
        Part::between(of, first, self.past().map(|at| at.div_ceil(factor) as isize))
    }

    /// The part of a picture `factor` times as large that lies over it.
    pub fn grown(&self, of: [usize; 2], factor: usize) -> Part {
        let times = |at: [usize; 2]| at.map(|at| (at * factor) as isize);
        Part::between(of, times(self.first), times(self.past()))
    }

    /// Copies what is `wanted` out of values of this part, `n` a pixel, to others' places: `to` holds the part `into`.
    /// # Panics
    /// If `wanted` does not lie in both, or there are not as many values as pixels.
    pub fn copy<T: Copy + Send + Sync>(
        &self,
        from: &[T],
        wanted: &Part,
        n: usize,
        into: &Part,
        to: &mut [T],
    ) {
        assert!(self.holds(wanted) && into.holds(wanted), "{wanted:?} of {self:?} into {into:?}");
        assert!(
            from.len() == n * self.n_pixels() && to.len() == n * into.n_pixels(),
            "values of every pixel"
        );
        let [before, after] = [self, into].map(|part| wanted.first[1] - part.first[1]);
        for_each_row_block(to, n * into.size[1], ROWS, |first, block| {
            for (row, to) in (into.first[0] + first..).zip(block.chunks_exact_mut(n * into.size[1])) {
                if (wanted.first[0]..wanted.past()[0]).contains(&row) {
                    let start = (row - self.first[0]) * self.size[1] + before;
                    let from = &from[n * start..][..n * wanted.size[1]];
                    to[n * after..][..from.len()].copy_from_slice(from);
                }
            }
        });
    }
}
