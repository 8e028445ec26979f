//! Handwritten digits, 8 x 8 pixels: embedded, so that everything can be tried without a file.
//!
//! E. Alpaydin and C. Kaynak 1998, Optical Recognition of Handwritten Digits (the test set), UCI Machine
//! Learning Repository, doi:10.24432/C50P49, CC BY 4.0. `README.md` beside `digits.bin` tells how the
//! file was made.

use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::{Dataset, Labels, Names};
use crate::monitor::Budget;
use std::io::Read;

/// zlib of 1797 x 64 pixels, row-major, then 1797 labels, one byte each.
const DEFLATED: &[u8] = include_bytes!("digits.bin");

const N_SAMPLES: usize = 1797;
const SIDE: usize = 8;
const N_PIXELS: usize = SIDE * SIDE;

/// 1797 pictures of 8 x 8 pixels, values 0 (paper) to 16 (ink), with labels 0 to 9.
/// # Errors
/// [`Error::Limit`] if the budget has not the 117 kB.
pub fn digits(budget: &Budget) -> Result<Dataset> {
    let n_bytes = N_SAMPLES * (N_PIXELS + 1);
    budget.charge(n_bytes as u64, "the digits")?;
    let mut pixels = Vec::with_capacity(n_bytes);
    flate2::read::ZlibDecoder::new(DEFLATED)
        .read_to_end(&mut pixels)
        .map_err(|e| Error::parse("digits.bin", format!("the embedded file is damaged ({e}); build anew")))?;
    let labels: Vec<String> = pixels.drain(N_SAMPLES * N_PIXELS..).map(|label| label.to_string()).collect();
    let features = (0..N_PIXELS).map(|at| format!("pixel_{}_{}", at / SIDE, at % SIDE)).collect();
    Ok(Dataset {
        features: Features::U8 { bytes: Matrix::from_vec(N_SAMPLES, N_PIXELS, pixels), unit: 1.0 },
        names: Names { features: Some(features), picture: Some((SIDE, SIDE)), ..Names::default() },
        labels: Some(Labels::from_names(&labels)),
        batches: None,
    })
}
