//! A scan: coefficients of some components, sequential (T.81, annex F) or progressive (annex G).

use super::bits::{Bits, Huffman};
use super::frame::{Component, Frame};
use super::transform::{self, ZIGZAG};
use super::{Decoded, Fault};

/// The tables a scan decodes with: four of each class, where they have been defined.
#[derive(Default)]
pub struct Tables {
    /// For differences of the first coefficient.
    pub dc: [Option<Huffman>; 4],
    /// For all others.
    pub ac: [Option<Huffman>; 4],
}

/// What the header of a scan says.
pub struct Scan {
    /// Which components, in order, each with the numbers of its tables (first coefficients, others).
    pub parts: Vec<(usize, usize, usize)>,
    /// The first and last coefficient, in zigzag order.
    pub band: (usize, usize),
    /// The bit above those that are refined, 0 for the first scan of a band.
    pub high: u32,
    /// The lowest bit of this scan.
    pub low: u32,
    /// Units between restart markers; 0 for none.
    pub restart_interval: u32,
}

/// What is carried from block to block.
#[derive(Default)]
struct Memory {
    /// The first coefficient of each component's last block.
    dc: [i32; 4],
    /// Blocks that still end a run of ended bands.
    ended: u32,
}

/// Decodes a scan that begins `bytes`; returns the place behind it.
pub fn decode(frame: &mut Frame, scan: &Scan, tables: &Tables, bytes: &[u8]) -> Decoded<usize> {
    let mut bits = Bits::new(bytes);
    let mut memory = Memory::default();
    let alone = match scan.parts[..] {
        [(only, _, _)] => Some(only),
        _ => None,
    };
    // Blocks of a component that comes alone are those of its samples; else all of every unit of the frame.
    let (n_columns, n_rows) = match alone {
        Some(only) => (frame.components[only].width.div_ceil(8), frame.components[only].height.div_ceil(8)),
        None => (frame.n_unit_columns, frame.n_unit_rows),
    };
    let (mut n_done, mut n_restarts) = (0, 0);
    for row in 0..n_rows {
        for column in 0..n_columns {
            if scan.restart_interval > 0 && n_done == scan.restart_interval {
                bits.restart(n_restarts)?;
                memory = Memory::default();
                (n_done, n_restarts) = (0, n_restarts + 1);
            }
            for part in 0..scan.parts.len() {
                let component = &frame.components[scan.parts[part].0];
                let (h, v) = if alone.is_some() { (1, 1) } else { (component.h, component.v) };
                for y in row * v..(row + 1) * v {
                    for x in column * h..(column + 1) * h {
                        block(frame, scan, part, tables, &mut bits, &mut memory, (y, x))?;
                    }
                }
            }
            n_done += 1;
        }
    }
    Ok(bits.position())
}

/// Decodes the block of one component of the scan in block row `y` and block column `x`.
#[inline]
fn block(
    frame: &mut Frame,
    scan: &Scan,
    part: usize,
    tables: &Tables,
    bits: &mut Bits,
    memory: &mut Memory,
    (y, x): (usize, usize),
) -> Decoded<()> {
    let (component, dc, ac) = scan.parts[part];
    let (dc, ac) = (tables.dc[dc].as_ref(), tables.ac[ac].as_ref());
    let is_progressive = frame.is_progressive;
    let component = &mut frame.components[component];
    let last = &mut memory.dc[part];
    if !is_progressive {
        let mut coefficients = [0; 64];
        sequential(&mut coefficients, last, need(dc)?, need(ac)?, bits)?;
        bits.check()?;
        place(component, &coefficients, (y, x));
        return Ok(());
    }
    let at = y * component.n_columns + x;
    let (blocks, _) = component.coefficients.as_mut_slice().as_chunks_mut::<64>();
    let coefficients = &mut blocks[at];
    match (scan.band, scan.high) {
        ((0, _), 0) => coefficients[0] = (next_dc(last, need(dc)?, bits)? << scan.low) as i16,
        ((0, _), _) => coefficients[0] |= (bits.take(1) << scan.low) as i16,
        (_, 0) => first_of_band(coefficients, scan, need(ac)?, bits, &mut memory.ended)?,
        _ => refine_band(coefficients, scan, need(ac)?, bits, &mut memory.ended)?,
    }
    bits.check()
}

/// A table that must have been defined.
fn need(table: Option<&Huffman>) -> Decoded<&Huffman> {
    table.ok_or_else(|| Fault::damaged("a scan uses a Huffman table that is not there"))
}

/// The samples of all blocks whose coefficients came in several scans.
pub fn place_all(component: &mut Component) {
    let n_columns = component.n_columns;
    for at in 0..component.coefficients.len() / 64 {
        let (blocks, _) = component.coefficients.as_slice().as_chunks::<64>();
        let coefficients = blocks[at];
        place(component, &coefficients, (at / n_columns, at % n_columns));
    }
}

