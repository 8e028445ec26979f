//! `diabolo tune`: planted ranks come back, files and command lines can be used, mistakes are one line.

use super::{bytes, command, good, run, text};
use crate::io::Scratch;
use diabolo::models::validation::HeldOut;
use serde_json::Value;
use std::process::Stdio;

/// What a search prints as JSON.
fn tuned(folder: &Scratch, line: &str) -> Value {
    serde_json::from_str(&good(folder, &format!("{line} --json"))).expect("JSON")
}

#[test]
fn planted_ranks_come_back() {
    let folder = Scratch::new();
    let ranks = "--over n_components=1,2,3,4,6 --folds 4";
    let low_rank = "low_rank:n_samples=120,n_features=30,rank=3,noise=0.5";
    for line in [
        format!("completion ratings:n_users=150,n_items=80,density=0.5,n_components=3 {ranks} --ridge 0.01"),
        format!("als {low_rank} {ranks}"),
        format!("nmf {low_rank},non_negative=true {ranks}"),
        format!("pca {low_rank} {ranks}"),
        format!("svd {low_rank} {ranks}"),
    ] {
        let found = tuned(&folder, &format!("tune {line} --out t"));
        let chosen = &found["one_standard_error"]["tried"]["n_components"];
        assert_eq!(chosen, &Value::from(3), "{line}: {found:#}");
    }
    let line = "tune lda topics:n_docs=400,n_words=60,n_topics=4,doc_length=200 --over n_topics=2,3,4,8 --folds 3 --out t";
    let found = tuned(&folder, line);
    assert_eq!(found["one_standard_error"]["tried"]["n_topics"], 4, "{found:#}");
    assert_eq!(found["metric"], "completion_perplexity");
    let line = "tune kmeans blobs:n_features=6,n_clusters=4 --over n_components=2,3,4,5,7 --out t";
    assert_eq!(tuned(&folder, line)["one_standard_error"]["tried"]["n_components"], 4);
}

#[test]
fn every_model_is_tuned_and_says_what_was_held_out() {
    let folder = Scratch::new();
    for room in diabolo::cli::rooms::ROOMS {
        let defaults = (room.defaults)();
        let size = ["n_components", "n_topics", "n_latent", "n_layers"]
            .into_iter()
            .find(|key| defaults.get(key).is_some());
        let size = size.or(["max_markers", "width"].into_iter().find(|key| defaults.get(key).is_some()));
        let size = size.unwrap_or_else(|| panic!("{} has a size", room.name));
        let few = match room.name {
            "bpmf" => "--max-iter 12 --burn-in 6 --als-iter 2",
            "deconvolution" => "--min-markers 2",
            "film" => {
                "--epochs 1 --steps 1 --crop 16 --batch-size 1 --levels 3 --fusion-levels 2 --sub-levels 2 --flow-filters 4,4"
            }
            "xvfi" => "--epochs 1 --steps 1 --crop 16 --batch-size 1 --module-scale 2 --depth 1",
            _ if defaults.get("epochs").is_some() => "--epochs 1",
            _ => "--max-iter 4",
        };
        let line = format!("tune {} {} --over {size}=2,3 --folds 2 {few} --out t", room.name, room.example);
        if ["gan", "lsi", "deconvolution", "joint_nmf", "film", "xvfi"].contains(&room.name) {
            // No code is made of some features alone, and no score is to be lowered: the line says so.
            let output = run(&folder, &line);
            assert_eq!(output.status.code(), Some(2), "{line}");
            let said = text(&output.stderr);
            assert!(said.contains("predicts nothing that is held out"), "{said}");
            continue;
        }
        let found = tuned(&folder, &line);
        assert_eq!(found["held_out"], room.held_out.name(), "{}", room.name);
        if let HeldOut::Scored(name) = room.held_out {
            assert_eq!(found["metric"], name, "{}", room.name);
        }
        let mean = found["best"]["mean"].as_f64().expect("an error");
        assert!(mean.is_finite() && mean > 0.0, "{}: {mean}", room.name);
    }
}

const SEARCH: &str = "tune completion ratings:n_users=80,n_items=60,density=0.3 --over n_components=1,2,3 \
                      --over ridge=0.01,0.1 --folds 3 --max-iter 8 --seed 5";

#[test]
fn a_search_leaves_a_table_a_page_and_a_command_that_fits() {
    let folder = Scratch::new();
    let said = good(&folder, &format!("{SEARCH} --out t"));
    assert!(said.contains("ridge") && said.contains("best:     diabolo fit completion"), "{said}");
    let table = text(&bytes(&folder, "t/results.tsv"));
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split('\t').collect()).collect();
    let header = ["n_components", "ridge", "rmse", "standard_error", "choice", "not_converged", "seconds"];
    assert_eq!(rows[0], [&header[..], &["fold_1", "fold_2", "fold_3"]].concat());
    assert_eq!(rows.len(), 7);
    for row in &rows[1..] {
        let number = |column: usize| row[column].parse::<f64>().expect("a number");
        let mean = (number(7) + number(8) + number(9)) / 3.0;
        assert!((mean - number(2)).abs() < 1e-12 && number(3) > 0.0, "{row:?}");
    }
    let page = text(&bytes(&folder, "t/report.html"));
    for needle in ["Error by cross-validation", "Errors of the grid", "What to fit", "diabolo fit completion"]
    {
        assert!(page.contains(needle), "no `{needle}` on the page");
    }
    let metrics: Value = serde_json::from_slice(&bytes(&folder, "t/metrics.json")).expect("JSON");
    let fit = metrics["best"]["fit"].as_str().expect("a command").strip_prefix("diabolo ").expect("ours");
    assert!(fit.contains("--seed 5") && fit.contains("--max-iter 8"), "{fit}");
    good(&folder, &format!("{fit} --quiet"));
    assert!(folder.path().join("runs/completion/model.safetensors").is_file());
}

