//! FILM: golden outputs, published sizes and names, what training learns, times by halving.

use super::golden_nets::{distance, frame, weights};
use crate::data::real;
use crate::tolerance::FILM_GOLDEN;
use diabolo::autodiff::{Graph, Program, Store};
use diabolo::error::Error;
use diabolo::linalg::{Features, Matrix};
use diabolo::models::interpolation::film::{Net, Params, Sizes};
use diabolo::models::interpolation::{Frame, Map};
use diabolo::models::{Data, Dataset, Fit, Model, Names, Settings, fit};
use diabolo::monitor::{Env, Silent};
use diabolo::tensors::Named;
use std::sync::atomic::Ordering;

/// The network of the golden values.
fn golden_sizes() -> Sizes {
    Sizes { width: 4, flow_filters: vec![4, 4, 8, 16], ..Sizes::published() }
}

/// What the network makes of two frames.
fn made(net: &Net, store: &Store<f32>, size: [usize; 2], frames: [&[f32]; 2]) -> Vec<f32> {
    let mut graph = Graph::default();
    let inputs = [0; 2].map(|_| Map::input(&mut graph, 1, size, 3));
    let [first, second] = inputs.map(|input| net.pyramid(&mut graph, store, input));
    let out = net.between(&mut graph, store, &first, &second).frame.id;
    let mut program = Program::inference(graph, &[out]);
    for (input, frame) in inputs.iter().zip(frames) {
        program.input_mut(input.id).copy_from_slice(frame);
    }
    program.infer(store);
    program.value(out).to_vec()
}

#[test]
fn the_output_is_that_of_independent_code() {
    let Some(folder) = real("golden/film_k4_64x128") else { return };
    let mut store = Store::default();
    let net = Net::new(golden_sizes(), &mut store, 0);
    store.load(&weights(&folder)).expect("weights of these names and shapes");
    let of = |name: &str| frame(&folder.join(format!("{name}_1x3x64x128.f32")));
    let (largest, mean) = distance(&made(&net, &store, [64, 128], [&of("x0"), &of("x1")]), &of("out"));
    assert!(largest <= FILM_GOLDEN, "{largest}, mean {mean}");
}

#[test]
fn the_published_size_has_the_published_number_of_parameters() {
    let mut store = Store::<f32>::default();
    Net::new(Sizes::published(), &mut store, 0);
    assert_eq!(store.n_parameters(), 34_436_667);
    let of = |prefix: &str| -> usize {
        let mut n = 0;
        diabolo::tensors::Tensors::visit(&store, &mut |name, view| {
            n += if name.starts_with(prefix) { view.values.len() } else { 0 };
        });
        n
    };
    let parts = ["sub.", "flow.0", "flow.1", "flow.2", "flow.3", "fus."].map(of);
    assert_eq!(parts, [4_685_376, 55_954, 297_250, 1_335_874, 5_637_250, 22_424_963 - 195]);
    assert_eq!(of("out"), 195);
}

#[test]
fn weights_that_are_missing_or_of_another_shape_are_named() {
    let mut store = Store::default();
    Net::new(golden_sizes(), &mut store, 0);
    let mut named = Named::copy_of(&store);
    let other = named.get("flow.1.l.0.bias").expect("it").clone();
    named.insert("fus.2.0.weight", other);
    let refused = store.load(&named).expect_err("another shape");
    assert!(refused.to_string().contains("fus.2.0.weight") && refused.exit_code() == 65, "{refused}");
    let few = named.under("sub.");
    let refused = store.load(&few).expect_err("none of these names");
    assert!(refused.to_string().contains("sub.0.weight"), "{refused}");
}

/// A grating that glides by three pixels a frame: the mean of its neighbours is far from a frame.
pub fn gliding(n_frames: usize, height: usize, width: usize) -> Dataset {
    waves(n_frames, height, width, 0.55)
}

/// The same with waves of another length: a pixel to the right is `along` further.
pub fn waves(n_frames: usize, height: usize, width: usize, along: f64) -> Dataset {
    let pixel = |t: usize, at: usize| {
        let (y, x, c) = (at / 3 / width, at / 3 % width, at % 3);
        let (u, v) = (x as f64 - 3.0 * t as f64, y as f64 + 1.0 * t as f64);
        let wave = (along * u + 0.2 * v + c as f64).sin() + (0.31 * v - 0.12 * u).cos();
        (127.0 + 60.0 * wave) as u8
    };
    let bytes: Vec<u8> =
        (0..n_frames).flat_map(|t| (0..height * width * 3).map(move |at| pixel(t, at))).collect();
    let features =
        Features::U8 { bytes: Matrix::from_vec(n_frames, height * width * 3, bytes), unit: 1.0 / 255.0 };
    let names = Names { colour: Some((height, width)), ..Names::default() };
    Dataset { features, names, labels: None, batches: None }
}

fn small() -> Params {
    Params {
        levels: 3,
        fusion_levels: 3,
        sub_levels: 2,
        width: 6,
        flow_filters: vec![8, 12],
        epochs: 10,
        steps: 30,
        batch_size: 2,
        crop: 32,
        // The grating repeats: motions of half its length and more would look like others.
        pan: 0,
        average: 0.95,
        learning_rate: 4e-3,
        decay_epochs: vec![7],
        validate_every: 10,
        ..Params::default()
    }
}

