//! Networks in pieces: what they make of a picture that memory has no room for is what they make of it as a whole.

use super::film::gliding;
use super::golden_nets::{distance, frame, weights};
use crate::data::real;
use crate::tolerance::PIECES;
use diabolo::autodiff::{Graph, Id, Program, Store, Tiled};
use diabolo::error::Error;
use diabolo::models::interpolation::{Footage, Frame, Map, film, xvfi};
use diabolo::models::{Fit, Model};
use diabolo::monitor::{Budget, Env};
use diabolo::random::Rng;
use diabolo_kernels::parallel::with_threads;
use proptest::prelude::*;

/// A network as recorded: two frames, a time where it has one, the frame between, flows, and what may be kept.
struct Recorded {
    graph: Graph<f32>,
    frames: [Map; 2],
    time: Option<Id>,
    out: Id,
    flow: Id,
    worth: Vec<Id>,
}

fn film_of(
    sizes: &film::Sizes,
    seed: u64,
    size: [usize; 2],
) -> (Store<f32>, impl Fn(&Store<f32>) -> Recorded + use<>) {
    let mut store = Store::default();
    let net = film::Net::new(sizes.clone(), &mut store, seed);
    (store, move |store: &Store<f32>| {
        let mut graph = Graph::default();
        let frames = [0; 2].map(|_| Map::input(&mut graph, 1, size, 3));
        let [first, second] = frames.map(|frame| net.pyramid(&mut graph, store, frame));
        let worth = first.maps().chain(second.maps()).map(|map| map.id).collect();
        let between = net.between(&mut graph, store, &first, &second);
        Recorded { graph, frames, time: None, out: between.frame.id, flow: between.flows[0][0].id, worth }
    })
}

fn xvfi_of(
    sizes: xvfi::Sizes,
    depth: usize,
    seed: u64,
    size: [usize; 2],
) -> (Store<f32>, impl Fn(&Store<f32>) -> Recorded + use<>) {
    let mut store = Store::default();
    let net = xvfi::Net::new(sizes, &mut store, seed);
    (store, move |store: &Store<f32>| {
        let mut graph = Graph::default();
        let frames = [0; 2].map(|_| Map::input(&mut graph, 1, size, 3));
        let features = frames.map(|frame| net.features(&mut graph, store, frame, depth));
        let mut motion = None;
        for level in (0..=depth).rev() {
            let own = [features[0][level], features[1][level]];
            motion = Some(net.motion(&mut graph, store, own, motion));
        }
        let motion = motion.expect("a level");
        let t = graph.input(1, 1);
        let own = [features[0][0], features[1][0]];
        let out = net.between(&mut graph, store, frames, own, motion, t).frame.id;
        let worth = features.iter().flatten().map(|map| map.id).collect();
        Recorded { graph, frames, time: Some(t), out, flow: motion.flows.id, worth }
    })
}

/// Makes the last layers that tell flows speak up, so that flows are of some pixels.
fn speak_up(store: &mut Store<f32>, names: &[String], times: f32) {
    for name in names {
        let param = store.named(name);
        store.get_mut(param).iter_mut().for_each(|w| *w *= times);
    }
}

