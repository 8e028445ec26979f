//! The vector fills: the scalar generator's bits, the formulas' numbers, the block rule, the tails.

use super::goodness::{assert_distribution, assert_moments, normal_cdf};
use crate::tolerance::{EXPONENTIAL_F32, EXPONENTIAL_F64, NORMAL_F32, NORMAL_F64};
use diabolo::random::{Gamma, fill_by, fill_exponential, fill_normal, fill_rows_by, fill_uniform};
use diabolo_kernels::parallel::with_threads;
use diabolo_kernels::rng::{FILL_CHUNK, Lanes, N_LANES, RngFill, Stream, reference};
use proptest::prelude::*;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

#[test]
fn lanes_are_jumped_scalar_generators() {
    for seed in [0, 1, 0xdead_beef] {
        let mut scalar = vec![Xoshiro256PlusPlus::seed_from_u64(seed)];
        while scalar.len() < N_LANES {
            let mut next = scalar[scalar.len() - 1].clone();
            next.jump();
            scalar.push(next);
        }
        let expected: Vec<u64> = (0..8 * 100).map(|q| scalar[q % N_LANES].next_u64()).collect();
        let mut lanes = Lanes::new(&Stream::seeded(seed));
        let mut words = vec![0; expected.len()];
        lanes.fill_u64(&mut words);
        assert_eq!(words, expected);
        assert_eq!(reference::words(&Stream::seeded(seed), 100), expected[..100]);
    }
}

/// Golden values from a transcription of the published algorithms into Python (integers, floats of 53 bits).
#[test]
fn numbers_are_stable() {
    let lanes = || Lanes::new(&Stream::keyed(1, &[2, 3]));
    let (mut words, mut small, mut large) = ([0; 3], [0.0_f32; 3], [0.0_f64; 3]);
    lanes().fill_u64(&mut words);
    assert_eq!(words, [8_488_884_705_323_379_881, 7_633_423_179_080_681_306, 10_054_382_013_630_312_576]);
    lanes().fill_uniform(&mut small);
    assert_eq!(small, [0.843_932, 0.460_183_32, 0.067_722_74]);
    lanes().fill_uniform(&mut large);
    assert_eq!(large, [0.460_183_361_974_528_9, 0.413_808_699_713_024_03, 0.545_049_141_108_858_4]);
    lanes().fill_normal(&mut small);
    for (x, golden) in
        small.iter().zip([-0.078_877_316_250_252_71, -0.393_979_430_255_558_6, 1.966_744_699_326_91])
    {
        assert!((f64::from(*x) - golden).abs() <= NORMAL_F32, "{x} instead of {golden}");
    }
    lanes().fill_normal(&mut large);
    for (x, golden) in
        large.iter().zip([-0.627_807_256_993_518_1, 1.135_413_136_814_023_4, -0.836_193_490_453_923_4])
    {
        assert!((x - golden).abs() <= NORMAL_F64, "{x} instead of {golden}");
    }
}

