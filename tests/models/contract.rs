//! What every room of ROOMS promises, checked on the data set its line names.

use diabolo::cli::room::Room;
use diabolo::cli::rooms::ROOMS;
use diabolo::data;
use diabolo::error::Result;
use diabolo::linalg::Features;
use diabolo::models::{Dataset, History, Model, StopReason};
use diabolo::monitor::{Budget, Env, Monitor, Progress, Signal, Silent};
use diabolo::tensors::{Named, Tensors};
use diabolo_kernels::parallel::with_threads;
use std::sync::atomic::Ordering;

/// Steps a fit of these tests takes at the most: enough to leave the start behind.
const STEPS: i64 = 6;

fn example(room: &Room) -> Dataset {
    let set = data::by_name(room.example, &Budget::unlimited());
    set.unwrap_or_else(|| panic!("{}: no set {}", room.name, room.example))
        .expect("an example that can be made")
}

/// Parameters with few steps, where the model counts steps.
fn params(room: &Room) -> serde_json::Value {
    let mut table = toml::Table::new();
    let defaults = (room.defaults)();
    for key in ["max_iter", "epochs"] {
        if defaults.get(key).is_some() {
            table.insert(key.into(), STEPS.into());
        }
    }
    // Networks of some width are wide enough.
    for key in ["hidden", "generator_hidden", "critic_hidden"] {
        if defaults.get(key).is_some() {
            table.insert(key.into(), vec![24_i64].into());
        }
    }
    // Of a sampler's few steps, one to start and two to forget.
    for (key, steps) in [("als_iter", 1), ("em_iter", 1), ("burn_in", 2), ("steps", 2), ("validate_every", 3)]
    {
        if defaults.get(key).is_some() {
            table.insert(key.into(), steps.into());
        }
    }
    if defaults.get("tol").is_some() {
        table.insert("tol".into(), 0.0.into());
    }
    (room.params)(&table, None).expect("valid parameters")
}

fn fit(
    room: &Room,
    set: &Dataset,
    from: Option<&Named>,
    monitor: &mut dyn Monitor,
) -> (Box<dyn Model>, History) {
    let fitted = (room.fit)(&params(room), &set.data(), from, &Env::seeded(7), monitor);
    fitted.unwrap_or_else(|e| panic!("{}: {e}", room.name))
}

/// Stops after a step and keeps what a resume needs.
struct StopAt {
    iteration: u64,
    kept: Option<Named>,
}

impl Monitor for StopAt {
    fn at(&mut self, progress: &Progress, state: &dyn Tensors) -> Result<Signal> {
        if progress.iteration < self.iteration {
            return Ok(Signal::Go);
        }
        self.kept = Some(Named::copy_of(state));
        Ok(Signal::Stop)
    }
}

