//! An open file as every reader takes it: decompressed, counted, in bounded memory.
//!
//! [`Input`] opens a path or `-` (standard input), sees by the first bytes whether it is gzip and unpacks it
//! (all members), and hands out lines or bytes. It holds one buffer; a line longer than the buffer makes it
//! grow, charged to the budget and only up to [`MAX_LINE`], so that an endless line is an error and not a
//! full memory. What a zip bomb unpacks to is never held here: whoever keeps data charges it.

use super::charged::Charged;
use crate::error::{Error, Result};
use crate::monitor::Budget;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The longest line that is read, in bytes.
pub const MAX_LINE: usize = 64 << 20;

/// The buffer's first size: what [`Input::peek`] can always look at.
const BUFFER: usize = 64 << 10;

/// The first two bytes of gzip.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The mark some editors put before UTF-8 text.
pub const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A source of bytes with a name, a place and a budget.
pub struct Input<'a> {
    path: PathBuf,
    source: Box<dyn Read + 'a>,
    is_gzip: bool,
    is_file: bool,
    buffer: Charged<'a, u8>,
    budget: &'a Budget,
    /// The unread bytes are `buffer[start..end]`.
    start: usize,
    end: usize,
    /// Bytes read from the source so far, unpacked.
    received: u64,
    line: u64,
}

impl<'a> Input<'a> {
    /// Opens a file, or standard input for `-`.
    /// # Errors
    /// [`Error::Io`] if the system refuses, [`Error::Parse`] if the first bytes are broken gzip.
    pub fn open(path: &Path, budget: &'a Budget) -> Result<Input<'a>> {
        if path == Path::new("-") {
            return Input::over(path, std::io::stdin().lock(), budget);
        }
        let file = File::open(path).map_err(|source| Error::io(path, source))?;
        let is_regular = file.metadata().is_ok_and(|metadata| metadata.is_file());
        let input = Input::over(path, file, budget)?;
        Ok(Input { is_file: is_regular && !input.is_gzip, ..input })
    }

    /// Reads from any source; `path` is its name in errors.
    /// # Errors
    /// As [`Input::open`].
    pub fn over(path: &Path, source: impl Read + 'a, budget: &'a Budget) -> Result<Input<'a>> {
        let mut source = BufReader::with_capacity(BUFFER, source);
        let mut magic = Vec::with_capacity(2);
        let head = source.by_ref().take(2).read_to_end(&mut magic);
        head.map_err(|error| source_error(path, false, 0, error))?;
        let is_gzip = magic == GZIP_MAGIC;
        let whole = std::io::Cursor::new(magic).chain(source);
        let source: Box<dyn Read + 'a> =
            if is_gzip { Box::new(MultiGzDecoder::new(BufReader::new(whole))) } else { Box::new(whole) };
        Ok(Input {
            path: path.to_path_buf(),
            source,
            is_gzip,
            is_file: false,
            buffer: Charged::filled(budget, "the reading buffer", BUFFER, 0)?,
            budget,
            start: 0,
            end: 0,
            received: 0,
            line: 0,
        })
    }