/// Runs the network as a whole, under the least limit and under higher ones: the largest number of pieces, and the largest
/// flow.
fn compare(
    store: &Store<f32>,
    record: &dyn Fn(&Store<f32>) -> Recorded,
    size: [usize; 2],
    frames: [&[f32]; 2],
) -> Result<(usize, f32), TestCaseError> {
    let Recorded { graph, frames: maps, time, out, flow, .. } = record(store);
    let mut program = Program::inference(graph, &[out, flow]);
    maps.iter().zip(frames).for_each(|(map, frame)| program.input_mut(map.id).copy_from_slice(frame));
    time.into_iter().for_each(|t| program.input_mut(t)[0] = 0.375);
    program.infer(store);
    let expected = program.value(out).to_vec();
    let spread = expected.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let largest = program.value(flow).iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let bytes = program.bytes();
    let run = |limit: u64| {
        let env = Env { budget: Budget::limited(limit), ..Env::default() };
        let Recorded { graph, frames: maps, time, out, worth, .. } = record(store);
        let inputs = maps.map(|map| (map.id, size));
        let mut tiled = Tiled::new(graph, &inputs, &[out], &worth, store, &env)?;
        let mut values: Vec<(Id, &[f32])> = maps.iter().map(|map| map.id).zip(frames).collect();
        values.extend(time.map(|t| (t, &[0.375_f32][..])));
        with_threads(1, || tiled.run(store, &values, &env))?;
        let made = tiled.value(out).to_vec();
        // Again, on another number of threads: the same bits.
        with_threads(2, || tiled.run(store, &values, &env))?;
        let (again, n_pieces) = (tiled.value(out) == &made[..], tiled.n_pieces());
        tiled.end(&env);
        Ok::<_, Error>((made, again, n_pieces, env.budget.used()))
    };
    let least = least_limit(|limit| run(limit).map(|_| ()));
    let mut most = 0;
    for share in 0..20 {
        let (made, again, n_pieces, used) = match run(least + share * bytes / 16) {
            Ok(found) => found,
            // More room may be taken by more that is kept.
            Err(refused) if share > 0 && refused.exit_code() == 75 => continue,
            Err(refused) => panic!("{refused}"),
        };
        let (worst, _) = distance(&made, &expected);
        prop_assert!(worst <= PIECES * f64::from(spread.max(1.0)), "{n_pieces} pieces: {worst} of {spread}");
        prop_assert!(again, "bits of other threads");
        prop_assert_eq!(used, 0, "all that was charged is given back");
        most = most.max(n_pieces);
    }
    Ok((most, largest))
}

/// The least limit under which something runs, to a few bytes in a thousand: below it is refused as one line of code 75.
fn least_limit(runs: impl Fn(u64) -> Result<(), Error>) -> u64 {
    let (mut low, mut high) = (0_u64, 1_u64 << 30);
    while high - low > high / 256 {
        let middle = low.midpoint(high);
        match runs(middle) {
            Ok(()) => high = middle,
            Err(refused) => {
                assert_eq!(refused.exit_code(), 75, "{refused}");
                low = middle;
            }
        }
    }
    high
}

