//! LDA by variational inference and what all its methods share.

use crate::tolerance::{LDA_BOUND, LDA_MONOTONE, LDA_SAMPLED};
use diabolo::data;
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::models::topic::lda::{Lda, Learn, Method, Params, Sampler, ln_joint_density};
use diabolo::models::{Data, History, Labels, Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo_kernels::special::lgamma;

pub const METHODS: [Method; 4] = [Method::Variational, Method::Online, Method::Gibbs, Method::Cvb0];

pub fn params(method: Method, n_topics: usize, max_iter: u64) -> Params {
    Params { method, n_topics, max_iter, burn_in: max_iter / 2, thin: 2, ..Params::default() }
}

pub fn fitted(params: &Params, x: &Features) -> (Lda, History) {
    fit(params, &Data::rows(x), None, &Env::seeded(3), &mut Silent).expect("a fit")
}

/// Simulated documents with their topics.
pub fn planted() -> (Features, Matrix<f64>) {
    let made = data::simulated_by_name(
        "topics:n_docs=400,n_words=120,n_topics=5,doc_length=80,seed=4",
        &Budget::unlimited(),
    );
    let made = made.expect("a simulator").expect("documents");
    let beta = made.truth.into_iter().find(|(name, _)| *name == "beta").expect("planted topics").1;
    (made.dataset.features, beta)
}

/// The mean over the planted topics of the largest cosine with one found.
pub fn mean_match(planted: &Matrix<f64>, found: &Matrix<f64>) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let cosine = |a: &[f64], b: &[f64]| dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
    let best = |topic: &[f64]| found.rows().map(|row| cosine(topic, row)).fold(0.0, f64::max);
    planted.rows().map(best).sum::<f64>() / planted.n_rows() as f64
}

#[test]
fn every_method_finds_planted_topics_and_rows_are_on_the_simplex() {
    let (x, beta) = planted();
    for method in METHODS {
        // The likeliest of three starts: each may end where two topics share one.
        let start = |seed: u64| {
            let env = Env::seeded(seed);
            let (model, _) =
                fit(&params(method, 5, 100), &Data::rows(&x), None, &env, &mut Silent).expect("a fit");
            (model.score(&Data::rows(&x), &env).expect("a score")[0].1, model)
        };
        let best = [1, 2, 3].map(start).into_iter().reduce(|a, b| if b.0 < a.0 { b } else { a });
        let model = best.expect("three starts").1;
        let cosine = mean_match(&beta, model.beta());
        // By batches, two of few topics end as one more often.
        let least = if method == Method::Online { 0.8 } else { 0.95 };
        assert!(cosine > least, "{method:?}: {cosine}");
        let codes = model.encoder().expect("it encodes").encode(&x, &Env::default()).expect("codes").to_f64();
        for row in model.theta().rows().chain(codes.rows()).chain(model.beta().rows()) {
            assert!(
                (row.iter().sum::<f64>() - 1.0).abs() < 1e-9 && row.iter().all(|t| *t >= 0.0),
                "{method:?}"
            );
        }
        // Topics of a training document are what it is encoded to, whether held or inferred.
        for (held, inferred) in model.theta().rows().zip(codes.rows()) {
            let apart: f64 = held.iter().zip(inferred).map(|(a, b)| (a - b).abs()).sum();
            assert!(apart < 0.5, "{method:?}: {held:?} {inferred:?}");
        }
    }
}

/// 30 documents of 12 words, and pseudo-counts of 3 topics.
fn small() -> (Features, Matrix<f64>) {
    let count = |d: usize, w: usize| {
        if (d * 3 + w * 4) % 5 < 2 { ((d * 7 + w * 5 + d * w) % 6) as f64 } else { 0.0 }
    };
    let lambda = Matrix::from_fn(12, 3, |w, j| 0.5 + ((w * 3 + j * 5) % 7) as f64);
    (Features::from(Matrix::from_fn(30, 12, count)), lambda)
}

/// 10,000 documents of 14 proportions, and pseudo-counts of 10 topics.
fn chapter() -> (Features, Matrix<f64>) {
    let value = |d: usize, w: usize| ((d * 31 + w * 17 + (d / 14) * w) % 23) as f64 + 0.5;
    let mut x = Matrix::from_fn(10_000, 14, value);
    for d in 0..10_000 {
        let total: f64 = x.row(d).iter().sum();
        x.row_mut(d).iter_mut().for_each(|x| *x /= total);
    }
    let lambda = Matrix::from_fn(14, 10, |w, j| 100.0 + ((w * 3 + j * 5) % 11) as f64 * 20.0);
    (Features::from(x), lambda)
}

