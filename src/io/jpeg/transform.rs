//! From coefficients to samples: the inverse cosine transform of a block of 8 x 8.

use std::num::Wrapping;

/// Where the coefficients of a block stand, in the order they are stored: the zigzag of T.81, figure A.6.
pub const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// A number that wraps around: what overflows comes from a damaged file and is some pixel.
type Int = Wrapping<i32>;

/// Bits behind the point of the constants.
const FRACTION: usize = 13;

/// Bits behind the point between the two passes.
const KEPT: usize = 2;

/// A constant with [`FRACTION`] bits behind the point, rounded to nearest.
const fn fixed(x: f64) -> Int {
    Wrapping((x * (1 << FRACTION) as f64 + 0.5) as i32)
}

/// sqrt(2) cos(k pi / 16) and the sums and differences of them that the flow graph needs.
const C6: Int = fixed(0.541196100);
const C2_MINUS_C6: Int = fixed(0.765366865);
const C2_PLUS_C6: Int = fixed(1.847759065);
const C3: Int = fixed(1.175875602);
const ODD_7: Int = fixed(0.298631336);
const ODD_5: Int = fixed(2.053119869);
const ODD_3: Int = fixed(3.072711026);
const ODD_1: Int = fixed(1.501321110);
const PAIR_71: Int = fixed(0.899976223);
const PAIR_53: Int = fixed(2.562915447);
const PAIR_73: Int = fixed(1.961570560);
const PAIR_51: Int = fixed(0.390180644);

/// The inverse transform of eight numbers, times sqrt(8) and 2^FRACTION: 12 products (Loeffler, Ligtenberg &
/// Moschytz 1989, figure 1), in the arrangement of the Independent JPEG Group's accurate integer transform,
/// whose every bit is kept, so that pictures come out as other programs show them.
#[inline(always)]
fn transform(c: [Int; 8]) -> [Int; 8] {
    // The even part.
    let z = (c[2] + c[6]) * C6;
    let (e2, e3) = (z - c[6] * C2_PLUS_C6, z + c[2] * C2_MINUS_C6);
    let (e0, e1) = ((c[0] + c[4]) << FRACTION, (c[0] - c[4]) << FRACTION);
    let even = [e0 + e3, e1 + e2, e1 - e2, e0 - e3];
    // The odd part.
    let z5 = (c[7] + c[3] + c[5] + c[1]) * C3;
    let (z1, z2) = ((c[7] + c[1]) * -PAIR_71, (c[5] + c[3]) * -PAIR_53);
    let (z3, z4) = ((c[7] + c[3]) * -PAIR_73 + z5, (c[5] + c[1]) * -PAIR_51 + z5);
    let odd =
        [c[1] * ODD_1 + z1 + z4, c[3] * ODD_3 + z2 + z3, c[5] * ODD_5 + z2 + z4, c[7] * ODD_7 + z1 + z3];
    let [s0, s1, s2, s3] = [0, 1, 2, 3].map(|k| even[k] + odd[k]);
    let [d0, d1, d2, d3] = [0, 1, 2, 3].map(|k| even[k] - odd[k]);
    [s0, s1, s2, s3, d3, d2, d1, d0]
}

/// x / 2^n, rounded to nearest.
#[inline(always)]
fn descale(x: Int, n: usize) -> Int {
    (x + Wrapping(1 << (n - 1))) >> n
}

/// The samples of a block from its coefficients in their natural order, as they are stored, and the steps
/// they were divided by. `stride` samples lie between the rows of `samples`.
pub fn block(coefficients: &[i16; 64], steps: &[u16; 64], samples: &mut [u8], stride: usize) {
    let coefficient = |at: usize| Wrapping(i32::from(coefficients[at]) * i32::from(steps[at]));
    let mut columns = [Wrapping(0); 64];
    for x in 0..8 {
        let column = transform([0, 1, 2, 3, 4, 5, 6, 7].map(|v| coefficient(8 * v + x)));
        for y in 0..8 {
            columns[8 * y + x] = descale(column[y], FRACTION - KEPT);
        }
    }
    let (rows, _) = columns.as_chunks::<8>();
    for (row, samples) in rows.iter().zip(samples.chunks_mut(stride)) {
        let row = transform(*row);
        for x in 0..8 {
            // 3 more bits for the two factors sqrt(8); samples are stored less 128.
            samples[x] = (descale(row[x], FRACTION + KEPT + 3).0 + 128).clamp(0, 255) as u8;
        }
    }
}
