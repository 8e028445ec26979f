//! The plain loops the small systems are tested against.

use crate::view::MatRef;
use crate::{Failure, Real};

/// A = U^T U by columns: U_ij = (A_ij - sum_{p < i} U_pi U_pj) / U_ii. The upper triangle of `a` is replaced.
pub fn cholesky<T: Real>(a: &mut [T], k: usize) -> Result<(), Failure> {
    for i in 0..k {
        let diagonal = a[i * k + i];
        for j in i..k {
            for p in 0..i {
                let product = a[p * k + i] * a[p * k + j];
                a[i * k + j] -= product;
            }
        }
        let pivot = a[i * k + i];
        let least = T::from_f64(k as f64) * T::EPSILON * diagonal;
        if !(pivot > least && pivot > T::ZERO && pivot.is_finite()) {
            return Err(Failure::NotPositiveDefinite { pivot: i });
        }
        let root = pivot.sqrt();
        for j in i..k {
            a[i * k + j] /= root;
        }
    }
    Ok(())
}

/// U^T U x = b by forward and backward substitution, in place.
pub fn solve<T: Real>(u: &[T], k: usize, x: &mut [T]) {
    for i in 0..k {
        for p in 0..i {
            let known = u[p * k + i] * x[p];
            x[i] -= known;
        }
        x[i] /= u[i * k + i];
    }
    for i in (0..k).rev() {
        for j in i + 1..k {
            let known = u[i * k + j] * x[j];
            x[i] -= known;
        }
        x[i] /= u[i * k + i];
    }
}

/// G += sum of weighted outer products of rows of X, both triangles.
pub fn add_gram<T: Real>(x: MatRef<T>, rows: &[u32], weights: Option<&[T]>, g: &mut [T]) {
    let k = x.cols();
    for (t, &row) in rows.iter().enumerate() {
        let weight = weights.map_or(T::ONE, |weights| weights[t]);
        for i in 0..k {
            for j in 0..k {
                g[i * k + j] += weight * x.at(row as usize, i) * x.at(row as usize, j);
            }
        }
    }
}
