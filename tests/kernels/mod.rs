//! Kernels, each against its plain `reference` twin.

mod gemm;
mod reduce;
mod special;
mod ulp;
mod vector;
mod vector_math;
