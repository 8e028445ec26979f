//! Graphs on the command line: features, splits, predicted links, new graphs, and what is refused.

use super::mistakes::refused;
use super::{bytes, good, text};
use crate::io::Scratch;
use serde_json::Value;

/// Two groups of nodes with names, a bridge between them, a loop and an edge given twice.
fn friends(folder: &Scratch) {
    let (mut edges, mut features) = (String::from("from\tto\n"), String::from("name,a,b,c\n"));
    let name = |group: char, i: usize| format!("{group}{i}");
    for (group, x) in [('x', "1,0"), ('y', "0,1")] {
        for i in 0..8 {
            for j in i + 1..8 {
                if (i + 2 * j) % 3 != 0 {
                    edges += &format!("{}\t{}\n", name(group, i), name(group, j));
                }
            }
            features += &format!("{},{x},{}\n", name(group, i), i % 2);
        }
    }
    edges += "x0\ty0\nx3\tx3\ny1\tx0\nx0\ty1\n";
    features += "hermit,1,1,0\n";
    folder.file("edges.tsv", edges.as_bytes());
    folder.file("features.csv", features.as_bytes());
    let labels = features.lines().skip(1).map(|line| format!("{}\n", &line[..1])).collect::<String>();
    folder.file("labels.txt", labels.as_bytes());
}

fn metrics(folder: &Scratch, run: &str) -> Value {
    serde_json::from_slice(&bytes(folder, format!("{run}/metrics.json"))).expect("JSON")
}

const FIT: &str = "fit vgae edges.tsv --features features.csv --labels labels.txt --epochs 60 --quiet";

#[test]
fn a_fit_leaves_scores_curves_and_tables() {
    let folder = Scratch::new();
    friends(&folder);
    good(&folder, &format!("{FIT} --test 0.2 --out run"));
    let told = metrics(&folder, "run");
    for name in ["test_auc", "test_ap", "validation_auc", "nmi", "ari", "label_accuracy"] {
        let value = told[name].as_f64().unwrap_or_else(|| panic!("no {name} in {told:#}"));
        assert!((-1.0..=1.0).contains(&value), "{name} {value}");
    }
    assert_eq!((told["n_samples"].as_u64(), told["n_iter"].as_u64()), (Some(17), Some(60)));
    let warnings = told["warnings"].to_string();
    assert!(warnings.contains("1 edges from a node to itself"), "{warnings}");
    let page = text(&bytes(&folder, "run/report.html"));
    for needle in [
        "17 nodes",
        "3 features of each node",
        "Receiver operating characteristic",
        "Precision and recall",
        "Nodes",
        "Clusters and classes",
        "Predicted links",
        "Held-out links",
        "VGAE of edges.tsv",
    ] {
        assert!(page.contains(needle), "no `{needle}` on the page");
    }
    let split = text(&bytes(&folder, "run/split.tsv"));
    assert!(split.starts_with("kind\tnode\tand_node\ntrain\t"), "{split}");
    let links = text(&bytes(&folder, "run/links.tsv"));
    let edges = text(&bytes(&folder, "edges.tsv"));
    let joined: Vec<&str> = edges.lines().collect();
    assert!(links.starts_with("node\tand_node\tscore\tprobability\n"));
    for line in links.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let (there, back) = (format!("{}\t{}", cells[0], cells[1]), format!("{}\t{}", cells[1], cells[0]));
        assert!(!joined.contains(&there.as_str()) && !joined.contains(&back.as_str()), "{line} is known");
    }
    assert!(text(&bytes(&folder, "run/factors/z.tsv")).contains("hermit"));
}

