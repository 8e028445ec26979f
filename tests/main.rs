//! The whole test suite, one binary: `cargo test --release`.

mod kernels;
mod tolerance;
