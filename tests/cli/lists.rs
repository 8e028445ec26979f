//! Lists: recommendations and neighbours, in every form, with names, and what is refused.

use super::mistakes::refused;
use super::{bytes, good, text};
use crate::io::Scratch;
use flate2::read::GzDecoder;
use serde_json::Value;
use std::collections::HashMap;
use std::io::Read;

/// Four users and five items with names; nobody has met `e` but `dora`.
const VISITS: &[u8] = b"user,a,b,c,d,\"e, f\"\nann,3,2,0,0,0\nbob,2,3,1,0,0\ncid,0,0,2,4,0\ndora,0,0,1,3,2\n";

fn visited(folder: &Scratch) {
    folder.file("visits.csv", VISITS);
    good(folder, "fit implicit visits.csv --n-components 2 --out run --quiet");
}

/// The cells of tab-separated text, the header first.
fn cells(table: &str) -> Vec<Vec<String>> {
    table.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn recommendations_name_what_a_sample_has_not_met() {
    let folder = Scratch::new();
    visited(&folder);
    let table = cells(&good(&folder, "recommend run visits.csv --top 2"));
    assert_eq!(table[0], ["sample", "rank", "feature", "score"]);
    let mut of: HashMap<&str, Vec<&str>> = HashMap::new();
    for row in &table[1..] {
        of.entry(&row[0]).or_default().push(&row[2]);
        assert_eq!(row[1], of[row[0].as_str()].len().to_string());
        assert!(row[3].parse::<f64>().expect("a score").is_finite());
    }
    assert_eq!((of["ann"][0], of["bob"][0]), ("c", "d"));
    assert_eq!(of["cid"].len(), 2);
    assert!(of["cid"].contains(&"\"e, f\""), "{of:?}");
    assert!(of["dora"].iter().all(|feature| ["a", "b"].contains(feature)));
    // A list ends where there is nothing left.
    let long = cells(&good(&folder, "recommend run visits.csv --top 99"));
    assert_eq!(long.len() - 1, 3 + 2 + 3 + 2);
}

#[test]
fn every_form_holds_the_same_lists() {
    let folder = Scratch::new();
    visited(&folder);
    for (command, first, name) in
        [("recommend run visits.csv", "sample", "feature"), ("similar run", "feature", "similar")]
    {
        let table = good(&folder, command);
        good(&folder, &format!("{command} -o list.tsv"));
        assert_eq!(text(&bytes(&folder, "list.tsv")), table);
        good(&folder, &format!("{command} -o list.csv.gz"));
        let mut csv = String::new();
        GzDecoder::new(&bytes(&folder, "list.csv.gz")[..]).read_to_string(&mut csv).expect("gzip");
        assert_eq!(csv.replace("\"e, f\"", "\"e; f\"").replace(',', "\t").replace("e; f", "e, f"), table);
        let printed: Vec<Value> =
            serde_json::from_str(&good(&folder, &format!("{command} --json"))).expect("JSON");
        good(&folder, &format!("{command} -o list.json"));
        let saved: Vec<Value> = serde_json::from_slice(&bytes(&folder, "list.json")).expect("JSON");
        assert_eq!(printed, saved);
        let rows = cells(&table);
        assert_eq!(printed.len(), rows.len() - 1);
        for (object, row) in printed.iter().zip(&rows[1..]) {
            assert_eq!(object[first].as_str().map(str::to_owned), Some(row[0].replace('"', "")));
            assert_eq!(object[name].as_str().map(str::to_owned), Some(row[2].replace('"', "")));
            assert_eq!(object["rank"].as_u64().map(|rank| rank.to_string()), Some(row[1].clone()));
        }
    }
}

#[test]
fn neighbours_of_the_features_that_are_asked_for() {
    let folder = Scratch::new();
    visited(&folder);
    let table = cells(&good(&folder, "similar run --top 1 --items a d"));
    let pairs: Vec<(&str, &str)> = table[1..].iter().map(|row| (row[0].as_str(), row[2].as_str())).collect();
    assert_eq!(pairs[0], ("a", "b"));
    assert_eq!(pairs[1].0, "d");
    assert_ne!(pairs[1].1, "a");
    assert_eq!(cells(&good(&folder, "similar run")).len(), 1 + 5 * 4);
    // Features without names are counted.
    good(&folder, "fit completion ratings --max-iter 2 --out ratings --quiet");
    let table = cells(&good(&folder, "similar ratings --top 2 --items feature_3"));
    assert_eq!((table.len(), table[1][0].as_str()), (3, "feature_3"));
}

#[test]
fn ratings_are_recommended_too() {
    let folder = Scratch::new();
    good(&folder, "fit completion ratings --max-iter 3 --out run --quiet");
    let table = cells(&good(&folder, "recommend run ratings --top 3"));
    assert_eq!(table.len(), 1 + 500 * 3);
    let scores: Vec<f64> = table[1..4].iter().map(|row| row[3].parse().expect("a rating")).collect();
    assert!(scores.windows(2).all(|pair| pair[0] >= pair[1]) && scores[0] > 3.5, "{scores:?}");
}

#[test]
fn what_cannot_be_listed_is_refused() {
    let folder = Scratch::new();
    visited(&folder);
    good(&folder, "fit kmeans digits --max-iter 2 --out clusters --quiet");
    refused(&folder, "recommend clusters digits", 2, &["recommend", "kmeans", "implicit"]);
    refused(&folder, "similar clusters", 2, &["similar", "kmeans"]);
    refused(&folder, "recommend run visits.csv --top 0", 2, &["top"]);
    refused(&folder, "recommend run visits.csv -o list.npy", 2, &[".json"]);
    refused(&folder, "similar run --items nobody", 2, &["nobody", "there are a and others"]);
    refused(&folder, "recommend run digits", 65, &["5 features"]);
    refused(&folder, "recommend nowhere digits", 74, &["nowhere"]);
}
