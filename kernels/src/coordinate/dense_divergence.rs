//! The sweeps of [`super::divergence`] for dense X, one row of A a lane.
//!
//! Rows of few entries would spend their time on sums over lanes; here none is needed. X stands transposed, so that
//! the entries of neighbouring rows lie side by side. A pass over the entries does three things at once: it moves y by
//! the last component's step, takes its reciprocal, and sums pull and curvature of the next component.

use crate::Real;
use crate::simd::Simd;
use crate::vector::elementary::Elementary;
use crate::view::MatRef;

/// Vectors of rows that are swept together: their divisions overlap.
pub(super) const VECTORS: usize = 2;

/// Sweeps the rows of `a`, which are `first..` of all; `xt` n_entries x n_rows, `b` k x n_entries (a component a row).
/// Returns their sum of x ln y where it `is_told`, else 0.
#[inline(always)]
pub(super) fn dense_divergence_rows<V: Simd + Elementary>(
    a: &mut [V::Elem],
    first: usize,
    xt: MatRef<V::Elem>,
    b: &[V::Elem],
    sums: &[V::Elem],
    n_sweeps: usize,
    is_told: bool,
) -> V::Elem {
    let (k, m) = (sums.len(), xt.rows());
    assert!(k > 0 && b.len() == k * m && a.len() % k == 0 && xt.col_stride() == 1);
    assert!(first + a.len() / k <= xt.cols());
    let at_once = VECTORS * V::LANES;
    let least = V::of(V::Elem::MIN_POSITIVE.to_f64().cbrt());
    let mut y = vec![[V::of(0.0); VECTORS]; m];
    let mut x = y.clone();
    let mut total = V::Elem::ZERO;
    for (block, a) in a.chunks_mut(at_once * k).enumerate() {
        let n_rows = a.len() / k;
        let start = first + block * at_once;
        for (i, x) in x.iter_mut().enumerate() {
            for (v, x) in x.iter_mut().enumerate() {
                let left = n_rows.saturating_sub(v * V::LANES);
                if left == 0 {
                    *x = V::of(0.0);
                    continue;
                }
                let entries = &xt.row(i)[start + v * V::LANES..start + v * V::LANES + left.min(V::LANES)];
                // SAFETY: the slice holds min(left, LANES) entries.
                *x = unsafe { V::load_up_to(entries.as_ptr(), left, V::Elem::ZERO) };
            }
        }
        y.fill([V::of(0.0); VECTORS]);
        for j in 0..k {
            let weights = lanes::<V>(a, k, j);
            for (y, &b) in y.iter_mut().zip(&b[j * m..(j + 1) * m]) {
                let b = V::splat(b);
                (0..VECTORS).for_each(|v| y[v] = weights[v].mul_add(b, y[v]));
            }
        }
        let mut step = [V::of(0.0); VECTORS];
        let mut moved = 0;
        for sweep in 0..n_sweeps {
            for j in 0..k {
                let last = if sweep + j == 0 { 0 } else { moved };
                let (pull, curvature) = pass::<V>(
                    &x,
                    &mut y,
                    (&b[last * m..(last + 1) * m], step),
                    &b[j * m..(j + 1) * m],
                    least,
                );
                step = update::<V>(a, (k, j), (pull, curvature), sums[j]);
                moved = j;
            }
        }
        let b = &b[moved * m..(moved + 1) * m];
        if is_told {
            total += told::<V>(&x, &y, (b, step), least);
        }
    }
    total
}

/// y += step `b`, then the sums over the entries of x b' / y and x b'^2 / y^2 for the next component's `next`.
#[inline(always)]
fn pass<V: Simd>(
    x: &[[V; VECTORS]],
    y: &mut [[V; VECTORS]],
    (b, step): (&[V::Elem], [V; VECTORS]),
    next: &[V::Elem],
    least: V,
) -> ([V; VECTORS], [V; VECTORS]) {
    let (mut pulls, mut curvatures) = ([V::of(0.0); VECTORS], [V::of(0.0); VECTORS]);
    for (((x, y), &b), &next) in x.iter().zip(y).zip(b).zip(next) {
        let (b, next) = (V::splat(b), V::splat(next));
        for v in 0..VECTORS {
            let fitted = step[v].mul_add(b, y[v]).max(least);
            y[v] = fitted;
            let ratio = next.div(fitted);
            let weighted = x[v].mul(ratio);
            pulls[v] = pulls[v].add(weighted);
            curvatures[v] = weighted.mul_add(ratio, curvatures[v]);
        }
    }
    (pulls, curvatures)
}

/// Component `j` of the rows by their pulls; by how much each moved.
#[inline(always)]
fn update<V: Simd>(
    a: &mut [V::Elem],
    (k, j): (usize, usize),
    (pulls, curvatures): ([V; VECTORS], [V; VECTORS]),
    sum: V::Elem,
) -> [V; VECTORS] {
    let zero = V::of(0.0);
    let before = lanes::<V>(a, k, j);
    let rest = V::splat(sum);
    let mut step = before;
    for v in 0..VECTORS {
        let newton = pulls[v].sub(rest).div(curvatures[v]);
        let stretch = if sum > V::Elem::ZERO { pulls[v].div(rest) } else { V::of(1.0) };
        let moved = stretch.mul_add(newton, before[v]).max(zero);
        // Where nothing pulls, the entry is 0, or stays if nothing stands against it either.
        let unpulled = if sum > V::Elem::ZERO { zero } else { before[v] };
        let now = zero.lt(curvatures[v]).select(moved, unpulled);
        step[v] = now.sub(before[v]);
        let mut stored = [V::Elem::ZERO; crate::simd::MAX_LANES];
        // SAFETY: the array has at least LANES elements.
        unsafe { now.store(stored.as_mut_ptr()) };
        let rows = a.chunks_exact_mut(k).skip(v * V::LANES).take(V::LANES);
        rows.zip(stored).for_each(|(row, now)| row[j] = now);
    }
    step
}

/// Component `j` of the rows, one a lane; 0 in lanes without a row.
#[inline(always)]
fn lanes<V: Simd>(a: &[V::Elem], k: usize, j: usize) -> [V; VECTORS] {
    let mut lanes = [V::of(0.0); VECTORS];
    for (v, lanes) in lanes.iter_mut().enumerate() {
        let mut stored = [V::Elem::ZERO; crate::simd::MAX_LANES];
        let rows = a.chunks_exact(k).skip(v * V::LANES).take(V::LANES);
        stored.iter_mut().zip(rows).for_each(|(lane, row)| *lane = row[j]);
        // SAFETY: the array has at least LANES elements.
        *lanes = unsafe { V::load(stored.as_ptr()) };
    }
    lanes
}

/// sum x ln y after the last step.
#[inline(always)]
fn told<V: Simd + Elementary>(
    x: &[[V; VECTORS]],
    y: &[[V; VECTORS]],
    (b, step): (&[V::Elem], [V; VECTORS]),
    least: V,
) -> V::Elem {
    let mut sums = [V::of(0.0); VECTORS];
    for ((x, y), &b) in x.iter().zip(y).zip(b) {
        for v in 0..VECTORS {
            let fitted = step[v].mul_add(V::splat(b), y[v]).max(least);
            sums[v] = x[v].mul_add(fitted.ln(), sums[v]);
        }
    }
    sums.into_iter().fold(V::Elem::ZERO, |total, sum| total + sum.reduce_sum())
}
