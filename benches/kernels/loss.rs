//! Losses with their gradients and steps of descent, one thread: microseconds a call and nanoseconds an element.
//!
//! `cargo bench --bench kernels -- table loss` prints the medians of ten interleaved rounds; the same shapes in
//! PyTorch: `python benches/peers/losses.py`. A copy of as many bytes stands beside what memory bounds.

use crate::rounds::median_seconds;
use criterion::Criterion;
use diabolo::random::Rng;
use diabolo_kernels::loss::{
    CountGradients, CountLoss, CountParameters, Counts, DispersionLink, LatentLoss, Link, PointLoss, Prior,
    RowLoss, Targets,
};
use diabolo_kernels::parallel::with_threads;
use diabolo_kernels::sparse::{CsrRef, Pattern};
use diabolo_kernels::update::{AdamStep, Decay, Gradient, RmsPropStep, SgdStep, Update};
use std::hint::black_box;

/// Rounds of the table.
const ROUNDS: usize = 10;

/// Parameters of a 784-400-(20, 20)-400-784 autoencoder.
const N_PARAMS: usize = 652_824;

fn numbers(n: usize, size: f64, seed: u64) -> Vec<f32> {
    let mut rng = Rng::seeded(seed);
    (0..n).map(|_| (size * (2.0 * rng.uniform() - 1.0)) as f32).collect()
}

fn print(name: &str, seconds: f64, n: usize) {
    println!("{name:<40} {:>9.1} us {:>8.3} ns/element", seconds * 1e6, seconds * 1e9 / n as f64);
}

fn time(name: &str, n: usize, mut call: impl FnMut()) -> f64 {
    let seconds = median_seconds(&mut [&mut call], ROUNDS)[0];
    print(name, seconds, n);
    seconds
}

/// Counts like those of single cells, in compressed rows.
fn counts(n_rows: usize, n_cols: usize, density: f64) -> (Pattern, Vec<f32>) {
    let mut rng = Rng::seeded(7);
    let (mut indptr, mut indices, mut values) = (vec![0], vec![], vec![]);
    for _ in 0..n_rows {
        for j in 0..n_cols as u32 {
            if rng.uniform() < density {
                indices.push(j);
                values.push((1 + rng.poisson(0.7)) as f32);
            }
        }
        indptr.push(values.len());
    }
    (Pattern::new(n_rows, n_cols, indptr, indices).expect("a pattern"), values)
}

fn count_lines() {
    let (n_rows, n_cols) = (32, 2000);
    let n = n_rows * n_cols;
    let [a, b, p] = [numbers(n, 1.0, 1), numbers(n, 2.0, 2), numbers(n, 2.0, 3)];
    let [mut d_a, mut d_b, mut d_p] = [(); 3].map(|()| vec![0.0; n]);
    let link = Link::PreActivation {
        size_factors: None,
        mean_range: [1e-5, 1e6],
        dispersion: DispersionLink::Softplus,
        dispersion_range: [1e-4, 1e4],
    };
    for density in [0.07, 0.286] {
        let (pattern, values) = counts(n_rows, n_cols, density);
        let x = Counts::Sparse(CsrRef::new(pattern.as_ref(), &values));
        for (name, logit) in [("zinb", Some(&p[..])), ("nb", None)] {
            let parameters = CountParameters { mean: &a, dispersion: Some(&b), logit, link };
            time(&format!("{name} {n_rows} x {n_cols}, {density} not zero"), n, || {
                let gradients = CountGradients {
                    mean: Some(&mut d_a),
                    dispersion: Some(&mut d_b),
                    logit: Some(&mut d_p),
                };
                black_box(f32::count_nll(x, n_cols, parameters, 0.1, gradients, None));
            });
        }
    }
}

fn step_lines(n: usize) {
    let g = numbers(n, 1e-3, 4);
    let [mut p, mut m, mut v] = [numbers(n, 1.0, 5), vec![0.0; n], vec![0.0; n]];
    let gigabytes = |passes: usize, seconds: f64| (4 * passes * n) as f64 / seconds / 1e9;
    let decay = Decay::Coupled(0.0);
    let mut copied = vec![0.0_f32; n];
    let seconds = time(&format!("copy, {n} parameters"), n, || black_box(&mut copied).copy_from_slice(&p));
    println!("{:>44.1} GB/s", gigabytes(2, seconds));
    let seconds = time(&format!("adam, {n} parameters"), n, || {
        let step = AdamStep { lr: 1e-3, beta1: 0.9, beta2: 0.999, root_correction: 1.0, eps: 1e-8, decay };
        f32::adam_step(&mut p, &mut m, &mut v, &g, step, Gradient::as_is());
    });
    println!("{:>44.1} GB/s", gigabytes(7, seconds));
    let seconds = time(&format!("rmsprop, {n} parameters"), n, || {
        let step = RmsPropStep { lr: 1e-3, alpha: 0.9, eps: 1e-8, momentum: 0.0, decay };
        f32::rmsprop_step(&mut p, &mut v, None, &g, step, Gradient::as_is());
    });
    println!("{:>44.1} GB/s", gigabytes(5, seconds));
    let seconds = time(&format!("sgd with momentum, {n} parameters"), n, || {
        let step = SgdStep { lr: 1e-3, momentum: 0.9, nesterov: false, decay };
        f32::sgd_step(&mut p, Some(&mut m), &g, step, Gradient::as_is());
    });
    println!("{:>44.1} GB/s", gigabytes(5, seconds));
}

/// The table.
pub fn table() {
    with_threads(1, || {
        let n = 128 * 784;
        let [l, x] = [numbers(n, 4.0, 1), numbers(n, 1.0, 2).iter().map(|x| x.abs()).collect::<Vec<f32>>()];
        let mut grad = vec![0.0; n];
        time("bce on logits 128 x 784", n, || {
            black_box(f32::bce_logits(&l, Targets::Each(&x), 0.1, Some(&mut grad)));
        });
        time("squared error 128 x 784", n, || {
            black_box(f32::squared_error(&l, &x, 0.1, Some(&mut grad)));
        });
        let classes: Vec<u32> = (0..128).map(|i| i % 10).collect();
        time("softmax cross entropy 128 x 784", n, || {
            black_box(f32::softmax_cross_entropy(&l, 784, &classes, 0.1, Some(&mut grad), None));
        });
        time("softmax cross entropy 128 x 10", 1280, || {
            black_box(f32::softmax_cross_entropy(
                &l[..1280],
                10,
                &classes,
                0.1,
                Some(&mut grad[..1280]),
                None,
            ));
        });
        let [mut d_mu, mut d_lv] = [vec![0.0; 2560], vec![0.0; 2560]];
        time("gaussian kl 128 x 20", 2560, || {
            let grads = [Some(&mut d_mu[..]), Some(&mut d_lv[..])];
            black_box(f32::gaussian_kl(&l[..2560], &x[..2560], 20, Prior::Standard, 0.1, grads, None));
        });
        count_lines();
        step_lines(N_PARAMS);
        step_lines(16 << 20);
    });
}

/// The same by criterion, where instructions are what counts.
pub fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("loss");
    let n = 128 * 784;
    let [l, x] = [numbers(n, 4.0, 1), numbers(n, 0.5, 2).iter().map(|x| x + 0.5).collect::<Vec<f32>>()];
    let mut grad = vec![0.0; n];
    group.bench_function("bce f32 128x784", |b| {
        b.iter(|| f32::bce_logits(black_box(&l), Targets::Each(&x), 0.1, Some(&mut grad)));
    });
    group.finish();
}
