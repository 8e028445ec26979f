//! Steps of gradient descent, each in one pass over parameters, moments and gradients.
//!
//! All parameters of a network lie in one slice, their gradients in another, the moments in one slice each.
//! What is done to a gradient before it is used (a share of a global norm, a bound) is done on the way. The
//! kernels are bound by memory; slices above a fixed grain are cut for the threads, and no result depends on it.

pub mod reference;
mod rules;

pub use rules::{AdamStep, AdamaxStep, Decay, Gradient, RmsPropStep, SgdStep};

use crate::fused::Cut;
use crate::parallel::BANDWIDTH_GRAIN;
use rules::{Adam, Adamax, Descent, Momentum, RmsProp, RmsPropMomentum};

/// The steps of a number type.
pub trait Update: Sized + Copy {
    /// Stochastic gradient descent: theta -= lr d with d = g, or with momentum v = mu v + g and d = v, or
    /// d = g + mu v by Nesterov (Sutskever et al. 2013). `velocity` is `None` without momentum.
    /// # Panics
    /// If the lengths differ.
    fn sgd_step(
        params: &mut [Self],
        velocity: Option<&mut [Self]>,
        grads: &[Self],
        step: SgdStep<Self>,
        gradient: Gradient<Self>,
    );

    /// Adam (Kingma & Ba 2015, algorithm 1): m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2,
    /// theta -= lr m / (sqrt(v) root_correction + eps).
    /// # Panics
    /// If the lengths differ.
    fn adam_step(
        params: &mut [Self],
        m: &mut [Self],
        v: &mut [Self],
        grads: &[Self],
        step: AdamStep<Self>,
        gradient: Gradient<Self>,
    );

    /// RMSProp (Tieleman & Hinton 2012) as PyTorch writes it: v = alpha v + (1 - alpha) g^2,
    /// d = g / (sqrt(v) + eps); theta -= lr d, or with momentum b = mu b + d, theta -= lr b. `velocity` is
    /// `None` without momentum.
    /// # Panics
    /// If the lengths differ.
    fn rmsprop_step(
        params: &mut [Self],
        v: &mut [Self],
        velocity: Option<&mut [Self]>,
        grads: &[Self],
        step: RmsPropStep<Self>,
        gradient: Gradient<Self>,
    );

    /// Adamax (Kingma & Ba 2015, algorithm 2): m = beta1 m + (1 - beta1) g, u = max(beta2 u, |g| + eps),
    /// theta -= lr m / u.
    /// # Panics
    /// If the lengths differ.
    fn adamax_step(
        params: &mut [Self],
        m: &mut [Self],
        u: &mut [Self],
        grads: &[Self],
        step: AdamaxStep<Self>,
        gradient: Gradient<Self>,
    );
}

macro_rules! update {
    ($t:ty, $v:ident) => {
        const _: () = {
            formula_kernel! { descent_chunk: Descent<$t>, $t, $v, 1, 1 }
            formula_kernel! { momentum_chunk: Momentum<$t>, $t, $v, 1, 2 }
            formula_kernel! { adam_chunk: Adam<$t>, $t, $v, 1, 3 }
            formula_kernel! { rmsprop_chunk: RmsProp<$t>, $t, $v, 1, 2 }
            formula_kernel! { rmsprop_momentum_chunk: RmsPropMomentum<$t>, $t, $v, 1, 3 }
            formula_kernel! { adamax_chunk: Adamax<$t>, $t, $v, 1, 3 }

            impl Update for $t {
                fn sgd_step(
                    params: &mut [$t],
                    velocity: Option<&mut [$t]>,
                    grads: &[$t],
                    step: SgdStep<$t>,
                    gradient: Gradient<$t>,
                ) {
                    let cut = Cut::long(BANDWIDTH_GRAIN);
                    match velocity {
                        None => cut.sum(grads.len(), [grads], [Some(params)], None, |_, read, written| {
                            descent_chunk(Descent { step, gradient }, read, written, read[0].len())
                        }),
                        Some(v) => cut.sum(
                            grads.len(),
                            [grads],
                            [Some(params), Some(v)],
                            None,
                            |_, read, written| {
                                momentum_chunk(Momentum { step, gradient }, read, written, read[0].len())
                            },
                        ),
                    };
                }

                fn adam_step(
                    params: &mut [$t],
                    m: &mut [$t],
                    v: &mut [$t],
                    grads: &[$t],
                    step: AdamStep<$t>,
                    gradient: Gradient<$t>,
                ) {
                    let written = [Some(params), Some(m), Some(v)];
                    Cut::long(BANDWIDTH_GRAIN).sum(
                        grads.len(),
                        [grads],
                        written,
                        None,
                        |_, read, written| adam_chunk(Adam { step, gradient }, read, written, read[0].len()),
                    );
                }

                fn rmsprop_step(
                    params: &mut [$t],
                    v: &mut [$t],
                    velocity: Option<&mut [$t]>,
                    grads: &[$t],
                    step: RmsPropStep<$t>,
                    gradient: Gradient<$t>,
                ) {
                    let cut = Cut::long(BANDWIDTH_GRAIN);
                    match velocity {
                        None => cut.sum(
                            grads.len(),
                            [grads],
                            [Some(params), Some(v)],
                            None,
                            |_, read, written| {
                                rmsprop_chunk(RmsProp { step, gradient }, read, written, read[0].len())
                            },
                        ),
                        Some(b) => {
                            let written = [Some(params), Some(v), Some(b)];
                            cut.sum(grads.len(), [grads], written, None, |_, read, written| {
                                let rule = RmsPropMomentum { step, gradient };
                                rmsprop_momentum_chunk(rule, read, written, read[0].len())
                            })
                        }
                    };
                }

                fn adamax_step(
                    params: &mut [$t],
                    m: &mut [$t],
                    u: &mut [$t],
                    grads: &[$t],
                    step: AdamaxStep<$t>,
                    gradient: Gradient<$t>,
                ) {
                    let written = [Some(params), Some(m), Some(u)];
                    Cut::long(BANDWIDTH_GRAIN).sum(
                        grads.len(),
                        [grads],
                        written,
                        None,
                        |_, read, written| {
                            adamax_chunk(Adamax { step, gradient }, read, written, read[0].len())
                        },
                    );
                }
            }
        };
    };
}

update!(f32, F32);
update!(f64, F64);
