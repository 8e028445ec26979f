//! Users' mistakes: the exit code, and one line that names the place and the remedy.

use super::{command, good, run, text};
use crate::io::Scratch;
use diabolo::cli::rooms::ROOMS;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

/// The command line must end with this code and name all of `needles` on stderr, with nothing on stdout.
pub fn refused(folder: &Scratch, line: &str, code: i32, needles: &[&str]) {
    let output = run(folder, line);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{line}: {said}");
    assert!(output.stdout.is_empty(), "{line}: {}", text(&output.stdout));
    for needle in needles {
        assert!(said.contains(needle), "{line}: no `{needle}` in {said}");
    }
    // Usage is several lines of help; every other refusal is one.
    if !said.starts_with("error:") {
        assert_eq!(said.lines().count(), 1, "{line}: {said}");
        assert!(said.starts_with("diabolo: "), "{line}: {said}");
    }
}

#[test]
fn usage_is_2() {
    let folder = Scratch::new();
    folder.file("unknown.toml", b"n_componets = 3\n");
    folder.file("wrong.toml", b"max_iter = 3\nn_components = \"many\"\n");
    folder.file("broken.toml", b"n_components = \n");
    for (line, needle) in [
        ("fit nope digits --out r", "nope"),
        ("fit nmf digits --no-such-flag 1", "--no-such-flag"),
        ("fit nmf digits", "--out"),
        ("fit nmf digits --out r --n-components 0", "n_components"),
        ("fit nmf digits --out r --n-components many", "--n-components"),
        ("fit nmf digits --out r --memory-limit lots", "memory_limit"),
        ("fit nmf digits --out r --save-every=-1", "save_every"),
        ("fit nmf digits --out r --scale huge", "--scale"),
        ("fit nmf karate --out r --scale minmax --config unknown.toml", "n_componets"),
        ("fit nmf digits --out r --config wrong.toml", "n_components"),
        ("fit nmf blobs:nope=1 --out r", "nope"),
        ("encode r", "<DATA>"),
        ("data make nope -o x.npy", "nope"),
        ("data make blobs -o x.xls", ".csv"),
        ("data make karate -o x.npy", ".mtx"),
        ("data make blobs --truth", "-o FILE"),
        ("nope", "nope"),
    ] {
        refused(&folder, line, 2, &[needle]);
    }
    refused(&folder, "fit nmf digits --out r --config broken.toml", 65, &["broken.toml"]);
    let files = ["broken.toml", "unknown.toml", "wrong.toml"];
    assert_eq!(folder.names(), files, "a refusal leaves nothing behind");
}

/// Two options of one name, of the data and of a model, would leave one of them out of reach.
#[test]
fn no_command_has_two_options_of_one_name() {
    let folder = Scratch::new();
    let options = |line: &str| -> Vec<String> {
        let help = good(&folder, line);
        let options = help.lines().filter_map(|line| {
            let line = line.trim_start();
            let line =
                line.split_once(", ").filter(|(short, _)| short.len() == 2).map_or(line, |both| both.1);
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
            line.starts_with("--").then(|| line.chars().take_while(|&c| is_name(c)).collect())
        });
        options.collect()
    };
    let rooms =
        ROOMS.iter().flat_map(|room| ["fit", "tune"].map(|command| format!("{command} {}", room.name)));
    let commands = ["data make", "encode", "decode", "eval", "interpolate", "recommend", "similar"];
    for line in rooms.chain(commands.map(str::to_owned)).map(|line| format!("{line} --help")) {
        let mut options = options(&line);
        assert!(options.len() > 3, "{line}: {options:?}");
        options.sort();
        let twice: Vec<_> = options.windows(2).filter(|two| two[0] == two[1]).map(|two| &two[0]).collect();
        assert!(twice.is_empty(), "{line}: {twice:?}");
    }
}

#[test]
fn an_instruction_set_that_does_not_exist_is_2() {
    let folder = Scratch::new();
    let output = command(&folder, "models").env("DIABOLO_CPU", "bad").output().expect("the binary starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("DIABOLO_CPU"), "{}", text(&output.stderr));
}

#[test]
fn bad_data_is_65() {
    let folder = Scratch::new();
    folder.file("nan.csv", b"1,2\n3,nan\n");
    folder.file("infinite.csv", b"1,2\n3,inf\n");
    folder.file("negative.csv", b"1,2\n3,-4\n5,6\n");
    folder.file("ragged.csv", b"1,2\n3,4\n5\n");
    folder.file("words.csv", b"a,b\n1,2\n3,four\n");
    folder.file("wide.csv", b"1,2,3\n4,5,6\n");
    folder.file("narrow.csv", b"1,2\n4,5\n");
    good(&folder, "fit kmeans wide.csv --n-components 2 --out run --quiet");
    for (line, needles) in [
        ("fit nmf nan.csv --out r", &["nan.csv", "--missing"][..]),
        ("fit nmf infinite.csv --out r", &["infinite.csv"]),
        ("fit nmf negative.csv --out r", &["row 2, column 2", "negative"]),
        ("fit nmf ragged.csv --out r", &["ragged.csv:3:"]),
        ("fit nmf words.csv --out r", &["words.csv:3:"]),
        ("encode run narrow.csv", &["3 features"]),
        ("eval run narrow.csv", &["3 features"]),
        ("decode run wide.csv", &["expected 2"]),
    ] {
        refused(&folder, line, 65, needles);
    }
    folder.file("run/model.safetensors", b"not a model");
    refused(&folder, "encode run wide.csv", 65, &["model.safetensors"]);
}

#[test]
fn files_that_cannot_be_read_or_written_are_74() {
    let folder = Scratch::new();
    folder.file("file", b"1 2\n3 4\n");
    for (line, needle) in [
        ("fit nmf missing.csv --out r", "missing.csv"),
        ("fit nmf file --out file/run", "file/run"),
        ("fit nmf chapter --out r --config missing.toml", "missing.toml"),
        ("encode missing chapter", "missing"),
        ("report missing", "missing"),
        ("data make blobs -o missing/x.csv", "missing"),
        ("info missing.csv", "missing.csv"),
    ] {
        refused(&folder, line, 74, &[needle]);
    }
}

#[test]
fn more_than_the_memory_limit_is_75() {
    let folder = Scratch::new();
    good(&folder, "data make blobs:n_samples=300,n_features=20 -o x.npy");
    good(&folder, "data make blobs:n_samples=300,n_features=20 -o x.csv");
    for line in [
        "fit nmf digits --out r --memory-limit 100kB",
        "fit kmeans x.npy --out r --memory-limit 40kB",
        "info x.npy --memory-limit 40kB",
        "info x.csv --memory-limit 40kB",
        "data make low_rank:n_samples=1000000000,n_features=1000000 -o y.npy",
    ] {
        refused(&folder, line, 75, &["--memory-limit"]);
    }
    // 300 x 20 values of 8 bytes are 48 kB.
    good(&folder, "info x.npy --memory-limit 2MB");
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let folder = Scratch::new();
    good(&folder, "fit kmeans blobs:n_samples=20000,n_features=4 --max-iter 2 --out run --quiet");
    // More than a pipe holds, so that the writer meets the closed end.
    let mut child = command(&folder, "encode run blobs:n_samples=20000,n_features=4")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut first = String::new();
    let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
    reader.read_line(&mut first).expect("a line");
    drop(reader);
    let output = child.wait_with_output().expect("an end");
    assert!(first.starts_with("id\tcomponent_1"), "{first}");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stderr), "");
}
