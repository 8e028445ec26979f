#![no_main]
//! Any bytes given to the reader of SVMlight, as it is and transposed.

use diabolo::io::read::{Format, ReadOptions};
use diabolo_fuzz::feed_both_ways;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| feed_both_ways(
    bytes,
    &ReadOptions { format: Some(Format::SvmLight), ..ReadOptions::default() }
));
