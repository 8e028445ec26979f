//! Text into counts: as scikit-learn counts by the same rules, whatever the pieces it comes in.

use super::bad_text::{DATA, LIMIT, check_as};
use super::{Scratch, golden_path, gzip, read_file};
use diabolo::Result;
use diabolo::io::input::Input;
use diabolo::io::loaded::{Known, Loaded};
use diabolo::io::read::{Format, ReadOptions, TextOptions, load, load_from};
use diabolo::io::text::{Frequency, StopWords};
use diabolo::linalg::{Csr, Features};
use diabolo::models::Dataset;
use diabolo::monitor::Budget;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

fn with(text: TextOptions) -> ReadOptions {
    ReadOptions { format: Some(Format::Text), text, ..ReadOptions::default() }
}

/// Every word, in lower case, of at least one character.
fn all_words() -> TextOptions {
    TextOptions { stop_words: StopWords::None, min_word_length: 1, ..TextOptions::default() }
}

fn load_bytes(bytes: impl Read, options: &ReadOptions) -> Result<Loaded> {
    let budget = Budget::limited(64 << 20);
    load_from(&mut Input::over(Path::new("file"), bytes, &budget)?, options)
}

fn counts(data: &Dataset) -> &Csr<f64> {
    match &data.features {
        Features::Sparse(counts) => counts,
        _ => panic!("counts are sparse"),
    }
}

/// The rows of a case of tests/io/files/make_counts.py: column, count, column, count ...
fn rows(data: &Dataset) -> Vec<Vec<u64>> {
    let row = |i: usize| {
        let (columns, values) = counts(data).row(i);
        columns.iter().zip(values).flat_map(|(&j, &x)| [u64::from(j), x as u64]).collect()
    };
    (0..data.features.n_samples()).map(row).collect()
}

#[test]
fn counts_of_scikit_learn() {
    let cases: Value =
        serde_json::from_slice(&std::fs::read(golden_path("text_counts.json")).unwrap()).unwrap();
    let licence = Path::new(env!("CARGO_MANIFEST_DIR")).join("LICENSE-APACHE");
    let languages = golden_path("text_languages.txt");
    let plain = TextOptions { stop_words: StopWords::None, ..TextOptions::default() };
    let as_written = TextOptions { lowercase: false, ..all_words() };
    let english = TextOptions::default();
    let [one_in_twenty, a_bit] = [0.05, 0.012].map(Frequency::Share);
    for (name, path, other, text) in [
        ("plain", &licence, &languages, plain.clone()),
        (
            "frequencies",
            &licence,
            &languages,
            TextOptions { min_df: Frequency::Count(2), max_df: one_in_twenty, ..english.clone() },
        ),
        ("most_frequent", &licence, &languages, TextOptions { max_features: Some(20), ..as_written.clone() }),
        (
            "ngrams",
            &licence,
            &languages,
            TextOptions { ngrams: 3, min_df: a_bit, max_df: Frequency::Count(20), ..english },
        ),
        ("languages", &languages, &licence, plain),
        ("languages_as_written", &languages, &licence, as_written),
    ] {
        let case = &cases[name];
        let loaded = load(path, &with(text), &Budget::unlimited()).unwrap();
        let vocabulary = loaded.dataset.names.features.clone().unwrap();
        let expected: Vec<String> = serde_json::from_value(case["vocabulary"].clone()).unwrap();
        assert_eq!(vocabulary, expected, "{name}");
        let expected: Vec<Vec<u64>> = serde_json::from_value(case["rows"].clone()).unwrap();
        assert_eq!(rows(&loaded.dataset), expected, "{name}");
        // A run's recipe and vocabulary count the words of other text, whatever the options say.
        let known = Known { n_features: vocabulary.len(), columns: Some(vocabulary), recipe: loaded.recipe };
        let known = ReadOptions { known: Some(known), ..ReadOptions::default() };
        let read = load(other, &known, &Budget::unlimited()).unwrap();
        let expected: Vec<Vec<u64>> = serde_json::from_value(case["other_rows"].clone()).unwrap();
        assert_eq!(rows(&read.dataset), expected, "{name}");
        assert_eq!(read.dataset.names.features, known.known.unwrap().columns);
    }
}

