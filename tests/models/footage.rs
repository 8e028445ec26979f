//! What training takes of a clip: squares of true frames, still or moving evenly.

use diabolo::linalg::{Features, Matrix};
use diabolo::models::interpolation::Footage;
use diabolo::models::interpolation::learned::{Crop, Scenes, Teacher};
use diabolo::models::interpolation::optical_flow::Flow;
use diabolo::models::{Dataset, Names};
use diabolo::monitor::Env;
use proptest::prelude::*;

/// A clip whose every pixel tells where it is: its row, its column and its frame.
fn telling(n_frames: usize, height: usize, width: usize) -> Dataset {
    let pixel = |t: usize, at: usize| [at / 3 / width, at / 3 % width, t][at % 3] as u8;
    let bytes = (0..n_frames).flat_map(|t| (0..height * width * 3).map(move |at| pixel(t, at))).collect();
    let features =
        Features::U8 { bytes: Matrix::from_vec(n_frames, height * width * 3, bytes), unit: 1.0 / 255.0 };
    let names = Names { colour: Some((height, width)), ..Names::default() };
    Dataset { features, names, labels: None, batches: None }
}

/// The least row and column of a square, and its frame.
fn place(crop: &Crop, footage: &Footage, which: usize, side: usize) -> [i64; 3] {
    let mut pixels = vec![0.0; 3 * side * side];
    crop.cut(footage, which, side, [255.0, 0.0], &mut pixels);
    let least = |channel: usize| pixels.chunks(3).map(|pixel| pixel[channel].round() as i64).min();
    let most = |channel: usize| pixels.chunks(3).map(|pixel| pixel[channel].round() as i64).max();
    let place = [0, 1, 2].map(|channel| least(channel).expect("a pixel"));
    // A whole square of one frame.
    let extent = [0, 1, 2].map(|channel| most(channel).expect("a pixel") - place[channel]);
    assert_eq!(extent, [side as i64 - 1, side as i64 - 1, 0]);
    place
}

/// The row and the column that each pixel of a square tells.
fn told(crop: &Crop, footage: &Footage, which: usize, side: usize) -> Vec<[f32; 2]> {
    let mut pixels = vec![0.0; 3 * side * side];
    crop.cut(footage, which, side, [255.0, 0.0], &mut pixels);
    pixels.chunks(3).map(|pixel| [pixel[0].round(), pixel[1].round()]).collect()
}

/// A flow that grows evenly along rows and columns: [right, down] = at (0, 0), and what a row and a column add.
fn even([height, width]: [usize; 2], [start, a_row, a_column]: [[f32; 2]; 3]) -> Flow {
    let plane = |axis: usize| {
        let place = |at: usize| {
            start[axis] + a_row[axis] * (at / width) as f32 + a_column[axis] * (at % width) as f32
        };
        (0..height * width).map(place).collect()
    };
    Flow { height, width, right: plane(0), down: plane(1) }
}

