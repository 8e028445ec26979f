//! Where patches of one picture lie in another, by inverse search (Baker & Matthews 2001; Kroeger, Timofte, Dai & Van
//! Gool 2016).
//!
//! The displacement u of a patch T of picture I minimises sum_p (J(p + u) - T(p) - mean)^2, means removed so that light
//! may change. With gradients g of T, which do not change while u does, a step is
//!
//! u <- u - H^-1 b,   H = sum g g' - (sum g)(sum g)' / n,   b = sum g (J(p + u) - T(p)) - (sum g) mean

use super::Grey;
use crate::simd::Simd;
use std::ops::Range;

/// Height and width of a patch: a row is a vector.
pub const PATCH: usize = 8;

/// Pixels of a patch.
const N: f32 = (PATCH * PATCH) as f32;

/// Squared length of a step below which a search ends, pixels.
const STILL: f32 = 1e-4;

/// A determinant of H below which a patch tells nothing of its motion.
const FLAT: f32 = 1e-3;

/// Patches of the first picture `spacing` pixels apart, that are looked for in the second.
#[derive(Clone, Copy, Debug)]
pub struct Patches<'a> {
    /// Where patches are taken.
    pub first: Grey<'a>,
    /// Its gradients to the right and down, a value a pixel each.
    pub gradient: [&'a [f32]; 2],
    /// Where they are looked for, of the same size.
    pub second: Grey<'a>,
    /// From patch to patch, 1 to [`PATCH`].
    pub spacing: usize,
    /// Steps of a search at the most.
    pub n_iter: usize,
}

/// What a displacement is worth: the sum of squares, and b.
type Terms = [f32; 3];

impl Patches<'_> {
    /// Patches in a column and in a row of them: the last ones end at the border.
    pub fn counts(&self) -> [usize; 2] {
        [self.first.height(), self.first.width()].map(|size| (size - PATCH).div_ceil(self.spacing) + 1)
    }

    /// The first pixel of patch `k` along a side of `size` pixels.
    #[inline(always)]
    fn place(&self, k: usize, size: usize) -> usize {
        (k * self.spacing).min(size - PATCH)
    }

    fn check(&self) {
        let (h, w) = (self.first.height(), self.first.width());
        assert!(h > PATCH && w > PATCH, "a picture is larger than a patch");
        assert!((1..=PATCH).contains(&self.spacing), "patches cover the picture");
        assert_eq!([self.second.height(), self.second.width()], [h, w], "pictures of one size");
        assert!(self.gradient.iter().all(|plane| plane.len() == h * w), "a gradient a pixel");
    }

    /// Displacements (right, down) of the patches of `rows` of them, from where `guess` (two planes) says their middles
    /// go, and from where their neighbours in these rows have gone: once from the first to the last, once back.
    /// # Panics
    /// If sizes do not agree, or the pictures are not larger than a patch.
    pub fn search(&self, guess: [&[f32]; 2], rows: Range<usize>, found: &mut [[f32; 2]]) {
        self.check();
        let n = self.first.height() * self.first.width();
        assert!(guess.iter().all(|plane| plane.len() == n), "a guess a pixel");
        assert!(
            rows.end <= self.counts()[0] && found.len() == rows.len() * self.counts()[1],
            "one place a patch"
        );
        search_rows(*self, guess, rows, found);
    }

    /// The sum of squares at displacement u of the patch whose first pixel is (y, x), and b.
    /// # Panics
    /// If the patch does not lie in the picture.
    pub fn terms(&self, [y, x]: [usize; 2], u: [f32; 2]) -> Terms {
        self.check();
        assert!(
            y + PATCH <= self.first.height() && x + PATCH <= self.first.width(),
            "a patch of the picture"
        );
        terms_at(*self, y, x, u)
    }

    /// The flow of rows of pixels: at every pixel the mean of what the patches over it say, each weighed by
    /// 1 / max(1, |J(p + u) - I(p)|); `found` are all patches' displacements, `flow` two planes of these rows.
    /// # Panics
    /// If sizes do not agree.
    pub fn spread(&self, found: &[[f32; 2]], rows: Range<usize>, flow: [&mut [f32]; 2]) {
        self.check();
        let (w, [n_down, n_across]) = (self.first.width(), self.counts());
        assert!(found.len() == n_down * n_across && flow.iter().all(|plane| plane.len() == rows.len() * w));
        spread_rows(*self, found, rows, flow);
    }
}

