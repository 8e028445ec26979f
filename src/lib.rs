//! Latent-variable models on plain CPUs: every model learns a latent Z of data X and offers what it can of
//! encode (X -> Z), decode (Z -> X^) and sample (-> X).
//!
//! A fit takes two lines: `let x = Data::rows(&features);` and
//! `let (model, history) = fit(&params, &x, None, &Env::seeded(1), &mut Silent)?;`. What a model can do it says
//! by [`models::Model::encoder`], [`models::Model::decoder`] and [`models::Model::sampler`].
//!
//! ```
//! use diabolo::linalg::{Features, Matrix};
//! use diabolo::models::factorization::pca;
//! use diabolo::models::{Data, Model, fit};
//! use diabolo::monitor::{Env, Silent};
//!
//! let x: Features = Matrix::from_fn(8, 3, |i, j| (i as f64) * (j as f64 + 1.0) + (i * j % 3) as f64).into();
//! let env = Env::seeded(1);
//! let params = pca::Params { n_components: 2, ..Default::default() };
//! let (model, history) = fit(&params, &Data::rows(&x), None, &env, &mut Silent)?;
//! assert!(history.converged());
//! let scores = model.encoder().expect("pca encodes").encode(&x, &env)?;
//! assert_eq!(scores.shape(), [8, 2]);
//! # Ok::<(), diabolo::Error>(())
//! ```
//!
//! # The map of models
//!
//! | model | what it finds |
//! |---|---|
//! | [`nmf`](models::factorization::nmf) | parts that add up: non-negative X ~ W H |
//! | [`als`](models::factorization::als) | R ~ U V by alternating least squares on the observed entries |
//! | [`gradient`](models::factorization::gradient) | R ~ U V by descent with exact line search, Adam or SGD |
//! | [`completion`](models::factorization::completion) | ratings completed: mean, biases and U V |
//! | [`bpmf`](models::factorization::bpmf) | ratings completed with intervals: Gibbs samples of U and V |
//! | [`implicit`](models::factorization::implicit) | what users did, weighted by confidence: ranks what they have not met |
//! | [`kmeans`](models::factorization::kmeans) | clusters around their means: X ~ W H with one-hot W |
//! | [`archetype`](models::factorization::archetype) | extremes of which all samples are mixtures: X ~ W B X |
//! | [`svd`](models::factorization::svd) | the nearest matrix of low rank |
//! | [`pca`](models::factorization::pca) | directions of largest variance |
//! | [`ae`](models::autoencoder::ae) | networks that make data again from short codes |
//! | [`vae`](models::autoencoder::vae) | codes with a prior, from which samples are drawn |
//! | [`zinb`](models::autoencoder::zinb) | what lies behind counts with dropouts, as of genes in cells |
//! | [`prodlda`](models::topic::prodlda) | topics as a product of experts, found by a network |
//! | [`gae`](models::graph::gae) | nodes of a graph embedded so that codes tell links |
//! | [`vgae`](models::graph::vgae) | the same with codes that have a prior |
//! | [`arga`](models::graph::arga) | the same with a critic of codes |
//! | [`eigenmaps`](models::graph::eigenmaps) | the smoothest codes on a graph |
//! | [`gan`](models::adversarial::gan) | a generator that learns to please a critic |
//! | [`fasttopics`](models::topic::fasttopics) | topics of counts by Poisson factors |
//! | [`plsi`](models::topic::plsi) | topics of documents by maximum likelihood |
//! | [`lsi`](models::topic::lsi) | weighted counts by singular vectors |
//! | [`countclust`](models::topic::countclust) | grades of membership, their number by Bayes factors |
//! | [`unigram`](models::topic::unigram) | one distribution over words, or a mixture of such |
//! | [`lda`](models::topic::lda) | documents that mix topics |
//! | [`deconvolution`](applications::deconvolution) | what share each type of cell has in mixtures |
//! | [`joint_nmf`](applications::joint_nmf) | what several views of the same samples share |
//! | [`metagene`](applications::metagene) | programs of genes that many factorisations agree on |
//! | [`realnvp`](models::density::realnvp) | exact densities by couplings that scale and shift |
//! | [`spline`](models::density::spline) | exact densities by rational-quadratic splines |
//! | [`nice`](models::density::nice) | exact densities by couplings that shift |
//! | [`maf`](models::density::maf) | exact densities feature after feature by masked networks |
//! | [`iaf`](models::density::iaf) | the same from the codes: samples are fast |
//! | [`glow`](models::density::glow) | exact densities of pictures at several scales |
//! | [`film`](models::interpolation::film) | frames between frames for large motion, trained on a clip |
//! | [`xvfi`](models::interpolation::xvfi) | frames at any time between frames, trained on a clip |
//!
//! # The floors
//!
//! A module names only modules beneath its own: [`error`], [`tensors`], [`figure`], [`monitor`]; [`linalg`] and
//! [`random`]; [`autodiff`] and [`solve`], what several models iterate; [`nn`], [`optim`] and [`metrics`]; [`models`];
//! [`applications`]; [`io`], [`data`] and [`report`];
//! the command line on top. All SIMD, threads and `unsafe` are in the crate `diabolo-kernels` beneath.
//!
//! # Features
//!
//! * `cli` (default): the binary `diabolo`, and every model's `Params` as flags. Without it the library needs
//!   neither clap nor a terminal.
//! * `h5ad` (default): AnnData's `.h5ad` and the `.h5` of 10x Genomics, by a reader in Rust alone.
#![forbid(unsafe_code)]

// Floor 0: what everybody may name.
pub mod error;
pub mod figure;
pub mod monitor;
pub mod tensors;
// Floor 1: matrices and random numbers.
pub mod linalg;
pub mod random;
// Floor 2: gradients, and what several rooms iterate.
pub mod autodiff;
pub mod solve;
// Floor 3: networks, their descent; what judges models.
pub mod metrics;
pub mod nn;
pub mod optim;
// Floor 4: the models.
pub mod models;
// Floor 5: what a field asks of them.
pub mod applications;
// Floor 6: files, data and reports.
pub mod data;
pub mod io;
pub mod report;
// Floor 7: the command line.
#[cfg(feature = "cli")]
pub mod cli;

pub use error::{Error, Result};

/// The README's library example, compiled and run by `cargo test --doc`.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
