//! NMF by batches: planted parts are found, streams give the bits of memory, the past is forgotten as asked.

use diabolo::data;
use diabolo::io::{read::ReadOptions, rows::RowFile, write};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::models::factorization::nmf::{Loss, Nmf, Params};
use diabolo::models::{Data, Fit, Model, Names, fit, resume};
use diabolo::monitor::{Budget, Env, Monitor, Progress, Signal, Silent};
use diabolo::random::Rng;
use diabolo::tensors::{Named, Tensors};

const LOSSES: [Loss; 2] = [Loss::Frobenius, Loss::KullbackLeibler];

fn params(n_components: usize, loss: Loss, batch_size: usize, max_iter: u64) -> Params {
    Params { n_components, loss, batch_size, max_iter, tol: 0.0, ..Params::default() }
}

fn fitted(params: &Params, x: &Features) -> Nmf {
    fit(params, &Data::rows(x), None, &Env::seeded(3), &mut Silent).expect("a fit").0
}

/// Mixtures of `k` parts with entries that are 0 half of the time.
fn planted(n: usize, m: usize, k: usize, seed: u64) -> (Matrix<f64>, Matrix<f64>) {
    let mut rng = Rng::seeded(seed);
    let mut draw = |n_rows, n_cols| {
        Matrix::from_fn(n_rows, n_cols, |_, _| if rng.bernoulli(0.5) { 0.0 } else { 1.0 + rng.uniform() })
    };
    let (w, h) = (draw(n, k), draw(k, m));
    (w.matmul(&h), h)
}

/// The least over the rows of `h` of the largest cosine with a row of `found`.
fn worst_match(h: &Matrix<f64>, found: &Matrix<f64>) -> f64 {
    let norm = |row: &[f64]| row.iter().map(|v| v * v).sum::<f64>().sqrt();
    let cosine = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / norm(a) / norm(b);
    let best = |part: &[f64]| found.rows().map(|row| cosine(part, row)).fold(0.0, f64::max);
    h.rows().map(best).fold(1.0, f64::min)
}

fn rmse(model: &Nmf, x: &Features) -> f64 {
    model.score(&Data::rows(x), &Env::default()).expect("a score")[0].1
}

#[test]
fn planted_parts_are_found() {
    let (x, h) = planted(600, 40, 4, 5);
    for loss in LOSSES {
        for x in [Features::from(x.clone()), Features::from(Csr::from_dense(&x))] {
            let model = fitted(&params(4, loss, 50, 60), &x);
            let cosine = worst_match(&h, model.h());
            assert!(cosine > 0.99, "{loss:?}: {cosine}");
            assert_eq!(model.w().shape(), [0, 4]);
        }
    }
}

#[test]
fn batches_come_near_to_all_at_once() {
    let digits = data::digits(&Budget::unlimited()).expect("digits").features;
    for loss in LOSSES {
        let whole = fitted(&params(10, loss, 0, 200), &digits);
        let batches = fitted(&params(10, loss, 256, 20), &digits);
        let (best, near) = (rmse(&whole, &digits), rmse(&batches, &digits));
        assert!(near <= 1.03 * best, "{loss:?}: {near} by batches, {best} at once");
    }
}

#[test]
fn a_stream_larger_than_the_limit_gives_the_bits_of_memory() {
    let folder = crate::io::Scratch::new();
    let (x, _) = planted(3000, 50, 4, 6);
    let path = folder.path().join("x.npy");
    write::write_matrix(&path, &x, Names::NONE).expect("a file");
    let whole = Features::from(x);
    for loss in LOSSES {
        let params = params(4, loss, 200, 3);
        // The data takes 1.2 MB.
        let env = Env { budget: Budget::limited(700_000), ..Env::seeded(3) };
        let file = RowFile::new(&path, &ReadOptions::default(), &env.budget).expect("rows");
        let (streamed, history) = fit(&params, &Data::stream(&file), None, &env, &mut Silent).expect("a fit");
        assert_eq!(history.n_iter(), 3);
        assert_eq!(streamed.h(), fitted(&params, &whole).h(), "{loss:?}");
    }
}

