//! Exponentials, logarithms and what is made of them, on vectors of lanes.
//!
//! The formulas are written once; polynomials and constants come from [`Coefficients`], in `single.rs` for
//! f32 and in `double.rs` for f64. NaN gives NaN, and every function has its limits at the infinities.

mod double;
mod gamma;
mod single;

use crate::Real;
use crate::simd::Vector;

/// What differs between f32 and f64: constants and minimax polynomials.
pub trait Coefficients: Real {
    /// ln 2 = LN2_HIGH + LN2_LOW; multiples of LN2_HIGH by any exponent are exact.
    const LN2_HIGH: f64;
    /// ln 2 - LN2_HIGH
    const LN2_LOW: f64;
    /// Up to it in size, e^x is a normal number, and so is the power of two nearest to it.
    const EXP_ORDINARY: f64;
    /// Below it e^x rounds to 0.
    const EXP_LOW: f64;
    /// The smallest number whose exponential is normal, rounded up.
    const LN_MIN_POSITIVE: f64;
    /// Above it e^x is infinite.
    const EXP_HIGH: f64;
    /// erf is a polynomial below, and 1 - e^polynomial above it.
    const ERF_SPLIT: f64;
    /// From here on erf rounds to 1.
    const ERF_HIGH: f64;

    /// (e^f - 1 - f) / f^2 for |f| <= ln(2)/2.
    fn exp_remainder<V: Vector<Elem = Self>>(f: V) -> V;
    /// ln(m 2^e) + correction for m in [sqrt(1/2), sqrt 2) and a small correction.
    fn ln_reduced<V: Vector<Elem = Self>>(m: V, e: V, correction: V) -> V;
    /// erf(x) / x as a function of x^2, for |x| < ERF_SPLIT.
    fn erf_over_x<V: Vector<Elem = Self>>(x_squared: V) -> V;
    /// ln erfc(a) for ERF_SPLIT <= a <= ERF_HIGH.
    fn ln_erfc<V: Vector<Elem = Self>>(a: V) -> V;
    /// f - ln(1 + f) without cancellation, for 1 + f in [sqrt(1/2), sqrt 2).
    fn minus_ln_reduced<V: Vector<Elem = Self>>(f: V) -> V;
    /// y times what Stirling's formula leaves of ln Gamma(y), as a function of 1/y in (0, 1].
    fn stirling_left<V: Vector<Elem = Self>>(reciprocal: V) -> V;
    /// -y^2 (psi(y) - ln y + 1/(2 y)), as a function of 1/y in (0, 1].
    fn digamma_left<V: Vector<Elem = Self>>(reciprocal: V) -> V;
}

/// c[0] x^(N-1) + ... + c[N-1], the even and the odd powers apart: half the latency of Horner's rule.
#[inline(always)]
pub fn polynomial<V: Vector, const N: usize>(x: V, c: [f64; N]) -> V {
    const { assert!(N >= 2) };
    let square = x.mul(x);
    // The chain whose last coefficient is c[N - 1] holds the even powers.
    let (mut chain, mut other) = (V::of(c[0]), V::of(c[1]));
    for k in 2..N {
        let next = chain.mul_add(square, V::of(c[k]));
        (chain, other) = (other, next);
    }
    chain.mul_add(x, other)
}

/// The elementary functions of every vector type.
pub trait Elementary: Vector<Elem: Coefficients> {
    /// x = r ln 2 + f with integral r and |f| <= ln(2)/2: (f, r, 2^r).
    #[inline(always)]
    fn reduce_by_ln2(self) -> (Self, Self, Self) {
        let (r, power) = self.nearest_power(Self::of(std::f64::consts::LOG2_E));
        let f = r.neg_mul_add(Self::of(Self::Elem::LN2_HIGH), self);
        (r.neg_mul_add(Self::of(Self::Elem::LN2_LOW), f), r, power)
    }

    /// e^f - 1 for |f| <= ln(2)/2.
    #[inline(always)]
    fn expm1_reduced(f: Self) -> Self {
        Self::Elem::exp_remainder(f).mul_add(f.mul(f), f)
    }

