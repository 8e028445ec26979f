//! The frame between two frames: `cargo run --release --example interpolate [A B [TRUTH [ROUNDS]]]`.
//!
//! Without pictures a bright square on stripes moves by 6 pixels; the frame halfway is compared with the true one.

use diabolo::io::frames;
use diabolo::metrics::fidelity::{psnr, ssim};
use diabolo::models::interpolation::Frame;
use diabolo::models::interpolation::optical_flow::{Motion, Params, Prepared, Quality, between, motion};
use diabolo::monitor::{Budget, Env};
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

/// A square on stripes, its left upper corner at (40, 40 + shift).
fn square(shift: usize) -> Result<Frame> {
    let (height, width) = (120, 160);
    let pixel = |at: usize| {
        let (y, x) = (at / width, at % width);
        let is_square = (40..80).contains(&y) && (40 + shift..80 + shift).contains(&x);
        let stripes = 90 + 60 * usize::from((x / 8 + y / 8) % 2 == 0);
        let grain = (7 * (x - if is_square { shift } else { 0 }) + 13 * y) % 32;
        if is_square { [230, 200 - grain as u8, 40 + grain as u8] } else { [stripes as u8; 3] }
    };
    Frame::new(height, width, (0..height * width).flat_map(pixel).collect())
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let read = |path: &String| Ok::<_, Error>(frames::read(Path::new(path), &Budget::unlimited())?.0);
    let (a, b, truth) = match &arguments[..] {
        [] => (square(0)?, square(6)?, Some(square(3)?)),
        [a, b, truth @ ..] => (read(a)?, read(b)?, truth.first().map(read).transpose()?),
        _ => return Err(Error::parameter("interpolate", "takes two pictures, and a third for the truth")),
    };
    let n_rounds: usize = arguments.get(3).map_or(1, |text| text.parse().unwrap_or(1));
    let env = Env::default();
    for quality in [Quality::Fast, Quality::Balanced, Quality::Best] {
        let params: Params = quality.into();
        let mut seconds = Vec::new();
        let mut made = None;
        for _ in 0..n_rounds.max(1) {
            let started = Instant::now();
            let (first, second) = (Prepared::new(&a, &env)?, Prepared::new(&b, &env)?);
            let found: Motion = motion(&first, &second, &params, &env)?;
            made = Some(between(&first, &second, &found, 0.5, &env)?);
            seconds.push(started.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        print!("{quality:?}: {:.1} ms", 1e3 * seconds[seconds.len() / 2]);
        if let (Some(truth), Some(made)) = (&truth, made) {
            let similarity = ssim(made.rgb(), truth.rgb(), truth.width(), 3);
            print!(", PSNR {:.2} dB, SSIM {similarity:.4}", psnr(made.rgb(), truth.rgb()));
        }
        println!();
    }
    Ok(())
}
