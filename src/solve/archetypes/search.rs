//! The search for the least of many optima: restarts, then moves of the best (iterated local search: Lourenço, Martin &
//! Stützle 2003).
//!
//! Several runs descend side by side. The first begin at [`furthest_sum`] and at random samples; a run that has converged, or that cannot
//! be hoped to fall below the best any more, gives its place to a copy of the best with one archetype moved: to a sample drawn
//! by how badly the best describes it. The best is never lost, so the objective never rises. All of it is keyed by the number of
//! the run, and the same for any number of threads.

use super::{Archetypes, Samples, furthest_sum};
use crate::error::{Error, Result};
use crate::monitor::Env;
use crate::random::Rng;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};
use diabolo_kernels::parallel::map_tasks;

/// Sweeps at the present pace within which a run must reach the best.
const HOPE: f64 = 10.0;

/// Sweeps that a run takes before it is judged.
const YOUNG: u64 = 5;

/// How long is searched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Runs from the start, side by side.
    pub n_init: usize,
    /// Moves of the best after them.
    pub n_moves: usize,
    /// A run has converged when a sweep lowers its objective by less than this share.
    pub tolerance: f64,
}

/// Runs side by side, and the best so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    best: Archetypes,
    runs: Vec<Run>,
    /// Runs begun so far.
    n_begun: u64,
}

#[derive(Clone, Debug, PartialEq)]
struct Run {
    archetypes: Archetypes,
    n_sweeps: u64,
    /// What the last sweep gained.
    fell: f64,
    ended: bool,
}

impl Run {
    fn at(archetypes: Archetypes) -> Run {
        Run { archetypes, n_sweeps: 0, fell: f64::INFINITY, ended: false }
    }
}

impl Search {
    /// Bytes of a search.
    pub fn bytes(n_samples: usize, n_features: usize, k: usize, n_init: usize) -> u64 {
        Archetypes::bytes(n_samples, n_features, k).saturating_mul(n_init as u64 + 1)
    }

    /// The first runs, for `k` archetypes of n samples or fewer.
    /// # Panics
    /// If there is to be no run.
    pub fn start(x: &Samples, k: usize, effort: &Effort, seed: u64) -> Search {
        let start = |r: usize| {
            let mut rng = Rng::keyed(seed, &[r as u64]);
            let chosen = match r {
                0 => furthest_sum(x, k, &mut rng),
                _ => rng.permutation(x.x.n_samples()).into_iter().take(k).collect(),
            };
            Run::at(Archetypes::at(x, &chosen))
        };
        let runs: Vec<Run> = map_tasks((0..effort.n_init).collect(), start);
        let best = least(&runs).expect("a run at least").clone();
        Search { best, runs, n_begun: effort.n_init as u64 }
    }

    /// One sweep of every run; those that have ended give way to moves of the best. Returns whether the search is over.
    pub fn step(&mut self, x: &Samples, effort: &Effort, env: &Env) -> bool {
        let running: Vec<&mut Run> = self.runs.iter_mut().filter(|run| !run.ended).collect();
        map_tasks(running, |run| {
            if !env.is_cancelled() {
                run.fell = run.archetypes.step(x, effort.tolerance);
                run.n_sweeps += 1;
            }
        });
        if let Some(least) = least(&self.runs).filter(|run| run.objective() < self.best.objective()) {
            self.best = least.clone();
        }
        let best = self.best.objective();
        let n_runs = (effort.n_init + effort.n_moves) as u64;
        for run in self.runs.iter_mut().filter(|run| !run.ended) {
            let objective = run.archetypes.objective();
            let converged = run.fell <= effort.tolerance * objective + f64::EPSILON * x.total;
            // The best itself goes on to its end.
            let hopeless = run.n_sweeps >= YOUNG && objective - HOPE * run.fell > best;
            run.ended = converged || hopeless;
        }
        let mut places: Vec<(u64, &mut Run)> = Vec::new();
        for run in self.runs.iter_mut().filter(|run| run.ended) {
            if self.n_begun < n_runs {
                places.push((self.n_begun, run));
                self.n_begun += 1;
            }
        }
        let best = &self.best;
        map_tasks(places, |(number, run)| {
            *run = Run::at(best.moved(x, &mut Rng::keyed(env.seed, &[number])))
        });
        self.runs.iter().all(|run| run.ended)
    }

    /// The best so far.
    pub fn best(&self) -> &Archetypes {
        &self.best
    }

    /// Runs that go on.
    pub fn n_running(&self) -> usize {
        self.runs.iter().filter(|run| !run.ended).count()
    }

    /// A search that was saved.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or of another shape.
    pub fn load(named: &Named) -> Result<Search> {
        let load = |r: u64| {
            let saved = named.under(&format!("{r}/"));
            Ok(Run {
                archetypes: Archetypes::load(&saved)?,
                n_sweeps: saved.scalar_u64("n_sweeps")?,
                fell: saved.scalar_f64("fell")?,
                ended: saved.scalar_u64("ended")? == 1,
            })
        };
        let runs: Vec<Run> = (0..named.scalar_u64("n_runs")?).map(load).collect::<Result<_>>()?;
        if runs.is_empty() {
            return Err(Error::shape("at least one run", "none; the file is damaged"));
        }
        Ok(Search {
            best: Archetypes::load(&named.under("best/"))?,
            runs,
            n_begun: named.scalar_u64("n_begun")?,
        })
    }
}

/// The run of the least objective, the first of equal ones.
fn least(runs: &[Run]) -> Option<&Archetypes> {
    let objective = |run: &&Run| run.archetypes.objective();
    runs.iter().min_by(|a, b| objective(a).total_cmp(&objective(b))).map(|run| &run.archetypes)
}

impl Tensors for Search {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.best.visit(&mut |name, view| each(&format!("best/{name}"), view));
        visit_u64(each, "n_begun", self.n_begun);
        visit_u64(each, "n_runs", self.runs.len() as u64);
        for (r, run) in self.runs.iter().enumerate() {
            run.archetypes.visit(&mut |name, view| each(&format!("{r}/{name}"), view));
            visit_u64(each, &format!("{r}/n_sweeps"), run.n_sweeps);
            visit_f64(each, &format!("{r}/fell"), run.fell);
            visit_u64(each, &format!("{r}/ended"), u64::from(run.ended));
        }
    }
}