/// What every fill of `T` must do for any length: equal its formula, and continue without a gap.
fn check_fill<T: RngFill + Copy + Default + PartialEq + std::fmt::Debug + Into<f64>>(
    stream: &Stream,
    n: usize,
    fill: fn(&mut Lanes, &mut [T]),
    expected: &[f64],
    tolerance: f64,
) -> Result<(), TestCaseError> {
    let mut lanes = Lanes::new(stream);
    let mut out = vec![T::default(); n];
    fill(&mut lanes, &mut out);
    for (x, &y) in out.iter().zip(expected) {
        let x: f64 = (*x).into();
        prop_assert!((x - y).abs() <= tolerance, "{} instead of {}", x, y);
    }
    // A shorter fill is a prefix, and a fill in two parts cut at a block is the same as one.
    let block = 64 / size_of::<T>();
    let first = n / 2 / block * block;
    let mut lanes = Lanes::new(stream);
    let mut parts = vec![T::default(); n];
    fill(&mut lanes, &mut parts[..first]);
    let mut resumed = Lanes::from_state(lanes.state());
    fill(&mut resumed, &mut parts[first..]);
    prop_assert_eq!(&parts, &out);
    let mut prefix = vec![T::default(); n / 3];
    fill(&mut Lanes::new(stream), &mut prefix);
    prop_assert_eq!(&prefix[..], &out[..n / 3]);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn fills_follow_their_formulas(seed: u64, n in 0_usize..200) {
        let stream = Stream::seeded(seed);
        let widen = |x: Vec<f32>| x.into_iter().map(f64::from).collect::<Vec<_>>();
        check_fill(&stream, n, f32::fill_uniform, &widen(reference::uniform_f32(&stream, n)), 0.0)?;
        check_fill(&stream, n, f64::fill_uniform, &reference::uniform_f64(&stream, n), 0.0)?;
        check_fill(&stream, n, f32::fill_normal, &reference::normal_f32(&stream, n), NORMAL_F32)?;
        check_fill(&stream, n, f64::fill_normal, &reference::normal_f64(&stream, n), NORMAL_F64)?;
        let expected = reference::exponential_f32(&stream, n);
        check_fill(&stream, n, f32::fill_exponential, &expected, EXPONENTIAL_F32)?;
        let expected = reference::exponential_f64(&stream, n);
        check_fill(&stream, n, f64::fill_exponential, &expected, EXPONENTIAL_F64)?;
    }
}

#[test]
fn keyed_fills_do_not_depend_on_threads_or_length() {
    let fill = |n_threads: usize, n: usize| {
        let mut out = vec![0.0_f32; n];
        with_threads(n_threads, || fill_normal(9, &[4, 2], &mut out));
        out
    };
    let n = 2 * FILL_CHUNK + 77;
    let one = fill(1, n);
    for n_threads in [2, 3, 7] {
        assert!(fill(n_threads, n) == one, "{n_threads} threads differ from one");
    }
    assert!(fill(1, FILL_CHUNK + 5) == one[..FILL_CHUNK + 5], "a shorter fill is not a prefix");
    let mut other = vec![0.0_f32; n];
    fill_normal(9, &[4, 3], &mut other);
    assert!(one.iter().zip(&other).filter(|(x, y)| x == y).count() < 10, "two keys share numbers");
}

#[test]
fn fills_have_their_distributions() {
    let n = 100_000;
    let (mut small, mut large) = (vec![0.0_f32; n], vec![0.0_f64; n]);
    let widen = |x: &[f32]| x.iter().copied().map(f64::from).collect::<Vec<_>>();
    fill_uniform(21, &[0], &mut small);
    assert_distribution("uniform f32", widen(&small), |x| x);
    fill_uniform(21, &[1], &mut large);
    assert_distribution("uniform f64", large.clone(), |x| x);
    fill_normal(21, &[2], &mut small);
    assert_moments("normal f32", &widen(&small), 0.0, 1.0);
    assert_distribution("normal f32", widen(&small), normal_cdf);
    fill_normal(21, &[3], &mut large);
    assert_moments("normal f64", &large, 0.0, 1.0);
    assert_distribution("normal f64", large.clone(), normal_cdf);
    let exponential_cdf = |x: f64| 1.0 - (-x).exp();
    fill_exponential(21, &[4], &mut small);
    assert_moments("exponential f32", &widen(&small), 1.0, 1.0);
    assert_distribution("exponential f32", widen(&small), exponential_cdf);
    fill_exponential(21, &[5], &mut large);
    assert_moments("exponential f64", &large, 1.0, 1.0);
    assert_distribution("exponential f64", large, exponential_cdf);
}

