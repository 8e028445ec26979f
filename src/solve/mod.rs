//! What several rooms iterate: pure routines on matrices, with no data, no files and no loop over epochs.

pub mod active_set;
pub mod adaptive_shrinkage;
pub mod als;
pub mod assignment;
pub mod bilinear;
pub mod coordinates;
pub mod extrapolation;
pub mod gibbs;
pub mod hals;
pub mod implicit;
pub mod itakura_saito;
pub mod lbfgs;
pub mod links;
pub mod lloyd;
pub mod nnls;
pub mod normal_wishart;
pub mod observed;
pub mod poisson;
pub mod scd;
pub mod sgd;
pub mod spectral;
pub mod top_n;
pub mod topics;