#[test]
fn words_of_every_script() {
    for (text, words) in [
        ("Don't stop_me x2 3.14", &["14", "3", "don", "stop_me", "t", "x2"][..]),
        ("CAFE\u{301} café ÉTÉ", &["cafe\u{301}", "café", "été"]),
        ("ΟΔΟΣ Σας", &["οδος", "σας"]),
        ("नमस्ते दुनिया", &["दुनिया", "नमस्ते"]),
        ("\u{feff}first\u{a0}second\u{2014}third", &["first", "second", "third"]),
        ("naïve\u{ad}", &["naïve"]),
        ("\u{301}x", &["x"]),
    ] {
        let data = read_file(text.as_bytes(), &with(all_words())).unwrap();
        assert_eq!(data.names.features.unwrap(), words, "{text}");
    }
}

#[test]
fn lines_are_documents_and_empty_ones_too() {
    for (text, n_docs) in [("a", 1), ("a\n", 1), ("a\n\nb\n", 3), ("\na\r\n\r\n", 3), ("a\n \n", 2)] {
        for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
            let data = read_file(&bytes, &with(all_words())).unwrap();
            assert_eq!(data.features.n_samples(), n_docs, "{text:?}");
        }
    }
    let long = format!("{} end", "x".repeat(300));
    assert_eq!(read_file(long.as_bytes(), &with(all_words())).unwrap().names.features.unwrap(), ["end"]);
    let words = read_file(b"b a\nb\n", &ReadOptions { transpose: true, ..with(all_words()) }).unwrap();
    assert_eq!(words.names.samples.unwrap(), ["a", "b"]);
    assert_eq!(words.features.to_dense().values(), [1.0, 0.0, 1.0, 1.0]);
}

#[test]
fn stop_words_are_cut_like_text() {
    let folder = Scratch::new();
    let list = folder.file("stop.txt", b"# words\nWon't | a comment\nthe  of\n\n");
    let options = with(TextOptions { stop_words: StopWords::File(list), ..all_words() });
    let loaded = load_bytes(&b"The heart won; t of darkness"[..], &options).unwrap();
    assert_eq!(loaded.dataset.names.features.unwrap(), ["darkness", "heart"]);
    assert_eq!(loaded.recipe.text.unwrap().stop_words, ["of", "t", "the", "won"]);
    let english = load_bytes(
        &b"I don't know why it's here: cannot the heart be dark?"[..],
        &with(TextOptions::default()),
    );
    let english = english.unwrap();
    assert_eq!(english.dataset.names.features.unwrap(), ["dark", "heart", "know"]);
}

#[test]
fn a_folder_with_sub_folders_as_classes() {
    let folder = Scratch::new();
    for (place, name, text) in [
        ("sport", "9", b"ball game ball".to_vec()),
        ("sport", "10", gzip(b"game")),
        ("space/deep", "a.txt", b"orbit\nmoon caf\xe9".to_vec()),
        ("space", ".hidden", b"\0\0".to_vec()),
    ] {
        std::fs::create_dir_all(folder.path().join(place)).unwrap();
        folder.file(&format!("{place}/{name}"), &text);
    }
    let options = ReadOptions { text: all_words(), ..ReadOptions::default() };
    let read = || load(folder.path(), &options, &Budget::limited(1 << 20));
    let loaded = read().unwrap();
    let data = &loaded.dataset;
    assert_eq!(loaded.format, "folder of text");
    assert_eq!(data.names.samples.as_ref().unwrap(), &["space/deep/a.txt", "sport/10", "sport/9"]);
    assert_eq!(data.names.features.as_ref().unwrap(), &["ball", "caf", "game", "moon", "orbit"]);
    let labels = data.labels.as_ref().unwrap();
    assert_eq!(
        (&labels.classes[..], &labels.class[..]),
        (&["space".into(), "sport".into()][..], &[0, 1, 1][..])
    );
    assert_eq!(data.features.to_dense().row(2), [2.0, 0.0, 1.0, 0.0, 0.0]);
    let told = "1 bytes of the text are not UTF-8 and separate words; convert it for its accents";
    assert_eq!(loaded.warnings, [told]);
    // A document beside the sub-folders has no class, so there are none.
    folder.file("alone", b"word");
    assert!(read().unwrap().dataset.labels.is_none());
    folder.file("picture", b"\x89P\0\0");
    let error = read().unwrap_err().to_string();
    assert!(error.ends_with("picture: the text holds binary zeros; give UTF-8 text"), "{error}");
}

