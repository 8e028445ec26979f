#![no_main]
//! Any bytes, recognised by their content.

use diabolo::io::read::{ReadOptions, read_from};
use diabolo_fuzz::feed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| feed(bytes, |input| read_from(input, &ReadOptions::default())));
