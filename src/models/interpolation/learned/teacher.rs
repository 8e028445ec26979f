//! What optical flow finds between the frames of a clip: flows for a network's own to be taught by, as pseudo labels teach
//! those of IFRNet (Kong et al. 2022).

use super::Footage;
use crate::error::Result;
use crate::models::interpolation::{Flow, Quality, flows_between};
use crate::monitor::Env;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Flows between pairs of frames, each found when it is first asked for and kept.
#[derive(Default)]
pub struct Teacher {
    pairs: BTreeMap<[usize; 2], [Flow; 2]>,
}

impl Teacher {
    /// Charges what the flows between `n_pairs` pairs of frames take.
    /// # Errors
    /// [`crate::Error::Limit`]
    pub fn charge(footage: &Footage, n_pairs: usize, env: &Env) -> Result<()> {
        let bytes = 16 * (footage.height * footage.width) as u64;
        env.budget.charge(bytes * n_pairs as u64, "flows between frames of the clip to be taught by")
    }

    /// The flows from a frame to another and back, none where they are the same.
    /// # Errors
    /// [`crate::Error::Limit`]
    pub fn between(
        &mut self,
        footage: &Footage,
        [first, second]: [usize; 2],
        env: &Env,
    ) -> Result<Option<[&Flow; 2]>> {
        if first == second {
            return Ok(None);
        }
        let key = [first.min(second), first.max(second)];
        let [forward, backward] = match self.pairs.entry(key) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(place) => {
                let pair = [footage.frame(key[0])?, footage.frame(key[1])?];
                place.insert(flows_between(&pair[0], &pair[1], &Quality::Balanced.into(), env)?)
            }
        };
        Ok(Some(if first < second { [forward, backward] } else { [backward, forward] }))
    }
}
