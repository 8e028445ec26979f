//! Interleaved rounds: in each, every candidate runs once in turn, so that whatever slows the machine for
//! a while slows them all; the median over the rounds is what is reported.

use std::time::{Duration, Instant};

/// How long a candidate runs in a round, at least; the fastest of `BURSTS` such bursts counts.
const BURST: Duration = Duration::from_millis(3);
const BURSTS: usize = 3;

/// Median seconds a call of each candidate over `n_rounds` interleaved rounds.
pub fn median_seconds(candidates: &mut [&mut dyn FnMut()], n_rounds: usize) -> Vec<f64> {
    let mut seconds = vec![Vec::with_capacity(n_rounds); candidates.len()];
    for candidate in candidates.iter_mut() {
        candidate(); // touches the memory, fills the packing buffers
    }
    for _ in 0..n_rounds {
        for (candidate, seconds) in candidates.iter_mut().zip(&mut seconds) {
            let fastest = (0..BURSTS).map(|_| burst(candidate)).fold(f64::INFINITY, f64::min);
            seconds.push(fastest);
        }
    }
    seconds.into_iter().map(median).collect()
}

/// Seconds a call over one burst.
fn burst(candidate: &mut &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    let mut calls = 0;
    while calls == 0 || start.elapsed() < BURST {
        candidate();
        calls += 1;
    }
    start.elapsed().as_secs_f64() / f64::from(calls)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}
