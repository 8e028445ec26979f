//! Losses element by element.

use crate::fused::{Cut, Formula};
use crate::parallel::EXP_GRAIN;
use crate::vector::elementary::Elementary;

/// What a binary loss is measured against.
#[derive(Clone, Copy, Debug)]
pub enum Targets<'a, T> {
    /// One number within 0 and 1 for each logit.
    Each(&'a [T]),
    /// The same for all: the labels of a generative adversarial network.
    All(T),
}

/// The logarithm of the variance of a Gaussian.
#[derive(Clone, Copy, Debug)]
pub enum LogVariance<'a, T> {
    /// The same for all elements.
    All(T),
    /// One for each column.
    PerColumn(&'a [T]),
    /// One for each element.
    Each(&'a [T]),
}

/// Losses that are sums over elements. Values `rows`, where given, receive the sum of each row.
pub trait PointLoss: Sized + Copy {
    /// Binary cross entropy on logits: the sum of max(l, 0) - l x + ln(1 + e^-|l|), and
    /// `grad` = scale (sigma(l) - x).
    /// # Panics
    /// If the lengths differ.
    fn bce_logits(logits: &[Self], targets: Targets<'_, Self>, scale: Self, grad: Option<&mut [Self]>)
    -> f64;

    /// The same for rows of `n_cols`, with the sum of each row.
    /// # Panics
    /// If the lengths differ or `rows` has not one element a row.
    fn bce_logits_rows(
        logits: &[Self],
        n_cols: usize,
        targets: Targets<'_, Self>,
        scale: Self,
        grad: Option<&mut [Self]>,
        rows: &mut [f64],
    ) -> f64;

    /// The sum of (y - x)^2, and `grad` = 2 scale (y - x) with respect to the prediction y.
    /// # Panics
    /// If the lengths differ.
    fn squared_error(prediction: &[Self], target: &[Self], scale: Self, grad: Option<&mut [Self]>) -> f64;

    /// Minus the Gaussian log likelihood of x in rows of `n_cols`: the sum of
    /// (ln(2 pi) + lv + (x - mu)^2 e^-lv) / 2, with d mu = (mu - x) e^-lv and
    /// d lv = (1 - (x - mu)^2 e^-lv) / 2, both times `scale` and of the size of x. Where the variance is shared,
    /// its gradient is the sum of d lv over what shares it.
    /// # Panics
    /// If the lengths differ.
    fn gaussian_nll(
        x: &[Self],
        n_cols: usize,
        mean: &[Self],
        log_var: LogVariance<'_, Self>,
        scale: Self,
        grads: [Option<&mut [Self]>; 2],
        rows: Option<&mut [f64]>,
    ) -> f64;
}

/// max(l, 0) - l x + ln(1 + e^-|l|) of (l, x).
#[derive(Clone, Copy)]
struct Bce<T> {
    scale: T,
}

/// (value, sigma(l) - x): softplus and sigmoid share e^-|l|.
#[inline(always)]
fn bce<V: Elementary>(l: V, x: V) -> (V, V) {
    let one = V::of(1.0);
    let e = l.or(V::of(-0.0)).exp_of_negative();
    let u = one.add(e);
    let sigma = l.lt(V::of(0.0)).select(e, one).div(u);
    let value = l.neg_mul_add(x, V::of(0.0).max(l)).add(V::ln_1_to_2(u, e));
    (value, sigma.sub(x))
}

impl<T: Copy> Formula<T, 2, 1> for Bce<T> {
    const UPDATES: bool = false;
    #[inline(always)]
    fn at<V: Elementary<Elem = T>>(self, [l, x]: [V; 2], _: [V; 1]) -> (V, [V; 1]) {
        let (value, difference) = bce(l, x);
        (value, [difference.mul(V::splat(self.scale))])
    }
}

/// The same with one target for all.
#[derive(Clone, Copy)]
struct BceAll<T> {
    scale: T,
    target: T,
}

impl<T: Copy> Formula<T, 1, 1> for BceAll<T> {
    const UPDATES: bool = false;
    #[inline(always)]
    fn at<V: Elementary<Elem = T>>(self, [l]: [V; 1], _: [V; 1]) -> (V, [V; 1]) {
        let (value, difference) = bce(l, V::splat(self.target));
        (value, [difference.mul(V::splat(self.scale))])
    }
}

/// (y - x)^2 of (y, x).
#[derive(Clone, Copy)]
struct Squared<T> {
    scale: T,
}

impl<T: Copy> Formula<T, 2, 1> for Squared<T> {
    const UPDATES: bool = false;
    #[inline(always)]
    fn at<V: Elementary<Elem = T>>(self, [y, x]: [V; 2], _: [V; 1]) -> (V, [V; 1]) {
        let difference = y.sub(x);
        (difference.mul(difference), [difference.add(difference).mul(V::splat(self.scale))])
    }
}

/// Minus the Gaussian log likelihood of (x, mu, lv).
#[derive(Clone, Copy)]
struct Gaussian<T> {
    scale: T,
}

/// ln(2 pi)
const LN_2PI: f64 = 1.837_877_066_409_345_6;

#[inline(always)]
fn gaussian<V: Elementary>(x: V, mu: V, lv: V, scale: V) -> (V, [V; 2]) {
    let half = V::of(0.5);
    let difference = mu.sub(x);
    let weighted = difference.mul(lv.neg().exp());
    let square = difference.mul(weighted);
    let value = half.mul(lv.add(V::of(LN_2PI)).add(square));
    let grad_log_var = square.neg_mul_add(half, half);
    (value, [weighted.mul(scale), grad_log_var.mul(scale)])
}

impl<T: Copy> Formula<T, 3, 2> for Gaussian<T> {
    const UPDATES: bool = false;
    #[inline(always)]
    fn at<V: Elementary<Elem = T>>(self, [x, mu, lv]: [V; 3], _: [V; 2]) -> (V, [V; 2]) {
        gaussian(x, mu, lv, V::splat(self.scale))
    }
}

/// The same with one variance for all.
#[derive(Clone, Copy)]
struct GaussianAll<T> {
    scale: T,
    log_var: T,
}

impl<T: Copy> Formula<T, 2, 2> for GaussianAll<T> {
    const UPDATES: bool = false;
    #[inline(always)]
    fn at<V: Elementary<Elem = T>>(self, [x, mu]: [V; 2], _: [V; 2]) -> (V, [V; 2]) {
        gaussian(x, mu, V::splat(self.log_var), V::splat(self.scale))
    }
}

macro_rules! point_loss {
    ($t:ty, $v:ident) => {
        const _: () = {
            formula_kernel! { bce_chunk: Bce<$t>, $t, $v, 2, 1 }
            formula_kernel! { bce_all_chunk: BceAll<$t>, $t, $v, 1, 1 }
            formula_kernel! { squared_chunk: Squared<$t>, $t, $v, 2, 1 }
            formula_kernel! { gaussian_chunk: Gaussian<$t>, $t, $v, 3, 2 }
            formula_kernel! { gaussian_all_chunk: GaussianAll<$t>, $t, $v, 2, 2 }

            fn bce_cut(
                cut: &Cut,
                logits: &[$t],
                targets: Targets<'_, $t>,
                scale: $t,
                grad: Option<&mut [$t]>,
                rows: Option<&mut [f64]>,
            ) -> f64 {
                let n = logits.len();
                match targets {
                    Targets::Each(x) => cut.sum(n, [logits, x], [grad], rows, |_, read, written| {
                        bce_chunk(Bce { scale }, read, written, read[0].len())
                    }),
                    Targets::All(target) => cut.sum(n, [logits], [grad], rows, |_, read, written| {
                        bce_all_chunk(BceAll { scale, target }, read, written, read[0].len())
                    }),
                }
            }

            impl PointLoss for $t {
                fn bce_logits(
                    logits: &[$t],
                    targets: Targets<'_, $t>,
                    scale: $t,
                    grad: Option<&mut [$t]>,
                ) -> f64 {
                    bce_cut(&Cut::long(EXP_GRAIN), logits, targets, scale, grad, None)
                }

                fn bce_logits_rows(
                    logits: &[$t],
                    n_cols: usize,
                    targets: Targets<'_, $t>,
                    scale: $t,
                    grad: Option<&mut [$t]>,
                    rows: &mut [f64],
                ) -> f64 {
                    assert_eq!(logits.len(), rows.len() * n_cols, "not {} rows of {n_cols}", rows.len());
                    bce_cut(&Cut::rows(n_cols, EXP_GRAIN), logits, targets, scale, grad, Some(rows))
                }

                fn squared_error(
                    prediction: &[$t],
                    target: &[$t],
                    scale: $t,
                    grad: Option<&mut [$t]>,
                ) -> f64 {
                    let cut = Cut::long(crate::parallel::BANDWIDTH_GRAIN);
                    cut.sum(prediction.len(), [prediction, target], [grad], None, |_, read, written| {
                        squared_chunk(Squared { scale }, read, written, read[0].len())
                    })
                }

                fn gaussian_nll(
                    x: &[$t],
                    n_cols: usize,
                    mean: &[$t],
                    log_var: LogVariance<'_, $t>,
                    scale: $t,
                    grads: [Option<&mut [$t]>; 2],
                    rows: Option<&mut [f64]>,
                ) -> f64 {
                    assert!(x.is_empty() || x.len().is_multiple_of(n_cols), "not whole rows of {n_cols}");
                    let (n, cut) = (x.len(), Cut::rows(n_cols, EXP_GRAIN));
                    match log_var {
                        LogVariance::All(log_var) => {
                            cut.sum(n, [x, mean], grads, rows, |_, read, written| {
                                gaussian_all_chunk(
                                    GaussianAll { scale, log_var },
                                    read,
                                    written,
                                    read[0].len(),
                                )
                            })
                        }
                        LogVariance::PerColumn(lv) => {
                            cut.sum(n, [x, mean], grads, rows, |_, [x, mean], written| {
                                gaussian_chunk(Gaussian { scale }, [x, mean, lv], written, x.len())
                            })
                        }
                        LogVariance::Each(lv) => {
                            cut.sum(n, [x, mean, lv], grads, rows, |_, read, written| {
                                gaussian_chunk(Gaussian { scale }, read, written, read[0].len())
                            })
                        }
                    }
                }
            }
        };
    };
}

point_loss!(f32, F32);
point_loss!(f64, F64);
