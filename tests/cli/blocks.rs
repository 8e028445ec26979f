//! Files larger than the memory limit go through encode and decode a block at a time.

use super::{bytes, good, run, text};
use crate::io::Scratch;
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::Matrix;
use diabolo::monitor::Budget;
use diabolo::random::Rng;
use diabolo::{io::write, models::Names};

#[test]
fn a_file_above_the_limit_is_encoded_and_decoded() {
    let folder = Scratch::new();
    // 30 MB of f64 in 4 blocks; the limit holds one of 8 MB and what it becomes.
    let (n, m) = (20_000, 192);
    let mut rng = Rng::seeded(1);
    let parts = Matrix::from_fn(4, m, |_, _| rng.uniform());
    let x = Matrix::from_fn(n, 4, |_, _| rng.uniform()).matmul(&parts);
    write::write_matrix(&folder.path().join("x.npy"), &x, Names::NONE).expect("a file");
    let few = x.select_rows(&(0..500).collect::<Vec<usize>>());
    write::write_matrix(&folder.path().join("few.npy"), &few, Names::NONE).expect("a file");
    good(&folder, "fit nmf few.npy --n-components 4 --out run --quiet");
    let limit = "--memory-limit 20MB";
    assert_eq!(run(&folder, &format!("fit svd x.npy --out no {limit}")).status.code(), Some(75));
    good(&folder, &format!("encode run x.npy -o z.npy {limit}"));
    good(&folder, &format!("encode run x.npy -o z.csv {limit}"));
    good(&folder, &format!("decode run z.npy -o back.npy {limit}"));
    let load = |name: &str| {
        let set = read(&folder.path().join(name), &ReadOptions::default(), &Budget::unlimited());
        set.expect("a matrix").features.to_dense()
    };
    let (z, back) = (load("z.npy"), load("back.npy"));
    assert_eq!((z.shape(), back.shape()), ([n, 4], [n, m]));
    assert_eq!(load("z.csv"), z);
    let off = back.values().iter().zip(x.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(off <= 0.05, "{off} off what was encoded");
    // Rows are named by their number in the file, not in the block.
    let csv = text(&bytes(&folder, "z.csv"));
    assert!(csv.lines().last().is_some_and(|line| line.starts_with(&format!("sample_{n},"))));
    // Without a limit the same bits.
    good(&folder, "encode run x.npy -o again.npy");
    assert_eq!(bytes(&folder, "again.npy"), bytes(&folder, "z.npy"));
}

#[test]
fn a_bad_row_in_a_later_block_leaves_no_file() {
    let folder = Scratch::new();
    good(&folder, "fit svd digits --n-components 2 --out run --quiet");
    let row = vec!["1"; 64].join(",");
    let text_of: String =
        (0..20_000).map(|i| if i == 19_000 { "1,2\n".into() } else { format!("{row}\n") }).collect();
    folder.file("x.csv", text_of.as_bytes());
    let output = run(&folder, "encode run x.csv -o z.npy");
    assert_eq!(output.status.code(), Some(65));
    assert!(text(&output.stderr).contains("x.csv:19001: the row has 2 cells"), "{}", text(&output.stderr));
    assert_eq!(folder.names(), ["run", "x.csv"]);
}

#[test]
fn a_file_above_the_limit_is_fitted() {
    let folder = Scratch::new();
    let mut rng = Rng::seeded(2);
    let parts = Matrix::from_fn(4, 192, |_, _| rng.uniform());
    let x = Matrix::from_fn(20_000, 4, |_, _| rng.uniform()).matmul(&parts); // 30 MB
    write::write_matrix(&folder.path().join("x.npy"), &x, Names::NONE).expect("a file");
    let limit = "--memory-limit 24MB --quiet";
    for model in ["nmf", "pca"] {
        let line = format!(
            "fit {model} x.npy --n-components 4 --batch-size 1000 --max-iter 4 --out {model} {limit}"
        );
        assert_eq!(run(&folder, &line).status.code(), Some(75), "{model} holds the file without --stream");
        good(&folder, &format!("{line} --stream"));
        let metrics: serde_json::Value =
            serde_json::from_slice(&bytes(&folder, format!("{model}/metrics.json"))).expect("JSON");
        assert_eq!(metrics["n_samples"], 20_000, "{model}");
        assert!(
            metrics["relative_error"].as_f64().or(metrics["rmse"].as_f64()).is_some_and(|e| e < 0.05),
            "{metrics}"
        );
        assert!(
            metrics["warnings"][0].as_str().is_some_and(|note| note.contains("first 1000 of 20000")),
            "{metrics}"
        );
        good(&folder, &format!("encode {model} x.npy -o z.npy {limit}"));
    }
    // Models that need all data say so, and so do pipes, sets and scales.
    for (line, code) in [
        ("fit svd x.npy --stream --out no", 65),
        ("fit nmf digits --stream --out no", 2),
        ("fit nmf - --stream --out no", 65),
        ("fit nmf x.npy --stream --scale max --out no", 2),
    ] {
        assert_eq!(run(&folder, line).status.code(), Some(code), "{line}");
    }
    // An interrupted fit of a stream goes on where it was.
    good(
        &folder,
        &format!(
            "fit nmf x.npy --n-components 4 --batch-size 1000 --max-iter 2 --tol 0 --out half --stream {limit}"
        ),
    );
    good(
        &folder,
        &format!(
            "fit nmf x.npy --n-components 4 --batch-size 1000 --max-iter 4 --tol 0 --out half --stream --resume {limit}"
        ),
    );
    good(
        &folder,
        &format!(
            "fit nmf x.npy --n-components 4 --batch-size 1000 --max-iter 4 --tol 0 --out whole --stream {limit}"
        ),
    );
    assert_eq!(bytes(&folder, "half/factors/h.tsv"), bytes(&folder, "whole/factors/h.tsv"));
}
