//! A line of delimited text cut into cells.

use std::borrow::Cow;

/// What stands between cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separator {
    /// One byte: comma, semicolon or tab; between two of them is an empty cell.
    Byte(u8),
    /// Any run of blanks and tabs; those at the ends of the line do not count.
    Blanks,
    /// Two colons.
    Colons,
}

/// A cell: the bytes without the blanks and quotes around them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell<'l> {
    /// The bytes, doubled quotes within quotes still doubled.
    pub raw: &'l [u8],
    /// Whether there were quotes.
    pub is_quoted: bool,
}

impl<'l> Cell<'l> {
    /// The text: a doubled quote within quotes is one.
    pub fn text(&self) -> Cow<'l, [u8]> {
        if !self.is_quoted || !self.raw.contains(&b'"') {
            return Cow::Borrowed(self.raw);
        }
        let mut text = Vec::with_capacity(self.raw.len());
        let mut after_quote = false;
        for &byte in self.raw {
            after_quote = byte == b'"' && !after_quote;
            if !after_quote {
                text.push(byte);
            }
        }
        Cow::Owned(text)
    }
}

/// The cells of a line, in order; a broken quote ends them with an error.
pub struct Cells<'l> {
    separator: Separator,
    /// What is left; `None` after the last cell.
    rest: Option<&'l [u8]>,
}

impl<'l> Cells<'l> {
    /// The cells of a line.
    pub fn of(line: &'l [u8], separator: Separator) -> Cells<'l> {
        let rest = match separator {
            Separator::Byte(_) | Separator::Colons => Some(line),
            Separator::Blanks => Some(line.trim_ascii()).filter(|line| !line.is_empty()),
        };
        Cells { separator, rest }
    }

    /// Where a separator begins in `text`.
    #[inline]
    fn separator_in(&self, text: &[u8]) -> Option<usize> {
        match self.separator {
            Separator::Byte(separator) => text.iter().position(|&byte| byte == separator),
            Separator::Blanks => text.iter().position(|&byte| byte == b' ' || byte == b'\t'),
            Separator::Colons => text.windows(2).position(|pair| pair == b"::"),
        }
    }

    /// What follows the separator at `at`.
    #[inline]
    fn after(&self, text: &'l [u8], at: usize) -> &'l [u8] {
        match self.separator {
            Separator::Byte(_) => &text[at + 1..],
            Separator::Blanks => text[at..].trim_ascii_start(),
            Separator::Colons => &text[at + 2..],
        }
    }

    /// A cell in quotes, which `text` begins with.
    fn quoted(&mut self, text: &'l [u8]) -> Result<Cell<'l>, String> {
        let mut end = 1;
        loop {
            match text[end..].iter().position(|&byte| byte == b'"') {
                None => return Err("a quote is opened and not closed on this line; close it".into()),
                Some(at) if text.get(end + at + 1) == Some(&b'"') => end += at + 2,
                Some(at) => {
                    end += at;
                    break;
                }
            }
        }
        let cell = Cell { raw: &text[1..end], is_quoted: true };
        let behind = &text[end + 1..];
        let gap = self.separator_in(behind).unwrap_or(behind.len());
        if !behind[..gap].trim_ascii().is_empty() {
            return Err("text follows a closing quote; double the quotes that belong to a name".into());
        }
        self.rest = (gap < behind.len()).then(|| self.after(behind, gap));
        Ok(cell)
    }
}

impl<'l> Iterator for Cells<'l> {
    type Item = Result<Cell<'l>, String>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.take()?;
        let trimmed = text.trim_ascii_start();
        if trimmed.first() == Some(&b'"') && self.separator_in(&text[..text.len() - trimmed.len()]).is_none()
        {
            return Some(self.quoted(trimmed));
        }
        let end = self.separator_in(text);
        self.rest = end.map(|at| self.after(text, at));
        let raw = text[..end.unwrap_or(text.len())].trim_ascii();
        Some(Ok(Cell { raw, is_quoted: false }))
    }
}
