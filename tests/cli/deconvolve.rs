//! Deconvolution and views on the command line: tables, truth, streams that give the same bits, refusals.

use super::mistakes::refused;
use super::{bytes, good, text};
use crate::io::Scratch;
use serde_json::Value;

/// Two types, six genes, four mixtures of known fractions; genes x samples as such tables come.
fn files(folder: &Scratch) {
    folder.file("s.tsv", b"id\tA\tB\ng1\t90\t3\ng2\t80\t1\ng3\t5\t70\ng4\t2\t95\ng5\t20\t30\ng6\t40\t4\n");
    let signature = [[90.0, 80.0, 5.0, 2.0, 20.0, 40.0], [3.0, 1.0, 70.0, 95.0, 30.0, 4.0]];
    let mut table = "id\tm1\tm2\tm3\tm4\n".to_owned();
    for g in 0..6 {
        table += &format!("g{}", g + 1);
        for a in [0.1, 0.4, 0.6, 0.9] {
            table += &format!("\t{}", a * signature[0][g] + (1.0 - a) * signature[1][g]);
        }
        table += "\n";
    }
    folder.file("y.tsv", table.as_bytes());
    folder.file("truth.tsv", b"id\tB\tA\nm3\t40\t60\nm1\t9\t1\nm2\t.6\t.4\nm4\t1\t9\n");
}

fn column(table: &str, name: &str) -> Vec<f64> {
    let mut lines = table.lines();
    let at = lines.next().expect("a header").split('\t').position(|cell| cell == name).expect("the column");
    lines.map(|line| line.split('\t').nth(at).expect("a cell").parse().expect("a number")).collect()
}

#[test]
fn fractions_are_written_and_compared() {
    let folder = Scratch::new();
    files(&folder);
    for method in ["nnls", "simplex", "simplex-other", "cibersort"] {
        let command = format!(
            "deconvolve --signature s.tsv --mixture y.tsv --transpose --method {method} --log2 no --truth truth.tsv --permutations 20 --out run --json"
        );
        let told: Value = serde_json::from_str(&good(&folder, &command)).expect("JSON");
        // Six genes are few for a tube that leaves half of them out.
        let (r, apart) = if method == "cibersort" { (0.9, 0.25) } else { (0.999, 0.02) };
        assert!(told["truth_r"].as_f64().expect("r") > r, "{method}: {told}");
        let table = text(&bytes(&folder, "run/fractions.tsv"));
        for (found, true_a) in column(&table, "A").iter().zip([0.1, 0.4, 0.6, 0.9]) {
            assert!((found - true_a).abs() < apart, "{method}: {found} {true_a}");
        }
        for name in ["p_value", "p_exact", "correlation", "rmse"] {
            assert!(column(&table, name).iter().all(|x| x.is_finite()), "{name}");
        }
        assert!(table.lines().nth(1).expect("a line").starts_with("m1\t"));
        assert_eq!(text(&bytes(&folder, "run/scores.tsv")).lines().count(), 4);
        let page = text(&bytes(&folder, "run/report.html"));
        assert!(page.contains("Estimates against the truth") && page.contains("Certainty"));
    }
}

#[test]
fn a_stream_gives_the_same_bits() {
    let folder = Scratch::new();
    files(&folder);
    // Samples as rows: what can be gone through.
    let table = text(&bytes(&folder, "y.tsv"));
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split('\t').collect()).collect();
    let turned: Vec<String> = (0..rows[0].len())
        .map(|j| rows.iter().map(|row| row[j]).collect::<Vec<&str>>().join("\t") + "\n")
        .collect();
    folder.file("rows.tsv", turned.concat().as_bytes());
    let command = |more: &str, out: &str| {
        format!(
            "deconvolve --signature s.tsv --mixture {more} --method cibersort --log2 no --permutations 9 --out {out} --quiet"
        )
    };
    good(&folder, &command("y.tsv --transpose", "whole"));
    good(&folder, &command("rows.tsv --stream", "stream"));
    assert_eq!(bytes(&folder, "whole/fractions.tsv"), bytes(&folder, "stream/fractions.tsv"));
}

#[test]
fn learnt_signatures_and_groups_are_taken() {
    let folder = Scratch::new();
    good(&folder, "data make zinb:n_samples=120,n_features=60,effect=1.5 -o cells.tsv --truth");
    good(
        &folder,
        "fit deconvolution cells.tsv --labels cells.labels.txt --min-markers 5 --max-markers 12 --out types --quiet",
    );
    let profiles = text(&bytes(&folder, "types/factors/profiles.tsv"));
    assert!(profiles.lines().nth(1).expect("a row").starts_with("group_1\t"), "types have their names");
    good(
        &folder,
        "deconvolve --signature types --mixture cells.tsv --method weighted --labels cells.labels.txt --test-genes --out run --quiet",
    );
    let table = text(&bytes(&folder, "run/fractions.tsv"));
    assert!(
        table.starts_with("id\tgroup_1\tgroup_2") || table.contains("group_4\tcorrelation"),
        "{table:.60}"
    );
    assert_eq!(text(&bytes(&folder, "run/genes.tsv")).lines().count(), 61);
    let codes = good(&folder, "encode types cells.tsv");
    assert!(codes.lines().next().expect("a header").contains("group_3"), "codes are named too");
}

