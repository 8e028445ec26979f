#![no_main]
//! Any bytes as a file of names, every choice of a column.

use diabolo::io::names::{Column, read_names_from};
use diabolo_fuzz::feed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (n, bytes) = input;
    let named = Column::Named("a".to_string());
    for column in [Column::First, Column::SecondOrOnly, Column::Last, Column::Number(2), named] {
        feed(bytes, |input| read_names_from(input, &column, n.into(), "samples"));
    }
});
