//! One loop for every formula that reads several slices, writes several and adds up a value on the way.
//!
//! Two vectors at a time go through a formula, as in `elementwise!`; the tail of a slice is loaded in part and
//! goes through the same one. Values are added up in the number type over [`BLOCK`] elements, then in f64, in
//! an order that depends on the lengths only.

use crate::Real;
use crate::parallel;
use crate::simd::{MAX_LANES, Pair, Simd, Vector, prefetch};
use crate::vector::elementary::Elementary;

/// Elements whose values are added up in the number type before they go into an f64.
const BLOCK: usize = 256;

/// Elements that a formula which streams asks for ahead of their turn.
const AHEAD: usize = 256;

/// A formula of `I` slices that are read and `O` slices that are written.
pub(crate) trait Formula<T, const I: usize, const O: usize>: Copy {
    /// Whether it also reads what it writes; if not, it is given ones.
    const UPDATES: bool;
    /// Whether its slices are long and it does little with each element.
    const STREAMS: bool = false;

    /// (what is added up, what is written).
    fn at<V: Elementary<Elem = T>>(self, read: [V; I], written: [V; O]) -> (V, [V; O]);
}

/// The formula at every element of slices of one length; the sum of its values. Slices that are `None` are not
/// written.
#[inline(always)]
pub(crate) fn sum<V: Simd + Elementary, const I: usize, const O: usize, F: Formula<V::Elem, I, O>>(
    formula: F,
    read: [&[V::Elem]; I],
    written: [Option<&mut [V::Elem]>; O],
    n: usize,
) -> f64 {
    assert!(read.iter().all(|x| x.len() == n) && written.iter().flatten().all(|x| x.len() == n));
    let read = read.map(<[V::Elem]>::as_ptr);
    let written = written.map(|x| x.map_or(std::ptr::null_mut(), <[V::Elem]>::as_mut_ptr));
    let mut total = 0.0;
    let mut i = 0;
    while i + Pair::<V>::LANES <= n {
        let end = (i + BLOCK).min(n);
        let mut sum = Pair::<V>::of(0.0);
        while i + Pair::<V>::LANES <= end {
            if F::STREAMS {
                // More streams than a processor looks ahead of by itself.
                read.iter().for_each(|x| prefetch(x.wrapping_add(i + AHEAD)));
                written.iter().for_each(|x| prefetch(x.wrapping_add(i + AHEAD)));
            }
            // SAFETY: every slice that is there has n elements, and i + LANES <= n.
            unsafe {
                let x = read.map(|x| Pair::<V>::load(x.add(i)));
                let before = written.map(|x| {
                    if F::UPDATES && !x.is_null() { Pair::<V>::load(x.add(i)) } else { Pair::<V>::of(1.0) }
                });
                let (value, after) = formula.at(x, before);
                sum = sum.add(value);
                for o in 0..O {
                    if !written[o].is_null() {
                        after[o].store(written[o].add(i));
                    }
                }
            }
            i += Pair::<V>::LANES;
        }
        let mut lanes = [V::Elem::ZERO; 2 * MAX_LANES];
        // SAFETY: the array holds two vectors.
        unsafe { sum.store(lanes.as_mut_ptr()) };
        total += lanes.iter().map(|x| x.to_f64()).sum::<f64>();
    }
    let mut sum = V::of(0.0);
    while i < n {
        let left = n - i;
        // SAFETY: every slice that is there has n elements, of which `left` are left.
        unsafe {
            let x = read.map(|x| V::load_up_to(x.add(i), left, V::Elem::ONE));
            let before = written.map(|x| {
                if F::UPDATES && !x.is_null() {
                    V::load_up_to(x.add(i), left, V::Elem::ONE)
                } else {
                    V::of(1.0)
                }
            });
            let (value, after) = formula.at(x, before);
            sum = sum.add(value.and(V::first_lanes(left.min(V::LANES))));
            for o in 0..O {
                if !written[o].is_null() {
                    after[o].store_up_to(written[o].add(i), left);
                }
            }
        }
        i += V::LANES;
    }
    total + sum.reduce_sum().to_f64()
}

/// Slices cut for the threads: pieces of `piece` elements, `pieces_per_task` of them a task.
pub(crate) struct Cut {
    /// Elements of a piece: a row, or a chunk of one long slice.
    pub piece: usize,
    /// Pieces that make a task.
    pub pieces_per_task: usize,
}

impl Cut {
    /// One long slice in pieces of `grain`.
    pub fn long(grain: usize) -> Cut {
        Cut { piece: grain, pieces_per_task: 1 }
    }

