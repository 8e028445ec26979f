//! Topics: their words, their coherence, the file of pyLDAvis, differences, structure plots; and what is refused.

use super::mistakes::refused;
use super::{bytes, good, text};
use crate::io::Scratch;
use serde_json::Value;

fn fitted(folder: &Scratch) {
    good(folder, "fit fasttopics topics:n_docs=120 --n-topics 4 --out run --quiet");
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn words_of_topics_and_what_they_are_worth() {
    let folder = Scratch::new();
    fitted(&folder);
    let told = json(&good(&folder, "topics run --top 5 --json"));
    let topics = told["topics"].as_array().expect("topics");
    assert_eq!(topics.len(), 4);
    assert!(topics.iter().all(|topic| topic["words"].as_array().expect("words").len() == 5));
    let shares: f64 = topics.iter().map(|topic| topic["share"].as_f64().expect("a share")).sum();
    assert!((shares - 1.0).abs() < 1e-9);
    assert!(told["metrics"].as_object().expect("none without data").is_empty());

    let judged = json(&good(&folder, "topics run topics:n_docs=120 --lambda 1 --json"));
    for name in ["u_mass", "c_uci", "c_npmi", "c_v", "diversity"] {
        assert!(judged["metrics"][name].as_f64().expect(name).is_finite(), "{name}");
    }
    let mean: f64 = judged["topics"]
        .as_array()
        .expect("topics")
        .iter()
        .map(|t| t["c_npmi"].as_f64().expect("npmi"))
        .sum();
    assert!((mean / 4.0 - judged["metrics"]["c_npmi"].as_f64().expect("npmi")).abs() < 1e-9);
    // The definition stands beside the figure.
    let table = good(&folder, "topics run topics:n_docs=120");
    assert!(table.contains("never together -1") && table.contains("c_npmi"), "{table}");
}

#[test]
fn pyldavis_finds_its_file() {
    let folder = Scratch::new();
    fitted(&folder);
    good(&folder, "topics run --ldavis vis.json --quiet");
    let file = json(&text(&bytes(&folder, "vis.json")));
    assert_eq!(file["mdsDat"]["x"].as_array().expect("places").len(), 4);
    assert!(file["tinfo"]["Term"].as_array().expect("terms").len() > 60);
}

#[test]
fn differences_are_tables_and_a_page() {
    let folder = Scratch::new();
    fitted(&folder);
    good(&folder, "differences run topics:n_docs=120 --draws 40 --out diff");
    for name in ["lfc", "mean", "lower", "upper", "z", "shrunken", "lfsr"] {
        let table = text(&bytes(&folder, format!("diff/{name}.tsv")));
        assert_eq!(table.lines().count(), 201, "{name}");
    }
    assert!(text(&bytes(&folder, "diff/differences.html")).contains("Volcano plot of topic 4"));
}

#[test]
fn memberships_made_elsewhere_are_drawn() {
    let folder = Scratch::new();
    folder.file("l.csv", b"a,b\n1,3\n2,2\n0,0\n");
    good(&folder, "structure l.csv -o page.html");
    assert!(text(&bytes(&folder, "page.html")).contains("topic 2"));
    folder.file("bad.csv", b"a,b\n1,-3\n");
    refused(&folder, "structure bad.csv -o page.html", 65, &["negative"]);
}

#[test]
fn models_without_topics_and_mistakes_are_refused() {
    let folder = Scratch::new();
    good(&folder, "fit kmeans topics:n_docs=60 --n-components 2 --out clusters --quiet");
    refused(&folder, "topics clusters", 2, &["topics", "kmeans"]);
    refused(&folder, "differences clusters topics:n_docs=60 --out d", 2, &["differences", "kmeans"]);
    fitted(&folder);
    refused(&folder, "topics run --lambda 2", 2, &["lambda"]);
    refused(&folder, "differences run topics:n_docs=60 --out d", 65, &["120 samples"]);
}
