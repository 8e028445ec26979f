//! The plain loops the gathered sums are tested against.

use super::SharedGram;
use crate::Real;
use crate::view::MatRef;

/// out_t += y_t . x
pub fn add_dots<T: Real>(y: MatRef<T>, rows: &[u32], x: &[T], out: &mut [T]) {
    for (out, &row) in out.iter_mut().zip(rows) {
        for (j, &x) in x.iter().enumerate() {
            *out += y.at(row as usize, j) * x;
        }
    }
}

/// out += sum_t f_t y_t
pub fn add_rows<T: Real>(y: MatRef<T>, rows: &[u32], factors: &[T], out: &mut [T]) {
    for (&f, &row) in factors.iter().zip(rows) {
        for (j, out) in out.iter_mut().enumerate() {
            *out += f * y.at(row as usize, j);
        }
    }
}

/// A and b, formed.
pub fn form<T: Real>(system: &SharedGram<T>) -> (Vec<T>, Vec<T>) {
    let k = system.y.cols();
    let (mut a, mut b) = (system.gram.to_vec(), vec![T::ZERO; k]);
    for l in 0..k {
        a[l * k + l] += system.ridge;
    }
    for (&row, &w) in system.rows.iter().zip(system.weights) {
        for i in 0..k {
            let y_i = system.y.at(row as usize, i);
            b[i] += (T::ONE + w) * y_i;
            for j in 0..k {
                a[i * k + j] += w * y_i * system.y.at(row as usize, j);
            }
        }
    }
    (a, b)
}

/// f(x) = 1/2 x'A x - b'x
pub fn objective<T: Real>(system: &SharedGram<T>, x: &[T]) -> f64 {
    let k = x.len();
    let (a, b) = form(system);
    let mut f = 0.0;
    for i in 0..k {
        f -= b[i].to_f64() * x[i].to_f64();
        for j in 0..k {
            f += 0.5 * x[i].to_f64() * a[i * k + j].to_f64() * x[j].to_f64();
        }
    }
    f
}

/// The textbook's conjugate gradients on the formed system.
pub fn conjugate<T: Real>(system: &SharedGram<T>, n_steps: usize, x: &mut [T]) {
    let k = x.len();
    let (a, b) = form(system);
    let times = |x: &[T]| -> Vec<T> { (0..k).map(|i| (0..k).map(|j| a[i * k + j] * x[j]).sum()).collect() };
    let dot = |x: &[T], y: &[T]| -> T { x.iter().zip(y).map(|(x, y)| *x * *y).sum() };
    let mut r: Vec<T> = b.iter().zip(times(x)).map(|(b, ax)| *b - ax).collect();
    let mut p = r.clone();
    for _ in 0..n_steps {
        let (ap, before) = (times(&p), dot(&r, &r));
        let length = before / dot(&p, &ap);
        if !length.is_finite() {
            return;
        }
        for l in 0..k {
            x[l] += length * p[l];
            r[l] -= length * ap[l];
        }
        let keep = dot(&r, &r) / before;
        for l in 0..k {
            p[l] = r[l] + keep * p[l];
        }
    }
}
