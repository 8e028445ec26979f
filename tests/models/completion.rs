//! Completion: errors near the noise floor, held-out entries, new users, recommendations.

use diabolo::data::{Ratings, Simulator, chapter};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::models::bilinear::Bilinear;
use diabolo::models::factorization::completion::{Method, Params};
use diabolo::models::{Data, Dataset, Decode, Encode, History, Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo_kernels::parallel::with_threads;

/// Ratings with noise 0.5: nobody can predict unseen ones with a smaller root mean squared error.
fn ratings() -> Dataset {
    let ratings = Ratings { n_users: 500, n_items: 300, density: 0.3, n_components: 4, ..Ratings::default() };
    ratings.simulate(&Budget::unlimited()).expect("ratings").dataset
}

const FLOOR: f64 = 0.5;

fn fitted(params: &Params, x: &Features) -> (Bilinear, History) {
    fit(params, &Data::rows(x), None, &Env::seeded(2), &mut Silent).expect("a fit")
}

fn score(model: &Bilinear, x: &Features, name: &str) -> Option<f64> {
    let metrics = model.score(&Data::rows(x), &Env::default()).expect("a score");
    metrics.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

#[test]
fn held_out_ratings_are_predicted_near_the_noise_floor() {
    let x = ratings().features;
    for (method, max_iter, above) in [(Method::Als, 30, 1.08), (Method::Sgd, 60, 1.10)] {
        let params =
            Params { n_components: 4, method, held_out: 0.1, max_iter, ridge: 0.01, ..Params::default() };
        let (model, history) = fitted(&params, &x);
        let error = score(&model, &x, "held_out_rmse").expect("held-out entries");
        assert!(error > 0.95 * FLOOR && error < above * FLOOR, "{method:?}: {error}");
        // What the history tells of the last iteration is what the model finds again.
        let told = *history.metrics()["held_out_rmse"].last().expect("an iteration");
        assert!((told - error).abs() <= 1e-12);
        let objective = history.objective();
        assert!(objective.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-12)), "{method:?}");
    }
}

#[test]
fn biases_and_weighting_both_help_where_there_is_little_to_learn_from() {
    let few = Ratings { density: 0.06, bias: 1.0, ..Ratings::default() };
    let x = few.simulate(&Budget::unlimited()).expect("ratings").dataset.features;
    let error = |params: &Params| {
        let (model, _) = fitted(&Params { held_out: 0.1, ..params.clone() }, &x);
        score(&model, &x, "held_out_rmse").expect("held-out entries")
    };
    let all = error(&Params::default());
    let without_biases = error(&Params { biases: false, ..Params::default() });
    let without_ridge = error(&Params { ridge: 0.0, ..Params::default() });
    assert!(all < without_biases && all < without_ridge, "{all}, {without_biases}, {without_ridge}");
}

#[test]
fn the_same_entries_are_held_out_whatever_the_method() {
    let x = ratings().features;
    let held_out = |method| {
        let params = Params { method, held_out: 0.2, max_iter: 1, ..Params::default() };
        let (model, history) = fitted(&params, &x);
        let named = diabolo::tensors::Named::copy_of(&model);
        assert_eq!(history.n_iter(), 1);
        named.vector_f64("held_out/values").expect("held-out values")
    };
    let values = held_out(Method::Als);
    assert_eq!(values, held_out(Method::Sgd));
    let share = values.len() as f64 / x.n_stored() as f64;
    assert!((share - 0.2).abs() < 0.01, "{share}");
}

#[test]
fn a_new_user_is_folded_in() {
    let x = ratings().features;
    let params = Params { n_components: 4, ridge: 0.01, tol: 1e-9, max_iter: 200, ..Params::default() };
    let (model, _) = fitted(&params, &x);
    // A user of the training data, encoded as if new, gets nearly the code of the fit.
    let codes = model.encode(&x, &Env::default()).expect("codes").to_f64();
    let decoded = model.decode(&codes, &Env::default()).expect("ratings");
    let completed = model.completed();
    let squares = decoded.values().iter().zip(completed.values()).map(|(a, b)| (a - b) * (a - b));
    let difference = (squares.sum::<f64>() / decoded.values().len() as f64).sqrt();
    assert!(difference < 0.02, "{difference}");
    // Of a user who has rated nothing, the means are known.
    let nobody = Features::Sparse(Csr::from_triplets(1, 300, vec![]).expect("no ratings"));
    let code = model.encode(&nobody, &Env::default()).expect("a code").to_f64();
    assert!(code.values().iter().all(|x| *x == 0.0));
    let predicted = model.decode(&code, &Env::default()).expect("ratings");
    assert!(predicted.is_finite());
    let mean = predicted.values().iter().sum::<f64>() / 300.0;
    assert!((mean - 3.5).abs() < 0.3, "{mean}");
}