#[test]
fn training_learns_motion_that_the_mean_of_frames_blurs() {
    let clip = gliding(24, 40, 48);
    let (model, history) = fit(&small(), &clip.data(), None, &Env::seeded(1), &mut Silent).expect("a fit");
    let score = model.score(&clip.data(), &Env::default()).expect("a score");
    let of = |name: &str| score.iter().find(|score| score.0 == name).expect("a score of that name").1;
    assert!(of("gain_over_mean") > 3.0, "{score:?} {history:?}");
    let told = history.metrics().get("held_out_gain").expect("a judgement").last().expect("one");
    assert!((told - of("gain_over_mean")).abs() < 1e-9, "the score is of the frames held out");
}

#[test]
fn frames_of_any_size_and_dyadic_times_are_made_and_others_refused() {
    let clip = gliding(8, 37, 29);
    let params = Params { epochs: 1, steps: 2, crop: 16, ..small() };
    let (model, _) = fit(&params, &clip.data(), None, &Env::seeded(1), &mut Silent).expect("a fit");
    let interpolator = model.interpolator().expect("it makes frames");
    let env = Env::default();
    let frame = |seed: usize| {
        let rgb = (0..37 * 29 * 3).map(|at| ((at * 7 + seed * 31) % 256) as u8).collect();
        Frame::new(37, 29, rgb).expect("a frame")
    };
    let made = |times: Vec<f64>| {
        let mut sequence = interpolator.sequence(times).expect("times that are made");
        let mut all = Vec::new();
        for at in 0..3 {
            sequence.push(frame(at), &env, &mut |t, frame| {
                all.push((t, frame));
                Ok(())
            })?;
        }
        Ok::<_, Error>(all)
    };
    let quarters = made(vec![0.75, 0.25, 0.5]).expect("frames");
    assert_eq!(quarters.iter().map(|(t, _)| *t).collect::<Vec<_>>(), [0.75, 0.25, 0.5, 0.75, 0.25, 0.5]);
    assert!(quarters.iter().all(|(_, frame)| [frame.height(), frame.width()] == [37, 29]));
    let half = made(vec![0.5]).expect("frames");
    assert!(
        half[0].1 == quarters[2].1 && half[1].1 == quarters[5].1,
        "a frame half way is the same among others"
    );
    for t in [0.3, 1.0 / 3.0, 0.0, 1.0, f64::NAN, 1.0 / 128.0] {
        let refused = interpolator.sequence(vec![t]).err().expect("a time that is not made");
        assert_eq!(refused.exit_code(), 2, "{refused}");
    }
    let mut sequence = interpolator.sequence(vec![0.5]).expect("times");
    sequence.push(frame(0), &env, &mut |_, _| Ok(())).expect("the first");
    let other = Frame::new(2, 2, vec![0; 12]).expect("a frame");
    assert_eq!(sequence.push(other, &env, &mut |_, _| Ok(())).expect_err("another size").exit_code(), 65);
}

#[test]
fn data_that_are_no_frames_are_refused() {
    let x = Features::from(Matrix::<f64>::filled(5, 12, 0.5));
    let refused =
        fit(&small(), &Data::rows(&x), None, &Env::seeded(1), &mut Silent).err().expect("no frames");
    assert_eq!(refused.exit_code(), 65, "{refused}");
    let two = gliding(2, 16, 16);
    assert!(fit(&small(), &two.data(), None, &Env::seeded(1), &mut Silent).is_err());
    for params in [
        Params { levels: 1, ..Params::default() },
        Params { fusion_levels: 9, ..Params::default() },
        Params { sub_levels: 0, ..Params::default() },
        Params { flow_filters: vec![4], ..Params::default() },
        Params { width: 0, ..Params::default() },
        Params { steps: 0, ..Params::default() },
    ] {
        assert_eq!(params.check().expect_err("a value that makes no sense").exit_code(), 2);
    }
}

#[test]
fn an_epoch_that_was_cut_short_goes_on_with_the_same_bits() {
    let clip = gliding(9, 24, 24);
    let params = Params { epochs: 2, steps: 3, crop: 16, validation: 0.0, ..small() };
    let (data, env) = (clip.data(), Env::seeded(3));
    let mut whole = params.start(&data, &env).expect("a state");
    let mut cut = params.start(&data, &env).expect("a state");
    let told = [0, 1].map(|_| params.step(&data, &mut whole, &env).expect("an epoch").objective);
    env.cancel.store(true, Ordering::Relaxed);
    let step = params.step(&data, &mut cut, &env).expect("a part of it");
    assert!(params.is_within_step(&step, &cut));
    env.cancel.store(false, Ordering::Relaxed);
    let mut resumed = params.load_state(&Named::copy_of(&cut)).expect("what was kept");
    let again = [0, 1].map(|_| params.step(&data, &mut resumed, &env).expect("the rest").objective);
    assert_eq!(told, again);
    let of = |state| Named::copy_of(&params.finish(state).expect("a model"));
    assert!(of(whole) == of(resumed));
}
