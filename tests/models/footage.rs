//! What training takes of a clip: squares of true frames, still or moving evenly.

use diabolo::linalg::{Features, Matrix};
use diabolo::models::interpolation::Footage;
use diabolo::models::interpolation::learned::Crop;
use diabolo::models::{Dataset, Names};
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

proptest! {
    #[test]
    fn squares_move_evenly_and_stay_in_the_frame(
        seed: u64, n in 0_u64..1000, span in 2_usize..5, pan in 0_usize..9, height in 16_usize..50, width in 16_usize..50,
    ) {
        let clip = telling(9, height, width);
        let footage = Footage::new(&clip.data()).expect("frames");
        let crop = Crop::draw(&footage, 6, [span, pan], 16, seed, [3, n]);
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
        let crop = Crop::draw(&footage, 5, [2, 2], 16, 7, [0, n]);
        let [first, last] = [0, 2].map(|which| place(&crop, &footage, which, 16));
        speeds.insert([0, 1].map(|axis| (last[axis] - first[axis]) / (last[2] - first[2])));
    }
    assert_eq!(speeds.len(), 25, "-2 to 2 down and right: {speeds:?}");
}
