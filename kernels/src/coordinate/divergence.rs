//! Sequential coordinate descent for the Kullback-Leibler divergence (Hsieh & Dhillon 2011; Lin & Boutros
//! 2020), in which the Newton step on the slope is replaced by one on its reciprocal.
//!
//! For one row x of X, y = a Bᵀ, and component j in turn:
//! ```text
//! p = sum_t x_t b_tj / y_t        the pull; the slope of the divergence is s_j - p
//! q = sum_t x_t b_tj^2 / y_t^2    minus the derivative of p in a_j
//! a_j <- max(0, a_j + p/s (p - s) / q),    s = s_j + l1    (where l2 = 0)
//! ```
//! 1/p as a function of a_j is concave and, with a single entry, linear: a Newton step on 1/p = 1/s lands
//! on the solution then, and never beyond it from below. It is p/s times Newton's step on p = s: longer
//! where a_j must grow, shorter where it must shrink. With l2 > 0 the plain Newton step is taken.
//!
//! Only the entries of X are visited. Their rows of B are gathered into a block, one component after the
//! other, and the reciprocals 1/y are kept, so a component that stays where it is costs no division.

use super::{Penalty, Sweeps};
use crate::Real;
use crate::reduce::x_ln_y_of_chunk;
use crate::simd::Simd;
use crate::sparse::CsrRef;
use crate::vector::elementary::Elementary;
use crate::view::MatRef;

/// Sweeps rows `first..` of the factor, which `a` holds. Returns their sum of x ln y.
#[inline(always)]
pub(super) fn divergence_rows<V: Simd + Elementary>(
    a: &mut [V::Elem],
    first: usize,
    x: CsrRef<V::Elem>,
    b: MatRef<V::Elem>,
    sums: &[V::Elem],
    penalty: Penalty<V::Elem>,
    sweeps: Sweeps<V::Elem>,
) -> V::Elem {
    let k = sums.len();
    if k == 0 {
        return V::Elem::ZERO;
    }
    let mut row = Row::new();
    let mut total = V::Elem::ZERO;
    for (i, a) in a.chunks_exact_mut(k).enumerate() {
        let (columns, values) = x.row(first + i);
        row.gather::<V>(columns, values, a, b);
        for _ in 0..sweeps.most {
            let (moved, largest) = row.sweep::<V>(a, sums, penalty);
            if moved <= sweeps.tol * largest {
                break;
            }
        }
        total += x_ln_y_of_chunk::<V>(&row.x, &row.y);
    }
    total
}

/// The entries of one row of X, padded to whole vectors by entries of 0 that pull at nothing.
struct Row<T> {
    /// Their values.
    x: Vec<T>,
    /// a Bᵀ there, at least `least`; 1 in the padding.
    y: Vec<T>,
    /// 1/y
    reciprocal: Vec<T>,
    /// B there: one slice of `x.len()` for each component.
    b: Vec<T>,
    least: T,
}

impl<T: Real> Row<T> {
    fn new() -> Self {
        let least = T::from_f64(T::MIN_POSITIVE.to_f64().cbrt());
        Self { x: Vec::new(), y: Vec::new(), reciprocal: Vec::new(), b: Vec::new(), least }
    }

    /// Takes a row of X, and y = a Bᵀ at its entries.
    #[inline(always)]
    fn gather<V: Simd<Elem = T>>(&mut self, columns: &[u32], values: &[T], a: &[T], b: MatRef<T>) {
        let (n, k) = (values.len().next_multiple_of(V::LANES), a.len());
        self.x.clear();
        self.x.extend_from_slice(values);
        self.x.resize(n, T::ZERO);
        self.b.clear();
        self.b.resize(n * k, T::ZERO);
        for (t, &column) in columns.iter().enumerate() {
            for (of_component, &b) in self.b.chunks_exact_mut(n.max(1)).zip(b.row(column as usize)) {
                of_component[t] = b;
            }
        }
        self.y.clear();
        self.y.resize(n, T::ZERO);
        self.y[values.len()..].fill(T::ONE);
        self.reciprocal.resize(n, T::ONE);
        for (&a, b) in a.iter().zip(self.b.chunks_exact(n.max(1))) {
            if a != T::ZERO {
                add_multiple::<V>(a, b, &mut self.y);
            }
        }
        shift::<V>(T::ZERO, self.least, &self.b[..n], &mut self.y, &mut self.reciprocal);
    }

