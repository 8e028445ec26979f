//! The whole test suite, one binary: `cargo test --release`.
#![allow(clippy::unwrap_used)] // a test that panics has failed, as it should

mod applications;
mod autodiff;
mod cli;
mod data;
mod data_sets;
mod floors;
mod graph;
mod held_out;
mod io;
mod kernels;
mod linkage;
mod links;
mod lloyd;
mod metrics;
mod models;
mod nnls;
mod nu_svr;
mod optim;
mod random;
mod rank_sum;
mod ranking;
mod report;
mod scale;
mod simulators;
mod starfysh;
mod tolerance;
mod topics;
