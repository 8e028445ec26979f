//! Flows: exact densities, checked as such. What all promise is here, each room's own theorem in the file of its name.

mod glow;
mod iaf;
mod maf;
mod nice;
mod real;
mod realnvp;
mod spline;

use crate::tolerance::{FLOW_INTEGRAL, FLOW_JACOBIAN, FLOW_THERE_AND_BACK_F32, FLOW_THERE_AND_BACK_F64};
use diabolo::autodiff::{Graph, Program};
use diabolo::data;
use diabolo::linalg::{Features, Matrix};
use diabolo::models::flow::{Density, Flows};
use diabolo::models::{Dataset, Decode, Encode, Fit, Labels, Model, Sample, fit};
use diabolo::monitor::{Budget, Env, Silent};

fn moons(n: usize) -> Dataset {
    data::by_name(&format!("moons:n={n}"), &Budget::unlimited()).expect("a set").expect("moons")
}

/// Six columns that depend on each other, one of them skewed.
fn columns(n: usize) -> Features {
    let mut rng = diabolo::random::Rng::seeded(3);
    let mut x = Matrix::from_fn(n, 6, |_, _| rng.normal());
    for i in 0..n {
        let row = x.row_mut(i);
        row[1] = 5.0 + 3.0 * (row[0] * row[0] + 0.3 * row[1]);
        row[3] *= (0.5 * row[2]).exp();
        row[5] = 100.0 + 0.01 * (row[4] - row[5]);
    }
    Features::F64(x)
}

fn fitted<P: Flows + Fit<Model = Density>>(params: &P, set: &Dataset) -> Density {
    fit(params, &set.data(), None, &Env::seeded(1), &mut Silent).expect("a fit").0
}

/// z and ln |det dz/dx| of rows of standardised data, in f64.
fn forward_f64(density: &Density, x: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let store = density.store().cast::<f64>();
    let n = density.reading().n_features();
    let mut graph = Graph::<f64>::default();
    let found = density.net().forward(&mut graph, &store, x.len() / n);
    let mut program = Program::inference(graph, &[found.z, found.log_det]);
    program.input_mut(found.x).copy_from_slice(x);
    program.infer(&store);
    (program.value(found.z).to_vec(), program.value(found.log_det).to_vec())
}

fn inverse_f64(density: &Density, z: &[f64]) -> Vec<f64> {
    let store = density.store().cast::<f64>();
    let n = density.reading().n_features();
    let mut graph = Graph::<f64>::default();
    let (input, _, x) = density.net().inverse(&mut graph, &store, z.len() / n);
    let mut program = Program::inference(graph, &[x]);
    program.input_mut(input).copy_from_slice(z);
    program.infer(&store);
    program.value(x).to_vec()
}

/// ln |det| of a square matrix, by elimination with pivots.
fn log_det(mut a: Vec<f64>, n: usize) -> f64 {
    let mut sum = 0.0;
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i * n + k].abs().total_cmp(&a[j * n + k].abs())).expect("a row");
        for j in 0..n {
            a.swap(k * n + j, pivot * n + j);
        }
        sum += a[k * n + k].abs().ln();
        for i in k + 1..n {
            let factor = a[i * n + k] / a[k * n + k];
            for j in k..n {
                a[i * n + j] -= factor * a[k * n + j];
            }
        }
    }
    sum
}

/// dz_i / dx_j at a row of standardised data, by central differences in f64.
fn jacobian(density: &Density, row: &[f64]) -> Vec<f64> {
    const STEP: f64 = 1e-6;
    let n = row.len();
    let moved: Vec<f64> = (0..2 * n)
        .flat_map(|k| {
            let mut row = row.to_vec();
            row[k / 2] += if k % 2 == 0 { STEP } else { -STEP };
            row
        })
        .collect();
    let z = forward_f64(density, &moved).0;
    let derivative = |i: usize, j: usize| (z[2 * j * n + i] - z[(2 * j + 1) * n + i]) / (2.0 * STEP);
    (0..n * n).map(|at| derivative(at / n, at % n)).collect()
}

/// Rows of standardised numbers, some of them far out.
fn rows(n_rows: usize, n: usize) -> Vec<f64> {
    let mut rng = diabolo::random::Rng::seeded(8);
    (0..n_rows * n).map(|at| rng.normal() * if at % 7 == 0 { 3.0 } else { 1.0 }).collect()
}

/// Decoding undoes encoding, and the log-determinant is the Jacobian's, in f64.
fn is_exact(density: &Density) {
    let n = density.reading().n_features();
    let x = rows(12, n);
    let (z, log_dets) = forward_f64(density, &x);
    for (x, back) in x.iter().zip(inverse_f64(density, &z)) {
        assert!((x - back).abs() <= FLOW_THERE_AND_BACK_F64 * (1.0 + x.abs()), "{x} became {back}");
    }
    for (row, found) in x.chunks_exact(n).zip(&log_dets).take(6) {
        let expected = log_det(jacobian(density, row), n);
        assert!(
            (found - expected).abs() <= FLOW_JACOBIAN * n as f64 * (1.0 + expected.abs()),
            "{found} {expected}"
        );
    }
}

