//! ProdLDA: planted topics come back, experts multiply, what describes documents helps, sparse = dense.

use diabolo::data::simulated_by_name;
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::models::topic::prodlda::{Params, ProdLda, Sees};
use diabolo::models::{Data, Decode, Encode, Fit, Sample, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::random::Rng;
use diabolo::tensors::{Named, Owned};

fn small() -> Params {
    Params {
        n_topics: 5,
        hidden: vec![32],
        epochs: 60,
        batch_size: 50,
        learning_rate: 1e-2,
        ..Params::default()
    }
}

/// 600 documents of 5 topics over 60 words: counts, theta, beta.
fn planted() -> (Csr<f64>, Matrix<f64>, Matrix<f64>) {
    let name = "topics:n_docs=600,n_words=60,n_topics=5,doc_length=60";
    let made = simulated_by_name(name, &Budget::unlimited()).expect("a simulator").expect("documents");
    let Features::Sparse(x) = made.dataset.features else { panic!("sparse counts") };
    let truth = |name: &str| made.truth.iter().find(|(key, _)| *key == name).expect("a truth").1.clone();
    (x, truth("theta"), truth("beta"))
}

fn fitted(params: &Params, x: &Features) -> ProdLda {
    fit(params, &Data::rows(x), None, &Env::seeded(1), &mut Silent).expect("a fit").0
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[test]
fn planted_topics_come_back() {
    let (x, theta, beta) = planted();
    let x = Features::Sparse(x);
    let model = fitted(&small(), &x);
    let env = Env::seeded(1);
    // Experts are sharper than the topics of a mixture: memberships are what can be compared.
    let found = model.encode(&x, &env).expect("memberships").to_f64();
    let mut taken = [false; 5];
    for k in 0..5 {
        let planted = theta.col(k);
        let best = (0..5)
            .max_by(|&a, &b| cosine(&found.col(a), &planted).total_cmp(&cosine(&found.col(b), &planted)));
        let best = best.expect("a topic");
        assert!(
            cosine(&found.col(best), &planted) > 0.8,
            "topic {k}: {}",
            cosine(&found.col(best), &planted)
        );
        assert!(!taken[best], "two planted topics in one");
        taken[best] = true;
        // The likeliest word of the planted topic is one of the three likeliest of the found one.
        let top = |row: &[f64], n: usize| {
            let mut order: Vec<usize> = (0..row.len()).collect();
            order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
            order.truncate(n);
            order
        };
        let planted_first = top(beta.row(k), 3);
        assert!(top(model.beta().row(best), 6).iter().any(|j| planted_first.contains(j)), "topic {k}");
    }
}

#[test]
fn memberships_and_words_are_distributions() {
    let (x, ..) = planted();
    let x = Features::Sparse(x);
    let model = fitted(&Params { epochs: 5, ..small() }, &x);
    let env = Env::seeded(3);
    let theta = model.encode(&x, &env).expect("memberships").to_f64();
    let words = model.decode(&theta, &env).expect("words");
    for rows in [&theta, &words, model.beta()] {
        for row in rows.rows() {
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-5, "{row:?}");
            assert!(row.iter().all(|p| (0.0..=1.0).contains(p)), "{row:?}");
        }
    }
    assert!(theta.values().iter().all(|&p| p > 0.0));
    let drawn = model.sample(200, &env).expect("documents");
    let lengths = drawn.row_sums();
    let seen = x.row_sums().iter().sum::<f64>() / 600.0;
    assert!(lengths.iter().all(|&n| n == seen.round()), "{lengths:?}");
}

/// Where one expert gives a word no chance, no mixture of experts that it has a part in does: logits add up. (A mixture
/// of topics would keep the others' share.)
#[test]
fn an_experts_zero_gives_zero() {
    let (x, ..) = planted();
    let params = Params { epochs: 3, ..small() };
    let model = fitted(&params, &Features::Sparse(x));
    let mut named = Named::copy_of(&model);
    let mut weights = named.get("beta.weight").expect("topics").clone();
    let Owned::F32(values) = &mut weights.values else { panic!("f32 weights") };
    // n_words x n_topics in files: word 7 has no chance in topic 2.
    values[7 * 5 + 2] = -1e6;
    named.insert("beta.weight", weights);
    let never = params.load_model(&named).expect("a model");
    let env = Env::seeded(1);
    let half = Matrix::from_vec(2, 5, vec![0.0, 0.0, 0.5, 0.5, 0.0, 0.25, 0.25, 0.0, 0.25, 0.25]);
    let p = never.decode(&half, &env).expect("words");
    assert_eq!(p[(0, 7)], 0.0, "half of it is topic 2");
    assert!(p[(1, 7)] > 0.0, "topic 2 has no part in it");
}

/// Columns that describe documents help to predict words that were not seen, beside the words that were and without them.
#[test]
fn what_describes_documents_helps() {
    let name = "topics:n_docs=2400,n_words=100,n_topics=5,doc_length=8,eta=0.1";
    let made = simulated_by_name(name, &Budget::unlimited()).expect("a simulator").expect("documents");
    let (x, theta) = (made.dataset.features.to_dense(), &made.truth[0].1);
    // Every word goes to the half that is seen or to the half that is predicted.
    let mut rng = Rng::seeded(5);
    let seen = Matrix::from_fn(2400, 100, |i, j| {
        (0..x[(i, j)] as u64).filter(|_| rng.bernoulli(0.5)).count() as f64
    });
    let with =
        |n_columns: usize, column: &mut dyn FnMut(usize, usize) -> f64| {
            let wide = Matrix::from_fn(2400, 100 + n_columns, |i, j| {
                if j < 100 { seen[(i, j)] } else { column(i, j - 100) }
            });
            Features::Sparse(Csr::from_dense(&wide))
        };
    let plain = with(0, &mut |_, _| 0.0);
    let informed = with(5, &mut |i, k| 3.0 * theta[(i, k)]);
    let noisy = with(5, &mut |_, _| rng.normal());
    let perplexity = |x_seen: &Features, n_embedding: usize, sees: Sees| {
        let rows = |range: std::ops::Range<usize>| x_seen.select_rows(&range.collect::<Vec<_>>());
        let params = Params { n_embedding, sees, epochs: 30, ..small() };
        let (model, env) = (fitted(&params, &rows(0..2000)), Env::seeded(1));
        let theta = model.encode(&rows(2000..2400), &env).expect("memberships").to_f64();
        let p = model.decode(&theta, &env).expect("words");
        let (mut log, mut n) = (0.0, 0.0);
        for i in 0..400 {
            for j in 0..100 {
                let left = x[(2000 + i, j)] - seen[(2000 + i, j)];
                log += left * p[(i, j)].ln();
                n += left;
            }
        }
        (-log / n).exp()
    };
    let words = perplexity(&plain, 0, Sees::Both);
    let both = perplexity(&informed, 5, Sees::Both);
    let alone = perplexity(&informed, 5, Sees::Embedding);
    let noise = perplexity(&noisy, 5, Sees::Embedding);
    assert!(both < 0.97 * words, "beside the words {both}, words alone {words}");
    assert!(alone < 0.97 * words, "without the words {alone}, words alone {words}");
    assert!(noise > 1.2 * alone, "noise {noise}, information {alone}");
}

#[test]
fn sparse_and_dense_documents_give_one_model() {
    let (x, ..) = planted();
    let dense = Features::F64(x.to_dense());
    let params = Params { epochs: 1, learning_rate: 1e-3, ..small() };
    let env = Env::seeded(1);
    let (a, b) = (fitted(&params, &Features::Sparse(x.clone())), fitted(&params, &dense));
    let codes = |model: &ProdLda| model.encode(&dense, &env).expect("memberships").to_f64();
    let (a, b) = (codes(&a), codes(&b));
    let worst = a.values().iter().zip(b.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    // Sums in another order, over an epoch of descent.
    assert!(worst < 1e-3, "{worst}");
}

#[test]
fn bad_documents_are_refused_by_place() {
    let env = Env::seeded(1);
    let refused = |x: Matrix<f64>, params: &Params| {
        let x = Features::F64(x);
        match fit(params, &Data::rows(&x), None, &env, &mut Silent) {
            Ok(_) => panic!("refused"),
            Err(e) => e.to_string(),
        }
    };
    let negative = |j: usize| Matrix::from_fn(6, 4, |i, l| if (i, l) == (2, j) { -1.0 } else { 1.0 });
    assert!(refused(negative(1), &small()).contains("row 3, column 2"));
    assert!(refused(Matrix::zeros(6, 4), &small()).contains("no document has a word"));
    assert!(refused(negative(1), &Params { n_embedding: 4, ..small() }).contains("more columns"));
    assert!(refused(negative(1), &Params { n_topics: 1, ..small() }).contains("2 or more"));
    let x = Features::F64(negative(3));
    let params = Params { n_embedding: 1, epochs: 1, ..small() };
    assert!(fit(&params, &Data::rows(&x), None, &env, &mut Silent).is_ok(), "an embedding may be negative");
}