#[test]
fn the_split_of_a_run_can_be_read_again() {
    let folder = Scratch::new();
    friends(&folder);
    good(&folder, &format!("{FIT} --test 0.2 --seed 5 --out first"));
    good(&folder, &format!("{FIT} --split first/split.tsv --seed 5 --out second"));
    let (first, second) = (metrics(&folder, "first"), metrics(&folder, "second"));
    assert_eq!(first["test_auc"], second["test_auc"]);
    assert_eq!(first["objective"], second["objective"]);
    assert_eq!(bytes(&folder, "first/split.tsv"), bytes(&folder, "second/split.tsv"));
    good(&folder, &format!("{FIT} --test 0.2 --seed 6 --out other"));
    assert_ne!(bytes(&folder, "first/split.tsv"), bytes(&folder, "other/split.tsv"));
}

#[test]
fn new_graphs_are_encoded_and_pairs_are_told_of() {
    let folder = Scratch::new();
    friends(&folder);
    good(&folder, &format!("{FIT} --test 0 --validation 0 --out run"));
    let codes = good(&folder, "encode run edges.tsv --features features.csv");
    assert_eq!(codes.lines().count(), 18);
    let fitted = text(&bytes(&folder, "run/factors/z.tsv"));
    for (line, expected) in codes.lines().skip(1).zip(fitted.lines().skip(1)) {
        let numbers = |line: &str| -> Vec<f64> {
            line.split('\t').skip(1).map(|cell| cell.parse().expect("a number")).collect()
        };
        for (a, b) in numbers(line).iter().zip(numbers(expected)) {
            assert!((a - b).abs() < 1e-5, "{line}\n{expected}");
        }
    }
    // Two nodes that were not there, known by their features.
    folder.file("new.tsv", b"p\tq\n");
    folder.file("new.csv", b"name,a,b,c\np,1,0,0\nq,1,0,1\n");
    let new = good(&folder, "encode run new.tsv --features new.csv");
    assert!(new.lines().count() == 3 && new.contains("\nq\t"), "{new}");
    let told = good(&folder, "eval run edges.tsv --features features.csv --labels labels.txt");
    assert!(told.contains("label_accuracy") && told.contains("nmi"), "{told}");
    let listed = good(&folder, "links run edges.tsv --features features.csv --top 3");
    assert_eq!(listed.lines().count(), 4);
    folder.file("pairs.tsv", b"x1\tx2\nx1\ty5\n");
    let told = good(&folder, "links run edges.tsv --features features.csv --pairs pairs.tsv");
    let score =
        |line: &str| line.split('\t').nth(2).and_then(|cell| cell.parse::<f64>().ok()).expect("a score");
    let lines: Vec<&str> = told.lines().skip(1).collect();
    assert!(lines.len() == 2 && score(lines[0]) > score(lines[1]), "{told}");
}

#[test]
fn a_resumed_fit_of_a_graph_ends_with_the_same_bytes() {
    let folder = Scratch::new();
    friends(&folder);
    for model in ["gae", "arga", "vgae"] {
        let fit = format!("fit {model} edges.tsv --features features.csv --quiet --save-every 0");
        good(&folder, &format!("{fit} --epochs 40 --out {model}-whole"));
        good(&folder, &format!("{fit} --epochs 15 --out {model}-parts"));
        good(&folder, &format!("{fit} --epochs 40 --out {model}-parts --resume"));
        let model_of = |run: &str| bytes(&folder, format!("{model}-{run}/model.safetensors"));
        assert_eq!(model_of("whole"), model_of("parts"), "{model}");
    }
    let other = "fit gae edges.tsv --epochs 50 --out gae-parts --resume";
    refused(&folder, other, 2, &["the checkpoint is of gae"]);
}

