//! What a running fit tells and is told: progress out; seed, memory and the wish to stop in.

use crate::error::{Error, Result};
use crate::tensors::Tensors;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Where a fit stands after a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Steps taken so far: 1 after the first. As before where a step was cut short by an interruption.
    pub iteration: u64,
    /// The most steps there will be.
    pub max_iterations: u64,
    /// The value of what is minimised (a loss) or maximised (a likelihood); NaN is an error.
    pub objective: f64,
    /// The stopping rule is met.
    pub converged: bool,
    /// Somebody asked to stop: the fit takes no further step.
    pub interrupted: bool,
    /// Further figures of this step under their plain names (`rmse`, `violation`).
    pub metrics: Vec<(&'static str, f64)>,
}

impl Progress {
    /// Whether this is the last step: nothing is left to do, or somebody asked to stop.
    pub fn is_last(&self) -> bool {
        self.converged || self.iteration >= self.max_iterations || self.interrupted
    }
}

/// What a monitor answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Go on.
    Go,
    /// Stop after this step; the fit returns what it has.
    Stop,
}

/// Watches a fit. The command line's owns the clock, the progress bar and the checkpoints; the models
/// know nothing of them.
pub trait Monitor {
    /// Called after every step; `state` is everything a resume needs.
    /// # Errors
    /// Ends the fit: a checkpoint that cannot be written, a limit.
    fn at(&mut self, progress: &Progress, state: &dyn Tensors) -> Result<Signal>;
}

/// A monitor that never speaks.
pub struct Silent;

impl Monitor for Silent {
    fn at(&mut self, _: &Progress, _: &dyn Tensors) -> Result<Signal> {
        Ok(Signal::Go)
    }
}

/// The surroundings of a fit, shared by every thread of it.
#[derive(Debug, Default)]
pub struct Env {
    /// The only source of randomness: equal seeds give equal bits.
    pub seed: u64,
    /// Memory that may be taken.
    pub budget: Budget,
    /// Set from outside to end long steps early.
    pub cancel: AtomicBool,
}

impl Env {
    /// An environment with a seed and no limits.
    pub fn seeded(seed: u64) -> Env {
        Env { seed, ..Env::default() }
    }

    /// Whether somebody asked to stop. Steps of more than about a second ask between their parts.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }
}

/// Bytes that may still be allocated. Whatever grows with the user's data is charged *before* it is
/// allocated, so a header that promises 4e9 x 4e9 is a clear refusal and not an abort.
#[derive(Debug)]
pub struct Budget {
    limit: u64,
    used: AtomicU64,
}

impl Default for Budget {
    fn default() -> Self {
        Budget::unlimited()
    }
}

impl Budget {
    /// No limit but the address space.
    pub fn unlimited() -> Budget {
        Budget::limited(u64::MAX)
    }

    /// At most `limit` bytes.
    pub fn limited(limit: u64) -> Budget {
        Budget { limit, used: AtomicU64::new(0) }
    }

    /// The limit in bytes.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Bytes charged now.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Takes `bytes` for `what`.
    /// # Errors
    /// [`Error::Limit`] if they are not there; nothing is charged then.
    pub fn charge(&self, bytes: u64, what: &str) -> Result<()> {
        let taken = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            used.checked_add(bytes).filter(|total| *total <= self.limit)
        });
        taken.map(|_| ()).map_err(|used| Error::Limit {
            why: format!(
                "{what} needs {} but only {} of the memory limit {} are left; raise --memory-limit or give less data",
                show_bytes(bytes),
                show_bytes(self.limit - used),
                show_bytes(self.limit)
            ),
        })
    }

    /// Takes the bytes of `count` values of `size` bytes each for `what`.
    /// # Errors
    /// [`Error::Limit`] if they are not there or the product overflows.
    pub fn charge_array(&self, count: u64, size: u64, what: &str) -> Result<()> {
        self.charge(count.saturating_mul(size), what)
    }

    /// Gives `bytes` back.
    pub fn release(&self, bytes: u64) {
        let _ = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| Some(used.saturating_sub(bytes)));
    }
}

/// Bytes for people: `12.3 MB`.
pub fn show_bytes(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", units[unit]) }
}
