#![no_main]
//! Any bytes given to the reader of MatrixMarket, as it is and transposed.

use diabolo::io::matrix_market::read;
use diabolo::io::read::ReadOptions;
use diabolo_fuzz::feed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut plain = None;
    let mut turned = None;
    feed(bytes, |input| read(input, &ReadOptions::default()).map(|matrix| plain = Some(matrix)));
    let transpose = ReadOptions { transpose: true, ..ReadOptions::default() };
    feed(bytes, |input| read(input, &transpose).map(|matrix| turned = Some(matrix)));
    if let (Some(plain), Some(turned)) = (plain, turned) {
        assert_eq!(plain.first_not_finite(), None);
        assert_eq!(plain.transposed(), turned);
    }
});