#[test]
fn folders_without_text() {
    let folder = Scratch::new();
    let budget = Budget::limited(1 << 20);
    let error = load(folder.path(), &ReadOptions::default(), &budget).unwrap_err().to_string();
    assert!(error.contains("the folder holds no files; give text files"), "{error}");
    folder.file("only", b"the of\n");
    let error = load(folder.path(), &ReadOptions::default(), &budget).unwrap_err().to_string();
    assert!(
        error.contains("the text has no word of 2 or more characters beside stop words (english)"),
        "{error}"
    );
    assert_eq!(budget.used(), 0, "a refusal gives its memory back");
}

#[test]
fn bad_text() {
    check_as(
        &with(TextOptions::default()),
        &[
            ("", DATA, "file: the file is empty; give a document on every line"),
            (
                "\n\n\n",
                DATA,
                "file: the text has no word of 2 or more characters beside stop words (english)",
            ),
            ("the of and\n", DATA, "file: the text has no word of 2 or more characters"),
            ("! ? a b c\n", DATA, "file: the text has no word of 2 or more characters"),
            ("words\u{0}", DATA, "file: the text holds binary zeros; give UTF-8 text"),
            ("\u{0}\u{1}\u{2}", DATA, "file: the text holds binary zeros"),
        ],
    );
    let rare = TextOptions { min_df: Frequency::Count(3), ..TextOptions::default() };
    let told =
        "file: none of 2 terms occurs in at least 3 (min_df) and at most 1.0 (max_df) of 2 documents; lower";
    check_as(&with(rare), &[("ape bee\nape bee\n", DATA, told)]);
    let common = TextOptions { max_df: Frequency::Share(0.5), ..TextOptions::default() };
    let told = "file: none of 1 terms occurs in at least 1 (min_df) and at most 0.5 (max_df) of 2 documents";
    check_as(&with(common), &[("ape\nape\n", DATA, told)]);
    for (bytes, told) in [
        (&b"\xff\xfea\0b\0"[..], "file: the text is UTF-16; save it as UTF-8"),
        (
            b"\xcf\xf0\xe8\xe2\xe5\xf2 word",
            "file: 55 % of its bytes are not UTF-8; convert the text to UTF-8",
        ),
    ] {
        let error = read_file(bytes, &with(TextOptions::default())).unwrap_err();
        assert_eq!(error.exit_code(), DATA);
        assert!(error.to_string().starts_with(told), "{error}");
    }
}

#[test]
fn options_that_make_no_sense() {
    let plain = TextOptions::default;
    for (name, text) in [
        ("ngrams", TextOptions { ngrams: 0, ..plain() }),
        ("ngrams", TextOptions { ngrams: 9, ..plain() }),
        ("min_df", TextOptions { min_df: Frequency::Share(-0.5), ..plain() }),
        ("max_df", TextOptions { max_df: Frequency::Share(2.0), ..plain() }),
        ("max_df", TextOptions { max_df: Frequency::Share(f64::NAN), ..plain() }),
        ("max_features", TextOptions { max_features: Some(0), ..plain() }),
    ] {
        let error = read_file(b"word", &with(text)).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{error}");
        assert!(error.to_string().starts_with(name), "{error}");
    }
    let frequencies = ["5", "0.5", "1.0", "25%", "1e-2"].map(|text| text.parse::<Frequency>().unwrap());
    let [count, shares @ ..] = frequencies;
    assert_eq!(count, Frequency::Count(5));
    assert_eq!(shares, [0.5, 1.0, 0.25, 0.01].map(Frequency::Share));
    assert!("-1x".parse::<Frequency>().is_err());
}

