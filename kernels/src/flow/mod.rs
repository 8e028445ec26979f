//! The steps of normalizing flows: maps by element whose parameters a network says, with their log-derivatives.
//!
//! A *state* is a matrix whose last column is the logarithm of what the steps so far have stretched space by, so that
//! a chain of steps carries one matrix. A step changes some columns of it (`Changed`), adds the log-derivatives of
//! these to the last one, and leaves the others as they are. `params` has, for each row, what the network says of the
//! changed columns.
//!
//! * `affine`: y = x e^l + t and back (Dinh et al. 2014, 2017; Kingma & Dhariwal 2018; Papamakarios et al. 2017).
//! * `spline`: monotone rational-quadratic splines (Durkan et al. 2019), forward, backward and inverse.

mod affine;
mod bins;
pub mod reference;
mod spline;
mod spline_back;

/// Which columns of a state a step changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Columns of the state, the log-determinant's among them.
    pub n_cols: usize,
    /// The first that is changed.
    pub first: usize,
    /// How many are.
    pub n: usize,
}

impl Changed {
    fn check(&self, state: usize, params: usize, n_params: usize) {
        assert!(
            self.n > 0 && self.first + self.n < self.n_cols,
            "changed columns before the log-determinant"
        );
        assert!(state.is_multiple_of(self.n_cols), "{state} elements are not whole rows of {}", self.n_cols);
        assert_eq!(params, state / self.n_cols * n_params, "{n_params} parameters a row");
    }
}

/// Which way a map is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// y = x e^l + t
    Forward,
    /// y = (x - t) e^-l
    Inverse,
}

/// How a number that a network says becomes the logarithm l of a scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScaleLink {
    /// l = 0, and no number is said: a map that only shifts (NICE).
    Unit,
    /// l = c tanh(s / c): within -c and c, and like s around 0.
    Bounded(f64),
    /// l = ln sigmoid(s + 2): scales below 1 (Glow).
    Sigmoid,
}

impl ScaleLink {
    /// Numbers a changed column: the shift, and the scale's where there is one. The scales of all columns come first.
    pub fn n_params(self) -> usize {
        if self == ScaleLink::Unit { 1 } else { 2 }
    }
}

/// The shape of a spline: `n_bins` bins within -`bound` and `bound`, none narrower, lower or flatter than a minimum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spline {
    /// Bins, 2 to [`MOST_BINS`].
    pub n_bins: usize,
    /// Half the side of the box; outside the map is the identity.
    pub bound: f64,
    /// The least width and height of a bin, as a share of the box.
    pub min_size: f64,
    /// The least slope at a knot.
    pub min_slope: f64,
}

/// The most bins of a spline.
pub const MOST_BINS: usize = 32;

impl Spline {
    /// Numbers a changed column: widths, heights, slopes at the inner knots.
    pub fn n_params(&self) -> usize {
        3 * self.n_bins - 1
    }

    fn check(&self) {
        assert!((2..=MOST_BINS).contains(&self.n_bins), "2 to {MOST_BINS} bins");
        assert!(self.bound > 0.0 && self.min_size * (self.n_bins as f64) < 1.0, "bins that fit their box");
    }
}

/// Steps of flows.
pub trait FlowSteps: Sized + Copy {
    /// Applies y = x e^l + t, or its inverse, to the changed columns; the last column gains +-sum l.
    /// # Panics
    /// If the sizes do not agree.
    fn affine(
        state: &[Self],
        changed: Changed,
        params: &[Self],
        link: ScaleLink,
        direction: Direction,
        out: &mut [Self],
    );

    /// The gradient of the state from that of what [`FlowSteps::affine`] made.
    /// # Panics
    /// If the sizes do not agree.
    fn affine_back_state(
        d_out: &[Self],
        changed: Changed,
        params: &[Self],
        link: ScaleLink,
        direction: Direction,
        d_state: &mut [Self],
    );

    /// The gradient of the parameters from that of what [`FlowSteps::affine`] made.
    /// # Panics
    /// If the sizes do not agree.
    fn affine_back_params(
        state: &[Self],
        d_out: &[Self],
        changed: Changed,
        params: &[Self],
        link: ScaleLink,
        direction: Direction,
        d_params: &mut [Self],
    );

    /// Applies splines to the changed columns; the last column gains the sum of the logarithms of their slopes. `slopes`
    /// receives, for each changed element, dy/dx and d ln(dy/dx) / dx: what the way back to the state needs.
    /// # Panics
    /// If the sizes do not agree.
    fn spline(
        state: &[Self],
        changed: Changed,
        params: &[Self],
        spline: Spline,
        out: &mut [Self],
        slopes: &mut [Self],
    );

    /// The inverse of [`FlowSteps::spline`].
    /// # Panics
    /// If the sizes do not agree.
    fn spline_inverse(state: &[Self], changed: Changed, params: &[Self], spline: Spline, out: &mut [Self]);

    /// The gradient of the state from that of what [`FlowSteps::spline`] made, and its `slopes`.
    /// # Panics
    /// If the sizes do not agree.
    fn spline_back_state(d_out: &[Self], changed: Changed, slopes: &[Self], d_state: &mut [Self]);

    /// The gradient of the parameters from that of what [`FlowSteps::spline`] made.
    /// # Panics
    /// If the sizes do not agree.
    fn spline_back_params(
        state: &[Self],
        d_out: &[Self],
        changed: Changed,
        params: &[Self],
        spline: Spline,
        d_params: &mut [Self],
    );
}

/// Elements of exponentials that are one task.
const GRAIN: usize = crate::parallel::EXP_GRAIN;

/// Rows of a task where a row has `n` elements of exponentials.
fn rows_per_task(n: usize) -> usize {
    (GRAIN / n.max(1)).max(1)
}

macro_rules! flow_steps {
    ($t:ty, $v:ident) => {
        const _: () = {
            use crate::parallel::{for_each_row_block, map_tasks};

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

use affine::{affine_params_rows, affine_rows, affine_state_rows};
use spline::{inverse_rows, spline_rows};
use spline_back::spline_params_rows;

flow_steps!(f32, F32);
flow_steps!(f64, F64);
