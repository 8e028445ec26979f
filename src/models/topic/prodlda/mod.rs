//! ProdLDA (Srivastava & Sutton 2017): topics as a product of experts, found by a variational autoencoder.
//!
//! A document's memberships are logistic-normal, its words come from a product of the topics, not a mixture of them:
//!
//! z ~ N(mu0, diag(S0)), theta = softmax(z), w ~ softmax(norm(theta beta)),
//!
//! norm being batch normalisation with a bias and no scale. The prior is the Laplace approximation of Dirichlet(alpha)
//! in the softmax basis (MacKay 1998): for equal alpha, mu0 = 0 and S0 = (1 - 1/K) / alpha. q(z | x) = N(mu(x),
//! e^log_var(x)) is a network; loss, averaged over documents,
//!
//! loss = -E_q sum_w x_w ln p(w | z) + 1/2 sum_k (s^2 / S0 + mu^2 / S0 + ln S0 - ln s^2 - 1),  s^2 = e^log_var.
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | x | data: counts, and `n_embedding` further columns that describe the document | n_documents x (n_words + n_embedding) |
//! | theta | what `encode` gives: softmax(mu) | n_documents x n_topics, rows sum to 1 |
//! | beta | `beta`: the words of each topic alone, softmax(norm(e_k beta)) | n_topics x n_words, rows sum to 1 |
//!
//! Where an expert gives a word no chance, no other can: topics are sharper than a mixture's. What describes a document
//! beside its words, an embedding or its neighbours in a graph, goes into the encoder beside the counts or in
//! their stead (Bianchi, Terragni & Hovy 2021): its columns stand after the words'. Words are what is explained in either case.
//!
//! Cost: products of n_documents x hidden x n_topics and n_documents x n_topics x n_words an epoch, counts in the
//! first layer by their entries alone. Departures: the running moments of the normalisation move by a tenth.

mod model;
mod net;

pub use model::ProdLda;

use crate::autodiff::Store;
use crate::error::{Error, Result};
use crate::linalg::Features;
use crate::models::network::{Descends, Descent, Optimiser};
use crate::models::{Data, Settings, check_count, check_positive, check_share, check_widths};
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};
use net::Net;
use serde::{Deserialize, Serialize};

/// What the encoder sees of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Sees {
    /// Its words, and what else describes it
    #[default]
    Both,
    /// What describes it, without its words
    Embedding,
}

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of topics, at least 2
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_topics: usize,
    /// Widths of the encoder's hidden layers
    #[cfg_attr(feature = "cli", arg(long, value_name = "N,...", value_delimiter = ','))]
    pub hidden: Vec<usize>,
    /// The concentration of the Dirichlet distribution that the prior of memberships stands for
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub alpha: f64,
    /// The share of the encoder's last values, and of memberships, that is dropped in training
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub dropout: f64,
    /// How many of the last columns are no words but describe the document
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub n_embedding: usize,
    /// What the encoder sees of a document
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub sees: Sees,
    /// Passes over the data
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub epochs: u64,
    /// Rows of a step
    #[cfg_attr(feature = "cli", arg(long, value_name = "ROWS"))]
    pub batch_size: usize,
    /// The step size
    #[cfg_attr(feature = "cli", arg(long, value_name = "LR"))]
    pub learning_rate: f64,
    /// Adam's share of the mean gradient that stays
    #[cfg_attr(feature = "cli", arg(long, value_name = "B"))]
    pub beta1: f64,
    /// The share of documents held out to watch the fit
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub validation: f64,
    /// Epochs without an improvement on them that end the fit; 0 for never
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub patience: u64,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            n_topics: 50,
            hidden: vec![100, 100],
            alpha: 1.0,
            dropout: 0.2,
            n_embedding: 0,
            sees: Sees::Both,
            epochs: 80,
            batch_size: 200,
            learning_rate: 2e-3,
            beta1: 0.99,
            validation: 0.0,
            patience: 0,
        }
    }
}

impl Settings for Params {
    const NAME: &'static str = "prodlda";
    const TITLE: Option<&'static str> = Some("ProdLDA");
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        if self.n_topics < 2 {
            return Err(Error::parameter("n_topics", "memberships of one topic say nothing; give 2 or more"));
        }
        check_widths("hidden", &self.hidden)?;
        check_count("hidden", self.hidden.len() as u64, "an encoder has at least 1 hidden layer")?;
        check_positive("alpha", self.alpha)?;
        check_share("dropout", self.dropout)?;
        check_share("beta1", self.beta1)?;
        if self.sees == Sees::Embedding && self.n_embedding == 0 {
            return Err(Error::parameter("sees", "there is no embedding to see; give --n-embedding"));
        }
        if self.batch_size == 1 {
            return Err(Error::parameter("batch_size", "batch normalisation needs at least 2 rows"));
        }
        self.descent().check()
    }
}

