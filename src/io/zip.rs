//! Zip archives, as far as .npz needs them: members stored or deflated, with the sizes of zip64.
//!
//! Read from the end: the end record names the central directory, the directory names the members. Source:
//! PKWARE, "APPNOTE: .ZIP file format specification", version 6.3.10, sections 4.3 to 4.5. A member is read
//! as a stream of exactly the bytes the directory promises, checked against its CRC; nothing unpacked is held
//! here.

use crate::error::{Error, Result};
use crate::monitor::Budget;
use flate2::Crc;
use flate2::read::DeflateDecoder;
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

const LOCAL_HEADER: u32 = 0x0403_4b50;
const DIRECTORY_ENTRY: u32 = 0x0201_4b50;
const END_RECORD: u32 = 0x0605_4b50;
const END_RECORD_64: u32 = 0x0606_4b50;
const END_LOCATOR_64: u32 = 0x0706_4b50;

/// Bytes of the fixed parts of these records.
const LOCAL_HEADER_SIZE: usize = 30;
const DIRECTORY_ENTRY_SIZE: usize = 46;
const END_RECORD_SIZE: usize = 22;
const END_RECORD_64_SIZE: usize = 56;
const END_LOCATOR_64_SIZE: usize = 20;

/// The longest comment behind the end record.
const LONGEST_COMMENT: usize = 0xffff;

/// The kind of extra field that holds 64-bit sizes.
const EXTRA_64: u16 = 1;

/// The largest directory that is read: a .npz has a handful of members.
const LARGEST_DIRECTORY: u64 = 16 << 20;

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name, with folders.
    pub name: String,
    /// Bytes unpacked.
    pub size: u64,
    packed_size: u64,
    method: u16,
    is_encrypted: bool,
    crc: u32,
    header_at: u64,
}

/// An open archive.
pub struct Archive<R> {
    source: R,
    path: PathBuf,
    members: Vec<Member>,
}

impl<R: Read + Seek> Archive<R> {
    /// Reads the directory; `path` is the archive's name in errors.
    /// # Errors
    /// [`Error::Parse`] if this is no zip archive, [`Error::Limit`] if the directory does not fit the
    /// budget, [`Error::Io`].
    pub fn open(mut source: R, path: &Path, budget: &Budget) -> Result<Archive<R>> {
        let length = source.seek(SeekFrom::End(0)).map_err(|error| Error::io(path, error))?;
        let mut archive = Archive { source, path: path.to_path_buf(), members: Vec::new() };
        let (start, size) = archive.find_directory(length)?;
        if size > LARGEST_DIRECTORY || start.checked_add(size).is_none_or(|end| end > length) {
            return Err(archive.damaged("its directory lies outside the file"));
        }
        budget.charge(size, "the directory of the archive")?;
        let directory = archive.read_at(start, size as usize)?;
        let mut rest = directory.as_slice();
        while !rest.is_empty() {
            let member = take_entry(&mut rest).ok_or_else(|| archive.damaged("its directory is broken"))?;
            archive.members.push(member);
        }
        budget.release(size);
        Ok(archive)
    }

