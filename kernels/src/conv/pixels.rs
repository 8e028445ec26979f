//! Where the pixels of tiles lie: those that are made, the segments that they read, and what is read soon.

use super::Pass;
use super::direct::Operands;
use super::layout::{BLOCK_SEGMENTS, Block, SEGMENT_DEPTH, Segment};
use super::micro::{PIXELS, Rows};
use super::stencil::{Phase, Stencil};
use crate::Real;

/// How many tiles ahead what is read is asked for: as long as memory takes to answer.
const TILES_AHEAD: usize = 4;

/// The tiles of a phase, one after the other.
pub(super) struct Walk<'a> {
    phase: usize,
    stencil: &'a Stencil,
    /// The least and the largest offset, of rows and of columns.
    reach: [[isize; 2]; 2],
    /// The pixel that comes next, its image, row and column in the phase's grid; and how many come after it.
    image: usize,
    at: [usize; 2],
    n_left: usize,
}

/// The pixels of a tile.
pub(super) struct TilePixels<'a> {
    phase: usize,
    stencil: &'a Stencil,
    /// Row and column at offset 0.
    at: [[usize; 2]; PIXELS],
    /// The pixel of the source at offset 0, and the pixel of the target.
    pub read: [usize; PIXELS],
    pub made: [usize; PIXELS],
    /// Whether all their windows lie in the picture.
    is_inner: bool,
}

impl<'a> Walk<'a> {
    /// From pixel `first` of the phase on.
    #[inline(always)]
    pub fn new(phase: usize, stencil: &'a Stencil, first: usize) -> Walk<'a> {
        let place = &stencil.phases[phase];
        let [height, width] = place.grid;
        let mut reach = [[0; 2]; 2];
        for tap in &place.taps {
            for axis in 0..2 {
                let [least, most] = &mut reach[axis];
                (*least, *most) = ((*least).min(tap.offset[axis]), (*most).max(tap.offset[axis]));
            }
        }
        let image = first / (height * width);
        let n_left = stencil.n_images * height * width - first - 1;
        Walk { phase, stencil, reach, image, at: [first / width % height, first % width], n_left }
    }

    /// The next tile; behind the last pixel, that one again.
    #[inline(always)]
    pub fn tile(&mut self) -> TilePixels<'a> {
        let stencil = self.stencil;
        let phase = &stencil.phases[self.phase];
        let ([height, width], [_, target_width]) = (stencil.source, stencil.target);
        let mut tile = TilePixels {
            phase: self.phase,
            stencil,
            at: [[0; 2]; PIXELS],
            read: [0; PIXELS],
            made: [0; PIXELS],
            is_inner: true,
        };
        for i in 0..PIXELS {
            let [y, x] = [self.at[0] * stencil.source_step, self.at[1] * stencil.source_step];
            tile.at[i] = [y, x];
            tile.read[i] = (self.image * height + y) * width + x;
            let row = self.at[0] * stencil.target_step + phase.first[0];
            let col = self.at[1] * stencil.target_step + phase.first[1];
            tile.made[i] = (self.image * stencil.target[0] + row) * target_width + col;
            let is_inside = |at: usize, [least, most]: [isize; 2], size: usize| {
                at as isize + least >= 0 && at as isize + most < size as isize
            };
            tile.is_inner &= is_inside(y, self.reach[0], height) && is_inside(x, self.reach[1], width);
            if self.n_left > 0 {
                self.n_left -= 1;
                self.at[1] += 1;
                if self.at[1] == phase.grid[1] {
                    self.at = [self.at[0] + 1, 0];
                }
                if self.at[0] == phase.grid[0] {
                    self.at[0] = 0;
                    self.image += 1;
                }
            }
        }
        tile
    }
}

