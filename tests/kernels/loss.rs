//! Losses and draws against their plain formulas in f64.

use crate::tolerance::SOFTMAX;
use diabolo_kernels::loss::{Counts, LatentLoss, LogVariance, PointLoss, Prior, RowLoss, Targets, reference};
use diabolo_kernels::sparse::{CsrRef, Pattern};
use diabolo_kernels::vector::reference::logsumexp;
use diabolo_kernels::{Real, parallel};
use proptest::prelude::*;

type Checked = Result<(), TestCaseError>;

fn convert<T: Real>(x: &[f64]) -> Vec<T> {
    x.iter().map(|&x| T::from_f64(x)).collect()
}

/// |fast - plain| within some roundings of `size`.
fn near<T: Real>(fast: f64, plain: f64, size: f64) -> bool {
    (fast - plain).abs() <= 16.0 * T::EPSILON.to_f64() * (1.0 + size)
}

/// Rows of numbers: (columns, four slices of one length).
fn rows() -> impl Strategy<Value = (usize, [Vec<f64>; 4])> {
    (1_usize..70, 1_usize..5).prop_flat_map(|(n_cols, n_rows)| {
        let numbers = || prop::collection::vec(-6.0..6.0, n_cols * n_rows);
        (Just(n_cols), [numbers(), numbers(), numbers(), numbers()])
    })
}

fn bce_agrees<T: Real>(n_cols: usize, slices: &[Vec<f64>; 4]) -> Checked {
    // Logits far out as well; targets within 0 and 1.
    let l = convert::<T>(&slices[0].iter().map(|l| l * l * l).collect::<Vec<_>>());
    let x = convert::<T>(&slices[1].iter().map(|x| (x / 12.0 + 0.5).clamp(0.0, 1.0)).collect::<Vec<_>>());
    let n = l.len();
    let (mut grad, mut sums) = (vec![T::ZERO; n], vec![0.0; n / n_cols]);
    let scale = T::from_f64(0.25);
    let total = T::bce_logits_rows(&l, n_cols, Targets::Each(&x), scale, Some(&mut grad), &mut sums);
    let flat = T::bce_logits(&l, Targets::Each(&x), scale, None);
    prop_assert!(near::<T>(total, flat, total));
    for i in 0..n / n_cols {
        let mut sum = 0.0;
        for at in i * n_cols..(i + 1) * n_cols {
            let (value, slope) = reference::bce_logits(l[at].to_f64(), x[at].to_f64());
            sum += value;
            prop_assert!(near::<T>(grad[at].to_f64(), 0.25 * slope, 0.0));
        }
        prop_assert!(near::<T>(sums[i], sum, sum));
    }
    let label = T::from_f64(0.9);
    let all = T::bce_logits(&l, Targets::All(label), scale, Some(&mut grad));
    let expected: f64 = l.iter().map(|l| reference::bce_logits(l.to_f64(), label.to_f64()).0).sum();
    prop_assert!(near::<T>(all, expected, expected));
    let slope = reference::bce_logits(l[n - 1].to_f64(), label.to_f64()).1;
    prop_assert!(near::<T>(grad[n - 1].to_f64(), 0.25 * slope, 0.0));
    Ok(())
}

fn gaussian_agrees<T: Real>(n_cols: usize, slices: &[Vec<f64>; 4]) -> Checked {
    let [x, mu, lv, _] = slices.each_ref().map(|x| convert::<T>(x));
    let n = x.len();
    let half = T::from_f64(0.5);
    for variance in
        [LogVariance::Each(&lv[..]), LogVariance::PerColumn(&lv[..n_cols]), LogVariance::All(lv[0])]
    {
        let (mut d_mu, mut d_lv, mut sums) = (vec![T::ZERO; n], vec![T::ZERO; n], vec![0.0; n / n_cols]);
        let grads = [Some(&mut d_mu[..]), Some(&mut d_lv[..])];
        T::gaussian_nll(&x, n_cols, &mu, variance, half, grads, Some(&mut sums));
        for i in 0..n / n_cols {
            let (mut sum, mut size) = (0.0, 0.0);
            for at in i * n_cols..(i + 1) * n_cols {
                let lv = match variance {
                    LogVariance::Each(lv) => lv[at],
                    LogVariance::PerColumn(lv) => lv[at % n_cols],
                    LogVariance::All(lv) => lv,
                };
                let plain = reference::gaussian_nll(x[at].to_f64(), mu[at].to_f64(), lv.to_f64());
                sum += plain.0;
                size += plain.0.abs();
                prop_assert!(near::<T>(d_mu[at].to_f64(), 0.5 * plain.1, plain.1.abs()));
                prop_assert!(near::<T>(d_lv[at].to_f64(), 0.5 * plain.2, plain.2.abs()));
            }
            prop_assert!(near::<T>(sums[i], sum, size));
        }
    }
    let mut grad = vec![T::ZERO; n];
    let total = T::squared_error(&x, &mu, half, Some(&mut grad));
    let squares = x.iter().zip(&mu).map(|(x, y)| (x.to_f64() - y.to_f64()).powi(2));
    let expected: f64 = squares.sum();
    prop_assert!(near::<T>(total, expected, expected));
    prop_assert!(grad.iter().zip(x.iter().zip(&mu)).all(|(g, (x, y))| near::<T>(
        (*g - (*x - *y)).to_f64(),
        0.0,
        6.0
    )));
    Ok(())
}

