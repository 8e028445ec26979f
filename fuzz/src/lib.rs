//! What every fuzz target asserts: any bytes are data or one clear line, within the memory that was allowed.

use diabolo::Result;
use diabolo::io::input::Input;
use diabolo::monitor::Budget;
use std::path::Path;

/// Memory a reader may take.
pub const MEMORY: u64 = 16 << 20;

/// Gives bytes to a reader.
/// # Panics
/// If the refusal is not one line about the file or the memory.
pub fn feed<T>(bytes: &[u8], reader: impl FnOnce(&mut Input) -> Result<T>) {
    let budget = Budget::limited(MEMORY);
    judge(Input::over(Path::new("fuzzed"), bytes, &budget).and_then(|mut input| reader(&mut input)));
}

/// Looks at what a reader made of its bytes.
/// # Panics
/// As [`feed`].
pub fn judge<T>(outcome: Result<T>) {
    if let Err(error) = outcome {
        assert!(matches!(error.exit_code(), 65 | 75), "{error}");
        assert!(!error.to_string().contains('\n'), "{error:?}");
    }
}
