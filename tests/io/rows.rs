//! Files read and written by blocks of rows: the same values as whole, in the memory of a block.

use super::{Scratch, golden_path, gzip};
use diabolo::Result;
use diabolo::io::read::{Missing, ReadOptions, read};
use diabolo::io::row_sink;
use diabolo::io::rows::{Opened, RowFile, open};
use diabolo::io::{npy, write};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::models::{Dataset, Names, RowBlocks, RowSource};
use diabolo::monitor::Budget;
use diabolo::tensors::{TensorView, Values};
use std::path::Path;

/// All blocks of a reading; none is longer than asked for, and only the last may be shorter.
fn blocks_of(rows: &mut dyn RowBlocks, n_rows: usize) -> Result<Vec<Dataset>> {
    let mut blocks: Vec<Dataset> = Vec::new();
    while let Some(block) = rows.next_block(n_rows)? {
        assert!(blocks.last().is_none_or(|before| before.features.n_samples() == n_rows));
        assert!(block.features.n_samples() <= n_rows);
        blocks.push(block);
    }
    assert!(rows.next_block(n_rows).is_ok_and(|after| after.is_none()), "the end stays the end");
    Ok(blocks)
}

/// The blocks of a file together, or `None` where it is not read by rows.
fn by_blocks(path: &Path, options: &ReadOptions, n_rows: usize) -> Option<Dataset> {
    let budget = Budget::limited(1 << 24);
    let Ok(file) = RowFile::new(path, options, &budget) else { return None };
    let (n_features, mut names) = (file.n_features(), file.names().clone());
    let blocks = match blocks_of(file.open().ok()?.as_mut(), n_rows) {
        Ok(blocks) => blocks,
        Err(error) if error.to_string().contains("sort the entries by row") => return None,
        Err(error) => panic!("{}: {error}", path.display()),
    };
    let values = blocks.iter().flat_map(|block| block.features.to_dense().into_values()).collect();
    let n_samples = blocks.iter().map(|block| block.features.n_samples()).sum();
    assert!(file.n_samples().is_none_or(|told| told == n_samples));
    names.samples = blocks
        .into_iter()
        .map(|block| block.names.samples)
        .reduce(|all, more| Some([all?, more?].concat()))?;
    assert_eq!(budget.used(), 0, "{}: what was charged was given back", path.display());
    Some(Dataset {
        features: Matrix::from_vec(n_samples, n_features, values).into(),
        names,
        labels: None,
        batches: None,
    })
}

#[test]
fn blocks_make_the_whole() {
    let mut n_by_rows = 0;
    let mut files: Vec<_> =
        std::fs::read_dir(golden_path("")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files {
        for transpose in [false, true] {
            let options = ReadOptions { transpose, missing: Missing::Nan, ..ReadOptions::default() };
            let Ok(whole) = read(&path, &options, &Budget::unlimited()) else { continue };
            for n_rows in [1, 2, 1000] {
                let Some(blocks) = by_blocks(&path, &options, n_rows) else { continue };
                n_by_rows += 1;
                let bits = |set: &Dataset| {
                    set.features.to_dense().values().iter().map(|x| x.to_bits()).collect::<Vec<u64>>()
                };
                assert_eq!(bits(&blocks), bits(&whole), "{} by {n_rows}", path.display());
                let named = blocks.features.n_samples() > 0;
                assert!(!named || blocks.names == whole.names, "{}: {:?}", path.display(), blocks.names);
            }
        }
    }
    assert!(n_by_rows > 90, "{n_by_rows} readings by rows");
}

/// A .npy file of so many rows, 10 i + j.
fn array_file(folder: &Scratch, n_rows: usize, n_cols: usize) -> std::path::PathBuf {
    let x = Matrix::from_fn(n_rows, n_cols, |i, j| (10 * i + j) as f64);
    let mut bytes = Vec::new();
    npy::write(&mut bytes, TensorView { shape: &x.shape(), values: Values::F64(x.values()) }).unwrap();
    folder.file("x.npy", &bytes)
}

#[test]
fn a_large_file_passes_through_little_memory() {
    let folder = Scratch::new();
    let path = array_file(&folder, 4000, 100); // 3.2 MB
    let budget = Budget::limited(400_000);
    assert_eq!(read(&path, &ReadOptions::default(), &budget).unwrap_err().exit_code(), 75);
    let file = RowFile::new(&path, &ReadOptions::default(), &budget).unwrap();
    assert_eq!((file.n_features(), file.n_samples()), (100, Some(4000)));
    for _ in 0..2 {
        let mut rows = file.open().unwrap();
        let (mut sum, mut most) = (0.0, 0);
        while let Some(block) = rows.next_block(256).unwrap() {
            sum += block.features.sum_of(|x| x);
            most = most.max(budget.used());
        }
        assert_eq!(sum, (0..4000).map(|i| 1000.0 * i as f64 + 4950.0).sum::<f64>());
        assert!(most >= 256 * 100 * 8);
    }
    assert_eq!(budget.used(), 0);
}

#[test]
fn a_bad_value_is_named_by_its_row_in_the_file() {
    let folder = Scratch::new();
    let text: String = (1..=9).map(|i| if i == 8 { "x,2\n".into() } else { format!("{i},2\n") }).collect();
    let budget = Budget::unlimited();
    for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
        let path = folder.file("x.csv", &bytes);
        let Ok(Opened::Rows(mut rows)) = open(&path, &ReadOptions::default(), &budget) else {
            panic!("by rows")
        };
        assert!(rows.next_block(4).unwrap().is_some());
        let error = rows.next_block(4).unwrap_err();
        assert_eq!(error.exit_code(), 65);
        assert!(error.to_string().contains("x.csv:8: column 1"), "{error}");
    }
    let mut x = Matrix::filled(9, 2, 1.0);
    x[(7, 1)] = f64::NAN;
    write::write_matrix(&folder.path().join("x.npy"), &x, Names::NONE).unwrap();
    let Ok(Opened::Rows(mut rows)) = open(&folder.path().join("x.npy"), &ReadOptions::default(), &budget)
    else {
        panic!("by rows")
    };
    assert!(rows.next_block(4).unwrap().is_some());
    let error = rows.next_block(4).unwrap_err();
    assert!(error.to_string().contains("row 8, column 2"), "{error}");
}

