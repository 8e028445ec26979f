//! Names that come again and again, each kept once: users, items, nodes, words.
//!
//! A name's number is the order of its first appearance. The bytes stand one behind the other; an open table
//! of numbers with linear probing finds them, half full at most. Its hash is keyed anew in every process, so
//! that no file can be made to collide; numbers do not depend on it.

use super::charged::Charged;
use super::name_list::NameList;
use super::number::parse_unsigned;
use crate::error::{Error, Result};
use crate::monitor::Budget;
use std::hash::{BuildHasher, RandomState};

/// A set of names with numbers from 0.
pub struct Interned<'a> {
    bytes: Charged<'a, u8>,
    /// Name `k` is `bytes[ends[k]..ends[k + 1]]`.
    ends: Charged<'a, usize>,
    /// A name's number plus 1; 0 is a free place. A power of two, or none yet.
    table: Charged<'a, u32>,
    state: RandomState,
    budget: &'a Budget,
    what: &'static str,
}

/// Places of the first table.
const FIRST_PLACES: usize = 256;

impl<'a> Interned<'a> {
    /// No names; `what` says what they are where memory runs out (`the words`).
    pub fn new(budget: &'a Budget, what: &'static str) -> Interned<'a> {
        Interned {
            bytes: Charged::new(budget, what),
            ends: Charged::new(budget, what),
            table: Charged::new(budget, what),
            state: RandomState::new(),
            budget,
            what,
        }
    }

    /// These names in this order; of equal ones the first counts.
    /// # Errors
    /// [`Error::Limit`].
    pub fn of(names: &[String], budget: &'a Budget, what: &'static str) -> Result<Interned<'a>> {
        let mut interned = Interned::new(budget, what);
        for name in names {
            if interned.find(name.as_bytes()).is_some() {
                interned.push(name.as_bytes())?; // keeps its number, and is not found
            } else {
                interned.intern(name.as_bytes())?;
            }
        }
        Ok(interned)
    }

    /// Where memory is charged.
    pub fn budget(&self) -> &'a Budget {
        self.budget
    }

    /// Number of names.
    pub fn len(&self) -> usize {
        self.ends.len().saturating_sub(1)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of a number.
    /// # Panics
    /// If there is none.
    pub fn name(&self, number: u32) -> &[u8] {
        let ends = self.ends.as_slice();
        &self.bytes.as_slice()[ends[number as usize]..ends[number as usize + 1]]
    }

    /// The number of a name that is known.
    #[inline]
    pub fn find(&self, name: &[u8]) -> Option<u32> {
        if self.table.is_empty() {
            return None;
        }
        self.place_of(name).ok()
    }

    /// The number of a name, which is kept if it is new.
    /// # Errors
    /// [`Error::Limit`].
    #[inline]
    pub fn intern(&mut self, name: &[u8]) -> Result<u32> {
        if 2 * self.len() >= self.table.len() {
            self.enlarge()?;
        }
        match self.place_of(name) {
            Ok(number) => Ok(number),
            Err(place) => {
                let number = self.push(name)?;
                self.table.as_mut_slice()[place] = number + 1;
                Ok(number)
            }
        }
    }

    /// The number of a name, or the free place where it belongs. The table is neither empty nor full.
    #[inline]
    fn place_of(&self, name: &[u8]) -> std::result::Result<u32, usize> {
        let table = self.table.as_slice();
        let last = table.len() - 1;
        let mut place = self.state.hash_one(name) as usize & last;
        loop {
            match table[place] {
                0 => return Err(place),
                taken if self.name(taken - 1) == name => return Ok(taken - 1),
                _ => place = (place + 1) & last,
            }
        }
    }

    /// Keeps a name under the next number.
    fn push(&mut self, name: &[u8]) -> Result<u32> {
        let number = self.len();
        if number >= u32::MAX as usize - 1 {
            let why = format!("{} are more than 2^32; give less data", self.what);
            return Err(Error::Limit { why });
        }
        if self.ends.is_empty() {
            self.ends.push(0)?;
        }
        self.bytes.extend_from_slice(name)?;
        self.ends.push(self.bytes.len())?;
        Ok(number as u32)
    }

    /// Doubles the table.
    #[cold]
    fn enlarge(&mut self) -> Result<()> {
        let n_places = (2 * self.table.len()).max(FIRST_PLACES);
        let mut larger = Charged::filled(self.budget, self.what, n_places, 0_u32)?;
        let places = larger.as_mut_slice();
        for &number in self.table.as_slice().iter().filter(|&&number| number > 0) {
            let mut place = self.state.hash_one(self.name(number - 1)) as usize & (n_places - 1);
            while places[place] != 0 {
                place = (place + 1) & (n_places - 1);
            }
            places[place] = number;
        }
        self.table = larger;
        Ok(())
    }

    /// The numbers in the order of their names: as numbers where all are whole ones, else by their bytes.
    /// # Errors
    /// [`Error::Limit`].
    pub fn in_order(&self) -> Result<Charged<'a, u32>> {
        let mut order = Charged::new(self.budget, self.what);
        order.reserve_exactly(self.len())?;
        (0..self.len() as u32).try_for_each(|number| order.push(number))?;
        let value = |number: u32| parse_unsigned(self.name(number));
        let are_counts = order.as_slice().iter().all(|&number| value(number).is_some());
        let key = |number: u32| if are_counts { value(number) } else { None };
        order.as_mut_slice().sort_unstable_by(|&a, &b| {
            key(a).cmp(&key(b)).then_with(|| self.name(a).cmp(self.name(b))).then(a.cmp(&b))
        });
        Ok(order)
    }

    /// The names of these numbers; their bytes stay charged.
    /// # Errors
    /// [`Error::Limit`].
    pub fn names_of(&self, numbers: &[u32]) -> Result<Vec<String>> {
        let mut names = NameList::new(self.budget);
        numbers.iter().try_for_each(|&number| names.push(self.name(number)))?;
        Ok(names.into_vec())
    }
}

/// The place of every number in an order of them all.
/// # Errors
/// [`Error::Limit`].
pub fn ranks<'a>(order: &[u32], budget: &'a Budget, what: &'static str) -> Result<Charged<'a, u32>> {
    let mut ranks = Charged::filled(budget, what, order.len(), 0_u32)?;
    for (rank, &number) in order.iter().enumerate() {
        ranks.as_mut_slice()[number as usize] = rank as u32;
    }
    Ok(ranks)
}
