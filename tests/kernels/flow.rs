//! Steps of flows against their plain formulas in f64, forward, inverse and back.

use crate::tolerance::{FLOW_INVERSE, FLOW_STEP};
use diabolo_kernels::flow::{Changed, Direction, FlowSteps, ScaleLink, Spline, reference};
use diabolo_kernels::{Real, parallel};
use proptest::prelude::*;

type Checked = Result<(), TestCaseError>;

fn convert<T: Real>(x: &[f64]) -> Vec<T> {
    x.iter().map(|&x| T::from_f64(x)).collect()
}

fn near<T: Real>(fast: T, plain: f64) -> bool {
    (fast.to_f64() - plain).abs() <= FLOW_STEP * T::EPSILON.to_f64() * (1.0 + plain.abs())
}

/// Sizes of a state, which of its columns change, and numbers to fill everything with.
fn cases() -> impl Strategy<Value = (usize, Changed, u64)> {
    (0_usize..14, 1_usize..20, 0_usize..4, 0_usize..3, any::<u64>()).prop_map(
        |(rows, n, first, more, seed)| (rows, Changed { n_cols: first + n + more + 1, first, n }, seed),
    )
}

/// Numbers between -scale and scale, all different.
fn numbers(n: usize, scale: f64, seed: u64) -> Vec<f64> {
    let mut state = seed | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        scale * (2.0 * (state >> 11) as f64 / (1_u64 << 53) as f64 - 1.0)
    };
    (0..n).map(|_| next()).collect()
}

const LINKS: [ScaleLink; 3] = [ScaleLink::Unit, ScaleLink::Bounded(1.5), ScaleLink::Sigmoid];

fn affine_agrees<T: Real>(rows: usize, changed: Changed, seed: u64) -> Checked {
    for link in LINKS {
        for direction in [Direction::Forward, Direction::Inverse] {
            let (n_cols, width) = (changed.n_cols, changed.n * link.n_params());
            let state = convert::<T>(&numbers(rows * n_cols, 3.0, seed));
            let params = convert::<T>(&numbers(rows * width, 2.5, seed ^ 1));
            let d_out = convert::<T>(&numbers(rows * n_cols, 1.0, seed ^ 2));
            let mut out = vec![T::from_f64(f64::NAN); state.len()];
            let (mut d_state, mut d_params) = (out.clone(), vec![T::from_f64(f64::NAN); params.len()]);
            T::affine(&state, changed, &params, link, direction, &mut out);
            T::affine_back_state(&d_out, changed, &params, link, direction, &mut d_state);
            T::affine_back_params(&state, &d_out, changed, &params, link, direction, &mut d_params);
            for i in 0..rows {
                let mut log_det = state[(i + 1) * n_cols - 1].to_f64();
                for j in 0..n_cols - 1 {
                    let at = i * n_cols + j;
                    let Some(k) = j.checked_sub(changed.first).filter(|&k| k < changed.n) else {
                        prop_assert!(out[at] == state[at] && d_state[at] == d_out[at]);
                        continue;
                    };
                    let p = &params[i * width..(i + 1) * width];
                    let (s, shift) =
                        if link == ScaleLink::Unit { (0.0, k) } else { (p[k].to_f64(), changed.n + k) };
                    let (x, t) = (state[at].to_f64(), p[shift].to_f64());
                    let of = |x, s, t| reference::affine(x, s, t, link, direction);
                    let (y, gain) = of(x, s, t);
                    log_det += gain;
                    prop_assert!(near(out[at], y), "{} {y}", out[at]);
                    // Gradients by differences of the plain formula, good to a few parts in 1e8.
                    let (g, r) = (d_out[at].to_f64(), d_out[(i + 1) * n_cols - 1].to_f64());
                    let slope = |f: &dyn Fn(f64) -> (f64, f64)| {
                        let ((a, b), (c, d)) = (f(1e-5), f(-1e-5));
                        (g * (a - c) + r * (b - d)) / 2e-5
                    };
                    let unit = FLOW_STEP * T::EPSILON.to_f64() + 1e-7;
                    let close = |fast: T, plain: f64| {
                        (fast.to_f64() - plain).abs() <= unit * (1.0 + plain.abs()) * 20.0
                    };
                    prop_assert!(close(d_state[at], slope(&|h| of(x + h, s, t))));
                    prop_assert!(close(d_params[i * width + shift], slope(&|h| of(x, s, t + h))));
                    if link != ScaleLink::Unit {
                        prop_assert!(close(d_params[i * width + k], slope(&|h| of(x, s + h, t))));
                    }
                }
                prop_assert!(near(out[(i + 1) * n_cols - 1], log_det));
            }
        }
    }
    Ok(())
}

