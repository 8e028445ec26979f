//! The transforms of tiles and windows, of all channels of a vector at once.

use super::{MADE, READ};
use crate::Real;
use crate::simd::Simd;

/// a^2 and b^2
const A2: f64 = 0.5;
const B2: f64 = 2.0;

/// B' x for one row or column of a tile:
/// [a2 b2, 0, -(a2 + b2), 0, 1, 0], [0, -+a b2, -b2, +-a, 1, 0], [0, -+b a2, -a2, +-b, 1, 0],
/// [0, a2 b2, 0, -(a2 + b2), 0, 1]; here a2 b2 = 1.
#[inline(always)]
pub(super) fn transform_input<V: Simd>(x: [V; READ]) -> [V; READ] {
    let (a2, b2, sum) = (V::of(A2), V::of(B2), V::of(A2 + B2));
    let (a, b) = (V::of(A2.sqrt()), V::of(B2.sqrt()));
    let even_a = b2.neg_mul_add(x[2], x[4]);
    let odd_a = b2.neg_mul_add(x[1], x[3]);
    let even_b = a2.neg_mul_add(x[2], x[4]);
    let odd_b = a2.neg_mul_add(x[1], x[3]);
    [
        sum.neg_mul_add(x[2], x[0].add(x[4])),
        a.mul_add(odd_a, even_a),
        a.neg_mul_add(odd_a, even_a),
        b.mul_add(odd_b, even_b),
        b.neg_mul_add(odd_b, even_b),
        sum.neg_mul_add(x[3], x[1].add(x[5])),
    ]
}

/// A' m for one row or column: [1, 1, 1, 1, 1, 0], [0, a, -a, b, -b, 0], [0, a2, a2, b2, b2, 0],
/// [0, a3, -a3, b3, -b3, 1].
#[inline(always)]
pub(super) fn transform_output<V: Simd>(m: [V; READ]) -> [V; MADE] {
    let (a2, b2) = (V::of(A2), V::of(B2));
    let (a, b) = (V::of(A2.sqrt()), V::of(B2.sqrt()));
    let (plus_a, plus_b) = (m[1].add(m[2]), m[3].add(m[4]));
    let (minus_a, minus_b) = (a.mul(m[1].sub(m[2])), b.mul(m[3].sub(m[4])));
    [
        m[0].add(plus_a.add(plus_b)),
        minus_a.add(minus_b),
        a2.mul_add(plus_a, b2.mul(plus_b)),
        a2.mul_add(minus_a, b2.mul_add(minus_b, m[5])),
    ]
}

/// G w for one row or column: [1 / (a2 b2), 0, 0], [1, +-a, a2] / (2 a2 (a2 - b2)), [1, +-b, b2] / (2 b2 (b2 - a2)),
/// [0, 0, 1].
#[inline(always)]
fn transform_window<V: Simd>(w: [V; 3]) -> [V; READ] {
    let ([a, minus_a], [b, minus_b]) = (at_points(w, A2, B2), at_points(w, B2, A2));
    [w[0], a, minus_a, b, minus_b, w[2]]
}

/// The two rows of G of the points whose square is `p2`, `other` that of the other two.
#[inline(always)]
fn at_points<V: Simd>(w: [V; 3], p2: f64, other: f64) -> [V; 2] {
    let scale = V::of(1.0 / (2.0 * p2 * (p2 - other)));
    let even = V::of(p2).mul_add(w[2], w[0]);
    let odd = V::of(p2.sqrt()).mul(w[1]);
    [even.add(odd).mul(scale), even.sub(odd).mul(scale)]
}

/// U = G w G' of two vectors of channels.
#[inline(always)]
pub(super) fn transform_weights<V: Simd>(taps: &[[V::Elem; 16]; 9], u: &mut [[V::Elem; 16]; 36]) {
    for first in (0..16).step_by(V::LANES) {
        let mut columns = [[V::splat(V::Elem::ZERO); READ]; 3];
        for x in 0..3 {
            let mut column = [V::splat(V::Elem::ZERO); 3];
            for y in 0..3 {
                // SAFETY: first + LANES <= 16, the length of every row.
                column[y] = unsafe { V::load(taps[3 * y + x].as_ptr().add(first)) };
            }
            columns[x] = transform_window(column);
        }
        for y in 0..READ {
            let row = transform_window([columns[0][y], columns[1][y], columns[2][y]]);
            for x in 0..READ {
                // SAFETY: as above.
                unsafe { row[x].store(u[y * READ + x].as_mut_ptr().add(first)) };
            }
        }
    }
}
