//! Streams that are interrupted: whatever block the interruption comes after, the resumed fit has the model and
//! the history of one that went through.

use diabolo::Result;
use diabolo::linalg::{Features, Matrix};
use diabolo::models::factorization::{nmf, pca};
use diabolo::models::{Data, Dataset, Fit, History, Names, RowBlocks, RowSource, StopReason, fit, resume};
use diabolo::monitor::{Env, Monitor, Progress, Signal, Silent};
use diabolo::random::Rng;
use diabolo::tensors::{Named, Tensors};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Rows that ask a fit to stop when so many blocks of all passes have been given.
struct Interrupting<'a> {
    x: &'a Features,
    env: &'a Env,
    left: AtomicUsize,
}

struct Blocks<'a> {
    source: &'a Interrupting<'a>,
    inner: Box<dyn RowBlocks + 'a>,
}

impl RowSource for Interrupting<'_> {
    fn n_features(&self) -> usize {
        self.x.n_features()
    }

    fn n_samples(&self) -> Option<usize> {
        None
    }

    fn names(&self) -> &Names {
        Names::NONE
    }

    fn open(&self) -> Result<Box<dyn RowBlocks + '_>> {
        Ok(Box::new(Blocks { source: self, inner: RowSource::open(self.x)? }))
    }
}

impl RowBlocks for Blocks<'_> {
    fn next_block(&mut self, n_rows: usize) -> Result<Option<Dataset>> {
        let block = self.inner.next_block(n_rows)?;
        if block.is_some() && self.source.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.source.env.cancel.store(true, Ordering::Relaxed);
        }
        Ok(block)
    }
}

/// Keeps the last state, as the command line does, and counts the steps it was told of.
#[derive(Default)]
struct Keep {
    state: Option<Named>,
    n_steps: u64,
}

impl Monitor for Keep {
    fn at(&mut self, progress: &Progress, state: &dyn Tensors) -> Result<Signal> {
        (self.state, self.n_steps) = (Some(Named::copy_of(state)), progress.iteration);
        Ok(Signal::Go)
    }
}

fn bits(model: &dyn Tensors) -> Vec<(String, Vec<u8>)> {
    let copy = Named::copy_of(model);
    let names: Vec<String> = copy.names().map(str::to_owned).collect();
    let bytes = |name: &String| {
        let values = copy.vector_f64(name).or_else(|_| Matrix::load(&copy, name).map(Matrix::into_values));
        values
            .map(|values| values.iter().flat_map(|x| x.to_bits().to_le_bytes()).collect())
            .unwrap_or_default()
    };
    names.iter().map(|name| (name.clone(), bytes(name))).collect()
}

/// Interrupts after every block of all passes but the last, and compares.
fn check<P: Fit>(params: &P, x: &Features, n_blocks: usize, n_passes: usize) {
    let whole: (P::Model, History) =
        fit(params, &Data::rows(x), None, &Env::seeded(3), &mut Silent).expect("a fit");
    assert_eq!(whole.1.n_iter() as usize, n_passes);
    for after in 1..=n_blocks * n_passes {
        let env = Env::seeded(3);
        let rows = Interrupting { x, env: &env, left: AtomicUsize::new(after) };
        let mut keep = Keep::default();
        let (_, history) = fit(params, &Data::stream(&rows), None, &env, &mut keep).expect("a fit");
        assert_eq!(history.stop, StopReason::Interrupted, "after {after} blocks");
        assert_eq!(history.n_iter(), keep.n_steps);
        // A pass counts once its end was seen; after its last block that is one reading later.
        assert_eq!(history.n_iter() as usize, (after - 1) / n_blocks, "after {after} blocks");
        let kept = resume(params, &keep.state.expect("a state")).expect("a state");
        let (model, history) =
            fit(params, &Data::rows(x), Some(kept), &Env::seeded(3), &mut Silent).expect("a fit");
        assert_eq!(history, whole.1, "after {after} blocks");
        assert_eq!(bits(&model), bits(&whole.0), "after {after} blocks");
    }
}

#[test]
fn an_interrupted_pass_leaves_no_trace() {
    let mut rng = Rng::seeded(4);
    let x = Features::from(Matrix::from_fn(190, 12, |_, _| rng.uniform()));
    for loss in [nmf::Loss::Frobenius, nmf::Loss::KullbackLeibler] {
        let params = nmf::Params {
            n_components: 3,
            loss,
            batch_size: 50,
            max_iter: 3,
            tol: 0.0,
            ..Default::default()
        };
        check(&params, &x, 4, 3);
    }
    let params = pca::Params { n_components: 3, batch_size: 50, ..Default::default() };
    check(&params, &x, 4, 1);
}