    /// Whether all of e^x and e^-x are normal numbers.
    #[inline(always)]
    fn has_ordinary_exp(self) -> bool {
        self.abs().le(Self::of(Self::Elem::EXP_ORDINARY)).all()
    }

    /// e^x = 2^r e^f = 2^r (e^f - 1) + 2^r for |x| <= EXP_ORDINARY.
    #[inline(always)]
    fn exp_ordinary(self) -> Self {
        let (f, _, power) = self.reduce_by_ln2();
        power.mul_add(Self::expm1_reduced(f), power)
    }

    /// e^x
    #[inline(always)]
    fn exp(self) -> Self {
        if self.has_ordinary_exp() {
            return self.exp_ordinary();
        }
        let x = Self::of(Self::Elem::EXP_HIGH).min(Self::of(Self::Elem::EXP_LOW).max(self));
        let (f, r, _) = x.reduce_by_ln2();
        Self::expm1_reduced(f).add(Self::of(1.0)).ldexp(r)
    }

    /// e^x for x <= 0; 0 where it is below the smallest normal number.
    #[inline(always)]
    fn exp_of_negative(self) -> Self {
        let lowest = Self::of(Self::Elem::LN_MIN_POSITIVE);
        let e = lowest.max(self).exp_ordinary();
        self.lt(lowest).select(Self::of(0.0), e)
    }

    /// e^x - 1 = 2^r (e^f - 1) + (2^r - 1) for |x| <= EXP_ORDINARY.
    #[inline(always)]
    fn expm1_ordinary(self) -> Self {
        let (f, _, power) = self.reduce_by_ln2();
        power.mul_add(Self::expm1_reduced(f), power.sub(Self::of(1.0)))
    }

    /// e^x - 1
    #[inline(always)]
    fn expm1(self) -> Self {
        let ordinary = self.expm1_ordinary();
        // The sign bit of x, lest expm1(-0) be 0.
        if self.has_ordinary_exp() {
            return ordinary.or(self.sign_bit());
        }
        let x = Self::of(Self::Elem::EXP_HIGH).min(Self::of(-40.0).max(self));
        let (f, r, _) = x.reduce_by_ln2();
        // Halved, so that 2^r does not overflow before the result does.
        let power = r.sub(Self::of(1.0)).pow2();
        let halved = power.mul_add(Self::expm1_reduced(f), power.sub(Self::of(0.5)));
        let inside = self.abs().le(Self::of(Self::Elem::EXP_ORDINARY));
        inside.select(ordinary, halved.add(halved)).or(self.sign_bit())
    }

    /// The natural logarithm.
    #[inline(always)]
    fn ln(self) -> Self {
        let smallest = Self::splat(Self::Elem::MIN_POSITIVE);
        let all_ordinary = smallest.le(self).and(self.lt(Self::of(f64::INFINITY))).all();
        let (m, e) = if all_ordinary {
            self.split_exponent()
        } else {
            // Subnormal numbers are first scaled by 2^54.
            let tiny = self.lt(smallest);
            let (m, e) = tiny.select(self.mul(Self::of(2.0_f64.powi(54))), self).split_exponent();
            (m, tiny.select(e.sub(Self::of(54.0)), e))
        };
        let y = Self::Elem::ln_reduced(m, e, Self::of(-0.0));
        if all_ordinary { y } else { self.ln_beyond_numbers(y) }
    }

    /// ln(self) where self is zero, negative, infinite or NaN; `ordinary` elsewhere.
    #[inline(always)]
    fn ln_beyond_numbers(self, ordinary: Self) -> Self {
        let (zero, infinity) = (Self::of(0.0), Self::of(f64::INFINITY));
        let y = self.lt(infinity).select(ordinary, infinity);
        let y = zero.lt(self).select(y, Self::of(f64::NEG_INFINITY));
        zero.le(self).select(y, Self::of(f64::NAN))
    }

