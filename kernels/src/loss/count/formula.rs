//! The likelihood of a zero and of a count, in forms that lose nothing to cancellation.
//!
//! Textbook forms subtract numbers of the size of t ln t, which in f32 leaves nothing for large t. With
//! phi(v) = v - ln(1 + v), delta what Stirling's formula leaves of ln Gamma, and u = m / (t + m):
//!
//! ln NB(0) = -t ln(1 + m/t)
//! ln NB(x) = -x phi((m - x) t / (x (t + m))) - t phi((x - m) / (t + m))
//!            + delta(x + t) - delta(x) - delta(t) + ln(t / (2 pi x (x + t))) / 2
//!
//! (the saddle-point form of Loader 2000, for the negative binomial). Every term but the small deltas has one
//! sign. Below t = 1 delta(t) = delta(t + 1) + (t + 1/2) ln(1 + 1/t) - 1.
//!
//! Each formula is short enough for a processor to see the next element's before it is done with one: all in one
//! they take a third longer.

use crate::fused::Formula;
use crate::vector::elementary::{Coefficients, Elementary};

/// Which of the likelihoods it is.
#[derive(Clone, Copy)]
pub struct Form<T> {
    pub has_dispersion: bool,
    pub has_logit: bool,
    /// Whether gradients are with respect to ln m and what t comes from, by slopes; else to m and t.
    pub has_slopes: bool,
    pub scale: T,
}

/// Every count taken for a zero, without additional zeros: (m, t, slope of ln m, slope of t) to
/// (-ln NB(0), d m, d t).
#[derive(Clone, Copy)]
pub struct Zeros<T>(pub Form<T>);

impl<T: Coefficients> Formula<T, 4, 3> for Zeros<T> {
    const UPDATES: bool = false;
    /// d m = t / (t + m) = 1 - u; d t = ln(1 + m/t) - u = phi(-u).
    #[inline(always)]
    fn at<V: Elementary<Elem = T>>(self, [m, t, slope_m, slope_t]: [V; 4], _: [V; 3]) -> (V, [V; 3]) {
        let (form, one, scale) = (self.0, V::of(1.0), V::splat(self.0.scale));
        let (value, s, phi) = if form.has_dispersion {
            let sum = t.add(m);
            let reciprocal = one.div(sum);
            let (u, s) = (m.mul(reciprocal), t.mul(reciprocal));
            // ln(1 + m/t) = u + phi(-u), and 1 - u is s.
            let (power_m, power_e) = sum.div(t).split_exponent();
            let near = power_e.eq(V::of(0.0));
            let f = near.select(u.neg(), power_m.sub(one));
            let tail = T::minus_ln_reduced(f);
            // Far from 1 the logarithm of the ratio (t + m) / t itself.
            let low = power_e.mul_add(V::of(T::LN2_LOW), f.sub(tail));
            let far = power_e.mul_add(V::of(T::LN2_HIGH), low);
            let ln = near.select(u.add(tail), far);
            (ln.mul(t), s, near.select(tail, far.sub(u)))
        } else {
            (m, one, V::of(0.0))
        };
        if form.has_slopes {
            return (V::of(0.0), [value, s.mul(m).mul(slope_m).mul(scale), phi.mul(slope_t).mul(scale)]);
        }
        (V::of(0.0), [value, s.mul(scale), phi.mul(scale)])
    }
}

/// Adds the additional zeros to what [`Zeros`] leaves: p to (the value, d m, d t, d p).
#[derive(Clone, Copy)]
pub struct Inflation<T>(pub Form<T>);

impl<T: Coefficients> Formula<T, 1, 4> for Inflation<T> {
    const UPDATES: bool = true;
    /// With n0 = ln NB(0) and w = sigma(n0 - p): ll = sp(n0 - p) - sp(-p); d m and d t are times w,
    /// d p = sigma(-p) - w.
    #[inline(always)]
    fn at<V: Elementary<Elem = T>>(self, [p]: [V; 1], [n, d_m, d_t, _]: [V; 4]) -> (V, [V; 4]) {
        // sp(q) - sp(-p) = max(q, 0) - max(-p, 0) + ln((1 + e^-|q|) / (1 + e^-|p|)), q = n0 - p, where
        // the difference of the maxima is max(n0, min(p, 0)).
        let (zero, minus_zero, one) = (V::of(0.0), V::of(-0.0), V::of(1.0));
        let n0 = n.neg();
        let q = n0.sub(p);
        let (e_p, e_q) = (p.or(minus_zero).exp_of_negative(), q.or(minus_zero).exp_of_negative());
        let (r_p, r_q) = (one.div(one.add(e_p)), one.div(one.add(e_q)));
        let w = q.lt(zero).select(e_q, one).mul(r_q);
        let sigma = p.lt(zero).select(one, e_p).mul(r_p);
        let y = e_q.sub(e_p).mul(r_p);
        let value = n0.max(p.min(zero)).add(V::ln_1_to_2(one.add(y), y));
        (zero, [value.neg(), d_m.mul(w), d_t.mul(w), w.sub(sigma).mul(V::splat(self.0.scale))])
    }
}