/// The bounds of the first iterations from `lambda`, documents iterated until they stand still.
fn bounds(params: &Params, x: &Features, lambda: Matrix<f64>) -> (Lda, Vec<f64>) {
    let (data, env) = (Data::rows(x), Env::seeded(1));
    let state = params.start_from(&data, lambda, &env).expect("a start");
    let (model, history) =
        fit(params, &data, Some((state, History::default())), &env, &mut Silent).expect("a fit");
    (model, history.objective().to_vec())
}

fn exact(n_topics: usize, max_iter: u64, alpha: f64) -> Params {
    let base = params(Method::Variational, n_topics, max_iter);
    Params { alpha, eta: 0.1, tol: 0.0, inner_iter: 5000, inner_tol: 1e-7, restarts: max_iter, ..base }
}

#[test]
fn the_bound_is_that_of_scikit_learn() {
    // scikit-learn 1.9.1: LatentDirichletAllocation(mean_change_tol=1e-12, max_doc_update_iter=20000), its _e_step
    // without random_init and _approx_bound(sub_sampling=False), components = eta + statistics in between.
    let golden = [
        -1017.4560050523849,
        -935.474361378164,
        -848.1965549821945,
        -820.1854929748395,
        -800.0581873591451,
        -766.6886423445355,
        -756.0637404068497,
        -752.2066288575835,
    ];
    let (x, lambda) = small();
    let (_, got) = bounds(&exact(3, 8, 0.3), &x, lambda);
    for (got, want) in got.iter().zip(golden) {
        assert!((got / want - 1.0).abs() < LDA_BOUND, "{got} {want}");
    }
    // The case of fractions: 10,000 x 14 proportions, 10 topics.
    let golden = [-49742.507693490494, -49564.17412884823, -49532.4268749912, -49512.69551067296];
    let (x, lambda) = chapter();
    let (model, got) = bounds(&exact(10, 4, 0.1), &x, lambda);
    for (got, want) in got.iter().zip(golden) {
        assert!((got / want - 1.0).abs() < LDA_BOUND, "{got} {want}");
    }
    assert_eq!((model.theta().shape(), model.beta().shape()), ([10_000, 10], [10, 14]));
    for row in model.theta().rows() {
        assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }
}

#[test]
fn the_bound_never_falls_once_documents_go_on_from_where_they_were() {
    let (x, _) = planted();
    for learn_alpha in [Learn::No, Learn::Symmetric, Learn::Asymmetric] {
        let learn_eta = learn_alpha != Learn::No;
        let base = params(Method::Variational, 5, 60);
        let params = Params { restarts: 5, tol: 0.0, learn_alpha, learn_eta, ..base };
        let (_, history) = fitted(&params, &x);
        let objective = &history.objective()[5..];
        for pair in objective.windows(2) {
            assert!(pair[1] - pair[0] >= -LDA_MONOTONE * pair[0].abs(), "{learn_alpha:?}: {pair:?}");
        }
        assert!(objective[objective.len() - 1] > objective[0]);
    }
}

/// ln p(w | alpha, eta) of documents as lists of words, by all assignments of topics.
pub fn enumerated_evidence(
    documents: &[Vec<u32>],
    n_topics: usize,
    n_words: usize,
    alpha: f64,
    eta: f64,
) -> f64 {
    let n: usize = documents.iter().map(Vec::len).sum();
    let all = (0..n_topics.pow(n as u32)).map(|code| {
        let topics: Vec<usize> = (0..n as u32).map(|t| code / n_topics.pow(t) % n_topics).collect();
        ln_collapsed(documents, &topics, n_topics, n_words, alpha, eta)
    });
    let all: Vec<f64> = all.collect();
    let largest = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + all.iter().map(|x| (x - largest).exp()).sum::<f64>().ln()
}

/// ln p(w, z | alpha, eta), theta and beta integrated out.
pub fn ln_collapsed(
    documents: &[Vec<u32>],
    topics: &[usize],
    n_topics: usize,
    n_words: usize,
    alpha: f64,
    eta: f64,
) -> f64 {
    let rise = |a: f64, n: f64| lgamma(a + n) - lgamma(a);
    let mut by_word = vec![vec![0.0; n_words]; n_topics];
    let (mut ln, mut at) = (0.0, 0);
    for document in documents {
        let mut by_topic = vec![0.0; n_topics];
        for &w in document {
            by_topic[topics[at]] += 1.0;
            by_word[topics[at]][w as usize] += 1.0;
            at += 1;
        }
        ln += by_topic.iter().map(|&n| rise(alpha, n)).sum::<f64>();
        ln -= rise(alpha * n_topics as f64, document.len() as f64);
    }
    for row in &by_word {
        ln += row.iter().map(|&n| rise(eta, n)).sum::<f64>();
        ln -= rise(eta * n_words as f64, row.iter().sum());
    }
    ln
}

