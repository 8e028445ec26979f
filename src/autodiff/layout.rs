//! Where matrices lie that share memory as far as their lifetimes allow.

use super::padded;
use std::ops::Range;

/// A matrix: its elements, the operation that makes it and the last one that reads it.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    pub len: usize,
    pub born: usize,
    pub dies: usize,
}

/// Places of matrices, in the order of their births, such that they share memory only where no lifetimes meet, and the
/// end of the last: first fit.
pub fn first_fit(lives: impl Iterator<Item = Life>) -> (Vec<Range<usize>>, usize) {
    let mut alive: Vec<(Range<usize>, usize)> = Vec::new();
    let mut end = 0;
    let places = lives.map(|Life { len, born, dies }| {
        alive.retain(|(_, last)| *last >= born);
        let mut start = 0;
        for (place, _) in &alive {
            if start + len <= place.start {
                break;
            }
            start = start.max(padded(place.end));
        }
        let place = start..padded(start + len);
        end = end.max(place.end);
        let at = alive.partition_point(|(other, _)| other.start < start);
        alive.insert(at, (place, dies));
        start..start + len
    });
    (places.collect(), end)
}
