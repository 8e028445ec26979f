//! What ships with the binary: completions, manual pages, plain text where colour is not wanted.

use super::{bytes, command, good, run, text};
use crate::io::Scratch;
use diabolo::cli::rooms::ROOMS;

#[test]
fn completions_know_every_model_in_every_shell() {
    let folder = Scratch::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = good(&folder, &format!("completions {shell}"));
        for room in ROOMS {
            assert!(script.contains(room.name), "{shell}: no {}", room.name);
        }
        assert!(script.contains("memory-limit"), "{shell}: no flags");
    }
    assert_eq!(run(&folder, "completions tcsh").status.code(), Some(2));
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = Scratch::new();
    good(&folder, "man --out pages");
    for room in ROOMS {
        let page = text(&bytes(&folder, format!("pages/diabolo-fit-{}.1", room.name)));
        assert!(page.contains(".TH diabolo-fit-"), "{}: no title", room.name);
        assert_eq!(page, good(&folder, &format!("man fit {}", room.name)));
    }
    assert_eq!(text(&bytes(&folder, "pages/diabolo.1")), good(&folder, "man"));
    let refused = run(&folder, "man fit nope");
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("nope"), "{}", text(&refused.stderr));
}

#[test]
fn no_color_means_no_colour() {
    let folder = Scratch::new();
    let help = |no_colour: &str| {
        let mut command = command(&folder, "fit --help");
        command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", no_colour);
        text(&command.output().expect("the binary starts").stdout)
    };
    assert!(help("").contains('\u{1b}'), "an empty NO_COLOR is no NO_COLOR: colour was forced");
    assert!(!help("1").contains('\u{1b}'));
}
