//! Seconds of convolutions, one after the other as they are asked for on standard input: the other side of
//! `benches/peers/conv.py`, which asks for one as soon as a peer has done the same.
//!
//!     cargo run --release --example conv_race -- THREADS
//!
//! A line is `DIRECTION KIND N H W C_IN C_OUT KH KW STRIDE TOP LEFT BOTTOM RIGHT SECONDS`, with DIRECTION forward, data or
//! weights and KIND plain, upsampled or transposed; the answer is the least seconds of a call within SECONDS.

use diabolo_kernels::conv::{ConvShape, Convolve, Job, Kind, Pass, Window};
use diabolo_kernels::gemm::Activation;
use diabolo_kernels::parallel::with_threads;
use std::io::BufRead;
use std::time::Instant;

/// The least seconds of a call.
fn least(seconds: f64, mut call: impl FnMut()) -> f64 {
    call();
    let start = Instant::now();
    let mut least = f64::INFINITY;
    while start.elapsed().as_secs_f64() < seconds {
        let call_start = Instant::now();
        call();
        least = least.min(call_start.elapsed().as_secs_f64());
    }
    least
}

fn answer(line: &str) -> Option<f64> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let kind = match *words.get(1)? {
        "plain" => Kind::Plain,
        "upsampled" => Kind::Upsampled,
        "transposed" => Kind::Transposed,
        _ => return None,
    };
    let numbers: Vec<usize> =
        words.get(2..14)?.iter().map(|word| word.parse().ok()).collect::<Option<_>>()?;
    let seconds: f64 = words.get(14)?.parse().ok()?;
    let &[n_images, height, width, in_channels, out_channels, kh, kw, stride, top, left, bottom, right] =
        &numbers[..]
    else {
        return None;
    };
    let window = Window { kernel: [kh, kw], stride, padding: [top, left, bottom, right], kind };
    let shape = ConvShape { n_images, height, width, in_channels, out_channels, window };
    let wave = |n: usize| -> Vec<f32> { (0..n).map(|at| (at as f32 * 0.37).sin()).collect() };
    let (mut x, mut w) = (wave(shape.in_pixels() * in_channels), wave(shape.weight_rows() * out_channels));
    let (mut y, bias) = (wave(shape.out_pixels() * out_channels), wave(out_channels));
    let (pass, job) = match *words.first()? {
        "forward" => {
            let job = Job { bias: Some(&bias[..]), activation: Activation::LeakyRelu(0.2), adds: false };
            (Pass::forward(shape, &[in_channels]), job)
        }
        "data" => {
            let job = Job { bias: None, activation: Activation::Identity, adds: false };
            (Pass::backward(shape, &[in_channels]), job)
        }
        "weights" => {
            let call = || f32::weight_gradient(&shape, &[in_channels], &[&x], &y, false, &mut w);
            return Some(least(seconds, call));
        }
        _ => return None,
    };
    let mut packed = vec![0.0; pass.packed_len()];
    pass.pack(&w, &mut packed);
    let (from, to) = if words[0] == "forward" { (&x, &mut y) } else { (&y, &mut x) };
    Some(least(seconds, || pass.run(&[from], &packed, 0, job, to)))
}

fn main() {
    let n_threads = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(1);
    with_threads(n_threads, || {
        for line in std::io::stdin().lock().lines() {
            match line.ok().and_then(|line| answer(&line)) {
                Some(seconds) => println!("{seconds:e}"),
                None => println!("nan"),
            }
        }
    });
}
