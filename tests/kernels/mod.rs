//! Kernels, each against its plain `reference` twin.

mod gemm;
