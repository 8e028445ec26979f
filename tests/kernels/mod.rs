//! Kernels, each against its plain `reference` twin.

mod coordinate;
mod decomp;
mod distance;
mod gathered;
mod gemm;
mod picked;
mod reduce;
mod rows;
mod small;
mod sparse;
mod special;
mod ulp;
mod vector;
mod vector_math;
