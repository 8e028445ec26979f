//! What every fuzz target asserts: any bytes are data or one clear line, within the memory that was allowed.

use cap::Cap;
use diabolo::Result;
use diabolo::io::input::Input;
use diabolo::io::read::{ReadOptions, read_from};
use diabolo::monitor::Budget;
use std::alloc::System;
use std::path::Path;

/// Memory a reader may take, charged.
pub const MEMORY: u64 = 16 << 20;

/// Memory beside it that need not be charged: buffers of a fixed size, tables of decompressors, messages.
const UNCHARGED: usize = 2 << 20;

/// Every allocation of a target: what goes beyond the limit ends the process, as a crash to be looked into.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Gives bytes to a reader.
/// # Panics
/// If the refusal is not one line about the file or the memory.
pub fn feed<T>(bytes: &[u8], reader: impl FnOnce(&mut Input) -> Result<T>) {
    let budget = Budget::limited(MEMORY);
    within_memory(|| {
        judge(Input::over(Path::new("fuzzed"), bytes, &budget).and_then(|mut input| reader(&mut input)));
    });
}

/// Lets `work` take what a budget of [`MEMORY`] promises and not much more.
pub fn within_memory(work: impl FnOnce()) {
    let limit = ALLOCATOR.allocated() + MEMORY as usize + UNCHARGED;
    ALLOCATOR.set_limit(limit).expect("a limit above what is taken");
    work();
    ALLOCATOR.set_limit(usize::MAX).expect("a limit above what is taken");
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