#[test]
fn mistakes_are_refused_in_one_line() {
    let folder = Scratch::new();
    files(&folder);
    folder.file("other.tsv", b"id\tm1\nx1\t3\nx2\t4\n");
    folder.file("half.tsv", b"id\tA\tB\nm1\t1\t0\n");
    folder.file("bad.tsv", b"id\tA\tB\ng1\tNaN\t3\ng2\t8\t1\n");
    folder.file("same.tsv", b"id\tA\tB\ng1\t2\t2\ng2\t2\t2\n");
    let base = "deconvolve --signature s.tsv --mixture y.tsv --transpose --out run";
    refused(
        &folder,
        "deconvolve --signature s.tsv --mixture other.tsv --transpose --out run",
        65,
        &["share"],
    );
    refused(&folder, "deconvolve --signature s.tsv --mixture y.tsv --out run", 65, &["--transpose"]);
    refused(&folder, &format!("{base} --method weighted"), 2, &["variances"]);
    refused(&folder, &format!("{base} --mixture-scale 0"), 2, &["mixture_scale"]);
    refused(&folder, &format!("{base} --truth half.tsv"), 65, &["m2"]);
    refused(&folder, &format!("{base} --test-genes"), 2, &["labels"]);
    refused(&folder, &format!("{base} --stream"), 65, &["blocks"]);
    refused(
        &folder,
        "deconvolve --signature bad.tsv --mixture y.tsv --transpose --out run",
        65,
        &["bad.tsv"],
    );
    let same = "deconvolve --signature same.tsv --mixture y.tsv --transpose --method cibersort --out run";
    refused(&folder, same, 65, &["the same"]);
    refused(&folder, "deconvolve --signature gone.tsv --mixture y.tsv --out run", 74, &["gone.tsv"]);
    refused(&folder, &format!("{base} --memory-limit 3kB"), 75, &["memory"]);
    good(&folder, "fit kmeans digits --n-components 2 --max-iter 2 --out clusters --quiet");
    refused(&folder, "deconvolve --signature clusters --mixture y.tsv --transpose --out run", 2, &["kmeans"]);
}

#[test]
fn views_are_met_by_name() {
    let folder = Scratch::new();
    folder.file("a.tsv", b"id\tx1\tx2\ns1\t1\t2\ns2\t2\t1\ns3\t3\t3\ns4\t1\t4\n");
    folder.file("b.tsv", b"id\ty1\ty2\ty3\ns3\t3\t1\t2\ns1\t1\t1\t1\ns4\t4\t2\t1\n");
    let fit = "fit joint_nmf a.tsv --view b.tsv --n-components 2 --n-init 3 --out run";
    good(&folder, &format!("{fit} --quiet"));
    let told: Value = serde_json::from_str(&text(&bytes(&folder, "run/metrics.json"))).expect("JSON");
    assert!(told["relative_error_view_2"].as_f64().is_some(), "{told}");
    assert_eq!(text(&bytes(&folder, "run/factors/w.tsv")).lines().count(), 5);
    assert_eq!(good(&folder, "encode run a.tsv --view b.tsv").lines().count(), 5);
    // Every view in its own way, kept in the run and undone by decode.
    folder.file("below.tsv", b"id\ty1\ty2\ns1\t-3\t1\ns2\t-1\t2\ns3\t4\t-2\ns4\t0\t1\n");
    let scaled = "fit joint_nmf a.tsv --view below.tsv --n-components 2 --n-init 3 --quiet";
    refused(&folder, &format!("{scaled} --out s"), 65, &["view 2", "--scale shift"]);
    refused(&folder, &format!("{scaled} --scale max,shift,none --out s"), 2, &["3 scales for 2 views"]);
    good(&folder, &format!("{scaled} --scale max,shift --out s"));
    let page = text(&bytes(&folder, "s/report.html"));
    assert!(page.contains("scaled by max,shift") && page.contains("agreement between starts"), "{page}");
    good(&folder, "encode s a.tsv --view below.tsv -o z.tsv --quiet");
    let back = good(&folder, "decode s z.tsv");
    assert!(back.lines().any(|line| line.split('\t').skip(1).any(|cell| cell.starts_with('-'))), "{back}");
    folder.file("few.tsv", b"1\t2\n3\t4\n");
    refused(&folder, "fit joint_nmf a.tsv --view few.tsv --out r", 65, &["few.tsv", "2 rows for 4"]);
    refused(&folder, &format!("{fit} --views 3,2"), 2, &["views"]);
    folder.file("twice.tsv", b"id\ty\ns1\t1\ns1\t2\n");
    refused(&folder, "fit joint_nmf a.tsv --view twice.tsv --out r", 65, &["twice"]);
    folder.file("negative.tsv", b"id\tx1\tx2\ns1\t1\t-2\ns2\t2\t1\n");
    refused(&folder, "fit joint_nmf negative.tsv --out r", 65, &["--scale minmax", "--split-signs"]);
    refused(&folder, "fit kmeans a.tsv --view b.tsv --n-components 2 --out r", 65, &["finite"]);
}