    /// ln(1 + x) = ln(u) + c / u, where u = 1 + x is rounded and c is what the rounding took.
    #[inline(always)]
    fn log1p(self) -> Self {
        let one = Self::of(1.0);
        let u = one.add(self);
        let c = one.min(self).sub(u.sub(one.max(self)));
        let (m, e) = u.split_exponent();
        let y = Self::Elem::ln_reduced(m, e, c.div(u));
        if Self::of(0.0).lt(u).and(u.lt(Self::of(f64::INFINITY))).all() {
            return y.or(self.sign_bit());
        }
        u.ln_beyond_numbers(y).or(self.sign_bit())
    }

    /// tanh x = t / (t + 2), t = e^(2|x|) - 1, with the sign of x.
    #[inline(always)]
    fn tanh(self) -> Self {
        // From |x| = 22 on the quotient is 1 in either precision.
        let x = Self::of(22.0).min(self.abs());
        let t = x.add(x).expm1_ordinary();
        t.div(t.add(Self::of(2.0))).or(self.sign_bit())
    }

    /// 1 / (1 + e^-x), as e^x / (1 + e^x) below 0: both tails keep their relative precision.
    #[inline(always)]
    fn sigmoid(self) -> Self {
        let one = Self::of(1.0);
        let e = self.or(Self::of(-0.0)).exp_of_negative();
        self.lt(Self::of(0.0)).select(e, one).div(one.add(e))
    }

    /// ln(1 + e) for e in [-1/2, 1], where u = 1 + e is rounded.
    #[inline(always)]
    fn ln_1_to_2(u: Self, e: Self) -> Self {
        // What the rounding of u took, over u: for u in [1, 2] 1/u is 3/2 - u/2 but for a sixteenth, and
        // exactly 1 where the correction is all there is; below 1 it is what the last bit does not see.
        let correction = e.sub(u.sub(Self::of(1.0))).mul(u.neg_mul_add(Self::of(0.5), Self::of(1.5)));
        let (m, exponent) = u.split_exponent();
        Self::Elem::ln_reduced(m, exponent, correction)
    }

    /// v - ln(1 + v) without cancellation, given also the ratio 1 + v, which where v is near -1 must be more
    /// precise than v can tell. Both are positive numbers or 1 and 0.
    #[inline(always)]
    fn minus_log1p_of(self, ratio: Self) -> Self {
        let (m, e) = ratio.split_exponent();
        let near = e.eq(Self::of(0.0));
        let f = near.select(self, m.sub(Self::of(1.0)));
        // ln(ratio) = f - (f - ln(1 + f)) + e ln 2, and where e = 0 f is v.
        let tail = Self::Elem::minus_ln_reduced(f);
        let rest = e.neg_mul_add(Self::of(Self::Elem::LN2_LOW), tail);
        e.neg_mul_add(Self::of(Self::Elem::LN2_HIGH), self.sub(f)).add(rest)
    }

    /// ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|)
    #[inline(always)]
    fn softplus(self) -> Self {
        let e = self.or(Self::of(-0.0)).exp_of_negative();
        let ln = Self::ln_1_to_2(Self::of(1.0).add(e), e);
        Self::of(0.0).max(self).add(ln)
    }

    /// The error function: x P(x^2) for small |x|, else 1 - e^L(|x|) with the sign of x.
    #[inline(always)]
    fn erf(self) -> Self {
        let a = self.abs();
        let small = self.mul(Self::Elem::erf_over_x(self.mul(self)));
        let erfc = Self::Elem::ln_erfc(Self::of(Self::Elem::ERF_HIGH).min(a)).exp_ordinary();
        let large = Self::of(1.0).sub(erfc).or(self.sign_bit());
        a.lt(Self::of(Self::Elem::ERF_SPLIT)).select(small, large)
    }

    /// ln Gamma(x) for x >= 0; NaN below.
    #[inline(always)]
    fn lgamma(self) -> Self {
        self.in_double::<gamma::LnGamma>()
    }

    /// The derivative of ln Gamma for x >= 0; NaN below.
    #[inline(always)]
    fn digamma(self) -> Self {
        self.in_double::<gamma::Digamma>()
    }

    /// The second derivative of ln Gamma for x >= 0; NaN below.
    #[inline(always)]
    fn trigamma(self) -> Self {
        self.in_double::<gamma::Trigamma>()
    }
}

impl<V: Vector<Elem: Coefficients>> Elementary for V {}
