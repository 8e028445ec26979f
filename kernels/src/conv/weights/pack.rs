//! Channels of the pixels of a block, side by side as tiles read them.

use super::grid::Block;
use super::micro::CHANNELS;
use crate::Real;
use crate::conv::LINE;
use crate::conv::micro::span;
use crate::conv::shape::ConvShape;
use crate::simd::{MAX_LANES, Simd, prefetch};
use std::ops::Range;

/// The most channels of a window of which a row is made for every place (the columns of Chellapilla et al. 2006).
pub(super) const NARROW: usize = 64;

/// Elements between the groups of packed channels beyond their pixels: groups a multiple of a page apart share cache
/// sets.
const GAP: usize = 16;

/// Rows of windows that are made at once.
const LINES: usize = 16;

/// How many pixels ahead their channels are asked for: few of many lie too far apart for the hardware to foresee them.
const PIXELS_AHEAD: usize = 16;

/// Elements from group to group of `n_pixels` pixels of `width` elements.
#[inline(always)]
pub(super) fn group_len(n_pixels: usize, width: usize) -> usize {
    (n_pixels * width).next_multiple_of(GAP) + GAP
}

/// The channels of tile `t` of `n`: as many as a tile has, or one less.
#[inline(always)]
pub(super) fn channels_of(t: usize, n: usize) -> Range<usize> {
    span(t, n)
}

/// A matrix of pixels of pictures of a size, and some of its channels.
#[derive(Clone)]
pub(super) struct Pixels<'a, T> {
    pub values: &'a [T],
    pub size: [usize; 2],
    pub n_channels: usize,
    pub channels: Range<usize>,
}

/// Elements that are asked for before they are read, part by part.
#[derive(Clone, Copy)]
pub(super) struct Ahead<'a, T>(pub &'a [T]);

impl<T> Ahead<'_, T> {
    /// Part `q` of `n`: where it starts, and how many elements for each of `n_steps`.
    #[inline(always)]
    pub fn part(self, q: usize, n: usize, n_steps: usize) -> (*const T, usize) {
        let len = self.0.len();
        (self.0.as_ptr().wrapping_add(len * q / n), len.div_ceil(n * n_steps.max(1)))
    }
}

impl<'a, T: Real> Pixels<'a, T> {
    /// What a block reads that the one before it has not read, if it reads all channels.
    #[inline(always)]
    pub fn ahead(
        &self,
        before: (usize, &[Range<usize>; 2]),
        next: (usize, &[Range<usize>; 2]),
    ) -> Ahead<'a, T> {
        let place = |image: usize, row: usize, col: usize| (image * self.size[0] + row) * self.size[1] + col;
        let start = |(image, [rows, cols]): (usize, &[Range<usize>; 2])| place(image, rows.start, cols.start);
        let end = |(image, [rows, cols]): (usize, &[Range<usize>; 2])| {
            if rows.is_empty() || cols.is_empty() { 0 } else { place(image, rows.end - 1, cols.end) }
        };
        let last = end(next);
        let first = if end(before) < last { start(next).max(end(before)) } else { start(next) };
        if self.channels.len() < self.n_channels || first >= last {
            return Ahead(&[]);
        }
        Ahead(&self.values[first * self.n_channels..last * self.n_channels])
    }

    /// Packs the pixels of a rectangle in `n_groups` groups of channels `width` elements wide, those from `first(g)` on.
    #[inline(always)]
    pub fn pack<V: Simd<Elem = T>>(
        &self,
        image: usize,
        [rows, cols]: &[Range<usize>; 2],
        (n_groups, width): (usize, usize),
        first: impl Fn(usize) -> usize,
        to: &mut [T],
    ) {
        let group = group_len(rows.len() * cols.len(), width);
        let mut place = 0;
        for row in rows.clone() {
            let start = (image * self.size[0] + row) * self.size[1];
            for pixel in start + cols.start..start + cols.end {
                let ahead = (pixel + PIXELS_AHEAD) * self.n_channels + self.channels.start;
                for at in (0..self.channels.len()).step_by(LINE / size_of::<T>()) {
                    prefetch(self.values.as_ptr().wrapping_add(ahead + at));
                }
                for g in 0..n_groups {
                    let from = pixel * self.n_channels + self.channels.start + first(g);
                    copy::<V>(self.values, from, &mut to[g * group + place..][..width]);
                }
                place += width;
            }
        }
    }
}

