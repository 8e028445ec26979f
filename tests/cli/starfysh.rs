//! `diabolo starfysh`: files joined by name whatever their order, what it leaves, and what is refused.

use super::mistakes::refused;
use super::{bytes, command, good, text};
use crate::io::Scratch;
use std::fmt::Write;

/// Twenty spots in two groups of ten, ten genes of which each group has five; places from the last spot to the first, one spot without
/// a class.
fn tissue(folder: &Scratch) {
    let mut counts = String::from("spot");
    (0..10).for_each(|g| write!(counts, "\tgene{g}").expect("a String"));
    let (mut places, mut classes) = (String::from("spot\tx\ty\n"), String::from("spot,layer\n"));
    for i in 0..20 {
        write!(counts, "\ns{i}").expect("a String");
        for g in 0..10 {
            let many = if g / 5 == i / 10 { 30 } else { 3 };
            write!(counts, "\t{}", many + (i * 7 + g * 3) % 5).expect("a String");
        }
        let back = 19 - i;
        writeln!(places, "s{back}\t{}\t{}", back % 5, back / 5).expect("a String");
        if back != 4 {
            writeln!(classes, "s{back},{}", if back < 10 { "upper" } else { "lower" }).expect("a String");
        }
    }
    folder.file("counts.tsv", (counts + "\n").as_bytes());
    folder.file("places.tsv", places.as_bytes());
    folder.file("classes.csv", classes.as_bytes());
    folder.file("types.tsv", b"type\tgene\nA\tgene0\nA\tgene1\nB\tgene5\nB\tgene6\n");
    folder.file("wide.csv", b",A,B\n0,gene0,gene5\n1,gene1,\n");
}

const RUN: &str =
    "starfysh counts.tsv --positions places.tsv --n-archetypes 2 --epochs 2 --n-restarts 1 --out run";

#[test]
fn it_leaves_tables_and_a_page() {
    let folder = Scratch::new();
    tissue(&folder);
    let told =
        good(&folder, &format!("{RUN} --annotations classes.csv --signatures types.tsv --json --quiet"));
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["archetypes_ari"], 1.0);
    assert_eq!(told["n_spots"], 20);
    let table = |name: &str| text(&bytes(&folder, format!("run/{name}")));
    let rows = |name: &str| table(name).lines().skip(1).count();
    assert_eq!((rows("mixtures.tsv"), rows("proportions.tsv"), rows("components.tsv")), (20, 20, 20));
    assert!(
        table("proportions.tsv").starts_with("id\tA\tB\n") || table("proportions.tsv").contains("\tA\tB\n")
    );
    assert_eq!(rows("matches.tsv"), 2);
    assert!(
        table("matches.tsv").lines().skip(1).all(|line| line.contains("archetype_")),
        "{}",
        table("matches.tsv")
    );
    for name in [
        "anchors.tsv",
        "markers.tsv",
        "archetypes.tsv",
        "numbers.tsv",
        "signatures.tsv",
        "overlaps.tsv",
        "novel.tsv",
    ] {
        assert!(!table(name).is_empty(), "{name}");
    }
    let page = table("report.html");
    for title in
        ["Largest part", "Proportions", "Archetypes in the tissue", "Anchors", "Markers", "Known classes"]
    {
        assert!(page.contains(title), "{title}");
    }
    // Both forms of signatures say the same.
    good(&folder, &format!("{RUN} --signatures wide.csv --quiet").replace("--out run", "--out wide"));
    let types = |name: &str| -> Vec<String> {
        let text = text(&bytes(&folder, format!("{name}/scores.tsv")));
        text.lines().take(1).map(str::to_owned).collect()
    };
    assert_eq!(types("run"), types("wide"));
}

#[test]
fn equal_commands_leave_equal_tables() {
    let folder = Scratch::new();
    tissue(&folder);
    good(&folder, &format!("{RUN} --quiet --threads 1"));
    good(&folder, &format!("{RUN} --quiet --threads 2").replace("--out run", "--out again"));
    for name in ["mixtures.tsv", "proportions.tsv", "markers.tsv"] {
        assert_eq!(bytes(&folder, format!("run/{name}")), bytes(&folder, format!("again/{name}")), "{name}");
    }
}

