//! Sparse products against the plain row-by-row loop and the same loop over `wide`; small systems against
//! the plain loops. `benches/peers/spmm.py` runs scipy on the same matrix and compares sums.

use crate::rounds::median_seconds;
use criterion::{Criterion, Throughput};
use diabolo_kernels::parallel::with_threads;
use diabolo_kernels::small::{self, Small};
use diabolo_kernels::sparse::{CsrRef, Pattern, Sparse};
use diabolo_kernels::{MatMut, MatRef, Real};
use std::hint::black_box;
use wide::f32x8;

const N_ROWS: usize = 20_000;
const N_COLS: usize = 2_000;

/// One place in so many is filled.
const EVERY: u64 = 100;

/// Rounds of the table.
const ROUNDS: usize = 10;

/// The widths of B: two that are usual numbers of components, two of whole registers.
const WIDTHS: [usize; 4] = [10, 20, 64, 128];

/// Numbers that look random (the finaliser of SplitMix64).
fn scramble(index: u64) -> u64 {
    let mut x = index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The places of the matrix: one in a hundred of 20,000 x 2,000.
fn pattern() -> Pattern {
    let (mut indptr, mut indices) = (vec![0], Vec::new());
    for i in 0..N_ROWS {
        let filled = |&j: &usize| scramble((i * N_COLS + j) as u64).is_multiple_of(EVERY);
        indices.extend((0..N_COLS).filter(filled).map(|j| j as u32));
        indptr.push(indices.len());
    }
    Pattern::new(N_ROWS, N_COLS, indptr, indices).expect("a valid pattern")
}

/// Small integers, whose sums are exact: 0 to `below` - 1 in turn.
fn integers<T: Real>(len: usize, below: usize) -> Vec<T> {
    (0..len).map(|index| T::from_f64((index * 31 % below) as f64)).collect()
}

/// The product as one writes it: each entry adds a row of B to a row of C.
fn plain<T: Real>(a: CsrRef<T>, b: &[T], n: usize, c: &mut [T]) {
    for (i, c) in c.chunks_mut(n).enumerate() {
        c.fill(T::ZERO);
        let (columns, values) = a.row(i);
        for (&column, &value) in columns.iter().zip(values) {
            for (c, &b) in c.iter_mut().zip(&b[column as usize * n..][..n]) {
                *c += value * b;
            }
        }
    }
}

/// The same for 64 columns over `wide`, a row of C in registers.
fn over_wide(a: CsrRef<f32>, b: &[f32], c: &mut [f32]) {
    for (i, c) in c.chunks_mut(64).enumerate() {
        let mut sums = [f32x8::ZERO; 8];
        let (columns, values) = a.row(i);
        for (&column, &value) in columns.iter().zip(values) {
            let (b, _) = b[column as usize * 64..][..64].as_chunks::<8>();
            for (sum, &b) in sums.iter_mut().zip(b) {
                *sum = f32x8::splat(value).mul_add(f32x8::new(b), *sum);
            }
        }
        for (c, sum) in c.chunks_mut(8).zip(sums) {
            c.copy_from_slice(&sum.to_array());
        }
    }
}

/// Prints GFLOP/s of the products of width n with a matrix of `T`.
fn table_of<T: Real>(name: &str, pattern: &Pattern, n: usize, n_threads: usize) {
    let values = integers::<T>(pattern.as_ref().nnz(), 9);
    let a = CsrRef::new(pattern.as_ref(), &values);
    let (b, tall) = (integers::<T>(N_COLS * n, 17), integers::<T>(N_ROWS * n, 17));
    let (mut c, mut c_plain, mut c_t) =
        (vec![T::ZERO; N_ROWS * n], vec![T::ZERO; N_ROWS * n], vec![T::ZERO; N_COLS * n]);
    let mut sampled = vec![T::ZERO; values.len()];
    let (wide, mut c_wide) = (integers::<T>(n * N_ROWS, 17), vec![T::ZERO; n * N_COLS]);
    let seconds = with_threads(n_threads, || {
        let b_view = MatRef::new(&b, N_COLS, n);
        let tall_view = MatRef::new(&tall, N_ROWS, n);
        let mut spmm = || {
            T::spmm(T::ONE, black_box(a), b_view, T::ZERO, MatMut::new(&mut c, N_ROWS, n));
        };
        let mut loops = || plain(black_box(a), &b, n, &mut c_plain);
        let mut spmm_t = || {
            T::spmm_t(T::ONE, black_box(a), tall_view, T::ZERO, MatMut::new(&mut c_t, N_COLS, n));
        };
        let mut dense = || {
            let d = MatRef::new(&wide, n, N_ROWS);
            T::dense_spmm(T::ONE, d, black_box(a), T::ZERO, MatMut::new(&mut c_wide, n, N_COLS));
        };
        let mut sddmm = || T::sddmm(black_box(a.pattern()), tall_view, b_view, &mut sampled);
        median_seconds(&mut [&mut spmm, &mut loops, &mut spmm_t, &mut dense, &mut sddmm], ROUNDS)
    });
    assert!(c == c_plain, "the products disagree");
    let total: f64 = c.iter().map(|x| x.to_f64()).sum();
    let rate = |s: f64| 2.0 * (values.len() * n) as f64 / s * 1e-9;
    println!(
        "{name} {n:>4} {n_threads:>2}   A B {:>6.1}   loop on 1 {:>6.1}   A'B {:>6.1}   D A {:>6.1}   UV' at A {:>6.1}   sum {total}",
        rate(seconds[0]),
        rate(seconds[1]),
        rate(seconds[2]),
        rate(seconds[3]),
        rate(seconds[4])
    );
}

/// The table `cargo bench --bench kernels -- table sparse`: GFLOP/s by number type, width and threads.
pub fn table() {
    let pattern = pattern();
    println!("{N_ROWS} x {N_COLS}, {} entries; GFLOP/s, median of {ROUNDS} rounds", pattern.as_ref().nnz());
    println!("type    n threads");
    for n_threads in [1, 2] {
        for n in WIDTHS {
            table_of::<f32>("f32", &pattern, n, n_threads);
            table_of::<f64>("f64", &pattern, n, n_threads);
        }
    }
    println!(
        "systems of order k: the Gram matrix of 2 k gathered rows and its solution; GFLOP/s on one thread"
    );
    for k in [10, 20, 50, 100, 128, 200, 400] {
        small_systems(k);
    }
}

/// Prints GFLOP/s of forming and solving one system of order `k` in f64, as alternating least squares does for
/// each row of a factor: 2 k (k^2 + k) / 2 multiply-adds for the Gram matrix, k^3 / 6 + k^2 for its solution.
fn small_systems(k: usize) {
    let x = integers::<f64>(1000 * k, 17);
    let rows: Vec<u32> = (0..2 * k as u32).map(|t| t * 37 % 1000).collect();
    let x = MatRef::new(&x, 1000, k);
    let ridge: Vec<f64> = (0..k * k).map(|e| if e % (k + 1) == 0 { 1e3 } else { 0.0 }).collect();
    let (mut g, mut g_plain) = (ridge.clone(), ridge.clone());
    let (mut solution, mut solution_plain) = (vec![1.0; k], vec![1.0; k]);
    let mut ours = || {
        g.copy_from_slice(&ridge);
        solution.fill(1.0);
        f64::add_gram(black_box(x), &rows, None, &mut g);
        f64::cholesky_small(&mut g, k).expect("positive definite");
        f64::cholesky_solve(&g, k, &mut solution);
    };
    let mut plain = || {
        g_plain.copy_from_slice(&ridge);
        solution_plain.fill(1.0);
        small::reference::add_gram(black_box(x), &rows, None, &mut g_plain);
        small::reference::cholesky(&mut g_plain, k).expect("positive definite");
        small::reference::solve(&g_plain, k, &mut solution_plain);
    };
    let seconds = with_threads(1, || median_seconds(&mut [&mut ours, &mut plain], ROUNDS));
    let k = k as f64;
    let flops = 2.0 * (k * (k * k + k) + k * k * k / 6.0 + k * k);
    let rate = |s: f64| flops / s * 1e-9;
    println!("k {k:>4}   ours {:>6.1}   loops {:>6.1}", rate(seconds[0]), rate(seconds[1]));
}

/// The criterion group `sparse`.
pub fn bench(c: &mut Criterion) {
    let pattern = pattern();
    let values = integers::<f32>(pattern.as_ref().nnz(), 9);
    let a = CsrRef::new(pattern.as_ref(), &values);
    let n = 64;
    let b = integers::<f32>(N_COLS * n, 17);
    let mut product = vec![0.0; N_ROWS * n];
    let mut group = c.benchmark_group("sparse/20000x2000x64");
    group.throughput(Throughput::Elements((2 * values.len() * n) as u64));
    group.bench_function("ours", |bencher| {
        with_threads(1, || {
            bencher.iter(|| {
                f32::spmm(1.0, a, MatRef::new(&b, N_COLS, n), 0.0, MatMut::new(&mut product, N_ROWS, n))
            });
        });
    });
    group.bench_function("loop", |bencher| bencher.iter(|| plain(a, &b, n, &mut product)));
    group.bench_function("wide", |bencher| bencher.iter(|| over_wide(a, &b, &mut product)));
    group.finish();

    // Alternating least squares for one row of a factor: a Gram matrix of 100 gathered rows, solved.
    let k = 20;
    let x = integers::<f64>(1000 * k, 17);
    let rows: Vec<u32> = (0..100).map(|t| t * 37 % 1000).collect();
    let x = MatRef::new(&x, 1000, k);
    let ridge: Vec<f64> = (0..k * k).map(|e| if e % (k + 1) == 0 { 1e3 } else { 0.0 }).collect();
    let mut group = c.benchmark_group("small/gram of 100 rows and solve, k = 20, f64");
    group.bench_function("ours", |bencher| {
        bencher.iter(|| {
            let (mut g, mut solution) = (ridge.clone(), vec![1.0; k]);
            f64::add_gram(x, &rows, None, &mut g);
            f64::cholesky_small(&mut g, k).expect("positive definite");
            f64::cholesky_solve(&g, k, &mut solution);
            solution
        });
    });
    group.bench_function("loops", |bencher| {
        bencher.iter(|| {
            let (mut g, mut solution) = (ridge.clone(), vec![1.0; k]);
            small::reference::add_gram(x, &rows, None, &mut g);
            small::reference::cholesky(&mut g, k).expect("positive definite");
            small::reference::solve(&g, k, &mut solution);
            solution
        });
    });
    group.finish();
}