#[test]
fn bad_graphs_are_refused_in_one_line() {
    let folder = Scratch::new();
    friends(&folder);
    folder.file("ids.tsv", b"0\t1\n1\t2\n2\t7\n");
    folder.file("rows.csv", b"1,0\n0,1\n1,1\n");
    folder.file("nan.csv", b"1,0\n0,nan\n1,1\n");
    folder.file("empty.tsv", b"");
    folder.file("loop.tsv", b"0\t0\n");
    folder.file("one.tsv", b"a\ta\n");
    folder.file("three.tsv", b"0\t1\n1\t2\n");
    folder.file("text.tsv", b"a\tb\nb\tc\n");
    folder.file("split.tsv", b"test\t0\t1\n");
    folder.file("strange.tsv", b"learn\t0\t1\n");
    folder.file("far.tsv", b"train\t0\t9\n");
    folder.file("negative.tsv", b"0\t1\t-2\n1\t2\t1\n");
    folder.file("square.csv", b"a,b,c\n1,2,3\n4,5,6\n");
    let cases = [
        ("fit gae ids.tsv --features rows.csv", 65, "node 7 is beyond the 3 rows of features"),
        ("fit gae three.tsv --features nan.csv", 65, "nan.csv"),
        ("fit gae text.tsv --features rows.csv", 65, "`a` is no number"),
        ("fit gae edges.tsv --features missing.csv", 74, "missing.csv"),
        ("fit gae empty.tsv", 65, "empty"),
        ("fit gae loop.tsv", 65, "1 nodes and 0 edges"),
        ("fit gae one.tsv", 65, "1 nodes and 0 edges"),
        ("fit gae three.tsv --test 0.5 --validation 0.5", 2, "leave no link to fit"),
        ("fit gae three.tsv --split split.tsv", 65, "no link to fit"),
        ("fit gae three.tsv --split strange.tsv", 65, "strange.tsv:1: `learn` is none of train"),
        ("fit gae three.tsv --split far.tsv", 65, "far.tsv:1: `9` is none of the 3 nodes"),
        ("fit gae negative.tsv", 65, "-2"),
        ("fit gae square.csv --format delimited", 65, "a graph"),
        ("fit gae digits", 65, "a graph"),
        ("fit gae three.tsv --scale max", 2, "scale"),
        ("fit gae three.tsv --encoder none", 2, "encoder"),
        ("fit pca digits --features rows.csv", 2, "features"),
        ("links missing three.tsv", 74, "missing"),
    ];
    for (line, code, needle) in cases {
        let out = if line.starts_with("links") { "" } else { " --out run" };
        refused(&folder, &format!("{line}{out}"), code, &[needle]);
    }
}

#[test]
fn directions_are_given_up_with_a_warning() {
    let folder = Scratch::new();
    folder.file("arrows.tsv", b"0\t1\n1\t2\n2\t0\n2\t3\n3\t0\n");
    let line = "fit gae arrows.tsv --directed --epochs 3 --test 0 --validation 0 --quiet --out run";
    good(&folder, line);
    let warnings = metrics(&folder, "run")["warnings"].to_string();
    assert!(warnings.contains("5 edges are not the same in both directions"), "{warnings}");
}

/// Labels beside their nodes' names are found by them, in whatever order; others are in the order of the nodes.
#[test]
fn labels_are_found_by_the_names_of_nodes() {
    let folder = Scratch::new();
    friends(&folder);
    let plain = text(&bytes(&folder, "labels.txt"));
    let nodes = text(&bytes(&folder, "features.csv"));
    let nodes = nodes.lines().skip(1).map(|line| line.split(',').next().expect("a name"));
    let mut named: Vec<String> =
        nodes.zip(plain.lines()).map(|(node, class)| format!("{node}\t{class}\n")).collect();
    named.reverse();
    folder.file("named.tsv", named.concat().as_bytes());
    good(&folder, &format!("{FIT} --out plain"));
    good(&folder, &format!("{FIT} --out named").replace("labels.txt", "named.tsv"));
    assert_eq!(metrics(&folder, "plain")["nmi"], metrics(&folder, "named")["nmi"]);
    folder.file("few.tsv", named[1..].concat().as_bytes());
    let line = format!("{FIT} --out few").replace("labels.txt", "few.tsv");
    refused(&folder, &line, 65, &["few.tsv", "it has no class of the node `hermit`"]);
}

#[test]
fn only_models_of_graphs_tell_of_links() {
    let folder = Scratch::new();
    good(&folder, "fit pca digits --n-components 2 --quiet --out run");
    refused(&folder, "links run karate", 2, &["no model of a graph"]);
}
