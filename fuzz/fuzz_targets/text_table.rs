#![no_main]
//! Any bytes as a table of text beside data.

use diabolo::io::text_table::TextTable;
use diabolo_fuzz::feed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| feed(bytes, |input| {
    let table = TextTable::read_from(input)?;
    assert!(table.lines.iter().all(|(line, cells)| *line > 0 && !cells.is_empty()));
    Ok(())
}));
