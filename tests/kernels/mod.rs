//! Kernels, each against its plain `reference` twin.

mod gemm;
mod reduce;
mod vector;
