//! Small tables of text: cells by name and nothing converted, for what stands beside data, such as places, classes and signatures.

use super::cells::{Cells, Separator};
use super::input::Input;
use crate::error::{Error, Result};
use crate::monitor::Budget;
use std::path::{Path, PathBuf};

/// What the budget is told.
const WHAT: &str = "a table of text";

/// A table of text.
#[derive(Clone, Debug, PartialEq)]
pub struct TextTable {
    /// The file.
    pub path: PathBuf,
    /// The number of each line, from 1, and its cells.
    pub lines: Vec<(u64, Vec<String>)>,
}

impl TextTable {
    /// The lines that hold anything, cut at tabs, else at commas, else at semicolons: the first of these that the first line has; a
    /// line without any is one cell.
    /// # Errors
    /// [`Error::Parse`] for broken quotes or an empty file, [`Error::Limit`], [`Error::Io`].
    pub fn read(path: &Path, budget: &Budget) -> Result<TextTable> {
        TextTable::read_from(&mut Input::open(path, budget)?)
    }

    /// [`TextTable::read`] from what is already open.
    /// # Errors
    /// As there.
    pub fn read_from(input: &mut Input) -> Result<TextTable> {
        let budget = input.budget();
        let mut lines = Vec::new();
        let mut separator = None;
        let path = input.path().to_path_buf();
        input.for_each_line_where(
            |line| !line.trim_ascii().is_empty(),
            |number, line| {
                let separator = *separator.get_or_insert_with(|| separator_of(line));
                let mut cells = Vec::new();
                for cell in Cells::of(line, separator) {
                    let cell = cell.map_err(|why| Error::parse_line(&path, number, why))?;
                    // A broken byte becomes three; lists grow to twice what they hold.
                    budget.charge((3 * cell.raw.len() + 2 * size_of::<String>()) as u64, WHAT)?;
                    cells.push(String::from_utf8_lossy(&cell.text()).into_owned());
                }
                budget.charge(2 * size_of::<(u64, Vec<String>)>() as u64, WHAT)?;
                lines.push((number, cells));
                Ok(())
            },
        )?;
        if lines.is_empty() {
            return Err(Error::parse(&path, "the file is empty; give a table"));
        }
        Ok(TextTable { path, lines })
    }

    /// An error at one of its lines.
    pub fn fail(&self, line: u64, why: impl Into<String>) -> Error {
        Error::parse_line(&self.path, line, why)
    }

    /// The most cells of a line.
    pub fn n_cols(&self) -> usize {
        self.lines.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0)
    }
}

fn separator_of(line: &[u8]) -> Separator {
    let found = [b'\t', b',', b';'].into_iter().find(|byte| line.contains(byte));
    // No line has a line break within it: the whole is one cell.
    Separator::Byte(found.unwrap_or(b'\n'))
}
