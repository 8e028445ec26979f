//! Masks and pixels drawn by key.

use crate::random::Rng;
use diabolo_kernels::parallel;

/// Elements of a mask whose numbers come from one stream.
const MASK_CHUNK: usize = 4096;

/// 0 with probability `share`, else 1 / (1 - share) (Srivastava et al. 2014, inverted).
pub fn draw_mask(seed: u64, key: &[u64], share: f64, mask: &mut [f32]) {
    let keep = (1.0 / (1.0 - share)) as f32;
    parallel::for_each_row_block(mask, 1, MASK_CHUNK, |first, block| {
        let mut rng = Rng::keyed(seed, key).child((first / MASK_CHUNK) as u64);
        block.iter_mut().for_each(|m| *m = if rng.bernoulli(share) { 0.0 } else { keep });
    });
}

/// Bernoulli draws: every x in [0, 1] becomes 1 with probability x, else 0.
pub fn draw_below(seed: u64, key: &[u64], x: &mut [f32]) {
    parallel::for_each_row_block(x, 1, MASK_CHUNK, |first, block| {
        let mut rng = Rng::keyed(seed, key).child((first / MASK_CHUNK) as u64);
        block.iter_mut().for_each(|x| *x = if rng.bernoulli(f64::from(*x)) { 1.0 } else { 0.0 });
    });
}