#[inline(always)]
fn spread<V: Simd<Elem = f32>>(
    patches: Patches,
    found: &[[f32; 2]],
    rows: Range<usize>,
    [right, down]: [&mut [f32]; 2],
) {
    let (h, w) = (patches.first.height(), patches.first.width());
    let mut weights = vec![0.0_f32; right.len()];
    right.fill(0.0);
    down.fill(0.0);
    for (k, found) in found.chunks_exact(patches.counts()[1]).enumerate() {
        let top = patches.place(k, h);
        let own_rows = top.max(rows.start)..(top + PATCH).min(rows.end);
        for (l, &u) in found.iter().enumerate() {
            let x = patches.place(l, w);
            for y in own_rows.clone() {
                let at = (y - rows.start) * w + x;
                let own = &patches.first.row(y as isize)[x..x + PATCH];
                let there = displaced_row::<V>(patches.second, y as f32 + u[1], x as f32 + u[0]);
                // SAFETY: a row of a patch has as many pixels as a vector has lanes.
                let own = unsafe { V::load(own.as_ptr()) };
                let weight = V::of(1.0).div(there.sub(own).abs().max(V::of(1.0)));
                add(&mut right[at..at + PATCH], weight.mul(V::splat(u[0])));
                add(&mut down[at..at + PATCH], weight.mul(V::splat(u[1])));
                add(&mut weights[at..at + PATCH], weight);
            }
        }
    }
    for ((right, down), weight) in right.iter_mut().zip(down).zip(&weights) {
        *right /= weight;
        *down /= weight;
    }
}

/// Adds a vector to as many values.
#[inline(always)]
fn add<V: Simd<Elem = f32>>(values: &mut [f32], more: V) {
    assert_eq!(values.len(), PATCH);
    // SAFETY: as many values as lanes.
    unsafe { V::load(values.as_ptr()).add(more).store(values.as_mut_ptr()) }
}

/// The values of a picture at (y, x), (y, x + 1), ... (y, x + 7).
#[inline(always)]
fn displaced_row<V: Simd<Elem = f32>>(picture: Grey, y: f32, x: f32) -> V {
    let (h, w) = (picture.height(), picture.width());
    let is_inside = y >= 0.0 && x >= 0.0 && y < (h - 1) as f32 && x < (w - PATCH) as f32;
    if !is_inside {
        let mut values = [0.0; PATCH];
        for (q, value) in values.iter_mut().enumerate() {
            *value = picture.at(y, x + q as f32);
        }
        // SAFETY: as many values as lanes.
        return unsafe { V::load(values.as_ptr()) };
    }
    let (y0, x0) = (y as usize, x as usize);
    let (fy, fx) = (V::splat(y - y0 as f32), V::splat(x - x0 as f32));
    let upper = &picture.pixels()[y0 * w + x0..][..PATCH + 1];
    let lower = &picture.pixels()[(y0 + 1) * w + x0..][..PATCH + 1];
    // SAFETY: both slices have 9 elements, a vector from the first on and one from the second on.
    let (a, b, c, d) = unsafe {
        (
            V::load(upper.as_ptr()),
            V::load(upper.as_ptr().add(1)),
            V::load(lower.as_ptr()),
            V::load(lower.as_ptr().add(1)),
        )
    };
    let (top, bottom) = (b.sub(a).mul_add(fx, a), d.sub(c).mul_add(fx, c));
    bottom.sub(top).mul_add(fy, top)
}

