//! A writer of zip archives, right or deliberately wrong, for the tests of the reader.

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use std::io::Write;

/// A member and how it is put into the archive.
#[derive(Clone)]
pub struct Entry {
    /// Its name, with the ending.
    pub name: String,
    /// Its bytes in the archive.
    pub packed: Vec<u8>,
    /// What the directory promises.
    pub size: u64,
    /// 0 stored, 8 deflated.
    pub method: u16,
    /// Bit 0 is encryption.
    pub flags: u16,
    /// The check sum of the unpacked bytes.
    pub crc: u32,
    /// Whether the directory holds the sizes as zip64 does.
    pub is_long: bool,
}

impl Entry {
    /// A member as it is.
    pub fn stored(name: &str, bytes: &[u8]) -> Entry {
        let mut crc = Crc::new();
        crc.update(bytes);
        Entry {
            name: name.to_owned(),
            packed: bytes.to_vec(),
            size: bytes.len() as u64,
            method: 0,
            flags: 0,
            crc: crc.sum(),
            is_long: false,
        }
    }

    /// A member packed.
    pub fn deflated(name: &str, bytes: &[u8]) -> Entry {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).expect("memory takes all");
        let packed = encoder.finish().expect("memory takes all");
        Entry { packed, method: 8, ..Entry::stored(name, bytes) }
    }

    /// The fields that the local header and the directory share.
    fn common(&self, directory_sizes: bool) -> Vec<u8> {
        let short = |size: u64| if self.is_long && directory_sizes { u32::MAX } else { size as u32 };
        let extra_size: u16 = if self.is_long && directory_sizes { 20 } else { 0 };
        let mut bytes = Vec::new();
        bytes.extend(20_u16.to_le_bytes());
        bytes.extend(self.flags.to_le_bytes());
        bytes.extend(self.method.to_le_bytes());
        bytes.extend([0; 4]); // time and date
        bytes.extend(self.crc.to_le_bytes());
        bytes.extend(short(self.packed.len() as u64).to_le_bytes());
        bytes.extend(short(self.size).to_le_bytes());
        bytes.extend((self.name.len() as u16).to_le_bytes());
        bytes.extend(extra_size.to_le_bytes());
        bytes
    }
}

/// An archive of members.
pub fn zip(entries: &[Entry]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let header_at = archive.len() as u32;
        archive.extend(b"PK\x03\x04");
        archive.extend(entry.common(false));
        archive.extend(entry.name.as_bytes());
        archive.extend(&entry.packed);
        directory.extend(b"PK\x01\x02");
        directory.extend(20_u16.to_le_bytes());
        directory.extend(entry.common(true));
        directory.extend([0; 10]); // comment, disk, attributes
        directory.extend(header_at.to_le_bytes());
        directory.extend(entry.name.as_bytes());
        if entry.is_long {
            directory.extend([1, 0, 16, 0]);
            directory.extend(entry.size.to_le_bytes());
            directory.extend((entry.packed.len() as u64).to_le_bytes());
        }
    }
    let start = archive.len() as u32;
    let count = (entries.len() as u16).to_le_bytes();
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count, count].as_flattened());
    archive.extend((directory.len() as u32).to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0; 2]); // no comment
    archive
}

/// The archive with a zip64 end record in place of the sizes in the old one.
pub fn zip_with_long_end(entries: &[Entry]) -> Vec<u8> {
    let mut archive = zip(entries);
    let old_end = archive.split_off(archive.len() - 22);
    let field = |at: usize| {
        u64::from(u32::from_le_bytes([old_end[at], old_end[at + 1], old_end[at + 2], old_end[at + 3]]))
    };
    let (size, start) = (field(12), field(16));
    let record_at = archive.len() as u64;
    let count = (entries.len() as u64).to_le_bytes();
    archive.extend(b"PK\x06\x06");
    archive.extend(44_u64.to_le_bytes());
    archive.extend([45, 0, 45, 0]);
    archive.extend([0; 8]); // disks
    archive.extend([count, count].as_flattened());
    archive.extend(size.to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend(b"PK\x06\x07\0\0\0\0");
    archive.extend(record_at.to_le_bytes());
    archive.extend(1_u32.to_le_bytes());
    archive.extend(&old_end[..12]);
    archive.extend([0xff; 8]);
    archive.extend([0; 2]);
    archive
}
