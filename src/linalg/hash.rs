//! A hash of words, FNV-1a (Fowler, Noll & Vo 1991): what tells data and parameters from others, in files too.

/// Where it starts.
pub const START: u64 = 0xcbf2_9ce4_8422_2325;

/// The hash with a further word.
#[inline(always)]
pub fn mix(hash: u64, word: u64) -> u64 {
    (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3)
}
