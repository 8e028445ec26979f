//! Collapsed variational inference of order zero (Asuncion, Welling, Smyth & Teh 2009, eq. 17).
//!
//! ```text
//! g_dwk ~ (n_dk - g_dwk + alpha_k) (n_wk - g_dwk + eta_wk) / (n_k - g_dwk + sum_w eta_wk),   sum_k g_dwk = 1
//! ```
//! with n_dk = sum_w x_dw g_dwk and so on: Gibbs sampling's weights with expected counts. n_dk moves with every word;
//! n_wk and n_k are those of the sweep before, so that documents do not see each other and no sum drifts.

use super::LANES;
use crate::simd::Simd;
use crate::sparse::CsrRef;

/// What a sweep reads of the topics.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// alpha, stride; 0 in the padding.
    pub alpha: &'a [f32],
    /// Rows of eta, a stride each; 0 in the padding.
    pub eta: &'a [f32],
    /// Of each word its row of `eta`; empty where all have the first.
    pub eta_of: &'a [u32],
    /// n_wk, n_words x stride.
    pub by_word: &'a [f32],
    /// n_k + sum_w eta_wk, stride; above 1 in the padding.
    pub totals: &'a [f32],
}

/// Sweeps the documents `first..` of `x`: `shares` holds g of their entries, entries x stride; adds x g to
/// `new_by_word`, n_words x stride, and leaves n_dk in `by_doc`, documents x stride. Returns the sum over the entries
/// of x ln sum_k (weight of k).
/// # Panics
/// If the sizes do not agree.
pub fn collapse(
    expected: &Expected,
    x: CsrRef<f32>,
    first: usize,
    shares: &mut [f32],
    by_doc: &mut [f32],
    new_by_word: &mut [f32],
) -> f64 {
    dispatch! {
        fn sweep(expected: &Expected, x: CsrRef<f32>, first: usize, shares: &mut [f32], by_doc: &mut [f32],
                 new_by_word: &mut [f32]) -> f64 = sweep_kernel::<F32>;
    }
    let stride = expected.alpha.len();
    assert!(
        stride > 0 && stride.is_multiple_of(LANES) && expected.totals.len() == stride,
        "rows of a stride"
    );
    assert!(!expected.eta.is_empty() && expected.eta.len().is_multiple_of(stride), "rows of a stride");
    assert!(expected.by_word.len() == x.n_cols() * stride && new_by_word.len() == expected.by_word.len());
    assert!(expected.eta_of.is_empty() || expected.eta_of.len() == x.n_cols(), "one row of eta a word");
    assert!(expected.eta_of.iter().all(|&row| (row as usize) < expected.eta.len() / stride));
    assert!(by_doc.len().is_multiple_of(stride) && first + by_doc.len() / stride <= x.n_rows());
    let indptr = x.pattern().indptr();
    let n_entries = indptr[first + by_doc.len() / stride] - indptr[first];
    assert_eq!(shares.len(), n_entries * stride, "one row of shares an entry");
    sweep(expected, x, first, shares, by_doc, new_by_word)
}

#[inline(always)]
fn sweep_kernel<V: Simd<Elem = f32>>(
    expected: &Expected,
    x: CsrRef<f32>,
    first: usize,
    shares: &mut [f32],
    by_doc: &mut [f32],
    new_by_word: &mut [f32],
) -> f64 {
    let stride = expected.alpha.len();
    let (mut done, mut ln_sum) = (0, 0.0);
    for (i, doc) in by_doc.chunks_exact_mut(stride).enumerate() {
        let (columns, values) = x.row(first + i);
        let shares = &mut shares[done * stride..(done + columns.len()) * stride];
        done += columns.len();
        // n_dk afresh: what a sweep has added and taken leaves no rounding behind.
        doc.fill(0.0);
        for (share, &count) in shares.chunks_exact(stride).zip(values) {
            doc.iter_mut().zip(share).for_each(|(n, g)| *n += count * g);
        }
        let alpha = expected.alpha;
        for ((share, &word), &count) in shares.chunks_exact_mut(stride).zip(columns).zip(values) {
            let row = word as usize * stride;
            let eta = match expected.eta_of {
                [] => &expected.eta[..stride],
                rows => &expected.eta[rows[word as usize] as usize * stride..][..stride],
            };
            let old = &expected.by_word[row..row + stride];
            let new = &mut new_by_word[row..row + stride];
            // SAFETY: every slice has a stride, a multiple of LANES: four by the lines above, the share and the
            // document by their chunks, alpha and the totals as asserted by the caller.
            let total = unsafe { weigh::<V>(share, doc, alpha, old, eta, expected.totals, count) };
            ln_sum += f64::from(count) * f64::from(total).ln();
            let scale = V::splat(count / total);
            let unit = V::splat(1.0 / total);
            for at in (0..stride).step_by(LANES) {
                // SAFETY: as above.
                unsafe {
                    let weight = V::load(share.as_ptr().add(at));
                    weight.mul(unit).store(share.as_mut_ptr().add(at));
                    let n = doc.as_mut_ptr().add(at);
                    weight.mul_add(scale, V::load(n)).store(n);
                    let n = new.as_mut_ptr().add(at);
                    weight.mul_add(scale, V::load(n)).store(n);
                }
            }
        }
    }
    ln_sum
}

/// Replaces a share by its new weights, and takes its old part out of the document's counts. Returns the sum of the
/// weights.
/// # Safety
/// All slices must have the length of `share`, a multiple of LANES.
#[inline(always)]
unsafe fn weigh<V: Simd<Elem = f32>>(
    share: &mut [f32],
    doc: &mut [f32],
    alpha: &[f32],
    by_word: &[f32],
    eta: &[f32],
    totals: &[f32],
    count: f32,
) -> f32 {
    let (zero, count) = (V::splat(0.0), V::splat(count));
    let mut sum = zero;
    for at in (0..share.len()).step_by(LANES) {
        // SAFETY: at + LANES <= the length of all, the caller's word.
        unsafe {
            let g = V::load(share.as_ptr().add(at));
            let n_dk = V::load(doc.as_ptr().add(at));
            // Rounding may leave less than nothing.
            let of_doc = n_dk.sub(g).max(zero).add(V::load(alpha.as_ptr().add(at)));
            let of_word =
                V::load(by_word.as_ptr().add(at)).sub(g).max(zero).add(V::load(eta.as_ptr().add(at)));
            let weight = of_doc.mul(of_word).div(V::load(totals.as_ptr().add(at)).sub(g));
            sum = sum.add(weight);
            weight.store(share.as_mut_ptr().add(at));
            g.neg_mul_add(count, n_dk).max(zero).store(doc.as_mut_ptr().add(at));
        }
    }
    sum.reduce_sum().max(f32::MIN_POSITIVE)
}
