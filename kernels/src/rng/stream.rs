//! The scalar generator: xoshiro256++ (Blackman & Vigna 2021, "Scrambled linear pseudorandom number
//! generators"), and the streams keyed by words.

/// The weight of SplitMix64's counter: 2^64 divided by the golden ratio, made odd.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's finaliser (Steele, Lea & Flood 2014, Stafford's variant 13): a bijection in which every
/// input bit flips every output bit with probability near one half.
#[inline]
fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A xoshiro256++ generator: period 2^256 - 1, state of four words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    state: [u64; 4],
}

impl Stream {
    /// The stream of a seed: four outputs of SplitMix64 started there.
    #[inline]
    pub fn seeded(seed: u64) -> Self {
        Self::from_state([1, 2, 3, 4].map(|i| mix(seed.wrapping_add(GOLDEN.wrapping_mul(i)))))
    }

    /// The stream of a seed and a key, such as (document, epoch, layer).
    ///
    /// Each word of the key is mixed into all four words of the state, so streams of different keys
    /// share a state with probability 2^-192 a pair.
    #[inline]
    pub fn keyed(seed: u64, key: &[u64]) -> Self {
        key.iter().fold(Self::seeded(seed), |stream, &word| stream.child(word))
    }

    /// The stream whose key is this one's with `word` appended; this must still be at its start.
    #[inline]
    pub fn child(&self, word: u64) -> Self {
        Self::from_state(self.state.map(|s| mix((s ^ word).wrapping_add(GOLDEN))))
    }

    /// The stream that continues from a saved [`Stream::state`].
    ///
    /// The all-zero state, which the generator could never leave and never reaches, stands for seed 0.
    #[inline]
    pub fn from_state(state: [u64; 4]) -> Self {
        if state == [0; 4] { Self::seeded(0) } else { Self { state } }
    }

    /// The whole state.
    #[inline]
    pub fn state(&self) -> [u64; 4] {
        self.state
    }

    /// The next 64 random bits: rotl(s0 + s3, 23) + s0.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        // In place: four new words at once would be stored as one vector, and read back word by word.
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let shifted = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = s[3].rotate_left(45);
        result
    }
}
