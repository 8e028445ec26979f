//! One row of counts.

use super::formula::{Form, Positives, Zeros};
use crate::Real;
use crate::fused::{Formula, sum};
use crate::simd::Simd;
use crate::vector::elementary::Elementary;

/// The parameters of a row and where its gradients go.
pub struct Row<'a, T> {
    pub read: [&'a [T]; 3],
    pub written: [Option<&'a mut [T]>; 3],
}

/// The loss of each count of a row, and the counts above 0.
pub struct Scratch<T> {
    losses: Vec<T>,
    columns: Vec<u32>,
    counts: Vec<T>,
}

impl<T: Real> Scratch<T> {
    pub const fn new() -> Self {
        Self { losses: Vec::new(), columns: Vec::new(), counts: Vec::new() }
    }

    /// Makes room for a row of `n_cols` without counts.
    pub fn clear(&mut self, n_cols: usize) {
        self.losses.resize(n_cols, T::ZERO);
        self.columns.clear();
        self.counts.clear();
    }

    /// Adds a count above 0.
    pub fn push(&mut self, j: usize, x: T) {
        self.columns.push(j as u32);
        self.counts.push(x);
    }
}

/// Counts above 0 that are gathered at once.
const GATHERED: usize = 128;

/// The identity, to add up a slice.
#[derive(Clone, Copy)]
struct Itself;

impl<T> Formula<T, 1, 0> for Itself {
    const UPDATES: bool = false;
    #[inline(always)]
    fn at<V: Elementary<Elem = T>>(self, [x]: [V; 1], _: [V; 0]) -> (V, [V; 0]) {
        (x, [])
    }
}

/// Minus the log likelihood of a row.
#[inline(always)]
pub fn row_of<V: Simd + Elementary>(
    form: Form<V::Elem>,
    row: Row<'_, V::Elem>,
    scratch: &mut Scratch<V::Elem>,
) -> f64 {
    let Row { read, written: [mut d_m, mut d_t, mut d_p] } = row;
    let Scratch { losses, columns, counts } = scratch;
    let n = losses.len();
    let written = [Some(&mut losses[..]), d_m.as_deref_mut(), d_t.as_deref_mut(), d_p.as_deref_mut()];
    sum::<V, 3, 4, _>(Zeros(form), read, written, n);
    let mut gathered = [[V::Elem::ZERO; GATHERED]; 3];
    let mut results = [[V::Elem::ZERO; GATHERED]; 4];
    for (columns, counts) in columns.chunks(GATHERED).zip(counts.chunks(GATHERED)) {
        let k = columns.len();
        for (to, from) in gathered.iter_mut().zip(read) {
            for (to, &j) in to.iter_mut().zip(columns) {
                *to = from[j as usize];
            }
        }
        let [a, b, p] = &gathered;
        let written = results.each_mut().map(|x| Some(&mut x[..k]));
        sum::<V, 4, 4, _>(Positives(form), [counts, &a[..k], &b[..k], &p[..k]], written, k);
        let targets = [Some(&mut losses[..]), d_m.as_deref_mut(), d_t.as_deref_mut(), d_p.as_deref_mut()];
        for (from, to) in results.iter().zip(targets) {
            if let Some(to) = to {
                for (&value, &j) in from.iter().zip(columns) {
                    to[j as usize] = value;
                }
            }
        }
    }
    sum::<V, 1, 0, _>(Itself, [losses], [], n)
}
