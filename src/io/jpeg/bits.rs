//! Entropy-coded bits and the Huffman codes in them (T.81, annexes C and F.2.2).

use super::{Decoded, Fault};

/// Bits of a code that are looked up at once.
const LOOKED_UP: u32 = 9;

/// The longest code.
const LONGEST: usize = 16;

/// A Huffman code: the first code, its number and the end for every length, and a table for short codes.
#[derive(Clone)]
pub struct Huffman {
    /// For the next [`LOOKED_UP`] bits: length and symbol of the code they begin with, or length 0.
    short: Vec<(u8, u8)>,
    /// One beyond the last code of each length, filled up with zeros to 16 bits; 0 where there is none.
    end: [u32; LONGEST + 1],
    /// The number of the first symbol of each length less its first code.
    offset: [i32; LONGEST + 1],
    symbols: Vec<u8>,
}

impl Huffman {
    /// The code with `counts[l - 1]` symbols of length `l` (T.81, figures C.1 and C.2).
    pub fn new(counts: &[u8; LONGEST], symbols: &[u8]) -> Decoded<Huffman> {
        let mut short = vec![(0, 0); 1 << LOOKED_UP];
        let mut end = [0; LONGEST + 1];
        let mut offset = [0; LONGEST + 1];
        let (mut code, mut number) = (0_u32, 0_usize);
        for length in 1..=LONGEST {
            let count = usize::from(counts[length - 1]);
            if code + count as u32 > 1 << length {
                return Err(Fault::damaged("a Huffman table has more codes than there are"));
            }
            offset[length] = number as i32 - code as i32;
            for &symbol in &symbols[number..number + count] {
                if let Some(free) = LOOKED_UP.checked_sub(length as u32) {
                    let first = (code << free) as usize;
                    short[first..first + (1 << free)].fill((length as u8, symbol));
                }
                code += 1;
            }
            number += count;
            if count > 0 {
                end[length] = code << (LONGEST - length);
            }
            code <<= 1;
        }
        Ok(Huffman { short, end, offset, symbols: symbols.to_vec() })
    }
}

/// Reads the bits between two markers. Behind the last one come zeros; [`Bits::check`] tells when they were
/// used.
pub struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The next bits are the highest of the lower `n_held` ones.
    held: u64,
    n_held: u32,
    /// Of `n_held`, zeros that the file does not have.
    n_made_up: u32,
}

impl<'a> Bits<'a> {
    /// Begins at the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Bits<'a> {
        Bits { bytes, at: 0, held: 0, n_held: 0, n_made_up: 0 }
    }

    /// Makes sure that 32 bits are held.
    #[inline]
    fn fill(&mut self) {
        while self.n_held <= 48 {
            let byte = match (self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
                // A byte 0xff of data is followed by 0; by anything else, it begins a marker.
                (Some(0xff), Some(0)) => {
                    self.at += 2;
                    0xff
                }
                (Some(&byte), _) if byte != 0xff => {
                    self.at += 1;
                    byte
                }
                _ => {
                    self.n_made_up += 8;
                    0
                }
            };
            self.held = self.held << 8 | u64::from(byte);
            self.n_held += 8;
        }
    }

    /// The next `n` bits, at most 16.
    #[inline]
    pub fn take(&mut self, n: u32) -> u32 {
        if self.n_held < 32 {
            self.fill();
        }
        self.n_held -= n;
        (self.held >> self.n_held) as u32 & ((1 << n) - 1)
    }

    /// The next symbol of a code.
    #[inline]
    pub fn symbol(&mut self, code: &Huffman) -> Decoded<u8> {
        if self.n_held < 32 {
            self.fill();
        }
        let next = (self.held >> (self.n_held - LONGEST as u32)) as u32 & 0xffff;
        let (length, symbol) = code.short[(next >> (LONGEST as u32 - LOOKED_UP)) as usize];
        if length > 0 {
            self.n_held -= u32::from(length);
            return Ok(symbol);
        }
        let longer = LOOKED_UP as usize + 1..=LONGEST;
        let Some(length) = longer.into_iter().find(|&length| next < code.end[length]) else {
            return Err(Fault::damaged("bits that are no code"));
        };
        self.n_held -= length as u32;
        let number = (next >> (LONGEST - length)) as i32 + code.offset[length];
        let symbol = usize::try_from(number).ok().and_then(|number| code.symbols.get(number));
        symbol.copied().ok_or_else(|| Fault::damaged("bits that are no code"))
    }

    /// A number of `n` bits, at most 16, whose first bit tells its sign (T.81, figure F.12).
    #[inline]
    pub fn number(&mut self, n: u32) -> i32 {
        if n == 0 {
            return 0;
        }
        let bits = self.take(n) as i32;
        if bits < 1 << (n - 1) { bits - (1 << n) + 1 } else { bits }
    }

    /// Whether all bits that were taken are the file's.
    #[inline]
    pub fn check(&self) -> Decoded<()> {
        if self.n_made_up > self.n_held {
            Err(Fault::damaged("there is less data than pixels"))
        } else {
            Ok(())
        }
    }

    /// Drops what is left of the last byte and takes the restart marker that must follow.
    pub fn restart(&mut self, number: u32) -> Decoded<()> {
        let wanted = [0xff, 0xd0 + (number % 8) as u8];
        while self.bytes.get(self.at..self.at + 2) == Some(&[0xff, 0xff]) {
            self.at += 1; // markers may have a run-up
        }
        // What is held whole was read ahead only where no marker stood in the way.
        if self.n_held - self.n_made_up >= 8 || self.bytes.get(self.at..self.at + 2) != Some(&wanted) {
            return Err(Fault::damaged("a restart marker is not where it belongs"));
        }
        self.at += 2;
        (self.held, self.n_held, self.n_made_up) = (0, 0, 0);
        Ok(())
    }

    /// The place of the first byte that was not read.
    pub fn position(&self) -> usize {
        self.at
    }
}
