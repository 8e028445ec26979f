//! Step 1: how many archetypes there are.
//!
//! The intrinsic dimension, cut to a whole number, is where the search begins; from there k goes up in steps of 2, ten numbers at most,
//! while the explained variance 1 - |X - W H|^2 / |X|^2 gains `gain` or more. Of noisy components that would never end: k archetypes
//! span k - 1 of p directions, and each further one takes up another, whatever is in it. So the gain of two must also be 1.5 times
//! what two of the p - k + 1 directions that are left hold on average; and for the same reason, since the dimension counts directions of
//! noise too, k goes down from it where the last two gained no more than that.

use super::{Params, Prepared};
use crate::error::{Error, Result};
use crate::linalg::Features;
use crate::models::factorization::archetype::{self, Archetype};
use crate::models::{Data, fit};
use crate::monitor::{Env, Silent};
use crate::solve::intrinsic_dimension::fisher_separability;
use std::collections::BTreeMap;

/// Numbers that are tried at most.
const MOST_TRIED: usize = 10;

/// How much more than directions of noise two more archetypes must explain.
const BEYOND_NOISE: f64 = 1.5;

/// The number of archetypes, and why.
pub struct Chosen {
    /// The intrinsic dimension, where it was asked for and there is one.
    pub dimension: Option<f64>,
    /// What was tried: k, the least objective, and the explained variance.
    pub tried: Vec<(usize, f64, f64)>,
    /// Which of these was taken.
    pub taken: usize,
    /// Why, in a sentence.
    pub why: String,
    /// The archetypes.
    pub fitted: Archetype,
}

impl Chosen {
    /// |X - W H|^2 of the archetypes taken.
    pub fn objective(&self) -> f64 {
        self.tried[self.taken].1
    }

    /// Their explained variance.
    pub fn explained(&self) -> f64 {
        self.tried[self.taken].2
    }
}

/// Tries numbers of archetypes, or takes the one that was given.
/// # Errors
/// More archetypes than spots; what the fit raises.
pub fn choose(prepared: &Prepared, params: &Params, env: &Env) -> Result<Chosen> {
    let x = Features::F64(prepared.scores.clone());
    let total = x.squared_norm();
    let n_spots = prepared.n_spots();
    let try_with = |n_components: usize| -> Result<(Archetype, f64)> {
        let settings =
            archetype::Params { n_components, n_init: 16, n_moves: 48, ..archetype::Params::default() };
        let (fitted, history) = fit(&settings, &Data::rows(&x), None, env, &mut Silent)?;
        Ok((fitted, history.last_objective().unwrap_or(total)))
    };
    if params.n_archetypes > 0 {
        if params.n_archetypes > n_spots {
            let why = format!("{} archetypes of {n_spots} spots; give fewer", params.n_archetypes);
            return Err(Error::parameter("n_archetypes", why));
        }
        let (fitted, objective) = try_with(params.n_archetypes)?;
        let tried = vec![(params.n_archetypes, objective, 1.0 - objective / total)];
        return Ok(Chosen { dimension: None, tried, taken: 0, why: "as asked for".into(), fitted });
    }
    let dimension = fisher_separability(&prepared.scores)?;
    let first = dimension.map_or(1, |n| (n as usize).max(1)).min(n_spots);
    let mut search =
        Search { prepared, gain: params.gain, fits: BTreeMap::new(), try_with: &try_with, total };
    search.fit(first)?;
    let mut k = first;
    // Down, where the last two were not worth it.
    while k > 2 && !search.earns(k - 2)? {
        k -= 2;
    }
    if k == first {
        // Up, while two more are.
        while k + 2 <= n_spots && search.fits.len() <= MOST_TRIED && search.earns(k)? {
            k += 2;
        }
    }
    let why = search.why(k);
    let tried: Vec<(usize, f64, f64)> =
        search.fits.iter().map(|(&k, (_, objective))| (k, *objective, 1.0 - objective / total)).collect();
    let taken = tried.iter().position(|tried| tried.0 == k).unwrap_or(0);
    let fitted = search.fits.remove(&k).map(|(fitted, _)| fitted);
    let fitted = fitted.ok_or_else(|| Error::numerical("archetypes", "no number of them was fitted"))?;
    Ok(Chosen { dimension, tried, taken, why, fitted })
}

/// Numbers that were tried.
struct Search<'a> {
    prepared: &'a Prepared,
    gain: f64,
    fits: BTreeMap<usize, (Archetype, f64)>,
    try_with: &'a dyn Fn(usize) -> Result<(Archetype, f64)>,
    total: f64,
}

impl Search<'_> {
    /// The explained variance of `k` archetypes.
    fn fit(&mut self, k: usize) -> Result<f64> {
        if !self.fits.contains_key(&k) {
            self.fits.insert(k, (self.try_with)(k)?);
        }
        Ok(1.0 - self.fits[&k].1 / self.total)
    }

    /// Whether two more than `k` are worth it.
    fn earns(&mut self, k: usize) -> Result<bool> {
        let (before, after) = (self.fit(k)?, self.fit(k + 2)?);
        Ok(after - before >= self.gain.max(BEYOND_NOISE * self.noise(k, before)))
    }

    /// What two directions hold on average of those that k archetypes leave.
    fn noise(&self, k: usize, explained: f64) -> f64 {
        let left = (self.prepared.scores.n_cols() + 1).saturating_sub(k).max(2);
        2.0 * (1.0 - explained) / left as f64
    }

    /// Why `k` are taken.
    fn why(&self, k: usize) -> String {
        let explained = |k: usize| self.fits.get(&k).map(|fit| 1.0 - fit.1 / self.total);
        match (explained(k), explained(k + 2)) {
            (Some(now), Some(then)) => format!(
                "two more would explain {:.4} of the variance, and two directions of what is left hold {:.4} on average",
                (then - now).max(0.0),
                self.noise(k, now)
            ),
            _ => "more were not tried".into(),
        }
    }
}
