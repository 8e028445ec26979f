//! Threads. One pool is entered at the outermost call; work is cut into chunks whose size never depends
//! on the number of threads, and partial results are combined in chunk order, so every thread count gives
//! the same bits.

use rayon::prelude::*;
use std::marker::PhantomData;
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
    let n_chunks = n.div_ceil(chunk.max(1));
    let mut nothing = vec![(); n_chunks];
    map_parts(&mut nothing, n_chunks, &|q| q, &|q, _| f(q * chunk..((q + 1) * chunk).min(n)))
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
    let (n_blocks, rows, len) = row_blocks(data.len(), row_len, rows_per_chunk);
    let start = |q: usize| (q * rows * row_len).min(len);
    each_part(data, n_blocks, &start, &|q, block| f(q * rows, block));
}

/// Cuts `data` into parts, part `q` ending at `ends[q]`, and calls `f(q, part)` on each, in parallel.
/// # Panics
/// If `ends` decreases or passes the end of `data`.
pub fn for_each_part<T: Send>(data: &mut [T], ends: &[usize], f: impl Fn(usize, &mut [T]) + Sync + Send) {
    let start = |q: usize| if q == 0 { 0 } else { ends[q - 1] };
    each_part(data, ends.len(), &start, &f);
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
    let (n_blocks, rows, len) = row_blocks(data.len(), row_len, rows_per_chunk);
    let start = |q: usize| (q * rows * row_len).min(len);
    map_parts(data, n_blocks, &start, &|q, block| f(q * rows, block))
}

/// Calls `f(q)` for every `q` below `n`, in parallel, and allocates nothing.
pub fn for_each_task(n: usize, f: &(dyn Fn(usize) + Sync)) {
    each_index(n, f);
}

/// Calls `f` on every task, in parallel, and returns the results in the order of the tasks.
pub fn map_tasks<T: Send, R: Send>(tasks: Vec<T>, f: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    let mut tasks: Vec<Option<T>> = tasks.into_iter().map(Some).collect();
    let n_tasks = tasks.len();
    map_parts(&mut tasks, n_tasks, &|q| q, &|_, task| f(task[0].take().expect("each task is taken once")))
}

/// The number of blocks that `len` elements make, the rows of one, and `len`.
fn row_blocks(len: usize, row_len: usize, rows_per_chunk: usize) -> (usize, usize, usize) {
    let rows = rows_per_chunk.max(1);
    if len == 0 || row_len == 0 {
        return (0, rows, len);
    }
    assert!(len.is_multiple_of(row_len), "{len} elements are not whole rows of {row_len}");
    (len.div_ceil(rows * row_len), rows, len)
}

/// The places of a slice that tasks share, each touching its own.
pub(crate) struct Places<'a, T> {
    first: *mut T,
    _slice: PhantomData<&'a mut [T]>,
}

// SAFETY: whoever calls `part` vouches that no two tasks touch the same element, so that elements are sent to
// a task each and shared by none.
unsafe impl<T: Send> Sync for Places<'_, T> {}

impl<'a, T> Places<'a, T> {
    pub(crate) fn new(data: &'a mut [T]) -> Self {
        Self { first: data.as_mut_ptr(), _slice: PhantomData }
    }

    /// Where element `start` lies, if there is one.
    pub(crate) fn start(&self, start: usize) -> *mut T {
        self.first.wrapping_add(start)
    }

    /// The elements `start..end`.
    /// # Safety
    /// They lie in the slice, and as long as they are held nobody else asks for one of them.
    pub(crate) unsafe fn part(&self, start: usize, end: usize) -> &'a mut [T] {
        // SAFETY: the caller's word.
        unsafe { std::slice::from_raw_parts_mut(self.first.add(start), end - start) }
    }
}

