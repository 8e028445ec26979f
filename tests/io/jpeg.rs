//! JPEG: every kind against the pixels Pillow decodes, damage of every kind.

use super::{Scratch, golden, golden_path, read_bytes, read_file};
use crate::data::real;
use diabolo::io::jpeg;
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::Features;
use diabolo::monitor::Budget;
use proptest::prelude::*;
use std::path::Path;

/// The bytes a data set keeps.
fn pixels(features: Features) -> Vec<u8> {
    let Features::U8 { bytes, unit } = features else { panic!("bytes stay bytes") };
    assert_eq!(unit, 1.0 / 255.0);
    bytes.into_values()
}

/// The bytes of a golden file.
fn bytes_of(name: &str) -> Vec<u8> {
    std::fs::read(golden_path(name)).expect("a golden file")
}

#[test]
fn every_kind_has_the_pixels_of_pillow() {
    let kinds = [
        "grey",
        "grey_progressive",
        "444",
        "444_progressive",
        "422",
        "422_progressive",
        "420",
        "420_progressive",
        "rgb",
        "restarts",
        "restarts_progressive",
        "narrow",
        "one_pixel",
    ];
    for kind in kinds {
        let picture = golden(&format!("jpeg_{kind}.jpg")).unwrap_or_else(|error| panic!("{kind}: {error}"));
        let expected = golden(&format!("jpeg_{kind}.npy")).expect("what Pillow decodes");
        assert_eq!(picture.features.n_samples(), 1, "{kind}");
        let Features::U8 { bytes: expected, .. } = expected.features else { panic!("{kind}: bytes") };
        assert!(pixels(picture.features) == expected.into_values(), "{kind} has other pixels");
    }
    assert_eq!(golden("jpeg_grey.jpg").expect("a good file").names.picture, Some((37, 51)));
    assert_eq!(golden("jpeg_420.jpg").expect("a good file").names.picture, None, "three values a pixel");
}

#[test]
fn nothing_stays_charged_but_the_pixels() {
    for name in ["jpeg_420.jpg", "jpeg_420_progressive.jpg"] {
        let budget = Budget::limited(1 << 20);
        read(&golden_path(name), &ReadOptions::default(), &budget).expect("a good file");
        assert_eq!(budget.used(), 37 * 51 * 3, "{name}");
    }
}

#[test]
fn a_folder_of_frames() {
    let folder = Scratch::new();
    folder.file("0002.jpeg", &bytes_of("jpeg_422.jpg"));
    folder.file("0001.JPG", &bytes_of("jpeg_444.jpg"));
    let budget = Budget::limited(1 << 20);
    let frames = read(folder.path(), &ReadOptions::default(), &budget).expect("two frames");
    assert_eq!(frames.names.samples, Some(vec!["0001".to_owned(), "0002".to_owned()]));
    let expected = [golden("jpeg_444.jpg"), golden("jpeg_422.jpg")].map(|one| pixels(one.unwrap().features));
    assert_eq!(pixels(frames.features), expected.concat());

    folder.file("0003.jpg", &bytes_of("jpeg_grey.jpg"));
    let error = read(folder.path(), &ReadOptions::default(), &budget).expect_err("grey among colours");
    assert!(error.to_string().contains("0003.jpg") && error.to_string().contains("8-bit grey"), "{error}");
    folder.file("0003.jpg", b"no picture");
    let error = read(folder.path(), &ReadOptions::default(), &budget).expect_err("text among pictures");
    assert!(error.to_string().contains("no PNG or JPEG"), "{error}");
}

/// The CRC-32 of all pixels of 64 frames, 448 x 256 in colour, as Pillow 13.0.0 (libjpeg-turbo 3.2.0) decodes
/// them: `crc = zlib.crc32(np.asarray(Image.open(path)).tobytes(), crc)`, frame after frame.
const CLIPS: [(&str, u32); 2] = [("frames/bikes", 0x8e21d6a4), ("frames/car-turn", 0x26c40eff)];

#[test]
fn real_frames_have_the_pixels_of_pillow() {
    for (clip, crc) in CLIPS {
        let Some(path) = real(clip) else { return };
        let frames = read(&path, &ReadOptions::default(), &Budget::unlimited()).expect("good files");
        assert_eq!(
            (frames.features.n_samples(), frames.features.n_features()),
            (64, 448 * 256 * 3),
            "{clip}"
        );
        let mut found = flate2::Crc::new();
        found.update(&pixels(frames.features));
        assert_eq!(found.sum(), crc, "{clip}");
    }
}

/// The place of the first segment with a marker.
fn find(bytes: &[u8], marker: u8) -> usize {
    bytes.windows(2).position(|pair| pair == [0xff, marker]).expect("the segment")
}

