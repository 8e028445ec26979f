//! Models: what all of them promise (`contract`), and each one's theorem and outside references.

mod ae;
mod als;
mod bpmf;
mod bpmf_joint;
mod completion;
mod contract;
mod gan;
mod gradient;
mod implicit;
mod kmeans;
mod lda;
mod lda_gibbs;
mod nmf;
mod nmf_hidden;
mod nmf_itakura_saito;
mod nmf_online;
mod spectral;
mod stream;
mod unigram;
mod vae;
mod validation;
mod zinb;
