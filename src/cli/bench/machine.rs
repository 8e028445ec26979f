//! What the machine can do at best: the peak that kernels are measured against.

use super::clock::fastest;
use crate::error::Result;
use crate::monitor::Budget;
use diabolo_kernels::dispatch;
use diabolo_kernels::parallel::{map_tasks, n_threads, with_threads};
use diabolo_kernels::peak::{FLOPS_PER_STEP_F32, FLOPS_PER_STEP_F64, multiply_adds_f32, multiply_adds_f64};
use diabolo_kernels::reduce::Reduce;
use diabolo_kernels::vector::Arithmetic;
use serde::Serialize;
use std::fmt;
use std::hint::black_box;

/// Steps of multiply-adds in a call: some milliseconds.
const N_STEPS: usize = 1_000_000;

/// Numbers of an array that no cache holds (128 MB).
const N_NUMBERS: usize = 32 << 20;

/// The machine in figures.
#[derive(Serialize)]
pub struct Measured {
    /// The processor, where the system names it.
    pub processor: String,
    /// The instruction set in use.
    pub cpu: &'static str,
    /// Threads in use.
    pub threads: usize,
    /// GFLOP/s of multiply-adds on one core, f32.
    pub peak_f32_one_core: f64,
    /// The same in f64.
    pub peak_f64_one_core: f64,
    /// GFLOP/s of multiply-adds on all threads, f32.
    pub peak_f32: f64,
    /// The same in f64.
    pub peak_f64: f64,
    /// GB/s of a sum over an array, all threads.
    pub read_bandwidth: f64,
    /// GB/s of y += a x, all threads: two arrays read, one written.
    pub update_bandwidth: f64,
}

/// Measures the machine with the threads of the current pool.
/// # Errors
/// [`crate::Error::Limit`].
pub fn measure(budget: &Budget) -> Result<Measured> {
    let bytes = 2 * (N_NUMBERS * size_of::<f32>()) as u64;
    budget.charge(bytes, "the arrays of the bandwidth")?;
    let (x, mut y) = (vec![1.0_f32; N_NUMBERS], vec![2.0_f32; N_NUMBERS]);
    let one_array = (N_NUMBERS * size_of::<f32>()) as f64;
    let sum = fastest(|| {
        black_box(f32::sum_of(black_box(&x)));
    });
    let update = fastest(|| f32::axpy(1e-3, &x, black_box(&mut y)));
    budget.release(bytes);
    Ok(Measured {
        processor: processor(),
        cpu: dispatch::tier().name(),
        threads: n_threads(),
        peak_f32_one_core: with_threads(1, peak_f32),
        peak_f64_one_core: with_threads(1, peak_f64),
        peak_f32: peak_f32(),
        peak_f64: peak_f64(),
        read_bandwidth: one_array / sum * 1e-9,
        update_bandwidth: 3.0 * one_array / update * 1e-9,
    })
}

fn peak_f32() -> f64 {
    peak(FLOPS_PER_STEP_F32, || f64::from(multiply_adds_f32(black_box(N_STEPS))))
}

fn peak_f64() -> f64 {
    peak(FLOPS_PER_STEP_F64, || multiply_adds_f64(black_box(N_STEPS)))
}

/// GFLOP/s of `call` on every thread of the pool at once.
fn peak(flops_per_step: f64, call: impl Fn() -> f64 + Sync + Send) -> f64 {
    let n_tasks = n_threads();
    let seconds = fastest(|| {
        black_box(map_tasks(vec![(); n_tasks], |()| call()));
    });
    (n_tasks * N_STEPS) as f64 * flops_per_step / seconds * 1e-9
}

/// The name of the processor, where the system tells it.
fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let named = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    named.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned())
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, {}, {} threads", self.processor, self.cpu, self.threads)?;
        writeln!(
            f,
            "multiply-adds  f32 {:.1} GFLOP/s a core, {:.1} on all threads; f64 {:.1}, {:.1}",
            self.peak_f32_one_core, self.peak_f32, self.peak_f64_one_core, self.peak_f64
        )?;
        write!(
            f,
            "memory         {:.1} GB/s read, {:.1} GB/s updated",
            self.read_bandwidth, self.update_bandwidth
        )
    }
}
