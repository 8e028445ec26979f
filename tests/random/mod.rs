//! Random numbers: the bits, the fills, the distributions.

mod categorical;
mod continuous;
mod dirichlet;
mod discrete;
mod extremes;
mod fills;
pub mod goodness;
mod stability;
mod streams;
mod wishart;