#[test]
fn truncated_and_overlong_arrays_are_refused_at_their_end() {
    let folder = Scratch::new();
    let whole = std::fs::read(array_file(&folder, 10, 3)).unwrap();
    for bytes in [&whole[..whole.len() - 8], &[&whole[..], &[0]].concat()] {
        let path = folder.file("bad.npy", bytes);
        let budget = Budget::unlimited();
        let Ok(Opened::Rows(mut rows)) = open(&path, &ReadOptions::default(), &budget) else {
            panic!("by rows")
        };
        assert!(rows.next_block(6).unwrap().is_some());
        assert_eq!(rows.next_block(6).unwrap_err().exit_code(), 65);
    }
    // Sizes that only lie: nothing is taken for them.
    let bytes = String::from_utf8_lossy(&whole[10..]).replace("(10, 3), }         ", "(4000000000, 3), } ");
    let bytes = [&whole[..10], &bytes.as_bytes()[..118]].concat();
    let path = folder.file("huge.npy", &bytes);
    let budget = Budget::limited(1 << 20);
    let Ok(Opened::Rows(mut rows)) = open(&path, &ReadOptions::default(), &budget) else { panic!("by rows") };
    assert_eq!(rows.next_block(100).unwrap_err().exit_code(), 65, "cut off, not too large");
}

#[test]
fn rows_written_by_blocks_are_those_written_whole() {
    let folder = Scratch::new();
    let x = Matrix::from_fn(7, 3, |i, j| i as f64 - 0.3 * j as f64);
    let features = Some(["a", "b, c", "3"].map(String::from).to_vec());
    let samples: Vec<String> = (0..7).map(|i| format!("s{i}")).collect();
    for named in [false, true] {
        let names = match named {
            true => Names { samples: Some(samples.clone()), features: features.clone(), ..Names::default() },
            false => Names::default(),
        };
        for ending in ["csv", "tsv", "csv.gz", "npy", "mtx"] {
            let [whole, blocks] =
                ["whole", "blocks"].map(|stem| folder.path().join(format!("{stem}.{ending}")));
            write::write_matrix(&whole, &x, &names).unwrap();
            row_sink::write(&blocks, &Budget::unlimited(), |sink| {
                for rows in [0..2, 2..6, 6..7] {
                    let part = x.select_rows(&rows.clone().collect::<Vec<usize>>());
                    let samples = names.samples.as_ref().map(|all| all[rows].to_vec());
                    sink.push(&part, &Names { samples, ..names.clone() })?;
                }
                Ok(())
            })
            .unwrap();
            let [whole, blocks] = [whole, blocks]
                .map(|path| read(&path, &ReadOptions::default(), &Budget::unlimited()).unwrap());
            assert_eq!(whole, blocks, "{ending}");
        }
    }
    let refused = row_sink::write(&folder.path().join("x.mtx"), &Budget::limited(100), |sink| {
        sink.push(&x, Names::NONE)
    });
    assert_eq!(refused.unwrap_err().exit_code(), 75);
    assert!(!folder.names().contains(&"x.mtx".to_string()));
}

#[test]
fn what_cannot_be_read_twice_is_no_source() {
    let budget = Budget::unlimited();
    assert!(RowFile::new(Path::new("-"), &ReadOptions::default(), &budget).is_err());
    for name in ["mtx_symmetric.mtx", "mtx_array.mtx", "npz_csr.npz", "npy_fortran.npy"] {
        assert!(RowFile::new(&golden_path(name), &ReadOptions::default(), &budget).is_err(), "{name}");
    }
}

