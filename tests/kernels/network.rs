//! Activations, what flows back through them, rows and columns against a matrix, columns normalised.

use diabolo_kernels::vector::{Activations, Broadcast, Normalise, reference};
use diabolo_kernels::{Real, parallel};
use proptest::prelude::*;

type Checked = Result<(), TestCaseError>;

fn convert<T: Real>(x: &[f64]) -> Vec<T> {
    x.iter().map(|&x| T::from_f64(x)).collect()
}

/// Two slices of one length.
fn slices() -> impl Strategy<Value = [Vec<f64>; 2]> {
    (0_usize..40)
        .prop_flat_map(|n| [prop::collection::vec(-5.0..5.0, n), prop::collection::vec(-2.0..2.0, n)])
}

/// forward(x) against its formula, and backward(forward(x), g) against g times its derivative.
fn activation_agrees<T: Real>(
    [x, g]: &[Vec<f64>; 2],
    forward: impl Fn(&[T], &mut [T]),
    backward: impl Fn(&[T], &mut [T]),
    plain: impl Fn(f64) -> f64,
    slope: impl Fn(f64) -> f64,
) -> Checked {
    let (x, mut flow) = (convert::<T>(x), convert::<T>(g));
    let mut y = x.clone();
    forward(&x, &mut y);
    backward(&y, &mut flow);
    for at in 0..x.len() {
        let unit = 16.0 * T::EPSILON.to_f64();
        let expected = plain(x[at].to_f64());
        prop_assert!((y[at].to_f64() - expected).abs() <= unit * expected.abs());
        // Where 1 - y is what is left of the derivative, it has the rounding of y.
        prop_assert!((flow[at].to_f64() - g[at] * slope(x[at].to_f64())).abs() <= unit * g[at].abs());
    }
    Ok(())
}

fn activations_agree<T: Real>(slices: &[Vec<f64>; 2]) -> Checked {
    let leak = T::from_f64(0.25);
    let step = |x: f64, below: f64| if x > 0.0 { 1.0 } else { below };
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    activation_agrees::<T>(slices, T::relu_into, T::relu_backward, |x| x.max(0.0), |x| step(x, 0.0))?;
    activation_agrees::<T>(
        slices,
        |x, y| T::leaky_relu_into(leak, x, y),
        |y, g| T::leaky_relu_backward(leak, y, g),
        |x| x * step(x, 0.25),
        |x| step(x, 0.25),
    )?;
    activation_agrees::<T>(
        slices,
        |x, y| T::elu_into(leak, x, y),
        |y, g| T::elu_backward(leak, y, g),
        |x| if x > 0.0 { x } else { 0.25 * x.exp_m1() },
        |x| if x > 0.0 { 1.0 } else { 0.25 * x.exp() },
    )?;
    activation_agrees::<T>(slices, T::sigmoid_into, T::sigmoid_backward, sigmoid, |x| {
        sigmoid(x) * sigmoid(-x)
    })?;
    activation_agrees::<T>(slices, T::tanh_into, T::tanh_backward, f64::tanh, |x| 1.0 - x.tanh().powi(2))?;
    activation_agrees::<T>(slices, T::softplus_into, T::softplus_backward, |x| x.exp().ln_1p(), sigmoid)
}

fn broadcasts_agree<T: Real>(n_rows: usize, n_cols: usize, values: &[f64]) -> Checked {
    let n = n_rows * n_cols;
    let x = convert::<T>(&values[..n]);
    let y = convert::<T>(&values[1..=n]);
    let (row, column) = (convert::<T>(&values[..n_cols]), convert::<T>(&values[..n_rows]));
    let changed = |step: fn(&mut [T], &[T]), other: &[T]| {
        let mut z = x.clone();
        step(&mut z, other);
        z
    };
    let expected = |of: &dyn Fn(usize) -> T| (0..n).map(of).collect::<Vec<T>>();
    prop_assert_eq!(changed(T::add_row, &row), expected(&|at| x[at] + row[at % n_cols]));
    prop_assert_eq!(changed(T::mul_row, &row), expected(&|at| x[at] * row[at % n_cols]));
    prop_assert_eq!(changed(T::add_column, &column), expected(&|at| x[at] + column[at / n_cols]));
    prop_assert_eq!(changed(T::mul_column, &column), expected(&|at| x[at] * column[at / n_cols]));
    let half = T::from_f64(0.5);
    for beta in [T::ZERO, half] {
        let mut sums = if beta == T::ZERO { vec![T::from_f64(f64::NAN); n_cols] } else { row.clone() };
        let mut dots = sums.clone();
        T::column_sums(&x, beta, &mut sums);
        T::column_dots(&x, &y, beta, &mut dots);
        for j in 0..n_cols {
            let of = |f: &dyn Fn(usize) -> f64| (0..n_rows).map(|i| f(i * n_cols + j)).sum::<f64>();
            let start = if beta == T::ZERO { 0.0 } else { 0.5 * row[j].to_f64() };
            let unit = T::EPSILON.to_f64() * (n_rows as f64 + 2.0) * 25.0;
            prop_assert!((sums[j].to_f64() - start - of(&|at| x[at].to_f64())).abs() <= unit);
            prop_assert!(
                (dots[j].to_f64() - start - of(&|at| x[at].to_f64() * y[at].to_f64())).abs() <= unit
            );
        }
    }
    Ok(())
}

