//! The generator every draw comes from.

use diabolo_kernels::rng::Stream;

/// A stream of random numbers keyed by words: xoshiro256++ (Blackman & Vigna 2021).
///
/// A stream belongs to a *thing* (document 17 in epoch 3), never to a thread, so a fit draws the same
/// numbers however its work is shared out. Its whole state is four words: [`Rng::state`] saves them,
/// [`Rng::from_state`] goes on from there with the very same numbers.
///
/// ```
/// use diabolo::random::Rng;
/// let mut rng = Rng::keyed(7, &[3, 17]);
/// let first = rng.uniform();
/// let mut again = Rng::from_state(rng.state());
/// assert_eq!(rng.next_u64(), again.next_u64());
/// assert_eq!(first, Rng::keyed(7, &[3, 17]).uniform());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng(Stream);

impl Rng {
    /// The stream of a seed.
    pub fn seeded(seed: u64) -> Self {
        Self(Stream::seeded(seed))
    }

    /// The stream of a seed and a key, such as `&[document, epoch, layer]`. Streams of different keys are
    /// independent for all purposes; the empty key is [`Rng::seeded`].
    pub fn keyed(seed: u64, key: &[u64]) -> Self {
        Self(Stream::keyed(seed, key))
    }

    /// The stream whose key is this one's with `word` appended; this must still be at its start.
    pub fn child(&self, word: u64) -> Self {
        Self(self.0.child(word))
    }

    /// The stream that continues from a saved state.
    pub fn from_state(state: [u64; 4]) -> Self {
        Self(Stream::from_state(state))
    }

    /// The whole state.
    pub fn state(&self) -> [u64; 4] {
        self.0.state()
    }

    /// 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A uniform number on (0, 1), never 0 nor 1: (k + 1/2) 2^-52 with k of 52 bits.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        let one_to_two = f64::from_bits((self.next_u64() >> 12) | 1.0_f64.to_bits());
        one_to_two - (1.0 - f64::EPSILON / 2.0)
    }

    /// A uniform integer below `n`, every one equally likely.
    ///
    /// The high word of x n, x uniform on 64 bits; the few low words that would favour some results are
    /// drawn again (Lemire 2019, "Fast random integer generation in an interval").
    /// # Panics
    /// If `n` is 0.
    #[inline]
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "there is no integer below 0 to draw");
        let n = n as u64;
        let mut product = u128::from(self.next_u64()) * u128::from(n);
        if (product as u64) < n {
            // 2^64 mod n
            let favoured = n.wrapping_neg() % n;
            while (product as u64) < favoured {
                product = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as usize
    }

    /// True with probability `p` (never for p <= 0, always for p >= 1).
    #[inline]
    pub fn bernoulli(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Puts `items` in random order, every order equally likely (Fisher & Yates, in Durstenfeld's form).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// The integers 0 to `n` - 1 in random order.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        self.shuffle(&mut order);
        order
    }
}