fn noise(size: [usize; 2], seed: u64) -> [Vec<f32>; 2] {
    let mut rng = Rng::seeded(seed);
    let waves: Vec<f64> = (0..12).map(|_| rng.normal()).collect();
    let frame = |shift: f64| {
        let pixel = |at: usize| {
            let (y, x, c) = ((at / 3 / size[1]) as f64, (at / 3 % size[1]) as f64 - shift, (at % 3) as f64);
            let wave =
                |k: usize| (waves[3 * k] * 0.4 * x + waves[3 * k + 1] * 0.4 * y + waves[3 * k + 2] + c).sin();
            (0.5 + 0.12 * (0..4).map(wave).sum::<f64>()) as f32
        };
        (0..3 * size[0] * size[1]).map(pixel).collect()
    };
    [frame(0.0), frame(2.5)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn film_in_pieces(rows in 6_usize..14, cols in 6_usize..14, levels in 2_usize..5, sub in 1_usize..4, loud in 1.0_f32..40.0, seed in any::<u64>()) {
        let sub_levels = sub.min(levels);
        let filters = [4, 6, 8, 8];
        let flow_filters = filters[..sub_levels.max(levels - 1).min(levels)].to_vec();
        let sizes = film::Sizes { levels, fusion_levels: levels.max(2), sub_levels, width: 5, flow_filters };
        let size = [rows, cols].map(|side| (8 * side).next_multiple_of(sizes.multiple()));
        let (mut store, record) = film_of(&sizes, seed, size);
        let last: Vec<String> = (0..sizes.flow_filters.len()).map(|i| format!("flow.{i}.l.4.weight")).collect();
        speak_up(&mut store, &last, loud);
        let [a, b] = noise(size, seed);
        let (pieces, _) = compare(&store, &record, size, [&a, &b])?;
        prop_assert!(pieces > 8, "{pieces} pieces");
    }

    #[test]
    fn xvfi_in_pieces(rows in 3_usize..6, cols in 3_usize..6, depth in 0_usize..3, scale in 1_u32..3, loud in 1.0_f32..12.0, seed in any::<u64>()) {
        let sizes = xvfi::Sizes { width: 8, scale: 1 << scale };
        let size = [rows, cols].map(|side| (32 * side).next_multiple_of(sizes.multiple(depth)));
        let (mut store, record) = xvfi_of(sizes, depth, seed, size);
        speak_up(&mut store, &["f_bot.10.weight", "f2.10.weight"].map(str::to_owned), loud);
        let [a, b] = noise(size, seed);
        let (pieces, _) = compare(&store, &record, size, [&a, &b])?;
        prop_assert!(pieces > 8, "{pieces} pieces");
    }
}

#[test]
fn the_golden_film_whose_flows_lead_anywhere_is_the_same_in_pieces() {
    let Some(folder) = real("golden/film_k4_64x128") else { return };
    let sizes = film::Sizes { width: 4, flow_filters: vec![4, 4, 8, 16], ..film::Sizes::published() };
    let (mut store, record) = film_of(&sizes, 0, [64, 128]);
    store.load(&weights(&folder)).expect("weights of these names and shapes");
    let [a, b] = ["x0", "x1"].map(|name| frame(&folder.join(format!("{name}_1x3x64x128.f32"))));
    let (pieces, largest) = compare(&store, &record, [64, 128], [&a, &b]).expect("the same");
    assert!(pieces > 8 && largest > 10.0, "{pieces} pieces, flows of {largest}");
}

#[test]
fn the_golden_xvfi_is_the_same_in_pieces() {
    let Some(folder) = real("golden/xvfi_nf8_s4_S1_128x128") else { return };
    let (mut store, record) = xvfi_of(xvfi::Sizes { width: 8, scale: 4 }, 1, 0, [128, 128]);
    store.load(&weights(&folder)).expect("weights of these names and shapes");
    let [a, b] = ["x0", "x1"].map(|name| frame(&folder.join(format!("{name}_1x3x128x128.f32"))));
    let (pieces, _) = compare(&store, &record, [128, 128], [&a, &b]).expect("the same");
    assert!(pieces > 8, "{pieces} pieces");
}

/// Frames made between those of a clip of odd size under a limit, and what is said of how.
fn made(model: &dyn Model, times: &[f64], limit: u64) -> Result<(Vec<Frame>, Option<String>), Error> {
    let env = Env { budget: Budget::limited(limit), ..Env::default() };
    let interpolator = model.interpolator().expect("it makes frames");
    let mut sequence = interpolator.sequence(Vec::new())?;
    assert!(sequence.retime(times));
    let clip = gliding(3, 201, 155);
    let footage = Footage::new(&clip.data())?;
    let mut all = Vec::new();
    for at in 0..3 {
        let keep = &mut |_, frame| {
            all.push(frame);
            Ok(())
        };
        sequence.push(footage.frame(at)?, &env, keep)?;
    }
    let note = sequence.note();
    sequence.end(&env);
    assert_eq!(env.budget.used(), 0, "all that was charged is given back");
    Ok((all, note))
}

fn same_in_pieces<P: Fit>(params: &P, times: &[f64])
where
    P::Model: Model,
{
    let clip = gliding(6, 40, 40);
    let state = params.start(&clip.data(), &Env::seeded(5)).expect("a state");
    let model = params.finish(state).expect("a model");
    let (whole, none) = made(&model, times, u64::MAX).expect("no limit");
    assert_eq!((whole.len(), none), (2 * times.len(), None));
    let least = least_limit(|limit| made(&model, times, limit).map(|_| ()));
    let mut n_in_pieces = 0;
    for more in [0, 100_000, 300_000, 1_000_000] {
        let (frames, note) = match made(&model, times, least + more) {
            Ok(found) => found,
            Err(refused) if more > 0 && refused.exit_code() == 75 => continue,
            Err(refused) => panic!("{refused}"),
        };
        n_in_pieces += usize::from(note.is_some_and(|note| note.contains("pieces")));
        assert_eq!(frames.len(), whole.len());
        for (a, b) in whole.iter().zip(&frames) {
            // Values that were rounded to either side of a half.
            let worst = a.rgb().iter().zip(b.rgb()).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(worst <= Some(1), "{worst:?} levels under {more} bytes more than the least");
        }
    }
    assert!(n_in_pieces > 0, "no limit asks for pieces");
}

#[test]
fn clips_of_any_size_and_times_go_in_pieces_where_memory_is_short() {
    let film = film::Params {
        levels: 3,
        fusion_levels: 3,
        sub_levels: 2,
        width: 6,
        flow_filters: vec![8, 12],
        crop: 16,
        ..film::Params::default()
    };
    same_in_pieces(&film, &[0.25, 0.5]);
    let xvfi = xvfi::Params { width: 8, crop: 16, ..xvfi::Params::default() };
    same_in_pieces(&xvfi, &[0.3, 0.5]);
}
