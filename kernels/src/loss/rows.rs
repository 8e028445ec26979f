//! Cross entropy of the softmax of each row.

use super::Counts;
use crate::Real;
use crate::fused::Cut;
use crate::parallel::EXP_GRAIN;
use crate::simd::Simd;
use crate::vector::elementary::Elementary;
use crate::vector::rows::{shift, sum_exp};

/// Losses of the softmax of rows of `n_cols` logits. Values `rows`, where given, receive the loss of each row.
pub trait RowLoss: Sized + Copy {
    /// -ln softmax(l)_c for the class c of each row, `grad` = scale (softmax(l) - 1 at c).
    /// # Panics
    /// If the sizes do not agree, or a class is not below `n_cols`.
    fn softmax_cross_entropy(
        logits: &[Self],
        n_cols: usize,
        classes: &[u32],
        scale: Self,
        grad: Option<&mut [Self]>,
        rows: Option<&mut [f64]>,
    ) -> f64;

    /// -sum_j x_j ln softmax(l)_j for counts or shares x, `grad` = scale (softmax(l) sum_j x_j - x): a
    /// multinomial likelihood but for what the counts alone determine.
    /// # Panics
    /// If the sizes do not agree.
    fn multinomial_nll(
        logits: &[Self],
        n_cols: usize,
        counts: Counts<'_, Self>,
        scale: Self,
        grad: Option<&mut [Self]>,
        rows: Option<&mut [f64]>,
    ) -> f64;
}

/// (shift, ln sum_j e^(l_j - shift)) of a row, and `grad` = factor softmax(l).
#[inline(always)]
fn softmax_row<V: Simd + Elementary>(
    row: &[V::Elem],
    factor: V::Elem,
    grad: Option<&mut [V::Elem]>,
) -> (V::Elem, V::Elem) {
    let shift = shift::<V>(row);
    let Some(grad) = grad else {
        return (shift.reduce_max(), sum_exp(row, shift).ln().reduce_max());
    };
    let n = row.len();
    assert_eq!(grad.len(), n);
    let mut sum = V::of(0.0);
    let mut j = 0;
    while j < n {
        // SAFETY: both slices have n - j elements from j on. The padding adds e^-inf = 0.
        unsafe {
            let x = V::load_up_to(row.as_ptr().add(j), n - j, V::Elem::from_f64(f64::NEG_INFINITY));
            let e = x.sub(shift).exp();
            e.store_up_to(grad.as_mut_ptr().add(j), n - j);
            sum = sum.add(e);
        }
        j += V::LANES;
    }
    let sum = sum.reduce_sum();
    let factor = V::splat(factor / sum);
    let mut j = 0;
    while j < n {
        // SAFETY: the slice has n - j elements from j on.
        unsafe {
            let e = V::load_up_to(grad.as_ptr().add(j), n - j, V::Elem::ZERO);
            e.mul(factor).store_up_to(grad.as_mut_ptr().add(j), n - j);
        }
        j += V::LANES;
    }
    // All lanes are the same.
    (shift.reduce_max(), V::splat(sum).ln().reduce_max())
}

macro_rules! row_loss {
    ($t:ty, $v:ident) => {
        const _: () = {
            dispatch! {
                fn softmax(row: &[$t], factor: $t, grad: Option<&mut [$t]>) -> ($t, $t) = softmax_row::<$v>;
            }

            /// The loss of a row: `total` is sum_j x_j, `each` calls its argument with every (j, x_j > 0).
            fn row_of(
                row: &[$t],
                total: f64,
                scale: $t,
                mut grad: Option<&mut [$t]>,
                each: impl Fn(&mut dyn FnMut(usize, $t)),
            ) -> f64 {
                let (shift, ln_sum) = softmax(row, scale * total as $t, grad.as_deref_mut());
                let mut loss = 0.0;
                each(&mut |j, x| {
                    // -ln softmax(l)_j, the difference first: it is exact where l_j is the largest.
                    loss += x.to_f64() * ((shift - row[j]).to_f64() + ln_sum.to_f64());
                    if let Some(grad) = &mut grad {
                        grad[j] -= scale * x;
                    }
                });
                loss
            }

            impl RowLoss for $t {
                fn softmax_cross_entropy(
                    logits: &[$t],
                    n_cols: usize,
                    classes: &[u32],
                    scale: $t,
                    grad: Option<&mut [$t]>,
                    rows: Option<&mut [f64]>,
                ) -> f64 {
                    assert_eq!(
                        logits.len(),
                        classes.len() * n_cols,
                        "not {} rows of {n_cols}",
                        classes.len()
                    );
                    assert!(classes.iter().all(|&c| (c as usize) < n_cols), "a class beyond the {n_cols}");
                    let cut = Cut::rows(n_cols, EXP_GRAIN);
                    cut.sum(logits.len(), [logits], [grad], rows, |i, [row], [grad]| {
                        row_of(row, 1.0, scale, grad, |each| each(classes[i] as usize, 1.0))
                    })
                }

                fn multinomial_nll(
                    logits: &[$t],
                    n_cols: usize,
                    counts: Counts<'_, $t>,
                    scale: $t,
                    grad: Option<&mut [$t]>,
                    rows: Option<&mut [f64]>,
                ) -> f64 {
                    counts.check(logits.len(), n_cols);
                    let cut = Cut::rows(n_cols, EXP_GRAIN);
                    cut.sum(logits.len(), [logits], [grad], rows, |i, [row], [grad]| {
                        let mut total = 0.0;
                        counts.each_in_row(i, n_cols, &mut |_, x| total += x.to_f64());
                        row_of(row, total, scale, grad, |each| counts.each_in_row(i, n_cols, each))
                    })
                }
            }
        };
    };
}

row_loss!(f32, F32);
row_loss!(f64, F64);