/// A patch as the search reads it.
struct Template<V> {
    pixels: [V; PATCH],
    right: [V; PATCH],
    down: [V; PATCH],
    /// Sums of the gradients.
    sums: [f32; 2],
    y: usize,
    x: usize,
}

/// The sum of all values of a patch.
#[inline(always)]
fn sum<V: Simd<Elem = f32>>(rows: &[V; PATCH]) -> f32 {
    let mut sum = rows[0];
    for row in &rows[1..] {
        sum = sum.add(*row);
    }
    sum.reduce_sum()
}

/// The sum of products of two patches.
#[inline(always)]
fn dot<V: Simd<Elem = f32>>(a: &[V; PATCH], b: &[V; PATCH]) -> f32 {
    let mut sum = V::of(0.0);
    for (a, b) in a.iter().zip(b) {
        sum = a.mul_add(*b, sum);
    }
    sum.reduce_sum()
}

/// The rows of a patch of a plane.
#[inline(always)]
fn patch_of<V: Simd<Elem = f32>>(plane: &[f32], width: usize, y: usize, x: usize) -> [V; PATCH] {
    let mut rows = [V::of(0.0); PATCH];
    for (r, row) in rows.iter_mut().enumerate() {
        let pixels = &plane[(y + r) * width + x..][..PATCH];
        // SAFETY: a row of a patch has 8 pixels, as many as a vector of f32 has lanes.
        *row = unsafe { V::load(pixels.as_ptr()) };
    }
    rows
}

impl<V: Simd<Elem = f32>> Template<V> {
    #[inline(always)]
    fn new(patches: &Patches, y: usize, x: usize) -> Template<V> {
        let width = patches.first.width();
        let pixels = patch_of(patches.first.pixels(), width, y, x);
        let right = patch_of(patches.gradient[0], width, y, x);
        let down = patch_of(patches.gradient[1], width, y, x);
        Template { pixels, sums: [sum(&right), sum(&down)], right, down, y, x }
    }

    /// H^-1, 0 where the patch is too flat to tell.
    #[inline(always)]
    fn inverse(&self) -> [f32; 3] {
        let [sx, sy] = self.sums;
        let xx = dot(&self.right, &self.right) - sx * sx / N;
        let xy = dot(&self.right, &self.down) - sx * sy / N;
        let yy = dot(&self.down, &self.down) - sy * sy / N;
        let determinant = xx * yy - xy * xy;
        if determinant > FLAT { [yy / determinant, -xy / determinant, xx / determinant] } else { [0.0; 3] }
    }

    #[inline(always)]
    fn terms(&self, second: Grey, u: [f32; 2]) -> Terms {
        // Kept within the picture as a whole; at its border from the pixel before on, all of the way.
        let (most_x, most_y) = (second.width() - PATCH, second.height() - PATCH);
        let x = (self.x as f32 + u[0]).max(0.0).min(most_x as f32);
        let y = (self.y as f32 + u[1]).max(0.0).min(most_y as f32);
        let (x0, y0) = ((x as usize).min(most_x - 1), (y as usize).min(most_y - 1));
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let (a, b) = (V::splat((1.0 - fx) * (1.0 - fy)), V::splat(fx * (1.0 - fy)));
        let (c, d) = (V::splat((1.0 - fx) * fy), V::splat(fx * fy));
        let (mut sum, mut squares, mut right, mut down) = (V::of(0.0), V::of(0.0), V::of(0.0), V::of(0.0));
        let width = second.width();
        for r in 0..PATCH {
            let upper = &second.pixels()[(y0 + r) * width + x0..][..PATCH + 1];
            let lower = &second.pixels()[(y0 + r + 1) * width + x0..][..PATCH + 1];
            // SAFETY: both slices have 9 elements, a vector from the first on and one from the second on.
            let there = unsafe {
                let top = V::load(upper.as_ptr()).mul(a);
                let top = V::load(upper.as_ptr().add(1)).mul_add(b, top);
                let bottom = V::load(lower.as_ptr()).mul_add(c, top);
                V::load(lower.as_ptr().add(1)).mul_add(d, bottom)
            };
            let difference = there.sub(self.pixels[r]);
            sum = sum.add(difference);
            squares = difference.mul_add(difference, squares);
            right = difference.mul_add(self.right[r], right);
            down = difference.mul_add(self.down[r], down);
        }
        let sum = sum.reduce_sum();
        let [sx, sy] = self.sums;
        [
            squares.reduce_sum() - sum * sum / N,
            right.reduce_sum() - sum * sx / N,
            down.reduce_sum() - sum * sy / N,
        ]
    }