/// decode(encode(x)) = x in f32, in units of the spread.
fn goes_there_and_back(density: &Density, x: &Features) {
    let env = Env::seeded(1);
    let z = density.encode(x, &env).expect("codes").to_f64();
    let back = density.decode(&z, &env).expect("data");
    let x = x.to_dense();
    for (i, (x, back)) in x.rows().zip(back.rows()).enumerate() {
        for ((x, back), (spread, mean)) in
            x.iter().zip(back).zip(density.reading().spread.iter().zip(&density.reading().mean))
        {
            let size = 1.0 + ((x - mean) / spread).abs();
            assert!(
                (x - back).abs() <= FLOW_THERE_AND_BACK_F32 * spread * size,
                "row {i}: {x} became {back}"
            );
        }
    }
}

/// The density adds up to 1 over the plane.
fn integrates_to_one(density: &Density) {
    const CELLS: usize = 1000;
    let (low, side) = ([-6.5, -6.0], [14.0, 12.5]);
    let at = |k: usize, j: usize| low[j] + side[j] * (k as f64 + 0.5) / CELLS as f64;
    let grid = Matrix::from_fn(CELLS * CELLS, 2, |i, j| at(if j == 0 { i % CELLS } else { i / CELLS }, j));
    let found = density.log_likelihoods(&Features::F64(grid), None, &Env::seeded(1)).expect("densities");
    let cell = side[0] * side[1] / (CELLS * CELLS) as f64;
    let sum: f64 = found.iter().map(|l| l.exp() * cell).sum();
    assert!((sum - 1.0).abs() <= FLOW_INTEGRAL, "it adds up to {sum}");
}

/// Outliers have finite codes and likelihoods, and finite data come back: of 24 bits little is left so far out.
fn bears_outliers(density: &Density) {
    let n = density.reading().n_features();
    let far =
        Matrix::from_fn(4, n, |i, j| [1e6, -1e6, 1e4, 1e6][i] * if i == 3 && j > 0 { 0.0 } else { 1.0 });
    let (env, x) = (Env::seeded(1), Features::F64(far));
    let likelihoods = density.log_likelihoods(&x, None, &env).expect("likelihoods");
    assert!(likelihoods.iter().all(|l| l.is_finite() && *l < -10.0), "{likelihoods:?}");
    let z = density.encode(&x, &env).expect("codes").to_f64();
    assert!(z.is_finite() && density.decode(&z, &env).expect("data").is_finite());
}

/// What all do on the moons: better than a Gaussian, a density, exact, and samples like the data.
fn learns_moons<P: Flows + Fit<Model = Density>>(params: &P, least: f64, near: f64) {
    let set = moons(2000);
    let density = fitted(params, &set);
    let test = data::by_name("moons:n=1000,seed=2", &Budget::unlimited()).expect("a set").expect("moons");
    let scores = density.score(&test.data(), &Env::seeded(1)).expect("scores");
    assert!(scores[0].0 == "log_likelihood" && scores[0].1 >= least, "{scores:?}");
    integrates_to_one(&density);
    is_exact(&density);
    goes_there_and_back(&density, &set.features);
    bears_outliers(&density);
    let drawn = density.sample(4000, &Env::seeded(5)).expect("samples").to_dense();
    let data = set.features.to_dense();
    for j in 0..2 {
        let mean = |x: &Matrix<f64>| x.col(j).iter().sum::<f64>() / x.n_rows() as f64;
        assert!((mean(&drawn) - mean(&data)).abs() < near, "means {} {}", mean(&drawn), mean(&data));
    }
    assert!(density.warnings().is_empty());
}

/// Given its class a flow keeps two moons apart, classifies by Bayes and draws from the one that is asked for.
fn is_told_of_classes<P: Flows + Fit<Model = Density>>(params: &P) {
    let (set, env) = (moons(1000), Env::seeded(1));
    let density = fitted(params, &set);
    let scores = density.score(&set.data(), &env).expect("scores");
    let accuracy = scores.iter().find(|score| score.0 == "class_accuracy").expect("it is told of classes").1;
    assert!(accuracy > 0.95, "{scores:?}");
    assert_eq!(density.encode(&set.features, &env).expect("codes").shape(), [1000, 3]);
    goes_there_and_back(&density, &set.features);
    let how = diabolo::models::Draw { temperature: Some(0.5), class: Some("moon_1".to_owned()) };
    let drawn = density.draw(200, &how, &env).expect("samples").to_dense();
    let upper = drawn.rows().filter(|row| (row[0].hypot(row[1]) - 1.0).abs() < 0.35).count();
    assert!(upper > 150, "{upper} of 200 lie on the upper moon");
    let unknown = diabolo::models::Draw { temperature: None, class: Some("moon_9".to_owned()) };
    assert_eq!(density.draw(2, &unknown, &env).expect_err("no such class").exit_code(), 2);
    let outside = density.decode(&Matrix::filled(1, 3, 2.0), &env).expect_err("class 2 of 2");
    assert_eq!(outside.exit_code(), 65, "{outside}");
    let unlabelled = Dataset { labels: None, ..set };
    let refused = fit(params, &unlabelled.data(), None, &env, &mut Silent).err().expect("no labels");
    assert!(refused.exit_code() == 2 && refused.to_string().contains("--labels"), "{refused}");
}

/// Data of six columns, for rooms that take any.
fn learns_columns<P: Flows + Fit<Model = Density>>(params: &P) {
    let set = Dataset { labels: None::<Labels>, ..Dataset::unnamed(columns(600)) };
    let density = fitted(params, &set);
    is_exact(&density);
    goes_there_and_back(&density, &set.features);
    bears_outliers(&density);
}
