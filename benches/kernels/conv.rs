//! Convolutions at the shapes of frame interpolation: forward, and both gradients. Peers are in `benches/peers/conv.py`.

use criterion::{BenchmarkId, Criterion, Throughput};
use diabolo_kernels::conv::{ConvShape, Convolve, Job, Pass, Window};
use diabolo_kernels::gemm::Activation;

pub fn bench(criterion: &mut Criterion) {
    let (three, two, four) = (Window::same([3, 3]), Window::same([2, 2]), Window::plain([4, 4], 2, 1));
    let shapes = [
        ("3x3", 256, 64, 64, three),
        ("3x3", 128, 128, 128, three),
        ("3x3", 64, 256, 256, three),
        ("3x3", 32, 512, 512, three),
        ("3x3", 256, 3, 64, three),
        ("1x1", 256, 64, 64, Window::same([1, 1])),
        ("2x2", 256, 128, 64, two),
        ("2x2 upsampled", 128, 128, 64, two.upsampled()),
        ("4x4 of stride 2", 128, 64, 128, four),
        ("4x4 transposed", 32, 128, 64, Window::transposed([4, 4], 2, 1)),
    ];
    let mut group = criterion.benchmark_group("conv");
    for (name, side, in_channels, out_channels, window) in shapes {
        let shape = ConvShape { n_images: 1, height: side, width: side, in_channels, out_channels, window };
        let wave = |n: usize| -> Vec<f32> { (0..n).map(|at| (at as f32 * 0.37).sin()).collect() };
        let (mut x, mut w) =
            (wave(shape.in_pixels() * in_channels), wave(shape.weight_rows() * out_channels));
        let mut y = wave(shape.out_pixels() * out_channels);
        group.throughput(Throughput::Elements(2 * shape.multiply_adds() as u64));
        let id = |direction: &str| {
            BenchmarkId::new(direction, format!("{name} {in_channels}-{out_channels} at {side}"))
        };
        let job = Job { bias: None, activation: Activation::Identity, adds: false };
        let pack = |pass: &Pass<f32>, w: &[f32]| {
            let mut packed = vec![0.0; pass.packed_len()];
            pass.pack(w, &mut packed);
            packed
        };
        let (forward, backward) =
            (Pass::forward(shape, &[in_channels]), Pass::backward(shape, &[in_channels]));
        let packed = pack(&forward, &w);
        group.bench_function(id("forward"), |b| b.iter(|| forward.run(&[&x], &packed, 0, job, &mut y)));
        let packed = pack(&backward, &w);
        group.bench_function(id("data"), |b| b.iter(|| backward.run(&[&y], &packed, 0, job, &mut x)));
        group.bench_function(id("weights"), |b| {
            b.iter(|| f32::weight_gradient(&shape, &[in_channels], &[&x], &y, false, &mut w));
        });
    }
    group.finish();
}
