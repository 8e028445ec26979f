//! The steps on whole states: blocks of rows, in parallel, each through the kernel of its instruction set.

use super::affine::{self, affine_params_rows, affine_rows, affine_state_rows};
use super::spline::{inverse_rows, spline_rows};
use super::spline_back::spline_params_rows;
use super::{Changed, Direction, FlowSteps, ScaleLink, Spline};
use crate::parallel::{EXP_GRAIN, for_each_row_block, map_tasks};

/// Rows of a task where a row has `n` elements of exponentials.
fn rows_per_task(n: usize) -> usize {
    (EXP_GRAIN / n.max(1)).max(1)
}

macro_rules! flow_steps {
    ($t:ty, $v:ident) => {
        const _: () = {
            dispatch! {
                fn affine_block(x: &[$t], changed: Changed, params: &[$t], how: affine::How, out: &mut [$t]) = affine_rows::<$v>;
                fn affine_state_block(d_out: &[$t], changed: Changed, params: &[$t], how: affine::How, d_state: &mut [$t]) = affine_state_rows::<$v>;
                fn affine_params_block(ends: [&[$t]; 2], changed: Changed, params: &[$t], how: affine::How, d_params: &mut [$t]) = affine_params_rows::<$v>;
                fn spline_block(x: &[$t], changed: Changed, params: &[$t], spline: Spline, out: [&mut [$t]; 2]) = spline_rows::<$v>;
                fn inverse_block(x: &[$t], changed: Changed, params: &[$t], spline: Spline, out: &mut [$t]) = inverse_rows::<$v>;
                fn spline_params_block(ends: [&[$t]; 2], changed: Changed, params: &[$t], spline: Spline, d_params: &mut [$t]) = spline_params_rows::<$v>;
            }

            /// The rows of a slice that stand beside a block.
            fn beside(x: &[$t], first: usize, rows: usize, width: usize) -> &[$t] {
                &x[first * width..(first + rows) * width]
            }

            impl FlowSteps for $t {
                fn affine(
                    state: &[$t],
                    changed: Changed,
                    params: &[$t],
                    link: ScaleLink,
                    direction: Direction,
                    out: &mut [$t],
                ) {
                    let (n_cols, width) = (changed.n_cols, changed.n * link.n_params());
                    changed.check(state.len(), params.len(), width);
                    assert_eq!(state.len(), out.len(), "states alike");
                    for_each_row_block(out, n_cols, rows_per_task(changed.n), |first, out| {
                        let rows = out.len() / n_cols;
                        let (x, params) = (beside(state, first, rows, n_cols), beside(params, first, rows, width));
                        affine_block(x, changed, params, affine::How { link, direction }, out);
                    });
                }

                fn affine_back_state(
                    d_out: &[$t],
                    changed: Changed,
                    params: &[$t],
                    link: ScaleLink,
                    direction: Direction,
                    d_state: &mut [$t],
                ) {
                    let (n_cols, width) = (changed.n_cols, changed.n * link.n_params());
                    changed.check(d_out.len(), params.len(), width);
                    assert_eq!(d_out.len(), d_state.len(), "states alike");
                    for_each_row_block(d_state, n_cols, rows_per_task(changed.n), |first, d_state| {
                        let rows = d_state.len() / n_cols;
                        let (dy, params) = (beside(d_out, first, rows, n_cols), beside(params, first, rows, width));
                        affine_state_block(dy, changed, params, affine::How { link, direction }, d_state);
                    });
                }

                fn affine_back_params(
                    state: &[$t],
                    d_out: &[$t],
                    changed: Changed,
                    params: &[$t],
                    link: ScaleLink,
                    direction: Direction,
                    d_params: &mut [$t],
                ) {
                    let (n_cols, width) = (changed.n_cols, changed.n * link.n_params());
                    changed.check(state.len(), params.len(), width);
                    assert!(state.len() == d_out.len() && params.len() == d_params.len(), "gradients alike");
                    for_each_row_block(d_params, width, rows_per_task(changed.n), |first, d_params| {
                        let rows = d_params.len() / width;
                        let ends = [state, d_out].map(|x| beside(x, first, rows, n_cols));
                        let params = beside(params, first, rows, width);
                        affine_params_block(ends, changed, params, affine::How { link, direction }, d_params);
                    });
                }

                fn spline(
                    state: &[$t],
                    changed: Changed,
                    params: &[$t],
                    spline: Spline,
                    out: &mut [$t],
                    slopes: &mut [$t],
                ) {
                    let (n_cols, width) = (changed.n_cols, changed.n * spline.n_params());
                    spline.check();
                    changed.check(state.len(), params.len(), width);
                    assert_eq!(state.len(), out.len(), "states alike");
                    assert_eq!(slopes.len(), state.len() / n_cols * 2 * changed.n, "two slopes an element");
                    let rows = rows_per_task(changed.n * 2 * spline.n_bins);
                    let parts = out.chunks_mut(rows * n_cols).zip(slopes.chunks_mut(rows * 2 * changed.n));
                    let block = |(q, (out, slopes)): (usize, (&mut [$t], &mut [$t]))| {
                        let (first, rows) = (q * rows, out.len() / n_cols);
                        let (x, params) = (beside(state, first, rows, n_cols), beside(params, first, rows, width));
                        spline_block(x, changed, params, spline, [out, slopes]);
                    };
                    if state.len() <= rows * n_cols {
                        parts.enumerate().for_each(block);
                    } else {
                        map_tasks(parts.enumerate().collect(), block);
                    }
                }

                fn spline_inverse(
                    state: &[$t],
                    changed: Changed,
                    params: &[$t],
                    spline: Spline,
                    out: &mut [$t],
                ) {
                    let (n_cols, width) = (changed.n_cols, changed.n * spline.n_params());
                    spline.check();
                    changed.check(state.len(), params.len(), width);
                    assert_eq!(state.len(), out.len(), "states alike");
                    for_each_row_block(out, n_cols, rows_per_task(changed.n * 2 * spline.n_bins), |first, out| {
                        let rows = out.len() / n_cols;
                        let (x, params) = (beside(state, first, rows, n_cols), beside(params, first, rows, width));
                        inverse_block(x, changed, params, spline, out);
                    });
                }

                fn spline_back_state(d_out: &[$t], changed: Changed, slopes: &[$t], d_state: &mut [$t]) {
                    let Changed { n_cols, first: from, n } = changed;
                    changed.check(d_out.len(), slopes.len(), 2 * n);
                    assert_eq!(d_out.len(), d_state.len(), "states alike");
                    for_each_row_block(d_state, n_cols, rows_per_task(n), |first, d_state| {
                        let rows = d_state.len() / n_cols;
                        let (dy, slopes) = (beside(d_out, first, rows, n_cols), beside(slopes, first, rows, 2 * n));
                        d_state.copy_from_slice(dy);
                        // dx = dy/dx dy + d ln(dy/dx)/dx d ln det
                        for ((dx, dy), slopes) in
                            d_state.chunks_exact_mut(n_cols).zip(dy.chunks_exact(n_cols)).zip(slopes.chunks_exact(2 * n))
                        {
                            for (j, slope) in slopes.chunks_exact(2).enumerate() {
                                dx[from + j] = slope[0] * dy[from + j] + slope[1] * dy[n_cols - 1];
                            }
                        }
                    });
                }

                fn spline_back_params(
                    state: &[$t],
                    d_out: &[$t],
                    changed: Changed,
                    params: &[$t],
                    spline: Spline,
                    d_params: &mut [$t],
                ) {
                    let (n_cols, width) = (changed.n_cols, changed.n * spline.n_params());
                    spline.check();
                    changed.check(state.len(), params.len(), width);
                    assert!(state.len() == d_out.len() && params.len() == d_params.len(), "gradients alike");
                    for_each_row_block(d_params, width, rows_per_task(changed.n * 2 * spline.n_bins), |first, d_params| {
                        let rows = d_params.len() / width;
                        let ends = [state, d_out].map(|x| beside(x, first, rows, n_cols));
                        spline_params_block(ends, changed, beside(params, first, rows, width), spline, d_params);
                    });
                }
            }
        };
    };
}

flow_steps!(f32, F32);
flow_steps!(f64, F64);
