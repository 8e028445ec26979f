//! The plain twin: eight scalar generators, each jumped by stepping through its polynomial, and the
//! formulas of the fills with the standard library's functions.

use super::{N_LANES, Stream};
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};

/// Blackman & Vigna's polynomial of 2^128 steps, lowest coefficient first.
const JUMP: [u64; 4] =
    [0x180e_c6d3_3cfd_0aba, 0xd5a6_1266_f0c9_392c, 0xa958_2618_e03f_c9aa, 0x39ab_dc45_29b1_661c];

/// The generator 2^128 steps ahead.
fn jumped(stream: &Stream) -> Stream {
    let mut power = stream.clone();
    let mut sum = [0; 4];
    for bit in 0..256 {
        if JUMP[bit / 64] >> (bit % 64) & 1 == 1 {
            sum = std::array::from_fn(|w| sum[w] ^ power.state()[w]);
        }
        power.next_u64();
    }
    Stream::from_state(sum)
}

/// The first `n` words of the eight lanes that start from `stream`.
pub fn words(stream: &Stream, n: usize) -> Vec<u64> {
    let mut lanes = vec![stream.clone()];
    while lanes.len() < N_LANES {
        lanes.push(jumped(&lanes[lanes.len() - 1]));
    }
    (0..n).map(|q| lanes[q % N_LANES].next_u64()).collect()
}

/// The uniform f32 of each half of a word, low half first.
fn halves(word: u64) -> [u32; 2] {
    [word as u32, (word >> 32) as u32]
}

/// The first `n` uniform f32.
pub fn uniform_f32(stream: &Stream, n: usize) -> Vec<f32> {
    let unit = |half: u32| (f64::from(half >> 9) + 0.5) / f64::from(1 << 23);
    words(stream, n.div_ceil(2)).into_iter().flat_map(halves).map(|half| unit(half) as f32).take(n).collect()
}

/// The uniform f64 of a word.
fn unit(word: u64) -> f64 {
    ((word >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
}

/// The first `n` uniform f64.
pub fn uniform_f64(stream: &Stream, n: usize) -> Vec<f64> {
    words(stream, n).into_iter().map(unit).collect()
}

/// The first `n` exponential numbers of the f32 fill, computed in f64 from its rounded u.
pub fn exponential_f32(stream: &Stream, n: usize) -> Vec<f64> {
    let u = |k: u32| f64::from((k as i32 as f32 + 0.5).abs()) / f64::from(1_u32 << 31);
    words(stream, n.div_ceil(2)).into_iter().flat_map(halves).map(|k| -u(k).ln()).take(n).collect()
}

/// The first `n` exponential numbers of the f64 fill.
pub fn exponential_f64(stream: &Stream, n: usize) -> Vec<f64> {
    words(stream, n).into_iter().map(|word| -unit(word).ln()).collect()
}

/// r (cos, sin) of the angle, the cosine's sign changed and the two swapped where asked.
fn polar(u: f64, angle: f64, swap: bool, negate: bool) -> [f64; 2] {
    let radius = (-2.0 * u.ln()).sqrt();
    let (sin, cos) = angle.sin_cos();
    let cos = if negate { -cos } else { cos };
    if swap { [radius * sin, radius * cos] } else { [radius * cos, radius * sin] }
}

/// The first `n` normal numbers of the f32 fill, computed in f64.
pub fn normal_f32(stream: &Stream, n: usize) -> Vec<f64> {
    let two_31 = f64::from(1_u32 << 31);
    let pair = |k1: u32, k2: u32| {
        // k + 1/2 is rounded to f32, as the fill does; everything after it is exact enough in f64.
        let signed = |k: u32| f64::from(k as i32 as f32 + 0.5);
        let (k, angle) = (signed(k1), signed(k2) * FRAC_PI_4 / two_31);
        polar(k.abs() / two_31, angle, k < 0.0, k2 & 1 == 1)
    };
    let steps = words(stream, n.div_ceil(16) * 8);
    let mut out = Vec::with_capacity(steps.len() * 2);
    for step in steps.chunks_exact(8) {
        let halves: Vec<u32> = step.iter().copied().flat_map(halves).collect();
        let pairs: Vec<[f64; 2]> = (0..8).map(|lane| pair(halves[lane], halves[8 + lane])).collect();
        out.extend((0..2).flat_map(|part| pairs.iter().map(move |pair| pair[part])));
    }
    out.truncate(n);
    out
}

/// The first `n` normal numbers of the f64 fill.
pub fn normal_f64(stream: &Stream, n: usize) -> Vec<f64> {
    let pair = |w1: u64, w2: u64| polar(unit(w1), (unit(w2) - 0.5) * FRAC_PI_2, w1 & 1 == 1, w2 & 1 == 1);
    let steps = words(stream, n.div_ceil(8) * 8);
    let mut out = Vec::with_capacity(steps.len());
    for step in steps.chunks_exact(8) {
        let pairs: Vec<[f64; 2]> = (0..4).map(|lane| pair(step[lane], step[4 + lane])).collect();
        out.extend((0..2).flat_map(|part| pairs.iter().map(move |pair| pair[part])));
    }
    out.truncate(n);
    out
}
