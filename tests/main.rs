//! The whole test suite, one binary: `cargo test --release`.

mod data_sets;
mod kernels;
mod scale;
mod tolerance;