/// A document larger than any line may be, in a memory that would not hold a hundredth of it.
#[test]
fn a_large_document_in_little_memory() {
    let n_times = diabolo::io::input::MAX_LINE as u64 / 17 + (1 << 16);
    let budget = Budget::limited(1 << 19);
    let endless = super::bad_text::Endless { repeated: b"some words again ", at: 0 };
    let mut input = Input::over(Path::new("file"), endless.take(17 * n_times), &budget).unwrap();
    let data = load_from(&mut input, &with(TextOptions::default())).unwrap().dataset;
    assert_eq!(data.names.features.unwrap(), ["words"]);
    assert_eq!(data.features.to_dense().values(), [n_times as f64]);
}

/// Text without an end is ended by the memory: by its words, or by its documents.
#[test]
fn endless_text() {
    let budget = Budget::limited(1 << 20);
    let mut input = Input::over(Path::new("file"), Counting { next: 0 }, &budget).unwrap();
    let error = load_from(&mut input, &with(TextOptions::default())).unwrap_err();
    assert_eq!(error.exit_code(), LIMIT, "{error}");
    drop(input);
    assert_eq!(budget.used(), 0, "everything is given back");
    let lines = super::bad_text::Endless { repeated: b"\n", at: 0 };
    let mut input = Input::over(Path::new("file"), lines, &budget).unwrap();
    let error = load_from(&mut input, &with(TextOptions::default())).unwrap_err();
    assert_eq!(error.exit_code(), LIMIT, "{error}");
}

/// Words that never come again.
struct Counting {
    next: u64,
}

impl Read for Counting {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        self.next += 1;
        let word = format!("w{} ", self.next);
        bytes[..word.len()].copy_from_slice(word.as_bytes());
        Ok(word.len())
    }
}

/// What the reader is to find, done simply: words of every line, counted.
fn simply(text: &str, lowercase: bool) -> Vec<BTreeMap<String, u64>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut lines: Vec<&str> = text.split('\n').collect();
    if lines.last() == Some(&"") {
        lines.pop();
    }
    let count = |line: &&str| {
        let mut words = BTreeMap::new();
        for word in line.split(|c| !is_word(c)).filter(|word| word.chars().count() >= 2) {
            let word = if lowercase { word.to_lowercase() } else { word.to_owned() };
            *words.entry(word).or_insert(0) += 1;
        }
        words
    };
    lines.iter().map(count).collect()
}

fn named_counts(data: &Dataset) -> Vec<BTreeMap<String, u64>> {
    let row = |i: usize| {
        let (columns, values) = counts(data).row(i);
        columns.iter().zip(values).map(|(&j, &x)| (data.names.feature(j as usize), x as u64)).collect()
    };
    (0..data.features.n_samples()).map(row).collect()
}

/// A source that gives a few bytes at a time.
struct Drops<'a>(&'a [u8], usize);

impl Read for Drops<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let n = self.1.min(self.0.len()).min(bytes.len());
        bytes[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

proptest! {
    #[test]
    fn text_in_pieces_is_counted_as_a_whole(
        // Letters of one to four bytes, of both cases; separators; line ends.
        text in "([a-cA-C1_ ,\nàÉßσΣж字𝒳—]|  ab){1,60}",
        size in 1_usize..7,
        lowercase in proptest::bool::ANY,
    ) {
        let options = with(TextOptions { stop_words: StopWords::None, lowercase, ..TextOptions::default() });
        let expected = simply(&text, lowercase);
        match load_bytes(Drops(text.as_bytes(), size), &options) {
            Ok(loaded) => prop_assert_eq!(named_counts(&loaded.dataset), expected),
            Err(error) => prop_assert!(expected.iter().all(BTreeMap::is_empty), "{}", error),
        }
    }

    #[test]
    fn bytes_that_are_no_characters_separate_words(
        bytes in proptest::collection::vec(proptest::sample::select(&b"abAB \n\xc3\xa9\xe2\x82\xac\xf0\x9d\x92\xb3\xff\x80"[..]), 1..80),
        size in 1_usize..7,
    ) {
        // Enough good text beside them that the file is not refused.
        let bytes = [&bytes[..], &b" good text"[..].repeat(100)].concat();
        let options = with(TextOptions { stop_words: StopWords::None, ..TextOptions::default() });
        let loaded = load_bytes(Drops(&bytes, size), &options).unwrap();
        prop_assert_eq!(named_counts(&loaded.dataset), simply(&String::from_utf8_lossy(&bytes), true));
    }
}