#[test]
fn damage_is_refused_in_one_line() {
    let whole = bytes_of("jpeg_420.jpg");
    let changed = |marker: u8, offset: usize, byte: u8| {
        let mut bytes = whole.clone();
        let at = find(&bytes, marker) + offset;
        bytes[at] = byte;
        bytes
    };
    let scan = find(&whole, 0xda);
    let mut scans = whole[..whole.len() - 2].to_vec();
    (0..600).for_each(|_| scans.extend_from_slice(&whole[scan..whole.len() - 2]));
    let large = {
        let mut bytes = whole.clone();
        let at = find(&bytes, 0xc0);
        bytes[at + 5..at + 9].copy_from_slice(&[0xff; 4]);
        bytes
    };
    let mut odd = changed(0xc0, 11, 0x31);
    let at = find(&odd, 0xc0);
    odd[at + 14] = 0x21;
    let restarts = bytes_of("jpeg_restarts.jpg");
    let mut lost_restart = restarts.clone();
    let at = find(&restarts, 0xd1);
    lost_restart[at + 1] = 0xd4;
    let cases: Vec<(&str, Vec<u8>, u8, &str)> = vec![
        ("only the first marker", whole[..3].to_vec(), 65, "cut off"),
        ("cut off within a table", whole[..100].to_vec(), 65, "cut off"),
        ("cut off within the pixels", whole[..scan + 200].to_vec(), 65, "less data than pixels"),
        ("without its end", whole[..whole.len() - 2].to_vec(), 65, "cut off"),
        ("an end and nothing before", vec![0xff, 0xd8, 0xff, 0xd9], 65, "before its frame"),
        ("12 bits", changed(0xc0, 4, 12), 65, "12 bits"),
        (
            "no height",
            {
                let mut b = changed(0xc0, 5, 0);
                let at = find(&b, 0xc0);
                b[at + 6] = 0;
                b
            },
            65,
            "height",
        ),
        ("two colours", changed(0xc0, 9, 2), 65, "2 colour channels"),
        ("a factor of 0", changed(0xc0, 11, 0x02), 65, "factors"),
        ("a factor of 5", changed(0xc0, 11, 0x51), 65, "factors"),
        ("two of three samples", odd, 65, "odd proportions"),
        ("a quantisation table that is not there", changed(0xc0, 12, 3), 65, "no quantisation table"),
        ("a Huffman table that is not there", changed(0xda, 6, 0x33), 65, "Huffman table"),
        ("a component that is not there", changed(0xda, 5, 9), 65, "scan header"),
        ("too many short codes", changed(0xc4, 5, 3), 65, "Huffman table"),
        ("an arithmetic code", changed(0xc0, 1, 0xc9), 65, "arithmetically"),
        ("a lossless frame", changed(0xc0, 1, 0xc3), 65, "lossless"),
        ("a frame in a frame", changed(0xdb, 1, 0xd8), 65, "begins within"),
        ("600 scans", scans, 65, "more scans"),
        ("65535 x 65535", large, 75, "--memory-limit"),
        ("a restart marker of another number", lost_restart, 65, "restart marker"),
        ("CMYK", bytes_of("bad_cmyk.jpg"), 65, "4 colour channels"),
    ];
    for (what, bytes, code, part) in cases {
        let error = read_file(&bytes, &ReadOptions::default()).expect_err(what);
        assert_eq!(error.exit_code(), code, "{what}: {error}");
        let line = error.to_string();
        assert!(line.contains(part) && !line.contains('\n'), "{what}: {line}");
        assert!(code == 75 || line.starts_with("file: the picture is"), "{what}: {line}");
    }
}

#[test]
fn a_cut_anywhere_is_refused() {
    for name in ["jpeg_420.jpg", "jpeg_422_progressive.jpg", "jpeg_restarts_progressive.jpg"] {
        let whole = bytes_of(name);
        for n in (0..whole.len()).step_by(7) {
            assert!(read_bytes(jpeg::read, &whole[..n]).is_err(), "{name} cut at {n}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_damaged_picture_is_no_panic(which in 0_usize..4, place in any::<prop::sample::Index>(), byte: u8) {
        let name = ["jpeg_420.jpg", "jpeg_420_progressive.jpg", "jpeg_grey_progressive.jpg", "jpeg_restarts.jpg"];
        let mut bytes = bytes_of(name[which]);
        let at = place.index(bytes.len());
        bytes[at] = byte;
        if let Err(error) = jpeg::read(&mut diabolo::io::input::Input::over(
            Path::new("bytes"), &bytes[..], &Budget::limited(1 << 24),
        ).expect("bytes in memory")) {
            prop_assert!(matches!(error.exit_code(), 65 | 75), "{}", error);
        }
    }
}
