//! How many dimensions data fill, by how well single points can be cut off from the others (FisherS: Albergante, Bac & Zinovyev 2019;
//! Gorban, Golubkov, Grechuk, Mirkes & Tyukin 2018).
//!
//! Points are centred, turned on their principal axes, those with lambda > lambda_1 / 30 whitened, and set on the unit sphere. A point is cut
//! off from another at alpha where <x_i, x_j> < alpha <x_i, x_i>. On an n-dimensional sphere the share that is not is
//!
//! p(alpha) = (1 - alpha^2)^((n-1)/2) / (alpha sqrt(2 pi n)), so
//!
//! n(alpha) = W(-w / (2 pi p^2 alpha^2 (1 - alpha^2))) / -w,   w = ln(1 - alpha^2), W Lambert's function.
//!
//! alpha = .60, .62, ..., .98; told is n at the alpha nearest to nine tenths of the largest for which p > 0.

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use diabolo_kernels::decomp::Decompose;
use diabolo_kernels::parallel::map_chunks;
use std::f64::consts::TAU;

/// How much smaller than the first the variance of an axis may be that counts.
const CONDITION: f64 = 30.0;

/// Points whose products are taken at once.
const BLOCK: usize = 256;

/// The thresholds.
fn alphas() -> impl Iterator<Item = f64> {
    (0..20).map(|step| 0.6 + 0.02 * f64::from(step))
}

/// The dimension of n_samples x n_features points, a real number; `None` where no point stands near another on the sphere, or all are
/// one.
/// # Errors
/// [`Error::Numerical`] where values are not finite.
pub fn fisher_separability(x: &Matrix<f64>) -> Result<Option<f64>> {
    let Some(points) = on_sphere(x)? else { return Ok(None) };
    let s = points.n_rows();
    if s < 2 {
        return Ok(None);
    }
    let thresholds: Vec<f64> = alphas().collect();
    let counts = map_chunks(s, BLOCK, |rows| {
        let block = points.select_rows(&rows.clone().collect::<Vec<usize>>());
        let products = block.matmul_nt(&points);
        let mut counts = vec![0_u64; thresholds.len()];
        for (at, i) in rows.enumerate() {
            for (j, product) in products.row(at).iter().enumerate().filter(|(j, _)| *j != i) {
                debug_assert_ne!(i, j);
                // Thresholds rise: those up to the product count it.
                let below = thresholds.partition_point(|alpha| alpha <= product);
                counts[..below].iter_mut().for_each(|count| *count += 1);
            }
        }
        counts
    });
    let pairs = (s * (s - 1)) as f64;
    let share = |a: usize| counts.iter().map(|counts| counts[a]).sum::<u64>() as f64 / pairs;
    let met: Vec<(f64, f64)> = thresholds
        .iter()
        .enumerate()
        .map(|(a, &alpha)| (alpha, share(a)))
        .filter(|(_, p)| *p > 0.0)
        .collect();
    let Some((largest, _)) = met.last() else { return Ok(None) };
    let wanted = 0.9 * largest;
    let nearest = met.iter().min_by(|a, b| (a.0 - wanted).abs().total_cmp(&(b.0 - wanted).abs()));
    Ok(nearest.map(|&(alpha, p)| dimension(alpha, p)))
}

/// n(alpha) of the share p.
fn dimension(alpha: f64, p: f64) -> f64 {
    let rest = 1.0 - alpha * alpha;
    let w = rest.ln();
    lambert_w(-w / (TAU * p * p * alpha * alpha * rest)) / -w
}

/// W(x) e^W(x) = x for x >= 0, the principal branch, by Halley's method from a logarithm.
fn lambert_w(x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let mut w = if x < 1.0 { x / (1.0 + x) } else { x.ln() - x.ln().max(1.0).ln() };
    for _ in 0..50 {
        // e^-w (w e^w - x): no overflow for large x.
        let error = w - x * (-w).exp();
        let step = error / (w + 1.0 - 0.5 * (w + 2.0) * error / (w + 1.0));
        w -= step;
        if step.abs() <= 1e-15 * w.abs().max(1e-300) {
            break;
        }
    }
    w
}

/// The points centred, whitened on the axes that count, and scaled to length 1; `None` where they do not differ.
fn on_sphere(x: &Matrix<f64>) -> Result<Option<Matrix<f64>>> {
    let (s, p) = (x.n_rows(), x.n_cols());
    if s < 2 || p == 0 {
        return Ok(None);
    }
    let mean: Vec<f64> = (0..p).map(|j| x.rows().map(|row| row[j]).sum::<f64>() / s as f64).collect();
    let centred = Matrix::from_fn(s, p, |i, j| x[(i, j)] - mean[j]);
    let covariance = centred.gram();
    let found = f64::symmetric_eigen(covariance.view())
        .map_err(|failure| Error::numerical("the intrinsic dimension", failure.to_string()))?;
    // Eigenvalues rise.
    let largest = found.values.last().copied().unwrap_or(0.0);
    if largest.is_nan() || largest <= 0.0 {
        return Ok(None);
    }
    let kept: Vec<usize> = (0..p).filter(|&c| found.values[c] > largest / CONDITION).collect();
    let freedom = (s - 1) as f64;
    let axes = Matrix::from_fn(p, kept.len(), |j, c| {
        found.vectors[j * p + kept[c]] * (freedom / found.values[kept[c]]).sqrt()
    });
    let mut points = centred.matmul(&axes);
    for i in 0..s {
        let length = points.row(i).iter().map(|v| v * v).sum::<f64>().sqrt();
        if length > 0.0 {
            points.row_mut(i).iter_mut().for_each(|v| *v /= length);
        }
    }
    Ok(Some(points))
}
