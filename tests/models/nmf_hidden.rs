//! NMF of what is not all there: what is hidden is not seen, and is found again.

use super::nmf::{VARIANTS, fitted, planted};
use diabolo::linalg::{Features, Matrix};
use diabolo::models::factorization::nmf::{Loss, Params};
use diabolo::models::{Data, Encode, Model};
use diabolo::monitor::{Budget, Env};
use diabolo::random::Rng;

#[test]
fn hidden_entries_do_not_influence() {
    let (w, h) = planted(40, 30, 3, 21);
    let x = w.matmul(&h);
    for (loss, solver) in VARIANTS {
        let params = Params {
            n_components: 3,
            loss,
            solver,
            max_iter: 15,
            tol: 0.0,
            held_out: 0.2,
            ..Params::default()
        };
        let (one, history) = fitted(&params, &Features::from(x.clone()), 4);
        let objectives = history.objective();
        assert!(objectives.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-12)), "{loss:?} {solver:?}");
        // Which entries are hidden depends on the seed alone: find them by making everything else missing.
        let mut changed = x.clone();
        let mut n_hidden = 0;
        for at in 0..x.values().len() {
            let (i, j) = (at / 30, at % 30);
            if is_held_out(4, 0.2, i, j) {
                changed[(i, j)] = 1e3;
                n_hidden += 1;
            }
        }
        assert!((150..330).contains(&n_hidden), "{n_hidden} of 1200 are no fifth");
        let (other, _) = fitted(&params, &Features::from(changed), 4);
        assert_eq!((one.w(), one.h()), (other.w(), other.h()), "{loss:?} {solver:?}");
    }
}

/// The rule by which entries are held out: one stream a sample, one draw a feature.
fn is_held_out(seed: u64, share: f64, i: usize, j: usize) -> bool {
    let mut rng = Rng::keyed(seed, &[2, i as u64]);
    (0..=j).map(|_| rng.bernoulli(share)).last().expect("at least one draw")
}

#[test]
fn missing_entries_are_found_again() {
    let (w, h) = planted(60, 40, 2, 31);
    let whole = w.matmul(&h);
    let mut holes = whole.clone();
    let mut rng = Rng::seeded(32);
    holes.values_mut().iter_mut().for_each(|x| {
        if rng.bernoulli(0.15) {
            *x = f64::NAN;
        }
    });
    for kind in [Loss::Frobenius, Loss::KullbackLeibler] {
        let params =
            Params { n_components: 2, loss: kind, max_iter: 3000, tol: 0.0, n_init: 2, ..Params::default() };
        let features = Features::from(holes.clone());
        let (nmf, _) = fitted(&params, &features, 1);
        let found = nmf.w().matmul(nmf.h());
        let worst = whole.values().iter().zip(found.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 0.02, "{kind:?}: {worst}");
        let codes = nmf.encode(&features, &Env::default()).expect("codes").to_f64();
        let decoded = codes.matmul(nmf.h());
        let worst =
            whole.values().iter().zip(decoded.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 0.05, "{kind:?}: codes off by {worst}");
        let score = nmf.score(&Data::rows(&features), &Env::default()).expect("a score");
        assert!(score.iter().all(|(_, value)| value.is_finite()), "{score:?}");
    }
}

#[test]
fn held_out_entries_choose_the_rank() {
    let (w, h) = planted(80, 50, 3, 41);
    let mut rng = Rng::seeded(42);
    let mut x = w.matmul(&h);
    x.values_mut().iter_mut().for_each(|x| *x = (*x + 0.3 * rng.normal()).max(0.0));
    let held_out = |n_components: usize| {
        let params = Params { n_components, held_out: 0.15, max_iter: 400, tol: 1e-8, ..Params::default() };
        let (_, history) = fitted(&params, &Features::from(x.clone()), 1);
        *history.metrics()["held_out_loss"].last().expect("a loss of what was held out")
    };
    let losses: Vec<f64> = [1, 2, 3, 8].map(held_out).to_vec();
    assert!(losses[2] < losses[0] && losses[2] < losses[1] && losses[2] < losses[3], "{losses:?}");
}

/// The error at hidden cells of the digits, whose margins hold ink in few samples, and that of column means.
fn hidden_error(n_components: usize, loss: Loss) -> (f64, f64) {
    let digits = diabolo::data::digits(&Budget::unlimited()).expect("digits").features.to_dense();
    let mut rng = Rng::seeded(9);
    let shown = Matrix::from_fn(digits.n_rows(), digits.n_cols(), |i, j| {
        if rng.bernoulli(0.2) { f64::NAN } else { digits[(i, j)] }
    });
    let params = Params { n_components, loss, ..Params::default() };
    let x = Features::from(shown.clone());
    let (model, _) = fitted(&params, &x, 3);
    let z = model.encode(&x, &Env::default()).expect("codes").to_f64();
    let predicted = z.matmul(model.h());
    let means: Vec<f64> = (0..shown.n_cols())
        .map(|j| {
            let known: Vec<f64> = shown.col(j).into_iter().filter(|x| !x.is_nan()).collect();
            known.iter().sum::<f64>() / known.len() as f64
        })
        .collect();
    let (mut ours, mut of_means, mut n) = (0.0, 0.0, 0.0);
    for (i, row) in shown.rows().enumerate() {
        for (j, _) in row.iter().enumerate().filter(|(_, x)| x.is_nan()) {
            ours += (predicted[(i, j)] - digits[(i, j)]).powi(2);
            of_means += (means[j] - digits[(i, j)]).powi(2);
            n += 1.0;
        }
    }
    ((ours / n).sqrt(), (of_means / n).sqrt())
}

#[test]
fn rows_that_lack_values_are_completed_within_reason_whatever_the_rank() {
    for loss in [Loss::Frobenius, Loss::KullbackLeibler] {
        for n_components in [8, 16] {
            let (ours, of_means) = hidden_error(n_components, loss);
            assert!(ours < 0.95 * of_means, "{loss:?}, {n_components} parts: {ours}, means {of_means}");
        }
    }
}