proptest! {
    /// A pixel of either outer square, moved by its flow, is the pixel of the other that the flow of the whole frame leads to.
    #[test]
    fn flows_are_cut_turned_and_panned_like_squares(
        seed: u64, n in 0_u64..1000, pan in 0_usize..9, is_still: bool, cell in 0_usize..3,
        flows in prop::array::uniform2(prop::array::uniform3(prop::array::uniform2(-0.5_f32..0.5))),
    ) {
        let (size, side, cell) = ([40, 50], 16, 1 << cell);
        let clip = telling(9, size[0], size[1]);
        let footage = Footage::new(&clip.data()).expect("frames");
        let crop = Crop::draw(&footage, Scenes { n_frames: 6, span: 4, pan, is_still }, side, seed, [3, n]);
        let flows = flows.map(|flow| even(size, flow));
        let motion = (!is_still).then_some([&flows[0], &flows[1]]);
        prop_assert_eq!(crop.outer()[0] == crop.outer()[1], is_still);
        let n_cells = side / cell;
        let mut cut = vec![f32::NAN; 4 * n_cells * n_cells];
        crop.cut_flows(motion, [side, cell], &mut cut);
        let squares = [0, 2].map(|which| told(&crop, &footage, which, side));
        // What a place of a square, also one between pixels or outside, shows: a step along it is the same everywhere.
        let shown = |which: usize, [row, column]: [f32; 2]| {
            let square = &squares[which];
            [0, 1].map(|axis| {
                let origin = square[0][axis];
                origin + row * (square[side][axis] - origin) + column * (square[1][axis] - origin)
            })
        };
        for at in 0..n_cells * n_cells {
            let place = [at / n_cells, at % n_cells].map(|at| (at as f32 + 0.5) * cell as f32 - 0.5);
            for which in 0..2 {
                let [right, down] = [0, 1].map(|axis| cell as f32 * cut[4 * at + 2 * which + axis]);
                let seen = shown(1 - which, [place[0] + down, place[1] + right]);
                let [y, x] = shown(which, place);
                let [right, down] = motion.map_or([0.0; 2], |flows| flows[which].at(y, x));
                prop_assert!((seen[0] - y - down).abs() < 1e-3 && (seen[1] - x - right).abs() < 1e-3);
            }
        }
    }

    #[test]
    fn squares_move_evenly_and_stay_in_the_frame(
        seed: u64, n in 0_u64..1000, span in 2_usize..5, pan in 0_usize..9, height in 16_usize..50, width in 16_usize..50,
    ) {
        let clip = telling(9, height, width);
        let footage = Footage::new(&clip.data()).expect("frames");
        let crop = Crop::draw(&footage, Scenes { n_frames: 6, span, pan, is_still: false }, 16, seed, [3, n]);
        let [first, middle, last] = [0, 1, 2].map(|which| place(&crop, &footage, which, 16));
        prop_assert!([first, middle, last].iter().all(|place| place[2] < 6), "frames held out are not seen");
        let (whole, part) = (last[2] - first[2], middle[2] - first[2]);
        prop_assert!(whole.unsigned_abs() as usize <= span && whole.unsigned_abs() >= 2);
        prop_assert!((crop.t() - part as f64 / whole as f64).abs() < 1e-12);
        for axis in 0..2 {
            let (moved, moved_first) = (last[axis] - first[axis], middle[axis] - first[axis]);
            prop_assert!(moved.unsigned_abs() <= (pan as u64) * whole.unsigned_abs());
            prop_assert_eq!(moved * part, moved_first * whole);
        }
    }
}

#[test]
fn squares_pan_by_every_speed_in_every_direction() {
    let clip = telling(5, 60, 60);
    let footage = Footage::new(&clip.data()).expect("frames");
    let mut speeds = std::collections::BTreeSet::new();
    for n in 0..400 {
        let crop =
            Crop::draw(&footage, Scenes { n_frames: 5, span: 2, pan: 2, is_still: false }, 16, 7, [0, n]);
        let [first, last] = [0, 2].map(|which| place(&crop, &footage, which, 16));
        speeds.insert([0, 1].map(|axis| (last[axis] - first[axis]) / (last[2] - first[2])));
    }
    assert_eq!(speeds.len(), 25, "-2 to 2 down and right: {speeds:?}");
}

#[test]
fn the_teacher_finds_the_motion_between_frames_once_and_turns_it_around() {
    let clip = super::film::gliding(8, 64, 80);
    let (footage, env) = (Footage::new(&clip.data()).expect("frames"), Env::default());
    let mut teacher = Teacher::default();
    let there = teacher.between(&footage, [2, 4], &env).expect("flows").expect("two frames").map(Flow::clone);
    let back = teacher.between(&footage, [4, 2], &env).expect("flows").expect("two frames");
    assert!(there[0] == *back[1] && there[1] == *back[0] && there[0] != there[1]);
    assert_eq!((there[0].height, there[0].width), (64, 80));
    assert_eq!(env.budget.used(), 0, "what it keeps was charged by who made it");
    assert!(teacher.between(&footage, [3, 3], &env).expect("none to find").is_none());
}