#[test]
fn recommendations_are_the_best_of_what_is_not_known() {
    let x = ratings().features;
    let (model, _) = fitted(&Params::default(), &x);
    let Features::Sparse(known) = &x else { panic!("ratings are sparse") };
    let codes = model.encode(&x, &Env::default()).expect("codes").to_f64();
    let predicted = model.decode(&codes, &Env::default()).expect("ratings");
    for user in [0, 7, 499] {
        let seen = known.row(user).0;
        let best = model.best_features(codes.row(user), seen, 10).expect("recommendations");
        assert_eq!(best.len(), 10);
        assert!(best.iter().all(|(item, value)| value.is_finite() && !seen.contains(item)));
        assert!(best.windows(2).all(|pair| pair[0].1 >= pair[1].1));
        let worst = best[9].1;
        let better =
            (0..300).filter(|j| !seen.contains(&(*j as u32)) && predicted[(user, *j)] > worst + 1e-12);
        assert!(better.count() <= 9);
    }
    let everything: Vec<u32> = (0..300).collect();
    assert!(model.best_features(codes.row(0), &everything, 10).expect("none").is_empty());
    assert!(model.best_features(&[1.0], &[], 10).is_err());
}

#[test]
fn sgd_gives_the_same_bits_for_any_number_of_threads() {
    let x = ratings().features;
    let params = Params { method: Method::Sgd, max_iter: 3, ..Params::default() };
    let fit_with = |n_threads| with_threads(n_threads, || fitted(&params, &x).0.completed());
    let one = fit_with(1);
    assert_eq!(one, fit_with(2));
    assert_eq!(one, fit_with(3));
}

#[test]
fn the_chapters_printed_mask_is_completed_with_a_warning() {
    let whole = chapter().features.to_dense();
    let masked = Matrix::from_fn(5, 4, |i, j| if i > 0 && j > 0 { f64::NAN } else { whole[(i, j)] });
    let params =
        Params { n_components: 2, biases: false, ridge: 0.0, tol: 0.0, max_iter: 2000, ..Params::default() };
    let x = Features::from(masked);
    let (model, _) = fitted(&params, &x);
    assert!(score(&model, &x, "rmse").expect("a score") < 1e-6);
    assert!(model.warnings()[0].contains("underdetermined"));
    assert!(model.completed().is_finite());
}

#[test]
fn figures_show_held_out_entries_and_recommendations() {
    let set = ratings();
    let (model, _) = fitted(&Params { held_out: 0.1, ..Params::default() }, &set.features);
    let figures = model.figures(&set.data(), &Env::default()).expect("figures");
    let titles: Vec<&str> = figures.iter().map(|figure| figure.title.as_str()).collect();
    assert_eq!(titles, ["Predicted against observed", "Error by number of entries", "Recommendations"]);
    assert!(figures[0].caption.contains("held out"));
}

#[test]
fn bad_parameters_are_refused() {
    let x = ratings().features;
    for (params, name) in [
        (Params { n_components: 0, ..Params::default() }, "n_components"),
        (Params { ridge: -0.1, ..Params::default() }, "ridge"),
        (Params { held_out: 1.0, ..Params::default() }, "held_out"),
        (Params { learning_rate: -1.0, ..Params::default() }, "learning_rate"),
        (Params { tol: f64::INFINITY, ..Params::default() }, "tol"),
    ] {
        let refused =
            fit(&params, &Data::rows(&x), None, &Env::seeded(2), &mut Silent).err().expect("a refusal");
        assert!(refused.to_string().contains(name) && refused.exit_code() == 2, "{refused}");
    }
}
