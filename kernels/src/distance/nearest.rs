//! The search for the two nearest centres, fused with what the products lack of a distance.

use super::Nearest;
use crate::Real;
use crate::simd::Simd;

/// More lanes than any vector has.
const MOST_LANES: usize = 8;

/// The nearest centre of each row of products.
#[inline(always)]
pub fn nearest<V: Simd>(
    products: &[V::Elem],
    x_norms: &[V::Elem],
    centre_norms: &[V::Elem],
    out: &mut [Nearest<V::Elem>],
) {
    let k = centre_norms.len();
    for (i, out) in out.iter_mut().enumerate() {
        *out = nearest_of_row::<V>(&products[i * k..(i + 1) * k], x_norms[i], centre_norms);
    }
}

/// |x|^2 is the same for every centre: the search is for the smallest |c|^2 - 2 x.c.
#[inline(always)]
fn nearest_of_row<V: Simd>(
    products: &[V::Elem],
    x_norm: V::Elem,
    centre_norms: &[V::Elem],
) -> Nearest<V::Elem> {
    let k = products.len().min(centre_norms.len());
    let infinity = V::Elem::from_f64(f64::INFINITY);
    let (two, step) = (V::of(2.0), V::of(V::LANES as f64));
    let (mut best, mut second) = (V::splat(infinity), V::splat(infinity));
    // Indices are held as numbers of the lanes' type, exact below 2^24.
    let (mut best_index, mut index) = (V::of(0.0), lane_numbers::<V>());
    let mut j = 0;
    while j < k {
        // SAFETY: both slices have k - j elements from j on. The padding is infinitely far.
        let score = unsafe {
            let product = V::load_up_to(products.as_ptr().add(j), k - j, V::Elem::ZERO);
            let norm = V::load_up_to(centre_norms.as_ptr().add(j), k - j, infinity);
            product.neg_mul_add(two, norm)
        };
        best_index = score.lt(best).select(index, best_index);
        second = second.min(best.max(score));
        best = best.min(score);
        index = index.add(step);
        j += V::LANES;
    }
    let (scores, seconds, indices) = (to_lanes(best), to_lanes(second), to_lanes(best_index));
    let mut winner = 0;
    for lane in 1..V::LANES {
        let tie = scores[lane] == scores[winner];
        if scores[lane] < scores[winner] || (tie && indices[lane] < indices[winner]) {
            winner = lane;
        }
    }
    let mut runner_up = seconds[winner];
    for lane in 0..V::LANES {
        if lane != winner {
            runner_up = runner_up.min(scores[lane]);
        }
    }
    let distance = |score: V::Elem| (x_norm + score).max(V::Elem::ZERO);
    Nearest {
        index: indices[winner].to_f64() as u32,
        squared_distance: distance(scores[winner]),
        second: distance(runner_up),
    }
}

/// |x|^2 - 2 x.y_j + |y_j|^2 in place of the products x.y_j, 0 where rounding makes it negative.
#[inline(always)]
pub fn distances_of_row<V: Simd>(x_norm: V::Elem, y_norms: &[V::Elem], products: &mut [V::Elem]) {
    let k = products.len().min(y_norms.len());
    let (two, x_norm) = (V::of(2.0), V::splat(x_norm));
    let products = products.as_mut_ptr();
    let mut j = 0;
    while j < k {
        // SAFETY: both slices have k - j elements from j on.
        unsafe {
            let product = V::load_up_to(products.add(j), k - j, V::Elem::ZERO);
            let norm = V::load_up_to(y_norms.as_ptr().add(j), k - j, V::Elem::ZERO);
            let distance = product.neg_mul_add(two, norm.add(x_norm));
            distance.max(V::of(0.0)).store_up_to(products.add(j), k - j);
        }
        j += V::LANES;
    }
}

/// 0, 1, 2, ... by lane.
#[inline(always)]
fn lane_numbers<V: Simd>() -> V {
    let mut lanes = [V::Elem::ZERO; MOST_LANES];
    for (lane, number) in lanes.iter_mut().enumerate() {
        *number = V::Elem::from_f64(lane as f64);
    }
    // SAFETY: MOST_LANES >= LANES.
    unsafe { V::load(lanes.as_ptr()) }
}

/// The lanes as an array; the first LANES elements count.
#[inline(always)]
fn to_lanes<V: Simd>(x: V) -> [V::Elem; MOST_LANES] {
    let mut lanes = [V::Elem::ZERO; MOST_LANES];
    // SAFETY: MOST_LANES >= LANES.
    unsafe { x.store(lanes.as_mut_ptr()) };
    lanes
}
