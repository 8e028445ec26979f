//! From planes of samples to pixels: differences of colours are interpolated to full size, then turned to
//! red, green and blue.

use super::Decoded;
use super::frame::{Component, Frame};
use crate::io::charged::Charged;
use crate::monitor::Budget;

/// The pixels of a frame, row by row, the channels of a pixel side by side.
pub fn pixels<'a>(frame: &Frame, has_luminance: bool, budget: &'a Budget) -> Decoded<Charged<'a, u8>> {
    let n_channels = frame.components.len();
    let size = frame.width * frame.height * n_channels;
    let mut pixels = Charged::filled(budget, "the pixels of a picture", size, 0)?;
    if size == 0 {
        return Ok(pixels);
    }
    // Rows may be longer than the picture where the planes are.
    let mut rows = vec![vec![0; frame.width + 2 * frame.h]; n_channels];
    let mut sums = Vec::new();
    for (y, pixels) in pixels.as_mut_slice().chunks_exact_mut(frame.width * n_channels).enumerate() {
        for (component, row) in frame.components.iter().zip(&mut rows) {
            full_row(component, (frame.h / component.h, frame.v / component.v), y, row, &mut sums);
        }
        match &rows[..] {
            [grey] => pixels.copy_from_slice(&grey[..frame.width]),
            [a, b, c] => {
                for ((pixel, &a), (&b, &c)) in
                    pixels.as_chunks_mut::<3>().0.iter_mut().zip(a).zip(b.iter().zip(c))
                {
                    *pixel = if has_luminance { to_rgb(a, b, c) } else { [a, b, c] };
                }
            }
            _ => {}
        }
    }
    Ok(pixels)
}

/// A row of a component's samples.
fn samples<'c>(component: &'c Component, y: usize) -> &'c [u8] {
    &component.samples.as_slice()[8 * component.n_columns * y..][..component.width]
}

/// Row `y` of the picture of a component with one sample for every `h` x `v` pixels. Where a step is halved,
/// values in between are three quarters of the nearer sample and one of the farther, as the Independent
/// JPEG Group's decoder makes them, the half rounded up and down in turn; else samples are repeated.
fn full_row(component: &Component, (h, v): (usize, usize), y: usize, row: &mut [u8], sums: &mut Vec<u32>) {
    let near = samples(component, y / v);
    let is_narrow = component.width <= 2;
    // The row beyond the nearer one, on the side of y; the first and last repeat themselves.
    let is_upper = y.is_multiple_of(2);
    let beyond = if is_upper { (y / 2).saturating_sub(1) } else { (y / 2 + 1).min(component.height - 1) };
    match (h, v) {
        (1, 1) => row[..near.len()].copy_from_slice(near),
        (1, 2) => {
            let bias = if is_upper { 1 } else { 2 };
            for ((x, &near), &far) in row.iter_mut().zip(near).zip(samples(component, beyond)) {
                *x = ((3 * u32::from(near) + u32::from(far) + bias) >> 2) as u8;
            }
        }
        (2, 1) if !is_narrow => {
            sums.clear();
            sums.extend(near.iter().map(|&x| u32::from(x)));
            double(sums, row, (1, 2), 2);
        }
        (2, 2) if !is_narrow => {
            let far = samples(component, beyond);
            sums.clear();
            sums.extend(near.iter().zip(far).map(|(&near, &far)| 3 * u32::from(near) + u32::from(far)));
            double(sums, row, (8, 7), 4);
        }
        _ => {
            for (x, value) in row.iter_mut().take(near.len() * h).enumerate() {
                *value = near[x / h];
            }
        }
    }
}

/// Twice as many values: (3 near + far + bias) / 2^bits, with one bias to the left and one to the right; the
/// first and the last value are those at the ends.
fn double(sums: &[u32], row: &mut [u8], (left, right): (u32, u32), bits: u32) {
    let last = sums.len() - 1;
    for (i, pair) in row.chunks_exact_mut(2).take(sums.len()).enumerate() {
        let before = sums[i.saturating_sub(1)];
        let after = sums[(i + 1).min(last)];
        pair[0] = ((3 * sums[i] + before + left) >> bits) as u8;
        pair[1] = ((3 * sums[i] + after + right) >> bits) as u8;
    }
}

/// Red, green and blue of luminance and two differences: R = Y + 1.402 (Cr - 128), B = Y + 1.772 (Cb - 128),
/// G = Y - 0.344136 (Cb - 128) - 0.714136 (Cr - 128), with 16 bits behind the point. Source: ITU-T T.871,
/// section 7.
#[inline]
fn to_rgb(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    const fn fixed(x: f64) -> i32 {
        (x * 65536.0 + 0.5) as i32
    }
    const HALF: i32 = 1 << 15;
    let (y, cb, cr) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
    let red = y + ((fixed(1.402) * cr + HALF) >> 16);
    let green = y + ((-fixed(0.34414) * cb - fixed(0.71414) * cr + HALF) >> 16);
    let blue = y + ((fixed(1.772) * cb + HALF) >> 16);
    [red, green, blue].map(|x| x.clamp(0, 255) as u8)
}
