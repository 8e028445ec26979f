//! The exact line search: along U + t D, V + t E the objective is a polynomial of degree 4 in t.
//!
//! With e = r - u . v, a = d . v + u . d', b = d . d' at the observed entries (d, d' the directions),
//!
//! f(t) = 1/2 sum (e - t a - t^2 b)^2 + ridge/2 ||P + t D||^2
//! f'(t) = -sum e a + ridge <P, D> + t (sum a^2 - 2 e b + ridge ||D||^2) + 3 t^2 sum a b + 2 t^3 sum b^2

use crate::linalg::Matrix;
use crate::solve::bilinear::Factors;
use crate::solve::observed::{Observed, inner_products};
use diabolo_kernels::reduce::Reduce;

/// Halvings of the interval that holds the minimiser: more than the bits of a number.
const HALVINGS: usize = 80;

/// Doublings until the slope is positive; the polynomial is bounded below, so it will be.
const DOUBLINGS: usize = 200;

/// The first t > 0 at which f'(t) is no longer negative; 0 where the direction does not lead down.
pub(super) fn minimiser(
    factors: &Factors,
    direction: &Factors,
    observed: &Observed,
    residuals: &[f64],
    ridge: f64,
) -> f64 {
    // a as one inner product: [d, u] . [v, d']
    let mut first = vec![0.0; residuals.len()];
    let (left, right) = (beside(&direction.rows, &factors.rows), beside(&factors.cols, &direction.cols));
    inner_products(observed.pattern(), left.view(), right.view(), &mut first);
    let second = direction.predict(observed.pattern());

    let both = |of: fn(&[f64], &[f64]) -> f64, a: &Factors, b: &Factors| {
        of(a.rows.values(), b.rows.values()) + of(a.cols.values(), b.cols.values())
    };
    let slope = [
        ridge * both(f64::dot, factors, direction) - f64::dot(residuals, &first),
        f64::squared_norm(&first) - 2.0 * f64::dot(residuals, &second)
            + ridge * both(f64::dot, direction, direction),
        3.0 * f64::dot(&first, &second),
        2.0 * f64::squared_norm(&second),
    ];
    first_root(slope)
}

/// The first t > 0 at which the cubic is no longer negative, found by doubling and halving; 0 if it is not
/// negative at 0.
fn first_root(cubic: [f64; 4]) -> f64 {
    let at = |t: f64| cubic[0] + t * (cubic[1] + t * (cubic[2] + t * cubic[3]));
    if cubic[0] >= 0.0 || cubic[0].is_nan() {
        return 0.0;
    }
    // Where the direction is long beside the factors, the root is small: begin below it.
    let mut high = -cubic[0] / cubic.iter().map(|c| c.abs()).fold(f64::MIN_POSITIVE, f64::max);
    for _ in 0..DOUBLINGS {
        if at(high) >= 0.0 {
            break;
        }
        high *= 2.0;
    }
    let mut low = 0.0;
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if at(middle) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// \[a, b\], row by row.
fn beside(a: &Matrix<f64>, b: &Matrix<f64>) -> Matrix<f64> {
    let k = a.n_cols();
    let mut wide = Matrix::zeros(a.n_rows(), 2 * k);
    for i in 0..a.n_rows() {
        wide.row_mut(i)[..k].copy_from_slice(a.row(i));
        wide.row_mut(i)[k..].copy_from_slice(b.row(i));
    }
    wide
}
