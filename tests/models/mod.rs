//! Models: what all of them promise (`contract`), and each one's theorem and outside references.

mod ae;
mod als;
mod bpmf;
mod bpmf_joint;
mod completion;
mod contract;
mod countclust;
mod expression;
mod fasttopics;
mod gan;
mod gradient;
mod implicit;
mod kmeans;
mod lsi;
mod nmf;
mod nmf_hidden;
mod nmf_itakura_saito;
mod nmf_online;
mod plsi;
mod prodlda;
mod spectral;
mod stream;
mod vae;
mod validation;
mod zinb;