/// Lists of entries in every format that holds them row by row: rows of 0 to 4 entries.
fn sparse(n_rows: usize, n_cols: usize) -> Csr<f64> {
    let entries = (0..n_rows).flat_map(|i| {
        (0..i % 5).map(move |t| (i as u32, ((7 * i + 3 * t) % n_cols) as u32, (1 + i + t) as f64))
    });
    // The last column is met, so that every format tells the same width.
    let entries = entries.chain([(2, n_cols as u32 - 1, 9.0)]).collect();
    Csr::from_triplets(n_rows, n_cols, entries).unwrap()
}

/// The three files of the same entries.
fn lists(folder: &Scratch, x: &Csr<f64>) -> Vec<std::path::PathBuf> {
    let [n, m] = [x.n_rows(), x.n_cols()];
    let mut coordinates = String::new();
    let mut pairs = String::new();
    for i in 0..n {
        let (columns, values) = x.row(i);
        pairs += &(i % 3).to_string();
        for (j, value) in columns.iter().zip(values) {
            coordinates += &format!("{} {} {value}\n", i + 1, j + 1);
            pairs += &format!(" {}:{value}", j + 1);
        }
        pairs += "\n";
    }
    let sizes = [n, m, x.nnz()].map(|size| size.to_string());
    let words: String = (0..m).map(|j| format!("w{j}\n")).collect();
    folder.file("vocab.x.txt", words.as_bytes());
    let market = format!("%%MatrixMarket matrix coordinate real general\n{}\n{coordinates}", sizes.join(" "));
    vec![
        folder.file("x.svm", pairs.as_bytes()),
        folder.file("docword.x.txt", format!("{}\n{coordinates}", sizes.join("\n")).as_bytes()),
        folder.file("x.mtx", market.as_bytes()),
        folder.file("docword.x.txt.gz", &gzip(format!("{}\n{coordinates}", sizes.join("\n")).as_bytes())),
    ]
}

#[test]
fn lists_of_entries_by_blocks_are_the_whole() {
    let folder = Scratch::new();
    let x = sparse(103, 17);
    for path in lists(&folder, &x) {
        let whole = read(&path, &ReadOptions::default(), &Budget::unlimited()).unwrap();
        assert_eq!(whole.features, Features::Sparse(x.clone()), "{}", path.display());
        for n_rows in [1, 7, 103, 200] {
            let blocks = by_blocks(&path, &ReadOptions::default(), n_rows).expect("read by rows");
            assert_eq!(
                blocks.features.to_dense(),
                whole.features.to_dense(),
                "{} by {n_rows}",
                path.display()
            );
            assert_eq!(blocks.names, whole.names, "{}", path.display());
        }
    }
}

#[test]
fn lists_larger_than_the_limit_pass_through_it() {
    let folder = Scratch::new();
    let x = sparse(60_000, 1000); // 120,000 entries, 1.4 MB and as much again for rows
    for path in lists(&folder, &x) {
        let budget = Budget::limited(400_000);
        assert_eq!(read(&path, &ReadOptions::default(), &budget).unwrap_err().exit_code(), 75);
        let file = RowFile::new(&path, &ReadOptions::default(), &budget).unwrap();
        for _ in 0..2 {
            let mut sum = 0.0;
            let mut rows = file.open().unwrap();
            while let Some(block) = rows.next_block(500).unwrap() {
                assert!(block.features.is_sparse());
                sum += block.features.sum_of(|x| x);
            }
            assert_eq!(sum, Features::Sparse(x.clone()).sum_of(|x| x), "{}", path.display());
        }
    }
}

#[test]
fn entries_out_of_order_and_broken_promises_are_named_by_line() {
    let folder = Scratch::new();
    let head = "%%MatrixMarket matrix coordinate real general\n3 2 ";
    for (text, line, needle) in [
        ("3\n2 1 1\n1 1 1\n3 1 1\n", Some(4), "row 1 comes after row 2"),
        ("2\n1 1 1\n", None, "the file ends after 1 of the 2 entries"),
        ("1\n1 1 1\n3 1 1\n", Some(4), "more than the 1 entries"),
        ("1\n1 3 1\n", Some(3), "column 3"),
    ] {
        let path = folder.file("bad.mtx", format!("{head}{text}").as_bytes());
        let budget = Budget::unlimited();
        let file = RowFile::new(&path, &ReadOptions::default(), &budget).unwrap();
        let error = blocks_of(file.open().unwrap().as_mut(), 1).unwrap_err();
        assert_eq!(error.exit_code(), 65);
        let place = line.map_or("bad.mtx: ".to_owned(), |line| format!("bad.mtx:{line}: "));
        assert!(error.to_string().contains(&place) && error.to_string().contains(needle), "{error}");
    }
    // What is not asked to be read by blocks is read whole: a file by columns still can be.
    let budget = Budget::unlimited();
    let opened = open(&golden_path("mtx_real.mtx"), &ReadOptions::default(), &budget);
    assert!(matches!(opened, Ok(Opened::Whole(_))));
}
