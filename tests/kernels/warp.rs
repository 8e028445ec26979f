//! Feature maps along flows: kernels against plain loops and against PyTorch.

use crate::tolerance::{WARP_F32, WARP_F64};
use diabolo::io::tensor_file;
use diabolo::monitor::Budget;
use diabolo::random::Rng;
use diabolo_kernels::parallel::with_threads;
use diabolo_kernels::warp::{Edge, Images, Warp, reference, resize_reads, unevenness_sums};
use diabolo_kernels::{Part, Real};
use proptest::prelude::*;
use std::path::Path;

fn draw(rng: &mut Rng, n: usize, scale: f64) -> Vec<f64> {
    (0..n).map(|_| scale * rng.normal()).collect()
}

fn cast<T: Real>(x: &[f64]) -> Vec<T> {
    x.iter().map(|&x| T::from_f64(x)).collect()
}

fn close<T: Real>(found: &[T], expected: &[f64], bound: f64) -> Result<(), TestCaseError> {
    prop_assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let bound = bound * (1.0 + expected.abs());
        prop_assert!((found.to_f64() - expected).abs() <= bound, "{} {}", found, expected);
    }
    Ok(())
}

/// What a number type rounds to: so that both read the same places.
fn rounded<T: Real>(x: &[f64]) -> Vec<f64> {
    x.iter().map(|&x| T::from_f64(x).to_f64()).collect()
}

fn warps<T: Real>(
    size: [usize; 2],
    n: usize,
    spread: f64,
    seed: u64,
    bound: f64,
) -> Result<(), TestCaseError> {
    let mut rng = Rng::seeded(seed);
    let n_pixels = size[0] * size[1];
    let images: Vec<Vec<f64>> = (0..2).map(|_| draw(&mut rng, n_pixels * n, 1.0)).collect();
    // Places in eighths of a pixel are exact, and so are weights: sides of the border are not a matter of rounding.
    let eighths = |x: f64| (8.0 * x).round() / 8.0;
    let flows: Vec<Vec<f64>> =
        (0..2).map(|_| draw(&mut rng, 2 * n_pixels, spread).into_iter().map(eighths).collect()).collect();
    for edge in [Edge::Clamp, Edge::Zero] {
        let expected: Vec<f64> = images
            .iter()
            .zip(&flows)
            .flat_map(|(i, f)| reference::warp(&rounded::<T>(i), f, 0.5, size, edge))
            .collect();
        let mut y = vec![T::ONE; expected.len()];
        T::warp(&cast(&images.concat()), &cast(&flows.concat()), T::from_f64(0.5), size, edge, &mut y);
        close(&y, &expected, bound)?;
    }
    Ok(())
}

fn splats<T: Real>(size: [usize; 2], spread: f64, seed: u64, bound: f64) -> Result<(), TestCaseError> {
    let mut rng = Rng::seeded(seed);
    let n = size[0] * size[1];
    let flow = rounded::<T>(&draw(&mut rng, 4 * n, spread));
    let z = rounded::<T>(&draw(&mut rng, 2 * n, 2.0));
    let expected = [
        reference::splat(&flow[..2 * n], &z[..n], 0.25, size),
        reference::splat(&flow[2 * n..], &z[n..], 0.75, size),
    ];
    let mut y = vec![T::ONE; 6 * n];
    T::splat(&cast(&flow), &cast(&z), &cast(&[0.25, 0.75]), size, &mut y);
    close(&y, &expected.concat(), bound * n as f64)
}

