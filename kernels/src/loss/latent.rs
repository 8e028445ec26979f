//! Gaussian codes: how far they are from their prior, and draws of them.

use crate::Real;
use crate::fused::{Cut, Formula};
use crate::parallel::{self, EXP_GRAIN};
use crate::vector::elementary::Elementary;

/// What codes are expected to look like.
#[derive(Clone, Copy, Debug)]
pub enum Prior<'a, T> {
    /// N(0, I)
    Standard,
    /// Independent normals, one for each dimension of a code.
    Diagonal {
        /// Their means.
        mean: &'a [T],
        /// The logarithms of their variances.
        log_var: &'a [T],
    },
}

/// Divergences and draws of codes N(mu, diag(e^lv)), `n_latent` numbers a row.
pub trait LatentLoss: Sized + Copy {
    /// The Kullback-Leibler divergence from the prior (Kingma & Welling 2013, appendix B), for N(0, I)
    /// the sum of (mu^2 + e^lv - lv - 1) / 2 with d mu = mu and d lv = (e^lv - 1) / 2; for a prior
    /// N(m, e^s) of (e^(lv - s) + (mu - m)^2 e^-s + s - lv - 1) / 2. Gradients, (mu, lv), are
    /// times `scale`; `rows` receives the divergence of each code.
    /// # Panics
    /// If the sizes do not agree.
    fn gaussian_kl(
        mu: &[Self],
        log_var: &[Self],
        n_latent: usize,
        prior: Prior<'_, Self>,
        scale: Self,
        grads: [Option<&mut [Self]>; 2],
        rows: Option<&mut [f64]>,
    ) -> f64;

    /// The divergence of each dimension, summed over the rows: which dimensions a model uses.
    /// # Panics
    /// If the sizes do not agree.
    fn gaussian_kl_by_dimension(
        mu: &[Self],
        log_var: &[Self],
        prior: Prior<'_, Self>,
        dimensions: &mut [f64],
    );

    /// z = mu + e^(lv/2) eps
    /// # Panics
    /// If the lengths differ.
    fn reparameterise(mu: &[Self], log_var: &[Self], eps: &[Self], z: &mut [Self]);

    /// Adds what flows back through z = mu + e^(lv/2) eps: d mu += d z, d lv += d z eps e^(lv/2) / 2.
    /// # Panics
    /// If the lengths differ.
    fn reparameterise_backward(
        log_var: &[Self],
        eps: &[Self],
        grad_z: &[Self],
        grad_mu: &mut [Self],
        grad_log_var: &mut [Self],
    );
}

/// The divergence from N(0, I) of (mu, lv).
#[derive(Clone, Copy)]
struct StandardKl<T> {
    scale: T,
}

impl<T: Copy> Formula<T, 2, 2> for StandardKl<T> {
    const UPDATES: bool = false;
    #[inline(always)]
    fn at<V: Elementary<Elem = T>>(self, [mu, lv]: [V; 2], _: [V; 2]) -> (V, [V; 2]) {
        let (half, scale) = (V::of(0.5), V::splat(self.scale));
        let above_one = lv.expm1();
        let value = half.mul(mu.mul_add(mu, above_one.sub(lv)));
        (value, [mu.mul(scale), half.mul(above_one).mul(scale)])
    }
}

/// The divergence from N(m, e^s) of (mu, lv, m, s).
#[derive(Clone, Copy)]
struct DiagonalKl<T> {
    scale: T,
}

impl<T: Copy> Formula<T, 4, 2> for DiagonalKl<T> {
    const UPDATES: bool = false;
    #[inline(always)]
    fn at<V: Elementary<Elem = T>>(self, [mu, lv, m, s]: [V; 4], _: [V; 2]) -> (V, [V; 2]) {
        let (half, scale) = (V::of(0.5), V::splat(self.scale));
        let (difference, ratio) = (mu.sub(m), lv.sub(s));
        let above_one = ratio.expm1();
        let weighted = difference.mul(s.neg().exp());
        let value = half.mul(difference.mul_add(weighted, above_one.sub(ratio)));
        (value, [weighted.mul(scale), half.mul(above_one).mul(scale)])
    }
}

/// z = mu + e^(lv/2) eps of (mu, lv, eps).
#[derive(Clone, Copy)]
struct Draw;

impl<T> Formula<T, 3, 1> for Draw {
    const UPDATES: bool = false;
    #[inline(always)]
    fn at<V: Elementary<Elem = T>>(self, [mu, lv, eps]: [V; 3], _: [V; 1]) -> (V, [V; 1]) {
        (V::of(0.0), [lv.mul(V::of(0.5)).exp().mul_add(eps, mu)])
    }
}