/// `reach` in units of the box: beyond 1 elements lie outside.
fn spline_agrees<T: Real>(rows: usize, changed: Changed, n_bins: usize, reach: f64, seed: u64) -> Checked {
    let spline = Spline { n_bins, bound: 2.0, min_size: 1e-3, min_slope: 1e-3 };
    let (n_cols, n_params) = (changed.n_cols, spline.n_params());
    let width = changed.n * n_params;
    let state = convert::<T>(&numbers(rows * n_cols, 2.0 * reach, seed));
    let params = convert::<T>(&numbers(rows * width, 1.5, seed ^ 1));
    let d_out = convert::<T>(&numbers(rows * n_cols, 1.0, seed ^ 2));
    let mut out = vec![T::from_f64(f64::NAN); state.len()];
    let (mut d_state, mut d_params) = (out.clone(), vec![T::from_f64(f64::NAN); params.len()]);
    let mut slopes = vec![T::from_f64(f64::NAN); rows * 2 * changed.n];
    T::spline(&state, changed, &params, spline, &mut out, &mut slopes);
    T::spline_back_state(&d_out, changed, &slopes, &mut d_state);
    T::spline_back_params(&state, &d_out, changed, &params, spline, &mut d_params);
    let mut back = out.clone();
    T::spline_inverse(&out, changed, &params, spline, &mut back);
    let is_f64 = T::EPSILON.to_f64() < 1e-10;
    for i in 0..rows {
        let mut log_det = state[(i + 1) * n_cols - 1].to_f64();
        for j in 0..n_cols - 1 {
            let at = i * n_cols + j;
            let Some(k) = j.checked_sub(changed.first).filter(|&k| k < changed.n) else {
                prop_assert!(out[at] == state[at] && d_state[at] == d_out[at] && back[at] == state[at]);
                continue;
            };
            let place = i * width + k * n_params;
            let p: Vec<f64> = params[place..place + n_params].iter().map(|p| p.to_f64()).collect();
            let x = state[at].to_f64();
            let (y, gain) = reference::spline(x, &p, spline);
            log_det += gain;
            prop_assert!(near(out[at], y), "{} {y}", out[at]);
            let steep = (-gain).exp().max(1.0);
            let bound = FLOW_INVERSE * T::EPSILON.to_f64() * steep * (1.0 + x.abs());
            prop_assert!((back[at].to_f64() - x).abs() <= bound, "{} {x} slope {}", back[at], gain.exp());
            if is_f64 {
                let (g, r) = (d_out[at].to_f64(), d_out[(i + 1) * n_cols - 1].to_f64());
                let total = |x: f64, p: &[f64]| {
                    let (y, gain) = reference::spline(x, p, spline);
                    g * y + r * gain
                };
                // At a knot the second derivative jumps, and differences across it say nothing.
                let (xs, _, _) = reference::knots(&p, spline);
                if xs.iter().any(|knot| (knot - x).abs() < 1e-4) {
                    continue;
                }
                let close = |fast: T, plain: f64| (fast.to_f64() - plain).abs() <= 1e-5 * (1.0 + plain.abs());
                let dx = (total(x + 1e-6, &p) - total(x - 1e-6, &p)) / 2e-6;
                prop_assert!(close(d_state[at], dx), "{} {dx}", d_state[at]);
                for q in 0..n_params {
                    let moved = |h: f64| {
                        let mut p = p.clone();
                        p[q] += h;
                        total(x, &p)
                    };
                    let dp = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                    prop_assert!(
                        close(d_params[place + q], dp),
                        "parameter {q}: {} {dp}",
                        d_params[place + q]
                    );
                }
            } else {
                prop_assert!(
                    d_params[place..place + n_params].iter().all(|d| d.is_finite())
                        && d_state[at].is_finite()
                );
            }
        }
        prop_assert!(near(out[(i + 1) * n_cols - 1], log_det));
    }
    Ok(())
}