fn sizes<T: Real>(
    size: [usize; 2],
    to: [usize; 2],
    n: usize,
    seed: u64,
    bound: f64,
) -> Result<(), TestCaseError> {
    let mut rng = Rng::seeded(seed);
    let images = Images { size, n_channels: n };
    let x = rounded::<T>(&draw(&mut rng, size[0] * size[1] * n, 1.0));
    let mut y = vec![T::ONE; to[0] * to[1] * n];
    T::resize(&cast(&x), images, to, T::from_f64(2.0), &mut y);
    close(&y, &reference::resize(&x, images, to, 2.0), bound)?;
    let spread = Images { size, n_channels: 4 * n };
    let x = rounded::<T>(&draw(&mut rng, 4 * size[0] * size[1] * n, 1.0));
    let mut y = vec![T::ONE; x.len()];
    T::shuffle(&cast(&x), spread, 2, &mut y);
    close(&y, &reference::shuffle(&x, spread, 2), 0.0)?;
    let mut back = vec![T::ONE; x.len()];
    T::unshuffle(&y, spread, 2, &mut back);
    close(&back, &x, 0.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn warps_equal_reference(h in 1_usize..9, w in 1_usize..9, n in 1_usize..20, spread in 0.0..9.0, seed in any::<u64>()) {
        warps::<f32>([h, w], n, spread, seed, WARP_F32)?;
        warps::<f64>([h, w], n, spread, seed, WARP_F64)?;
    }

    #[test]
    fn splats_equal_reference(h in 1_usize..7, w in 1_usize..7, spread in 0.0..4.0, seed in any::<u64>()) {
        splats::<f32>([h, w], spread, seed, WARP_F32)?;
        splats::<f64>([h, w], spread, seed, WARP_F64)?;
    }

    #[test]
    fn sizes_and_shuffles_equal_reference(
        h in 1_usize..7, w in 1_usize..7, to_h in 1_usize..15, to_w in 1_usize..15, n in 1_usize..6, seed in any::<u64>()
    ) {
        sizes::<f32>([h, w], [to_h, to_w], n, seed, WARP_F32)?;
        sizes::<f64>([h, w], [to_h, to_w], n, seed, WARP_F64)?;
    }

    #[test]
    fn parts_are_those_of_the_whole_bit_for_bit(
        h in 1_usize..12, w in 1_usize..12, n in 1_usize..12, spread in 0.0..9.0, at in [0_usize..12, 0..12],
        sides in [1_isize..12, 1..12], seed in any::<u64>()
    ) {
        let (mut rng, size) = (Rng::seeded(seed), [h, w]);
        let image: Vec<f32> = cast(&draw(&mut rng, h * w * n, 1.0));
        let flow: Vec<f32> = cast(&draw(&mut rng, 2 * h * w, spread));
        let whole = Part::whole(size);
        let first = [at[0] % h, at[1] % w].map(|at| at as isize);
        let made = Part::between(size, first, [first[0] + sides[0], first[1] + sides[1]]);
        let cut = |x: &[f32], n: usize, part: &Part| {
            let mut cut = vec![f32::NAN; n * part.n_pixels()];
            Part::whole(part.of).copy(x, part, n, part, &mut cut);
            cut
        };
        for edge in [Edge::Clamp, Edge::Zero] {
            let mut y = vec![0.0; image.len()];
            f32::warp(&image, &flow, 0.7, size, edge, &mut y);
            let own_flow = cut(&flow, 2, &made);
            let reads = f32::warp_reads(&own_flow, made, 0.7, edge);
            let held = reads.unwrap_or(Part { first: made.first, size: [1, 1], of: size });
            prop_assert!(whole.holds(&held));
            let mut part = vec![f32::NAN; n * made.n_pixels()];
            f32::warp_part((&cut(&image, n, &held), held), (&own_flow, made), 0.7, edge, &mut part);
            prop_assert!(part == cut(&y, n, &made), "{:?} {:?} of {:?}", edge, made, held);
        }
        let to = [2 * h, 3 * w];
        let images = Images { size, n_channels: n };
        let mut y = vec![0.0; n * to[0] * to[1]];
        f32::resize(&image, images, to, 2.0, &mut y);
        let made = made.grown(to, 2);
        let held = resize_reads(size, &made);
        let mut part = vec![f32::NAN; n * made.n_pixels()];
        f32::resize_part((&cut(&image, n, &held), held), made, n, 2.0, &mut part);
        prop_assert!(part == cut(&y, n, &made));
    }

    #[test]
    fn what_is_scattered_is_the_adjoint_of_what_is_read(
        h in 2_usize..9, w in 2_usize..9, n in 1_usize..12, spread in 0.0..5.0, seed in any::<u64>()
    ) {
        // <dy, warp(x)> = <warp'(dy), x> for every x, and so for resizing.
        let mut rng = Rng::seeded(seed);
        let (size, n_pixels) = ([h, w], h * w);
        let (x, dy) = (draw(&mut rng, n_pixels * n, 1.0), draw(&mut rng, n_pixels * n, 1.0));
        let flow = draw(&mut rng, 2 * n_pixels, spread);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        for edge in [Edge::Clamp, Edge::Zero] {
            let (mut y, mut dx) = (vec![0.0; x.len()], vec![0.0; x.len()]);
            f64::warp(&x, &flow, 1.0, size, edge, &mut y);
            f64::warp_image_back(&flow, 1.0, size, edge, &dy, &mut dx);
            prop_assert!((dot(&dy, &y) - dot(&dx, &x)).abs() <= WARP_F64 * 100.0 * n_pixels as f64);
        }
        let (images, to) = (Images { size, n_channels: n }, [2 * h, 3 * w]);
        let dy = draw(&mut rng, to[0] * to[1] * n, 1.0);
        let (mut y, mut dx) = (vec![0.0; dy.len()], vec![0.0; x.len()]);
        f64::resize(&x, images, to, 1.5, &mut y);
        f64::resize_back(&dy, images, to, 1.5, &mut dx);
        prop_assert!((dot(&dy, &y) - dot(&dx, &x)).abs() <= WARP_F64 * 1000.0 * n_pixels as f64);
    }
}

#[test]
fn maps_equal_those_of_pytorch() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/warp_torch.safetensors");
    let (named, _) = tensor_file::load(&path, &Budget::unlimited()).expect("golden values");
    let of = |name: &str| named.matrix_f64(name).expect("an array").2;
    let (image, flow, size) = (of("image"), of("flow"), [12, 16]);
    let images = Images { size, n_channels: 5 };
    let check =
        |name: &str, found: &[f64]| close(found, &of(name), 1e-12).unwrap_or_else(|e| panic!("{name}: {e}"));
    let mut y = vec![0.0; image.len()];
    f64::warp(&image, &flow, 1.0, size, Edge::Clamp, &mut y);
    check("clamped", &y);
    f64::warp(&image, &flow, 1.0, size, Edge::Zero, &mut y);
    check("masked", &y);
    let mut y = vec![0.0; 4 * image.len()];
    f64::resize(&image, images, [24, 32], 1.0, &mut y);
    check("doubled", &y);
    for factor in [2, 4] {
        let mut y = vec![0.0; image.len() / (factor * factor)];
        f64::shrink_cubic(&image, images, factor, &mut y);
        check(&format!("shrunk_{factor}"), &y);
    }
    let channels = of("channels");
    let mut y = vec![0.0; channels.len()];
    f64::shuffle(&channels, Images { size: [3, 4], n_channels: 8 }, 2, &mut y);
    check("shuffled", &y);
}

