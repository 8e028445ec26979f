//! Folders of 10x Genomics; names and labels from files beside the data.

use super::{Scratch, gzip};
use crate::data::real;
use diabolo::io::describe::describe;
use diabolo::io::read::{ReadOptions, read};
use diabolo::models::Dataset;
use diabolo::monitor::Budget;
use std::path::Path;

const MATRIX: &[u8] = b"%%MatrixMarket matrix coordinate integer general\n%metadata_json: {}\n2 3 3\n\
    2 1 5\n1 3 7\n2 3 9\n";

/// A folder of 2 genes x 3 cells, its files compressed or not.
fn folder(is_gzip: bool, genes: &str) -> Scratch {
    let folder = Scratch::new();
    for (name, text) in [
        ("matrix.mtx", MATRIX),
        (genes, b"ENSG1\tSOX2\tGene Expression\nENSG2\tTP53\tGene Expression\n"),
        ("barcodes.tsv", b"AAAC-1\nAAAG-1\nAAAT-1\n"),
    ] {
        match is_gzip {
            true => folder.file(&format!("{name}.gz"), &gzip(text)),
            false => folder.file(name, text),
        };
    }
    folder
}

fn read_path(path: &Path, options: &ReadOptions) -> diabolo::Result<Dataset> {
    read(path, options, &Budget::limited(1 << 20))
}

#[test]
fn cells_become_rows() {
    for (is_gzip, genes) in [(false, "genes.tsv"), (false, "features.tsv"), (true, "features.tsv")] {
        let folder = folder(is_gzip, genes);
        let data = read_path(folder.path(), &ReadOptions::default()).unwrap();
        assert!(data.features.is_sparse());
        assert_eq!(data.features.to_dense().values(), [0.0, 5.0, 0.0, 0.0, 7.0, 9.0]);
        assert_eq!(data.names.features.unwrap(), ["SOX2", "TP53"]);
        assert_eq!(data.names.samples.unwrap(), ["AAAC-1", "AAAG-1", "AAAT-1"]);
        let turned = ReadOptions { transpose: true, ..ReadOptions::default() };
        let data = read_path(folder.path(), &turned).unwrap();
        assert_eq!(data.features.to_dense().values(), [0.0, 0.0, 7.0, 5.0, 0.0, 9.0]);
        assert_eq!(data.names.samples.unwrap(), ["SOX2", "TP53"]);
    }
}

#[test]
fn broken_folders() {
    let cases: [(&str, Option<&[u8]>, &str); 5] = [
        ("matrix.mtx", None, "the folder has no matrix.mtx (or .gz)"),
        ("genes.tsv", None, "the folder has no features.tsv or genes.tsv (or .gz)"),
        ("barcodes.tsv", Some(b"one\ntwo\n"), "barcodes.tsv: it has 2 names for 3 cells"),
        ("genes.tsv", Some(b""), "genes.tsv: the file is empty; give a name for each of 2 genes"),
        ("matrix.mtx", Some(b"1,2\n"), "matrix.mtx:1: the first line has 1 words"),
    ];
    for (file, content, expected) in cases {
        let folder = folder(false, "genes.tsv");
        match content {
            Some(content) => drop(folder.file(file, content)),
            None => std::fs::remove_file(folder.path().join(file)).unwrap(),
        }
        let error = read_path(folder.path(), &ReadOptions::default()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.exit_code(), 65);
    }
}

#[test]
fn a_real_folder() {
    let Some(path) = real("formats/10x_folder") else { return };
    let data = read(&path, &ReadOptions::default(), &Budget::unlimited()).unwrap();
    assert_eq!((data.features.n_samples(), data.features.n_features()), (1107, 507));
    assert_eq!(data.features.n_stored(), 23_866);
    assert_eq!(data.names.sample(0), "AAACCCAAGGAGAGTA-1");
    assert_eq!(data.names.feature(0), "CH507-9B2.2");
    let description = describe(&path, &ReadOptions::default(), &Budget::unlimited()).unwrap();
    assert_eq!(description.format, "10x folder");
    assert!(description.is_integer);
}

/// A 3 x 2 table with files of names beside it.
#[test]
fn names_and_labels_beside_the_data() {
    let folder = Scratch::new();
    let table = folder.file("table.txt", b"1 2\n3 4\n5 6\n");
    let r_table = "name\ttype\n1\tann\tx\n2\tbob\ty\n3\tcat\tx\n";
    let names = folder.file("names.tsv", r_table.as_bytes());
    let genes = folder.file("genes.txt", b"SOX2\n\nTP53\n");
    let classes = folder.file("classes.csv", b"cell,kind,age\na,10,1\nb,9,1\nc,10,2\n");
    let read_with = |options: ReadOptions| read_path(&table, &options);
    let data = read_with(ReadOptions {
        feature_names: Some(genes.clone()),
        sample_names: Some(names.clone()),
        labels: Some(names.clone()),
        ..ReadOptions::default()
    })
    .unwrap();
    assert_eq!(data.names.features.unwrap(), ["SOX2", "TP53"]);
    assert_eq!(data.names.samples.unwrap(), ["ann", "bob", "cat"]);
    let labels = data.labels.unwrap();
    assert_eq!((labels.class, labels.classes), (vec![0, 1, 0], vec!["x".to_string(), "y".to_string()]));

    for column in ["kind", "2"] {
        let chosen = format!("{}:{column}", classes.display());
        let data = read_with(ReadOptions { labels: Some(chosen.into()), ..ReadOptions::default() }).unwrap();
        let labels = data.labels.unwrap();
        assert_eq!((labels.class, labels.classes), (vec![1, 0, 1], vec!["9".to_string(), "10".to_string()]));
    }

    for (labels, expected) in [
        (format!("{}:colour", classes.display()), "classes.csv: the first line has no column `colour`"),
        (format!("{}:4", classes.display()), "classes.csv: there is no column 4, the lines have 3"),
        (genes.display().to_string(), "genes.txt: it has 2 names for 3 samples; give one line for each"),
    ] {
        let options = ReadOptions { labels: Some(labels.into()), ..ReadOptions::default() };
        let error = read_with(options).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn real_names() {
    let (Some(counts), Some(genes)) =
        (real("mouse_neuron/mouse_neuron_10k_x1000.mtx.gz"), real("mouse_neuron"))
    else {
        return;
    };
    let genes = genes.join("mouse_neuron_10k_x1000.genes.txt");
    let options = ReadOptions { feature_names: Some(genes), ..ReadOptions::default() };
    let description = describe(&counts, &options, &Budget::unlimited()).unwrap();
    assert_eq!(description.format, "MatrixMarket, gzip");
    assert_eq!((description.n_samples, description.n_features), (10_000, 1_000));
    assert_eq!(description.n_empty_samples, 1);
    assert_eq!((description.min, description.n_missing), (Some(0.0), 0));
    let zeros = 1.0 - 691_914.0 / 1e7;
    assert!((description.share_of_zeros - zeros).abs() < 1e-12);
}
