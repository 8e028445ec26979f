//! The loss over all pairs of rows and its gradient, one thread, beside what bounds it: the multiply-adds of its three
//! products at the processor's peak, and an exponential a pair.

use criterion::{BenchmarkId, Criterion};
use diabolo::random::Rng;
use diabolo_kernels::MatRef;
use diabolo_kernels::pairs::{PairLoss, reference};
use diabolo_kernels::parallel::with_threads;
use diabolo_kernels::vector::VectorMath;
use std::hint::black_box;
use std::time::Instant;

/// Nodes and lengths of codes: Cora with the published net, and longer codes.
const SIZES: [(usize, usize); 3] = [(2708, 16), (2708, 32), (2708, 128)];

fn codes(n: usize, d: usize) -> Vec<f32> {
    let mut rng = Rng::seeded(1);
    (0..n * d).map(|_| (0.5 * rng.normal()) as f32).collect()
}

/// Criterion's measurements.
pub fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pairs");
    for (n, d) in SIZES {
        let z = codes(n, d);
        let (mut gradient, mut scratch) = (vec![0.0; n * d], Vec::new());
        group.bench_function(BenchmarkId::new("all_pairs", format!("{n}x{d}")), |bencher| {
            with_threads(1, || {
                bencher.iter(|| {
                    f32::all_pairs(MatRef::new(black_box(&z), n, d), 1.0, &mut gradient, &mut scratch)
                });
            });
        });
    }
    group.finish();
}

/// Milliseconds a call, and the share of them that the bound explains.
pub fn table() {
    println!("{:>12} {:>10} {:>12} {:>12} {:>8}", "n x d", "ms", "products ms", "exp ms", "bound/ms");
    with_threads(1, || {
        for (n, d) in SIZES {
            let z = codes(n, d);
            let (mut gradient, mut scratch) = (vec![0.0; n * d], Vec::new());
            let mut call = || {
                black_box(f32::all_pairs(MatRef::new(&z, n, d), 1.0, &mut gradient, &mut scratch));
            };
            let seconds = best(20, &mut call);
            let pairs = (n * (n + 1) / 2) as f64;
            let steps = 2_000_000;
            let peak = best(5, &mut || {
                black_box(diabolo_kernels::peak::multiply_adds_f32(black_box(steps)));
            });
            let peak = steps as f64 * diabolo_kernels::peak::FLOPS_PER_STEP_F32 / peak;
            let products = 6.0 * d as f64 * pairs / peak;
            let (x, mut y) = (vec![-0.7_f32; 4096], vec![0.0; 4096]);
            let exps = best(200, &mut || f32::exp_into(black_box(&x), &mut y)) / 4096.0 * pairs;
            println!(
                "{:>12} {:>10.3} {:>12.3} {:>12.3} {:>8.2}",
                format!("{n} x {d}"),
                1e3 * seconds,
                1e3 * products,
                1e3 * exps,
                (products + exps) / seconds
            );
        }
        // The plain loops, for scale: a tenth of the rows.
        let z: Vec<f64> = codes(270, 16).iter().map(|&x| f64::from(x)).collect();
        let seconds = best(3, &mut || {
            black_box(reference::all_pairs(&z, 16));
        });
        println!("plain loops, 2708 x 16: {:.0} ms", 1e5 * seconds);
    });
}

/// The least seconds of some calls.
fn best(rounds: usize, call: &mut dyn FnMut()) -> f64 {
    let time = |_| {
        let began = Instant::now();
        call();
        began.elapsed().as_secs_f64()
    };
    (0..rounds).map(time).fold(f64::INFINITY, f64::min)
}