/// What (lv, eps, d z) add to (d mu, d lv).
#[derive(Clone, Copy)]
struct DrawBack;

impl<T> Formula<T, 3, 2> for DrawBack {
    const UPDATES: bool = true;
    #[inline(always)]
    fn at<V: Elementary<Elem = T>>(self, [lv, eps, dz]: [V; 3], [d_mu, d_lv]: [V; 2]) -> (V, [V; 2]) {
        let half = V::of(0.5);
        let slope = lv.mul(half).exp().mul(eps).mul(half);
        (V::of(0.0), [d_mu.add(dz), slope.mul_add(dz, d_lv)])
    }
}

macro_rules! latent_loss {
    ($t:ty, $v:ident) => {
        const _: () = {
            formula_kernel! { standard_chunk: StandardKl<$t>, $t, $v, 2, 2 }
            formula_kernel! { diagonal_chunk: DiagonalKl<$t>, $t, $v, 4, 2 }
            formula_kernel! { draw_chunk: Draw, $t, $v, 3, 1 }
            formula_kernel! { draw_back_chunk: DrawBack, $t, $v, 3, 2 }

            impl LatentLoss for $t {
                fn gaussian_kl(
                    mu: &[$t],
                    log_var: &[$t],
                    n_latent: usize,
                    prior: Prior<'_, $t>,
                    scale: $t,
                    grads: [Option<&mut [$t]>; 2],
                    rows: Option<&mut [f64]>,
                ) -> f64 {
                    assert!(
                        mu.is_empty() || mu.len().is_multiple_of(n_latent),
                        "not whole rows of {n_latent}"
                    );
                    let cut = Cut::rows(n_latent, EXP_GRAIN);
                    cut.sum(mu.len(), [mu, log_var], grads, rows, |_, [mu, lv], written| match prior {
                        Prior::Standard => standard_chunk(StandardKl { scale }, [mu, lv], written, mu.len()),
                        Prior::Diagonal { mean, log_var } => {
                            diagonal_chunk(DiagonalKl { scale }, [mu, lv, mean, log_var], written, mu.len())
                        }
                    })
                }

                fn gaussian_kl_by_dimension(
                    mu: &[$t],
                    log_var: &[$t],
                    prior: Prior<'_, $t>,
                    dimensions: &mut [f64],
                ) {
                    let d = dimensions.len();
                    assert!(mu.len() == log_var.len() && (mu.is_empty() || mu.len().is_multiple_of(d)));
                    let rows_per_chunk = (EXP_GRAIN / d.max(1)).max(1);
                    let partials = parallel::map_chunks(mu.len() / d.max(1), rows_per_chunk, |rows| {
                        let mut sums = vec![0.0; d];
                        for at in rows.start * d..rows.end * d {
                            let (mean, s) = match prior {
                                Prior::Standard => (0.0, 0.0),
                                Prior::Diagonal { mean, log_var } => (mean[at % d], log_var[at % d]),
                            };
                            let of = super::reference::gaussian_kl(
                                mu[at].to_f64(),
                                log_var[at].to_f64(),
                                mean.to_f64(),
                                s.to_f64(),
                            );
                            sums[at % d] += of.0;
                        }
                        sums
                    });
                    dimensions.fill(0.0);
                    for partial in partials {
                        dimensions.iter_mut().zip(partial).for_each(|(sum, part)| *sum += part);
                    }
                }

                fn reparameterise(mu: &[$t], log_var: &[$t], eps: &[$t], z: &mut [$t]) {
                    let cut = Cut::long(EXP_GRAIN);
                    cut.sum(mu.len(), [mu, log_var, eps], [Some(z)], None, |_, read, written| {
                        draw_chunk(Draw, read, written, read[0].len())
                    });
                }

                fn reparameterise_backward(
                    log_var: &[$t],
                    eps: &[$t],
                    grad_z: &[$t],
                    grad_mu: &mut [$t],
                    grad_log_var: &mut [$t],
                ) {
                    let (read, grads) = ([log_var, eps, grad_z], [Some(grad_mu), Some(grad_log_var)]);
                    Cut::long(EXP_GRAIN).sum(grad_z.len(), read, grads, None, |_, read, written| {
                        draw_back_chunk(DrawBack, read, written, read[0].len())
                    });
                }
            }
        };
    };
}

latent_loss!(f32, F32);
latent_loss!(f64, F64);
