//! Adversarial models: a generator that learns to please a critic.

pub mod gan;
