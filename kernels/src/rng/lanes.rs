//! Eight xoshiro256++ generators side by side, stepped as two vectors of four.

use super::Stream;
use crate::simd::SimdBits;

/// Generators side by side.
pub const N_LANES: usize = 8;

/// The jump polynomials p, p^2, ..., p^7 modulo the characteristic polynomial of the generator, lowest
/// coefficient first. The first is Blackman & Vigna's jump of 2^128 steps; the others are its powers.
const JUMPS: [[u64; 4]; N_LANES - 1] = [
    [0x180e_c6d3_3cfd_0aba, 0xd5a6_1266_f0c9_392c, 0xa958_2618_e03f_c9aa, 0x39ab_dc45_29b1_661c],
    [0x8cfe_9bd9_ab71_d992, 0xccfc_8ca2_814d_e79e, 0xa5a2_8ccc_b37d_ba5b, 0xa23e_49ee_6f1a_7a8d],
    [0xfb53_84c7_84ac_8eb8, 0xa667_d38a_2760_57a0, 0xa945_b7a7_9709_edc8, 0xf948_6f65_a6ed_3577],
    [0x1b2a_94a6_72a4_8c05, 0x5e38_f4fb_b6fc_da72, 0xca8a_4531_0219_dc67, 0xd4e9_921b_ccb8_090b],
    [0x2764_a3fb_0ba6_d8c0, 0xaa5d_a197_eb4b_4607, 0xfec0_704a_e065_1569, 0x292d_4368_5c06_3925],
    [0xc4bc_9a12_9c4d_3e38, 0x52ee_b6b8_80a5_96e6, 0xd2ae_5bbe_119b_72b4, 0x0951_5890_0077_bd26],
    [0x4560_3852_9621_be85, 0x7029_0751_2f2c_e874, 0xa612_7377_773b_cb69, 0x6566_184b_37c1_c1c2],
];

/// Eight xoshiro256++ streams, stream l being stream 0 after l jumps of 2^128 steps: no two of them meet.
///
/// Word q of lane l is word q of the scalar generator `Stream` jumped l times, bit for bit and in every
/// tier. See [the module](super) for the order in which a fill lays them out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lanes {
    /// Word by lane.
    state: [[u64; N_LANES]; 4],
}

impl Lanes {
    /// The eight lanes that start from `stream`.
    pub fn new(stream: &Stream) -> Self {
        let mut lanes = Self { state: stream.state().map(|word| [word; N_LANES]) };
        spread(&mut lanes);
        lanes
    }

    /// The whole state, word by lane: a saved generator continues from it.
    pub fn state(&self) -> [[u64; N_LANES]; 4] {
        self.state
    }

    /// The generator that continues from a saved [`Lanes::state`].
    pub fn from_state(state: [[u64; N_LANES]; 4]) -> Self {
        Self { state }
    }
}

dispatch! {
    /// Sends lane l, all lanes being equal, l jumps ahead.
    fn spread(lanes: &mut Lanes) = spread_kernel::<U64>;
}

/// A jump is a polynomial in the step L of the generator, sum_b p_b L^b. The eight polynomials of the lanes
/// (the first is 1) share the powers of L, so one pass of 256 steps serves them all.
#[inline(always)]
fn spread_kernel<V: SimdBits>(lanes: &mut Lanes) {
    let mut power = Registers::<V>::load(lanes);
    let zero = V::splat(0);
    let mut sum = Registers { state: [[zero; 2]; 4] };
    for word in 0..4 {
        let mut polynomials = [0; N_LANES];
        polynomials[0] = u64::from(word == 0);
        for (lane, jump) in JUMPS.iter().enumerate() {
            polynomials[lane + 1] = jump[word];
        }
        // The complement's lowest bit plus 2^64 - 1 is all ones where the coefficient is 1, else 0.
        let mut complement = halves(&polynomials).map(|p: V| p.xor(V::splat(u64::MAX)));
        for _ in 0..64 {
            for h in 0..2 {
                let taken = complement[h].and(V::splat(1)).add(V::splat(u64::MAX));
                complement[h] = complement[h].shr::<1>();
                for w in 0..4 {
                    sum.state[w][h] = sum.state[w][h].xor(taken.and(power.state[w][h]));
                }
            }
            power.advance();
        }
    }
    sum.store(lanes);
}

