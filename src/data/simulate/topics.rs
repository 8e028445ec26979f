//! Documents that mix topics.

use super::{POSITIVE, Simulator, charge, check_count, check_range, group_labels, matrix_by_rows};
use crate::data::Simulated;
use crate::error::Result;
use crate::linalg::{Csr, Features, Matrix};
use crate::models::{Dataset, Names};
use crate::monitor::Budget;
use crate::random::{Dirichlet, PrefixSums, Rng};
use serde::{Deserialize, Serialize};

/// Latent Dirichlet allocation (Blei, Ng & Jordan 2003), read forwards:
///
/// topic k: beta_k ~ Dirichlet(eta, ..., eta) over words; document d: theta_d ~ Dirichlet(alpha, ..., alpha)
/// over topics, its length ~ 1 + Poisson(doc_length - 1); each token: z ~ theta_d, w ~ beta_z.
///
/// The data is the sparse matrix of counts, documents x words; the label of a document is its largest
/// topic. Truth: `theta` (documents x topics), `beta` (topics x words).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Topics {
    /// Documents.
    #[serde(alias = "n")]
    pub n_docs: usize,
    /// Vocabulary.
    #[serde(alias = "m")]
    pub n_words: usize,
    /// Topics.
    #[serde(alias = "k")]
    pub n_topics: usize,
    /// Mean number of tokens, 1 or more.
    pub doc_length: f64,
    /// Document-topic prior.
    pub alpha: f64,
    /// Topic-word prior.
    pub eta: f64,
    /// The seed.
    pub seed: u64,
}

impl Default for Topics {
    fn default() -> Self {
        Self { n_docs: 500, n_words: 200, n_topics: 8, doc_length: 100.0, alpha: 0.1, eta: 0.05, seed: 1 }
    }
}

/// "Bars" (Griffiths & Steyvers 2004): words are the pixels of a `side` x `side` picture, the 2 `side`
/// topics are its rows and columns, each uniform over its pixels. Documents as in [`Topics`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bars {
    /// Documents.
    #[serde(alias = "n")]
    pub n_docs: usize,
    /// Height and width of the picture.
    pub side: usize,
    /// Mean number of tokens, 1 or more.
    pub doc_length: f64,
    /// Document-topic prior.
    pub alpha: f64,
    /// The seed.
    pub seed: u64,
}

impl Default for Bars {
    fn default() -> Self {
        Self { n_docs: 1000, side: 5, doc_length: 100.0, alpha: 1.0, seed: 1 }
    }
}

/// Streams: what is drawn.
const BETA: u64 = 0;
const THETA: u64 = 1;
const TOKENS: u64 = 2;

/// The longest documents that make sense to draw token by token.
const LENGTHS: std::ops::RangeInclusive<f64> = 1.0..=1e9;

impl Simulator for Topics {
    const NAME: &'static str = "topics";

    fn check(&self) -> Result<()> {
        check_count("n_docs", self.n_docs)?;
        check_count("n_words", self.n_words)?;
        check_count("n_topics", self.n_topics)?;
        check_range("doc_length", self.doc_length, LENGTHS)?;
        check_range("alpha", self.alpha, POSITIVE)?;
        check_range("eta", self.eta, POSITIVE)
    }

    fn draw(&self, budget: &Budget) -> Result<Simulated> {
        charge(budget, "the topics", &[[self.n_topics, self.n_words], [self.n_docs, self.n_topics]])?;
        let beta = dirichlet_rows([self.n_topics, self.n_words], self.eta, (self.seed, BETA));
        let theta = dirichlet_rows([self.n_docs, self.n_topics], self.alpha, (self.seed, THETA));
        let names = Names {
            features: Some((1..=self.n_words).map(|word| format!("word_{word}")).collect()),
            ..Names::default()
        };
        documents(theta, beta, self.doc_length, self.seed, names, budget)
    }
}

impl Simulator for Bars {
    const NAME: &'static str = "bars";

    fn check(&self) -> Result<()> {
        check_count("n_docs", self.n_docs)?;
        check_count("side", self.side)?;
        check_count("side", self.side.saturating_mul(self.side))?;
        check_range("doc_length", self.doc_length, LENGTHS)?;
        check_range("alpha", self.alpha, POSITIVE)
    }

    fn draw(&self, budget: &Budget) -> Result<Simulated> {
        let (side, n_topics, n_words) = (self.side, 2 * self.side, self.side * self.side);
        charge(budget, "the bars", &[[n_topics, n_words], [self.n_docs, n_topics]])?;
        let beta = Matrix::from_fn(n_topics, n_words, |k, v| {
            let bar = if k < side { v / side } else { side + v % side };
            if k == bar { 1.0 / side as f64 } else { 0.0 }
        });
        let theta = dirichlet_rows([self.n_docs, n_topics], self.alpha, (self.seed, THETA));
        let names = Names {
            features: Some((0..n_words).map(|v| format!("pixel_{}_{}", v / side, v % side)).collect()),
            picture: Some((side, side)),
            ..Names::default()
        };
        documents(theta, beta, self.doc_length, self.seed, names, budget)
    }
}

/// Rows drawn from a symmetric Dirichlet distribution.
fn dirichlet_rows(shape: [usize; 2], concentration: f64, key: (u64, u64)) -> Matrix<f64> {
    let dirichlet = Dirichlet::new(&vec![concentration; shape[1]]);
    matrix_by_rows(shape, key, |_, rng, row| dirichlet.sample(rng, row))
}

/// Documents of given topics, token by token.
fn documents(
    theta: Matrix<f64>,
    beta: Matrix<f64>,
    doc_length: f64,
    seed: u64,
    names: Names,
    budget: &Budget,
) -> Result<Simulated> {
    let n_topics = beta.n_rows();
    charge(budget, "the topics' distribution functions", &[beta.shape()])?;
    let words_of: Vec<PrefixSums> = beta.rows().map(PrefixSums::new).collect();
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    let mut largest = Vec::with_capacity(theta.n_rows());
    for (d, mix) in theta.rows().enumerate() {
        let mut rng = Rng::keyed(seed, &[TOKENS, d as u64]);
        let n_tokens = 1 + rng.poisson(doc_length - 1.0);
        let topics = PrefixSums::new(mix);
        budget.charge_array(n_tokens, 4, "a document")?;
        let mut tokens: Vec<u32> = (0..n_tokens)
            .map(|_| {
                let z = topics.sample(&mut rng);
                words_of[z].sample(&mut rng) as u32
            })
            .collect();
        tokens.sort_unstable();
        let counted = tokens.chunk_by(|a, b| a == b);
        for same_word in counted {
            indices.push(same_word[0]);
            values.push(same_word.len() as f64);
        }
        budget.charge_array((values.len() - indptr[d]) as u64, 12, "the counts of a document")?;
        budget.release(4 * n_tokens);
        indptr.push(values.len());
        let at = (0..n_topics).max_by(|&a, &b| mix[a].total_cmp(&mix[b]));
        largest.push(at.expect("there is a topic") as u32);
    }
    let dataset = Dataset {
        features: Features::Sparse(Csr::new(beta.n_cols(), indptr, indices, values)?),
        names,
        labels: Some(group_labels("topic", largest, n_topics)),
        batches: None,
    };
    Ok(Simulated { dataset, truth: vec![("theta", theta), ("beta", beta)] })
}
