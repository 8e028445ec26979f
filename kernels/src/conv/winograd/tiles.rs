//! Tiles of pictures transformed, and transformed tiles made pixels.

use super::transform::{transform_input, transform_output};
use super::{Group, Input, Layout, MADE, READ, Tiling};
use crate::Real;
use crate::conv::direct::Operands;
use crate::conv::micro;
use crate::simd::Simd;
use std::ops::Range;

/// V of `tiles`, some of those of the block.
#[inline(always)]
pub(super) fn read_tiles<V: Simd>(
    operands: &Operands<V::Elem>,
    tiles: &Range<usize>,
    input: &Input<V::Elem>,
) {
    let pass = operands.pass;
    let stencil = &pass.stencil;
    let tiling = Tiling::new(stencil);
    let [height, width] = stencil.source;
    let [dy, dx] = stencil.phases[0].taps[0].offset;
    let layout = input.layout;
    assert!(input.tiles.start <= tiles.start && tiles.end <= input.tiles.end, "tiles of the block");
    for tile in tiles.clone() {
        let t = tile - input.tiles.start;
        let (image, [y, x]) = tiling.place(tile);
        let (y, x) = (y.wrapping_add_signed(dy), x.wrapping_add_signed(dx));
        let is_inner = y < height && x < width && y + READ <= height && x + READ <= width;
        for (source, (&channels, start)) in operands.sources.iter().zip(pass.sources.iter().zip(&pass.starts))
        {
            let base = source.as_ptr();
            let to = input.v.wrapping_add(t * layout.row + start);
            for c in (0..channels).step_by(V::LANES) {
                let left = channels - c;
                let mut columns = [[V::splat(V::Elem::ZERO); READ]; READ];
                for s in 0..READ {
                    let mut column = [V::splat(V::Elem::ZERO); READ];
                    for r in 0..READ {
                        let (y, x) = (y.wrapping_add(r), x.wrapping_add(s));
                        if is_inner || y < height && x < width {
                            // SAFETY: the pixel lies in the picture, and has `left` channels from c on.
                            unsafe {
                                let place = base.add(((image * height + y) * width + x) * channels + c);
                                column[r] = V::load_up_to(place, left, V::Elem::ZERO);
                            }
                        }
                    }
                    columns[s] = transform_input(column);
                }
                for r in 0..READ {
                    let mut row = [V::splat(V::Elem::ZERO); READ];
                    for s in 0..READ {
                        row[s] = columns[s][r];
                    }
                    let row = transform_input(row);
                    for s in 0..READ {
                        // SAFETY: the tile is one of the block's, and a row has room for its channels and a gap of
                        // two vectors.
                        unsafe { row[s].store(to.add((r * READ + s) * layout.matrix + c)) };
                    }
                }
            }
        }
    }
}

/// Y of M, with bias and activation.
#[inline(always)]
pub(super) fn write_tiles<V: Simd>(
    operands: &Operands<V::Elem>,
    group: &Group,
    layout: Layout,
    m: &[V::Elem],
) {
    let (pass, job) = (operands.pass, &operands.job);
    let stencil = &pass.stencil;
    let tiling = Tiling::new(stencil);
    let [height, width] = stencil.target;
    let channels = pass.targets[operands.target];
    let panels = &pass.columns.panels[group.panels.clone()];
    let (first, end) = (panels[0].first, panels[panels.len() - 1].first + panels[panels.len() - 1].n_cols);
    let zero = V::splat(V::Elem::ZERO);
    let finish = job.finish();
    let slope = micro::slope::<V>(finish);
    assert!(m.len() >= layout.len(), "all tiles");
    for (t, tile) in group.tiles.clone().enumerate() {
        let (image, [y, x]) = tiling.place(tile);
        let from = m[t * layout.row..].as_ptr();
        let (rows, cols) = ((height - y).min(MADE), (width - x).min(MADE));
        for c in (first..end).step_by(V::LANES) {
            let left = end - c;
            let mut columns = [[zero; MADE]; READ];
            for s in 0..READ {
                let mut column = [zero; READ];
                for r in 0..READ {
                    // SAFETY: a row of M has all channels of the panels, in whole vectors.
                    column[r] = unsafe { V::load(from.add((r * READ + s) * layout.matrix + c - first)) };
                }
                columns[s] = transform_output(column);
            }
            let bias = match job.bias {
                // SAFETY: the bias has a value for each of the channels.
                Some(bias) => unsafe { V::load_up_to(bias.as_ptr().add(c), left, V::Elem::ZERO) },
                None => zero,
            };
            for r in 0..rows {
                let mut row = [zero; READ];
                for s in 0..READ {
                    row[s] = columns[s][r];
                }
                let row = transform_output(row);
                for s in 0..cols {
                    // SAFETY: the pixel lies in the picture, and its channels from c on are this group's.
                    unsafe {
                        let place =
                            operands.out.add(((image * height + y + r) * width + x + s) * channels + c);
                        let mut sum = row[s];
                        if job.adds {
                            sum = sum.add(V::load_up_to(place, left, V::Elem::ZERO));
                        }
                        sum = sum.add(bias);
                        sum = micro::finished(sum, finish, slope);
                        sum.store_up_to(place, left);
                    }
                }
            }
        }
    }
}