fn counted(documents: &[Vec<u32>], n_words: usize) -> Features {
    Csr::counted(n_words, documents.iter().cloned()).expect("words of the vocabulary").into()
}

#[test]
fn the_bound_stays_below_the_exact_evidence() {
    let corpora = [
        vec![vec![0, 1, 0], vec![2, 2, 1, 2]],
        vec![vec![0, 0, 1, 1], vec![2, 3], vec![3, 0, 3]],
        vec![vec![1], vec![1, 1, 1, 0, 2, 3]],
    ];
    for (corpus, (alpha, eta)) in corpora.iter().zip([(0.5, 0.3), (1.0, 1.0), (0.1, 0.05)]) {
        let exact = enumerated_evidence(corpus, 2, 4, alpha, eta);
        let base = params(Method::Variational, 2, 80);
        let params = Params { alpha, eta, tol: 0.0, inner_tol: 1e-7, restarts: 5, ..base };
        let (_, history) = fitted(&params, &counted(corpus, 4));
        let best = history.last_objective().expect("a bound");
        println!("evidence {exact:.4}, bound {best:.4}, gap {:.4}", exact - best);
        assert!(history.objective().iter().all(|bound| *bound < exact), "{exact} {:?}", history.objective());
        assert!(exact - best < 0.7 * exact.abs(), "the bound says something: {exact} {best}");
    }
}

#[test]
fn the_joint_density_is_the_products_it_says() {
    let beta = Matrix::from_vec(2, 3, vec![0.5, 0.3, 0.2, 0.1, 0.1, 0.8]);
    // Gamma(5) / (Gamma(2) Gamma(3)) .4^1 .6^2, then .4 .3, .6 .8, .6 .1.
    let density = 12.0 * 0.4 * 0.36 * (0.4 * 0.3) * (0.6 * 0.8) * (0.6 * 0.1);
    let got = ln_joint_density(&[0.4, 0.6], &[0, 1, 1], &[1, 2, 0], &[2.0, 3.0], &beta).expect("a density");
    assert!((got - f64::ln(density)).abs() < 1e-12, "{got}");
    // Over all topics of one token and all theta, by the midpoint rule, it integrates to the token's probability.
    let n = 20_000;
    let sum: f64 = (0..n)
        .flat_map(|i| {
            let t = (i as f64 + 0.5) / n as f64;
            let beta = &beta;
            [0, 1].map(|z| {
                ln_joint_density(&[t, 1.0 - t], &[z], &[2], &[2.0, 3.0], beta).expect("a density").exp()
            })
        })
        .sum();
    assert!((sum / n as f64 - (0.4 * 0.2 + 0.6 * 0.8)).abs() < 1e-6, "{sum}");
    assert!(ln_joint_density(&[0.4, 0.5], &[], &[], &[1.0, 1.0], &beta).is_err());
    assert!(ln_joint_density(&[0.4, 0.6], &[2], &[0], &[1.0, 1.0], &beta).is_err());
    assert!(ln_joint_density(&[0.4, 0.6], &[0], &[3], &[1.0, 1.0], &beta).is_err());
}

#[test]
fn a_smaller_alpha_makes_sparser_documents() {
    let (x, _) = planted();
    let entropy = |model: &Lda| {
        let of = |row: &[f64]| -row.iter().map(|t| t * t.max(1e-300).ln()).sum::<f64>();
        model.theta().rows().map(of).sum::<f64>() / model.theta().n_rows() as f64
    };
    for method in [Method::Variational, Method::Gibbs, Method::Cvb0] {
        let of = |alpha: f64| entropy(&fitted(&Params { alpha, ..params(method, 5, 60) }, &x).0);
        let entropies = [of(0.02), of(0.2), of(2.0)];
        assert!(entropies.windows(2).all(|pair| pair[0] < pair[1]), "{method:?}: {entropies:?}");
    }
}

#[test]
fn a_topic_is_led_by_its_words() {
    let (x, _) = planted();
    for method in METHODS {
        let seed_words = vec!["1:feature_10,feature_20".into(), "4:feature_30".into()];
        let params = Params { seed_words, seed_weight: 500.0, ..params(method, 5, 40) };
        let (model, _) = fitted(&params, &x);
        for (topic, word) in [(0, 9), (0, 19), (3, 29)] {
            let share = |k: usize| model.beta()[(k, word)];
            assert!((0..5).all(|k| k == topic || share(k) < share(topic)), "{method:?}: word {word}");
        }
    }
}

