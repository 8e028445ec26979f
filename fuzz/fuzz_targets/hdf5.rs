#![no_main]
//! Any bytes given to the reader of HDF5: X, a layer, and a column of cells as labels.

use diabolo::Error;
use diabolo::io::hdf5::{read, read_labels};
use diabolo::io::read::ReadOptions;
use diabolo_fuzz::feed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    feed(bytes, |input| read(input, &ReadOptions::default()));
    let layer = ReadOptions { layer: Some("counts".to_owned()), ..ReadOptions::default() };
    feed(bytes, |input| match read(input, &layer) {
        Err(Error::Parameter { .. }) => Ok(()), // there is no such layer
        outcome => outcome.map(drop),
    });
    feed(bytes, |input| read_labels(input, "ct"));
});
