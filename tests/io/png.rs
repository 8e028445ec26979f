//! PNG: every kind of colour, folders, the writer.

use super::{golden, read_bytes, read_file};
use crate::data::real;
use diabolo::io::png;
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::{Features, Matrix};
use diabolo::monitor::Budget;
use proptest::prelude::*;
use std::path::PathBuf;

/// The pixel values of a golden file in units of 1/255, and whether they are bytes.
fn pixels(name: &str) -> (Vec<f64>, bool) {
    let picture = golden(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(picture.features.n_samples(), 1, "{name}");
    let is_bytes = matches!(picture.features, Features::U8 { .. });
    (
        picture.features.to_dense().values().iter().map(|x| (x * 255.0 * 100.0).round() / 100.0).collect(),
        is_bytes,
    )
}

/// `f` of 0 to 14, the ramp of tests/io/files/make.py.
fn ramp(f: impl Fn(f64) -> f64) -> Vec<f64> {
    (0..15).map(|at| f(f64::from(at))).collect()
}

#[test]
fn every_kind_of_grey() {
    assert_eq!(pixels("png_grey.png"), (ramp(|x| 16.0 * x), true));
    assert_eq!(pixels("png_interlaced.png"), (ramp(|x| 16.0 * x), true));
    assert_eq!(pixels("png_grey_1_bit.png"), (ramp(|x| 255.0 * (x % 2.0)), true));
    assert_eq!(pixels("png_grey_4_bit.png"), (ramp(|x| 17.0 * x), true));
    assert_eq!(pixels("png_grey_16_bit.png"), (ramp(|x| 17.0 * x), false));
    let over_white = |x: f64| (17.0 * x / 255.0 * 16.0 * x + (255.0 - 17.0 * x)).round();
    assert_eq!(pixels("png_grey_alpha.png"), (ramp(over_white), true));
    assert_eq!(golden("png_grey.png").expect("a good file").names.picture, Some((3, 5)));
}

#[test]
fn every_kind_of_colour() {
    let expected: Vec<f64> = ramp(|x| x).iter().flat_map(|x| [*x, 2.0 * x, 3.0 * x]).collect();
    for name in ["png_rgb.png", "png_rgba.png", "png_palette.png"] {
        assert_eq!(pixels(name), (expected.clone(), true), "{name}");
    }
    let mut over_white = expected;
    over_white[..3].fill(255.0);
    assert_eq!(pixels("png_palette_transparent.png"), (over_white, true));
    assert_eq!(golden("png_rgb.png").expect("a good file").names.picture, None);
}

/// A new folder for a test, by name.
fn empty_folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("diabolo-png-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a writable folder");
    folder
}

/// The bytes of a grey picture.
fn grey(height: u32, width: u32, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    png::write_grey(&mut bytes, height, width, pixels).expect("memory takes all");
    bytes
}

#[test]
fn a_folder_is_a_data_set() {
    let folder = empty_folder("good");
    for (name, value) in [("b.png", 20), ("a.PNG", 10), ("c.png", 30)] {
        std::fs::write(folder.join(name), grey(2, 3, &[value; 6])).expect("a writable folder");
    }
    std::fs::write(folder.join("notes.txt"), "no picture").expect("a writable folder");
    let budget = Budget::limited(8 << 20);
    let pictures = read(&folder, &ReadOptions::default(), &budget).expect("a good folder");
    assert_eq!(budget.used(), 18, "only the pixels stay charged");
    let Features::U8 { bytes, unit } = pictures.features else { panic!("bytes stay bytes") };
    assert_eq!((bytes, unit), (Matrix::from_fn(3, 6, |i, _| 10 * (i as u8 + 1)), 1.0 / 255.0));
    assert_eq!(pictures.names.samples, Some(["a", "b", "c"].map(str::to_owned).to_vec()));
    assert_eq!(pictures.names.picture, Some((2, 3)));

    std::fs::write(folder.join("d.png"), grey(3, 2, &[0; 6])).expect("a writable folder");
    let error = read(&folder, &ReadOptions::default(), &budget).expect_err("two sizes").to_string();
    assert!(error.contains("d.png") && error.contains("2 x 3"), "{error}");
    std::fs::remove_dir_all(folder).expect("our own folder");
}

#[test]
fn a_picture_without_pixels_is_no_png() {
    assert!(png::write_grey(&mut Vec::new(), 0, 4, &[]).is_err());
}

#[test]
fn a_real_photograph() {
    let Some(path) = real("frames/middlebury/RubberWhale") else { return };
    let frames = read(&path, &ReadOptions::default(), &Budget::unlimited()).expect("good files");
    assert_eq!(frames.features.n_samples(), 3);
    assert_eq!(frames.features.n_features() % (388 * 584), 0);
    let brightness = frames.features.row_sums()[0] / frames.features.n_features() as f64;
    assert!((0.1..0.9).contains(&brightness), "{brightness}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_written_is_read(height in 1_u32..9, width in 1_u32..9, seed in any::<u8>()) {
        let written: Vec<u8> = (0..height * width).map(|at| seed.wrapping_add((at * at) as u8)).collect();
        let picture = read_bytes(png::read, &grey(height, width, &written)).expect("what was written");
        prop_assert_eq!(picture.names.picture, Some((height as usize, width as usize)));
        let Features::U8 { bytes, .. } = picture.features else { panic!("bytes stay bytes") };
        prop_assert_eq!(bytes.into_values(), written);
    }

    #[test]
    fn a_damaged_picture_is_no_panic(at in 0_usize..80, bit in 0_u8..8) {
        let mut bytes = grey(5, 7, &[200; 35]);
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Err(error) = read_file(&bytes, &ReadOptions::default()) {
            prop_assert!(matches!(error.exit_code(), 65 | 75), "{}", error);
        }
        prop_assert!(read_bytes(png::read, &bytes[..at]).is_err());
    }
}