    /// One sweep over the components. Returns the largest movement and the largest entry.
    #[inline(always)]
    fn sweep<V: Simd<Elem = T>>(&mut self, a: &mut [T], sums: &[T], penalty: Penalty<T>) -> (T, T) {
        let n = self.x.len();
        let (mut moved, mut largest) = (T::ZERO, T::ZERO);
        for j in 0..a.len() {
            let b = &self.b[j * n..(j + 1) * n];
            let (pull, curvature) = pull::<V>(&self.x, b, &self.reciprocal);
            let before = a[j];
            let rest = sums[j] + penalty.l1 + penalty.l2 * before;
            a[j] = if curvature > T::ZERO {
                let newton = (pull - rest) / (curvature + penalty.l2);
                let stretch = if penalty.l2 == T::ZERO && rest > T::ZERO { pull / rest } else { T::ONE };
                (before + stretch * newton).max(T::ZERO)
            } else if rest > T::ZERO {
                T::ZERO // nothing pulls
            } else {
                before
            };
            let step = a[j] - before;
            if step != T::ZERO {
                shift::<V>(step, self.least, b, &mut self.y, &mut self.reciprocal);
            }
            moved = moved.max(step.abs());
            largest = largest.max(a[j]);
        }
        (moved, largest)
    }
}

/// Sums that are kept apart, so that an addition need not wait for the one before it.
const SUMS: usize = 4;

/// (sum x b / y, sum x b^2 / y^2)
#[inline(always)]
fn pull<V: Simd>(x: &[V::Elem], b: &[V::Elem], reciprocal: &[V::Elem]) -> (V::Elem, V::Elem) {
    let n = x.len();
    assert!(n % V::LANES == 0 && b.len() == n && reciprocal.len() == n);
    let (x, b, reciprocal) = (x.as_ptr(), b.as_ptr(), reciprocal.as_ptr());
    let mut pulls = [V::of(0.0); SUMS];
    let mut curvatures = pulls;
    let mut t = 0;
    while t < n {
        let left = ((n - t) / V::LANES).min(SUMS);
        for v in 0..SUMS {
            if v >= left {
                break;
            }
            let at = t + v * V::LANES;
            // SAFETY: at + LANES <= t + left LANES <= n, the length of all three.
            let (x, b, reciprocal) =
                unsafe { (V::load(x.add(at)), V::load(b.add(at)), V::load(reciprocal.add(at))) };
            let ratio = b.mul(reciprocal);
            let weighted = x.mul(ratio);
            pulls[v] = pulls[v].add(weighted);
            curvatures[v] = weighted.mul_add(ratio, curvatures[v]);
        }
        t += SUMS * V::LANES;
    }
    (total(pulls), total(curvatures))
}

/// All lanes of all sums.
#[inline(always)]
fn total<V: Simd>(sums: [V; SUMS]) -> V::Elem {
    sums[0].add(sums[1]).add(sums[2].add(sums[3])).reduce_sum()
}

/// y += a b
#[inline(always)]
fn add_multiple<V: Simd>(a: V::Elem, b: &[V::Elem], y: &mut [V::Elem]) {
    let n = b.len();
    assert!(n % V::LANES == 0 && y.len() == n);
    let a = V::splat(a);
    for t in (0..n).step_by(V::LANES) {
        // SAFETY: t + LANES <= n, the length of both, a multiple of LANES.
        unsafe {
            let sum = a.mul_add(V::load(b.as_ptr().add(t)), V::load(y.as_ptr().add(t)));
            sum.store(y.as_mut_ptr().add(t));
        }
    }
}

/// y += step b, never below `least`; and 1/y.
#[inline(always)]
fn shift<V: Simd>(
    step: V::Elem,
    least: V::Elem,
    b: &[V::Elem],
    y: &mut [V::Elem],
    reciprocal: &mut [V::Elem],
) {
    let n = b.len();
    assert!(n % V::LANES == 0 && y.len() == n && reciprocal.len() == n);
    let (step, one, least) = (V::splat(step), V::of(1.0), V::splat(least));
    for t in (0..n).step_by(V::LANES) {
        // SAFETY: t + LANES <= n, the length of all three, a multiple of LANES.
        unsafe {
            let moved = step.mul_add(V::load(b.as_ptr().add(t)), V::load(y.as_ptr().add(t))).max(least);
            moved.store(y.as_mut_ptr().add(t));
            one.div(moved).store(reciprocal.as_mut_ptr().add(t));
        }
    }
}
