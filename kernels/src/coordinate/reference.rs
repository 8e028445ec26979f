//! The plain loops the sweeps are tested against, in f64.

use super::Penalty;

/// One sweep of least squares over a row `a`: `products` its row of C, `gram` k x k.
pub fn least_squares_sweep(a: &mut [f64], products: &[f64], gram: &[f64], penalty: Penalty<f64>) {
    let k = a.len();
    for j in 0..k {
        let g = &gram[j * k..(j + 1) * k];
        let curvature = g[j] + penalty.l2;
        if curvature <= 0.0 {
            continue;
        }
        let fitted: f64 = a.iter().zip(g).map(|(a, g)| a * g).sum();
        let slope = products[j] - penalty.l1 - fitted - penalty.l2 * a[j];
        a[j] = (a[j] + slope / curvature).max(0.0);
    }
}

/// One sweep of the divergence over a row `a`, for a dense row `x` and B as m rows of k; y is computed anew
/// for every component. No penalty.
pub fn divergence_sweep(a: &mut [f64], x: &[f64], b: &[f64]) {
    let k = a.len();
    for j in 0..k {
        let (mut pull, mut curvature, mut sum) = (0.0, 0.0, 0.0);
        for (x, b) in x.iter().zip(b.chunks_exact(k)) {
            let y: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
            sum += b[j];
            if *x > 0.0 {
                pull += x * b[j] / y;
                curvature += x * (b[j] / y).powi(2);
            }
        }
        if curvature > 0.0 {
            a[j] = (a[j] + pull / sum * (pull - sum) / curvature).max(0.0);
        } else {
            a[j] = 0.0;
        }
    }
}