/// Normalised columns and their way back against the plain formulas, by column in f64.
fn normalisation_agrees<T: Real>(n_rows: usize, n_cols: usize, values: &[f64]) -> Checked {
    const EPS: f64 = 1e-3;
    let n = n_rows * n_cols;
    let (x, dy) = (convert::<T>(&values[..n]), convert::<T>(&values[1..=n]));
    let (scale, bias) = (convert::<T>(&values[..n_cols]), convert::<T>(&values[2..n_cols + 2]));
    // With both rows and with none; sums that overwrite and sums that add.
    for (affine, beta) in [(Some((&scale[..], &bias[..])), T::ZERO), (None, T::from_f64(0.5))] {
        let (scale, bias) = (affine.map(|both| both.0), affine.map(|both| both.1));
        let (mut y, mut dx, mut moments) = (x.clone(), x.clone(), vec![T::ZERO; 2 * n_cols]);
        let mut dots = vec![if beta == T::ZERO { T::from_f64(f64::NAN) } else { T::ONE }; n_cols];
        T::normalise_columns(&x, T::from_f64(EPS), scale, bias, &mut moments, &mut y);
        T::normalised_dots(&x, &dy, &moments, beta, &mut dots);
        T::normalise_columns_back(&x, &dy, scale, &moments, &mut dx);
        for j in 0..n_cols {
            let column = |x: &[T]| x.iter().skip(j).step_by(n_cols).map(|x| x.to_f64()).collect::<Vec<f64>>();
            let gain = scale.map_or(1.0, |scale| scale[j].to_f64());
            let [inverse, mean] = reference::moments(&column(&x), EPS);
            let (back, product) = reference::normalise_back(&column(&x), &column(&dy), gain, [inverse, mean]);
            // Roundings of the sums, magnified as the columns are.
            let unit = T::EPSILON.to_f64() * (n_rows as f64 + 8.0) * 25.0 * inverse.max(1.0).powi(2);
            let near = |a: f64, b: f64| (a - b).abs() <= unit * (1.0 + gain.abs()) * (1.0 + b.abs());
            prop_assert!(near(moments[j].to_f64(), inverse) && near(moments[n_cols + j].to_f64(), mean));
            prop_assert!(near(dots[j].to_f64(), product + 0.5 * f64::from(u8::from(beta != T::ZERO))));
            for (i, (y, dx)) in column(&y).into_iter().zip(column(&dx)).enumerate() {
                let xn = (x[i * n_cols + j].to_f64() - mean) * inverse;
                prop_assert!(near(y, gain * xn + bias.map_or(0.0, |bias| bias[j].to_f64())));
                prop_assert!(near(dx, back[i]), "{} {}", dx, back[i]);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn activations_equal_reference(slices in slices()) {
        activations_agree::<f32>(&slices)?;
        activations_agree::<f64>(&slices)?;
    }

    #[test]
    fn broadcasts_equal_reference(
        n_rows in 1_usize..9, n_cols in 1_usize..75, values in prop::collection::vec(-5.0..5.0, 9 * 75 + 1)
    ) {
        broadcasts_agree::<f32>(n_rows, n_cols, &values)?;
        broadcasts_agree::<f64>(n_rows, n_cols, &values)?;
    }

    #[test]
    fn normalised_columns_equal_reference(
        n_rows in 1_usize..9, n_cols in 1_usize..140, values in prop::collection::vec(-5.0..5.0, 9 * 140 + 2)
    ) {
        normalisation_agrees::<f32>(n_rows, n_cols, &values)?;
        normalisation_agrees::<f64>(n_rows, n_cols, &values)?;
    }
}

#[test]
fn an_activation_lets_nan_through() {
    let x = [f32::NAN; 9];
    let mut y = [0.0; 9];
    f32::leaky_relu_into(0.2, &x, &mut y);
    assert!(y.iter().all(|y| y.is_nan()));
    f32::elu_into(1.0, &x, &mut y);
    assert!(y.iter().all(|y| y.is_nan()));
}

#[test]
fn any_number_of_threads_gives_the_same_sums_of_columns() {
    let x: Vec<f32> = (0..200_010).map(|i| (i % 1237) as f32 * 0.01 - 6.0).collect();
    let run = || {
        let mut sums = [0.0; 30];
        f32::column_sums(&x, 0.0, &mut sums);
        sums
    };
    assert_eq!(parallel::with_threads(1, run), parallel::with_threads(3, run));
}

#[test]
fn any_number_of_threads_normalises_the_same_way() {
    let (n, n_cols) = (70, 1003);
    let x: Vec<f32> = (0..n * n_cols).map(|i| (i % 1237) as f32 * 0.01 - 6.0).collect();
    let run = || {
        let (mut y, mut dx, mut moments) = (x.clone(), x.clone(), vec![0.0; 2 * n_cols]);
        f32::normalise_columns(&x, 1e-3, None, None, &mut moments, &mut y);
        f32::normalise_columns_back(&x, &y, None, &moments, &mut dx);
        (y, dx, moments)
    };
    assert_eq!(parallel::with_threads(1, run), parallel::with_threads(3, run));
}