#[test]
fn blocks_taken_in_one_by_one_are_a_pass() {
    let (x, _) = planted(300, 20, 3, 7);
    let x = Features::from(x);
    for loss in LOSSES {
        let params = params(3, loss, 100, 1);
        let env = Env::seeded(3);
        let mut state = params.start(&Data::rows(&x), &env).expect("a state");
        let mut losses = Vec::new();
        for first in [0, 100, 200] {
            let rows: Vec<usize> = (first..first + 100).collect();
            losses.push(params.partial_fit(&x.select_rows(&rows), &mut state, &env).expect("a block"));
        }
        assert!(losses.windows(2).all(|pair| pair[0] < pair[1]), "{losses:?}");
        let model = params.finish(state).expect("a model");
        assert_eq!(model.h(), fitted(&params, &x).h(), "{loss:?}");
    }
    let whole = params(3, Loss::Frobenius, 0, 1);
    let mut state = whole.start(&Data::rows(&x), &Env::default()).expect("a state");
    let refused = whole.partial_fit(&x, &mut state, &Env::default()).expect_err("no batches");
    assert_eq!(refused.exit_code(), 2);
}

#[test]
fn what_is_forgotten_gives_way() {
    // 40 batches of some parts, then 40 of others.
    let (old, _) = planted(2000, 30, 3, 8);
    let (new, h) = planted(2000, 30, 3, 9);
    let x = Features::from(Matrix::from_vec(4000, 30, [old.values(), new.values()].concat()));
    let match_of = |forget: f64| {
        let params = Params { forget, ..params(3, Loss::Frobenius, 50, 1) };
        worst_match(&h, fitted(&params, &x).h())
    };
    let (keeping, forgetting) = (match_of(1.0), match_of(1e-4));
    assert!(forgetting > 0.95 && forgetting > keeping, "{keeping} keeping all, {forgetting} forgetting");
}

/// Keeps the state after a step.
struct Keep(Option<Named>);

impl Monitor for Keep {
    fn at(&mut self, _: &Progress, state: &dyn Tensors) -> diabolo::Result<Signal> {
        self.0 = Some(Named::copy_of(state));
        Ok(Signal::Stop)
    }
}

#[test]
fn a_resumed_fit_ends_with_the_same_bits() {
    let (x, _) = planted(300, 20, 3, 10);
    let x = Features::from(x);
    for loss in LOSSES {
        let (params, env) = (params(3, loss, 64, 4), Env::seeded(3));
        let (whole, history) = fit(&params, &Data::rows(&x), None, &env, &mut Silent).expect("a fit");
        let mut keep = Keep(None);
        fit(&params, &Data::rows(&x), None, &env, &mut keep).expect("a fit");
        let kept = resume(&params, &keep.0.expect("a state")).expect("a state");
        let (again, history_again) =
            fit(&params, &Data::rows(&x), Some(kept), &env, &mut Silent).expect("a fit");
        assert_eq!((whole.h(), history), (again.h(), history_again), "{loss:?}");
    }
}

#[test]
fn what_batches_cannot_do_is_refused() {
    let good = params(2, Loss::Frobenius, 10, 2);
    let bad = [
        Params { loss: Loss::ItakuraSaito, ..good.clone() },
        Params { held_out: 0.1, ..good.clone() },
        Params { n_init: 2, ..good.clone() },
        Params { forget: 0.0, ..good.clone() },
        Params { forget: 1.5, ..good.clone() },
    ];
    let x = Features::from(Matrix::filled(30, 4, 1.0));
    for params in bad {
        let refused =
            fit(&params, &Data::rows(&x), None, &Env::default(), &mut Silent).err().expect("a refusal");
        assert_eq!(refused.exit_code(), 2, "{refused}");
    }
    let mut x = Matrix::filled(30, 4, 1.0);
    x[(25, 1)] = -1.0;
    let refused =
        fit(&good, &Data::rows(&x.into()), None, &Env::default(), &mut Silent).err().expect("a refusal");
    assert!(refused.exit_code() == 65 && refused.to_string().starts_with("row 26, column 2"), "{refused}");
}

#[test]
fn a_feature_that_comes_late_is_learned() {
    // By the divergence a 0 would stay: the last feature is 0 in the first half of the batches.
    let (mut x, _) = planted(400, 20, 3, 11);
    (0..200).for_each(|i| x[(i, 19)] = 0.0);
    let x = Features::from(x);
    let model = fitted(&params(3, Loss::KullbackLeibler, 50, 3), &x);
    assert!(model.h().col(19).iter().any(|h| *h > 1e-3), "{:?}", model.h().col(19));
    let score = model.score(&Data::rows(&x), &Env::default()).expect("a score");
    assert!(score.iter().all(|(_, value)| value.is_finite()), "{score:?}");
}
