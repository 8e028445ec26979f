#![no_main]
//! Any bytes given to the reader of delimited text; what it reads must be finite and fit its names.

use diabolo::io::delimited::read;
use diabolo::io::missing::Missing;
use diabolo_fuzz::feed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| feed(bytes, |input| {
    let data = read(input, Missing::Zero)?;
    assert_eq!(data.features.first_not_finite(), None);
    assert!(data.names.samples.is_none_or(|names| names.len() == data.features.n_samples()));
    assert!(data.names.features.is_none_or(|names| names.len() == data.features.n_features()));
    Ok(())
}));