/// Calls `f(q, part)` for the parts `start(q)..start(q + 1)` of `data`, in parallel.
///
/// Every parallel loop ends here, and here the closure is a pointer: rayon's machinery is compiled once and
/// not for each of them, which is a third of a megabyte; a call through a pointer is nothing beside a part.
/// # Panics
/// If `start` decreases or passes the end of `data`.
fn each_part<T: Send>(
    data: &mut [T],
    n_parts: usize,
    start: &(dyn Fn(usize) -> usize + Sync),
    f: &(dyn Fn(usize, &mut [T]) + Sync),
) {
    let rising = (0..n_parts).all(|q| start(q) <= start(q + 1));
    assert!(rising && (n_parts == 0 || start(n_parts) <= data.len()), "parts rise within the data");
    let places = Places::new(data);
    each_index(n_parts, &|q| {
        // SAFETY: parts lie in the data and do not overlap, as asserted; each index is one task's.
        f(q, unsafe { places.part(start(q), start(q + 1)) });
    });
}

/// Some columns of a row-major matrix, writable.
pub struct Stripe<'a, T> {
    /// The stripe's first element of row 0.
    first: *mut T,
    n_rows: usize,
    n_cols: usize,
    width: usize,
    _matrix: PhantomData<&'a mut [T]>,
}

impl<T> Stripe<'_, T> {
    /// Rows of the matrix.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Columns of the whole matrix.
    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    /// Columns of the stripe.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The stripe's part of row `i`.
    /// # Panics
    /// If there is no such row.
    #[inline(always)]
    pub fn row(&mut self, i: usize) -> &mut [T] {
        assert!(i < self.n_rows);
        // SAFETY: row i exists and the stripe lies within its columns, no other stripe holds one of them, and `self`
        // is borrowed as long as the row is.
        unsafe { std::slice::from_raw_parts_mut(self.first.add(i * self.n_cols), self.width) }
    }
}

/// Cuts matrices of `n_cols` columns into stripes of `width` of them and calls `f(first_column, stripes)` on each, in
/// parallel; the matrices may have different numbers of rows.
/// # Panics
/// If a matrix is not whole rows.
pub fn for_each_stripe<T: Send, const N: usize>(
    matrices: [&mut [T]; N],
    n_cols: usize,
    width: usize,
    f: impl Fn(usize, [&mut Stripe<T>; N]) + Sync + Send,
) {
    if n_cols == 0 || width == 0 {
        return;
    }
    let n_rows = matrices.each_ref().map(|matrix| {
        assert!(
            matrix.len().is_multiple_of(n_cols),
            "{} elements are not whole rows of {n_cols}",
            matrix.len()
        );
        matrix.len() / n_cols
    });
    let places = matrices.map(Places::new);
    each_index(n_cols.div_ceil(width), &|q| {
        let first = q * width;
        let mut stripes: [Stripe<T>; N] = std::array::from_fn(|s| Stripe {
            // Of an empty matrix no element is ever asked for.
            first: places[s].first.wrapping_add(first),
            n_rows: n_rows[s],
            n_cols,
            width: width.min(n_cols - first),
            _matrix: PhantomData,
        });
        f(first, stripes.each_mut());
    });
}

/// As [`each_part`], and returns what `f` returns, in order.
fn map_parts<T: Send, R: Send>(
    data: &mut [T],
    n_parts: usize,
    start: &(dyn Fn(usize) -> usize + Sync),
    f: &(dyn Fn(usize, &mut [T]) -> R + Sync),
) -> Vec<R> {
    let mut results: Vec<Option<R>> = (0..n_parts).map(|_| None).collect();
    let places = Places::new(&mut results);
    each_part(data, n_parts, start, &|q, part| {
        // SAFETY: q is below the number of results and this task's alone.
        let place = unsafe { places.part(q, q + 1) };
        place[0] = Some(f(q, part));
    });
    results.into_iter().map(|result| result.expect("every part has run")).collect()
}

fn each_index(n: usize, f: &(dyn Fn(usize) + Sync)) {
    if n <= 1 || n_threads() == 1 { (0..n).for_each(f) } else { (0..n).into_par_iter().for_each(f) }
}

/// Runs both closures, in parallel where threads are free.
pub fn join<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    if n_threads() == 1 { (a(), b()) } else { rayon::join(a, b) }
}
