//! `--config FILE`: the same names as keys, flags win.

use super::{bytes, good};
use crate::io::Scratch;
use serde_json::Value;

#[test]
fn keys_count_where_no_flag_speaks() {
    let folder = Scratch::new();
    let keys =
        "n_components = 3\nmax_iter = 5\ntol = 0.0\nseed = 4\njson = true\nout = \"run\"\nscale = \"max\"\n";
    folder.file("fit.toml", keys.as_bytes());
    let said = good(&folder, "fit nmf digits --config fit.toml --n-components 2");
    // `json = true` stands although the flag was left out.
    let metrics: Value = serde_json::from_str(&said).expect("JSON on stdout");
    assert_eq!((&metrics["seed"], &metrics["n_iter"]), (&Value::from(4), &Value::from(5)));
    let codes = good(&folder, "encode run digits");
    assert_eq!(codes.lines().next(), Some("id\tcomponent_1\tcomponent_2"));
    // A flag overwrites a boolean either way.
    let said = good(&folder, "fit nmf digits --config fit.toml --json=false --quiet");
    assert_eq!(said, "");
}

#[test]
fn the_same_request_by_keys_and_by_flags_gives_the_same_model() {
    let folder = Scratch::new();
    folder.file("fit.toml", b"n_components = 3\nmax_iter = 4\nseed = 9\nscale = \"max\"\nquiet = true\n");
    good(&folder, "fit nmf digits --config fit.toml --out keys");
    good(&folder, "fit nmf digits --n-components 3 --max-iter 4 --seed 9 --scale max --quiet --out flags");
    assert_eq!(bytes(&folder, "keys/model.safetensors"), bytes(&folder, "flags/model.safetensors"));
}
