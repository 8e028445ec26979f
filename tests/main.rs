//! The whole test suite, one binary: `cargo test --release`.

mod data;
mod data_sets;
mod io;
mod kernels;
mod random;
mod report;
mod scale;
mod tolerance;
