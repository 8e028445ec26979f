//! Text and lists through the whole program: fitted, encoded, evaluated.

use super::mistakes::refused;
use super::{bytes, command, good, text};
use crate::io::Scratch;
use serde_json::Value;
use std::io::Write;
use std::process::Stdio;

/// What a command line gives for some standard input.
fn fed(folder: &Scratch, line: &str, input: &str) -> String {
    let mut child = command(folder, line)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("a reader");
    let output = child.wait_with_output().expect("an end");
    assert!(output.status.success(), "{line}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// A folder with documents of two kinds in `docs`.
fn documents() -> Scratch {
    let folder = Scratch::new();
    let sport = ["ball", "game", "team", "player", "season", "win", "score"];
    let space = ["orbit", "moon", "rocket", "launch", "nasa", "planet", "star"];
    for (class, words) in [("sport", sport), ("space", space)] {
        std::fs::create_dir_all(folder.path().join("docs").join(class)).expect("a folder");
        for at in 0..12 {
            let chosen: Vec<&str> = (0..20).map(|i| words[(i * (at + 2) + i * i) % words.len()]).collect();
            let content = format!("The {}, and it's {}.\n", chosen[..10].join(" "), chosen[10..].join(", "));
            folder.file(&format!("docs/{class}/{at}"), content.as_bytes());
        }
    }
    folder
}

#[test]
fn a_folder_of_text_becomes_topics_that_encode_new_text() {
    let folder = documents();
    let told = good(&folder, "info docs");
    for needle in
        ["folder of text", "24 samples x 14 features", "space (12), sport (12)", "docs, 24 documents"]
    {
        let needle = needle.strip_prefix("docs, ").unwrap_or(needle);
        assert!(told.contains(needle), "no `{needle}` in {told}");
    }
    good(&folder, "fit nmf docs --n-components 2 --min-df 2 --out run --quiet");
    let parts = text(&bytes(&folder, "run/factors/h.tsv"));
    assert!(parts.contains("orbit") && !parts.contains("the"), "{parts}");

    // A document is encoded the same from the folder and from standard input; words the run does not know
    // and lines that look like another format change nothing.
    let all = good(&folder, "encode run docs");
    let row = all.lines().find(|line| line.starts_with("space/3\t")).expect("a code");
    let line = text(&bytes(&folder, "docs/space/3"));
    let codes = |printed: &str| -> Vec<String> {
        printed.lines().skip(1).map(|line| line.split_once('\t').expect("two columns").1.to_owned()).collect()
    };
    let own = row.split_once('\t').expect("columns").1.to_owned();
    assert_eq!(codes(&fed(&folder, "encode run -", &line)), std::slice::from_ref(&own));
    let noisy = format!("Zebra! {line}1 2:3\n");
    let found = codes(&fed(&folder, "encode run -", &noisy));
    assert_eq!((&found[0], found.len()), (&own, 2));
    assert_eq!(found[1], "0\t0", "a document without a known word");

    // Both kinds of text are told apart, and eval takes what encode takes.
    let values = |line: &str| -> Vec<f64> {
        codes(&fed(&folder, "encode run -", line))[0]
            .split('\t')
            .map(|x| x.parse().expect("a number"))
            .collect()
    };
    let (a, b) = (values("rocket to the moon\n"), values("the team can win a game\n"));
    assert!((a[0] > a[1]) != (b[0] > b[1]), "{a:?} {b:?}");
    let score: Value = serde_json::from_str(&good(&folder, "eval run docs --json")).expect("JSON");
    assert!(score["relative_error"].as_f64().is_some_and(|error| error < 1.0), "{score}");
    refused(&folder, "encode run docs --min-df 3", 2, &["text", "--min-df"]);
}

#[test]
fn lines_of_text_need_the_word_and_the_error_says_so() {
    let folder = Scratch::new();
    folder.file("reviews.txt", "good film\nbad film\ngood story\n".as_bytes());
    refused(&folder, "fit nmf reviews.txt --out r", 65, &["reviews.txt:2:", "--format text"]);
    let told: Value =
        serde_json::from_str(&good(&folder, "info reviews.txt --format text --json")).expect("JSON");
    assert_eq!(told["feature_names"], serde_json::json!(["bad", "film", "good", "story"]));
    assert_eq!((&told["format"], &told["n_samples"]), (&Value::from("text"), &Value::from(3)));
    // The same by a configuration file, over which flags win.
    folder.file(
        "fit.toml",
        b"format = \"text\"\nmin_df = 2\nngrams = 2\nstop_words = \"none\"\nn_components = 1\n",
    );
    good(&folder, "fit nmf reviews.txt --config fit.toml --ngrams 1 --out run --quiet");
    let parts = text(&bytes(&folder, "run/factors/h.tsv"));
    assert!(parts.starts_with("id\tfilm\tgood\n"), "{parts}");
    refused(&folder, "info reviews.txt --format text --min-df 1.5", 2, &["min_df", "share"]);
    refused(&folder, "info reviews.txt --format text --max-df many", 2, &["--max-df"]);
    refused(&folder, "info reviews.txt --format txt", 2, &["--format", "svmlight"]);
    refused(&folder, "info reviews.txt --format text --stop-words no.txt", 74, &["no.txt"]);
}

#[test]
fn ratings_are_completed_and_new_users_recommended_to() {
    let folder = Scratch::new();
    let rating = |user: usize, item: usize| 3 + (user % 2 + item % 3) % 3;
    let lines = |users: std::ops::Range<usize>| -> String {
        let pairs = users.flat_map(|user| (0..9).map(move |item| (user, item)));
        let kept = pairs.filter(|(user, item)| (user * 5 + item * 3) % 4 != 0);
        kept.map(|(user, item)| format!("u{user}\tm{item}\t{}\t{}\n", rating(user, item), user + item))
            .collect()
    };
    folder.file("u.data", lines(0..30).as_bytes());
    good(&folder, "fit completion u.data --format ratings --n-components 2 --out run --quiet");
    let told: Value = serde_json::from_slice(&bytes(&folder, "run/metrics.json")).expect("JSON");
    assert_eq!((&told["n_samples"], &told["n_features"]), (&Value::from(30), &Value::from(9)));
    // Users of other files, their items in the columns of the run; strange items are left out and told.
    folder.file("new.data", format!("{}v\tm8\t5\t1\nv\tm99\t1\t1\n", lines(40..42)).as_bytes());
    let output = command(&folder, "encode run new.data").output().expect("the binary starts");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let users: Vec<String> = text(&output.stdout)
        .lines()
        .skip(1)
        .map(|line| line.split('\t').next().unwrap_or("").into())
        .collect();
    assert_eq!(users, ["u40", "u41", "v"]);
    assert_eq!(
        text(&output.stderr),
        "diabolo: warning: 1 ratings are left out: the run knows no such item\n"
    );
    assert_eq!(good(&folder, "eval run new.data --json --quiet").lines().count(), 1);
    // Titles may stand for the ids in the report; files go on using the ids.
    folder.file("titles", (0..9).map(|item| format!("Film {item}\n")).collect::<String>().as_bytes());
    let titled =
        "fit completion u.data --format ratings --feature-names titles --n-components 2 --out titled";
    good(&folder, &format!("{titled} --quiet"));
    assert!(text(&bytes(&folder, "titled/report.html")).contains("Film 3"));
    assert_eq!(good(&folder, "encode titled new.data --quiet"), text(&output.stdout));
}

#[test]
fn a_sparse_file_to_encode_is_as_wide_as_the_run() {
    let folder = Scratch::new();
    folder.file("train.svm", b"a 0:1 3:2\nb 1:4 2:1\na 0:3\nb 1:1 3:1\n");
    folder.file("test.svm", b"a 1:4 2:1\n");
    good(&folder, "fit nmf train.svm --format svmlight --n-components 2 --out run --quiet");
    let all = good(&folder, "encode run train.svm --format svmlight");
    let one = good(&folder, "encode run test.svm --format svmlight");
    let code = |printed: &str, at: usize| {
        printed.lines().nth(at).map(|line| line.split_once('\t').map(|x| x.1.to_owned()))
    };
    assert_eq!(code(&one, 1), code(&all, 2));
}

#[test]
fn edges_are_a_matrix_of_named_nodes_and_what_is_left_out_is_told() {
    let folder = Scratch::new();
    folder.file("g.csv", b"source,target\nann,bob\nbob,cid\ncid,ann\ndan,eve\neve,eve\n");
    let output =
        command(&folder, "fit nmf g.csv --n-components 2 --out run").output().expect("the binary starts");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let warning = "1 edges from a node to itself are left out";
    assert!(text(&output.stderr).contains(warning), "{}", text(&output.stderr));
    let metrics: Value = serde_json::from_slice(&bytes(&folder, "run/metrics.json")).expect("JSON");
    assert_eq!(metrics["warnings"][0], warning);
    let parts = text(&bytes(&folder, "run/factors/h.tsv"));
    assert!(parts.starts_with("id\tann\tbob\tcid\tdan\teve\n"), "{parts}");
    let told = good(&folder, "info g.csv --directed");
    assert!(told.contains("graph          directed, 4 edges, 0 nodes without any\n"), "{told}");
    assert!(told.contains(&format!("warning        {warning}")), "{told}");
}
