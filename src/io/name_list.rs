//! Names read from files, charged as they come.

use crate::error::Result;
use crate::monitor::Budget;

/// A growing list of names.
pub struct NameList<'a> {
    names: Vec<String>,
    budget: &'a Budget,
}

impl<'a> NameList<'a> {
    /// An empty list.
    pub fn new(budget: &'a Budget) -> Self {
        Self { names: Vec::new(), budget }
    }

    /// Appends a name; bytes that are not UTF-8 show as a replacement character.
    /// # Errors
    /// [`crate::Error::Limit`] if the memory is not there.
    pub fn push(&mut self, name: &[u8]) -> Result<()> {
        self.budget.charge((name.len() + size_of::<String>()) as u64, "the names")?;
        self.names.push(String::from_utf8_lossy(name).into_owned());
        Ok(())
    }

    /// The names; their bytes stay charged.
    pub fn into_vec(self) -> Vec<String> {
        self.names
    }
}
