//! Sums of one chunk.

use crate::Real;
use crate::simd::Simd;
use crate::vector::elementary::Elementary;

/// Accumulators that take turns: enough to hide the latency of an addition on two ports.
const TURNS: usize = 8;

/// Kernels `sum_i term(x_i, ...)`, the term given as the step `accumulator, values -> accumulator`.
///
/// A step must leave the accumulator alone where all values are 0: the tail is padded with zeros.
macro_rules! sums {
    ($($(#[$doc:meta])* fn $name:ident($($x:ident),+) = |$acc:ident| $step:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name<V: Simd + Elementary>($($x: &[V::Elem]),+) -> V::Elem {
            let n = [$($x.len()),+].into_iter().min().unwrap_or(0);
            $(let $x = $x.as_ptr();)+
            let mut accumulators = [V::splat(V::Elem::ZERO); TURNS];
            let mut i = 0;
            while i + TURNS * V::LANES <= n {
                for turn in 0..TURNS {
                    let $acc = accumulators[turn];
                    // SAFETY: i + TURNS LANES <= n, and turn < TURNS.
                    $(let $x = unsafe { V::load($x.add(i + turn * V::LANES)) };)+
                    accumulators[turn] = $step;
                }
                i += TURNS * V::LANES;
            }
            let mut turn = 0;
            while i < n {
                let $acc = accumulators[turn];
                let left = (n - i).min(V::LANES);
                // SAFETY: `left` <= LANES elements remain from i on.
                $(let $x = unsafe { V::load_partial($x.add(i), left, V::Elem::ZERO) };)+
                accumulators[turn] = $step;
                i += V::LANES;
                turn += 1;
            }
            combine(accumulators)
        }
    )*};
}

/// The accumulators by halves, then the lanes by halves.
#[inline(always)]
fn combine<V: Simd + Elementary>(mut accumulators: [V; TURNS]) -> V::Elem {
    let mut half = TURNS / 2;
    while half > 0 {
        for turn in 0..half {
            accumulators[turn] = accumulators[turn].add(accumulators[turn + half]);
        }
        half /= 2;
    }
    accumulators[0].reduce_sum()
}

sums! {
    /// sum_i x_i
    fn sum(x) = |acc| acc.add(x);
    /// sum_i |x_i|
    fn abs_sum(x) = |acc| acc.add(x.abs());
    /// sum_i x_i^2
    fn squared_norm(x) = |acc| x.mul_add(x, acc);
    /// sum_i x_i y_i
    fn dot(x, y) = |acc| x.mul_add(y, acc);
    /// sum_i (x_i - y_i)^2
    fn squared_distance(x, y) = |acc| {
        let difference = x.sub(y);
        difference.mul_add(difference, acc)
    };
    /// sum_i w_i x_i y_i
    fn weighted_dot(w, x, y) = |acc| w.mul(x).mul_add(y, acc);
    /// sum_i w_i (x_i - y_i)^2
    fn weighted_squared_distance(w, x, y) = |acc| {
        let difference = x.sub(y);
        w.mul(difference).mul_add(difference, acc)
    };
    /// sum_i x_i ln y_i, the terms with x_i = 0 being 0.
    fn x_ln_y(x, y) = |acc| {
        let y = x.eq(V::of(0.0)).select(V::of(1.0), y);
        x.mul_add(y.ln(), acc)
    };
    /// sum_i x_i ln(x_i / y_i) - x_i + y_i, with 0 ln 0 = 0.
    fn kl_divergence(x, y) = |acc| {
        let ratio = x.eq(V::of(0.0)).select(V::of(1.0), x.div(y));
        acc.add(x.mul_add(ratio.ln(), y.sub(x)))
    };
}
