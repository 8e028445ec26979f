//! Files whose lines list a few things: users and items, the ends of edges.

use super::cells::{Cell, Separator};

/// Whether a line holds something.
pub fn is_content(line: &[u8]) -> bool {
    !matches!(line.first(), Some(b'#' | b'%')) && !line.trim_ascii().is_empty()
}

/// What separates the cells of a line that lists a few things.
pub fn separator_of(line: &[u8]) -> Separator {
    if line.windows(2).any(|pair| pair == b"::") {
        return Separator::Colons;
    }
    let candidates = b"\t;,".iter().find(|byte| line.contains(byte));
    candidates.map_or(Separator::Blanks, |&byte| Separator::Byte(byte))
}

/// The first column of a header whose name begins with one of these.
pub fn named(header: &[Cell], beginnings: &[&str]) -> Option<usize> {
    header.iter().position(|cell| {
        let name = cell.raw.to_ascii_lowercase();
        beginnings.iter().any(|beginning| name.starts_with(beginning.as_bytes()))
    })
}
