//! Dense products against faer, `gemm` and matrixmultiply.
//!
//! `cargo bench --bench kernels -- gemm` runs them under criterion. `cargo bench --bench kernels -- table
//! gemm` prints one table per number type and thread count: GFLOP/s as the median of ten interleaved
//! rounds, beside the peak of a register-only multiply-add loop measured in the same run. Words after
//! `gemm` filter the rows (`f32`, `2t`, `128x784x400`). OpenBLAS: `benches/peers/gemm.py`.

use crate::rounds::median_seconds;
use criterion::{Criterion, Throughput};
use diabolo_kernels::gemm::{Activation, Epilogue, Packed, peak};
use diabolo_kernels::{MatMut, MatRef, Real, parallel};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// m x k x n: the layers of a 784-400-20 autoencoder at batch 128, cubes, and a tall thin factorisation.
const SHAPES: [[usize; 3]; 9] = [
    [128, 784, 400],
    [128, 400, 784],
    [784, 128, 400],
    [128, 400, 20],
    [128, 20, 400],
    [256, 256, 256],
    [512, 512, 512],
    [2048, 2048, 2048],
    [20000, 50, 2000],
];

/// The products of the peers, which are not ours to dispatch: one implementation a number type.
trait Peers: Real + faer::traits::ComplexField {
    const NAME: &str;
    fn peak(steps: usize) -> (f64, Self);
    fn matrixmultiply(size: [usize; 3], a: &[Self], b: &[Self], c: &mut [Self]);
}

macro_rules! peers {
    ($t:ty, $name:literal, $multiply_add:ident, $flops:ident, $matrixmultiply:ident) => {
        impl Peers for $t {
            const NAME: &str = $name;
            fn peak(steps: usize) -> (f64, $t) {
                (peak::$flops(steps), peak::$multiply_add(steps, black_box(1.0)))
            }
            fn matrixmultiply([m, k, n]: [usize; 3], a: &[$t], b: &[$t], c: &mut [$t]) {
                assert!(a.len() == m * k && b.len() == k * n && c.len() == m * n);
                let stride = |cols: usize| (cols as isize, 1_isize);
                let ((rsa, csa), (rsb, csb), (rsc, csc)) = (stride(k), stride(n), stride(n));
                let (a, b, c) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
                // SAFETY: three dense row-major matrices, whose lengths are asserted above.
                unsafe {
                    matrixmultiply::$matrixmultiply(m, k, n, 1.0, a, rsa, csa, b, rsb, csb, 0.0, c, rsc, csc);
                }
            }
        }
    };
}

peers!(f32, "f32", multiply_add_f32, flops_f32, sgemm);
peers!(f64, "f64", multiply_add_f64, flops_f64, dgemm);

fn gemm_crate<T: Peers>([m, k, n]: [usize; 3], a: &[T], b: &[T], c: &mut [T], n_threads: usize) {
    assert!(a.len() == m * k && b.len() == k * n && c.len() == m * n);
    let threads = if n_threads == 1 { gemm::Parallelism::None } else { gemm::Parallelism::Rayon(n_threads) };
    let (dst, lhs, rhs) = (c.as_mut_ptr(), a.as_ptr(), b.as_ptr());
    let (k_stride, n_stride) = (k as isize, n as isize);
    // SAFETY: three dense row-major matrices, whose lengths are asserted above.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            dst,
            1,
            n_stride,
            false,
            lhs,
            1,
            k_stride,
            rhs,
            1,
            n_stride,
            T::ZERO,
            T::ONE,
            false,
            false,
            false,
            threads,
        );
    }
}

fn faer_crate<T: Peers>([m, k, n]: [usize; 3], a: &[T], b: &[T], c: &mut [T], n_threads: usize) {
    let threads = if n_threads == 1 { faer::Par::Seq } else { faer::Par::rayon(n_threads) };
    let a = faer::MatRef::from_row_major_slice(a, m, k);
    let b = faer::MatRef::from_row_major_slice(b, k, n);
    let c = faer::MatMut::from_row_major_slice_mut(c, m, n);
    faer::linalg::matmul::matmul(c, faer::Accum::Replace, a, b, T::ONE, threads);
}

fn values<T: Real>(len: usize) -> Vec<T> {
    (0..len).map(|i| T::from_f64((i * 7 % 31) as f64 / 31.0 - 0.5)).collect()
}

