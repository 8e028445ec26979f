//! `diabolo info` and `diabolo data`.

use super::{bytes, good, run, text};
use crate::io::Scratch;
use diabolo::data::{SETS, simulated_by_name};
use diabolo::io::read::{ReadOptions, read};
use diabolo::monitor::Budget;
use serde_json::Value;

#[test]
fn info_tells_what_a_file_holds() {
    let folder = Scratch::new();
    folder.file("x.csv", b"id,a,b\none,0,2\ntwo,3,-1.5\n");
    let said = good(&folder, "info x.csv");
    for needle in ["delimited text", "2 samples x 2 features", "-1.5 to 3", "25.00 %", "one, two", "a, b"] {
        assert!(said.contains(needle), "no `{needle}` in {said}");
    }
    let json: Value = serde_json::from_str(&good(&folder, "info x.csv --json")).expect("JSON");
    assert_eq!(json["n_samples"], 2);
    assert_eq!(json["min"], -1.5);
    assert_eq!(json["feature_names"], serde_json::json!(["a", "b"]));
    let json: Value = serde_json::from_str(&good(&folder, "info x.csv --json --transpose")).expect("JSON");
    assert_eq!(json["sample_names"], serde_json::json!(["a", "b"]));
    // A set is described like a file, and so is standard input.
    let json: Value = serde_json::from_str(&good(&folder, "info digits --json")).expect("JSON");
    assert_eq!((&json["n_samples"], &json["values"]), (&Value::from(1797), &Value::from("u8")));
}

/// Columns of another file stand beside the data's, sparse or dense, in `info`, `fit` and `encode` alike.
#[test]
fn columns_of_a_file_are_put_beside_the_data() {
    let folder = Scratch::new();
    folder.file("x.csv", b"id,a,b\none,0,2\ntwo,3,-1.5\n");
    folder.file("more.csv", b"id,c\none,0.25\ntwo,0\n");
    let json: Value =
        serde_json::from_str(&good(&folder, "info x.csv --beside more.csv --json")).expect("JSON");
    assert_eq!(json["feature_names"], serde_json::json!(["a", "b", "c"]));
    assert_eq!(json["n_features"], 3);
    folder.file("three.csv", b"c\n1\n2\n3\n");
    let output = run(&folder, "info x.csv --beside three.csv");
    assert_eq!(output.status.code(), Some(65));
    assert!(
        text(&output.stderr).contains("three.csv: it has 3 rows for 2 samples"),
        "{}",
        text(&output.stderr)
    );

    let set = "topics:n_docs=80,n_words=30,n_topics=3";
    good(&folder, &format!("data make {set} --truth -o docs.mtx"));
    let fit =
        "fit prodlda docs.mtx --beside docs.theta.npy --n-embedding 3 --n-topics 3 --epochs 2 --out run";
    good(&folder, fit);
    good(&folder, "encode run docs.mtx --beside docs.theta.npy -o z.npy");
    let z = read(&folder.path().join("z.npy"), &ReadOptions::default(), &Budget::unlimited()).expect("codes");
    assert_eq!((z.features.n_samples(), z.features.n_features()), (80, 3));
    let without = run(&folder, "encode run docs.mtx -o z.npy");
    assert_eq!(without.status.code(), Some(65), "{}", text(&without.stderr));
}

#[test]
fn the_list_names_every_set() {
    let folder = Scratch::new();
    let table = good(&folder, "data list");
    let json: Vec<Value> = serde_json::from_str(&good(&folder, "data list --json")).expect("JSON");
    assert_eq!(json.len(), SETS.len());
    for (set, listed) in SETS.iter().zip(json) {
        assert!(table.lines().any(|line| line.starts_with(set.name)), "{}", set.name);
        assert_eq!(listed["name"], set.name);
    }
}

#[test]
fn a_made_file_holds_the_set_and_its_truth() {
    let folder = Scratch::new();
    let name = "blobs:n_samples=40,n_features=3,seed=5";
    let made = simulated_by_name(name, &Budget::unlimited()).expect("a set").expect("valid parameters");
    let load = |file: &str| {
        let path = folder.path().join(file);
        read(&path, &ReadOptions::default(), &Budget::unlimited()).expect("a file that reads back").features
    };
    for file in ["x.npy", "y.csv", "z.tsv.gz", "v.mtx"] {
        good(&folder, &format!("data make {name} --truth -o {file}"));
        assert_eq!(load(file).to_dense(), made.dataset.features.to_dense(), "{file}");
    }
    assert!(!made.truth.is_empty());
    for (what, matrix) in &made.truth {
        assert_eq!(load(&format!("x.{what}.npy")).to_dense(), *matrix, "{what}");
        assert_eq!(load(&format!("z.{what}.tsv")).to_dense(), *matrix, "{what}");
    }
    let labels = text(&bytes(&folder, "x.labels.txt"));
    assert_eq!(labels.lines().count(), 40);
    let json = good(&folder, "info x.npy --json --labels x.labels.txt");
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let n_classes = made.dataset.labels.expect("labels").classes.len();
    assert_eq!(json["classes"].as_array().map(Vec::len), Some(n_classes));
    // Without a file the rows go to standard output.
    assert_eq!(good(&folder, &format!("data make {name}")).lines().count(), 40);
}
