//! What the commands give: the same values in every format, scaled and back, said loudly or not at all.

use super::{bytes, command, good, run, text};
use crate::io::Scratch;
use diabolo::cli::rooms::ROOMS;
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::Matrix;
use diabolo::monitor::Budget;
use serde_json::Value;
use std::io::Write;
use std::process::Stdio;

fn load(folder: &Scratch, name: &str) -> Matrix<f64> {
    let path = folder.path().join(name);
    let set = read(&path, &ReadOptions::default(), &Budget::unlimited());
    set.unwrap_or_else(|e| panic!("{e}")).features.to_dense()
}

#[test]
fn every_ending_holds_the_same_codes() {
    let folder = Scratch::new();
    good(&folder, "fit nmf digits --n-components 3 --max-iter 3 --out run --quiet");
    good(&folder, "encode run digits -o z.npy");
    good(&folder, "decode run z.npy -o x.npy");
    let (z, x) = (load(&folder, "z.npy"), load(&folder, "x.npy"));
    assert_eq!((z.shape(), x.shape()), ([1797, 3], [1797, 64]));
    for ending in ["csv", "tsv", "mtx", "csv.gz"] {
        good(&folder, &format!("encode run digits -o z.{ending}"));
        assert_eq!(load(&folder, &format!("z.{ending}")), z, "{ending}");
        good(&folder, &format!("decode run z.{ending} -o x.{ending}"));
        assert_eq!(load(&folder, &format!("x.{ending}")), x, "{ending}");
    }
    // Standard output holds the bytes of the .tsv, and `-` is standard input.
    assert_eq!(good(&folder, "encode run digits").into_bytes(), bytes(&folder, "z.tsv"));
    let mut child = command(&folder, "decode run - -o from_input.npy")
        .stdin(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child.stdin.take().expect("a pipe").write_all(&bytes(&folder, "z.tsv")).expect("a reader");
    assert!(child.wait().expect("an end").success());
    assert_eq!(load(&folder, "from_input.npy"), x);
}

#[test]
fn a_scaled_run_takes_and_gives_the_units_of_the_data() {
    let folder = Scratch::new();
    // As many clusters as samples: every sample is its own centre, so decode gives back what encode took.
    folder.file("x.csv", b"1,1000,0.5\n2,9000,0.25\n3,2000,0.75\n5,4000,0.125\n");
    let x = load(&folder, "x.csv");
    for scale in ["none", "max", "minmax", "standard"] {
        good(&folder, &format!("fit kmeans x.csv --n-components 4 --scale {scale} --out {scale} --quiet"));
        good(&folder, &format!("encode {scale} x.csv -o z.npy"));
        good(&folder, &format!("decode {scale} z.npy -o back.npy"));
        for (back, value) in load(&folder, "back.npy").values().iter().zip(x.values()) {
            let bound = crate::tolerance::SCALED_AND_BACK * value.abs();
            assert!((back - value).abs() <= bound, "{scale}: {back} for {value}");
        }
        let scores: Value =
            serde_json::from_str(&good(&folder, &format!("eval {scale} x.csv --json"))).expect("JSON");
        let inertia = scores["inertia"].as_f64().expect("a score");
        let squared_norm: f64 = x.values().iter().map(|x| x * x).sum();
        assert!(inertia <= crate::tolerance::SCALED_AND_BACK * squared_norm, "{scale}: {inertia}");
        // The centres are kept in the scaled units.
        let largest = load_centres(&folder, scale);
        assert_eq!(largest > 10.0, scale == "none", "{scale}: the largest centre is {largest}");
    }
}

/// The largest value of a run's centres.
fn load_centres(folder: &Scratch, run: &str) -> f64 {
    load(folder, &format!("{run}/factors/h.tsv")).values().iter().fold(0.0, |most: f64, x| most.max(x.abs()))
}

#[test]
fn json_is_json() {
    let folder = Scratch::new();
    let fitted = good(&folder, "fit nmf digits --max-iter 2 --out run --json");
    let metrics: Value = serde_json::from_str(&fitted).expect("JSON");
    let saved: Value = serde_json::from_slice(&bytes(&folder, "run/metrics.json")).expect("JSON");
    assert_eq!(metrics, saved);
    for key in [
        "model",
        "version",
        "seed",
        "threads",
        "cpu",
        "n_iter",
        "converged",
        "objective",
        "seconds",
        "peak_memory_bytes",
        "rmse",
        "command",
    ] {
        assert!(metrics.get(key).is_some(), "metrics.json has no {key}");
    }
    let models: Vec<Value> = serde_json::from_str(&good(&folder, "models --json")).expect("JSON");
    let names: Vec<&str> = models.iter().filter_map(|model| model["name"].as_str()).collect();
    assert_eq!(names, ROOMS.iter().map(|room| room.name).collect::<Vec<&str>>());
    for line in text(&bytes(&folder, "run/log.jsonl")).lines() {
        let step: Value = serde_json::from_str(line).expect("a line of JSON");
        assert!(step["objective"].is_f64());
    }
}

#[test]
fn a_fit_tells_its_result_and_warns_and_is_silent_when_asked() {
    let folder = Scratch::new();
    let loud = run(&folder, "fit nmf digits --max-iter 2 --out run");
    let (said, warned) = (text(&loud.stdout), text(&loud.stderr));
    assert!(said.contains("rmse") && said.contains("report.html"), "{said}");
    // Standard error is no terminal here: no progress, the warning only.
    assert!(warned.starts_with("diabolo: warning: ") && warned.contains("not converged"), "{warned}");
    assert_eq!(warned.lines().count(), 1, "{warned}");
    let quiet = run(&folder, "fit nmf digits --max-iter 2 --out run --quiet");
    assert_eq!((text(&quiet.stdout), text(&quiet.stderr)), (String::new(), String::new()));
    assert_eq!(quiet.status.code(), Some(0));
}

#[test]
fn a_page_is_made_again_from_its_folder() {
    let folder = Scratch::new();
    good(&folder, "fit nmf digits --max-iter 2 --out run --quiet");
    let page = bytes(&folder, "run/report.html");
    std::fs::remove_file(folder.path().join("run/report.html")).expect("the page");
    good(&folder, "report run");
    assert_eq!(bytes(&folder, "run/report.html"), page);
    assert!(text(&page).contains("diabolo fit nmf digits --max-iter 2"), "the page tells the command");
}

#[test]
fn help_describes_the_command_itself() {
    let folder = Scratch::new();
    for room in ROOMS {
        let help = good(&folder, &format!("fit {} --help", room.name));
        let help = help.split_whitespace().collect::<Vec<&str>>().join(" "); // long lines are wrapped
        assert!(help.starts_with(room.about), "{}: {help}", room.name);
        assert!(help.contains("--save-every") && help.contains("--feature-names"), "{}: {help}", room.name);
    }
    assert!(good(&folder, "encode --help").starts_with("Codes Z of samples"));
}
