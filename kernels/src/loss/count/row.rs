//! One row of counts.

use super::formula::{Form, Inflation, Positives, Zeros};
use super::link::{MeanLink, SpreadLink};
use crate::Real;
use crate::fused::{Formula, sum};
use crate::simd::Simd;
use crate::vector::elementary::Elementary;

/// The parameters of a row and where its gradients go.
pub struct Row<'a, T> {
    pub form: Form<T>,
    /// Where mean and dispersion come from if they are not given.
    pub links: Option<(MeanLink<T>, SpreadLink<T>)>,
    /// (mean, dispersion, logit); what is not there is not looked at.
    pub read: [&'a [T]; 3],
    pub written: [Option<&'a mut [T]>; 3],
}

/// What a row needs beside: kept from row to row, and from call to call.
pub struct Scratch<T> {
    /// Means and dispersions, and their slopes.
    linked: [Vec<T>; 4],
    /// The loss of each count.
    losses: Vec<T>,
    /// The counts above 0.
    columns: Vec<u32>,
    counts: Vec<T>,
}

impl<T: Real> Scratch<T> {
    pub const fn new() -> Self {
        let linked = [const { Vec::new() }; 4];
        Self { linked, losses: Vec::new(), columns: Vec::new(), counts: Vec::new() }
    }

    /// Makes room for a row of `n_cols` without counts.
    pub fn clear(&mut self, n_cols: usize, has_links: bool) {
        if has_links {
            self.linked.iter_mut().for_each(|x| x.resize(n_cols, T::ZERO));
        }
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

/// Columns that go through all formulas together, so that what lies between stays in the first-level cache.
const BLOCK: usize = 512;

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
pub fn row_of<V: Simd + Elementary>(row: Row<'_, V::Elem>, scratch: &mut Scratch<V::Elem>) -> f64 {
    let Row { form, links, read: [a, b, p], written: [mut d_m, mut d_t, mut d_p] } = row;
    let Scratch { linked: [m, t, slope_m, slope_t], losses, columns, counts } = scratch;
    let n = losses.len();
    for from in (0..n).step_by(BLOCK) {
        let block = from..(from + BLOCK).min(n);
        let k = block.len();
        if let Some((mean, spread)) = links {
            let written = [Some(&mut m[block.clone()]), Some(&mut slope_m[block.clone()])];
            sum::<V, 1, 2, _>(mean, [&a[block.clone()]], written, k);
            if form.has_dispersion {
                let written = [Some(&mut t[block.clone()]), Some(&mut slope_t[block.clone()])];
                sum::<V, 1, 2, _>(spread, [&b[block.clone()]], written, k);
            }
        }
        let read = match links {
            Some(_) => [&m[..], &t[..], &slope_m[..], &slope_t[..]],
            None => [a, b, a, a],
        };
        let read = read.map(|x| &x[block.clone()]);
        let d_m = d_m.as_mut().map(|x| &mut x[block.clone()]);
        let d_t = d_t.as_mut().map(|x| &mut x[block.clone()]);
        let d_p = d_p.as_mut().map(|x| &mut x[block.clone()]);
        let mut written = [Some(&mut losses[block.clone()]), d_m, d_t];
        sum::<V, 4, 3, _>(Zeros(form), read, written.each_mut().map(|x| x.as_deref_mut()), k);
        if form.has_logit {
            let [loss, d_m, d_t] = written;
            sum::<V, 1, 4, _>(Inflation(form), [&p[block]], [loss, d_m, d_t, d_p], k);
        }
    }
    let read = match links {
        Some(_) => [&m[..], &t[..], p, &slope_m[..], &slope_t[..]],
        None => [a, b, p, a, a],
    };
    let mut gathered = [[V::Elem::ONE; GATHERED]; 5];
    let mut results = [[V::Elem::ZERO; GATHERED]; 4];
    for (columns, counts) in columns.chunks(GATHERED).zip(counts.chunks(GATHERED)) {
        let k = columns.len();
        for (to, from) in gathered.iter_mut().zip(read) {
            for (to, &j) in to.iter_mut().zip(columns) {
                *to = from[j as usize];
            }
        }
        let [m, t, p, slope_m, slope_t] = gathered.each_ref().map(|x| &x[..k]);
        let written = results.each_mut().map(|x| Some(&mut x[..k]));
        sum::<V, 6, 4, _>(Positives(form), [counts, m, t, p, slope_m, slope_t], written, k);
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
