//! XVFI: golden outputs, published sizes, what training learns, any time.

use super::film::waves;
use super::golden_nets::{distance, frame, weights};
use crate::data::real;
use crate::tolerance::{XVFI_GOLDEN, XVFI_GOLDEN_MEAN};
use diabolo::autodiff::{Graph, Program, Store};
use diabolo::models::interpolation::Map;
use diabolo::models::interpolation::xvfi::{Net, Params, Sizes};
use diabolo::models::{Model, Settings, fit};
use diabolo::monitor::{Env, Silent};

#[test]
fn the_output_is_that_of_independent_code() {
    let Some(folder) = real("golden/xvfi_nf8_s4_S1_128x128") else { return };
    let mut store = Store::default();
    let net = Net::new(Sizes { width: 8, scale: 4 }, &mut store, 0);
    store.load(&weights(&folder)).expect("weights of these names and shapes");
    let mut graph = Graph::default();
    let frames = [0; 2].map(|_| Map::input(&mut graph, 1, [128, 128], 3));
    let features = frames.map(|frame| net.features(&mut graph, &store, frame, 1));
    let level = |level: usize| [features[0][level], features[1][level]];
    let coarse = net.motion(&mut graph, &store, level(1), None);
    let motion = net.motion(&mut graph, &store, level(0), Some(coarse));
    let t = graph.input(1, 1);
    let out = net.between(&mut graph, &store, frames, level(0), motion, t).frame.id;
    let mut program = Program::inference(graph, &[out]);
    let of = |name: &str| frame(&folder.join(format!("{name}_1x3x128x128.f32")));
    for (input, name) in frames.iter().zip(["x0", "x1"]) {
        program.input_mut(input.id).copy_from_slice(&of(name));
    }
    for (time, name) in [(0.5, "out_t050"), (0.25, "out_t025")] {
        program.input_mut(t)[0] = time;
        program.infer(&store);
        let (largest, mean) = distance(program.value(out), &of(name));
        assert!(largest <= XVFI_GOLDEN && mean <= XVFI_GOLDEN_MEAN, "{name}: {largest}, mean {mean}");
    }
}

#[test]
fn the_published_sizes_have_the_published_numbers_of_parameters() {
    for (scale, n) in [(4, 5_538_196), (2, 5_587_348)] {
        let mut store = Store::<f32>::default();
        Net::new(Sizes { scale, ..Sizes::published() }, &mut store, 0);
        assert_eq!(store.n_parameters(), n, "scale {scale}");
    }
}

fn small() -> Params {
    Params {
        width: 16,
        module_scale: 4,
        depth: 0,
        epochs: 14,
        steps: 60,
        batch_size: 4,
        crop: 32,
        // The grating repeats: motions of half its length and more would look like others.
        pan: 0,
        still_epochs: 0,
        still: 0.0,
        average: 0.95,
        learning_rate: 2e-3,
        decay_epochs: vec![10],
        validate_every: 14,
        ..Params::default()
    }
}

#[test]
fn training_learns_motion_that_the_mean_of_frames_blurs_and_any_time_is_made() {
    // From a frame to the next but one it glides by 6 pixels, well below half the 16 of a wave: motion has one reading.
    let clip = waves(24, 40, 48, 0.4);
    let (model, history) = fit(&small(), &clip.data(), None, &Env::seeded(1), &mut Silent).expect("a fit");
    let score = model.score(&clip.data(), &Env::default()).expect("a score");
    let gain = score.iter().find(|score| score.0 == "gain_over_mean").expect("a gain").1;
    assert!(gain > 3.0, "{score:?} {history:?}");
    let interpolator = model.interpolator().expect("it makes frames");
    let footage = diabolo::models::interpolation::Footage::new(&clip.data()).expect("frames");
    let env = Env::default();
    let mut at_times = interpolator.sequence(vec![0.3, 0.5]).expect("any time");
    let mut alone = interpolator.sequence(vec![0.5]).expect("half way");
    let (mut several, mut one) = (Vec::new(), Vec::new());
    for at in [20, 22] {
        let frame = footage.frame(at).expect("a frame");
        let keep = |into: &mut Vec<diabolo::models::interpolation::Frame>, frame| {
            into.push(frame);
            Ok(())
        };
        at_times.push(frame.clone(), &env, &mut |_, made| keep(&mut several, made)).expect("frames");
        alone.push(frame, &env, &mut |_, made| keep(&mut one, made)).expect("a frame");
    }
    assert!(several.len() == 2 && several[1] == one[0] && several[0] != several[1]);
    assert!(interpolator.sequence(vec![1.5]).is_err());
}

#[test]
fn values_that_make_no_sense_are_refused() {
    for params in [
        Params { module_scale: 3, ..Params::default() },
        Params { module_scale: 8, width: 24, ..Params::default() },
        Params { width: 0, ..Params::default() },
        Params { span: 1, ..Params::default() },
        Params { depth: 9, ..Params::default() },
        Params { smoothness: -1.0, ..Params::default() },
        Params { taught: f64::NAN, ..Params::default() },
    ] {
        assert_eq!(params.check().expect_err("a value that makes no sense").exit_code(), 2, "{params:?}");
    }
    assert_eq!(Params { full: true, ..Params::default() }.sizes(), Sizes::published());
}

#[test]
fn first_weights_look_for_the_same_in_both_frames_and_do_not_see_brightness() {
    let (sizes, mut store) = (Sizes { width: 8, scale: 4 }, Store::<f32>::default());
    Net::new(sizes, &mut store, 3);
    // Rows are places of the window, and of each the inputs.
    let of = |name: &str| {
        let param = store.named(&format!("{name}.weight"));
        let n_out = store.shape(param)[1];
        (store.get(param), n_out)
    };
    let (light, n_out) = of("conv_in");
    for each in 0..3 * n_out {
        let sum: f32 = (0..9).map(|place| light[place * 3 * n_out + each]).sum();
        assert!(sum.abs() < 1e-4, "{sum}");
    }
    for (name, side) in [("f1", 3), ("f_bot.0", 4)] {
        let (weights, n_out) = of(name);
        for output in 0..n_out {
            let own = |frame: usize| -> Vec<f32> {
                let at =
                    |place: usize, input: usize| weights[(place * 16 + 8 * frame + input) * n_out + output];
                let inputs = (0..8).flat_map(|input| (0..side * side).map(move |place| (place, input)));
                inputs.map(|(place, input)| at(place, input)).filter(|w| *w != 0.0).collect()
            };
            let (first, second) = (own(0), own(1));
            assert_eq!(first.len(), 8 * (side - 1) * (side - 1));
            let sign = if first[0] == second[0] { 1.0 } else { -1.0 };
            assert!(first.iter().zip(&second).all(|(a, b)| *a == sign * b), "{name}, output {output}");
        }
    }
}
