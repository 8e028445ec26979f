//! How the weights of a stencil are packed, and in which order its products are summed.
//!
//! The products of a target pixel are a row of length `depth` (taps x sources x channels) times a matrix `depth` x
//! target channels. The row is never made: it is read where it lies, in *segments*, the channels of one source at one
//! tap. Segments are gathered in *blocks* whose panel of weights stays in L1 and L2 while tiles of pixels pass.

use super::stencil::{Stencil, Tap};
use crate::Real;
use std::ops::Range;

/// The most products of a block.
const BLOCK_DEPTH: usize = 640;

/// The most channels of a segment: a row of as many zeros stands for what lies beyond the edge.
pub(super) const SEGMENT_DEPTH: usize = 320;

/// The most segments of a block.
pub(super) const BLOCK_SEGMENTS: usize = 64;

/// Some channels of one source at one tap, or all channels of the only source at some taps side by side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub tap: usize,
    /// Taps side by side: their channels follow each other in memory.
    pub n_taps: usize,
    pub source: usize,
    pub first: usize,
    pub depth: usize,
}

/// Segments that are summed in one go.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub segments: Range<usize>,
    /// Products before it.
    pub start: usize,
    pub depth: usize,
}

/// The order of a phase.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub segments: Vec<Segment>,
    pub blocks: Vec<Block>,
    pub depth: usize,
    /// Where its packed weights start.
    pub start: usize,
}

/// Some columns of the packed weights: one or two vectors of the channels of one target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Panel {
    /// The first channel of its target.
    pub first: usize,
    pub n_cols: usize,
    pub n_vectors: usize,
    /// Padded columns before it.
    pub place: usize,
}

/// Channels of several matrices, cut into panels.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub panels: Vec<Panel>,
    /// The panels of each target.
    pub of_target: Vec<Range<usize>>,
    /// Columns with padding.
    pub padded: usize,
}

impl Columns {
    pub fn new(targets: &[usize], lanes: usize) -> Columns {
        let (mut panels, mut of_target, mut padded) = (Vec::new(), Vec::new(), 0);
        for &channels in targets {
            let start = panels.len();
            for first in (0..channels).step_by(2 * lanes) {
                let n_cols = (channels - first).min(2 * lanes);
                let n_vectors = n_cols.div_ceil(lanes);
                panels.push(Panel { first, n_cols, n_vectors, place: padded });
                padded += n_vectors * lanes;
            }
            of_target.push(start..panels.len());
        }
        Columns { panels, of_target, padded }
    }
}

/// The orders of a stencil's phases, and the packed weights of all.
pub(super) fn orders(stencil: &Stencil, sources: &[usize], padded: usize) -> (Vec<Order>, usize) {
    let mut start = 0;
    let orders = stencil
        .phases
        .iter()
        .map(|phase| {
            let order = order(&phase.taps, sources, start);
            start += order.depth * padded;
            order
        })
        .collect();
    (orders, start)
}

fn order(taps: &[Tap], sources: &[usize], start: usize) -> Order {
    let mut segments = Vec::new();
    let mut next = 0;
    for tap in 0..taps.len() {
        if let &[channels] = sources {
            // The taps from here on that lie side by side, as many as a segment holds.
            let [dy, dx] = taps[tap].offset;
            let n_taps = taps[tap..]
                .iter()
                .zip(0..)
                .take_while(|(other, right)| other.offset == [dy, dx + right])
                .count()
                .min(SEGMENT_DEPTH / channels.max(1));
            if tap < next {
                continue;
            }
            if n_taps > 1 {
                segments.push(Segment { tap, n_taps, source: 0, first: 0, depth: n_taps * channels });
                next = tap + n_taps;
                continue;
            }
        }
        for (source, &channels) in sources.iter().enumerate() {
            let n_pieces = channels.div_ceil(SEGMENT_DEPTH).max(1);
            let piece = channels.div_ceil(n_pieces).max(1);
            for first in (0..channels).step_by(piece) {
                segments.push(Segment { tap, n_taps: 1, source, first, depth: piece.min(channels - first) });
            }
        }
    }
    let mut blocks = vec![Block { segments: 0..0, start: 0, depth: 0 }];
    let mut depth = 0;
    for (at, segment) in segments.iter().enumerate() {
        let full = blocks.last().is_none_or(|block| {
            block.depth > 0
                && (block.depth + segment.depth > BLOCK_DEPTH || block.segments.len() == BLOCK_SEGMENTS)
        });
        if full {
            blocks.push(Block { segments: at..at, start: depth, depth: 0 });
        }
        if let Some(block) = blocks.last_mut() {
            block.segments.end = at + 1;
            block.depth += segment.depth;
        }
        depth += segment.depth;
    }
    Order { segments, blocks, depth, start }
}

/// The layer's weights as a stencil reads them: element (window pixel, source channel, target channel).
#[derive(Clone, Copy)]
pub(super) struct Weights<'a, T> {
    pub values: &'a [T],
    /// Elements from one window pixel, source channel and target channel to the next.
    pub strides: [usize; 3],
}

impl<T: Real> Weights<'_, T> {
    /// The sum over `of_window` of some target channels of one source channel.
    pub fn row(&self, of_window: &[usize], row: usize, first: usize, to: &mut [T]) {
        let [by_pixel, by_row, by_col] = self.strides;
        to.fill(T::ZERO);
        for k in of_window {
            let start = k * by_pixel + row * by_row + first * by_col;
            if by_col == 1 {
                let from = &self.values[start..start + to.len()];
                to.iter_mut().zip(from).for_each(|(to, &from)| *to += from);
            } else {
                let from = self.values[start..].iter().step_by(by_col);
                to.iter_mut().zip(from).for_each(|(to, &from)| *to += from);
            }
        }
    }

    /// Packs the products of `block` for one panel: `depth` rows of whole vectors.
    pub fn pack_panel(
        &self,
        stencil: &Stencil,
        (phase, order, block): (usize, &Order, &Block),
        starts: &[usize],
        (first, n_cols, width): (usize, usize, usize),
        to: &mut [T],
    ) {
        let mut rows = to.chunks_exact_mut(width);
        for segment in &order.segments[block.segments.clone()] {
            let channel = starts[segment.source] + segment.first;
            for tap in &stencil.phases[phase].taps[segment.tap..segment.tap + segment.n_taps] {
                for (row, to) in (channel..channel + segment.depth / segment.n_taps).zip(&mut rows) {
                    let (to, padding) = to.split_at_mut(n_cols);
                    self.row(&tap.of_window, row, first, to);
                    padding.fill(T::ZERO);
                }
            }
        }
    }
}
