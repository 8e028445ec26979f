//! Kernels, each against its plain `reference` twin.

mod conv;
mod coordinate;
mod count;
mod decomp;
mod distance;
mod flow;
mod gathered;
mod gemm;
mod loss;
mod motion;
mod network;
mod pairs;
mod picked;
mod reduce;
mod rows;
mod small;
mod sparse;
mod special;
mod topics;
mod ulp;
mod update;
mod vector;
mod vector_math;
mod warp;
