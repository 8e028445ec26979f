//! Arrays of draws by key, in parallel: gamma numbers, counts, categories, rows of a Dirichlet.
//!
//! ```
//! use diabolo::random::{Dirichlet, Poisson, fill_by, fill_rows_by};
//! let poisson = Poisson::new(3.0);
//! let mut counts = vec![0_u64; 1000];
//! fill_by(7, &[0], &mut counts, |rng| poisson.sample(rng));
//! let dirichlet = Dirichlet::new(&[0.1; 20]);
//! let mut theta = vec![0.0; 50 * 20];
//! fill_rows_by(7, &[1], &mut theta, 20, |_, rng, row| dirichlet.sample(rng, row));
//! ```

use super::Rng;
use diabolo_kernels::parallel;

/// Draws of one stream: fixed, so that they do not depend on the number of threads.
const DRAWS_PER_STREAM: usize = 4096;

/// Fills `out` with draws; each 4096 of them come from a stream of their own under (seed, key, chunk).
pub fn fill_by<T: Send>(seed: u64, key: &[u64], out: &mut [T], draw: impl Fn(&mut Rng) -> T + Sync + Send) {
    parallel::for_each_row_block(out, 1, DRAWS_PER_STREAM, |first, chunk| {
        let mut rng = stream(seed, key, first / DRAWS_PER_STREAM);
        chunk.iter_mut().for_each(|x| *x = draw(&mut rng));
    });
}

/// Fills the rows of `out`, `n_cols` elements each; row i is drawn by `draw(i, rng, row)` from a stream of its
/// own under (seed, key, i), so it does not depend on the rows beside it.
/// # Panics
/// If `out` is not a whole number of rows.
pub fn fill_rows_by<T: Send>(
    seed: u64,
    key: &[u64],
    out: &mut [T],
    n_cols: usize,
    draw: impl Fn(usize, &mut Rng, &mut [T]) + Sync + Send,
) {
    let rows_per_chunk = (DRAWS_PER_STREAM / n_cols.max(1)).max(1);
    parallel::for_each_row_block(out, n_cols, rows_per_chunk, |first, block| {
        for (i, row) in (first..).zip(block.chunks_exact_mut(n_cols)) {
            draw(i, &mut stream(seed, key, i), row);
        }
    });
}

/// The stream of (seed, key, number).
fn stream(seed: u64, key: &[u64], number: usize) -> Rng {
    Rng::keyed(seed, key).child(number as u64)
}