#[test]
fn a_resumed_fit_ends_with_the_same_bits() {
    for room in ROOMS {
        let set = example(room);
        let (whole, history) = fit(room, &set, None, &mut Silent);
        for iteration in [1, history.n_iter() / 2] {
            let mut stop = StopAt { iteration: iteration.max(1), kept: None };
            fit(room, &set, None, &mut stop);
            let kept = stop.kept.expect("a state");
            let (resumed, resumed_history) = fit(room, &set, Some(&kept), &mut Silent);
            assert_eq!(Named::copy_of(whole.as_ref()), Named::copy_of(resumed.as_ref()), "{}", room.name);
            assert_eq!(history, resumed_history, "{}", room.name);
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for room in ROOMS {
        let set = example(room);
        let one = with_threads(1, || Named::copy_of(fit(room, &set, None, &mut Silent).0.as_ref()));
        for n_threads in [2, 3] {
            let more =
                with_threads(n_threads, || Named::copy_of(fit(room, &set, None, &mut Silent).0.as_ref()));
            assert_eq!(one, more, "{} with {n_threads} threads", room.name);
        }
    }
}

#[test]
fn a_saved_model_encodes_and_decodes_like_the_fitted_one() {
    for room in ROOMS {
        let set = example(room);
        let env = Env::seeded(1);
        let (model, _) = fit(room, &set, None, &mut Silent);
        let loaded = (room.load)(&params(room), &Named::copy_of(model.as_ref())).expect("its own arrays");
        assert_eq!(model.encoder().is_some(), loaded.encoder().is_some(), "{}", room.name);
        let (Some(encoder), Some(again)) = (model.encoder(), loaded.encoder()) else { continue };
        let z = encoder.encode(&set.features, &env).expect("codes");
        assert_eq!(z, again.encode(&set.features, &env).expect("codes"), "{}", room.name);
        assert_eq!(z.shape(), [set.features.n_samples(), encoder.n_latent()], "{}", room.name);
        let (Some(decoder), Some(again)) = (model.decoder(), loaded.decoder()) else { continue };
        let z = z.to_f64();
        let decoded = decoder.decode(&z, &env).expect("data");
        assert_eq!(decoded, again.decode(&z, &env).expect("data"), "{}", room.name);
        assert_eq!(decoded.shape(), [set.features.n_samples(), decoder.n_features()], "{}", room.name);
        assert!(decoded.is_finite(), "{}", room.name);
    }
}

#[test]
fn a_row_is_encoded_the_same_alone_and_in_company() {
    for room in ROOMS {
        let set = example(room);
        let env = Env::seeded(1);
        let (model, _) = fit(room, &set, None, &mut Silent);
        let Some(encoder) = model.encoder() else { continue };
        let picked = [0, 2, set.features.n_samples() - 1];
        let all = encoder.encode(&set.features, &env).expect("codes").to_f64();
        for i in picked {
            let alone = encoder.encode(&set.features.select_rows(&[i]), &env).expect("a code").to_f64();
            for (a, b) in alone.row(0).iter().zip(all.row(i)) {
                let bound = crate::tolerance::ALONE_OR_IN_COMPANY * (1.0 + b.abs());
                assert!((a - b).abs() <= bound, "{} row {i}: {a} alone, {b} in company", room.name);
            }
        }
    }
}

#[test]
fn recommendations_are_the_best_of_what_is_decoded() {
    for room in ROOMS {
        let set = example(room);
        let env = Env::seeded(1);
        let (model, _) = fit(room, &set, None, &mut Silent);
        let Some(recommender) = model.recommender() else { continue };
        let some = set.features.select_rows(&[0, 2, 5]);
        let z = model.encoder().expect("it encodes").encode(&some, &env).expect("codes").to_f64();
        let scores = model.decoder().expect("it decodes").decode(&z, &env).expect("scores");
        let lists = recommender.recommend(&some, 4, &env).expect("lists");
        assert_eq!(lists.len(), 3, "{}", room.name);
        let Features::Sparse(known) = &some else {
            // Where everything is known there is nothing to recommend.
            assert!(lists.iter().all(Vec::is_empty), "{}", room.name);
            continue;
        };
        for (i, list) in lists.iter().enumerate() {
            assert_eq!(list.len(), 4, "{}", room.name);
            let unseen = |j: &usize| known.row(i).0.binary_search(&(*j as u32)).is_err();
            let bound = crate::tolerance::ALONE_OR_IN_COMPANY;
            for &(j, score) in list {
                assert!(
                    unseen(&(j as usize)) && (scores[(i, j as usize)] - score).abs() <= bound,
                    "{}",
                    room.name
                );
            }
            let better = (0..scores.n_cols()).filter(unseen).filter(|&j| scores[(i, j)] > list[3].1 + bound);
            assert!(better.count() <= 3, "{}", room.name);
        }
        let alike = recommender.similar(&[1], 3).expect("neighbours");
        assert!(alike[0].len() == 3 && alike[0].iter().all(|(j, c)| *j != 1 && c.abs() <= 1.0 + 1e-12));
    }
}

#[test]
fn data_of_another_width_is_refused() {
    for room in ROOMS {
        let set = example(room);
        let (model, _) = fit(room, &set, None, &mut Silent);
        let Some(encoder) = model.encoder() else { continue };
        let narrow = diabolo::linalg::Features::from(diabolo::linalg::Matrix::<f64>::filled(
            3,
            encoder.n_features() + 1,
            1.0,
        ));
        let refused = encoder.encode(&narrow, &Env::seeded(1)).expect_err("another width");
        assert_eq!(refused.exit_code(), 65, "{}: {refused}", room.name);
    }
}

#[test]
fn parameters_refuse_unknown_keys_and_keep_known_ones() {
    for room in ROOMS {
        let mut table = toml::Table::new();
        table.insert("no_such_key".into(), 1.into());
        let refused = (room.params)(&table, None).expect_err("an unknown key");
        assert_eq!(refused.exit_code(), 2, "{}", room.name);
        assert!(refused.to_string().contains("no_such_key"), "{}: {refused}", room.name);
        let defaults = (room.params)(&toml::Table::new(), None).expect("defaults are valid");
        assert_eq!(defaults, (room.defaults)(), "{}", room.name);
    }
}

#[test]
fn a_cancelled_fit_says_so() {
    for room in ROOMS {
        let set = example(room);
        let env = Env::seeded(7);
        env.cancel.store(true, Ordering::Relaxed);
        if let Ok((_, history)) = (room.fit)(&params(room), &set.data(), None, &env, &mut Silent) {
            assert_eq!(history.stop, StopReason::Interrupted, "{}", room.name);
        }
    }
}

#[test]
fn a_memory_limit_is_refused_before_the_memory_is_taken() {
    for room in ROOMS {
        let set = example(room);
        let env = Env { budget: Budget::limited(100), ..Env::seeded(1) };
        let refused = (room.fit)(&params(room), &set.data(), None, &env, &mut Silent);
        let error = refused.err().unwrap_or_else(|| panic!("{} fits into 100 bytes", room.name));
        assert_eq!(error.exit_code(), 75, "{}: {error}", room.name);
    }
}
