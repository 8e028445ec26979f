//! The embedded data sets: the numbers are those that were published.

use diabolo::Error;
use diabolo::data::{SETS, by_name, karate_graph};
use diabolo::linalg::Features;
use diabolo::models::Dataset;
use diabolo::monitor::Budget;

/// The data of a name that must be there.
fn load(name: &str) -> Dataset {
    by_name(name, &Budget::unlimited()).expect("a known name").expect("data without faults")
}

/// The message of a name that must be refused.
fn refusal(name: &str) -> String {
    let error = by_name(name, &Budget::unlimited()).expect("a known name").expect_err("a refusal");
    assert!(matches!(error, Error::Parameter { .. }), "{error:?}");
    error.to_string()
}

#[test]
fn digits_are_the_published_ones() {
    let digits = load("digits");
    let Features::U8 { bytes, unit } = &digits.features else { panic!("bytes stay bytes") };
    assert_eq!((bytes.shape(), *unit), ([1797, 64], 1.0));
    // The first picture, as in the documentation of scikit-learn's load_digits.
    assert_eq!(bytes.row(0)[..16], [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0]);
    assert_eq!(bytes.values().iter().copied().max(), Some(16));
    assert_eq!(bytes.values().iter().map(|&x| u64::from(x)).sum::<u64>(), 561_718);
    let labels = digits.labels.expect("labels");
    let count = |class: u32| labels.class.iter().filter(|&&c| c == class).count();
    assert_eq!(labels.classes, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    assert_eq!((0..10).map(count).collect::<Vec<_>>(), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    assert_eq!(digits.names.picture, Some((8, 8)));
    assert_eq!(digits.names.feature(17), "pixel_2_1");
}

#[test]
fn digits_respect_the_memory_limit() {
    let refused = by_name("digits", &Budget::limited(1000)).expect("a known name");
    assert!(matches!(refused, Err(Error::Limit { .. })));
}

#[test]
fn the_karate_club_has_its_members_and_friendships() {
    let graph = karate_graph();
    assert_eq!((graph.n_nodes(), graph.n_edges()), (34, 78));
    let degree = |member: usize| graph.adjacency().row(member - 1).0.len();
    // Zachary 1977: the instructor (1), the president (34) and those around them.
    assert_eq!([1, 2, 3, 33, 34, 12].map(degree), [16, 9, 10, 12, 17, 1]);
    let karate = load("karate");
    let labels = karate.labels.expect("clubs");
    assert_eq!(labels.classes, ["Mr. Hi", "Officer"]);
    assert_eq!(labels.class.iter().filter(|&&club| club == 0).count(), 17);
    // 11 friendships cross the split as it happened; Zachary's minimum cut, which errs in member 9 only, 10.
    let crossing = |moved: Option<usize>| {
        let club = |i: usize| labels.class[i] ^ u32::from(moved == Some(i));
        graph.adjacency().entries().filter(|&(i, j, _)| i < j && club(i) != club(j)).count()
    };
    assert_eq!((crossing(None), crossing(Some(8))), (11, 10));
}

#[test]
fn the_chapter_matrix_is_its_two_outer_products() {
    let chapter = load("chapter");
    let x = chapter.features.to_dense();
    assert_eq!(x.shape(), [5, 4]);
    assert_eq!(x.row(0), [4.0, 4.0, 4.0, 4.0]);
    assert_eq!(x.row(2), [6.0, 6.0, 8.0, 6.0]);
    assert_eq!(x.row(4), [5.0, 5.0, 8.0, 5.0]);
}

#[test]
fn names_are_unique_and_told_from_files() {
    for (at, set) in SETS.iter().enumerate() {
        assert!(SETS[..at].iter().all(|other| other.name != set.name), "{} twice", set.name);
        assert!(!set.what.is_empty() && !set.source.is_empty() && !set.licence.is_empty());
        assert!(set.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", set.name);
    }
    assert!(by_name("digits.npy", &Budget::unlimited()).is_none());
    assert!(by_name("C:/data/x.csv", &Budget::unlimited()).is_none());
}

#[test]
fn embedded_sets_refuse_parameters() {
    assert!(refusal("digits:n=3").contains("without parameters"));
    assert!(refusal("karate:friends").contains("key=value"));
}
