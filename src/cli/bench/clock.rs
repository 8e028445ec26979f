//! The clock of the benches.

use std::time::Instant;

/// How long a case is repeated.
const SECONDS_A_CASE: f64 = 0.2;

/// Seconds of the fastest call, after one that touches the memory and fills the buffers. The fastest: whatever
/// else the machine does can only add to it.
pub fn fastest(mut call: impl FnMut()) -> f64 {
    call();
    let began = Instant::now();
    let mut fastest = f64::INFINITY;
    while fastest.is_infinite() || began.elapsed().as_secs_f64() < SECONDS_A_CASE {
        let start = Instant::now();
        call();
        fastest = fastest.min(start.elapsed().as_secs_f64());
    }
    fastest
}
