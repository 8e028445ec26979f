//! Bags of words of the UCI repository.

use super::{Scratch, gzip, read_file};
use diabolo::io::read::{Format, ReadOptions, read, recognise};
use diabolo::linalg::Csr;
use diabolo::monitor::Budget;

const COUNTS: &[u8] = b"3\n4\n5\n1 2 7\n1 4 1\n3 1 2\n3 2 1\n3 3 9\n";
const WORDS: &[u8] = b"ape\nbee\ncat\ndog\n";

#[test]
fn counts_with_the_words_beside_them() {
    let expected = Csr::new(4, vec![0, 2, 2, 5], vec![1, 3, 0, 1, 2], vec![7.0, 1.0, 2.0, 1.0, 9.0]).unwrap();
    for (name, is_gzip, words) in [
        ("docword.zoo.txt", false, "vocab.zoo.txt"),
        ("docword.zoo.txt.gz", true, "vocab.zoo.txt"),
        ("docword.zoo.txt.gz", true, "vocab.zoo.txt.gz"),
    ] {
        let folder = Scratch::new();
        let path = folder.file(name, &if is_gzip { gzip(COUNTS) } else { COUNTS.to_vec() });
        folder.file(words, &if words.ends_with("gz") { gzip(WORDS) } else { WORDS.to_vec() });
        let data = read(&path, &ReadOptions::default(), &Budget::limited(1 << 20)).unwrap();
        assert_eq!(data.features, expected.clone().into(), "{name}");
        assert_eq!(data.names.features.unwrap(), ["ape", "bee", "cat", "dog"]);
        let turned = ReadOptions { transpose: true, ..ReadOptions::default() };
        let data = read(&path, &turned, &Budget::limited(1 << 20)).unwrap();
        assert_eq!(data.features.to_dense(), expected.to_dense().transposed());
        assert_eq!(data.names.samples.unwrap().len(), 4);
    }
}

#[test]
fn without_words_and_with_the_wrong_ones() {
    let data = read_file(COUNTS, &ReadOptions::default()).unwrap();
    assert_eq!((data.features.n_stored(), data.names.features), (5, None));
    let folder = Scratch::new();
    let path = folder.file("docword.zoo.txt", COUNTS);
    folder.file("vocab.zoo.txt", b"ape\nbee\n");
    let error = read(&path, &ReadOptions::default(), &Budget::limited(1 << 20)).unwrap_err().to_string();
    assert!(error.ends_with("vocab.zoo.txt: it has 2 names for 4 words; give one line for each"), "{error}");
    // Names that are given go before those beside the file.
    let names = folder.file("names", b"a\nb\nc\nd\n");
    let options = ReadOptions { feature_names: Some(names), ..ReadOptions::default() };
    let data = read(&path, &options, &Budget::limited(1 << 20)).unwrap();
    assert_eq!(data.names.features.unwrap(), ["a", "b", "c", "d"]);
}

#[test]
fn three_numbers_alone_are_no_docword() {
    assert_eq!(recognise(COUNTS), Format::Docword);
    assert_eq!(recognise(b"3\n4\n5\n"), Format::Delimited);
    assert_eq!(recognise(b"3\n4\n5\n1\n"), Format::Delimited);
    assert_eq!(recognise(b"3\n4\n5\n1 2.5 3\n"), Format::Delimited);
}
