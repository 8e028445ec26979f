//! A rule at work on one slice of parameters.

use super::{Adam, Adamax, Clip, RmsProp, Rule, Sgd};
use crate::error::{Error, Result};
use crate::tensors::{Named, Stored, TensorView, Tensors, visit_u64, visit_vector};
use diabolo_kernels::Real;
use diabolo_kernels::update::{AdamStep, AdamaxStep, Decay, RmsPropStep, SgdStep};

/// A rule with what it remembers of a slice of parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimizer<T> {
    rule: Rule,
    n_steps: u64,
    /// Up to two slices: the mean gradient or velocity first, then the mean square, as a rule has them.
    moments: [Vec<T>; 2],
}

impl<T: Real + Stored> Optimizer<T> {
    /// A rule that has not moved `n_params` parameters yet. Its memory is [`Rule::bytes`].
    pub fn new(rule: impl Into<Rule>, n_params: usize) -> Self {
        let rule = rule.into();
        let n_moments = rule.n_moments();
        let moments = [0, 1].map(|k| vec![T::ZERO; if k < n_moments { n_params } else { 0 }]);
        Self { rule, n_steps: 0, moments }
    }

    /// The rule.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Steps taken.
    pub fn n_steps(&self) -> u64 {
        self.n_steps
    }

    /// Moves the parameters by one step of size `lr` along their gradients.
    /// # Panics
    /// If the lengths differ from each other or from those of the start.
    pub fn step(&mut self, params: &mut [T], grads: &[T], lr: T) {
        self.step_clipped(params, grads, lr, Clip::None);
    }

    /// The same with a bound on the gradients; returns their norm where the bound is one on it.
    /// # Panics
    /// As [`Optimizer::step`].
    pub fn step_clipped(&mut self, params: &mut [T], grads: &[T], lr: T, clip: Clip) -> Option<T> {
        let (gradient, norm) = clip.of(grads);
        self.n_steps += 1;
        let of = T::from_f64;
        let n = self.n_steps as f64;
        let [first, second] = &mut self.moments;
        let coupled = |weight: f64| Decay::Coupled(of(weight));
        match self.rule {
            Rule::Sgd(Sgd { momentum, nesterov, weight_decay }) => {
                let velocity = (momentum > 0.0).then_some(&mut first[..]);
                let step = SgdStep { lr, momentum: of(momentum), nesterov, decay: coupled(weight_decay) };
                T::sgd_step(params, velocity, grads, step, gradient);
            }
            Rule::Adam(Adam { beta1, beta2, eps, weight_decay, decoupled }) => {
                let decay = if decoupled {
                    Decay::Decoupled(of(lr.to_f64() * weight_decay))
                } else {
                    coupled(weight_decay)
                };
                let step = AdamStep {
                    lr: of(lr.to_f64() / (1.0 - beta1.powf(n))),
                    beta1: of(beta1),
                    beta2: of(beta2),
                    root_correction: of(1.0 / (1.0 - beta2.powf(n)).sqrt()),
                    eps: of(eps),
                    decay,
                };
                T::adam_step(params, first, second, grads, step, gradient);
            }
            Rule::RmsProp(RmsProp { alpha, eps, momentum, weight_decay }) => {
                let velocity = (momentum > 0.0).then_some(&mut second[..]);
                let decay = coupled(weight_decay);
                let step = RmsPropStep { lr, alpha: of(alpha), eps: of(eps), momentum: of(momentum), decay };
                T::rmsprop_step(params, first, velocity, grads, step, gradient);
            }
            Rule::Adamax(Adamax { beta1, beta2, eps, weight_decay }) => {
                let lr = of(lr.to_f64() / (1.0 - beta1.powf(n)));
                let decay = coupled(weight_decay);
                let step = AdamaxStep { lr, beta1: of(beta1), beta2: of(beta2), eps: of(eps), decay };
                T::adamax_step(params, first, second, grads, step, gradient);
            }
        }
        norm
    }

    /// What was visited, under the same rule and for as many parameters.
    /// # Errors
    /// If an array is missing or of another size.
    pub fn load(rule: impl Into<Rule>, n_params: usize, named: &Named) -> Result<Self> {
        let mut fresh = Self::new(rule, n_params);
        fresh.n_steps = named.scalar_u64("n_steps")?;
        for (k, moment) in fresh.moments.iter_mut().enumerate().filter(|(_, moment)| !moment.is_empty()) {
            let values = T::vector(named, MOMENTS[k])?;
            if values.len() != n_params {
                let received = format!("{} of them", values.len());
                return Err(Error::shape(format!("`{}` of {n_params} parameters", MOMENTS[k]), received));
            }
            *moment = values;
        }
        Ok(fresh)
    }
}

/// The names of the moments.
const MOMENTS: [&str; 2] = ["first_moment", "second_moment"];

impl<T: Stored> Tensors for Optimizer<T> {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_u64(each, "n_steps", self.n_steps);
        for (name, moment) in MOMENTS.iter().zip(&self.moments).filter(|(_, moment)| !moment.is_empty()) {
            visit_vector(each, name, T::values(moment));
        }
    }
}
