//! Topics of documents given the topics' words: the E step of variational inference (Blei, Ng & Jordan 2003; in the
//! form of Hoffman, Blei & Bach 2010, which keeps no phi), and the same fixed point without its exponentials.
//!
//! ```text
//! r_dw = x_dw / sum_k e_dk b_wk        gamma_dk = alpha_k + e_dk sum_w r_dw b_wk
//! e_dk = exp(psi(gamma_dk)) of variational inference; gamma_dk itself of the proportions' fixed point
//! ```
//! r e b does not depend on the scale of any row of e or b, so both are taken relative to their largest entry and no
//! prior is too small for f32. Eight words at a time: their sums become one vector, and so do their ratios.

use super::LANES;
use crate::panel::{Panel, layout, with_vectors};
use crate::reduce::x_ln_y_of_chunk;
use crate::simd::Simd;
use crate::sparse::CsrRef;
use crate::vector::elementary::{Elementary, polynomial};

/// What the topics of a document weigh as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loading {
    /// exp(E ln theta) under theta ~ Dirichlet(gamma).
    Variational,
    /// gamma: theta is proportional to it.
    Proportional,
}

/// How the fixed point is sought.
#[derive(Clone, Copy, Debug)]
pub struct Inference<'a> {
    /// alpha, stride.
    pub alpha: &'a [f32],
    /// Number of topics.
    pub n_topics: usize,
    /// b, n_words x stride; zeros in the padding.
    pub by_word: &'a [f32],
    /// What topics weigh as.
    pub loading: Loading,
    /// The most iterations.
    pub max_iter: usize,
    /// A document ends where the mean over the topics of |change of gamma| is below.
    pub tol: f32,
}

/// What documents' inference has found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Inferred {
    /// sum over d, w of x_dw ln sum_k e_dk b_wk, of e and b as they are scaled.
    pub ln_sums: f64,
    /// Iterations taken, all documents together.
    pub n_iter: u64,
}

impl Inference<'_> {
    /// Infers the documents `first..` of `x` whose gamma, n x stride and at its start, is `gamma`. Leaves e in
    /// `loads`, n x stride, and r in `ratios`, one an entry of these documents.
    /// # Panics
    /// If the sizes do not agree.
    pub fn run(
        &self,
        x: CsrRef<f32>,
        first: usize,
        gamma: &mut [f32],
        loads: &mut [f32],
        ratios: &mut [f32],
    ) -> Inferred {
        dispatch! {
            fn run(inference: &Inference, x: CsrRef<f32>, first: usize, gamma: &mut [f32], loads: &mut [f32],
                   ratios: &mut [f32]) -> Inferred = run_kernel::<F32>;
        }
        let stride = self.alpha.len();
        assert!(self.n_topics > 0 && stride == super::stride(self.n_topics), "a row of alpha is a stride");
        assert_eq!(self.by_word.len(), x.n_cols() * stride, "one row of topics a word");
        assert!(gamma.len() == loads.len() && gamma.len().is_multiple_of(stride), "rows of a stride");
        let n = gamma.len() / stride;
        assert!(first + n <= x.n_rows(), "documents there are");
        let indptr = x.pattern().indptr();
        assert_eq!(ratios.len(), indptr[first + n] - indptr[first], "one ratio an entry");
        run(self, x, first, gamma, loads, ratios)
    }
}

#[inline(always)]
fn run_kernel<V: Simd<Elem = f32> + Elementary>(
    inference: &Inference,
    x: CsrRef<f32>,
    first: usize,
    gamma: &mut [f32],
    loads: &mut [f32],
    ratios: &mut [f32],
) -> Inferred {
    let stride = inference.alpha.len();
    let mut found = Inferred::default();
    let (nothing, mut next) = (vec![0.0; stride], vec![0.0; stride]);
    let (mut places, mut counts, mut sums) = (Vec::new(), Vec::new(), Vec::new());
    let mut done = 0;
    let rows = gamma.chunks_exact_mut(stride).zip(loads.chunks_exact_mut(stride));
    for (i, (gamma, load)) in rows.enumerate() {
        let (columns, values) = x.row(first + i);
        let n = columns.len().next_multiple_of(LANES);
        places.clear();
        places.extend(columns.iter().map(|&w| inference.by_word[w as usize * stride..].as_ptr()));
        places.resize(n, nothing.as_ptr());
        counts.clear();
        counts.extend_from_slice(values);
        counts.resize(n, 0.0);
        sums.resize(n.max(sums.len()), 1.0);
        let document = Document { places: &places, counts: &counts, stride };
        load_of::<V>(inference, gamma, load);
        for _ in 0..inference.max_iter {
            found.n_iter += 1;
            next.fill(0.0);
            // SAFETY: every place has a stride of topics, being a row of b or of zeros.
            unsafe { document.pull::<V>(load, &mut sums, Some(&mut next)) };
            let mut change = 0.0;
            for k in 0..inference.n_topics {
                let new = inference.alpha[k] + load[k] * next[k];
                change += (new - gamma[k]).abs();
                gamma[k] = new;
            }
            load_of::<V>(inference, gamma, load);
            if change < inference.tol * inference.n_topics as f32 {
                break;
            }
        }
        // SAFETY: as above.
        unsafe { document.pull::<V>(load, &mut sums, None) };
        let sums = &sums[..values.len()];
        found.ln_sums += f64::from(x_ln_y_of_chunk::<V>(values, sums));
        let ratios = &mut ratios[done..done + values.len()];
        ratios.iter_mut().zip(values.iter().zip(sums)).for_each(|(r, (x, sum))| *r = x / sum);
        done += values.len();
    }
    found
}