    /// The file's name, `-` for standard input.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where memory is charged.
    pub fn budget(&self) -> &'a Budget {
        self.budget
    }

    /// Whether the file is compressed.
    pub fn is_gzip(&self) -> bool {
        self.is_gzip
    }

    /// Whether the bytes are those of the file at [`Input::path`] as they are, so that it may be opened again
    /// by readers that go back and forth: no pipe, nothing unpacked.
    pub fn is_file(&self) -> bool {
        self.is_file
    }

    /// The number of the line read last, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Unpacked bytes handed out so far.
    pub fn position(&self) -> u64 {
        self.received - (self.end - self.start) as u64
    }

    /// An error of the whole file.
    pub fn fail(&self, why: impl Into<String>) -> Error {
        Error::parse(&self.path, why)
    }

    /// An error at the line read last.
    pub fn fail_line(&self, why: impl Into<String>) -> Error {
        Error::parse_line(&self.path, self.line, why)
    }

    /// The next bytes without taking them: up to `n`, fewer only where the file ends.
    /// # Errors
    /// [`Error::Io`], or [`Error::Parse`] for broken gzip.
    /// # Panics
    /// If `n` is above 64 KiB.
    pub fn peek(&mut self, n: usize) -> Result<&[u8]> {
        assert!(n <= BUFFER, "a peek of at most {BUFFER} bytes");
        while self.end - self.start < n && self.receive()? {}
        Ok(&self.buffer.as_slice()[self.start..self.end.min(self.start + n)])
    }

    /// The next line without its end (`\n` or `\r\n`), or `None` at the end of the file. A byte-order mark
    /// before the first line is dropped.
    /// # Errors
    /// [`Error::Parse`] for a line above [`MAX_LINE`] or broken gzip, [`Error::Limit`] if a long line does
    /// not fit the budget, [`Error::Io`].
    #[inline]
    pub fn next_line(&mut self) -> Result<Option<&[u8]>> {
        self.next_line_where(|_| true)
    }

    /// The next line that `is_wanted`; the others are skipped (and counted).
    /// # Errors
    /// As [`Input::next_line`].
    #[inline]
    pub fn next_line_where(&mut self, is_wanted: impl Fn(&[u8]) -> bool) -> Result<Option<&[u8]>> {
        while let Some(place) = self.take_line()? {
            if is_wanted(&self.buffer.as_slice()[place.clone()]) {
                return Ok(Some(&self.buffer.as_slice()[place]));
            }
        }
        Ok(None)
    }

    /// Gives every line that is left and `is_wanted` to `each`, with its number.
    /// # Errors
    /// As [`Input::next_line`], and those of `each`.
    #[inline]
    pub fn for_each_line_where(
        &mut self,
        is_wanted: impl Fn(&[u8]) -> bool,
        mut each: impl FnMut(u64, &[u8]) -> Result<()>,
    ) -> Result<()> {
        while let Some(place) = self.take_line()? {
            let text = &self.buffer.as_slice()[place];
            if is_wanted(text) {
                each(self.line, text)?;
            }
        }
        Ok(())
    }

    /// A copy of the next line that `is_wanted`, to be looked at again.
    /// # Errors
    /// As [`Input::next_line`].
    pub fn hold_line_where(&mut self, is_wanted: impl Fn(&[u8]) -> bool) -> Result<Option<HeldLine<'a>>> {
        let mut text = Charged::new(self.budget, "a long line");
        let Some(line) = self.next_line_where(is_wanted)? else {
            return Ok(None);
        };
        text.extend_from_slice(line)?;
        Ok(Some(HeldLine { line: self.line, text }))
    }

    /// Takes a line and says where in the buffer it is.
    fn take_line(&mut self) -> Result<Option<Range<usize>>> {
        let mut searched = 0;
        let (length, taken) = loop {
            let unread = &self.buffer.as_slice()[self.start..self.end];
            if let Some(at) = unread[searched..].iter().position(|&byte| byte == b'\n') {
                break (searched + at, searched + at + 1);
            }
            searched = unread.len();
            if searched >= MAX_LINE {
                let why = format!("the line is longer than {} MiB; is this text?", MAX_LINE >> 20);
                return Err(Error::parse_line(&self.path, self.line + 1, why));
            }
            if !self.receive()? {
                if searched == 0 {
                    return Ok(None);
                }
                break (searched, searched);
            }
        };
        self.line += 1;
        let mut place = self.start..self.start + length;
        self.start += taken;
        let line = &self.buffer.as_slice()[place.clone()];
        if line.ends_with(b"\r") {
            place.end -= 1;
        }
        if self.line == 1 && line.starts_with(BYTE_ORDER_MARK) {
            place.start += BYTE_ORDER_MARK.len();
        }
        Ok(Some(place))
    }

    /// Up to `bytes.len()` next bytes; 0 only at the end of the file.
    /// # Errors
    /// [`Error::Io`], or [`Error::Parse`] for broken gzip.
    pub fn read_some(&mut self, bytes: &mut [u8]) -> Result<usize> {
        if self.start == self.end && !self.receive()? {
            return Ok(0);
        }
        let unread = &self.buffer.as_slice()[self.start..self.end];
        let n = unread.len().min(bytes.len());
        bytes[..n].copy_from_slice(&unread[..n]);
        self.start += n;
        Ok(n)
    }

    /// Exactly the next `bytes.len()` bytes; `what` names them where the file ends before.
    /// # Errors
    /// [`Error::Parse`] if the file ends before, or for broken gzip; [`Error::Io`].
    pub fn read_exact(&mut self, bytes: &mut [u8], what: &str) -> Result<()> {
        let mut n_read = 0;
        while n_read < bytes.len() {
            match self.read_some(&mut bytes[n_read..])? {
                0 => {
                    let at = self.position();
                    return Err(
                        self.fail(format!("the file ends at byte {at}, within {what}; is it cut off?"))
                    );
                }
                n => n_read += n,
            }
        }
        Ok(())
    }

    /// All bytes that are left, charged as they come; `what` names them where memory runs out.
    /// # Errors
    /// [`Error::Limit`] if they do not fit the budget, [`Error::Parse`] for broken gzip, [`Error::Io`].
    pub fn read_rest(&mut self, what: &'static str) -> Result<Charged<'a, u8>> {
        let mut rest = Charged::new(self.budget, what);
        while self.start < self.end || self.receive()? {
            rest.extend_from_slice(&self.buffer.as_slice()[self.start..self.end])?;
            self.start = self.end;
        }
        Ok(rest)
    }

    /// Reads more into the buffer behind what is unread, making room first; false at the end of the file.
    fn receive(&mut self) -> Result<bool> {
        if self.start > 0 {
            self.buffer.as_mut_slice().copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            let longer = (2 * self.buffer.len()).min(MAX_LINE + 1);
            let mut buffer = Charged::filled(self.budget, "a long line", longer, 0)?;
            buffer.as_mut_slice()[..self.end].copy_from_slice(self.buffer.as_slice());
            self.buffer = buffer;
        }
        let room = &mut self.buffer.as_mut_slice()[self.end..];
        let n = loop {
            match self.source.read(room) {
                Ok(n) => break n,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(source_error(&self.path, self.is_gzip, self.received, error)),
            }
        };
        self.end += n;
        self.received += n as u64;
        Ok(n > 0)
    }
}

/// The system's errors carry its code; those of decompressors (gzip here, deflate below a zip archive) do not.
fn source_error(path: &Path, is_gzip: bool, received: u64, error: std::io::Error) -> Error {
    if error.raw_os_error().is_some() {
        return Error::io(path, error);
    }
    let data = if is_gzip { "gzip" } else { "packed" };
    let reason = match error.kind() {
        ErrorKind::UnexpectedEof => format!("the {data} data is cut off"),
        _ => format!("the {data} data is broken ({error})"),
    };
    Error::parse(path, format!("{reason} after {received} unpacked bytes; fetch the file again"))
}

/// A line kept aside.
pub struct HeldLine<'a> {
    line: u64,
    text: Charged<'a, u8>,
}

impl HeldLine<'_> {
    /// Its number, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Its bytes.
    pub fn text(&self) -> &[u8] {
        self.text.as_slice()
    }
}
