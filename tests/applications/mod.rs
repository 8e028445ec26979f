//! Applications: each one's theorem, outside references, and what it promises on real data.

mod confounding;
mod deconvolution;
mod deconvolution_real;
mod joint_nmf;
mod metagene;
