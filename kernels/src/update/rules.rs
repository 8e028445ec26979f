//! The rules by element.

use crate::Real;
use crate::fused::Formula;
use crate::simd::Vector;
use crate::vector::elementary::{Coefficients, Elementary};

/// What is done to a gradient before it is used: times `scale`, then held within +-`bound`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gradient<T> {
    /// 1, or what brings the norm of all gradients below a bound.
    pub scale: T,
    /// Infinite for no bound.
    pub bound: T,
}

impl<T: Real> Gradient<T> {
    /// Gradients as they are.
    pub fn as_is() -> Self {
        Gradient { scale: T::ONE, bound: T::from_f64(f64::INFINITY) }
    }

    /// The bound comes first, so that a NaN is seen.
    #[inline(always)]
    fn of<V: Vector<Elem = T>>(self, g: V) -> V {
        let bound = V::splat(self.bound);
        bound.min(bound.neg().max(g.mul(V::splat(self.scale))))
    }
}

/// How parameters are drawn to 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decay<T> {
    /// The weight times the parameter is added to its gradient (a penalty weight/2 theta^2).
    Coupled(T),
    /// The parameter is multiplied by 1 - lr weight before its step (Loshchilov & Hutter 2019); the number
    /// is lr weight.
    Decoupled(T),
}

impl<T: Real> Decay<T> {
    /// (parameter, gradient) after it.
    #[inline(always)]
    fn apply<V: Vector<Elem = T>>(self, theta: V, g: V) -> (V, V) {
        match self {
            Decay::Coupled(weight) => (theta, theta.mul_add(V::splat(weight), g)),
            Decay::Decoupled(share) => (theta.neg_mul_add(V::splat(share), theta), g),
        }
    }
}

/// The numbers of a step of gradient descent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdStep<T> {
    /// The step size.
    pub lr: T,
    /// mu; not used without a velocity.
    pub momentum: T,
    /// Whether to look ahead.
    pub nesterov: bool,
    /// Weight decay.
    pub decay: Decay<T>,
}

/// The numbers of a step of Adam.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep<T> {
    /// The step size over 1 - beta1^n at step n = 1, 2, ...
    pub lr: T,
    /// The share of the first moment that stays.
    pub beta1: T,
    /// The share of the second moment that stays.
    pub beta2: T,
    /// 1 / sqrt(1 - beta2^n)
    pub root_correction: T,
    /// Added to the root.
    pub eps: T,
    /// Weight decay.
    pub decay: Decay<T>,
}

/// The numbers of a step of RMSProp.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsPropStep<T> {
    /// The step size.
    pub lr: T,
    /// The share of the mean square that stays.
    pub alpha: T,
    /// Added to the root.
    pub eps: T,
    /// mu; not used without a velocity.
    pub momentum: T,
    /// Weight decay.
    pub decay: Decay<T>,
}

/// The numbers of a step of Adamax.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamaxStep<T> {
    /// The step size over 1 - beta1^n at step n = 1, 2, ...
    pub lr: T,
    /// The share of the first moment that stays.
    pub beta1: T,
    /// The share of the largest gradient that stays.
    pub beta2: T,
    /// Added to the size of the gradient.
    pub eps: T,
    /// Weight decay.
    pub decay: Decay<T>,
}

/// share old + (1 - share) new
#[inline(always)]
fn average<V: Vector>(share: V::Elem, old: V, new: V) -> V {
    V::splat(share).mul_add(old, V::splat(V::Elem::ONE - share).mul(new))
}

/// Rules: a step's numbers and what is done to the gradient.
macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident($numbers:ident, $o:literal) = |$rule:ident, $g:ident, $before:pat_param| $after:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name<T> {
            pub step: $numbers<T>,
            pub gradient: Gradient<T>,
        }

        impl<T: Coefficients> Formula<T, 1, $o> for $name<T> {
            const UPDATES: bool = true;
            #[inline(always)]
            fn at<V: Elementary<Elem = T>>(self, [g]: [V; 1], $before: [V; $o]) -> (V, [V; $o]) {
                let $rule = self.step;
                let $g = self.gradient.of(g);
                (V::of(0.0), $after)
            }
        }
    )*};
}

rules! {
    /// theta -= lr g
    Descent(SgdStep, 1) = |step, g, [theta]| {
        let (theta, g) = step.decay.apply(theta, g);
        [g.neg_mul_add(V::splat(step.lr), theta)]
    };
    /// v = mu v + g; theta -= lr v, or lr (g + mu v).
    Momentum(SgdStep, 2) = |step, g, [theta, v]| {
        let (theta, g) = step.decay.apply(theta, g);
        let mu = V::splat(step.momentum);
        let v = v.mul_add(mu, g);
        let d = if step.nesterov { v.mul_add(mu, g) } else { v };
        [d.neg_mul_add(V::splat(step.lr), theta), v]
    };
    /// theta -= lr m / (sqrt(v) root_correction + eps)
    Adam(AdamStep, 3) = |step, g, [theta, m, v]| {
        let (theta, g) = step.decay.apply(theta, g);
        let m = average(step.beta1, m, g);
        let v = average(step.beta2, v, g.mul(g));
        let root = v.sqrt().mul_add(V::splat(step.root_correction), V::splat(step.eps));
        [m.div(root).neg_mul_add(V::splat(step.lr), theta), m, v]
    };
    /// theta -= lr g / (sqrt(v) + eps)
    RmsProp(RmsPropStep, 2) = |step, g, [theta, v]| {
        let (theta, g) = step.decay.apply(theta, g);
        let v = average(step.alpha, v, g.mul(g));
        let d = g.div(v.sqrt().add(V::splat(step.eps)));
        [d.neg_mul_add(V::splat(step.lr), theta), v]
    };
    /// b = mu b + g / (sqrt(v) + eps); theta -= lr b
    RmsPropMomentum(RmsPropStep, 3) = |step, g, [theta, v, b]| {
        let (theta, g) = step.decay.apply(theta, g);
        let v = average(step.alpha, v, g.mul(g));
        let b = b.mul_add(V::splat(step.momentum), g.div(v.sqrt().add(V::splat(step.eps))));
        [b.neg_mul_add(V::splat(step.lr), theta), v, b]
    };
    /// theta -= lr m / max(beta2 u, |g| + eps)
    Adamax(AdamaxStep, 3) = |step, g, [theta, m, u]| {
        let (theta, g) = step.decay.apply(theta, g);
        let m = average(step.beta1, m, g);
        let u = u.mul(V::splat(step.beta2)).max(g.abs().add(V::splat(step.eps)));
        [m.div(u).neg_mul_add(V::splat(step.lr), theta), m, u]
    };
}