    /// The best of the candidates, made better by steps as long as they do.
    #[inline(always)]
    fn search(&self, second: Grey, candidates: &[[f32; 2]], n_iter: usize) -> [f32; 2] {
        let mut u = candidates[0];
        let mut terms = self.terms(second, u);
        for &candidate in &candidates[1..] {
            let others = self.terms(second, candidate);
            if others[0] < terms[0] {
                (u, terms) = (candidate, others);
            }
        }
        let (start, [xx, xy, yy]) = (u, self.inverse());
        for _ in 0..n_iter {
            let step = [xx * terms[1] + xy * terms[2], xy * terms[1] + yy * terms[2]];
            let next = [u[0] - step[0], u[1] - step[1]];
            let others = self.terms(second, next);
            if others[0] >= terms[0] || others[0].is_nan() {
                break;
            }
            (u, terms) = (next, others);
            if step[0] * step[0] + step[1] * step[1] < STILL {
                break;
            }
        }
        // Farther than its own size a patch has lost its way.
        let far = (u[0] - start[0]).hypot(u[1] - start[1]) > PATCH as f32;
        if far { start } else { u }
    }
}

#[inline(always)]
fn search_stripe<V: Simd<Elem = f32>>(
    patches: Patches,
    guess: [&[f32]; 2],
    rows: Range<usize>,
    found: &mut [[f32; 2]],
) {
    let (h, w) = (patches.first.height(), patches.first.width());
    let (n_down, n_across) = (rows.len(), patches.counts()[1]);
    for back in [false, true] {
        for at in 0..n_down * n_across {
            let at = if back { n_down * n_across - 1 - at } else { at };
            let (k, l) = (at / n_across, at % n_across);
            let (y, x) = (patches.place(rows.start + k, h), patches.place(l, w));
            let middle = (y + PATCH / 2) * w + x + PATCH / 2;
            let own = if back { found[at] } else { [guess[0][middle], guess[1][middle]] };
            let (mut candidates, mut n) = ([own; 3], 1);
            let beside = if back { l + 1 < n_across } else { l > 0 };
            let along = if back { k + 1 < n_down } else { k > 0 };
            for (is_there, distance) in [(beside, 1), (along, n_across)] {
                if is_there {
                    candidates[n] = found[if back { at + distance } else { at - distance }];
                    n += 1;
                }
            }
            let n_iter = if back { patches.n_iter / 2 } else { patches.n_iter };
            let template = Template::<V>::new(&patches, y, x);
            found[at] = template.search(patches.second, &candidates[..n], n_iter);
        }
    }
}

#[inline(always)]
fn terms<V: Simd<Elem = f32>>(patches: Patches, y: usize, x: usize, u: [f32; 2]) -> Terms {
    Template::<V>::new(&patches, y, x).terms(patches.second, u)
}

dispatch! {
    fn spread_rows(patches: Patches, found: &[[f32; 2]], rows: Range<usize>, flow: [&mut [f32]; 2]) = spread::<F32>;
    fn search_rows(patches: Patches, guess: [&[f32]; 2], rows: Range<usize>, found: &mut [[f32; 2]]) = search_stripe::<F32>;
    fn terms_at(patches: Patches, y: usize, x: usize, u: [f32; 2]) -> Terms = terms::<F32>;
}
