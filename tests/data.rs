//! Real data beside the project, for the tests that need it.

use std::path::{Path, PathBuf};

/// The path of a real data set below `DIABOLO_DATA`, or below `../shared/data` beside the project. Where it
/// is not there the test is reported as skipped by name; `DIABOLO_REQUIRE_DATA=1` makes that a failure.
pub fn real(path: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("DIABOLO_DATA").map_or_else(beside, PathBuf::from);
    let found = folder.join(path);
    if found.exists() {
        return Some(found);
    }
    let thread = std::thread::current();
    let message = format!("SKIPPED {}: needs {}", thread.name().unwrap_or("a test"), found.display());
    assert!(std::env::var_os("DIABOLO_REQUIRE_DATA").is_none_or(|value| value != "1"), "{message}");
    // Past the capture of the test harness, so that it is seen.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{message}\n").as_bytes());
    None
}