/// What a network reads of documents, found once from the data of the fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Width of the data without what describes documents.
    pub n_words: usize,
    /// Columns after the words that describe documents.
    pub n_embedding: usize,
    /// Whether the first layer takes sparse rows.
    pub is_sparse: bool,
    /// The mean length of the documents.
    pub mean_length: f64,
}

impl Reading {
    /// What suits some documents.
    /// # Errors
    /// [`Error::Numerical`] at the first word with a negative weight; [`Error::Shape`] without words.
    fn of(x: &Features, n_embedding: usize) -> Result<Reading> {
        let n_words = x.n_features().saturating_sub(n_embedding);
        if n_words == 0 {
            let wanted = format!("more columns than the {n_embedding} that describe documents");
            return Err(Error::shape(wanted, x.n_features().to_string()));
        }
        let reading = Reading { n_words, n_embedding, is_sparse: x.is_sparse(), mean_length: 0.0 };
        reading.check(x)?;
        let total: f64 = reading.lengths(x).iter().sum();
        if total == 0.0 {
            return Err(Error::numerical("prodlda", "no document has a word: there is nothing to learn"));
        }
        Ok(Reading { mean_length: total / x.n_samples() as f64, ..reading })
    }

    /// Calls `each` with (row, column, value) of every word that is not 0, row by row.
    fn each_word(&self, x: &Features, mut each: impl FnMut(usize, usize, f64)) {
        if let Features::Sparse(x) = x {
            let words = x.entries().filter(|&(_, j, _)| j < self.n_words);
            return words.for_each(|(i, j, value)| each(i, j, value));
        }
        let mut row = vec![0.0; x.n_features()];
        for i in 0..x.n_samples() {
            x.row_into(i, &mut row);
            let words = row[..self.n_words].iter().enumerate().filter(|(_, value)| **value != 0.0);
            words.for_each(|(j, &value)| each(i, j, value));
        }
    }

    /// Refuses words with negative weights.
    /// # Errors
    /// [`Error::Numerical`] at the first of them.
    fn check(&self, x: &Features) -> Result<()> {
        let mut negative = None;
        self.each_word(x, |i, j, value| {
            if value < 0.0 && negative.is_none() {
                negative = Some((i, j));
            }
        });
        let Some((i, j)) = negative else { return Ok(()) };
        Err(Error::numerical(
            format!("row {}, column {}", i + 1, j + 1),
            "the value is negative and words are counted; give counts, or say by --n-embedding how many of the last \
             columns are no words",
        ))
    }

    /// The number of words of every document.
    fn lengths(&self, x: &Features) -> Vec<f64> {
        let mut lengths = vec![0.0; x.n_samples()];
        self.each_word(x, |i, _, value| lengths[i] += value);
        lengths
    }

    /// Width of the data.
    fn n_features(&self) -> usize {
        self.n_words + self.n_embedding
    }

    fn load(named: &Named) -> Result<Reading> {
        Ok(Reading {
            n_words: named.scalar_u64("reading/n_words")? as usize,
            n_embedding: named.scalar_u64("reading/n_embedding")? as usize,
            is_sparse: named.scalar_u64("reading/is_sparse")? == 1,
            mean_length: named.scalar_f64("reading/mean_length")?,
        })
    }
}

impl Tensors for Reading {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_u64(each, "reading/n_words", self.n_words as u64);
        visit_u64(each, "reading/n_embedding", self.n_embedding as u64);
        visit_u64(each, "reading/is_sparse", u64::from(self.is_sparse));
        visit_f64(each, "reading/mean_length", self.mean_length);
    }
}

impl Descends for Params {
    const SCORE: &'static str = "neg_elbo";
    type Reading = Reading;
    type Net = Net;
    type Model = ProdLda;

    fn descent(&self) -> Descent {
        Descent {
            epochs: self.epochs,
            batch_size: self.batch_size,
            learning_rate: self.learning_rate,
            optimiser: Optimiser::Adam,
            beta1: self.beta1,
            validation: self.validation,
            patience: self.patience,
            ..Descent::default()
        }
    }

    fn bytes(&self, n_features: usize) -> u64 {
        Net::bytes(self, n_features)
    }

    fn read(&self, x: &Data) -> Result<Reading> {
        Reading::of(x.features()?, self.n_embedding)
    }

    fn load_reading(&self, named: &Named) -> Result<Reading> {
        Reading::load(named)
    }

    fn net(&self, store: &mut Store<f32>, reading: &Reading, seed: u64) -> Net {
        Net::new(store, self, *reading, seed)
    }

    fn model(&self, reading: Reading, net: Net, store: Store<f32>) -> ProdLda {
        ProdLda::new(reading, net, store)
    }
}