#[test]
fn samples_have_the_words_the_model_expects() {
    let (x, _) = planted();
    let (model, _) = fitted(&Params { learn_alpha: Learn::Asymmetric, ..params(Method::Cvb0, 5, 80) }, &x);
    let sample = model.sampler().expect("it samples").sample(3000, &Env::seeded(5)).expect("documents");
    let total: f64 = model.alpha().iter().sum();
    let expected =
        Matrix::from_vec(1, 5, model.alpha().iter().map(|a| a / total).collect()).matmul(model.beta());
    let (drawn, n_tokens) = (sample.col_sums(), sample.row_sums().iter().sum::<f64>());
    assert!((n_tokens / 3000.0 / 80.0 - 1.0).abs() < LDA_SAMPLED, "{n_tokens}");
    let apart: f64 = drawn.iter().zip(expected.values()).map(|(n, p)| (n / n_tokens - p).abs()).sum();
    assert!(apart < 2.0 * LDA_SAMPLED, "{apart}");
    assert!(sample.first_where(|x| x.fract() != 0.0).is_none());
}

#[test]
fn labels_are_told_by_topics_and_warnings_say_what_is_approximate() {
    let set = data::by_name("topics:n_docs=400,n_words=120,n_topics=5", &Budget::unlimited());
    let set = set.expect("a simulator").expect("documents");
    assert!(matches!(set.labels, Some(Labels { .. })));
    let gibbs = |sampler, chunks| Params { sampler, chunks, ..params(Method::Gibbs, 5, 60) };
    for (params, says) in [
        (gibbs(Sampler::Dense, 1), None),
        (gibbs(Sampler::Dense, 4), Some("--chunks 1 is exact")),
        (gibbs(Sampler::Passes, 1), Some("--sampler dense is exact")),
    ] {
        let (model, history) = fit(&params, &set.data(), None, &Env::seeded(1), &mut Silent).expect("a fit");
        assert_eq!(history.stop, diabolo::models::StopReason::Completed);
        let warnings = model.warnings().join(" ");
        assert!(says.map_or(warnings.is_empty(), |says| warnings.contains(says)), "{warnings}");
        let score = model.score(&set.data(), &Env::default()).expect("a score");
        let nmi = score.iter().find(|(name, _)| name == "nmi").expect("labels are known").1;
        assert!(nmi > 0.6, "{params:?}: {score:?}");
        assert!(model.figures(&set.data(), &Env::default()).expect("figures").len() >= 3);
    }
    // Far more topics than there are.
    let (model, _) = fitted(&params(Method::Gibbs, 60, 60), &counted(&[vec![0, 0, 1], vec![1, 1]], 3));
    assert!(model.warnings().join(" ").contains("without words of their own"), "{:?}", model.warnings());
}

#[test]
fn what_makes_no_sense_is_refused() {
    let good = params(Method::Cvb0, 3, 10);
    let (x, _) = small();
    let refusal = |params: &Params, x: &Features| {
        fit(params, &Data::rows(x), None, &Env::default(), &mut Silent).err().expect("a refusal")
    };
    let seeded = |text: &str| Params { seed_words: vec![text.into()], ..good.clone() };
    let bad = [
        Params { n_topics: 0, ..good.clone() },
        Params { alpha: 0.0, ..good.clone() },
        Params { eta: f64::NAN, ..good.clone() },
        Params { kappa: 0.5, ..good.clone() },
        Params { method: Method::Gibbs, burn_in: 10, ..good.clone() },
        Params { chunks: 0, ..good.clone() },
        Params { thin: 0, ..good.clone() },
        Params { learn_eta: true, ..seeded("1:feature_1") },
        seeded("feature_1"),
        seeded("4:feature_1"),
        seeded("1:nothing"),
    ];
    for params in &bad {
        let error = refusal(params, &x);
        assert_eq!(error.exit_code(), 2, "{params:?}: {error}");
    }
    let gibbs = params(Method::Gibbs, 3, 10);
    let fractions = Features::from(Matrix::from_vec(2, 2, vec![1.0, 2.0, 0.5, 1.0]));
    let error = refusal(&gibbs, &fractions);
    let text = error.to_string();
    assert!(
        text.starts_with("row 2, column 1") && text.contains("--method cvb0, variational or online"),
        "{text}"
    );
    assert_eq!(error.exit_code(), 65);
    for x in [Matrix::filled(2, 2, 0.0), Matrix::filled(2, 2, -1.0), Matrix::filled(2, 2, f64::NAN)] {
        for method in [Method::Variational, Method::Gibbs, Method::Cvb0] {
            assert_eq!(refusal(&params(method, 3, 10), &x.clone().into()).exit_code(), 65, "{method:?}");
        }
    }
    let stream = fit(&good, &Data::stream(&x), None, &Env::default(), &mut Silent).err().expect("a refusal");
    assert!(stream.to_string().contains("--method online"), "{stream}");
}
