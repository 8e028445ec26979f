//! JPEG: one picture is one sample; folders are read by [`super::pictures`].
//!
//! Sequential and progressive frames of 8 bits with Huffman codes, grey or in colour, in every usual
//! sampling: what cameras, ffmpeg and image programs write. Source: ITU-T T.81 (the sections named in the
//! modules), T.871 (JFIF) for colours. Transform, interpolation and colours are those of the Independent
//! JPEG Group's decoder bit for bit, so the pixels are the ones numpy gets through Pillow.
//!
//! The decoder is the project's own: the published ones panic on some damaged files, which ends a program
//! built to abort, and cannot charge their planes. Damage is refused, never patched with grey.

mod bits;
mod colour;
mod frame;
mod scan;
mod transform;

use super::charged::Charged;
use super::input::Input;
use super::pictures::{self, Kind, Picture};
use crate::error::{Error, Result};
use crate::models::Dataset;
use crate::monitor::Budget;
use bits::Huffman;
use frame::Frame;
use scan::{Scan, Tables};
use std::borrow::Cow;
use transform::ZIGZAG;

/// The most scans that are read: encoders write about ten, files made to keep a decoder busy millions.
const MOST_SCANS: usize = 500;

/// Second bytes of markers (T.81, table B.1).
mod marker {
    pub const SEQUENTIAL: [u8; 2] = [0xc0, 0xc1];
    pub const PROGRESSIVE: u8 = 0xc2;
    pub const HUFFMAN_TABLES: u8 = 0xc4;
    pub const OTHER_FRAMES: [u8; 11] = [0xc3, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];
    pub const RESTARTS: std::ops::RangeInclusive<u8> = 0xd0..=0xd7;
    pub const START: u8 = 0xd8;
    pub const END: u8 = 0xd9;
    pub const SCAN: u8 = 0xda;
    pub const QUANTISATION_TABLES: u8 = 0xdb;
    pub const RESTART_INTERVAL: u8 = 0xdd;
    pub const JFIF: u8 = 0xe0;
    pub const ADOBE: u8 = 0xee;
    pub const LINES: u8 = 0xdc;
}

/// Why a picture is not decoded.
enum Fault {
    /// It breaks the standard.
    Damaged(Cow<'static, str>),
    /// It keeps to the standard in a way that is not read; with the remedy.
    Unread(Cow<'static, str>),
    /// Memory, mostly.
    Other(Error),
}

/// A part of a picture.
type Decoded<T> = std::result::Result<T, Fault>;

impl Fault {
    fn damaged(why: impl Into<Cow<'static, str>>) -> Fault {
        Fault::Damaged(why.into())
    }

    fn unread(why: impl Into<Cow<'static, str>>) -> Fault {
        Fault::Unread(why.into())
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Other(error)
    }
}

/// Reads one picture as one sample.
/// # Errors
/// [`Error::Parse`] if it is no JPEG, damaged or of an unusual kind, [`Error::Limit`] if it does not fit the
/// budget, [`Error::Io`].
pub fn read(input: &mut Input) -> Result<Dataset> {
    pictures::one(&decode(input)?, input.budget())
}

/// Decodes a picture.
pub(super) fn decode<'a>(input: &mut Input<'a>) -> Result<Picture<'a>> {
    let packed = input.read_rest("the picture as it is packed")?;
    Decoder::new(packed.as_slice(), input.budget()).decode().map_err(|fault| match fault {
        Fault::Damaged(why) => input.fail(format!("the picture is damaged ({why}); copy or write it again")),
        Fault::Unread(why) => input.fail(format!("the picture is not read: {why}")),
        Fault::Other(error) => error,
    })
}

/// A picture under way.
struct Decoder<'a, 'f> {
    bytes: &'f [u8],
    at: usize,
    budget: &'a Budget,
    frame: Option<Frame<'a>>,
    tables: Tables,
    /// Steps in natural order.
    quantisation: [Option<[u16; 64]>; 4],
    restart_interval: u32,
    is_jfif: bool,
    /// What Adobe's programs say of the colours: 0 for none transformed.
    adobe_transform: Option<u8>,
    n_scans: usize,
}