#[test]
fn mistakes_end_in_one_line() {
    let folder = Scratch::new();
    tissue(&folder);
    let with = |from: &str, to: &str| format!("{RUN} --quiet").replace(from, to);
    folder.file("few.tsv", b"s0\t1\t2\n");
    refused(
        &folder,
        &with("places.tsv", "few.tsv"),
        65,
        &["few.tsv: 19 of 20 spots have no place, s1 the first"],
    );
    folder.file("twice.tsv", b"s0\t1\t2\ns0\t1\t3\n");
    refused(&folder, &with("places.tsv", "twice.tsv"), 65, &["twice.tsv:2: spot s0 stands there twice"]);
    folder.file("words.tsv", b"s0\there\t2\n");
    refused(
        &folder,
        &with("places.tsv", "words.tsv"),
        65,
        &["words.tsv:1: `here` is no coordinate of spot s0"],
    );
    refused(&folder, &with("places.tsv", "none.tsv"), 74, &["none.tsv"]);
    folder.file("strange.tsv", b"A\tunknown1\nA\tunknown2\n");
    refused(
        &folder,
        &with("--quiet", "--quiet --signatures strange.tsv"),
        2,
        &["none of the 2 genes of type A is in the data"],
    );
    folder.file("half.tsv", b"A\tgene1\nB\tunknown\n");
    refused(
        &folder,
        &with("--quiet", "--quiet --signatures half.tsv"),
        2,
        &["none of the 1 genes of type B is in the data"],
    );
    folder.file("other.tsv", b"x0\tupper\n");
    refused(
        &folder,
        &with("--quiet", "--quiet --annotations other.tsv"),
        65,
        &["no line begins with the name of a spot"],
    );
    refused(&folder, &with("--n-archetypes 2", "--n-archetypes 50"), 2, &["50 archetypes of 20 spots"]);
    refused(&folder, &with("--epochs 2", "--batch-size 1"), 2, &["at least 2 spots"]);
    let negative = text(&bytes(&folder, "counts.tsv")).replace("\t30", "\t-30");
    folder.file("negative.tsv", negative.as_bytes());
    refused(&folder, &with("counts.tsv", "negative.tsv"), 65, &["negative"]);
    refused(&folder, &with("counts.tsv", "digits"), 2, &["the spots have no names"]);
}

#[test]
fn interrupted_it_goes_on_to_the_same_bits_and_encodes_new_spots() {
    let folder = Scratch::new();
    tissue(&folder);
    let long = RUN.replace("--epochs 2 --n-restarts 1", "--epochs 60 --n-restarts 2 --save-every 0 --quiet");
    good(&folder, &long.replace("--out run", "--out whole"));
    let mut child = command(&folder, &long).spawn().expect("the binary starts");
    let log = folder.path().join("run/log.jsonl");
    // Into the second fit, so that the first is kept beside it.
    while std::fs::read_to_string(&log).unwrap_or_default().lines().count() < 70 {
        std::thread::sleep(std::time::Duration::from_millis(1));
        assert!(child.try_wait().expect("a process").is_none(), "it ended before it could be killed");
    }
    child.kill().expect("a process");
    child.wait().expect("an end");
    // A checkpoint of other settings or places is not gone on with.
    let resumed = format!("{long} --resume");
    refused(&folder, &resumed.replace("--epochs 60", "--epochs 70"), 2, &["made with 60, not 70"]);
    refused(&folder, &format!("{resumed} --signatures types.tsv"), 2, &["resume", "signatures"]);
    good(&folder, &resumed);
    for name in ["model.safetensors", "proportions.tsv", "figures.json"] {
        assert_eq!(bytes(&folder, format!("run/{name}")), bytes(&folder, format!("whole/{name}")), "{name}");
    }
    // The spots that were fitted have the proportions that stand in the table; new ones in any order have theirs.
    good(&folder, "encode run counts.tsv -o again.tsv --quiet");
    assert_eq!(bytes(&folder, "again.tsv"), bytes(&folder, "run/proportions.tsv"));
    let counts = text(&bytes(&folder, "counts.tsv"));
    let few: Vec<&str> = counts.lines().take(1).chain(counts.lines().skip(15).take(3)).collect();
    folder.file("few.tsv", (few.join("\n") + "\n").as_bytes());
    let shares = good(&folder, "encode run few.tsv --quiet");
    assert_eq!(shares.lines().nth(1), text(&bytes(&folder, "again.tsv")).lines().nth(15));
    good(&folder, "eval run few.tsv --quiet");
    let page = bytes(&folder, "run/report.html");
    good(&folder, "report run");
    assert_eq!(page, bytes(&folder, "run/report.html"));
    refused(&folder, "decode run again.tsv", 2, &["starfysh has no decoder"]);
}
