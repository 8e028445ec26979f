//! Vector mathematics against the scalar functions of `std` (or `libm`) and against `wide`.

use crate::rounds::median_seconds;
use criterion::{Criterion, Throughput};
use diabolo_kernels::reduce::Reduce;
use diabolo_kernels::special;
use diabolo_kernels::vector::reference::{sigmoid, softplus};
use diabolo_kernels::vector::{Arithmetic, RowMath, VectorMath};
use std::hint::black_box;
use wide::{f32x8, f64x4};

/// Elements of a slice: both slices stay in the first-level cache, and one thread does the work.
const N: usize = 2048;

/// Rounds of the table.
const ROUNDS: usize = 10;

/// `N` numbers spread over [from, to], out of order.
fn numbers(from: f64, to: f64) -> Vec<f64> {
    (0..N).map(|i| from + (to - from) * ((i * 1237 % N) as f64 + 0.5) / N as f64).collect()
}

fn print_row(name: &str, seconds: &[f64], peers: &[&str]) {
    let nanoseconds = |s: f64| s * 1e9 / N as f64;
    print!("{name:<14} {:>8.3}", nanoseconds(seconds[0]));
    for (peer, &s) in peers.iter().zip(&seconds[1..]) {
        print!("   {peer} {:>7.3} ({:>5.1} x)", nanoseconds(s), s / seconds[0]);
    }
    println!();
}

/// One line of the table: our kernel, the scalar function, and `wide` where it has the function.
macro_rules! line {
    ($t:ty, $name:literal, $kernel:ident, $from:expr, $to:expr, $scalar:expr $(, $wide:ident, $vector:expr)?) => {{
        let x: Vec<$t> = numbers($from, $to).into_iter().map(|x| x as $t).collect();
        let (mut ours, mut plain) = (x.clone(), x.clone());
        let mut kernel = || <$t>::$kernel(black_box(&x), black_box(&mut ours));
        let mut scalar = || {
            for (y, &x) in black_box(&mut plain).iter_mut().zip(black_box(&x)) {
                *y = $scalar(x);
            }
        };
        let mut candidates: Vec<&mut dyn FnMut()> = vec![&mut kernel, &mut scalar];
        $(
            let mut lanes: Vec<$wide> =
                x.chunks_exact(<$t as Lanes>::LANES).map(|lanes| $wide::new(lanes.try_into().expect("lanes"))).collect();
            let source = lanes.clone();
            let mut wide = || {
                for (y, &x) in black_box(&mut lanes).iter_mut().zip(black_box(&source)) {
                    *y = $vector(x);
                }
            };
            candidates.push(&mut wide);
        )?
        let seconds = median_seconds(&mut candidates, ROUNDS);
        print_row($name, &seconds, &["scalar", "wide"]);
    }};
}

/// The lanes of the `wide` vectors used here.
trait Lanes {
    const LANES: usize;
}
impl Lanes for f32 {
    const LANES: usize = 8;
}
impl Lanes for f64 {
    const LANES: usize = 4;
}

/// Nanoseconds an element, one thread, median of interleaved rounds; in brackets how much faster ours is.
pub fn table() {
    println!("f32: ours, then peers (ns an element)");
    line!(f32, "exp", exp_into, -10.0, 10.0, f32::exp, f32x8, f32x8::exp);
    line!(f32, "ln", ln_into, 1e-3, 1e3, f32::ln, f32x8, f32x8::ln);
    line!(f32, "tanh", tanh_into, -5.0, 5.0, f32::tanh, f32x8, f32x8::tanh);
    line!(f32, "sigmoid", sigmoid_into, -10.0, 10.0, |x: f32| 1.0 / (1.0 + (-x).exp()), f32x8, |x: f32x8| {
        f32x8::ONE / (f32x8::ONE + (-x).exp())
    });
    line!(f32, "expm1", expm1_into, -5.0, 5.0, f32::exp_m1);
    line!(f32, "log1p", log1p_into, -0.9, 10.0, f32::ln_1p);
    line!(f32, "softplus", softplus_into, -10.0, 10.0, |x: f32| x.max(0.0) + (-x.abs()).exp().ln_1p());
    line!(f32, "erf", erf_into, -3.0, 3.0, |x: f32| special::erf(f64::from(x)) as f32);
    line!(f32, "lgamma", lgamma_into, 0.01, 50.0, |x: f32| special::lgamma(f64::from(x)) as f32);
    line!(f32, "digamma", digamma_into, 0.01, 50.0, |x: f32| special::digamma(f64::from(x)) as f32);
    println!("f64");
    line!(f64, "exp", exp_into, -10.0, 10.0, f64::exp, f64x4, f64x4::exp);
    line!(f64, "ln", ln_into, 1e-3, 1e3, f64::ln, f64x4, f64x4::ln);
    line!(f64, "tanh", tanh_into, -5.0, 5.0, f64::tanh, f64x4, f64x4::tanh);
    line!(f64, "sigmoid", sigmoid_into, -10.0, 10.0, |x: f64| 1.0 / (1.0 + (-x).exp()), f64x4, |x: f64x4| {
        f64x4::ONE / (f64x4::ONE + (-x).exp())
    });
    line!(f64, "expm1", expm1_into, -5.0, 5.0, f64::exp_m1);
    line!(f64, "log1p", log1p_into, -0.9, 10.0, f64::ln_1p);
    line!(f64, "softplus", softplus_into, -10.0, 10.0, softplus);
    line!(f64, "sigmoid tails", sigmoid_into, -700.0, 700.0, sigmoid);
    line!(f64, "erf", erf_into, -3.0, 3.0, special::erf);
    line!(f64, "lgamma", lgamma_into, 0.01, 50.0, special::lgamma);
    line!(f64, "digamma", digamma_into, 0.01, 50.0, special::digamma);
    line!(f64, "trigamma", trigamma_into, 0.01, 50.0, special::trigamma);
}

/// The same kernels and the reductions by criterion.
pub fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("vector");
    group.throughput(Throughput::Elements(N as u64));
    let x: Vec<f32> = numbers(0.01, 5.0).into_iter().map(|x| x as f32).collect();
    let mut y = x.clone();
    group.bench_function("exp f32", |b| b.iter(|| f32::exp_into(black_box(&x), &mut y)));
    group.bench_function("ln f32", |b| b.iter(|| f32::ln_into(black_box(&x), &mut y)));
    group.bench_function("axpy f32", |b| b.iter(|| f32::axpy(black_box(1e-3), &x, &mut y)));
    group.bench_function("dot f32", |b| b.iter(|| f32::dot(black_box(&x), &y)));
    group.bench_function("softmax f32, rows of 64", |b| b.iter(|| f32::softmax_rows(black_box(&mut y), 64)));
    group.bench_function("arg_max f32", |b| b.iter(|| f32::arg_max(black_box(&x))));
    group.finish();
}
