#![no_main]
//! Any bytes given to the reader of png: data or an error, never a panic, and never more memory than allowed.

use diabolo::io::input::Input;
use diabolo::monitor::Budget;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|bytes: &[u8]| {
    let budget = Budget::limited(64 << 20);
    if let Ok(mut input) = Input::over(Path::new("fuzzed"), bytes, &budget) {
        let _ = diabolo::io::png::read(&mut input);
    }
});
