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

use super::{DispersionLink, Link};
use crate::fused::Formula;
use crate::vector::elementary::{Coefficients, Elementary};

/// What is the same for a whole call, or a row of it.
#[derive(Clone, Copy)]
pub struct Form<T> {
    has_dispersion: bool,
    has_logit: bool,
    /// `None`: the parameters are mean and dispersion themselves.
    from_activations: Option<DispersionLink>,
    /// Bounds of ln(m / size_factor).
    ln_mean_range: [T; 2],
    dispersion_range: [T; 2],
    size_factor: T,
    /// Minus what gradients of the log likelihood are multiplied by.
    minus_scale: T,
}

impl<T: Coefficients> Form<T> {
    pub fn new(link: Link<'_, T>, has_dispersion: bool, has_logit: bool, scale: T) -> Self {
        let (from_activations, mean_range, dispersion_range) = match link {
            Link::Direct => (None, [T::ONE; 2], [T::ONE; 2]),
            Link::PreActivation { mean_range, dispersion, dispersion_range, .. } => {
                (Some(dispersion), mean_range, dispersion_range)
            }
        };
        let ordinary = T::EXP_ORDINARY;
        let ln_mean_range = mean_range.map(|m| T::from_f64(m.to_f64().ln().clamp(-ordinary, ordinary)));
        let (size_factor, minus_scale) = (T::ONE, -scale);
        Self {
            has_dispersion,
            has_logit,
            from_activations,
            ln_mean_range,
            dispersion_range,
            size_factor,
            minus_scale,
        }
    }

    pub fn with_size_factor(self, size_factor: T) -> Self {
        Self { size_factor, ..self }
    }

    /// (m, 1, or 0 where a clip holds m).
    #[inline(always)]
    fn mean<V: Elementary<Elem = T>>(self, a: V) -> (V, V) {
        if self.from_activations.is_none() {
            return (a, V::of(1.0));
        }
        let [low, high] = self.ln_mean_range.map(V::splat);
        let clipped = high.min(low.max(a));
        let slope = low.le(a).and(a.le(high)).and(V::of(1.0));
        (clipped.exp_ordinary().mul(V::splat(self.size_factor)), slope)
    }

    /// (t, d t / d b)
    #[inline(always)]
    fn dispersion<V: Elementary<Elem = T>>(self, b: V) -> (V, V) {
        let (t, slope) = match self.from_activations {
            None => return (b, V::of(1.0)),
            Some(DispersionLink::Exp) => {
                let t = b.exp();
                (t, t)
            }
            Some(DispersionLink::Softplus) => {
                let one = V::of(1.0);
                let e = b.or(V::of(-0.0)).exp_of_negative();
                let u = one.add(e);
                let sigma = b.lt(V::of(0.0)).select(e, one).div(u);
                (V::of(0.0).max(b).add(V::ln_1_to_2(u, e)), sigma)
            }
        };
        let [low, high] = self.dispersion_range.map(V::splat);
        let inside = low.le(t).and(t.le(high));
        (high.min(low.max(t)), inside.and(slope))
    }

    /// The log likelihood's gradients with respect to (m or a, t or b, p), from those with respect to
    /// (ln m, t, p) and the slopes.
    #[inline(always)]
    fn gradients<V: Elementary<Elem = T>>(self, by_ln_m_or_m: V, by_t: V, by_p: V, slopes: [V; 2]) -> [V; 3] {
        let scale = V::splat(self.minus_scale);
        [by_ln_m_or_m.mul(slopes[0]).mul(scale), by_t.mul(slopes[1]).mul(scale), by_p.mul(scale)]
    }
}

/// Every count taken for a zero: (mean, dispersion, logit) to (the value, three gradients).
#[derive(Clone, Copy)]
pub struct Zeros<T>(pub Form<T>);