/// Lanes 0 to 3 and 4 to 7.
#[inline(always)]
fn halves<V: SimdBits>(lanes: &[u64; N_LANES]) -> [V; 2] {
    // SAFETY: there are eight elements: four from 0 on and four from 4 on.
    unsafe { [V::load(lanes.as_ptr()), V::load(lanes.as_ptr().add(4))] }
}

/// What becomes of the 512 bits of one step of the eight lanes.
pub(super) trait Block<V: SimdBits> {
    /// What is written.
    type Elem: Copy + Default;
    /// How many a step gives: 64 bytes' worth.
    const LEN: usize;
    /// Writes the elements of one step.
    /// # Safety
    /// `out` must be valid for writes of `LEN` elements.
    unsafe fn write(bits: [V; 2], out: *mut Self::Elem);
}

/// The lanes in registers: word by half.
#[derive(Clone, Copy)]
struct Registers<V> {
    state: [[V; 2]; 4],
}

impl<V: SimdBits> Registers<V> {
    #[inline(always)]
    fn load(lanes: &Lanes) -> Self {
        Self { state: std::array::from_fn(|w| halves(&lanes.state[w])) }
    }

    #[inline(always)]
    fn store(self, lanes: &mut Lanes) {
        for (word, halves) in lanes.state.iter_mut().zip(self.state) {
            // SAFETY: each word has eight elements: four from 0 on and four from 4 on.
            unsafe {
                halves[0].store(word.as_mut_ptr());
                halves[1].store(word.as_mut_ptr().add(4));
            }
        }
    }

    /// One step of [`Stream::next_u64`] in every lane.
    #[inline(always)]
    fn next(&mut self) -> [V; 2] {
        let mut result = self.state[0];
        for h in 0..2 {
            let (s0, sum) = (self.state[0][h], self.state[0][h].add(self.state[3][h]));
            result[h] = sum.shl::<23>().or(sum.shr::<41>()).add(s0);
        }
        self.advance();
        result
    }

    /// One step of the linear engine beneath the scrambler, in every lane.
    #[inline(always)]
    fn advance(&mut self) {
        for h in 0..2 {
            let [s0, s1, s2, s3] = [self.state[0][h], self.state[1][h], self.state[2][h], self.state[3][h]];
            let (s2, s3) = (s2.xor(s0), s3.xor(s1));
            self.state[0][h] = s0.xor(s3);
            self.state[1][h] = s1.xor(s2);
            self.state[2][h] = s2.xor(s1.shl::<17>());
            self.state[3][h] = s3.shl::<45>().or(s3.shr::<19>());
        }
    }
}

/// Fills `out` block by block; what the last block has too much is dropped.
#[inline(always)]
pub(super) fn fill<V: SimdBits, B: Block<V>>(lanes: &mut Lanes, out: &mut [B::Elem]) {
    let mut registers = Registers::<V>::load(lanes);
    let mut blocks = out.chunks_exact_mut(B::LEN);
    for block in &mut blocks {
        // SAFETY: the chunk has LEN elements.
        unsafe { B::write(registers.next(), block.as_mut_ptr()) };
    }
    let rest = blocks.into_remainder();
    if !rest.is_empty() {
        let mut last = [B::Elem::default(); 16];
        assert!(B::LEN <= last.len(), "a block holds at most 16 elements");
        // SAFETY: the buffer has at least LEN elements, checked above.
        unsafe { B::write(registers.next(), last.as_mut_ptr()) };
        rest.copy_from_slice(&last[..rest.len()]);
    }
    registers.store(lanes);
}

/// The 64 random bits of each lane as they are.
pub(super) struct Words;

impl<V: SimdBits> Block<V> for Words {
    type Elem = u64;
    const LEN: usize = 8;
    #[inline(always)]
    unsafe fn write(bits: [V; 2], out: *mut u64) {
        // SAFETY: the caller vouches for eight elements.
        unsafe {
            bits[0].store(out);
            bits[1].store(out.add(4));
        }
    }
}
