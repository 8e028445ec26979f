//! Means and dispersions from the outputs of a last linear layer.

use crate::fused::Formula;
use crate::vector::elementary::{Coefficients, Elementary};

/// How a positive dispersion comes from any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DispersionLink {
    /// ln(1 + e^b)
    Softplus,
    /// e^b
    Exp,
}

/// What the parameters are.
#[derive(Clone, Copy, Debug)]
pub enum Link<'a, T> {
    /// The mean, the dispersion, the logit.
    Direct,
    /// The last linear layer's outputs (a, b, p): m = size_factor clip(e^a), t = clip(softplus(b) or e^b).
    /// Where a clip holds a value its gradient is 0.
    PreActivation {
        /// One for each row, > 0; 1 where there are none.
        size_factors: Option<&'a [T]>,
        /// Least and largest e^a; both positive normal numbers.
        mean_range: [T; 2],
        /// Where t comes from.
        dispersion: DispersionLink,
        /// Least and largest t, both > 0.
        dispersion_range: [T; 2],
    },
}

/// a to (m, d ln m / d a): 1, or 0 where the clip holds m.
#[derive(Clone, Copy)]
pub struct MeanLink<T> {
    /// Bounds of ln(m / size_factor).
    ln_range: [T; 2],
    pub size_factor: T,
}

impl<T: Coefficients> MeanLink<T> {
    /// Of bounds of m / size_factor.
    pub fn new(range: [T; 2], size_factor: T) -> Self {
        let ln = |m: T| T::from_f64(m.to_f64().ln().clamp(-T::EXP_ORDINARY, T::EXP_ORDINARY));
        Self { ln_range: range.map(ln), size_factor }
    }
}

impl<T: Coefficients> Formula<T, 1, 2> for MeanLink<T> {
    const UPDATES: bool = false;
    #[inline(always)]
    fn at<V: Elementary<Elem = T>>(self, [a]: [V; 1], _: [V; 2]) -> (V, [V; 2]) {
        let [low, high] = self.ln_range.map(V::splat);
        let m = high.min(low.max(a)).exp_ordinary().mul(V::splat(self.size_factor));
        (V::of(0.0), [m, low.le(a).and(a.le(high)).and(V::of(1.0))])
    }
}

/// b to (t, d t / d b).
#[derive(Clone, Copy)]
pub struct SpreadLink<T> {
    pub link: DispersionLink,
    pub range: [T; 2],
}

impl<T: Coefficients> Formula<T, 1, 2> for SpreadLink<T> {
    const UPDATES: bool = false;
    #[inline(always)]
    fn at<V: Elementary<Elem = T>>(self, [b]: [V; 1], _: [V; 2]) -> (V, [V; 2]) {
        let (t, slope) = match self.link {
            DispersionLink::Exp => {
                let t = b.exp();
                (t, t)
            }
            DispersionLink::Softplus => {
                // softplus and sigmoid share e^-|b|.
                let one = V::of(1.0);
                let e = b.or(V::of(-0.0)).exp_of_negative();
                let u = one.add(e);
                let sigma = b.lt(V::of(0.0)).select(e, one).div(u);
                (V::of(0.0).max(b).add(V::ln_1_to_2(u, e)), sigma)
            }
        };
        let [low, high] = self.range.map(V::splat);
        let slope = low.le(t).and(t.le(high)).and(slope);
        (V::of(0.0), [high.min(low.max(t)), slope])
    }
}
