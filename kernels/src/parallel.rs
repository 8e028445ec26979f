//! Threads. One pool is entered at the outermost call; work is cut into chunks whose size never depends
//! on the number of threads, and partial results are combined in chunk order, so every thread count gives
//! the same bits.

use rayon::prelude::*;
use std::ops::Range;

/// Elements of a memory-bound loop below which threads do not pay.
pub const BANDWIDTH_GRAIN: usize = 32 * 1024;

/// Elements of a loop of exponentials below which threads do not pay.
pub const EXP_GRAIN: usize = 8 * 1024;

/// Runs `f` on a pool of `n_threads` (0: as many as the machine has).
pub fn with_threads<R: Send>(n_threads: usize, f: impl FnOnce() -> R + Send) -> R {
    match rayon::ThreadPoolBuilder::new().num_threads(n_threads).build() {
        Ok(pool) => pool.install(f),
        // A machine that refuses new threads still computes, on this one.
        Err(_) => f(),
    }
}

/// The number of threads of the current pool.
pub fn n_threads() -> usize {
    rayon::current_num_threads()
}

/// Calls `f(range)` for every chunk of `0..n`, in parallel, and returns the results in chunk order.
pub fn map_chunks<R: Send>(n: usize, chunk: usize, f: impl Fn(Range<usize>) -> R + Sync + Send) -> Vec<R> {
    let range = |q: usize| q * chunk..((q + 1) * chunk).min(n);
    let n_chunks = n.div_ceil(chunk.max(1));
    if n_chunks <= 1 || n_threads() == 1 {
        return (0..n_chunks).map(|q| f(range(q))).collect();
    }
    (0..n_chunks).into_par_iter().map(|q| f(range(q))).collect()
}

/// Cuts `data` into blocks of `rows_per_chunk` rows of `row_len` elements and calls
/// `f(first_row, block)` on each, in parallel.
/// # Panics
/// If `data` is not a whole number of rows.
pub fn for_each_row_block<T: Send>(
    data: &mut [T],
    row_len: usize,
    rows_per_chunk: usize,
    f: impl Fn(usize, &mut [T]) + Sync + Send,
) {
    if data.is_empty() || row_len == 0 {
        return;
    }
    assert!(data.len().is_multiple_of(row_len), "{} elements are not whole rows of {row_len}", data.len());
    let chunk = rows_per_chunk.max(1) * row_len;
    if data.len() <= chunk || n_threads() == 1 {
        data.chunks_mut(chunk).enumerate().for_each(|(q, block)| f(q * rows_per_chunk.max(1), block));
    } else {
        data.par_chunks_mut(chunk).enumerate().for_each(|(q, block)| f(q * rows_per_chunk.max(1), block));
    }
}

/// Cuts `data` into parts, part `q` ending at `ends[q]`, and calls `f(q, part)` on each, in parallel.
/// # Panics
/// If `ends` decreases or passes the end of `data`.
pub fn for_each_part<T: Send>(data: &mut [T], ends: &[usize], f: impl Fn(usize, &mut [T]) + Sync + Send) {
    let mut parts = Vec::with_capacity(ends.len());
    let (mut rest, mut start) = (data, 0);
    for &end in ends {
        let (part, beyond) = rest.split_at_mut(end - start);
        parts.push(part);
        (rest, start) = (beyond, end);
    }
    if parts.len() <= 1 || n_threads() == 1 {
        parts.into_iter().enumerate().for_each(|(q, part)| f(q, part));
    } else {
        parts.into_par_iter().enumerate().for_each(|(q, part)| f(q, part));
    }
}

/// As [`for_each_row_block`], and returns what `f` returns of each block, in order.
/// # Panics
/// If `data` is not a whole number of rows.
pub fn map_row_blocks<T: Send, R: Send>(
    data: &mut [T],
    row_len: usize,
    rows_per_chunk: usize,
    f: impl Fn(usize, &mut [T]) -> R + Sync + Send,
) -> Vec<R> {
    if data.is_empty() || row_len == 0 {
        return Vec::new();
    }
    assert!(data.len().is_multiple_of(row_len), "{} elements are not whole rows of {row_len}", data.len());
    let rows_per_chunk = rows_per_chunk.max(1);
    let chunk = rows_per_chunk * row_len;
    if data.len() <= chunk || n_threads() == 1 {
        data.chunks_mut(chunk).enumerate().map(|(q, block)| f(q * rows_per_chunk, block)).collect()
    } else {
        data.par_chunks_mut(chunk).enumerate().map(|(q, block)| f(q * rows_per_chunk, block)).collect()
    }
}

/// Calls `f` on every task, in parallel, and returns the results in the order of the tasks.
pub fn map_tasks<T: Send, R: Send>(tasks: Vec<T>, f: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    if tasks.len() <= 1 || n_threads() == 1 {
        tasks.into_iter().map(f).collect()
    } else {
        tasks.into_par_iter().map(f).collect()
    }
}

/// Runs both closures, in parallel where threads are free.
pub fn join<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    if n_threads() == 1 { (a(), b()) } else { rayon::join(a, b) }
}
