#![no_main]
//! Any bytes given to the reader of clips: frames of the size that the first line tells.

use diabolo::io::y4m::Reader;
use diabolo::monitor::Budget;
use diabolo_fuzz::{MEMORY, judge, within_memory};
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|bytes: &[u8]| {
    within_memory(|| {
        let mut clip = match Reader::new(bytes, Path::new("fuzzed"), &Budget::limited(MEMORY)) {
            Ok(clip) => clip,
            Err(refused) => return judge(Err::<(), _>(refused)),
        };
        let size = (clip.header().height, clip.header().width);
        loop {
            match clip.next_frame() {
                Ok(Some(frame)) => {
                    assert_eq!((frame.height(), frame.width()), size);
                    assert_eq!(frame.rgb().len(), 3 * size.0 * size.1);
                }
                Ok(None) => break,
                Err(refused) => return judge(Err::<(), _>(refused)),
            }
        }
    });
});
