//! Generative adversarial networks: each player's step is its own, made data come near the data, a collapse is said.

use diabolo::linalg::{Features, Matrix};
use diabolo::models::adversarial::gan::{Params, Player};
use diabolo::models::network::Architecture;
use diabolo::models::{Data, Fit, Labels, Model, Sample, fit};
use diabolo::monitor::{Env, Silent};
use diabolo::random::Rng;
use diabolo::tensors::Named;
use diabolo_kernels::parallel::with_threads;

/// A ring of eight blobs in two dimensions, with their numbers as labels.
fn ring(n: usize) -> (Features, Labels) {
    let mut rng = Rng::seeded(3);
    let class: Vec<u32> = (0..n).map(|i| (i % 8) as u32).collect();
    let x = Matrix::from_fn(n, 2, |i, j| {
        let angle = f64::from(class[i]) * std::f64::consts::TAU / 8.0;
        (if j == 0 { angle.cos() } else { angle.sin() }) + 0.05 * rng.normal()
    });
    (Features::F64(x), Labels { class, classes: (0..8).map(|c| c.to_string()).collect() })
}

fn small() -> Params {
    Params {
        n_latent: 4,
        generator_hidden: vec![32, 64],
        critic_hidden: vec![64, 32],
        norm_eps: 1e-5,
        learning_rate: 1e-3,
        epochs: 150,
        ..Params::default()
    }
}

#[test]
fn made_data_have_the_moments_and_modes_of_the_data() {
    let (x, labels) = ring(1600);
    let data = Data { labels: Some(&labels), ..Data::rows(&x) };
    let env = Env::seeded(1);
    let (gan, history) = fit(&small(), &data, None, &env, &mut Silent).expect("a fit");
    assert_eq!(history.n_iter(), 150);
    let made = gan.sample(2000, &env).expect("samples").to_dense();
    let radius = |row: &[f64]| row[0].hypot(row[1]);
    let mean = made.rows().map(radius).sum::<f64>() / 2000.0;
    assert!((mean - 1.0).abs() < 0.25, "mean radius {mean}");
    assert!((0.5..1.6).contains(&gan.diversity().overall), "{:?}", gan.diversity());
    assert!(gan.diversity().nearest > 0.1, "{:?}", gan.diversity());
    let scores = gan.score(&data, &env).expect("scores");
    let score = |name: &str| scores.iter().find(|(key, _)| key == name).expect("a score").1;
    assert!(score("classes_covered") >= 6.0 && score("classifier_accuracy") > 0.95, "{scores:?}");
    assert!(gan.warnings().is_empty());
}

/// A turn of a player leaves the other's weights and moments as they were, bit for bit.
#[test]
fn a_turn_of_one_player_leaves_the_other_as_it_is() {
    let (x, _) = ring(64);
    let (params, env) = (small(), Env::seeded(1));
    let data = Data::rows(&x);
    let mut state = params.start(&data, &env).expect("a game");
    params.step(&data, &mut state, &env).expect("an epoch, after which moments are not 0");
    let rows: Vec<usize> = (0..32).collect();
    let parts = [("network/generator.", "generator/"), ("network/critic.", "critic/")];
    for (player, moved) in [(Player::Generator, 0), (Player::Critic, 1)] {
        let before = Named::copy_of(&state);
        state.turn(player, &params, &x, &rows, &env);
        let after = Named::copy_of(&state);
        let same = |prefix: &str| {
            let mut names =
                before.names().filter(|name| name.starts_with(prefix) && !name.contains("running"));
            assert!(before.names().any(|name| name.starts_with(prefix)), "{prefix}");
            names.all(|name| before.get(name).expect("before") == after.get(name).expect("after"))
        };
        for (who, (weights, moments)) in parts.iter().enumerate() {
            assert_eq!(same(weights), who != moved, "{weights} in a turn of {player:?}");
            assert_eq!(same(moments), who != moved, "{moments} in a turn of {player:?}");
        }
    }
}

#[test]
fn a_collapsed_generator_is_said() {
    // A generator that has hardly learned makes nearly the same of every code.
    let (x, _) = ring(512);
    let params = Params { learning_rate: 1e-7, epochs: 1, ..small() };
    let (gan, _) = fit(&params, &Data::rows(&x), None, &Env::seeded(1), &mut Silent).expect("a fit");
    assert!(gan.diversity().overall < 0.25, "{:?}", gan.diversity());
    assert!(gan.warnings()[0].contains("collapsed"), "{:?}", gan.warnings());
}

