//! A growing array that pays for its memory before it takes it.

use crate::error::{Error, Result};
use crate::monitor::Budget;

/// An array of values read from a file: every growth is charged to a [`Budget`] first. Dropped, it gives
/// its bytes back; turned into a `Vec`, the bytes stay charged to whoever holds that.
pub struct Charged<'a, T> {
    values: Vec<T>,
    budget: &'a Budget,
    what: &'static str,
}

/// Values the first growth makes room for.
const FIRST_CAPACITY: usize = 1024;

impl<'a, T: Copy> Charged<'a, T> {
    /// An empty array; `what` names it where memory runs out (`the values of the matrix`).
    pub fn new(budget: &'a Budget, what: &'static str) -> Self {
        Self { values: Vec::new(), budget, what }
    }

    /// An array of `n` equal values.
    /// # Errors
    /// [`Error::Limit`] if the memory is not there.
    pub fn filled(budget: &'a Budget, what: &'static str, n: usize, value: T) -> Result<Self> {
        let mut array = Self::new(budget, what);
        array.reserve_exactly(n)?;
        array.values.resize(n, value);
        Ok(array)
    }

    /// Makes room for `more` values beyond those there are, and for not one besides.
    /// # Errors
    /// [`Error::Limit`] if the memory is not there.
    pub fn reserve_exactly(&mut self, more: usize) -> Result<()> {
        let wanted = self.values.len().saturating_add(more);
        let held = self.values.capacity();
        if wanted <= held {
            return Ok(());
        }
        let size = size_of::<T>() as u64;
        self.budget.charge_array((wanted - held) as u64, size, self.what)?;
        let reserved = self.values.try_reserve_exact(more);
        // The allocator may round up: what is charged is what is held.
        let surplus = self.values.capacity().saturating_sub(wanted) as u64;
        if reserved.is_err() {
            self.budget.release((wanted - held) as u64 * size);
            return Err(self.refusal(wanted));
        }
        self.budget.charge_array(surplus, size, self.what)
    }

    /// Appends a value.
    /// # Errors
    /// [`Error::Limit`] if the memory for a growth is not there.
    #[inline]
    pub fn push(&mut self, value: T) -> Result<()> {
        if self.values.len() == self.values.capacity() {
            self.grow(1)?;
        }
        self.values.push(value);
        Ok(())
    }

    /// Appends values.
    /// # Errors
    /// [`Error::Limit`] if the memory for a growth is not there.
    pub fn extend_from_slice(&mut self, values: &[T]) -> Result<()> {
        if self.values.capacity() - self.values.len() < values.len() {
            self.grow(values.len())?;
        }
        self.values.extend_from_slice(values);
        Ok(())
    }

    /// Fills up to `n` values, or keeps the first `n`.
    /// # Errors
    /// [`Error::Limit`] if the memory for a growth is not there.
    pub fn resize(&mut self, n: usize, value: T) -> Result<()> {
        if n > self.values.capacity() {
            self.grow(n - self.values.len())?;
        }
        self.values.resize(n, value);
        Ok(())
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The values.
    pub fn as_slice(&self) -> &[T] {
        &self.values
    }

    /// The values.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// Keeps the first `n` values.
    pub fn truncate(&mut self, n: usize) {
        self.values.truncate(n);
    }

    /// The values, without slack; their bytes stay charged.
    pub fn into_vec(mut self) -> Vec<T> {
        let before = self.values.capacity();
        self.values.shrink_to_fit();
        self.budget.release(((before - self.values.capacity()) * size_of::<T>()) as u64);
        std::mem::take(&mut self.values)
    }

    /// Grows by half, or by what is needed if that is more; by less where only less is left.
    #[cold]
    fn grow(&mut self, needed: usize) -> Result<()> {
        let generous = (self.values.capacity() / 2).max(FIRST_CAPACITY).max(needed);
        match self.reserve_exactly(generous) {
            Err(_) if generous > needed => self.reserve_exactly(needed),
            result => result,
        }
    }

    /// The error of an allocator that says no although the budget would allow it.
    fn refusal(&self, wanted: usize) -> Error {
        Error::Limit {
            why: format!(
                "{} need room for {wanted} values, more than this machine gives; give less data",
                self.what
            ),
        }
    }
}

impl<T> Drop for Charged<'_, T> {
    fn drop(&mut self) {
        self.budget.release((self.values.capacity() * size_of::<T>()) as u64);
    }
}