/// Fills by any draw: each 4096 of them, or each row, are the draws of one keyed stream, whatever the threads.
#[test]
fn fills_by_draw_follow_their_keys() {
    let gamma = Gamma::new(0.7);
    let run = || {
        let (mut x, mut rows) = (vec![0.0; 10_000], vec![0.0; 700 * 13]);
        fill_by(24, &[1], &mut x, |rng| gamma.sample(rng));
        fill_rows_by(24, &[2], &mut rows, 13, |i, rng, row| row.fill(i as f64 + rng.uniform()));
        (x, rows)
    };
    let (x, rows) = with_threads(1, run);
    assert_eq!((x.clone(), rows.clone()), with_threads(3, run));
    let mut second = diabolo::random::Rng::keyed(24, &[1, 1]);
    assert!(x[4096..8192].iter().all(|&x| x == gamma.sample(&mut second)));
    for (i, row) in rows.chunks(13).enumerate() {
        assert_eq!(row, [i as f64 + diabolo::random::Rng::keyed(24, &[2, i as u64]).uniform(); 13]);
    }
    fill_rows_by(24, &[3], &mut [0.0_f64; 0], 0, |_, _, _| panic!("there is no row"));
}

/// The two halves of a Box-Muller pair come from one radius: they must be uncorrelated all the same, and
/// so must their squares.
#[test]
fn pairs_are_independent() {
    let n = 1 << 18;
    let mut x = vec![0.0_f32; n];
    fill_normal(22, &[], &mut x);
    let centred = |x: f32| (f64::from(x), f64::from(x) * f64::from(x) - 1.0);
    let (mut product, mut squares, mut count) = (0.0, 0.0, 0.0_f64);
    for block in x.chunks_exact(16) {
        for lane in 0..8 {
            let ((a, a2), (b, b2)) = (centred(block[lane]), centred(block[lane + 8]));
            product += a * b;
            squares += a2 * b2;
            count += 1.0;
        }
    }
    // Standard errors: sqrt(n) for the product of two unit variances, 2 sqrt(n) for the squares.
    assert!(product.abs() < 4.0 * count.sqrt(), "pairs correlate: {product} over {count}");
    assert!(squares.abs() < 8.0 * count.sqrt(), "squares correlate: {squares} over {count}");
}

/// Draws beyond 3, 4 and 4.5 sigma are as many as the normal's tail holds.
#[test]
fn the_tail_has_its_weight() {
    let n = 1 << 22;
    let mut x = vec![0.0_f32; n];
    fill_normal(23, &[], &mut x);
    for sigma in [3.0_f32, 4.0, 4.5] {
        let expected = 2.0 * normal_cdf(-f64::from(sigma)) * n as f64;
        let seen = x.iter().filter(|x| x.abs() > sigma).count() as f64;
        assert!((seen - expected).abs() < 4.0 * expected.sqrt(), "{seen} beyond {sigma}, not {expected:.1}");
    }
}

/// The radius of the first pair when the generator's next word is `word` in every lane.
fn radius_after<T: RngFill + Copy + Default + Into<f64>>(word: u64) -> f64 {
    // The next word is rotl(s0 + s3, 23) + s0: with s0 = 0 it is s3 rotated.
    let mut lanes = Lanes::from_state([[0; 8], [1; 8], [1; 8], [word.rotate_right(23); 8]]);
    let mut block = [T::default(); 16];
    T::fill_normal(&mut lanes, &mut block[..64 / size_of::<T>()]);
    let (x, y): (f64, f64) = (block[0].into(), block[32 / size_of::<T>()].into());
    x.hypot(y)
}

/// A uniform of 23 bits would end at 5.77 sigma. The smallest u here is 2^-32 in f32 and 2^-53 in f64, and
/// the largest, which may round to 1, gives no NaN.
#[test]
fn the_tail_is_not_cut() {
    let reach = |bits: f64| (2.0 * bits * std::f64::consts::LN_2).sqrt();
    assert!((radius_after::<f32>(0) - reach(32.0)).abs() <= NORMAL_F32);
    assert!((radius_after::<f64>(0) - reach(53.0)).abs() <= NORMAL_F64);
    assert!(radius_after::<f32>(0x7fff_ffff_7fff_ffff) < 1e-3);
    assert!(radius_after::<f32>(0x8000_0000_8000_0000) < 1e-3);
    assert!(radius_after::<f64>(u64::MAX) < 1e-7);
}
