//! Matrix factorisation: X ~ Z H, the linear relatives of the autoencoder.

pub mod als;
pub mod archetype;
pub mod bpmf;
pub mod completion;
pub mod gradient;
pub mod implicit;
pub mod kmeans;
pub mod nmf;
pub mod pca;
pub mod svd;