#[test]
fn both_forms_of_the_game_and_smoothed_labels_are_played() {
    let (x, _) = ring(512);
    let run = |params: Params| {
        let (gan, history) =
            fit(&params, &Data::rows(&x), None, &Env::seeded(1), &mut Silent).expect("a fit");
        (gan.diversity(), history)
    };
    let base = Params { epochs: 3, ..small() };
    let (a, _) = run(base.clone());
    let (b, _) = run(Params { minimax: true, ..base.clone() });
    let (c, _) = run(Params { smoothing: 0.1, ..base.clone() });
    let (d, _) = run(Params { dropout: 0.0, ..base });
    assert!(a != b && a != c && a != d);
    assert!([a, b, c, d].iter().all(|diversity| diversity.overall.is_finite() && diversity.nearest > 0.0));
}

#[test]
fn equal_values_are_refused() {
    let x = Features::F64(Matrix::filled(5, 3, 2.0));
    let refused = fit(&small(), &Data::rows(&x), None, &Env::seeded(1), &mut Silent).err().expect("an error");
    assert!(refused.to_string().contains("every value is 2"), "{refused}");
}

/// The digits of 8 x 8 pixels.
fn digits() -> Features {
    diabolo::data::digits(&diabolo::monitor::Budget::unlimited()).expect("digits").features
}

fn convolutional() -> Params {
    Params {
        architecture: Architecture::Convolutional,
        channels: 16,
        n_latent: 8,
        learning_rate: 1e-3,
        epochs: 30,
        ..Params::default()
    }
}

#[test]
fn convolutions_make_pictures_like_the_data() {
    let x = digits();
    let (gan, _) = fit(&convolutional(), &Data::rows(&x), None, &Env::seeded(1), &mut Silent).expect("a fit");
    let (data, made) = (x.to_dense(), gan.sample(500, &Env::seeded(2)).expect("samples").to_dense());
    let mean =
        |rows: &Matrix<f64>, j: usize| rows.rows().map(|row| row[j]).sum::<f64>() / rows.n_rows() as f64;
    // Pixels that are always dark stay so, bright ones are bright: means agree to a fifth of the range.
    let error = (0..64).map(|j| (mean(&data, j) - mean(&made, j)).abs()).sum::<f64>() / 64.0;
    assert!(error < 16.0 / 5.0, "pixels are off by {error} of 16 on average");
    assert!(gan.diversity().overall > 0.4 && gan.diversity().nearest > 0.02, "{:?}", gan.diversity());
    let names: Vec<String> = Named::copy_of(&gan).names().map(str::to_owned).collect();
    for name in ["generator.1.weight", "critic.1.norm.running_var", "generator.output.bias"] {
        assert!(names.iter().any(|other| other == name), "{name} is not among {names:?}");
    }
}

/// Half the epochs, resumed, end with the bits of all; so do any numbers of threads.
#[test]
fn a_convolutional_game_is_resumed_with_the_same_bits() {
    let x = digits().select_rows(&(0..320).collect::<Vec<_>>());
    let data = Data::rows(&x);
    let params = Params { epochs: 4, ..convolutional() };
    let env = Env::seeded(3);
    let run = |params: &Params, n_steps: usize, state: Option<Named>| {
        let mut state = match state {
            Some(kept) => params.load_state(&kept).expect("a state"),
            None => params.start(&data, &env).expect("a game"),
        };
        (0..n_steps).for_each(|_| drop(params.step(&data, &mut state, &env).expect("an epoch")));
        Named::copy_of(&state)
    };
    let whole = with_threads(1, || run(&params, 4, None));
    let half = with_threads(2, || run(&params, 2, None));
    assert_eq!(whole, with_threads(3, || run(&params, 2, Some(half))));
}

#[test]
fn convolutions_refuse_rows_that_are_no_pictures() {
    let (x, _) = ring(64);
    let refused = fit(&convolutional(), &Data::rows(&x), None, &Env::seeded(1), &mut Silent).err();
    let refused = refused.expect("two features are no picture").to_string();
    assert!(refused.contains("architecture") && refused.contains("give mlp"), "{refused}");
}