    /// Rows of `n_cols`, some `grain` elements a task.
    pub fn rows(n_cols: usize, grain: usize) -> Cut {
        Cut { piece: n_cols.max(1), pieces_per_task: (grain / n_cols.max(1)).max(1) }
    }

    /// Calls `each(piece, read, written)` for every piece of slices of `n` elements and adds up what it
    /// returns: within tasks, then over them, in order. `sums`, if given, receives each piece's.
    /// # Panics
    /// If a slice has not `n` elements, or there is not one sum a piece.
    pub fn sum<T: Send + Sync, const I: usize, const O: usize>(
        &self,
        n: usize,
        read: [&[T]; I],
        written: [Option<&mut [T]>; O],
        sums: Option<&mut [f64]>,
        each: impl Fn(usize, [&[T]; I], [Option<&mut [T]>; O]) -> f64 + Sync + Send,
    ) -> f64 {
        let fits = read.iter().all(|x| x.len() == n) && written.iter().flatten().all(|x| x.len() == n);
        assert!(fits, "slices of other than {n} elements");
        let n_pieces = n.div_ceil(self.piece);
        assert!(sums.as_ref().is_none_or(|sums| sums.len() == n_pieces), "one sum for each of {n_pieces}");
        let run = |task: Task<'_, T, I, O>| {
            let Task { first, len, read, mut written, mut sums } = task;
            let mut total = 0.0;
            for (q, from) in (0..len).step_by(self.piece).enumerate() {
                let range = from..(from + self.piece).min(len);
                let read = read.map(|x| &x[range.clone()]);
                let written = written.each_mut().map(|x| x.as_mut().map(|x| &mut x[range.clone()]));
                let value = each(first + q, read, written);
                if let Some(sums) = &mut sums {
                    sums[q] = value;
                }
                total += value;
            }
            total
        };
        if n_pieces <= self.pieces_per_task {
            return run(Task { first: 0, len: n, read, written, sums });
        }
        let task_len = self.piece * self.pieces_per_task;
        let (mut written, mut sums) = (written, sums);
        let mut task_from = |from: usize| {
            let range = from..(from + task_len).min(n);
            let len = range.len();
            Task {
                first: from / self.piece,
                len,
                read: read.map(|x| &x[range.clone()]),
                written: written.each_mut().map(|x| split_front(x, len)),
                sums: split_front(&mut sums, len.div_ceil(self.piece)),
            }
        };
        let starts = (0..n).step_by(task_len);
        if parallel::n_threads() == 1 {
            // Nothing is allocated, and the sum is in the same order.
            return starts.map(|from| run(task_from(from))).sum();
        }
        let tasks: Vec<_> = starts.map(task_from).collect();
        parallel::map_tasks(tasks, run).into_iter().sum()
    }
}

/// What a thread gets.
struct Task<'a, T, const I: usize, const O: usize> {
    /// The first piece.
    first: usize,
    /// Elements.
    len: usize,
    read: [&'a [T]; I],
    written: [Option<&'a mut [T]>; O],
    sums: Option<&'a mut [f64]>,
}

/// Takes the first `n` elements off a slice.
fn split_front<'a, T>(slice: &mut Option<&'a mut [T]>, n: usize) -> Option<&'a mut [T]> {
    let (front, rest) = slice.take()?.split_at_mut(n);
    *slice = Some(rest);
    Some(front)
}

/// Makes a formula of `I` read and `O` written slices concrete for a tier: `fn $name(formula, read, written)`.
macro_rules! formula_kernel {
    ($(#[$meta:meta])* $name:ident: $formula:ty, $t:ty, $v:ident, $i:literal, $o:literal) => {
        $(#[$meta])*
        fn $name(formula: $formula, read: [&[$t]; $i], written: [Option<&mut [$t]>; $o], n: usize) -> f64 {
            #[inline(always)]
            fn kernel<V: $crate::simd::Simd<Elem = $t> + $crate::vector::elementary::Elementary>(
                formula: $formula,
                read: [&[$t]; $i],
                written: [Option<&mut [$t]>; $o],
                n: usize,
            ) -> f64 {
                $crate::fused::sum::<V, $i, $o, $formula>(formula, read, written, n)
            }
            dispatch! {
                fn chunk(
                    formula: $formula,
                    read: [&[$t]; $i],
                    written: [Option<&mut [$t]>; $o],
                    n: usize,
                ) -> f64 = kernel::<$v>;
            }
            chunk(formula, read, written, n)
        }
    };
}
