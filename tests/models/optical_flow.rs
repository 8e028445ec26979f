//! Optical flow: motion that was made is found, frames between are where they belong, and how well on real ones.

use crate::data::real;
use crate::io::Scratch;
use crate::tolerance::GOLDEN_METRIC;
use diabolo::io::frames;
use diabolo::metrics::fidelity::{psnr, ssim};
use diabolo::models::interpolation::optical_flow::{
    Clip, Flow, Motion, Params, Prepared, Quality, between, motion,
};
use diabolo::models::interpolation::optical_flow::{coloured, flow_difference, legend};
use diabolo::models::interpolation::{Frame, Schedule};
use diabolo::monitor::{Budget, Env};
use diabolo_kernels::parallel::with_threads;
use proptest::prelude::*;

/// A scene seen from a place that moves.
fn scene(height: usize, width: usize, right: f32, down: f32) -> Frame {
    let pixel = |at: usize| {
        let (y, x) = ((at / width) as f32 - down, (at % width) as f32 - right);
        let wave = |a: f32, b: f32, c: f32| {
            (128.0 + 60.0 * (a * x + b * y + c).sin() + 40.0 * (b * x - a * y).cos()) as u8
        };
        [wave(0.31, 0.12, 0.0), wave(0.11, 0.27, 1.0), wave(0.05, 0.21, 2.0)]
    };
    Frame::new(height, width, (0..height * width).flat_map(pixel).collect()).expect("a frame")
}

fn found(a: &Frame, b: &Frame, params: &Params, env: &Env) -> (Prepared, Prepared, Motion) {
    let (first, second) = (Prepared::new(a, env).expect("room"), Prepared::new(b, env).expect("room"));
    let motion = motion(&first, &second, params, env).expect("two frames of a size");
    (first, second, motion)
}

#[test]
fn a_shift_is_found_and_the_frame_between_is_half_way() {
    let env = Env::default();
    let (h, w, margin) = (96, 128, 16);
    let (a, b, middle) = (scene(h, w, 0.0, 0.0), scene(h, w, 5.0, -3.0), scene(h, w, 2.5, -1.5));
    for quality in [Quality::Fast, Quality::Balanced, Quality::Best] {
        let (first, second, motion) = found(&a, &b, &quality.into(), &env);
        let flow = motion.whole(h, w);
        let inner =
            |at: &usize| (margin..h - margin).contains(&(at / w)) && (margin..w - margin).contains(&(at % w));
        let error = |at: usize| (flow.right[at] - 5.0).hypot(flow.down[at] + 3.0);
        let errors: Vec<f32> = (0..h * w).filter(inner).map(error).collect();
        let mean = errors.iter().sum::<f32>() / errors.len() as f32;
        assert!(mean < 0.2, "{quality:?}: {mean} pixels");
        let made = between(&first, &second, &motion, 0.5, &env).expect("a frame");
        let of = |frame: &Frame| -> Vec<u8> {
            (0..h * w).filter(inner).flat_map(|at| frame.rgb()[3 * at..3 * at + 3].to_vec()).collect()
        };
        let peak = psnr(&of(&made), &of(&middle));
        assert!(peak > 38.0, "{quality:?}: {peak} dB");
    }
}

#[test]
fn frames_that_do_not_move_stay() {
    let env = Env::default();
    let a = scene(50, 70, 0.0, 0.0);
    let (first, second, motion) = found(&a, &a, &Params::from(Quality::Balanced), &env);
    let made = between(&first, &second, &motion, 0.25, &env).expect("a frame");
    let most = made.rgb().iter().zip(a.rgb()).map(|(x, y)| x.abs_diff(*y)).max();
    assert!(most <= Some(1), "{most:?}");
}

