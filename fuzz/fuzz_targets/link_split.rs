#![no_main]
//! Any bytes given to the reader of splits of links, nodes by number and by name.

use diabolo::io::link_split::{NodeNames, read_from};
use diabolo::io::loaded::IndexBase;
use diabolo_fuzz::feed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let names = ["a", "b", "train", "0", ""].map(str::to_owned);
    for kind in [NodeNames::Numbers(IndexBase::Zero), NodeNames::Numbers(IndexBase::One), NodeNames::Names(&names)] {
        feed(bytes, |input| read_from(input, 5, &kind)?.check(5));
    }
});