impl<T: Coefficients> Formula<T, 3, 4> for Zeros<T> {
    const UPDATES: bool = false;
    /// With s = t / (t + m) = 1 - u, n0 = ln NB(0), w = sigma(n0 - p):
    /// ll = sp(n0 - p) - sp(-p); d m = -w s; d t = w (u - ln(1 + m/t)) = -w phi(-u); d p = sigma(-p) - w.
    #[inline(always)]
    fn at<V: Elementary<Elem = T>>(self, [a, b, p]: [V; 3], _: [V; 4]) -> (V, [V; 4]) {
        let form = self.0;
        let one = V::of(1.0);
        let (m, slope_m) = form.mean(a);
        let mut slope_t = one;
        let (n0, s, phi) = if form.has_dispersion {
            let (t, slope) = form.dispersion(b);
            slope_t = slope;
            let reciprocal = one.div(t.add(m));
            let (u, s) = (m.mul(reciprocal), t.mul(reciprocal));
            // ln(1 + m/t) = u + phi(-u), and 1 - u is s.
            let (power_m, power_e) = t.add(m).div(t).split_exponent();
            let near = power_e.eq(V::of(0.0));
            let f = near.select(u.neg(), power_m.sub(one));
            let tail = T::minus_ln_reduced(f);
            // Far from 1 the logarithm of the ratio (t + m) / t itself.
            let low = power_e.mul_add(V::of(T::LN2_LOW), f.sub(tail));
            let far = power_e.mul_add(V::of(T::LN2_HIGH), low);
            let ln = near.select(u.add(tail), far);
            let phi = near.select(tail, far.sub(u));
            (ln.mul(t).neg(), s, phi)
        } else {
            (m.neg(), one, V::of(0.0))
        };
        let by_m = if form.from_activations.is_some() { s.mul(m) } else { s };
        let (value, w, by_p) = if form.has_logit {
            // sp(q) - sp(-p) = max(q, 0) - max(-p, 0) + ln((1 + e^-|q|) / (1 + e^-|p|)), q = n0 - p, where
            // the difference of the maxima is max(n0, min(p, 0)).
            let zero = V::of(0.0);
            let minus_zero = V::of(-0.0);
            let q = n0.sub(p);
            let (e_p, e_q) = (p.or(minus_zero).exp_of_negative(), q.or(minus_zero).exp_of_negative());
            let r_p = one.div(one.add(e_p));
            let r_q = one.div(one.add(e_q));
            let w = q.lt(zero).select(e_q, one).mul(r_q);
            let sigma = p.lt(zero).select(one, e_p).mul(r_p);
            let y = e_q.sub(e_p).mul(r_p);
            let value = n0.max(p.min(zero)).add(V::ln_1_to_2(one.add(y), y));
            (value, w, sigma.sub(w))
        } else {
            (n0, one, V::of(0.0))
        };
        let [d_m, d_t, d_p] = form.gradients(w.mul(by_m).neg(), w.mul(phi).neg(), by_p, [slope_m, slope_t]);
        (V::of(0.0), [value.neg(), d_m, d_t, d_p])
    }
}

/// Counts x >= 1: (x, mean, dispersion, logit) to (the value, three gradients).
#[derive(Clone, Copy)]
pub struct Positives<T>(pub Form<T>);

impl<T: Coefficients> Formula<T, 4, 4> for Positives<T> {
    const UPDATES: bool = false;
    /// With v = (x - m) / (t + m), psi(y) = ln y - 1/(2 y) - rho(y) / y^2, A = 1/t, B = 1/(x + t):
    /// ll = ln NB(x) - sp(p); d ln m = t v; d p = -sigma(p);
    /// d t = psi(x + t) - psi(t) - ln(1 + m/t) + (m - x) / (t + m)
    ///     = -phi(v) + (A - B)/2 + rho(t) A^2 - rho(x + t) B^2.
    #[inline(always)]
    fn at<V: Elementary<Elem = T>>(self, [x, a, b, p]: [V; 4], _: [V; 4]) -> (V, [V; 4]) {
        let form = self.0;
        let (zero, one, half) = (V::of(0.0), V::of(1.0), V::of(0.5));
        let (m, slope_m) = form.mean(a);
        let mut slope_t = one;
        let c = one.div(x);
        let delta_x = T::stirling_left(c).mul(c);
        let ln_2pi = V::of(std::f64::consts::TAU.ln());
        let (value, by_ln_m, by_t) = if form.has_dispersion {
            let (t, slope) = form.dispersion(b);
            slope_t = slope;
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
        let by_m = if form.from_activations.is_some() { by_ln_m } else { by_ln_m.div(m) };
        let (value, by_p) = if form.has_logit {
            let e = p.or(V::of(-0.0)).exp_of_negative();
            let u = one.add(e);
            let sigma = p.lt(zero).select(e, one).div(u);
            (value.sub(zero.max(p).add(V::ln_1_to_2(u, e))), sigma.neg())
        } else {
            (value, zero)
        };
        let [d_m, d_t, d_p] = form.gradients(by_m, by_t, by_p, [slope_m, slope_t]);
        (zero, [value.neg(), d_m, d_t, d_p])
    }
}