/// What f32 makes of the gradients, against f64.
fn spline_gradients_agree(rows: usize, changed: Changed, n_bins: usize, seed: u64) -> Checked {
    fn of<T: Real>(rows: usize, changed: Changed, n_bins: usize, seed: u64) -> Vec<f64> {
        let spline = Spline { n_bins, bound: 2.0, min_size: 1e-3, min_slope: 1e-3 };
        let width = changed.n * spline.n_params();
        let state = convert::<T>(
            &convert::<f32>(&numbers(rows * changed.n_cols, 2.2, seed))
                .iter()
                .map(|&x| f64::from(x))
                .collect::<Vec<_>>(),
        );
        let params = convert::<T>(
            &convert::<f32>(&numbers(rows * width, 1.0, seed ^ 1))
                .iter()
                .map(|&x| f64::from(x))
                .collect::<Vec<_>>(),
        );
        let d_out = convert::<T>(&numbers(rows * changed.n_cols, 1.0, seed ^ 2));
        let mut d_params = vec![T::ZERO; params.len()];
        T::spline_back_params(&state, &d_out, changed, &params, spline, &mut d_params);
        d_params.iter().map(|d| d.to_f64()).collect()
    }
    let (fast, exact) = (of::<f32>(rows, changed, n_bins, seed), of::<f64>(rows, changed, n_bins, seed));
    let largest = exact.iter().fold(1.0_f64, |most, x| most.max(x.abs()));
    for (fast, exact) in fast.iter().zip(&exact) {
        prop_assert!((fast - exact).abs() <= 2e-4 * largest, "{fast} {exact}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn affine_steps_equal_reference((rows, changed, seed) in cases()) {
        affine_agrees::<f32>(rows, changed, seed)?;
        affine_agrees::<f64>(rows, changed, seed)?;
    }

    #[test]
    fn splines_equal_reference((rows, changed, seed) in cases(), n_bins in 2_usize..14, reach in 0.5..1.5) {
        spline_agrees::<f32>(rows, changed, n_bins, reach, seed)?;
        spline_agrees::<f64>(rows, changed, n_bins, reach, seed)?;
    }

    #[test]
    fn gradients_of_splines_in_both_precisions((rows, changed, seed) in cases(), n_bins in 2_usize..14) {
        spline_gradients_agree(rows, changed, n_bins, seed)?;
    }
}

const SPLINE: Spline = Spline { n_bins: 8, bound: 3.0, min_size: 1e-3, min_slope: 1e-3 };

/// At the ends of the box, at every knot and its neighbours, and far outside, all numbers are finite and the map rises.
#[test]
fn splines_have_no_nan_at_knots_nor_outside() {
    let params = convert::<f32>(&numbers(SPLINE.n_params(), 6.0, 5));
    let exact: Vec<f64> = params.iter().map(|&p| f64::from(p)).collect();
    let (xs, _, _) = reference::knots(&exact, SPLINE);
    let mut places: Vec<f32> = vec![-1e30, -1e6, -3.000_001, -3.0, 3.0, 3.000_001, 1e6, 1e30, 0.0, -0.0];
    for knot in xs {
        let knot = knot as f32;
        places.extend([knot.next_down(), knot, knot.next_up()]);
    }
    places.sort_by(f32::total_cmp);
    let changed = Changed { n_cols: 2, first: 0, n: 1 };
    let state: Vec<f32> = places.iter().flat_map(|&x| [x, 0.0]).collect();
    let all = params.repeat(places.len());
    let (mut out, mut slopes) = (vec![0.0; state.len()], vec![0.0; state.len()]);
    f32::spline(&state, changed, &all, SPLINE, &mut out, &mut slopes);
    let (ones, mut d_state, mut d_params) = (vec![1.0; state.len()], out.clone(), vec![0.0; all.len()]);
    f32::spline_back_state(&ones, changed, &slopes, &mut d_state);
    f32::spline_back_params(&state, &ones, changed, &all, SPLINE, &mut d_params);
    let mut back = out.clone();
    f32::spline_inverse(&out, changed, &all, SPLINE, &mut back);
    for numbers in [&out, &slopes, &d_state, &d_params, &back] {
        assert!(numbers.iter().all(|x| x.is_finite()));
    }
    for (pair, x) in out.chunks_exact(2).collect::<Vec<_>>().windows(2).zip(places.windows(2)) {
        assert!(pair[0][0] <= pair[1][0] + 4e-6 * pair[1][0].abs().max(1.0), "falls between {x:?}");
    }
    for ((x, out), d) in places.iter().zip(out.chunks_exact(2)).zip(d_params.chunks_exact(SPLINE.n_params()))
    {
        if x.abs() > 3.0 {
            assert!(out[0] == *x && out[1] == 0.0 && d.iter().all(|&d| d == 0.0), "{x} is outside");
        }
    }
}

/// Networks that say extreme numbers still make a map: nothing is infinite, and nothing flat.
#[test]
fn splines_of_extreme_parameters_are_finite() {
    let changed = Changed { n_cols: 2, first: 0, n: 1 };
    for scale in [30.0, 300.0, 1e6] {
        let params = convert::<f32>(&numbers(SPLINE.n_params() * 64, scale, 9));
        let state: Vec<f32> = (0..64).flat_map(|i| [i as f32 * 0.1 - 3.2, 0.0]).collect();
        let (mut out, mut slopes) = (vec![0.0; state.len()], vec![0.0; state.len()]);
        f32::spline(&state, changed, &params, SPLINE, &mut out, &mut slopes);
        let (ones, mut d_params) = (vec![1.0; state.len()], vec![0.0; params.len()]);
        f32::spline_back_params(&state, &ones, changed, &params, SPLINE, &mut d_params);
        assert!(out.iter().chain(&slopes).chain(&d_params).all(|x| x.is_finite()), "scale {scale}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_steps() {
    let (rows, changed) = (3000, Changed { n_cols: 12, first: 5, n: 6 });
    let state = convert::<f32>(&numbers(rows * changed.n_cols, 3.0, 1));
    let params = convert::<f32>(&numbers(rows * changed.n * SPLINE.n_params(), 1.0, 2));
    let run = || {
        let (mut out, mut slopes) = (vec![0.0; state.len()], vec![0.0; rows * 2 * changed.n]);
        f32::spline(&state, changed, &params, SPLINE, &mut out, &mut slopes);
        let mut d_params = vec![0.0; params.len()];
        f32::spline_back_params(&state, &out, changed, &params, SPLINE, &mut d_params);
        let mut moved = vec![0.0; state.len()];
        let of_affine = &params[..rows * 2 * changed.n];
        f32::affine(&state, changed, of_affine, LINKS[1], Direction::Inverse, &mut moved);
        (out, slopes, d_params, moved)
    };
    assert_eq!(parallel::with_threads(1, run), parallel::with_threads(3, run));
}

/// (x, y, ln dy/dx) by PyTorch's automatic differentiation in f64, of parameters 1.5 sin(1), 1.5 sin(2), ...
/// Source: tests/golden/splines_torch.py, PyTorch 2.
const BY_TORCH: &[(f64, f64, f64)] = &[
    (-2.9, -2.9001483906669683, -0.004954277759037318),
    (-1.25, -2.0385304649882596, -2.1076829048398285),
    (-0.3, -1.8833328253938826, -1.821331177560567),
    (0.0, -1.8226228746545146, -0.8758242782432051),
    (0.7, 1.6294585598731577, 0.3555945226903306),
    (1.9, 2.74346912276746, -2.470859902822531),
    (2.999, 2.9990031974149027, -0.006404988689202919),
];

#[test]
fn splines_equal_torch() {
    let params: Vec<f64> = (1..24).map(|k| 1.5 * f64::from(k).sin()).collect();
    let changed = Changed { n_cols: 2, first: 0, n: 1 };
    for &(x, y, log_slope) in BY_TORCH {
        let (mut out, mut slopes) = (vec![0.0; 2], vec![0.0; 2]);
        f64::spline(&[x, 0.0], changed, &params, SPLINE, &mut out, &mut slopes);
        assert!((out[0] - y).abs() <= 1e-13 * 10.0 && (out[1] - log_slope).abs() <= 1e-12, "{x}: {out:?}");
        assert!((slopes[0].ln() - log_slope).abs() <= 1e-12);
    }
}
