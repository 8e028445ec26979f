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
mod steps;

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
