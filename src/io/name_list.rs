//! Names read from files, charged as they come.

use crate::error::Result;
use crate::monitor::Budget;

/// A growing list of names. Dropped, it gives its bytes back; turned into a `Vec`, they stay charged to
/// whoever holds that.
pub struct NameList<'a> {
    names: Vec<String>,
    charged: u64,
    budget: &'a Budget,
}

impl<'a> NameList<'a> {
    /// An empty list.
    pub fn new(budget: &'a Budget) -> Self {
        Self { names: Vec::new(), charged: 0, budget }
    }

    /// Appends a name; bytes that are not UTF-8 show as a replacement character.
    /// # Errors
    /// [`crate::Error::Limit`] if the memory is not there.
    pub fn push(&mut self, name: &[u8]) -> Result<()> {
        let bytes = (name.len() + size_of::<String>()) as u64;
        self.budget.charge(bytes, "the names")?;
        self.charged += bytes;
        self.names.push(String::from_utf8_lossy(name).into_owned());
        Ok(())
    }

    /// Removes the first name, which was a header.
    pub fn remove_first(&mut self) {
        self.names.remove(0);
    }

    /// Number of names.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Bytes that are charged.
    pub fn bytes(&self) -> u64 {
        self.charged
    }

    /// The names; their bytes stay charged.
    pub fn into_vec(mut self) -> Vec<String> {
        self.charged = 0;
        std::mem::take(&mut self.names)
    }
}

impl Drop for NameList<'_> {
    fn drop(&mut self) {
        self.budget.release(self.charged);
    }
}