impl<'a, 'f> Decoder<'a, 'f> {
    fn new(bytes: &'f [u8], budget: &'a Budget) -> Self {
        Decoder {
            bytes,
            at: 0,
            budget,
            frame: None,
            tables: Tables::default(),
            quantisation: [None; 4],
            restart_interval: 0,
            is_jfif: false,
            adobe_transform: None,
            n_scans: 0,
        }
    }

    /// Goes from marker to marker.
    fn decode(mut self) -> Decoded<Picture<'a>> {
        if self.bytes.get(..2) != Some(&[0xff, marker::START]) {
            return Err(Fault::damaged("it does not begin like a JPEG"));
        }
        self.at = 2;
        loop {
            let marker = self.next_marker()?;
            match marker {
                marker::END => break,
                marker::START => return Err(Fault::damaged("a picture begins within it")),
                _ if marker::RESTARTS.contains(&marker) || marker == 0x01 => {}
                _ => self.segment(marker)?,
            }
        }
        let mut frame = self.frame.take().ok_or_else(|| Fault::damaged("it ends before its frame begins"))?;
        for component in &mut frame.components {
            if !component.has_data {
                return Err(Fault::damaged("it ends before all its colours have come"));
            }
            if frame.is_progressive {
                scan::place_all(component);
            }
            component.coefficients = Charged::new(self.budget, "the coefficients of a picture");
        }
        let pixels = colour::pixels(&frame, self.has_luminance(&frame), self.budget)?;
        let kind = Kind {
            height: frame.height,
            width: frame.width,
            n_channels: frame.components.len(),
            is_deep: false,
        };
        Ok(Picture { kind, has_alpha: false, has_palette: false, frame: pixels })
    }

    /// Whether the components are luminance and differences: JFIF says yes, Adobe's marker says which, and
    /// else the names of the components do.
    fn has_luminance(&self, frame: &Frame) -> bool {
        let names: Vec<u8> = frame.components.iter().map(|component| component.id).collect();
        match self.adobe_transform {
            _ if self.is_jfif => true,
            Some(transform) => transform != 0,
            None => names != *b"RGB",
        }
    }

    /// The second byte of the next marker; what stands before it is skipped.
    fn next_marker(&mut self) -> Decoded<u8> {
        loop {
            match self.bytes.get(self.at..self.at + 2) {
                Some(&[0xff, marker @ 0x01..=0xfe]) => {
                    self.at += 2;
                    return Ok(marker);
                }
                Some(_) => self.at += 1,
                None => return Err(cut_off()),
            }
        }
    }

    /// What follows a marker.
    fn segment(&mut self, marker: u8) -> Decoded<()> {
        let length = self.bytes.get(self.at..self.at + 2).ok_or_else(cut_off)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        if length < 2 {
            return Err(Fault::damaged("a segment has no length"));
        }
        let bytes = self.bytes;
        let content = bytes.get(self.at + 2..self.at + length).ok_or_else(cut_off)?;
        self.at += length;
        match marker {
            marker::QUANTISATION_TABLES => self.quantisation_tables(content),
            marker::HUFFMAN_TABLES => self.huffman_tables(content),
            marker::SCAN => self.scan(content),
            marker::RESTART_INTERVAL => match *content {
                [high, low] => {
                    self.restart_interval = u32::from(u16::from_be_bytes([high, low]));
                    Ok(())
                }
                _ => Err(Fault::damaged("a restart interval is no number")),
            },
            marker::JFIF => {
                self.is_jfif |= content.starts_with(b"JFIF\0");
                Ok(())
            }
            marker::ADOBE => {
                if content.starts_with(b"Adobe") && content.len() >= 12 {
                    self.adobe_transform = Some(content[11]);
                }
                Ok(())
            }
            marker::LINES => Err(Fault::unread("its height stands behind its lines; save it again")),
            marker::PROGRESSIVE => self.frame(content, true),
            _ if marker::SEQUENTIAL.contains(&marker) => self.frame(content, false),
            _ if marker::OTHER_FRAMES.contains(&marker) => Err(Fault::unread(
                "it is lossless, hierarchical or arithmetically coded; save it as plain JPEG",
            )),
            _ => Ok(()),
        }
    }

    /// A frame header.
    fn frame(&mut self, header: &[u8], is_progressive: bool) -> Decoded<()> {
        if self.frame.is_some() {
            return Err(Fault::damaged("it has a second frame"));
        }
        self.frame = Some(Frame::parse(header, is_progressive, self.budget)?);
        Ok(())
    }

    /// Quantisation tables (T.81, B.2.4.1).
    fn quantisation_tables(&mut self, mut content: &[u8]) -> Decoded<()> {
        while let Some((&head, rest)) = content.split_first() {
            let (is_wide, number) = (head >> 4, usize::from(head & 15));
            let size = if is_wide == 0 { 64 } else { 128 };
            if is_wide > 1 || number > 3 || rest.len() < size {
                return Err(Fault::damaged("a quantisation table is broken"));
            }
            let mut steps = [0; 64];
            for (k, &at) in ZIGZAG.iter().enumerate() {
                steps[at] = match is_wide {
                    0 => u16::from(rest[k]),
                    _ => u16::from_be_bytes([rest[2 * k], rest[2 * k + 1]]),
                };
            }
            self.quantisation[number] = Some(steps);
            content = &rest[size..];
        }
        Ok(())
    }

    /// Huffman tables (T.81, B.2.4.2).
    fn huffman_tables(&mut self, mut content: &[u8]) -> Decoded<()> {
        while let Some((&head, rest)) = content.split_first() {
            let broken = || Fault::damaged("a Huffman table is broken");
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(broken)?;
            let n_symbols = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, rest) = rest.split_at_checked(n_symbols).ok_or_else(broken)?;
            let class = if head >> 4 == 0 { &mut self.tables.dc } else { &mut self.tables.ac };
            let number = usize::from(head & 15);
            if head >> 4 > 1 || number > 3 || n_symbols > 256 {
                return Err(broken());
            }
            class[number] = Some(Huffman::new(counts, symbols)?);
            content = rest;
        }
        Ok(())
    }

    /// A scan, with the data behind its header (T.81, B.2.3).
    fn scan(&mut self, header: &[u8]) -> Decoded<()> {
        let broken = || Fault::damaged("a scan header is broken");
        let frame = self.frame.as_mut().ok_or_else(|| Fault::damaged("a scan comes before the frame"))?;
        self.n_scans += 1;
        if self.n_scans > MOST_SCANS {
            return Err(Fault::damaged("it has more scans than any encoder writes"));
        }
        let (&count, rest) = header.split_first().ok_or_else(broken)?;
        let (parts, rest) = rest.split_at_checked(2 * usize::from(count)).ok_or_else(broken)?;
        let &[first, last, bits] = rest else { return Err(broken()) };
        let mut scan = Scan {
            parts: Vec::new(),
            band: (usize::from(first), usize::from(last)),
            high: u32::from(bits >> 4),
            low: u32::from(bits & 15),
            restart_interval: self.restart_interval,
        };
        for part in parts.as_chunks::<2>().0 {
            let number = frame.components.iter().position(|component| component.id == part[0]);
            let number = number.filter(|number| scan.parts.iter().all(|(other, ..)| other != number));
            let (dc, ac) = (usize::from(part[1] >> 4), usize::from(part[1] & 15));
            if dc > 3 || ac > 3 {
                return Err(broken());
            }
            scan.parts.push((number.ok_or_else(broken)?, dc, ac));
        }
        if scan.parts.is_empty() {
            return Err(broken());
        }
        if frame.is_progressive {
            let is_band = match scan.band {
                (0, last) => last == 0,
                (first, last) => first <= last && last <= 63 && scan.parts.len() == 1,
            };
            if !is_band || scan.low > 13 || (scan.high != 0 && scan.high != scan.low + 1) {
                return Err(broken());
            }
        }
        for &(number, ..) in &scan.parts {
            let component = &mut frame.components[number];
            if !component.has_data {
                let steps = self.quantisation[component.table];
                component.steps =
                    steps.ok_or_else(|| Fault::damaged("it has no quantisation table for its colours"))?;
            }
            component.has_data = true;
        }
        self.at += scan::decode(frame, &scan, &self.tables, &self.bytes[self.at..])?;
        Ok(())
    }
}

/// The fault of a file that ends early.
fn cut_off() -> Fault {
    Fault::damaged("it is cut off")
}