fn cross_entropy_agrees<T: Real>(n_cols: usize, slices: &[Vec<f64>; 4]) -> Checked {
    let l = convert::<T>(&slices[0].iter().map(|l| 4.0 * l).collect::<Vec<_>>());
    let (n, n_rows) = (l.len(), l.len() / n_cols);
    let classes: Vec<u32> = (0..n_rows).map(|i| (i * 5 % n_cols) as u32).collect();
    let counts: Vec<T> = slices[1].iter().map(|x| T::from_f64(x.max(0.0).round())).collect();
    let pattern = Pattern::new(
        n_rows,
        n_cols,
        (0..=n_rows).map(|i| i * n_cols).collect(),
        (0..n).map(|at| (at % n_cols) as u32).collect(),
    );
    let pattern = pattern.expect("a full pattern");
    let (mut grad, mut of_counts, mut of_sparse) = (vec![T::ZERO; n], vec![T::ZERO; n], vec![T::ZERO; n]);
    let (mut sums, mut count_sums) = (vec![0.0; n_rows], vec![0.0; n_rows]);
    let scale = T::from_f64(0.5);
    T::softmax_cross_entropy(&l, n_cols, &classes, scale, Some(&mut grad), Some(&mut sums));
    let dense = T::multinomial_nll(
        &l,
        n_cols,
        Counts::Dense(&counts),
        scale,
        Some(&mut of_counts),
        Some(&mut count_sums),
    );
    let sparse = Counts::Sparse(CsrRef::new(pattern.as_ref(), &counts));
    prop_assert_eq!(T::multinomial_nll(&l, n_cols, sparse, scale, Some(&mut of_sparse), None), dense);
    prop_assert_eq!(&of_sparse, &of_counts);
    prop_assert_eq!(T::multinomial_nll(&l, n_cols, sparse, scale, None, None), dense);
    let unit = SOFTMAX * T::EPSILON.to_f64();
    for i in 0..n_rows {
        let row = &l[i * n_cols..(i + 1) * n_cols];
        let log = |j: usize| row[j].to_f64() - logsumexp(row);
        let total: f64 = counts[i * n_cols..(i + 1) * n_cols].iter().map(|x| x.to_f64()).sum();
        let class = classes[i] as usize;
        prop_assert!((sums[i] + log(class)).abs() <= unit * 50.0);
        let expected: f64 = (0..n_cols).map(|j| -counts[i * n_cols + j].to_f64() * log(j)).sum();
        prop_assert!((count_sums[i] - expected).abs() <= unit * 50.0 * (1.0 + total));
        for j in 0..n_cols {
            let at = i * n_cols + j;
            let softmax = log(j).exp();
            let hot = if j == class { 1.0 } else { 0.0 };
            prop_assert!((grad[at].to_f64() - 0.5 * (softmax - hot)).abs() <= unit * 50.0);
            let slope = 0.5 * (total * softmax - counts[at].to_f64());
            prop_assert!((of_counts[at].to_f64() - slope).abs() <= unit * 50.0 * (1.0 + total));
        }
    }
    Ok(())
}

