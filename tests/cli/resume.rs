//! Fits that end early: killed at any moment, stopped by Ctrl-C, resumed with the same bits.

use super::{bytes, command, good, run, text};
use crate::io::Scratch;
use diabolo::io::run::RunFolder;
use diabolo::monitor::Budget;
use diabolo::random::Rng;
use std::process::{Child, Stdio};
use std::time::Duration;

/// A fit of some seconds at the most, with a checkpoint every few steps.
const FIT: &str = "fit nmf digits --n-components 12 --max-iter 60 --tol 0 --seed 3 --quiet --save-every 0.01";

/// Kills that are tried here; `benches/kill.sh` tries 200.
const N_KILLS: usize = 8;

fn start(folder: &Scratch, line: &str) -> Child {
    let silent = || Stdio::null();
    command(folder, line).stdout(silent()).stderr(Stdio::piped()).spawn().expect("the binary starts")
}

/// The names in a run folder that belong to nobody.
fn temporaries(folder: &Scratch, run: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path().join(run)).expect("a run folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".tmp")).collect()
}

#[test]
fn killed_at_any_moment_a_fit_goes_on_to_the_same_bits() {
    let folder = Scratch::new();
    good(&folder, &format!("{FIT} --out whole"));
    let mut rng = Rng::seeded(11);
    for _ in 0..N_KILLS {
        let mut child = start(&folder, &format!("{FIT} --out killed --resume"));
        std::thread::sleep(Duration::from_millis(10 + (rng.uniform() * 250.0) as u64));
        child.kill().expect("a process");
        child.wait().expect("an end");
        let path = folder.path().join("killed");
        if path.is_dir() {
            let run = RunFolder::open(&path).expect("a folder");
            if run.has_checkpoint() {
                run.load_checkpoint(&Budget::unlimited()).expect("the last good checkpoint");
            }
            assert_eq!(temporaries(&folder, "killed"), Vec::<String>::new());
        }
    }
    good(&folder, &format!("{FIT} --out killed --resume"));
    assert_eq!(bytes(&folder, "killed/model.safetensors"), bytes(&folder, "whole/model.safetensors"));
    assert_eq!(text(&bytes(&folder, "killed/log.jsonl")).lines().count(), 60);
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_and_says_how_to_go_on() {
    let folder = Scratch::new();
    let long = FIT.replace("--max-iter 60", "--max-iter 100000").replace("--save-every 0.01", "");
    let child = start(&folder, &format!("{long} --out run"));
    let log = folder.path().join("run/log.jsonl");
    while std::fs::read_to_string(&log).unwrap_or_default().lines().count() < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let interrupt = format!("kill -INT {}", child.id());
    assert!(std::process::Command::new("sh").args(["-c", &interrupt]).status().expect("a shell").success());
    let output = child.wait_with_output().expect("an end");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("run") && said.contains("--resume"), "{said}");
    // The last step that was logged is the one that was kept, and it is enough to go on.
    let n_steps = text(&bytes(&folder, "run/log.jsonl")).lines().count();
    let resumed = long.replace("--max-iter 100000", &format!("--max-iter {}", n_steps + 1));
    good(&folder, &format!("{resumed} --out run --resume"));
    assert_eq!(text(&bytes(&folder, "run/log.jsonl")).lines().count(), n_steps + 1);
    good(&folder, &format!("{resumed} --out whole"));
    assert_eq!(bytes(&folder, "run/model.safetensors"), bytes(&folder, "whole/model.safetensors"));
}

#[test]
fn a_checkpoint_of_something_else_is_refused() {
    let folder = Scratch::new();
    let fit = "fit nmf digits --max-iter 2 --quiet --out run";
    good(&folder, fit);
    for (other, needle) in [
        ("fit nmf digits --max-iter 2 --quiet --out run --seed 1", "seed 0"),
        ("fit nmf chapter --max-iter 2 --quiet --out run", "digits"),
        ("fit kmeans digits --max-iter 2 --quiet --out run", "nmf"),
        ("fit nmf digits --scale max --max-iter 2 --quiet --out run", "data"),
        ("fit nmf digits --n-components 5 --max-iter 2 --quiet --out run", "n_components"),
    ] {
        let output = run(&folder, &format!("{other} --resume"));
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{other}: {said}");
        assert!(said.contains(needle) && said.contains("another --out"), "{other}: {said}");
    }
    // More iterations are no other fit.
    good(&folder, "fit nmf digits --max-iter 4 --quiet --out run --resume");
    good(&folder, "fit nmf digits --max-iter 4 --quiet --out whole");
    assert_eq!(bytes(&folder, "run/model.safetensors"), bytes(&folder, "whole/model.safetensors"));
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let folder = Scratch::new();
    for model in ["nmf", "kmeans"] {
        let fit = format!("fit {model} digits --max-iter 5 --quiet");
        good(&folder, &format!("{fit} --threads 1 --out {model}-1"));
        for n_threads in [2, 3] {
            good(&folder, &format!("{fit} --threads {n_threads} --out {model}-{n_threads}"));
            for file in ["model.safetensors", "factors/h.tsv"] {
                let [one, more] = [1, n_threads].map(|n| bytes(&folder, format!("{model}-{n}/{file}")));
                assert_eq!(one, more, "{model} {file} with {n_threads} threads");
            }
        }
    }
}