/// One line of the table.
fn line<T: Peers>(size: [usize; 3], n_threads: usize, n_rounds: usize) {
    let [m, k, n] = size;
    let (a, b, bias) = (values::<T>(m * k), values::<T>(k * n), values::<T>(n));
    let mut outputs = vec![vec![T::ZERO; m * n]; 6];
    let [c0, c1, c2, c3, c4, c5] = &mut outputs[..] else { unreachable!("six outputs") };
    let packed = Packed::new(MatRef::new(&b, k, n));
    let (a_view, b_view) = (MatRef::new(&a, m, k), MatRef::new(&b, k, n));
    let layer = Epilogue { bias: Some(&bias[..]), activation: Activation::Relu };
    let seconds = median_seconds(
        &mut [
            &mut || T::gemm(T::ONE, a_view, b_view, T::ZERO, MatMut::new(c0, m, n), Epilogue::default()),
            &mut || {
                T::gemm_packed(T::ONE, a_view, &packed, T::ZERO, MatMut::new(c1, m, n), Epilogue::default())
            },
            &mut || T::gemm_packed(T::ONE, a_view, &packed, T::ZERO, MatMut::new(c2, m, n), layer),
            &mut || faer_crate(size, &a, &b, c3, n_threads),
            &mut || gemm_crate(size, &a, &b, c4, n_threads),
            &mut || T::matrixmultiply(size, &a, &b, c5),
        ],
        n_rounds,
    );
    let steps = 20_000;
    let mut lanes = vec![T::ZERO; n_threads];
    let peak_seconds = median_seconds(
        &mut [&mut || {
            parallel::for_each_row_block(&mut lanes, 1, 1, |_, lane| {
                lane[0] = black_box(T::peak(black_box(steps)).1)
            });
        }],
        n_rounds,
    );
    let peak = T::peak(steps).0 * n_threads as f64 / peak_seconds[0] / 1e9;
    let rate = |seconds: f64| 2.0 * (m * k * n) as f64 / seconds / 1e9;
    // matrixmultiply knows its threads at compile time only: it is a peer on one thread.
    let peers = if n_threads == 1 { &seconds[3..] } else { &seconds[3..5] };
    let best = peers.iter().copied().fold(f64::INFINITY, f64::min);
    print!("| {:>13} |", format!("{m}x{k}x{n}"));
    for s in &seconds[..5] {
        print!(" {:>6.1} |", rate(*s));
    }
    print!(" {:>6} |", if n_threads == 1 { format!("{:.1}", rate(seconds[5])) } else { "-".into() });
    println!(
        " {peak:>6.1} | {:>4.0} % | {:>5.2} | {:>5.2} |",
        100.0 * rate(seconds[0]) / peak,
        best / seconds[0],
        best / seconds[1]
    );
}

/// The tables; `filter` keeps the lines whose type, threads (`2t`) or shape it names.
pub fn table(filter: &[String]) {
    const ROUNDS: usize = 10;
    let chosen = |name: &str, kind: fn(&str) -> bool| {
        let asked: Vec<_> = filter.iter().filter(|word| kind(word)).collect();
        asked.is_empty() || asked.iter().any(|word| *word == name)
    };
    for type_name in ["f32", "f64"] {
        for n_threads in [1, 2] {
            let threads = format!("{n_threads}t");
            if !chosen(type_name, |word| word.starts_with('f'))
                || !chosen(&threads, |word| word.ends_with('t'))
            {
                continue;
            }
            println!(
                "\nm x k x n, {type_name}, {n_threads} thread(s): GFLOP/s, median of {ROUNDS} interleaved rounds"
            );
            println!(
                "|         shape |   ours | packed | +layer |   faer |   gemm | matmul |   peak | share | ratio | packed ratio |"
            );
            println!("|---|---|---|---|---|---|---|---|---|---|---|");
            for size in SHAPES {
                let shape = size.map(|s| s.to_string()).join("x");
                if !chosen(&shape, |word| word.contains('x')) {
                    continue;
                }
                parallel::with_threads(n_threads, || match type_name {
                    "f32" => line::<f32>(size, n_threads, ROUNDS),
                    _ => line::<f64>(size, n_threads, ROUNDS),
                });
            }
        }
    }
}

/// The same products under criterion.
pub fn bench(c: &mut Criterion) {
    bench_type::<f32>(c);
    bench_type::<f64>(c);
}

fn bench_type<T: Peers>(c: &mut Criterion) {
    for size @ [m, k, n] in SHAPES {
        for n_threads in [1, 2] {
            let mut group = c.benchmark_group(format!("gemm/{m}x{k}x{n}/{}/{n_threads}t", T::NAME));
            group.throughput(Throughput::Elements((2 * m * k * n) as u64)).sample_size(10);
            let (a, b) = (values::<T>(m * k), values::<T>(k * n));
            let mut out = vec![T::ZERO; m * n];
            let packed = Packed::new(MatRef::new(&b, k, n));
            let (a_view, b_view) = (MatRef::new(&a, m, k), MatRef::new(&b, k, n));
            let none = Epilogue::default();
            let mut add = |name: &str, product: &mut (dyn FnMut(&mut [T]) + Send)| {
                group.bench_function(name, |bencher| {
                    bencher.iter_custom(|n_calls| time_calls(n_threads, n_calls, &mut || product(&mut out)));
                });
            };
            add("unpacked", &mut |c| T::gemm(T::ONE, a_view, b_view, T::ZERO, MatMut::new(c, m, n), none));
            add("prepacked", &mut |c| {
                T::gemm_packed(T::ONE, a_view, &packed, T::ZERO, MatMut::new(c, m, n), none);
            });
            add("faer", &mut |c| faer_crate(size, &a, &b, c, n_threads));
            add("gemm", &mut |c| gemm_crate(size, &a, &b, c, n_threads));
            if n_threads == 1 {
                add("matrixmultiply", &mut |c| T::matrixmultiply(size, &a, &b, c));
            }
            group.finish();
        }
    }
}

/// The time of that many calls, inside a pool of that many threads.
fn time_calls(n_threads: usize, n_calls: u64, call: &mut (dyn FnMut() + Send)) -> Duration {
    parallel::with_threads(n_threads, || {
        let start = Instant::now();
        for _ in 0..n_calls {
            call();
        }
        start.elapsed()
    })
}