/// Counts x >= 1: (x, m, t, p, slope of ln m, slope of t) to (the value, three gradients).
#[derive(Clone, Copy)]
pub struct Positives<T>(pub Form<T>);

impl<T: Coefficients> Formula<T, 6, 4> for Positives<T> {
    const UPDATES: bool = false;
    /// With v = (x - m) / (t + m), psi(y) = ln y - 1/(2 y) - rho(y) / y^2, A = 1/t, B = 1/(x + t):
    /// ll = ln NB(x) - sp(p); d ln m = t v; d p = -sigma(p);
    /// d t = psi(x + t) - psi(t) - ln(1 + m/t) + (m - x) / (t + m)
    ///     = -phi(v) + (A - B)/2 + rho(t) A^2 - rho(x + t) B^2.
    #[inline(always)]
    fn at<V: Elementary<Elem = T>>(self, [x, m, t, p, slope_m, slope_t]: [V; 6], _: [V; 4]) -> (V, [V; 4]) {
        let form = self.0;
        let (zero, one, half) = (V::of(0.0), V::of(1.0), V::of(0.5));
        let c = one.div(x);
        let delta_x = T::stirling_left(c).mul(c);
        let ln_2pi = V::of(std::f64::consts::TAU.ln());
        let (value, by_ln_m, by_t) = if form.has_dispersion {
            let y = x.add(t);
            let reciprocal = one.div(t.add(m));
            let s = t.mul(reciprocal);
            let v = x.sub(m).mul(reciprocal);
            let phi = v.minus_log1p_of(y.mul(reciprocal));
            // Its ratio is that of v times m / x.
            let (v_x, ratio_x) = (m.sub(x).mul(s).mul(c), y.mul(reciprocal).mul(m).mul(c));
            let main = x.mul(v_x.minus_log1p_of(ratio_x)).add(t.mul(phi));
            // Below 1, t is raised by 1.
            let small = t.lt(one);
            let raised = small.select(t.add(one), t);
            let (a_t, b_y) = (one.div(raised), one.div(y));
            let one_over_t = one.div(t);
            let ln_raise = t.add(one).mul(one_over_t).ln();
            let raise = small.and(t.add(half).mul_add(ln_raise, V::of(-1.0)));
            let deltas = T::stirling_left(b_y).mul(b_y).sub(delta_x).sub(T::stirling_left(a_t).mul(a_t));
            let ln_scale = t.mul(c).mul(b_y).ln().sub(ln_2pi);
            let value = half.mul_add(ln_scale, deltas.sub(raise)).sub(main);
            let step = y.sub(raised).mul(a_t).mul(b_y).mul(half);
            let rhos = T::digamma_left(a_t).mul(a_t).mul(a_t).sub(T::digamma_left(b_y).mul(b_y).mul(b_y));
            let by_t = step.add(rhos).add(small.and(one_over_t.sub(ln_raise))).sub(phi);
            (value, t.mul(v), by_t)
        } else {
            // t = inf: ln NB(x) = -x phi((m - x) / x) - delta(x) - ln(2 pi x) / 2.
            let main = x.mul(m.sub(x).mul(c).minus_log1p_of(m.mul(c)));
            let ln_scale = c.ln().sub(ln_2pi);
            (half.mul_add(ln_scale, delta_x.neg()).sub(main), x.sub(m), zero)
        };
        let (value, by_p) = if form.has_logit {
            let e = p.or(V::of(-0.0)).exp_of_negative();
            let u = one.add(e);
            let sigma = p.lt(zero).select(e, one).div(u);
            (value.sub(zero.max(p).add(V::ln_1_to_2(u, e))), sigma.neg())
        } else {
            (value, zero)
        };
        let (by_m, by_t) =
            if form.has_slopes { (by_ln_m.mul(slope_m), by_t.mul(slope_t)) } else { (by_ln_m.div(m), by_t) };
        let minus_scale = V::splat(form.scale).neg();
        (zero, [value.neg(), by_m.mul(minus_scale), by_t.mul(minus_scale), by_p.mul(minus_scale)])
    }
}