#[test]
fn pixels_are_doubled_and_added_up_again() {
    let images = Images { size: [2, 3], n_channels: 2 };
    let x: Vec<f64> = (0..24).map(f64::from).collect();
    let (mut y, mut back) = (vec![0.0; 96], vec![0.0; 24]);
    f64::double(&x, images, &mut y);
    f64::double_back(&y, images, &mut back);
    assert_eq!(&y[..8], [0.0, 1.0, 0.0, 1.0, 2.0, 3.0, 2.0, 3.0]);
    assert!(back.iter().zip(&x).all(|(back, x)| *back == 4.0 * x));
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let mut rng = Rng::seeded(3);
    let (size, n, n_channels) = ([48, 64], 48 * 64, 21);
    let image: Vec<f32> = cast(&draw(&mut rng, 3 * n * n_channels, 1.0));
    let flow: Vec<f32> = cast(&draw(&mut rng, 3 * 2 * n, 5.0));
    let z: Vec<f32> = cast(&draw(&mut rng, 3 * n, 1.0));
    let run = || {
        let mut y = vec![0.0; image.len()];
        f32::warp(&image, &flow, 0.5, size, Edge::Clamp, &mut y);
        let (mut dx, mut dflow) = (vec![0.0; image.len()], vec![0.0; flow.len()]);
        f32::warp_image_back(&flow, 0.5, size, Edge::Zero, &y, &mut dx);
        f32::warp_flow_back(&image, &flow, 0.5, size, Edge::Clamp, &y, &mut dflow);
        let (mut s, mut dz) = (vec![0.0; 9 * n], vec![0.0; 3 * n]);
        f32::splat(&flow, &z, &[0.2, 0.5, 0.9], size, &mut s);
        f32::splat_z_back(&flow, &z, &[0.2, 0.5, 0.9], size, &s, &mut dz);
        let mut sums = vec![0.0; unevenness_sums(size, 3)];
        let uneven = f32::unevenness(&flow, &image, size, 3, &mut sums);
        let all = [y, dx, dflow, s, dz, vec![uneven]].concat();
        all.iter().map(|x: &f32| x.to_bits()).collect::<Vec<u32>>()
    };
    let one = with_threads(1, run);
    assert_eq!(one, with_threads(2, run));
    assert_eq!(one, with_threads(3, run));
}