/// Packs what the whole window reads at each place of a block as if it were one pixel's channels, of a plain window.
#[inline(always)]
pub(super) fn pack_windows<V: Simd>(shape: &ConvShape, x: &[V::Elem], block: &Block, to: &mut [V::Elem]) {
    let n = shape.weight_rows();
    let n_tiles = n.div_ceil(CHANNELS);
    let [rows, cols] = &block.own;
    let group = group_len(rows.len() * cols.len(), MAX_LANES);
    // What was just written must not be read at once at other places: the caches have not got it yet.
    let mut lines = [[V::Elem::ZERO; NARROW + 2 * MAX_LANES]; LINES];
    let mut place = 0;
    for row in rows.clone() {
        for first in cols.clone().step_by(LINES) {
            let some = first..(first + LINES).min(cols.end);
            for (col, line) in some.clone().zip(&mut lines) {
                make_line::<V>(shape, x, block.image, [row, col], line);
            }
            for line in &lines[..some.len()] {
                for t in 0..n_tiles {
                    copy::<V>(line, channels_of(t, n).start, &mut to[t * group + place..][..MAX_LANES]);
                }
                place += MAX_LANES;
            }
        }
    }
}

/// What the window reads at a place, as a row.
#[inline(always)]
fn make_line<V: Simd>(
    shape: &ConvShape,
    x: &[V::Elem],
    image: usize,
    [row, col]: [usize; 2],
    line: &mut [V::Elem],
) {
    let (window, n_in) = (&shape.window, shape.in_channels);
    let [kernel_height, kernel_width] = window.kernel;
    let across = kernel_width * n_in;
    let left = (col * window.stride) as isize - window.padding[1] as isize;
    let is_inner = 0 <= left && left as usize + kernel_width <= shape.width;
    for ky in 0..kernel_height {
        let y = (row * window.stride + ky).wrapping_sub(window.padding[0]);
        let to = &mut line[ky * across..];
        let start = (image * shape.height + y) * shape.width;
        if y >= shape.height {
            to[..across].fill(V::Elem::ZERO);
        } else if is_inner {
            // What is written beyond is written again by the next row, or belongs to none.
            let whole = across.next_multiple_of(V::LANES);
            copy::<V>(x, (start + left as usize) * n_in, &mut to[..whole]);
        } else {
            for (kx, to) in to[..across].chunks_exact_mut(n_in).enumerate() {
                let x_col = left.wrapping_add(kx as isize) as usize;
                if x_col < shape.width {
                    to.copy_from_slice(&x[(start + x_col) * n_in..][..n_in]);
                } else {
                    to.fill(V::Elem::ZERO);
                }
            }
        }
    }
}

/// Fills `to`, whole vectors, with the elements from `start` on, as far as there are any.
#[inline(always)]
fn copy<V: Simd>(from: &[V::Elem], start: usize, to: &mut [V::Elem]) {
    let from = &from[start..];
    for (at, to) in to.chunks_exact_mut(V::LANES).enumerate() {
        let left = from.len().saturating_sub(at * V::LANES);
        // SAFETY: of the elements that are left no more are read, and `to` is a vector.
        unsafe {
            let place = from.as_ptr().wrapping_add(at * V::LANES);
            V::load_up_to(place, left, V::Elem::ZERO).store(to.as_mut_ptr());
        }
    }
}