    /// The files in the archive.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The archive's name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The bytes of the member of that name, unpacked as they are read; too few or damaged ones are an
    /// [`ErrorKind::InvalidData`].
    /// # Errors
    /// [`Error::Parse`] if it is missing, encrypted, or packed by another method; [`Error::Io`].
    pub fn read_member(&mut self, name: &str) -> Result<impl Read + '_> {
        let Some(member) = self.members.iter().find(|member| member.name == name).cloned() else {
            return Err(Error::parse(&self.path, format!("the archive has no `{name}`; write it again")));
        };
        if member.is_encrypted {
            let why = format!("`{name}` is encrypted; write it without a password");
            return Err(Error::parse(&self.path, why));
        }
        let header = self.read_at(member.header_at, LOCAL_HEADER_SIZE)?;
        if u32_at(&header, 0) != Some(LOCAL_HEADER) {
            return Err(self.damaged(&format!("`{name}` is not where the directory says")));
        }
        let skipped = [26, 28].map(|at| i64::from(u16_at(&header, at).unwrap_or(0)));
        self.source.seek_relative(skipped.iter().sum()).map_err(|error| Error::io(&self.path, error))?;
        let packed = BufReader::new(&mut self.source).take(member.packed_size);
        let unpacked: Box<dyn Read + '_> = match member.method {
            0 => Box::new(packed),
            8 => Box::new(DeflateDecoder::new(packed)),
            method => {
                let why =
                    format!("`{name}` is packed by method {method}; use numpy.savez or savez_compressed");
                return Err(Error::parse(&self.path, why));
            }
        };
        Ok(Checked { unpacked, left: member.size, crc: Crc::new(), expected: member.crc })
    }

    /// Where the directory starts and its size, from the end record.
    fn find_directory(&mut self, length: u64) -> Result<(u64, u64)> {
        let tail_size = length.min((LONGEST_COMMENT + END_RECORD_SIZE + END_LOCATOR_64_SIZE) as u64);
        let tail = self.read_at(length - tail_size, tail_size as usize)?;
        let is_end = |at: &usize| {
            let comment = u16_at(&tail, at + 20).map(usize::from);
            u32_at(&tail, *at) == Some(END_RECORD) && comment == Some(tail.len() - at - END_RECORD_SIZE)
        };
        let last = tail.len().checked_sub(END_RECORD_SIZE);
        let Some(end) = last.and_then(|last| (0..=last).rev().find(is_end)) else {
            return Err(self.damaged("it has no end record; it was cut off or is no zip archive"));
        };
        let size = u32_at(&tail, end + 12).unwrap_or(0);
        let start = u32_at(&tail, end + 16).unwrap_or(0);
        if size != u32::MAX && start != u32::MAX {
            return Ok((start.into(), size.into()));
        }
        let locator =
            end.checked_sub(END_LOCATOR_64_SIZE).filter(|at| u32_at(&tail, *at) == Some(END_LOCATOR_64));
        let record_at = locator.and_then(|at| u64_at(&tail, at + 8));
        let inside =
            record_at.filter(|at| at.checked_add(END_RECORD_64_SIZE as u64).is_some_and(|end| end <= length));
        let Some(record_at) = inside else {
            return Err(self.damaged("its zip64 end record is missing"));
        };
        let record = self.read_at(record_at, END_RECORD_64_SIZE)?;
        match (u32_at(&record, 0), u64_at(&record, 48), u64_at(&record, 40)) {
            (Some(END_RECORD_64), Some(start), Some(size)) => Ok((start, size)),
            _ => Err(self.damaged("its zip64 end record is broken")),
        }
    }

    /// `size` bytes from a place; `size` is bounded by the callers.
    fn read_at(&mut self, place: u64, size: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; size];
        let read = self.source.seek(SeekFrom::Start(place)).and_then(|_| self.source.read_exact(&mut bytes));
        match read {
            Ok(()) => Ok(bytes),
            Err(error) if error.raw_os_error().is_none() => {
                Err(self.damaged("a record lies outside the file"))
            }
            Err(error) => Err(Error::io(&self.path, error)),
        }
    }

    /// The refusal of a broken archive.
    fn damaged(&self, how: &str) -> Error {
        Error::parse(&self.path, format!("the zip archive is damaged: {how}; copy or write the file again"))
    }
}

/// The entry at the front of the directory; `None` if it is broken.
fn take_entry(directory: &mut &[u8]) -> Option<Member> {
    let entry = *directory;
    if u32_at(entry, 0)? != DIRECTORY_ENTRY {
        return None;
    }
    let [name_size, extra_size, comment_size] = [28, 30, 32].map(|at| u16_at(entry, at).map(usize::from));
    let name_end = DIRECTORY_ENTRY_SIZE + name_size?;
    let extra_end = name_end + extra_size?;
    let name = String::from_utf8_lossy(entry.get(DIRECTORY_ENTRY_SIZE..name_end)?).into_owned();
    let mut long = LongSizes { rest: long_sizes(entry.get(name_end..extra_end)?) };
    let member = Member {
        name,
        // The order in which the 64-bit sizes stand in the extra field.
        size: long.value(u32_at(entry, 24)?)?,
        packed_size: long.value(u32_at(entry, 20)?)?,
        header_at: long.value(u32_at(entry, 42)?)?,
        method: u16_at(entry, 10)?,
        is_encrypted: u16_at(entry, 8)? & 1 == 1,
        crc: u32_at(entry, 16)?,
    };
    *directory = entry.get(extra_end + comment_size?..)?;
    Some(member)
}

/// The content of the extra field with 64-bit sizes; empty where there is none.
fn long_sizes(mut extra: &[u8]) -> &[u8] {
    while let (Some(kind), Some(size)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let end = 4 + usize::from(size);
        if kind == EXTRA_64 {
            return extra.get(4..end).unwrap_or(&[]);
        }
        extra = extra.get(end..).unwrap_or(&[]);
    }
    &[]
}

/// The 64-bit sizes that stand for those that read 0xffffffff.
struct LongSizes<'a> {
    rest: &'a [u8],
}

impl LongSizes<'_> {
    /// The size itself, or the next long one where it is only a mark.
    fn value(&mut self, short: u32) -> Option<u64> {
        if short != u32::MAX {
            return Some(short.into());
        }
        let long = u64_at(self.rest, 0)?;
        self.rest = &self.rest[8..];
        Some(long)
    }
}

/// Hands out exactly the promised bytes and checks their CRC at the last.
struct Checked<R> {
    unpacked: R,
    left: u64,
    crc: Crc,
    expected: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let wanted = self.left.min(buffer.len() as u64) as usize;
        if wanted == 0 {
            return Ok(0);
        }
        let broken = |why| Err(std::io::Error::new(ErrorKind::InvalidData, why));
        let n = self.unpacked.read(&mut buffer[..wanted])?;
        if n == 0 {
            return broken("it is shorter than the archive promises");
        }
        self.crc.update(&buffer[..n]);
        self.left -= n as u64;
        if self.left == 0 && self.crc.sum() != self.expected {
            return broken("its check sum is wrong");
        }
        Ok(n)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|word| u16::from_le_bytes(*word))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_le_bytes(*word))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|word| u64::from_le_bytes(*word))
}
