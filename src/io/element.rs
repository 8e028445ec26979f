//! The numbers of binary files: their types, their byte orders and how they become f64.

/// The type of a number in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// One byte; 0 is false, all else true.
    Bool,
    /// 8-bit unsigned integer.
    U8,
    /// 8-bit integer.
    I8,
    /// 16-bit unsigned integer.
    U16,
    /// 16-bit integer.
    I16,
    /// 32-bit unsigned integer.
    U32,
    /// 32-bit integer.
    I32,
    /// 64-bit unsigned integer.
    U64,
    /// 64-bit integer.
    I64,
    /// IEEE 754 half precision: 5 bits of exponent, 10 of fraction.
    F16,
    /// The upper half of a single: 8 bits of exponent, 7 of fraction.
    Bf16,
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 double precision.
    F64,
}

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// The least significant.
    Little,
    /// The most significant.
    Big,
}

impl Element {
    /// Bytes a number takes.
    pub fn size(self) -> usize {
        match self {
            Element::Bool | Element::U8 | Element::I8 => 1,
            Element::U16 | Element::I16 | Element::F16 | Element::Bf16 => 2,
            Element::U32 | Element::I32 | Element::F32 => 4,
            Element::U64 | Element::I64 | Element::F64 => 8,
        }
    }

    /// Whether the numbers are whole.
    pub fn is_integer(self) -> bool {
        !matches!(self, Element::F16 | Element::Bf16 | Element::F32 | Element::F64)
    }

    /// Calls `each` with every number in `bytes`. 64-bit integers beyond 2^53 are rounded to the nearest
    /// f64; every other type fits exactly. Bytes after the last whole number are left out.
    pub fn decode(self, order: ByteOrder, bytes: &[u8], each: &mut impl FnMut(f64)) {
        match self {
            Element::Bool => words(bytes, order, |[byte]: [u8; 1]| f64::from(u8::from(byte != 0)), each),
            Element::U8 => words(bytes, order, |[byte]: [u8; 1]| f64::from(byte), each),
            Element::I8 => words(bytes, order, |word| f64::from(i8::from_le_bytes(word)), each),
            Element::U16 => words(bytes, order, |word| f64::from(u16::from_le_bytes(word)), each),
            Element::I16 => words(bytes, order, |word| f64::from(i16::from_le_bytes(word)), each),
            Element::U32 => words(bytes, order, |word| f64::from(u32::from_le_bytes(word)), each),
            Element::I32 => words(bytes, order, |word| f64::from(i32::from_le_bytes(word)), each),
            Element::U64 => words(bytes, order, |word| u64::from_le_bytes(word) as f64, each),
            Element::I64 => words(bytes, order, |word| i64::from_le_bytes(word) as f64, each),
            Element::F16 => words(bytes, order, |word| half(u16::from_le_bytes(word)), each),
            Element::Bf16 => words(bytes, order, |word| brain(u16::from_le_bytes(word)), each),
            Element::F32 => words(bytes, order, |word| f64::from(f32::from_le_bytes(word)), each),
            Element::F64 => words(bytes, order, f64::from_le_bytes, each),
        }
    }
}

/// `each` of every word of `SIZE` bytes, turned to little endian first.
fn words<const SIZE: usize>(
    bytes: &[u8],
    order: ByteOrder,
    number: impl Fn([u8; SIZE]) -> f64,
    each: &mut impl FnMut(f64),
) {
    let (words, _) = bytes.as_chunks::<SIZE>();
    for &word in words {
        let mut word = word;
        if order == ByteOrder::Big {
            word.reverse();
        }
        each(number(word));
    }
}

/// The value of a half-precision number: (-1)^s 2^(e - 15) (1 + f / 1024), subnormal where e = 0.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff);
    let magnitude = match exponent {
        0 => fraction * 2_f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2_f64.powi(exponent - 25),
    };
    sign * magnitude
}

/// The value of a bfloat16: the upper half of a single.
fn brain(bits: u16) -> f64 {
    f64::from(f32::from_bits(u32::from(bits) << 16))
}
