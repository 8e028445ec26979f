//! Flows on real tables: better than a Gaussian on rows they have not seen.

use super::*;
use crate::data::real;
use diabolo::io::read::{ReadOptions, read};
use diabolo::models::Data;
use diabolo::models::density::{realnvp, spline};

/// The mean log likelihood of rows under the Gaussian of other rows.
fn gaussian(train: &Matrix<f64>, test: &Matrix<f64>) -> f64 {
    let (n, m) = (train.n_rows() as f64, train.n_cols());
    let mean: Vec<f64> = train.col_sums().iter().map(|sum| sum / n).collect();
    let centred = |x: &Matrix<f64>| Matrix::from_fn(x.n_rows(), m, |i, j| x[(i, j)] - mean[j]);
    let mut covariance = centred(train).gram();
    covariance.values_mut().iter_mut().for_each(|x| *x /= n);
    // Solved row by row by elimination, with the determinant beside it.
    let log_det = log_det(covariance.values().to_vec(), m);
    let test = centred(test);
    let mut quadratic = 0.0;
    for row in test.rows() {
        let mut a: Vec<f64> = (0..m).flat_map(|i| [covariance.row(i), &[row[i]]].concat()).collect();
        for k in 0..m {
            for i in k + 1..m {
                let factor = a[i * (m + 1) + k] / a[k * (m + 1) + k];
                (k..=m).for_each(|j| a[i * (m + 1) + j] -= factor * a[k * (m + 1) + j]);
            }
        }
        let mut y = vec![0.0; m];
        for i in (0..m).rev() {
            let known: f64 = (i + 1..m).map(|j| a[i * (m + 1) + j] * y[j]).sum();
            y[i] = (a[i * (m + 1) + m] - known) / a[i * (m + 1) + i];
        }
        quadratic += row.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    }
    -0.5 * (quadratic / test.n_rows() as f64 + log_det + m as f64 * std::f64::consts::TAU.ln())
}

#[test]
fn a_power_plant_is_no_gaussian() {
    let Some(path) = real("uci/power-plant.txt") else { return };
    let x = read(&path, &ReadOptions::default(), &Budget::unlimited()).expect("a table").features;
    let pick =
        |test: bool| x.select_rows(&(0..x.n_samples()).filter(|i| (i % 5 == 0) == test).collect::<Vec<_>>());
    let (train, test) = (pick(false), pick(true));
    let base = gaussian(&train.to_dense(), &test.to_dense());
    let env = Env::seeded(1);
    let realnvp = realnvp::Params { epochs: 8, ..Default::default() };
    let realnvp = fit(&realnvp, &Data::rows(&train), None, &env, &mut Silent).expect("a fit").0;
    let spline = spline::Params { epochs: 8, ..Default::default() };
    let spline = fit(&spline, &Data::rows(&train), None, &env, &mut Silent).expect("a fit").0;
    for density in [&realnvp, &spline] {
        let found = density.score(&Data::rows(&test), &env).expect("scores")[0].1;
        assert!(found > base + 0.5, "{found} nats beside {base} of a Gaussian");
        goes_there_and_back(density, &test);
    }
}
