//! Convolutions of every kind against the definitions, and their gradients.

use crate::tolerance::{CONV, WINOGRAD};
use diabolo_kernels::conv::pool::{Pool, PoolShape};
use diabolo_kernels::conv::{ConvShape, Convolve, Job, Kind, Pass, Window, reference};
use diabolo_kernels::gemm::Activation;
use diabolo_kernels::parallel::with_threads;
use diabolo_kernels::{Part, Real};
use proptest::prelude::*;

/// Values within -1 and 1, uniform (SplitMix64; Steele et al. 2014).
fn values(n: usize, seed: u64) -> Vec<f64> {
    let mixed = |at: u64| {
        let z = (at + 1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(seed.wrapping_mul(0xd134_2543_de82_ef95));
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    (0..n as u64).map(|at| (mixed(at) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0).collect()
}

fn cast<T: Real>(x: &[f64]) -> Vec<T> {
    x.iter().map(|&x| T::from_f64(x)).collect()
}

/// Columns of a matrix cut into parts.
fn parts_of<T: Real>(x: &[f64], parts: &[usize]) -> Vec<Vec<T>> {
    let n: usize = parts.iter().sum();
    let mut first = 0;
    parts
        .iter()
        .map(|&width| {
            first += width;
            x.chunks_exact(n).flat_map(|row| cast::<T>(&row[first - width..first])).collect()
        })
        .collect()
}

/// Whether sums of `depth` products of numbers up to 1 agree.
fn agree<T: Real>(found: &[T], expected: &[f64], depth: usize, what: &str) -> Result<(), TestCaseError> {
    prop_assert_eq!(found.len(), expected.len());
    let tolerance = CONV * T::EPSILON.to_f64() * (depth as f64 + 4.0);
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (found.to_f64() - expected).abs();
        prop_assert!(error <= tolerance, "{} at {}: {} for {}", what, at, found, expected);
    }
    Ok(())
}

/// Forward with bias and LeakyReLU, both gradients, and the same added to what is there.
fn check<T: Real>(shape: ConvShape, parts: &[usize], seed: u64) -> Result<(), TestCaseError> {
    let n_out = shape.out_channels;
    let x: Vec<f64> = values(shape.in_pixels() * shape.in_channels, seed);
    let w = values(shape.weight_rows() * n_out, seed + 1);
    let dy = values(shape.out_pixels() * n_out, seed + 2);
    let bias = values(n_out, seed + 3);
    // What is computed in T is computed of the numbers that T can hold.
    let held = |x: &[f64]| -> Vec<f64> { cast::<T>(x).iter().map(|x| x.to_f64()).collect() };
    let (x, w, dy, bias) = (held(&x), held(&w), held(&dy), held(&bias));
    let (w_t, dy_t, bias_t): (Vec<T>, Vec<T>, Vec<T>) = (cast(&w), cast(&dy), cast(&bias));
    let x_parts: Vec<Vec<T>> = parts_of(&x, parts);
    let sources: Vec<&[T]> = x_parts.iter().map(|part| &part[..]).collect();

    let pass = Pass::<T>::forward(shape, parts);
    let mut packed = vec![T::from_f64(f64::NAN); pass.packed_len()];
    pass.pack(&w_t, &mut packed);
    let plain = reference::forward(&shape, &x, &w);
    let depth = shape.weight_rows();
    let mut y = vec![T::from_f64(f64::NAN); shape.out_pixels() * n_out];
    let job = Job { bias: Some(&bias_t[..]), activation: Activation::LeakyRelu(0.2), adds: false };
    pass.run(&sources, &packed, 0, job, &mut y);
    let leaky = |x: f64| if x > 0.0 { x } else { 0.2 * x };
    let expected: Vec<f64> = plain.iter().enumerate().map(|(at, y)| leaky(y + bias[at % n_out])).collect();
    agree(&y, &expected, depth, "leaky")?;
    for (activation, f) in
        [(Activation::Relu, (|x| x.max(0.0)) as fn(f64) -> f64), (Activation::Tanh, f64::tanh)]
    {
        y.copy_from_slice(&dy_t);
        pass.run(&sources, &packed, 0, Job { bias: None, activation, adds: true }, &mut y);
        let expected: Vec<f64> = plain.iter().zip(&dy).map(|(y, before)| f(y + before)).collect();
        agree(&y, &expected, depth, "activation")?;
    }

    let back = Pass::<T>::backward(shape, parts);
    let mut packed = vec![T::from_f64(f64::NAN); back.packed_len()];
    back.pack(&w_t, &mut packed);
    let dx = parts_of::<f64>(&reference::backward_data(&shape, &dy, &w), parts);
    let depth = shape.window.area() * n_out * if shape.window.kind == Kind::Upsampled { 4 } else { 1 };
    for (at, expected) in dx.iter().enumerate() {
        let mut found = vec![T::from_f64(f64::NAN); expected.len()];
        let job = |adds| Job { bias: None, activation: Activation::Identity, adds };
        back.run(&[&dy_t], &packed, at, job(false), &mut found);
        agree(&found, expected, depth, "data")?;
        back.run(&[&dy_t], &packed, at, job(true), &mut found);
        let twice: Vec<f64> = expected.iter().map(|x| 2.0 * x).collect();
        agree(&found, &twice, 2 * depth, "data twice")?;
    }

    let expected = reference::backward_weights(&shape, &x, &dy);
    let depth = shape.out_pixels().max(shape.in_pixels());
    let mut dw = vec![T::from_f64(f64::NAN); expected.len()];
    T::weight_gradient(&shape, parts, &sources, &dy_t, false, &mut dw);
    agree(&dw, &expected, depth, "weights")?;
    T::weight_gradient(&shape, parts, &sources, &dy_t, true, &mut dw);
    let twice: Vec<f64> = expected.iter().map(|x| 2.0 * x).collect();
    agree(&dw, &twice, 2 * depth, "weights twice")
}

/// Part of what a convolution makes, of the part of one picture that it reads and `more` pixels around it where there are
/// such, with the weights of the whole.
fn check_piece<T: Real>(
    shape: ConvShape,
    parts: &[usize],
    wanted: [[usize; 2]; 2],
    more: usize,
    seed: u64,
) -> Result<(), TestCaseError> {
    let shape = ConvShape { n_images: 1, ..shape };
    let (n_out, of) = (shape.out_channels, [shape.out_height(), shape.out_width()]);
    let held = |x: &[f64]| -> Vec<f64> { cast::<T>(x).iter().map(|x| x.to_f64()).collect() };
    let x = held(&values(shape.in_pixels() * shape.in_channels, seed));
    let w = held(&values(shape.weight_rows() * n_out, seed + 1));
    let pass = Pass::<T>::forward(shape, parts);
    let mut packed = vec![T::from_f64(f64::NAN); pass.packed_len()];
    pass.pack(&cast::<T>(&w), &mut packed);
    let first = [0, 1].map(|axis| wanted[axis][0] % of[axis]);
    let past = [0, 1].map(|axis| first[axis] as isize + 1 + wanted[axis][1] as isize);
    let made = pass.made(&Part::between(of, first.map(|at| at as isize), past));
    let reads = pass.reads(&made);
    let around = |at: [usize; 2], by: isize| at.map(|at| at as isize + by);
    let of_source = [shape.height, shape.width];
    let taken =
        Part::between(of_source, around(reads.first, -(more as isize)), around(reads.past(), more as isize));
    let whole = Part::whole(of_source);
    let sources: Vec<Vec<T>> = parts_of::<T>(&x, parts)
        .iter()
        .zip(parts)
        .map(|(source, &n)| {
            let mut cut = vec![T::from_f64(f64::NAN); n * taken.n_pixels()];
            whole.copy(source, &taken, n, &taken, &mut cut);
            cut
        })
        .collect();
    let sources: Vec<&[T]> = sources.iter().map(|source| &source[..]).collect();
    let mut y = vec![T::from_f64(f64::NAN); n_out * made.n_pixels()];
    let job = Job { bias: None, activation: Activation::Identity, adds: false };
    pass.piece(&taken, &made).run(&sources, &packed, 0, job, &mut y);
    let mut expected = vec![0.0; n_out * made.n_pixels()];
    Part::whole(of).copy(&reference::forward(&shape, &x, &w), &made, n_out, &made, &mut expected);
    agree(&y, &expected, shape.weight_rows(), "a piece")
}

/// A shape whose window fits its pictures.
fn shape() -> impl Strategy<Value = (ConvShape, Vec<usize>)> {
    let kind = prop_oneof![Just(Kind::Plain), Just(Kind::Upsampled), Just(Kind::Transposed)];
    let parts = prop::collection::vec(1_usize..20, 1..4);
    (
        kind,
        [1_usize..5, 1..5],
        1_usize..4,
        [0_usize..3, 0..3, 0..3, 0..3],
        1_usize..3,
        [1_usize..12, 1..12],
        parts,
        1_usize..40,
    )
        .prop_filter_map(
            "a window that fits",
            |(kind, kernel, stride, padding, n_images, size, parts, out_channels)| {
                let stride = if kind == Kind::Upsampled { 1 } else { stride };
                let window = Window { kernel, stride, padding, kind };
                let fits = (0..2).all(|axis| {
                    let (k, pads) = (kernel[axis], padding[axis] + padding[axis + 2]);
                    match kind {
                        Kind::Plain => size[axis] + pads >= k,
                        Kind::Upsampled => 2 * size[axis] + pads >= k,
                        Kind::Transposed => (size[axis] - 1) * stride + k > pads,
                    }
                });
                let in_channels = parts.iter().sum();
                let shape = ConvShape {
                    n_images,
                    height: size[0],
                    width: size[1],
                    in_channels,
                    out_channels,
                    window,
                };
                fits.then_some((shape, parts))
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn convolutions_equal_the_definitions((shape, parts) in shape(), seed in 0_u64..1000) {
        check::<f32>(shape, &parts, seed)?;
        check::<f64>(shape, &parts, seed)?;
    }

    #[test]
    fn pieces_equal_parts_of_the_definition(
        (shape, parts) in shape(), wanted in [[0_usize..24, 0..24], [0..24, 0..24]], more in 0_usize..3, seed in 0_u64..1000
    ) {
        check_piece::<f32>(shape, &parts, wanted, more, seed)?;
        check_piece::<f64>(shape, &parts, wanted, more, seed)?;
        let deep = ConvShape { height: 3 + shape.height, width: 2 * shape.width + 1, window: Window::same([3, 3]), ..shape };
        check_piece::<f32>(deep, &parts, wanted, more, seed)?;
    }

    #[test]
    fn three_by_three_equals_the_definition(
        n_images in 1_usize..3, height in 1_usize..20, width in 1_usize..20, parts in prop::collection::vec(1_usize..40, 1..3),
        out_channels in 1_usize..40, seed in 0_u64..1000
    ) {
        let in_channels = parts.iter().sum();
        let shape = ConvShape { n_images, height, width, in_channels, out_channels, window: Window::same([3, 3]) };
        check::<f32>(shape, &parts, seed)?;
        check::<f64>(shape, &parts, seed)?;
    }

    #[test]
    fn pools_equal_the_definitions(
        n_images in 1_usize..3, height in 1_usize..9, width in 1_usize..9, channels in 1_usize..20, seed in 0_u64..1000
    ) {
        let shape = PoolShape { n_images, height, width, channels };
        let x = cast::<f32>(&values(n_images * height * width * channels, seed));
        let dy = cast::<f32>(&values(shape.out_pixels() * channels, seed + 1));
        let (mut mean, mut maximum) = (vec![f32::NAN; dy.len()], vec![f32::NAN; dy.len()]);
        f32::mean_pool(&shape, &x, &mut mean);
        f32::max_pool(&shape, &x, &mut maximum);
        let (mut mean_back, mut maximum_back) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
        f32::mean_pool_back(&shape, &dy, &mut mean_back);
        f32::max_pool_back(&shape, &x, &maximum, &dy, &mut maximum_back);
        let (mut of_mean, mut of_maximum) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        for made in 0..dy.len() {
            let (pixel, c) = (made / channels, made % channels);
            let (half_h, half_w) = (height / 2, width / 2);
            let (image, row, col) = (pixel / (half_h * half_w), pixel / half_w % half_h, pixel % half_w);
            let at = |dy: usize, dx: usize| ((image * height + 2 * row + dy) * width + 2 * col + dx) * channels + c;
            let four = [at(0, 0), at(0, 1), at(1, 0), at(1, 1)];
            let largest = four.into_iter().reduce(|a, b| if x[b] > x[a] { b } else { a }).unwrap();
            prop_assert_eq!(maximum[made], x[largest]);
            let sum = (x[four[0]] + x[four[1]]) + (x[four[2]] + x[four[3]]);
            prop_assert_eq!(mean[made], sum * 0.25);
            four.into_iter().for_each(|at| of_mean[at] = 0.25 * dy[made]);
            of_maximum[largest] = dy[made];
        }
        prop_assert_eq!(mean_back, of_mean);
        prop_assert_eq!(maximum_back, of_maximum);
    }
}

/// Sizes around the blocks of products, panels and tasks.
#[test]
fn long_sums_and_many_channels_equal_the_definition() {
    let cases: [(usize, usize, &[usize], usize, Window); 6] = [
        (9, 13, &[321, 7], 17, Window::same([3, 3])),
        (40, 37, &[64], 64, Window::same([3, 3])),
        (5, 7, &[700], 200, Window::same([1, 1])),
        (12, 10, &[70, 66], 33, Window::plain([4, 4], 2, 1)),
        (6, 9, &[130], 100, Window::transposed([4, 4], 2, 1)),
        (7, 8, &[90, 40], 50, Window::same([2, 2]).upsampled()),
    ];
    for (height, width, parts, out_channels, window) in cases {
        let in_channels = parts.iter().sum();
        let shape = ConvShape { n_images: 2, height, width, in_channels, out_channels, window };
        check::<f32>(shape, parts, 7).unwrap();
    }
}

#[test]
fn the_bits_are_the_same_for_any_number_of_threads() {
    for window in [Window::same([3, 3]), Window::plain([4, 4], 2, 1), Window::transposed([4, 4], 2, 1)] {
        let shape =
            ConvShape { n_images: 2, height: 44, width: 52, in_channels: 24, out_channels: 40, window };
        let x = cast::<f32>(&values(shape.in_pixels() * 24, 1));
        let w = cast::<f32>(&values(shape.weight_rows() * 40, 2));
        let run = |n_threads| {
            with_threads(n_threads, || {
                let pass = Pass::<f32>::forward(shape, &[24]);
                let mut packed = vec![0.0; pass.packed_len()];
                pass.pack(&w, &mut packed);
                let mut y = vec![0.0; shape.out_pixels() * 40];
                let job = Job { bias: None, activation: Activation::Identity, adds: false };
                pass.run(&[&x], &packed, 0, job, &mut y);
                let mut dw = vec![0.0; w.len()];
                f32::weight_gradient(&shape, &[24], &[&x], &y, false, &mut dw);
                (y, dw)
            })
        };
        let one = run(1);
        assert!(one == run(2) && one == run(7));
    }
}

/// Of inputs of variance 1 and weights of variance 2 / products, as networks have them, the transformed convolutions are as near
/// to the definition as [`WINOGRAD`] says, from the narrowest to the deepest layers of frame interpolation.
#[test]
fn fewer_products_cost_little_accuracy() {
    for (height, width, n_in, n_out) in
        [(24, 32, 64, 64), (16, 28, 256, 256), (16, 16, 512, 512), (8, 14, 1920, 256), (12, 20, 906, 64)]
    {
        let (window, n_images) = (Window::same([3, 3]), 1);
        let shape = ConvShape { n_images, height, width, in_channels: n_in, out_channels: n_out, window };
        let deviation = (2.0 / shape.weight_rows() as f64).sqrt();
        let of_deviation = |n: usize, scale: f64, seed: u64| -> Vec<f32> {
            values(n, seed).into_iter().map(|x| (3.0_f64.sqrt() * scale * x) as f32).collect()
        };
        let x = of_deviation(shape.in_pixels() * n_in, 1.0, 1);
        let w = of_deviation(shape.weight_rows() * n_out, deviation, 2);
        let wide = |x: &[f32]| -> Vec<f64> { x.iter().map(|&x| f64::from(x)).collect() };
        let (found, expected) = (convolved(shape, &x, &w), convolved(shape, &wide(&x), &wide(&w)));
        assert!(Pass::<f32>::forward(shape, &[n_in]).is_transformed());
        let largest = expected.iter().fold(0.0_f64, |largest, y| largest.max(y.abs()));
        let error = found.iter().zip(&expected).map(|(y, e)| (f64::from(*y) - e).abs()).fold(0.0, f64::max);
        assert!(error <= WINOGRAD * largest, "{n_in}-{n_out}: {error} of {largest}");
    }
}

/// Y without bias or activation.
fn convolved<T: Real>(shape: ConvShape, x: &[T], w: &[T]) -> Vec<T> {
    let pass = Pass::<T>::forward(shape, &[shape.in_channels]);
    let mut packed = vec![T::ZERO; pass.packed_len()];
    pass.pack(w, &mut packed);
    let mut y = vec![T::ZERO; shape.out_pixels() * shape.out_channels];
    pass.run(&[x], &packed, 0, Job { bias: None, activation: Activation::Identity, adds: false }, &mut y);
    y
}