/// The samples of a block, into the component's plane.
fn place(component: &mut Component, coefficients: &[i16; 64], (y, x): (usize, usize)) {
    let stride = 8 * component.n_columns;
    let samples = &mut component.samples.as_mut_slice()[8 * (y * stride + x)..];
    let end = samples.len().min(8 * stride);
    transform::block(coefficients, &component.steps, &mut samples[..end], stride);
}

/// The first coefficient, told by its difference to that of the block before (T.81, F.2.2.1).
#[inline]
fn next_dc(last: &mut i32, table: &Huffman, bits: &mut Bits) -> Decoded<i32> {
    let n_bits = u32::from(bits.symbol(table)?);
    if n_bits > 15 {
        return Err(Fault::damaged("a difference of more than 15 bits"));
    }
    *last = last.wrapping_add(bits.number(n_bits));
    Ok(*last)
}

/// All coefficients of a block (T.81, F.2.2): each symbol is a run of zeros and the bits of a number.
#[inline]
fn sequential(
    coefficients: &mut [i16; 64],
    last: &mut i32,
    dc: &Huffman,
    ac: &Huffman,
    bits: &mut Bits,
) -> Decoded<()> {
    coefficients[0] = next_dc(last, dc, bits)? as i16;
    let mut k = 1;
    while k < 64 {
        let symbol = bits.symbol(ac)?;
        let (run, n_bits) = (usize::from(symbol >> 4), u32::from(symbol & 15));
        match (run, n_bits) {
            (15, 0) => k += 16,
            (_, 0) => break,
            _ => {
                k += run;
                let number = bits.number(n_bits) as i16;
                *zigzag(coefficients, k)? = number;
                k += 1;
            }
        }
    }
    Ok(())
}

/// The coefficient at a place in zigzag order.
#[inline]
fn zigzag(coefficients: &mut [i16; 64], k: usize) -> Decoded<&mut i16> {
    match ZIGZAG.get(k) {
        Some(&at) => Ok(&mut coefficients[at]),
        None => Err(Fault::damaged("a block of more than 64 coefficients")),
    }
}

/// The first bits of a band (T.81, G.1.2.2): also runs of blocks whose band has ended.
fn first_of_band(
    coefficients: &mut [i16; 64],
    scan: &Scan,
    table: &Huffman,
    bits: &mut Bits,
    ended: &mut u32,
) -> Decoded<()> {
    if *ended > 0 {
        *ended -= 1;
        return Ok(());
    }
    let (mut k, end) = scan.band;
    while k <= end {
        let symbol = bits.symbol(table)?;
        let (run, n_bits) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        match (run, n_bits) {
            (15, 0) => k += 16,
            (_, 0) => {
                *ended = (1 << run) + bits.take(run) - 1;
                break;
            }
            _ => {
                k += run as usize;
                let number = bits.number(n_bits) << scan.low;
                *zigzag(coefficients, k)? = number as i16;
                k += 1;
            }
        }
    }
    Ok(())
}

/// One more bit of a band (T.81, G.1.2.3): runs count only coefficients that are zero so far; all others get
/// a bit on the way.
fn refine_band(
    coefficients: &mut [i16; 64],
    scan: &Scan,
    table: &Huffman,
    bits: &mut Bits,
    ended: &mut u32,
) -> Decoded<()> {
    let bit = 1_i16 << scan.low;
    let (mut k, end) = scan.band;
    if *ended == 0 {
        while k <= end {
            let symbol = bits.symbol(table)?;
            let (mut run, n_bits) = (u32::from(symbol >> 4), symbol & 15);
            let mut value = 0;
            match (run, n_bits) {
                (15, 0) => {}
                (_, 0) => {
                    *ended = (1 << run) + bits.take(run);
                    break;
                }
                (_, 1) => value = if bits.take(1) == 1 { bit } else { -bit },
                _ => return Err(Fault::damaged("a refinement of more than one bit")),
            }
            while k <= end {
                let coefficient = &mut coefficients[ZIGZAG[k]];
                k += 1;
                if *coefficient != 0 {
                    refine(coefficient, bit, bits);
                } else if run == 0 {
                    *coefficient = value;
                    break;
                } else {
                    run -= 1;
                }
            }
        }
    }
    if *ended > 0 {
        *ended -= 1;
        for at in k..=end {
            let coefficient = &mut coefficients[ZIGZAG[at]];
            if *coefficient != 0 {
                refine(coefficient, bit, bits);
            }
        }
    }
    Ok(())
}

/// The next bit of a coefficient that is not zero, away from zero.
fn refine(coefficient: &mut i16, bit: i16, bits: &mut Bits) {
    if bits.take(1) == 1 && *coefficient & bit == 0 {
        *coefficient = coefficient.wrapping_add(if *coefficient > 0 { bit } else { -bit });
    }
}
