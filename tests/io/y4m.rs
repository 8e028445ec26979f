//! Y4M: clips that are written and read, and damaged ones.

use diabolo::io::y4m::{Reader, write_frame, write_header};
use diabolo::models::interpolation::Frame;
use diabolo::monitor::Budget;
use proptest::prelude::*;
use std::path::Path;

fn reader(bytes: &[u8]) -> diabolo::Result<Reader<&[u8]>> {
    Reader::new(bytes, Path::new("clip.y4m"), &Budget::unlimited())
}

/// A clip of one frame of these planes.
fn clip(header: &str, planes: &[u8]) -> Vec<u8> {
    [header.as_bytes(), b"\nFRAME\n", planes].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn grey_frames_come_back(h in 1_usize..9, w in 1_usize..9, levels in prop::collection::vec(any::<u8>(), 64), kind in 0..5) {
        let kind = ["C420jpeg", "C422", "C444", "Cmono", ""][kind as usize];
        let header = format!("YUV4MPEG2 W{w} H{h} F30000:1001 Ip {kind}");
        let rgb: Vec<u8> = levels[..h * w].iter().flat_map(|&level| [level; 3]).collect();
        let frame = Frame::new(h, w, rgb).unwrap();
        let empty = clip(&header, &[]);
        let head = reader(&empty).unwrap().header().clone();
        let mut written = Vec::new();
        write_header(&head, &mut written).unwrap();
        write_frame(&head, &frame, &mut written).unwrap();
        write_frame(&head, &frame, &mut written).unwrap();
        let mut again = reader(&written).unwrap();
        prop_assert_eq!(again.header(), &head);
        prop_assert_eq!(again.header().rate, (30000, 1001));
        for _ in 0..2 {
            let read = again.next_frame().unwrap().expect("a frame");
            // 256 levels become 220.
            prop_assert!(read.rgb().iter().zip(frame.rgb()).all(|(a, b)| a.abs_diff(*b) <= 1));
        }
        prop_assert!(again.next_frame().unwrap().is_none());
    }
}

#[test]
fn colours_are_those_of_the_standard() {
    // White, black, and the red of BT.601: Y = 81, Cb = 90, Cr = 240.
    let bytes = clip("YUV4MPEG2 W3 H1 F25:1 C444", &[235, 16, 81, 128, 128, 90, 128, 128, 240]);
    let frame = reader(&bytes).unwrap().next_frame().unwrap().unwrap();
    assert_eq!(frame.rgb()[..6], [255, 255, 255, 0, 0, 0]);
    assert!(frame.rgb()[6] >= 253 && frame.rgb()[7] <= 2 && frame.rgb()[8] <= 2, "{:?}", &frame.rgb()[6..]);
    // Four pixels share their chroma.
    let shared = clip("YUV4MPEG2 W2 H2 F25:1 C420", &[81, 81, 81, 81, 90, 240]);
    let frame = reader(&shared).unwrap().next_frame().unwrap().unwrap();
    assert!(frame.rgb().chunks(3).all(|pixel| pixel == &frame.rgb()[..3]));
}

#[test]
fn damaged_clips_are_refused() {
    let told = |bytes: &[u8]| {
        let error = reader(bytes).and_then(|mut reader| {
            while reader.next_frame()?.is_some() {}
            Ok(())
        });
        let error = error.expect_err("refused");
        assert_eq!(error.exit_code(), 65, "{error}");
        error.to_string()
    };
    assert!(told(b"").contains("no Y4M clip"));
    assert!(told(b"P6 3 3").contains("no end"));
    assert!(told(&clip("YUV4MPEG2 W2 F25:1", &[])).contains("no height H"));
    assert!(told(&clip("YUV4MPEG2 W0 H2", &[])).contains("`W0`"));
    assert!(told(&clip("YUV4MPEG2 W99999999 H2", &[])).contains("`W99999999`"));
    assert!(told(&clip("YUV4MPEG2 W2 H2 Fx", &[])).contains("`Fx`"));
    assert!(told(&clip("YUV4MPEG2 W2 H2 C420p10", &[])).contains("420p10"));
    assert!(told(&clip("YUV4MPEG2 W2 H2 C444", &[0; 11])).contains("frame 1 is cut off"));
    let junk = [clip("YUV4MPEG2 W1 H1 Cmono", &[7]), b"JUNK\n".to_vec()].concat();
    assert!(told(&junk).contains("frame 2 does not begin"));
    assert!(told(&vec![b'Y'; 5000]).contains("no end"));
    let large = clip("YUV4MPEG2 W65000 H65000 C444", &[]);
    let error =
        Reader::new(&large[..], Path::new("clip.y4m"), &Budget::limited(1 << 20)).err().expect("refused");
    assert_eq!(error.exit_code(), 75);
}
