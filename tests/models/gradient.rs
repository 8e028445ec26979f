//! Gradient descent: the gradient is the objective's, steps lead down, every method meets least squares.

use diabolo::data::{LowRank, Simulator};
use diabolo::linalg::{Features, Matrix};
use diabolo::models::bilinear::Bilinear;
use diabolo::models::factorization::{
    als,
    gradient::{Method, Params},
};
use diabolo::models::{Data, History, Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::random::Rng;
use diabolo::solve::bilinear::{Factors, Ridge};
use diabolo::solve::observed::{Observed, Sides};

fn planted() -> Features {
    let planted = LowRank { n_samples: 40, n_features: 30, rank: 2, noise: 0.1, ..LowRank::default() };
    planted.simulate(&Budget::unlimited()).expect("a matrix").dataset.features
}

fn fitted(params: &Params, x: &Features) -> (Bilinear, History) {
    fit(params, &Data::rows(x), None, &Env::seeded(4), &mut Silent).expect("a fit")
}

/// A small matrix with gaps.
fn with_gaps() -> Sides {
    let mut rng = Rng::seeded(9);
    let x = Matrix::from_fn(7, 5, |_, _| if rng.bernoulli(0.3) { f64::NAN } else { rng.normal() });
    let observed = Observed::of(&x.into(), &Budget::unlimited()).expect("entries");
    Sides::new(observed, &Budget::unlimited()).expect("entries by columns")
}

#[test]
fn the_gradient_is_that_of_the_objective() {
    let sides = with_gaps();
    for (biased, by_count) in [(false, false), (true, false), (false, true), (true, true)] {
        let ridge = Ridge { weight: 0.3, by_count };
        let mut factors = Factors::random(&sides.rows, 3, biased, 1);
        let mut rng = Rng::seeded(3);
        factors.rows.values_mut().iter_mut().for_each(|x| *x += rng.normal());
        factors.cols.values_mut().iter_mut().for_each(|x| *x += rng.normal());
        let objective = |factors: &Factors| factors.objective(&sides, &factors.residuals(&sides.rows), ridge);
        let (rows, cols) = factors.gradient(&sides, &factors.residuals(&sides.rows), ridge);
        let check = |at: usize, of_rows: bool, analytic: f64| {
            const H: f64 = 1e-5;
            let moved = |by: f64| {
                let mut moved = factors.clone();
                let factor = if of_rows { &mut moved.rows } else { &mut moved.cols };
                factor.values_mut()[at] += by;
                objective(&moved)
            };
            let numeric = (moved(H) - moved(-H)) / (2.0 * H);
            let bound = crate::tolerance::GRADIENT * (1.0 + analytic.abs());
            assert!((numeric - analytic).abs() <= bound, "{at}: {analytic}, by differences {numeric}");
        };
        rows.values().iter().enumerate().for_each(|(at, g)| check(at, true, *g));
        cols.values().iter().enumerate().for_each(|(at, g)| check(at, false, *g));
    }
}

#[test]
fn descent_and_sgd_never_rise() {
    let x = planted();
    for method in [Method::Descent, Method::Sgd] {
        for learning_rate in [0.02, 50.0] {
            let params = Params { method, learning_rate, max_iter: 60, tol: 0.0, ..Params::default() };
            let (_, history) = fitted(&params, &x);
            let objective = history.objective();
            assert!(
                objective.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-12)),
                "{method:?} {objective:?}"
            );
            let fell = objective[objective.len() - 1] / objective[0];
            assert!(fell < 1.0, "{method:?} at rate {learning_rate} did not move");
        }
    }
}

#[test]
fn every_method_meets_alternating_least_squares() {
    let x = planted();
    let exact = als::Params { n_components: 2, max_iter: 500, tol: 1e-12, ..als::Params::default() };
    let best = fit(&exact, &Data::rows(&x), None, &Env::seeded(4), &mut Silent).expect("a fit").1;
    let best = best.last_objective().expect("a step");
    for (method, above) in [(Method::Descent, 1e-4), (Method::Adam, 0.02), (Method::Sgd, 0.02)] {
        let params = Params { n_components: 2, method, tol: 1e-10, max_iter: 1500, ..Params::default() };
        let (model, history) = fitted(&params, &x);
        let found = history.last_objective().expect("a step");
        assert!(found <= best * (1.0 + above), "{method:?}: {found}, least squares {best}");
        assert!(found >= best * (1.0 - 1e-4), "{method:?} below the least: {found} < {best}");
        assert!(model.warnings().is_empty());
    }
}

#[test]
fn bad_rates_are_refused() {
    let x = planted();
    for (params, name) in [
        (Params { learning_rate: 0.0, ..Params::default() }, "learning_rate"),
        (Params { learning_rate: f64::NAN, ..Params::default() }, "learning_rate"),
        (Params { momentum: 1.0, ..Params::default() }, "momentum"),
        (Params { max_iter: 0, ..Params::default() }, "max_iter"),
    ] {
        let refused =
            fit(&params, &Data::rows(&x), None, &Env::seeded(4), &mut Silent).err().expect("a refusal");
        assert!(refused.to_string().contains(name) && refused.exit_code() == 2, "{refused}");
    }
}