#[test]
fn any_number_of_threads_makes_the_same_frame() {
    let (a, b) = (scene(90, 110, 0.0, 0.0), scene(90, 110, 4.0, 2.0));
    let run = || {
        let env = Env::default();
        let (first, second, motion) = found(&a, &b, &Params::from(Quality::Best), &env);
        between(&first, &second, &motion, 0.3, &env).expect("a frame").rgb().to_vec()
    };
    assert_eq!(with_threads(1, run), with_threads(3, run));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn frames_of_any_size_have_frames_between(
        h in 1_usize..40, w in 1_usize..40, t in 0.01..0.99, quality in 0..3,
        bytes in prop::collection::vec(any::<u8>(), 2 * 3 * 40 * 40)
    ) {
        let quality = [Quality::Fast, Quality::Balanced, Quality::Best][quality as usize];
        let n = 3 * h * w;
        let [a, b] = [&bytes[..n], &bytes[n..2 * n]].map(|rgb| Frame::new(h, w, rgb.to_vec()).unwrap());
        let env = Env::default();
        let (first, second, motion) = found(&a, &b, &quality.into(), &env);
        let flows = [&motion.forward, &motion.backward];
        prop_assert!(flows.iter().all(|flow| flow.right.iter().chain(&flow.down).all(|x| x.is_finite())));
        let made = between(&first, &second, &motion, t, &env).unwrap();
        prop_assert_eq!((made.height(), made.width()), (h, w));
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let env = Env::default();
    let (a, other) = (scene(20, 30, 0.0, 0.0), scene(20, 31, 0.0, 0.0));
    let (first, second) = (Prepared::new(&a, &env).unwrap(), Prepared::new(&other, &env).unwrap());
    let params = Params::from(Quality::Fast);
    assert!(motion(&first, &second, &params, &env).unwrap_err().to_string().contains("20 x 31"));
    let motion = motion(&first, &first, &params, &env).unwrap();
    for t in [0.0, 1.0, -0.5, f64::NAN] {
        assert!(between(&first, &first, &motion, t, &env).is_err(), "{t}");
    }
    assert!(Frame::new(2, 2, vec![0; 11]).is_err() && Frame::new(0, 5, Vec::new()).is_err());
    let small = Env { budget: Budget::limited(10_000), ..Env::default() };
    assert_eq!(Prepared::new(&a, &small).err().map(|error| error.exit_code()), Some(75));
}

#[test]
fn a_clip_gives_back_what_it_takes() {
    let env = Env { budget: Budget::limited(8_000_000), ..Env::default() };
    let mut clip = Clip::evenly(Params::from(Quality::Fast), 4);
    let mut times = Vec::new();
    // Were anything kept of each frame, the budget would not last.
    for k in 0..60 {
        let frame = scene(64, 64, k as f32, 0.0);
        clip.push(frame, &env, |t, _| {
            times.push(t);
            Ok(())
        })
        .expect("a frame");
    }
    assert_eq!(times.len(), 59 * 3);
    assert_eq!(times[..3], [0.25, 0.5, 0.75]);
    let error = clip.push(scene(64, 65, 0.0, 0.0), &env, |_, _| Ok(())).unwrap_err();
    assert!(error.to_string().contains("64 x 65"), "{error}");
}

/// The values of scikit-image 0.26.0: structural_similarity(a, b, channel_axis=2), of channel 0 alone, and
/// peak_signal_noise_ratio(a, b), of a = (7 x + 13 y + 29 c + x y) mod 256, b = min(a + 5 ((x + 2 y) mod 7), 255).
#[test]
fn fidelity_is_that_of_scikit_image() {
    let (h, w) = (23, 31);
    let value = |at: usize| {
        let (y, x, c) = (at / 3 / w, at / 3 % w, at % 3);
        let a = (7 * x + 13 * y + 29 * c + x * y) % 256;
        (a as u8, (a + 5 * ((x + 2 * y) % 7)).min(255) as u8)
    };
    let (a, b): (Vec<u8>, Vec<u8>) = (0..h * w * 3).map(value).unzip();
    assert!((ssim(&a, &b, w, 3) - 0.984_206_427_278_524_4).abs() < GOLDEN_METRIC);
    let channel = |x: &[u8]| x.iter().copied().step_by(3).collect::<Vec<u8>>();
    assert!((ssim(&channel(&a), &channel(&b), w, 1) - 0.983_902_990_189_467_6).abs() < GOLDEN_METRIC);
    assert!((psnr(&a, &b) - 23.344_551_843_501_67).abs() < GOLDEN_METRIC);
    assert_eq!((psnr(&a, &a), ssim(&a, &a, w, 3)), (f64::INFINITY, 1.0));
    assert!(ssim(&a[..6 * 6], &b[..6 * 6], 6, 1).is_nan());
}

/// OpenCV 5.0 on the same triplets (benches/peers/optical_flow.py): dense inverse search, medium, 36.37 dB on average.
#[test]
fn middlebury_triplets_are_interpolated_better_than_by_opencv() {
    let Some(folder) = real("frames/middlebury") else { return };
    let env = Env::default();
    let mean = |quality: Quality| {
        let names = ["Grove2", "RubberWhale", "Urban2", "Walking"];
        let peak = |name: &&str| {
            let read = |file: &str| frames::read(&folder.join(name).join(file), &env.budget).unwrap().0;
            let [a, truth, b] = ["I0.png", "I1_gt.png", "I2.png"].map(read);
            let (first, second, motion) = found(&a, &b, &quality.into(), &env);
            psnr(between(&first, &second, &motion, 0.5, &env).unwrap().rgb(), truth.rgb())
        };
        names.iter().map(peak).sum::<f64>() / 4.0
    };
    let (fast, balanced) = (mean(Quality::Fast), mean(Quality::Balanced));
    assert!(fast > 36.4 && balanced > 37.2, "{fast} {balanced}");
}

#[test]
fn frames_are_written_and_read() {
    let folder = Scratch::new();
    let path = folder.path().join("frame.png");
    let frame = scene(7, 9, 0.0, 0.0);
    frames::write(&path, &frame).unwrap();
    let (again, converted) = frames::read(&path, &Budget::unlimited()).unwrap();
    assert!(again == frame && converted.is_empty());
}

/// As much memory as a frame and its motion take when cut into bands, and no more.
#[test]
fn bands_of_rows_under_a_limit_have_the_same_flow() {
    let (h, w) = (400, 96);
    let (a, b) = (scene(h, w, 0.0, 0.0), scene(h, w, 4.0, -2.5));
    for quality in [Quality::Fast, Quality::Balanced, Quality::Best] {
        let params = Params::from(quality);
        let (_, _, whole) = found(&a, &b, &params, &Env::default());
        // The least limit that is enough, by halves.
        let enough = |limit: u64| -> Option<Motion> {
            let env = Env { budget: Budget::limited(limit), ..Env::default() };
            let (first, second) = (Prepared::new(&a, &env).ok()?, Prepared::new(&b, &env).ok()?);
            let motion = motion(&first, &second, &params, &env).ok()?;
            assert_eq!(env.budget.used(), 2 * Prepared::bytes(h, w) + Motion::bytes(h, w, &params));
            Some(motion)
        };
        let (mut below, mut above) = (0, 1 << 30);
        while above - below > 4096 {
            let middle = (below + above) / 2;
            if enough(middle).is_some() { above = middle } else { below = middle }
        }
        let bands = enough(above).expect("the least limit is enough");
        // Rows depend on no more than is beside their band, so that bands are not to be seen at all.
        let flows = [(&whole.forward, &bands.forward), (&whole.backward, &bands.backward)];
        for (one, other) in flows {
            let pairs = one.right.iter().chain(&one.down).zip(other.right.iter().chain(&other.down));
            let most = pairs.map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
            assert!(most <= 1e-3, "{quality:?}: {most}");
        }
        // Whole pictures need more than that.
        let needed = 2 * (diabolo_kernels::motion::Relaxation::bytes(h, w) >> (2 * params.finest));
        assert!(
            quality == Quality::Fast || above < needed + 2 * Prepared::bytes(h, w),
            "{quality:?} {above}"
        );
    }
}

/// The share of the plain mean of both frames in what is called true: least squares of (truth - made) on (mean - made).
#[test]
fn the_truth_of_walking_holds_most_of_the_plain_mean() {
    let Some(folder) = real("frames/middlebury") else { return };
    let env = Env::default();
    let share = |name: &str| {
        let read = |file: &str| frames::read(&folder.join(name).join(file), &env.budget).unwrap().0;
        let [a, truth, b] = ["I0.png", "I1_gt.png", "I2.png"].map(read);
        let (first, second, motion) = found(&a, &b, &Params::from(Quality::Balanced), &env);
        let made = between(&first, &second, &motion, 0.5, &env).unwrap();
        let (mut along, mut square) = (0.0, 0.0);
        let pixels = made.rgb().iter().zip(truth.rgb()).zip(a.rgb().iter().zip(b.rgb()));
        for ((&made, &truth), (&a, &b)) in pixels {
            let towards = 0.5 * (f64::from(a) + f64::from(b)) - f64::from(made);
            along += towards * (f64::from(truth) - f64::from(made));
            square += towards * towards;
        }
        along / square
    };
    // No compensation of motion can come near a truth that is itself a blend: the plain mean is nearer there.
    assert!(share("Walking") > 0.6, "{}", share("Walking"));
    assert!(share("RubberWhale").abs() < 0.1 && share("Urban2").abs() < 0.1);
}

#[test]
fn schedules_are_exact() {
    let places = |schedule: Schedule, i: u64| schedule.from(i).collect::<Vec<_>>();
    assert_eq!(places(Schedule::times(2), 3), [(6, 0.0), (7, 0.5)]);
    // 24 to 60 frames a second: five for two.
    let schedule = Schedule::rates((24, 1), (60, 1)).unwrap();
    assert_eq!(places(schedule, 0), [(0, 0.0), (1, 0.4), (2, 0.8)]);
    assert_eq!(places(schedule, 1), [(3, 0.2), (4, 0.6)]);
    assert_eq!((schedule.n_frames(3), schedule.n_frames(1), schedule.n_frames(0)), (6, 1, 0));
    // Film's rate, far into the clip: no frame is lost or made twice.
    let schedule = Schedule::rates((24_000, 1001), (60, 1)).unwrap();
    let far = 10_000_000;
    let (last, next) = (places(schedule, far), places(schedule, far + 1));
    assert_eq!(last.last().unwrap().0 + 1, next[0].0);
    assert!(last.iter().chain(&next).all(|(_, t)| (0.0..1.0).contains(t)));
    let all: u64 = (0..100).map(|i| places(schedule, i).len() as u64).sum();
    assert_eq!(all, places(schedule, 100)[0].0);
    // Fewer frames than before.
    let schedule = Schedule::rates((60, 1), (24, 1)).unwrap();
    assert_eq!(places(schedule, 2), [(1, 0.5)]);
    assert!(places(schedule, 1).is_empty());
    assert!(Schedule::rates((25, 1), (0, 1)).is_err());
}

#[test]
fn the_wheel_has_the_hues_of_its_source() {
    // Baker et al. 2011: to the left cyan, up between blue and magenta, to the right red; still is white.
    let flow =
        |right: f32, down: f32| Flow { height: 1, width: 2, right: vec![right, 0.0], down: vec![down, 0.0] };
    let of = |right, down| {
        let (frame, largest) = coloured(&flow(right, down)).unwrap();
        assert!((largest - 4.0).abs() < 1e-6, "{largest}");
        assert_eq!(frame.rgb()[3..], [255, 255, 255]);
        [frame.rgb()[0], frame.rgb()[1], frame.rgb()[2]]
    };
    let [red, green, blue] = of(4.0, 0.0);
    assert!(red > 200 && green < 60 && blue < 60, "{red} {green} {blue}");
    let [red, green, blue] = of(-4.0, 0.0);
    assert!(red < 60 && green > 150 && blue > 200, "{red} {green} {blue}");
    let wheel = legend(65).unwrap();
    let middle = 3 * (32 * 65 + 32);
    assert_eq!(
        (wheel.rgb()[..3].to_vec(), wheel.rgb()[middle..middle + 3].to_vec()),
        (vec![255; 3], vec![255; 3])
    );
}

#[test]
fn flow_differences_are_those_of_the_frames() {
    let env = Env { budget: Budget::limited(40_000_000), ..Env::default() };
    let at = |shift: f32| scene(96, 128, shift, 0.0);
    let (before, truth) = (at(0.0), at(2.0));
    assert_eq!(flow_difference(&before, &truth, &truth, &env).unwrap(), 0.0);
    let [near, far] = [2.5, 4.0].map(|shift| flow_difference(&before, &at(shift), &truth, &env).unwrap());
    assert!(near > 0.0 && near < far, "{near} {far}");
    assert_eq!(env.budget.used(), 0);
}
