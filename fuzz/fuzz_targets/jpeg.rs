#![no_main]
//! Any bytes given to the reader of JPEG.

use diabolo_fuzz::feed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| feed(bytes, diabolo::io::jpeg::read));
