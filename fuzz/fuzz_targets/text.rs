#![no_main]
//! Any bytes as documents, a line each, and the same bytes again with the vocabulary of the first reading.

use diabolo::io::loaded::Known;
use diabolo::io::read::{Format, ReadOptions, TextOptions, load_from};
use diabolo_fuzz::feed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (choice, bytes) = input;
    let text = TextOptions {
        lowercase: choice & 1 == 0,
        min_word_length: usize::from(choice >> 1 & 3),
        ngrams: 1 + usize::from(choice >> 3 & 1),
        max_features: (choice & 16 != 0).then_some(5),
        ..TextOptions::default()
    };
    let options = ReadOptions { format: Some(Format::Text), text, ..ReadOptions::default() };
    let mut first = None;
    feed(bytes, |input| {
        let loaded = load_from(input, &options)?;
        let names = loaded.dataset.names.features.clone();
        assert!(names.as_ref().is_some_and(|names| names.len() == loaded.dataset.features.n_features()));
        first = Some((loaded.recipe, names, loaded.dataset.features));
        Ok(())
    });
    if let Some((recipe, columns, features)) = first {
        let known = Known { recipe, n_features: features.n_features(), columns };
        let options = ReadOptions { known: Some(known), ..ReadOptions::default() };
        let options = ReadOptions { format: Some(Format::Text), ..options };
        feed(bytes, |input| {
            assert_eq!(load_from(input, &options)?.dataset.features, features);
            Ok(())
        });
    }
});
