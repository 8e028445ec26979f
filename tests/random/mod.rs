//! Random numbers: the bits, the fills, the distributions.

mod fills;
mod goodness;
mod streams;