/// The errors of all folds in the table of a search.
fn errors(folder: &Scratch, out: &str) -> Vec<String> {
    let table = text(&bytes(folder, format!("{out}/results.tsv")));
    let row = |line: &str| {
        line.split('\t')
            .enumerate()
            .filter(|(c, _)| *c != 6)
            .map(|(_, x)| x.to_owned() + "\t")
            .collect::<String>()
    };
    table.lines().map(row).collect()
}

#[test]
fn threads_change_nothing_and_a_search_can_grow() {
    let folder = Scratch::new();
    for n_threads in [1, 2, 3] {
        good(&folder, &format!("{SEARCH} --threads {n_threads} --quiet --out t{n_threads}"));
    }
    assert_eq!(errors(&folder, "t1"), errors(&folder, "t2"));
    assert_eq!(errors(&folder, "t1"), errors(&folder, "t3"));
    // A smaller search first: what it found is taken over, and the folds are the same.
    let smaller = SEARCH.replace("n_components=1,2,3", "n_components=2");
    good(&folder, &format!("{smaller} --quiet --out grown"));
    good(&folder, &format!("{SEARCH} --quiet --out grown --resume"));
    assert_eq!(errors(&folder, "t1"), errors(&folder, "grown"));
    let other = run(&folder, &format!("{} --out grown --resume", SEARCH.replace("--seed 5", "--seed 6")));
    assert_eq!(other.status.code(), Some(2));
    assert!(text(&other.stderr).contains("seed"), "{}", text(&other.stderr));
}

#[test]
fn random_candidates_come_from_their_ranges() {
    let folder = Scratch::new();
    let random =
        SEARCH.replace("n_components=1,2,3", "n_components=1..4").replace("ridge=0.01,0.1", "ridge=0.001..1");
    let found = tuned(&folder, &format!("{random} --random 5 --out t"));
    let candidates = found["candidates"].as_array().expect("candidates");
    assert_eq!(candidates.len(), 5);
    for candidate in candidates {
        let (k, ridge) = (&candidate["params"]["n_components"], &candidate["params"]["ridge"]);
        assert!((1..=4).contains(&k.as_u64().expect("a number")), "{k}");
        assert!((0.001..=1.0).contains(&ridge.as_f64().expect("a number")), "{ridge}");
    }
    let again = tuned(&folder, &format!("{random} --random 5 --out u"));
    assert_eq!(again["candidates"][3]["errors"], candidates[3]["errors"]);
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_is_done() {
    let folder = Scratch::new();
    let long = "tune completion ratings --over n_components=1,2,3,4,5,6,7,8,9,10,11,12 --over ridge=0.01,0.02,0.04,0.08 \
                --folds 5 --max-iter 30 --tol 0 --out t";
    let child =
        command(&folder, long).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the binary");
    let table = folder.path().join("t/results.tsv");
    while std::fs::read_to_string(&table).unwrap_or_default().lines().count() < 2 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let interrupt = format!("kill -INT {}", child.id());
    assert!(std::process::Command::new("sh").args(["-c", &interrupt]).status().expect("a shell").success());
    let output = child.wait_with_output().expect("an end");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("of 48 candidates are in t") && said.contains("--resume"), "{said}");
    assert!(text(&bytes(&folder, "t/results.tsv")).lines().count() >= 2);
    assert!(text(&bytes(&folder, "t/report.html")).contains("of 48 candidates done"));
}

#[test]
fn mistakes_are_one_line() {
    let folder = Scratch::new();
    let search = "tune completion ratings --out t";
    for (line, needle) in [
        (search.to_owned(), "--over n_components=5,10,20"),
        (format!("{search} --over rank=1,2"), "it has"),
        (format!("{search} --over n_components"), "KEY=VALUES"),
        (format!("{search} --over n_components=1,,2"), "a value is missing"),
        (format!("{search} --over n_components=1,1"), "twice"),
        (format!("{search} --over n_components=0,5"), "n_components"),
        (format!("{search} --over n_components=five"), "(in --over)"),
        (format!("{search} --over n_components=1,2 --over n-components=3"), "given twice"),
        (format!("{search} --over ridge=0.1,1 --ridge 2"), "flag"),
        (format!("{search} --over ridge=0.1..1"), "--random"),
        (format!("{search} --over ridge=1..0.1 --random 3"), "smaller number"),
        (format!("{search} --over ridge=0.1,1 --folds 1"), "folds"),
        (format!("{search} --over ridge=0.1,1 --random 0"), "random"),
        ("tune completion ratings --over ridge=0.1,1".to_owned(), "--out"),
        ("tune pca blobs --over n_components=1,2 --metric ndcg --out t".to_owned(), "metric"),
        ("tune pca blobs --over n_components=1,2 --metric score --out t".to_owned(), "metric"),
        ("tune vae digits --over n_latent=1,2 --metric rmse --out t".to_owned(), "metric"),
        ("tune plsi topics --over n_topics=1,2 --metric rmse --out t".to_owned(), "metric"),
        ("tune pca blobs:n_samples=6 --over n_components=1,2 --out t".to_owned(), "folds"),
    ] {
        let output = run(&folder, &line);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}: {said}");
        assert!(said.starts_with("diabolo: ") && said.lines().count() == 1, "{line}: {said}");
        assert!(said.contains(needle), "{line}: no `{needle}` in {said}");
    }
    assert_eq!(folder.names(), Vec::<String>::new(), "a refusal leaves nothing behind");
}
