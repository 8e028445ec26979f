//! What every fuzz target asserts: any bytes are data or one clear line, within the memory that was allowed.

use diabolo::Result;
use diabolo::io::input::Input;
use diabolo::io::read::{ReadOptions, read_from};
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

/// Reads bytes as they are and transposed: finite values under as many names, and both agree.
/// # Panics
/// As [`feed`], or where they do not.
pub fn feed_both_ways(bytes: &[u8], options: &ReadOptions) {
    let mut matrices = Vec::new();
    for transpose in [false, true] {
        let options = ReadOptions { transpose, ..options.clone() };
        feed(bytes, |input| {
            let data = read_from(input, &options)?;
            assert_eq!(data.features.first_not_finite(), None);
            assert!(data.names.samples.is_none_or(|names| names.len() == data.features.n_samples()));
            assert!(data.names.features.is_none_or(|names| names.len() == data.features.n_features()));
            assert!(data.labels.is_none_or(|labels| labels.class.len() == data.features.n_samples()));
            matrices.push(data.features);
            Ok(())
        });
    }
    if let [plain, turned] = &matrices[..] {
        assert_eq!(&plain.transposed(), turned);
    }
}
