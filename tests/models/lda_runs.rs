//! Runs of LDA by every method: resumed, on any number of threads, by batches, on data of any kind.

use super::lda::{METHODS, fitted, mean_match, params, planted};
use diabolo::linalg::{Features, Matrix};
use diabolo::models::topic::lda::{Lda, Learn, Method, Params, Sampler};
use diabolo::models::{Data, Fit, Model, fit, resume};
use diabolo::monitor::{Env, Monitor, Progress, Signal, Silent};
use diabolo::random::Rng;
use diabolo::tensors::{Named, Tensors};
use diabolo_kernels::parallel::with_threads;

/// Keeps the state after a step.
struct Keep {
    at: u64,
    state: Option<Named>,
}

impl Monitor for Keep {
    fn at(&mut self, progress: &Progress, state: &dyn Tensors) -> diabolo::Result<Signal> {
        if progress.iteration < self.at {
            return Ok(Signal::Go);
        }
        self.state = Some(Named::copy_of(state));
        Ok(Signal::Stop)
    }
}

/// Every method and sampler, with priors that are learned.
fn every_kind() -> Vec<Params> {
    let learning = |method| Params {
        learn_alpha: Learn::Asymmetric,
        learn_eta: method != Method::Online,
        tol: 0.0,
        restarts: 3,
        ..params(method, 5, 24)
    };
    let mut all: Vec<Params> = METHODS.into_iter().map(learning).collect();
    all.push(Params { chunks: 3, ..learning(Method::Gibbs) });
    all.push(Params { sampler: Sampler::Passes, ..learning(Method::Gibbs) });
    all.push(Params {
        seed_words: vec!["2:feature_3,feature_9".into()],
        learn_eta: false,
        ..learning(Method::Cvb0)
    });
    all
}

#[test]
fn a_resumed_fit_ends_with_the_same_bits() {
    let (x, _) = planted();
    for params in every_kind() {
        let (whole, history) = fitted(&params, &x);
        for at in [1, 11, 20] {
            let mut keep = Keep { at, state: None };
            fit(&params, &Data::rows(&x), None, &Env::seeded(3), &mut keep).expect("a fit");
            let kept = resume(&params, &keep.state.expect("a state")).expect("a state");
            let (again, history_again) =
                fit(&params, &Data::rows(&x), Some(kept), &Env::seeded(3), &mut Silent).expect("a fit");
            assert_eq!(Named::copy_of(&whole), Named::copy_of(&again), "{params:?} at {at}");
            assert_eq!(history, history_again, "{params:?}");
        }
        let loaded = params.load_model(&Named::copy_of(&whole)).expect("its own arrays");
        let encode =
            |model: &Lda| model.encoder().expect("it encodes").encode(&x, &Env::default()).expect("codes");
        assert_eq!(encode(&whole), encode(&loaded));
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let (x, _) = planted();
    for params in every_kind() {
        let of = |n| with_threads(n, || Named::copy_of(&fitted(&params, &x).0));
        let one = of(1);
        assert!(one == of(2) && one == of(5), "{params:?}");
    }
}

#[test]
fn batches_from_a_stream_or_one_by_one_give_the_bits_of_memory() {
    let (x, beta) = planted();
    let params = Params { batch_size: 100, tol: 0.0, ..params(Method::Online, 5, 3) };
    let (whole, _) = fitted(&params, &x);
    let (streamed, history) =
        fit(&params, &Data::stream(&x), None, &Env::seeded(3), &mut Silent).expect("a fit");
    assert_eq!(history.n_iter(), 3);
    assert_eq!(Named::copy_of(&whole), Named::copy_of(&streamed));
    assert_eq!(whole.theta().shape(), [0, 5]);
    // One pass, batch by batch.
    let once = Params { max_iter: 1, ..params.clone() };
    let mut state = once.start(&Data::rows(&x), &Env::seeded(3)).expect("a state");
    for first in [0, 100, 200, 300] {
        let rows: Vec<usize> = (first..first + 100).collect();
        let bound = once.partial_fit(&x.select_rows(&rows), &mut state, &Env::default()).expect("a batch");
        assert!(bound < 0.0);
    }
    assert_eq!(once.finish(state).expect("a model").beta(), fitted(&once, &x).0.beta());
    let mut other =
        self::params(Method::Cvb0, 5, 3).start(&Data::rows(&x), &Env::default()).expect("a state");
    assert_eq!(once.partial_fit(&x, &mut other, &Env::default()).expect_err("another method").exit_code(), 2);
    // The bound rises from pass to pass, and topics are found.
    let longer = Params { max_iter: 30, ..params };
    let (model, history) = fitted(&longer, &x);
    assert!(history.objective()[29] > history.objective()[0]);
    let (early, late) = (mean_match(&beta, fitted(&once, &x).0.beta()), mean_match(&beta, model.beta()));
    assert!(late > early && late > 0.85, "{early} {late}");
}

#[test]
fn data_of_any_kind_gives_the_same_topics() {
    let (x, _) = planted();
    let dense = Features::from(x.to_dense());
    for method in METHODS {
        let params = params(method, 5, 12);
        let (a, b) = (fitted(&params, &x).0, fitted(&params, &dense).0);
        assert_eq!(a.beta(), b.beta(), "{method:?}");
    }
}

#[test]
fn words_and_documents_that_are_empty_do_no_harm() {
    let mut rng = Rng::seeded(2);
    // Word 5 is nowhere; documents 0 and 7 are empty.
    let x = Matrix::from_fn(20, 8, |d, w| if d % 7 == 0 || w == 5 { 0.0 } else { rng.below(3) as f64 });
    for mut params in every_kind() {
        params.seed_words.clear();
        let (model, _) = fitted(&params, &x.clone().into());
        assert!(model.beta().is_finite() && model.theta().is_finite(), "{params:?}");
        let codes = model.encoder().expect("it encodes").encode(&x.clone().into(), &Env::default());
        assert!(codes.expect("codes").to_f64().is_finite(), "{params:?}");
    }
}
