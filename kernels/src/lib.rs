//! The kernels beneath diabolo: the only crate of the project with `unsafe`, SIMD, threads or faer.
//!
//! It knows slices, sizes and strides; it never knows a model, a file or a tape. Everything public is
//! concrete (`f32` and `f64`) or reached through the sealed trait [`Real`], whose methods are concrete
//! too, so a caller compiled without optimisation still runs kernels compiled with it.
//!
//! * [`simd`]: one small trait, written twice (portable through `wide`, AVX2+FMA through `core::arch`).
//! * [`dispatch`]: the instruction set, chosen once per process.
//! * [`parallel`]: threads, with chunks that never depend on their number.
//! * every other module: kernels, each written once over [`simd::Simd`] beside a plain `reference` twin.
#![deny(missing_docs)]

#[macro_use]
pub mod dispatch;
pub mod conv;
pub mod coordinate;
pub mod distance;
#[macro_use]
mod fused;
pub mod flow;
pub mod gathered;
pub mod gemm;
pub mod loss;
pub mod motion;
pub mod pairs;
mod panel;
pub mod parallel;
mod part;
pub mod peak;
mod real;
pub mod reduce;
pub mod rng;
pub mod simd;
pub mod small;
pub mod sparse;
pub mod special;
pub mod topics;
pub mod update;
pub mod vector;
pub mod warp;

pub use diabolo_decomp::{Failure, MatMut, MatRef, decomp, view};
pub use part::Part;
pub use real::Real;
