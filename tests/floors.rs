//! The architecture, checked: who may name whom, and what each floor must not do.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules of the root crate by floor, lowest first. A module names only modules of lower floors.
const FLOORS: &[&[&str]] = &[
    &["error"],
    &["tensors", "figure"],
    &["monitor"],
    &["linalg", "random"],
    &["autodiff", "solve"],
    &["nn", "optim", "metrics"],
    &["models"],
    &["applications"],
    &["io", "data", "report"],
    &["cli"],
];

/// The first module that may touch files, clocks, the environment and the terminal.
const FIRST_WITH_IO: &str = "io";

fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// Every source file under a folder of the repository.
fn sources(folder: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
        let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        for path in entries.map(|entry| entry.expect("a readable folder").path()) {
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                into.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    found.sort();
    found
}

/// The lines of a file that are code, numbered from 1.
fn code_lines(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).expect("a readable source file");
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(i, l)| (i + 1, l.to_owned()))
        .collect()
}

/// The path of a file below src, as module names.
fn module_path(path: &Path) -> Vec<String> {
    let below = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("a file of src");
    below.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect()
}

/// The words that follow each `prefix` in a line.
fn words_after<'a>(line: &'a str, prefix: &str) -> Vec<&'a str> {
    let rest = line.match_indices(prefix).map(|(at, found)| &line[at + found.len()..]);
    rest.map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("")).collect()
}

#[test]
fn modules_name_only_lower_floors() {
    let mut wrong = Vec::new();
    for path in sources("src") {
        let own = module_path(&path);
        if own[0] == "lib" || own[0] == "main" {
            continue;
        }
        let floor =
            floor_of(&own[0]).unwrap_or_else(|| panic!("src/{} has no floor: add it to FLOORS", own[0]));
        for (number, line) in code_lines(&path) {
            for named in words_after(&line, "crate::") {
                let Some(other) = floor_of(named) else { continue };
                if named != own[0] && other >= floor {
                    wrong.push(format!("{}:{number} names {named}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "a module names its own floor or a higher one:\n{}", wrong.join("\n"));
}

#[test]
fn rooms_do_not_know_each_other() {
    let mut wrong = Vec::new();
    for path in sources("src/applications") {
        let own = module_path(&path); // applications/<room>...
        for (number, line) in code_lines(&path) {
            for room in words_after(&line, "applications::") {
                if own[1] != "mod" && !room.is_empty() && room != own[1] {
                    wrong.push(format!("{}:{number} names applications::{room}", path.display()));
                }
            }
        }
    }
    for path in sources("src/models") {
        let own = module_path(&path); // models/<family>/<room>...
        if own.len() < 3 || own[2] == "mod" {
            continue;
        }
        for (number, line) in code_lines(&path) {
            for family in words_after(&line, "models::") {
                for room in words_after(&line, &format!("models::{family}::")) {
                    let is_room = room.chars().next().is_some_and(char::is_lowercase);
                    if is_room && (family, room) != (own[1].as_str(), own[2].as_str()) {
                        wrong.push(format!("{}:{number} names {family}::{room}", path.display()));
                    }
                }
            }
            if own.len() == 3 {
                for room in words_after(&line, "super::") {
                    let sibling = path.with_file_name(room).is_dir()
                        || path.with_file_name(format!("{room}.rs")).is_file();
                    if !room.is_empty() && sibling && room != "mod" {
                        wrong.push(format!("{}:{number} names its neighbour {room}", path.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "rooms share by pushing code down a floor:\n{}", wrong.join("\n"));
}

#[test]
fn low_floors_touch_neither_files_nor_clocks() {
    let forbidden =
        ["std::fs", "std::env", "std::time", "println!", "print!(", "std::process", "std::thread", "rayon"];
    let first = floor_of(FIRST_WITH_IO).expect("io has a floor");
    let mut wrong = Vec::new();
    for path in sources("src") {
        let own = module_path(&path);
        if floor_of(&own[0]).is_some_and(|floor| floor < first) {
            for (number, line) in code_lines(&path) {
                for word in forbidden.iter().filter(|word| line.contains(**word)) {
                    wrong.push(format!("{}:{number} has {word}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "floors below io are pure:\n{}", wrong.join("\n"));
}

#[test]
fn nothing_unwraps() {
    let mut wrong = Vec::new();
    for path in [sources("src"), sources("kernels/src")].concat() {
        for (number, line) in code_lines(&path) {
            if line.contains(".unwrap()") || line.contains("todo!") || line.contains("unimplemented!") {
                wrong.push(format!("{}:{number}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "users' mistakes are errors, not panics:\n{}", wrong.join("\n"));
}

#[test]
fn only_kernels_is_unsafe() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).expect("lib.rs");
    assert!(lib.contains("#![forbid(unsafe_code)]"), "the root crate forbids unsafe");
    for path in sources("kernels/src") {
        let lines: Vec<String> =
            fs::read_to_string(&path).expect("a source file").lines().map(str::to_owned).collect();
        for (at, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            if code.contains("unsafe {") {
                let above = lines[at.saturating_sub(4)..=at].iter().any(|line| line.contains("SAFETY"));
                assert!(above, "{}:{}: an unsafe block without its SAFETY line", path.display(), at + 1);
            }
        }
    }
}

#[test]
fn the_readme_lists_the_models_there_are() {
    let readme =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md");
    let listed: Vec<&str> = readme
        .lines()
        .skip_while(|line| !line.starts_with("| model |"))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.split('|').nth(1).unwrap_or("").trim().trim_matches('`'))
        .collect();
    let rooms: Vec<&str> = diabolo::cli::rooms::ROOMS.iter().map(|room| room.name).collect();
    assert_eq!(listed, rooms, "the README's table and ROOMS");
}

#[test]
fn the_crate_documentation_links_every_model() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    let text = fs::read_to_string(path).expect("lib.rs");
    for room in diabolo::cli::rooms::ROOMS {
        let folder = if room.family == "applications" { String::new() } else { "models::".to_owned() };
        let row = format!("//! | [`{}`]({folder}{}::{}) |", room.name, room.family, room.name);
        assert!(text.contains(&row), "src/lib.rs: no line `{row}`");
    }
}
