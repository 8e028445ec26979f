//! Which pixels meet: the places a window is laid on, cut into blocks, and the runs of pixels of a block that one window
//! pixel joins.

use crate::conv::shape::{ConvShape, Kind};
use std::ops::Range;

/// Places of a block, about.
const PLACES: usize = 256;

/// The most runs of a block: every row may have two.
pub(super) const RUNS: usize = 2 * PLACES;

/// One axis of the places (pixels of Y, or of X where the window is transposed: the grid's own) and of the pixels they
/// meet: those of the other picture.
#[derive(Clone, Copy)]
struct Axis {
    own: usize,
    other: usize,
    kernel: usize,
    stride: usize,
    before: usize,
    /// Whether the other picture is read at twice its size.
    is_doubled: bool,
}

impl Axis {
    /// The other pixel that window pixel `k` joins to pixel `own`.
    #[inline(always)]
    fn other(self, own: usize, k: usize) -> Option<usize> {
        let at = (own * self.stride + k).checked_sub(self.before)?;
        let at = if self.is_doubled { at / 2 } else { at };
        (at < self.other).then_some(at)
    }

    /// The other pixels that meet some of the grid's.
    #[inline(always)]
    fn others(self, own: &Range<usize>) -> Range<usize> {
        let halved = |at: usize| if self.is_doubled { at / 2 } else { at };
        let first = halved((own.start * self.stride).saturating_sub(self.before));
        let last = ((own.end - 1) * self.stride + self.kernel - 1).checked_sub(self.before);
        let end = last.map_or(0, |last| (halved(last) + 1).min(self.other));
        first.min(end)..end
    }

    /// The most that [`Axis::others`] of `n` pixels are.
    fn most_others(self, n: usize) -> usize {
        let most = (n - 1) * self.stride + self.kernel;
        (if self.is_doubled { most / 2 + 1 } else { most }).min(self.other)
    }
}

/// The places of all pictures.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    axes: [Axis; 2],
    /// Places of a block, down and across, and blocks.
    block: [usize; 2],
    n: [usize; 2],
    n_images: usize,
}

/// A rectangle of places of one picture, and of the pixels they meet.
pub(super) struct Block {
    pub image: usize,
    pub own: [Range<usize>; 2],
    pub other: [Range<usize>; 2],
}

/// Pixels in a row of the block's rectangles, and how many there are.
#[derive(Clone, Copy, Default)]
pub(super) struct Run {
    pub own: usize,
    pub other: usize,
    pub len: usize,
}

impl Grid {
    pub fn new(shape: &ConvShape) -> Grid {
        let window = &shape.window;
        let (read, made) = ([shape.height, shape.width], [shape.out_height(), shape.out_width()]);
        let (own, other) = if window.kind == Kind::Transposed { (read, made) } else { (made, read) };
        let axes = [0, 1].map(|axis| Axis {
            own: own[axis],
            other: other[axis],
            kernel: window.kernel[axis],
            stride: window.stride,
            before: window.padding[axis],
            is_doubled: window.kind == Kind::Upsampled,
        });
        let part = |n: usize, most: usize| n.div_ceil(n.div_ceil(most));
        let across = part(own[1], PLACES);
        let block = [part(own[0], (PLACES / across).max(1)), across];
        Grid { axes, block, n: [0, 1].map(|axis| own[axis].div_ceil(block[axis])), n_images: shape.n_images }
    }

    pub fn n_blocks(&self) -> usize {
        self.n_images * self.n[0] * self.n[1]
    }

    /// Block `q`.
    #[inline(always)]
    pub fn block(&self, q: usize) -> Block {
        let [down, across] = self.n;
        let at = [q / across % down, q % across];
        let own = [0, 1].map(|axis| {
            at[axis] * self.block[axis]..((at[axis] + 1) * self.block[axis]).min(self.axes[axis].own)
        });
        let other = [0, 1].map(|axis| self.axes[axis].others(&own[axis]));
        Block { image: q / (down * across), own, other }
    }

    /// The most pixels of a block: its own, and the others.
    pub fn most_pixels(&self) -> [usize; 2] {
        let others = [0, 1].map(|axis| self.axes[axis].most_others(self.block[axis]));
        [self.block[0] * self.block[1], others[0] * others[1]]
    }

    /// Pixels from one to the next of a run, its own and the others.
    pub fn steps(&self) -> [usize; 2] {
        if self.axes[1].is_doubled { [2, 1] } else { [1, self.axes[1].stride] }
    }

    /// The runs that window pixel `k` joins.
    #[inline(always)]
    pub fn runs<'a>(&self, block: &Block, k: [usize; 2], runs: &'a mut [Run; RUNS]) -> &'a [Run] {
        let ([rows, cols], [other_rows, other_cols]) = (&block.own, &block.other);
        let [down, across] = self.axes;
        let [step, _] = self.steps();
        let mut n = 0;
        for row in rows.clone() {
            let Some(other_row) = down.other(row, k[0]) else { continue };
            for start in cols.start..(cols.start + step).min(cols.end) {
                let mut places =
                    (start..cols.end).step_by(step).filter(|col| across.other(*col, k[1]).is_some());
                let Some(first) = places.next() else { continue };
                let Some(other_col) = across.other(first, k[1]) else { continue };
                let last =
                    (first..cols.end).step_by(step).rev().find(|col| across.other(*col, k[1]).is_some());
                runs[n] = Run {
                    own: (row - rows.start) * cols.len() + first - cols.start,
                    other: (other_row - other_rows.start) * other_cols.len() + other_col - other_cols.start,
                    len: (last.unwrap_or(first) - first) / step + 1,
                };
                n += 1;
            }
        }
        &runs[..n]
    }
}
