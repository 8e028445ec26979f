//! Step 1: how many archetypes there are.
//!
//! k goes up from the intrinsic dimension in steps of 2, ten numbers at most, until the explained variance 1 - |X - W H|^2 / |X|^2 gains
//! less than `gain`; the last k that gained enough is taken. Of noisy components that would never end: k archetypes span k - 1 of p
//! directions, and each further one takes up another, whatever is in it. So the gain of two must also be more than 1.5 times what two of
//! the p - k + 1 directions that are left hold on average.

use super::{Params, Prepared};
use crate::error::{Error, Result};
use crate::linalg::Features;
use crate::models::factorization::archetype::{self, Archetype};
use crate::models::{Data, fit};
use crate::monitor::{Env, Silent};
use crate::solve::intrinsic_dimension::fisher_separability;

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
    let least = dimension.map_or(1, |n| (n as usize).max(1)).min(n_spots);
    let mut tried: Vec<(usize, f64, f64)> = Vec::new();
    let mut best: Option<Archetype> = None;
    let mut why = format!("the last of {MOST_TRIED} numbers, each of which explained more than those before");
    for k in (least..=n_spots).step_by(2).take(MOST_TRIED) {
        let (fitted, objective) = try_with(k)?;
        let explained = 1.0 - objective / total;
        let gained = tried.last().map_or(f64::INFINITY, |(_, _, before)| explained - before);
        let noise = tried.last().map_or(0.0, |&(k, _, before)| {
            let left = (prepared.scores.n_cols() + 1).saturating_sub(k).max(2);
            2.0 * (1.0 - before) / left as f64
        });
        tried.push((k, objective, explained));
        if gained < params.gain.max(BEYOND_NOISE * noise) {
            why = format!(
                "{k} would explain {:.4} more, and two directions of what is left hold {noise:.4} on average",
                gained.max(0.0)
            );
            let taken = tried.len() - 2;
            let fitted = best.ok_or_else(|| Error::numerical("archetypes", "no number of them was fitted"))?;
            return Ok(Chosen { dimension, tried, taken, why, fitted });
        }
        best = Some(fitted);
    }
    let fitted = best.ok_or_else(|| Error::numerical("archetypes", "no number of them was fitted"))?;
    let taken = tried.len() - 1;
    if tried[taken].0 + 2 > n_spots {
        why = "as many as there are spots".into();
    }
    Ok(Chosen { dimension, tried, taken, why, fitted })
}