/// A document's words: where their topics stand and how often each occurs, padded to whole vectors.
struct Document<'a> {
    places: &'a [*const f32],
    counts: &'a [f32],
    stride: usize,
}

impl Document<'_> {
    /// sum_k e_k b_wk of every word, and where wanted the pulls sum_w r_w b_wk added to `pulls`.
    /// # Safety
    /// Every place must be valid for reads of a stride.
    #[inline(always)]
    unsafe fn pull<V: Simd<Elem = f32>>(
        &self,
        load: &[f32],
        sums: &mut [f32],
        mut pulls: Option<&mut [f32]>,
    ) {
        let n = self.counts.len();
        assert!(
            self.places.len() == n && n.is_multiple_of(LANES) && sums.len() >= n && load.len() == self.stride
        );
        let (n_panels, _) = layout::<V>(self.stride);
        let least = V::splat(LEAST_SUM);
        for t in (0..n).step_by(LANES) {
            let mut of_words = [V::splat(0.0); LANES];
            for q in 0..n_panels {
                let panel = Panel::<V>::new(self.stride, q);
                // SAFETY: the caller's word; the load has a stride, as asserted.
                unsafe {
                    with_vectors!(panel.n_vectors, N => {
                        let mut e = [V::splat(0.0); N];
                        for v in 0..N {
                            e[v] = V::load(load.as_ptr().add(panel.start + v * LANES));
                        }
                        for j in 0..LANES {
                            let b = self.places.get_unchecked(t + j).add(panel.start);
                            for v in 0..N {
                                of_words[j] = e[v].mul_add(V::load(b.add(v * LANES)), of_words[j]);
                            }
                        }
                    });
                }
            }
            let of_words = V::reduce_sum_each(&of_words).max(least);
            let mut ratio = [0.0_f32; LANES];
            // SAFETY: t + LANES <= n, which sums and counts have; the array has LANES.
            unsafe {
                of_words.store(sums.as_mut_ptr().add(t));
                V::load(self.counts.as_ptr().add(t)).div(of_words).store(ratio.as_mut_ptr());
            }
            let Some(pulls) = pulls.as_deref_mut() else { continue };
            assert_eq!(pulls.len(), self.stride);
            for q in 0..n_panels {
                let panel = Panel::<V>::new(self.stride, q);
                // SAFETY: the caller's word; the pulls have a stride, as asserted.
                unsafe {
                    with_vectors!(panel.n_vectors, N => {
                        let place = pulls.as_mut_ptr().add(panel.start);
                        let mut sum = [V::splat(0.0); N];
                        for v in 0..N {
                            sum[v] = V::load(place.add(v * LANES));
                        }
                        for j in 0..LANES {
                            let r = V::splat(ratio[j]);
                            let b = self.places.get_unchecked(t + j).add(panel.start);
                            for v in 0..N {
                                sum[v] = r.mul_add(V::load(b.add(v * LANES)), sum[v]);
                            }
                        }
                        for v in 0..N {
                            sum[v].store(place.add(v * LANES));
                        }
                    });
                }
            }
        }
    }
}

/// What a sum is taken for at the least: a word none of the document's topics has.
const LEAST_SUM: f32 = 1e-30;

/// e of gamma, relative to its largest entry.
#[inline(always)]
fn load_of<V: Simd<Elem = f32> + Elementary>(inference: &Inference, gamma: &[f32], load: &mut [f32]) {
    if inference.loading == Loading::Proportional {
        return load.copy_from_slice(gamma);
    }
    let stride = inference.alpha.len();
    assert!(gamma.len() == stride && load.len() == stride);
    let mut largest = V::splat(0.0);
    for at in (0..stride).step_by(LANES) {
        // SAFETY: at + LANES <= stride, a multiple of LANES.
        largest = largest.max(unsafe { V::load(gamma.as_ptr().add(at)) });
    }
    let least = steps(V::splat(largest.reduce_max()));
    for at in (0..stride).step_by(LANES) {
        // SAFETY: as above, for both.
        unsafe {
            let x = V::load(gamma.as_ptr().add(at));
            // Where gamma is 0, in the padding, the steps are infinite and e is 0.
            let e = raised(x).mul(least.sub(steps(x)).exp_of_negative());
            e.store(load.as_mut_ptr().add(at));
        }
    }
}

/// psi(x + 4) - psi(x) = 1/x + 1/(x + 1) + 1/(x + 2) + 1/(x + 3), by pairs: q = x (x + 3) and q + 2.
#[inline(always)]
fn steps<V: Simd>(x: V) -> V {
    let (two, three) = (V::of(2.0), V::of(3.0));
    let q = x.mul(x.add(three));
    let numerator = x.add(x).add(three).mul(q.add(q).add(two));
    numerator.div(q.mul(q.add(two)))
}

/// exp(psi(x + 4)) = t + 1/(24 t) - 37/(5760 t^3) + 10313/(2903040 t^5) - ..., t = x + 7/2 (the expansion of the
/// inverse function at half integers; Abramowitz & Stegun 1964, 6.3.18 exponentiated): 2e-8 from t = 7/2 on.
#[inline(always)]
fn raised<V: Simd>(x: V) -> V {
    let t = x.add(V::of(3.5));
    let r = V::of(1.0).div(t);
    let series = [10_313.0 / 2_903_040.0, -37.0 / 5760.0, 1.0 / 24.0];
    polynomial(r.mul(r), series).mul_add(r, t)
}
