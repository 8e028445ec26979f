//! The kernels that the models spend their time in.

use super::clock::fastest;
use super::machine::Measured;
use crate::error::Result;
use crate::monitor::Budget;
use crate::random::{Rng, fill_normal, fill_uniform};
use diabolo_kernels::gemm::Epilogue;
use diabolo_kernels::sparse::{CsrRef, Pattern};
use diabolo_kernels::{MatMut, MatRef, Real};
use serde::Serialize;
use std::hint::black_box;

/// A kernel's figures.
#[derive(Serialize)]
pub struct KernelLine {
    /// The kernel, the number type and the sizes.
    pub kernel: String,
    /// Seconds of the fastest call.
    pub seconds: f64,
    /// What was done in a second, in `unit`.
    pub rate: f64,
    /// GFLOP/s, or 10^9 elements a second.
    pub unit: &'static str,
    /// The rate over the peak of multiply-adds on as many threads, where operations are counted.
    pub share_of_peak: Option<f64>,
}

/// Products m x k x n: layers of networks on a batch of 128, squares, a tall matrix by a narrow one.
const SHAPES: &[[usize; 3]] = &[
    [128, 784, 400],
    [128, 400, 784],
    [784, 128, 400],
    [128, 400, 20],
    [128, 20, 400],
    [256, 256, 256],
    [512, 512, 512],
    [2048, 2048, 2048],
    [20_000, 50, 2_000],
];

/// The sparse matrix, with as many entries in every row.
const SPARSE_ROWS: usize = 20_000;
const SPARSE_COLS: usize = 2_000;
const PER_ROW: usize = 20;

/// The width of what it is multiplied with.
const WIDTH: usize = 64;

/// Elements of the vector mathematics: what a second-level cache holds.
const N_ELEMENTS: usize = 32 * 1024;

/// Random numbers of a fill.
const N_RANDOM: usize = 1 << 20;

/// Bytes the cases hold at once at the most: the largest product in f64.
const BYTES: u64 = 8 * (20_000 * 2_000 + 20_000 * 50 + 50 * 2_000);

/// A function of a slice with its name.
type Named<T> = (&'static str, fn(&[T], &mut [T]));

/// Measures every kernel with the threads of the current pool.
/// # Errors
/// [`crate::Error::Limit`].
pub fn measure(machine: &Measured, budget: &Budget) -> Result<Vec<KernelLine>> {
    budget.charge(BYTES, "the arrays of the benches")?;
    let mut lines = Vec::new();
    measure_type::<f32>("f32", machine.peak_f32, &mut lines);
    measure_type::<f64>("f64", machine.peak_f64, &mut lines);
    budget.release(BYTES);
    Ok(lines)
}

fn measure_type<T: Real>(name: &str, peak: f64, lines: &mut Vec<KernelLine>) {
    for &[m, k, n] in SHAPES {
        lines.push(flops(format!("gemm {name} {m}x{k}x{n}"), 2 * m * k * n, gemm::<T>([m, k, n]), peak));
    }
    let n_flops = 2 * SPARSE_ROWS * PER_ROW * WIDTH;
    let shape = format!("{SPARSE_ROWS}x{SPARSE_COLS} (1 %) x {WIDTH}");
    lines.push(flops(format!("spmm {name} {shape}"), n_flops, spmm::<T>(), peak));

    let x = uniform::<T>(N_ELEMENTS);
    let mut y = vec![T::ZERO; N_ELEMENTS];
    let functions: [Named<T>; 5] = [
        ("exp", T::exp_into),
        ("ln", T::ln_into),
        ("tanh", T::tanh_into),
        ("sigmoid", T::sigmoid_into),
        ("digamma", T::digamma_into),
    ];
    for (function, apply) in functions {
        let seconds = fastest(|| apply(black_box(&x), black_box(&mut y)));
        lines.push(elements(format!("{function} {name}"), N_ELEMENTS, seconds));
    }
    let mut random = vec![T::ZERO; N_RANDOM];
    let seconds = fastest(|| fill_uniform(1, &[2], black_box(&mut random)));
    lines.push(elements(format!("uniform {name}"), N_RANDOM, seconds));
    let seconds = fastest(|| fill_normal(1, &[2], black_box(&mut random)));
    lines.push(elements(format!("normal {name}"), N_RANDOM, seconds));
}

fn flops(kernel: String, n_flops: usize, seconds: f64, peak: f64) -> KernelLine {
    let rate = n_flops as f64 / seconds * 1e-9;
    KernelLine { kernel, seconds, rate, unit: "GFLOP/s", share_of_peak: Some(rate / peak) }
}

fn elements(kernel: String, n: usize, seconds: f64) -> KernelLine {
    KernelLine { kernel, seconds, rate: n as f64 / seconds * 1e-9, unit: "10^9/s", share_of_peak: None }
}

/// Numbers on (0, 1).
fn uniform<T: Real>(n: usize) -> Vec<T> {
    let mut values = vec![T::ZERO; n];
    fill_uniform(1, &[n as u64], &mut values);
    values
}

/// Seconds of C = A B.
fn gemm<T: Real>([m, k, n]: [usize; 3]) -> f64 {
    let (a, b, mut c) = (uniform::<T>(m * k), uniform::<T>(k * n), vec![T::ZERO; m * n]);
    let (a, b) = (MatRef::new(&a, m, k), MatRef::new(&b, k, n));
    fastest(|| T::gemm(T::ONE, black_box(a), b, T::ZERO, MatMut::new(&mut c, m, n), Epilogue::default()))
}

/// Seconds of C = A B with a sparse A whose entries are spread evenly over each row.
fn spmm<T: Real>() -> f64 {
    let stride = SPARSE_COLS / PER_ROW;
    let mut rng = Rng::seeded(1);
    let column = |t: usize| (t % PER_ROW * stride + rng.below(stride)) as u32;
    let indices: Vec<u32> = (0..SPARSE_ROWS * PER_ROW).map(column).collect();
    let indptr = (0..=SPARSE_ROWS).map(|i| i * PER_ROW).collect();
    let pattern =
        Pattern::new(SPARSE_ROWS, SPARSE_COLS, indptr, indices).expect("columns are below their number");
    let (values, b) = (uniform::<T>(SPARSE_ROWS * PER_ROW), uniform::<T>(SPARSE_COLS * WIDTH));
    let a = CsrRef::new(pattern.as_ref(), &values);
    let b = MatRef::new(&b, SPARSE_COLS, WIDTH);
    let mut c = vec![T::ZERO; SPARSE_ROWS * WIDTH];
    fastest(|| T::spmm(T::ONE, black_box(a), b, T::ZERO, MatMut::new(&mut c, SPARSE_ROWS, WIDTH)))
}
