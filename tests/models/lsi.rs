//! LSI: gensim's singular values and folded documents, the identities of the decomposition, weights by hand.

use crate::tolerance::{ALONE_OR_IN_COMPANY, EXACT_SUM, LSI_PEER};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::models::topic::lsi::{Lsi, Params, Weighting};
use diabolo::models::{Data, Decode, Encode, Model, fit};
use diabolo::monitor::{Env, Silent};

fn corpus() -> Matrix<f64> {
    Matrix::from_fn(60, 12, |i, j| match (i * i + 3 * i * j + 7 * j) % 11 < 4 + j % 3 {
        true => (1 + (i + j) % 3) as f64,
        false => 0.0,
    })
}

fn fitted(params: &Params, x: &Features) -> Lsi {
    fit(params, &Data::rows(x), None, &Env::seeded(1), &mut Silent).expect("a fit").0
}

fn golden(name: &str) -> Vec<f64> {
    let text = include_str!("../golden/lsi.tsv");
    let line = text.lines().find(|line| line.split('\t').next() == Some(name)).unwrap();
    line.split('\t').skip(1).map(|word| word.parse().unwrap()).collect()
}

#[test]
fn singular_values_and_documents_are_gensims() {
    let cases = [
        ("tf-idf", Weighting::TfIdf, false),
        ("tf-idf-unit", Weighting::TfIdf, true),
        ("log-entropy", Weighting::LogEntropy, false),
    ];
    for x in [Features::from(corpus()), Features::from(Csr::from_dense(&corpus()))] {
        for (name, weighting, unit_length) in cases {
            let params = Params { n_components: 4, weighting, unit_length, ..Params::default() };
            let model = fitted(&params, &x);
            let document: Vec<f64> = model.z().row(0).iter().map(|z| z.abs()).collect();
            let pairs = [
                (model.singular_values().to_vec(), name.to_owned()),
                (document, format!("{name}-first-document")),
            ];
            for (ours, name) in pairs {
                for (a, b) in ours.iter().zip(golden(&name)) {
                    assert!((a - b).abs() <= LSI_PEER * (1.0 + b), "{name}: {ours:?}");
                }
            }
        }
    }
}

#[test]
fn folding_in_gives_the_fitted_codes() {
    let x = Features::from(Csr::from_dense(&corpus()));
    for weighting in [Weighting::None, Weighting::TfIdf, Weighting::LogEntropy] {
        for unit_length in [false, true] {
            let params = Params { n_components: 5, weighting, unit_length, ..Params::default() };
            let model = fitted(&params, &x);
            let codes = model.encode(&x, &Env::seeded(1)).unwrap().to_f64();
            for (a, b) in codes.values().iter().zip(model.z().values()) {
                assert!((a - b).abs() <= ALONE_OR_IN_COMPANY * (1.0 + b.abs()), "{weighting:?}: {a} {b}");
            }
        }
    }
}

#[test]
fn all_components_decode_to_the_counts() {
    let x = corpus();
    for weighting in [Weighting::None, Weighting::TfIdf, Weighting::LogEntropy] {
        let model =
            fitted(&Params { n_components: 12, weighting, ..Params::default() }, &Features::from(x.clone()));
        let env = Env::seeded(1);
        let back =
            model.decode(&model.encode(&Features::from(x.clone()), &env).unwrap().to_f64(), &env).unwrap();
        for (a, b) in back.values().iter().zip(x.values()) {
            assert!((a - b).abs() <= 1e-8, "{weighting:?}: {a} {b}");
        }
        let score = model.score(&Data::rows(&Features::from(x.clone())), &env).unwrap();
        assert!(score[0].1 < 1e-6, "{score:?}");
    }
}

#[test]
fn weights_by_hand() {
    // Word 0 is evenly everywhere and tells nothing, word 1 in one document only, word 2 in none, word 3 in two of four.
    let x = Matrix::from_vec(4, 4, vec![2., 5., 0., 1., 2., 0., 0., 1., 2., 0., 0., 0., 2., 0., 0., 0.]);
    let weights = |weighting| {
        fitted(&Params { n_components: 2, weighting, ..Params::default() }, &Features::from(x.clone()))
            .word_weights()
            .to_vec()
    };
    let near = |a: &[f64], b: [f64; 4]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= EXACT_SUM);
    assert!(near(&weights(Weighting::TfIdf), [0.0, 4.0_f64.ln(), 4.0_f64.ln(), 2.0_f64.ln()]));
    assert!(near(&weights(Weighting::LogEntropy), [0.0, 1.0, 1.0, 0.5]));
    assert_eq!(weights(Weighting::None), [1.0; 4]);
}

#[test]
fn a_corpus_without_telling_words_is_refused() {
    let params = Params { weighting: Weighting::TfIdf, ..Params::default() };
    let x = Features::from(Matrix::filled(5, 4, 1.0));
    let refused = fit(&params, &Data::rows(&x), None, &Env::seeded(1), &mut Silent).err().unwrap();
    assert!(refused.exit_code() == 65 && refused.to_string().contains("--weighting none"), "{refused}");
    let negative = Features::from(Matrix::filled(5, 4, -1.0));
    assert!(fit(&params, &Data::rows(&negative), None, &Env::seeded(1), &mut Silent).is_err());
}
