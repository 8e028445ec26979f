#![no_main]
//! Any bytes opened as a file, by lines and as a whole, as they are and behind the magic of gzip.

use diabolo_fuzz::feed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let packed = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0], bytes].concat();
    for bytes in [bytes, &packed] {
        feed(bytes, |input| {
            while input.next_line()?.is_some() {}
            Ok(())
        });
        feed(bytes, |input| input.read_rest("the file").map(|rest| rest.len()));
    }
});