impl TilePixels<'_> {
    /// Where the segments of a block lie. Of taps side by side that reach beyond the edge a copy is made, in `edges`.
    #[inline(always)]
    pub fn locate<T: Real>(
        &self,
        operands: &Operands<T>,
        block: &Block,
        rows: &mut [Rows<T>; BLOCK_SEGMENTS],
        edges: &mut [T],
    ) {
        if !self.is_inner {
            return self.locate_edge(operands, block, rows, edges);
        }
        let (pass, order) = (operands.pass, &operands.pass.orders[self.phase]);
        let taps = &self.stencil.phases[self.phase].taps;
        for (rows, segment) in rows.iter_mut().zip(&order.segments[block.segments.clone()]) {
            let (source, channels) = (operands.sources[segment.source], pass.sources[segment.source]);
            let [dy, dx] = taps[segment.tap].offset;
            let offset = dy * self.stencil.source[1] as isize + dx;
            for i in 0..PIXELS {
                // Sources are as long as their pixels and channels, as was asserted: a slice's check for each segment
                // would cost more than its address.
                let pixel = self.read[i].wrapping_add_signed(offset);
                rows[i] = source.as_ptr().wrapping_add(pixel * channels + segment.first);
            }
        }
    }

    /// [`TilePixels::locate`] where some windows reach beyond the picture.
    fn locate_edge<T: Real>(
        &self,
        operands: &Operands<T>,
        block: &Block,
        rows: &mut [Rows<T>; BLOCK_SEGMENTS],
        edges: &mut [T],
    ) {
        let (pass, order) = (operands.pass, &operands.pass.orders[self.phase]);
        let taps = &self.stencil.phases[self.phase].taps;
        let [height, width] = self.stencil.source;
        let mut edges = edges.chunks_exact_mut(SEGMENT_DEPTH);
        for (rows, segment) in rows.iter_mut().zip(&order.segments[block.segments.clone()]) {
            let (source, channels) = (operands.sources[segment.source], pass.sources[segment.source]);
            let [dy, dx] = taps[segment.tap].offset;
            debug_assert!(segment.depth <= SEGMENT_DEPTH);
            for i in 0..PIXELS {
                let [y, x] = [self.at[i][0].wrapping_add_signed(dy), self.at[i][1].wrapping_add_signed(dx)];
                // The pixel at column `x` of that row.
                let start = |x: usize| {
                    let right = x.wrapping_sub(self.at[i][1]) as isize;
                    let pixel = self.read[i].wrapping_add_signed(dy * width as isize + right);
                    pixel * channels + segment.first
                };
                rows[i] = if y >= height {
                    operands.zeros.as_ptr()
                } else if x < width && x + segment.n_taps <= width {
                    source[start(x)..].as_ptr()
                } else if segment.n_taps == 1 {
                    operands.zeros.as_ptr()
                } else {
                    let Some(edge) = edges.next() else {
                        unreachable!("an edge for every pixel and segment")
                    };
                    for (k, edge) in edge[..segment.depth].chunks_exact_mut(channels).enumerate() {
                        let x = x.wrapping_add(k);
                        if x < width {
                            edge.copy_from_slice(&source[start(x)..][..channels]);
                        } else {
                            edge.fill(T::ZERO);
                        }
                    }
                    edge.as_ptr()
                };
            }
        }
    }
}

/// What a panel asks for of that which some tiles further on will read: of which source, from which element on
/// behind those of the tile's first pixel, and how many elements for every product.
#[derive(Clone, Copy, Default)]
pub(super) struct Ahead {
    source: usize,
    first: isize,
    pub step: usize,
}

impl Ahead {
    /// Of panel `q` of `n_panels`, whose tiles sum `depth` products; `newest` is the last pixel a tap reads.
    #[inline(always)]
    pub fn new<T>(pass: &Pass<T>, newest: isize, (q, n_panels): (usize, usize), depth: usize) -> Ahead {
        let n_pixels = PIXELS * pass.stencil.source_step;
        // Sources take turns.
        let n_sources = pass.sources.len().max(1);
        let (source, q, n_parts) = (q % n_sources, q / n_sources, n_panels.div_ceil(n_sources));
        let channels = pass.sources.get(source).map_or(0, |&channels| channels);
        let len = n_pixels * channels;
        let first = (newest + (TILES_AHEAD * n_pixels) as isize) * channels as isize;
        Ahead {
            source,
            first: first + (len * q / n_parts) as isize,
            step: len.div_ceil(n_parts * depth.max(1)),
        }
    }

    /// Where that lies, for a tile whose first pixel is `read` at offset 0.
    #[inline(always)]
    pub fn place<T>(&self, operands: &Operands<T>, read: usize) -> *const T {
        match operands.sources.get(self.source) {
            Some(source) => source
                .as_ptr()
                .wrapping_add(read * operands.pass.sources[self.source])
                .wrapping_offset(self.first),
            None => std::ptr::null(),
        }
    }
}

/// The last pixel that segments read of a picture, relative to offset 0: what the taps before it read, tiles before have
/// read mostly.
#[inline(always)]
pub(super) fn newest(stencil: &Stencil, phase: &Phase, segments: &[Segment]) -> isize {
    let mut newest = 0;
    for segment in segments {
        let [dy, dx] = phase.taps[segment.tap].offset;
        newest = newest.max(dy * stencil.source[1] as isize + dx);
    }
    newest
}
