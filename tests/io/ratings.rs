//! Ratings in the layouts of MovieLens and others: one matrix, whatever the order of the lines.

use super::{gzip, read_file};
use diabolo::io::input::Input;
use diabolo::io::loaded::{Known, Loaded};
use diabolo::io::read::{Format, Missing, ReadOptions, load_from, recognise};
use diabolo::linalg::{Csr, Features};
use diabolo::monitor::Budget;
use proptest::prelude::*;
use std::path::Path;

fn as_ratings() -> ReadOptions {
    ReadOptions { format: Some(Format::Ratings), ..ReadOptions::default() }
}

fn load(text: &str, options: &ReadOptions) -> Loaded {
    let budget = Budget::limited(1 << 24);
    let mut input = Input::over(Path::new("file"), text.as_bytes(), &budget).unwrap();
    load_from(&mut input, options).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// Users 2, 10 and 31 rate items 5, 40 and 100; (10, 100) is rated 0, which is a rating.
fn expected() -> Features {
    Csr::new(3, vec![0, 2, 4, 5], vec![0, 2, 1, 2, 0], vec![3.0, 4.5, 1.0, 0.0, 5.0]).unwrap().into()
}

#[test]
fn layouts() {
    let rows = [[10, 100, 0], [2, 5, 3], [31, 5, 5], [10, 40, 1]];
    let list = |separator: &str| -> String {
        let lines = rows.iter().map(|row| row.map(|x| x.to_string()).join(separator) + "\n");
        lines.collect::<String>() + &["2", "100", "4.5"].join(separator)
    };
    for text in [
        list("\t"),
        list(","),
        list(";"),
        list("::"),
        list(" "),
        // MovieLens: u.data, ratings.dat, ratings.csv
        list("\t").lines().map(|line| format!("{line}\t881250949\n")).collect(),
        list("::").lines().map(|line| format!("{line}::978300760\r\n")).collect(),
        format!("userId,movieId,rating,timestamp\n{}", list(",").replace('\n', ",12\n") + ",12"),
        format!("user,item,rating\n{}\n\n", list(",")),
        "rating;date;item_id;user_id\n4.5;2001-02-03;100;2\n0;;100;10\n3;;5;2\n5;;5;31\n1;;40;10\n".into(),
        format!("# made by hand\na b c\n{}", list(" ")),
    ] {
        for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
            let data = read_file(&bytes, &as_ratings()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
            assert_eq!(data.features, expected(), "{text:?}");
            assert_eq!(data.names.samples.unwrap(), ["2", "10", "31"], "{text:?}");
            assert_eq!(data.names.features.unwrap(), ["5", "40", "100"], "{text:?}");
        }
    }
}

#[test]
fn recognised_only_where_it_is_certain() {
    for (text, format) in [
        ("userId,movieId,rating,timestamp\n1,2,3,4\n", Format::Ratings),
        ("user\titem\tscore\na\tb\t3\n", Format::Ratings),
        ("1::1193::5::978300760\n", Format::Ratings),
        ("196\t242\t3\t881250949\n", Format::Delimited),
        ("user,age,weight\n1,2,3\n", Format::Delimited),
        ("user,item,rating,age,size\n1,2,3,4,5\n", Format::Delimited),
        ("std::vec::Vec\n", Format::Delimited),
    ] {
        assert_eq!(recognise(text.as_bytes()), format, "{text:?}");
    }
}

#[test]
fn of_several_ratings_the_latest_counts() {
    let with_times = load("u::i::1::30\nu::i::2::50\nu::i::3::40\n", &as_ratings());
    assert_eq!(with_times.dataset.features.to_dense().values(), [2.0]);
    let by_line = load("u::i::1\nu::j::9\nu::i::3\n", &as_ratings());
    assert_eq!(by_line.dataset.features.to_dense().values(), [3.0, 9.0]);
    assert_eq!(by_line.warnings, ["1 ratings are of a pair that is rated again: the latest counts"]);
}

#[test]
fn names_quoted_and_missing_ratings() {
    let text = "user,item,rating\n\"Doe, Jo\",\"x \"\"y\"\"\",2\nann,z,NA\n";
    let refused = read_file(text.as_bytes(), &as_ratings()).unwrap_err().to_string();
    assert_eq!(
        refused,
        "file:3: column 3: the value is missing; read such values with --missing nan or zero"
    );
    let unknown = load(text, &ReadOptions { missing: Missing::Nan, ..as_ratings() }).dataset;
    assert_eq!(unknown.features.n_stored(), 1);
    assert_eq!(unknown.names.samples.unwrap(), ["Doe, Jo", "ann"]);
    assert_eq!(unknown.names.features.unwrap(), ["x \"y\"", "z"]);
    let zero = load(text, &ReadOptions { missing: Missing::Zero, ..as_ratings() }).dataset;
    assert_eq!(zero.features.n_stored(), 2);
}

#[test]
fn later_ratings_fall_into_the_columns_of_the_run() {
    let fitted = load("a\tx\t1\nb\ty\t2\nb\tz\t3\n", &as_ratings());
    let known = Known { recipe: fitted.recipe, n_features: 3, columns: fitted.dataset.names.features };
    let later = ReadOptions { known: Some(known), ..ReadOptions::default() };
    let new = load("c\tz\t5\nc\tq\t4\nd\tq\t1\n", &later);
    assert_eq!(new.dataset.features.to_dense().values(), [0.0, 0.0, 5.0, 0.0, 0.0, 0.0]);
    assert_eq!(new.dataset.names.samples.unwrap(), ["c", "d"]);
    assert_eq!(new.warnings, ["2 ratings are left out: the run knows no such item"]);
}

proptest! {
    /// A matrix written as ratings in any order is read as it is, and transposed as its transpose.
    #[test]
    fn the_order_of_lines_does_not_matter(
        draws in proptest::collection::btree_map((0_u32..20, 0_u32..30), -5.0..5.0_f64, 1..80),
        seed in 0_usize..1000,
    ) {
        let mut lines: Vec<String> = draws.iter().map(|((u, i), x)| format!("{u}\t{i}\t{x}\n")).collect();
        let sorted = load(&lines.concat(), &as_ratings()).dataset;
        let n = lines.len();
        (0..n).for_each(|at| lines.swap(at, (at * 7919 + seed) % n));
        let shuffled = load(&lines.concat(), &as_ratings()).dataset;
        prop_assert_eq!(&sorted, &shuffled);
        for ((i, j, x), ((user, item), rating)) in sparse(&sorted.features).entries().zip(&draws) {
            prop_assert_eq!((sorted.names.sample(i), sorted.names.feature(j)), (user.to_string(), item.to_string()));
            prop_assert_eq!(x, *rating);
        }
        let turned = load(&lines.concat(), &ReadOptions { transpose: true, ..as_ratings() }).dataset;
        prop_assert_eq!(sparse(&turned.features), &sparse(&sorted.features).transposed());
        prop_assert_eq!(turned.names.samples, sorted.names.features);
    }
}

fn sparse(features: &Features) -> &Csr<f64> {
    match features {
        Features::Sparse(x) => x,
        _ => panic!("ratings are sparse"),
    }
}