fn latent_agrees<T: Real>(n_latent: usize, slices: &[Vec<f64>; 4]) -> Checked {
    let [mu, lv, m, s] = slices.each_ref().map(|x| convert::<T>(x));
    let n = mu.len();
    let (m, s) = (&m[..n_latent], &s[..n_latent]);
    let half = T::from_f64(0.5);
    for prior in [Prior::Standard, Prior::Diagonal { mean: m, log_var: s }] {
        let (mut d_mu, mut d_lv, mut sums) = (vec![T::ZERO; n], vec![T::ZERO; n], vec![0.0; n / n_latent]);
        let grads = [Some(&mut d_mu[..]), Some(&mut d_lv[..])];
        let total = T::gaussian_kl(&mu, &lv, n_latent, prior, half, grads, Some(&mut sums));
        let mut dimensions = vec![0.0; n_latent];
        T::gaussian_kl_by_dimension(&mu, &lv, prior, &mut dimensions);
        let mut expected = vec![0.0; n_latent];
        for at in 0..n {
            let of = |j: usize| match prior {
                Prior::Standard => (0.0, 0.0),
                Prior::Diagonal { mean, log_var } => (mean[j].to_f64(), log_var[j].to_f64()),
            };
            let (m, s) = of(at % n_latent);
            let plain = reference::gaussian_kl(mu[at].to_f64(), lv[at].to_f64(), m, s);
            expected[at % n_latent] += plain.0;
            prop_assert!(near::<T>(d_mu[at].to_f64(), 0.5 * plain.1, plain.1.abs()));
            // e^(lv - s) carries the rounding of lv - s.
            prop_assert!(near::<T>(d_lv[at].to_f64(), 0.5 * plain.2, 12.0 * plain.2.abs()));
        }
        let sum: f64 = expected.iter().sum();
        prop_assert!(near::<T>(total, sum, 12.0 * sum), "{} {}", total, sum);
        prop_assert!(near::<T>(sums.iter().sum(), sum, 12.0 * sum));
        prop_assert!(dimensions.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 1e-12 * (1.0 + b)));
    }
    // A draw, and what flows back, added to what is there.
    let eps = convert::<T>(&slices[2]);
    let d_z = convert::<T>(&slices[3]);
    let (mut z, mut d_mu, mut d_lv) = (vec![T::ZERO; n], vec![T::ONE; n], vec![T::ONE; n]);
    T::reparameterise(&mu, &lv, &eps, &mut z);
    T::reparameterise_backward(&lv, &eps, &d_z, &mut d_mu, &mut d_lv);
    for at in 0..n {
        let sd = (0.5 * lv[at].to_f64()).exp();
        let (plain, slope) =
            (mu[at].to_f64() + sd * eps[at].to_f64(), 0.5 * d_z[at].to_f64() * eps[at].to_f64() * sd);
        prop_assert!(near::<T>(z[at].to_f64(), plain, sd * 6.0 + 6.0));
        prop_assert!(near::<T>(d_mu[at].to_f64(), 1.0 + d_z[at].to_f64(), 6.0));
        prop_assert!(near::<T>(d_lv[at].to_f64(), 1.0 + slope, slope.abs()));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn pointwise_losses_equal_reference((n_cols, slices) in rows()) {
        bce_agrees::<f32>(n_cols, &slices)?;
        bce_agrees::<f64>(n_cols, &slices)?;
        gaussian_agrees::<f32>(n_cols, &slices)?;
        gaussian_agrees::<f64>(n_cols, &slices)?;
    }

    #[test]
    fn row_losses_equal_reference((n_cols, slices) in rows()) {
        cross_entropy_agrees::<f32>(n_cols, &slices)?;
        cross_entropy_agrees::<f64>(n_cols, &slices)?;
    }

    #[test]
    fn latent_losses_equal_reference((n_cols, slices) in rows()) {
        latent_agrees::<f32>(n_cols, &slices)?;
        latent_agrees::<f64>(n_cols, &slices)?;
    }
}

#[test]
fn any_number_of_threads_gives_the_same_loss() {
    let l: Vec<f32> = (0..100_003).map(|i| (i % 1237) as f32 * 0.01 - 6.0).collect();
    let run = || {
        let mut grad = vec![0.0; l.len()];
        let sum = f32::bce_logits(&l, Targets::All(1.0), 0.5, Some(&mut grad));
        (sum.to_bits(), grad)
    };
    assert_eq!(parallel::with_threads(1, run), parallel::with_threads(3, run));
}

#[test]
fn nothing_costs_nothing() {
    let mut none: [f32; 0] = [];
    assert_eq!(f32::bce_logits(&[], Targets::Each(&[]), 1.0, Some(&mut none)), 0.0);
    assert_eq!(f32::softmax_cross_entropy(&[], 7, &[], 1.0, None, None), 0.0);
    assert_eq!(f64::gaussian_kl(&[], &[], 0, Prior::Standard, 1.0, [None, None], None), 0.0);
}

#[test]
fn a_nan_is_seen() {
    for at in [0, 20, 37] {
        let mut l = [0.5_f32; 38];
        l[at] = f32::NAN;
        assert!(f32::bce_logits(&l, Targets::All(1.0), 1.0, None).is_nan());
        assert!(f32::softmax_cross_entropy(&l, 38, &[1], 1.0, None, None).is_nan());
    }
}
