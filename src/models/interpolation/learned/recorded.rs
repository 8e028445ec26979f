//! A step of descent as recorded: what it reads, and what fills that.

use super::{Course, Crop, Footage, Map, Seen, Teacher, Terms, Trains, Vgg};
use crate::autodiff::{Graph, Id, Plan, Program, Store};
use crate::error::{Error, Result};
use crate::models::Data;
use crate::models::interpolation::Flow;
use crate::monitor::Env;
use crate::tensors::Named;

/// A recorded step.
pub struct Recorded {
    /// What a step computes.
    pub program: Program<f32>,
    /// The way back, to the gradients of what is trained.
    pub plan: Plan,
    /// Pixels along a side of a crop.
    pub side: usize,
    /// The first, the middle and the last frame.
    frames: [Id; 3],
    t: Id,
    /// Flows to be taught by, and the side of their cells.
    pub taught: Option<(Id, usize)>,
    /// What is minimised.
    pub loss: Id,
    /// Its parts.
    pub terms: Terms,
}

impl Recorded {
    /// Records the loss of a batch and its gradient to the first `n_trained` numbers of the store, which the weights of VGG19 are
    /// added to where they are asked for. Charges the values of a step.
    /// # Errors
    /// [`Error::Limit`]; [`Error::Parameter`] where VGG19 is asked for and not there; [`Error::Shape`] for data that are no
    /// frames.
    pub fn new<N: Trains>(
        net: &N,
        store: &mut Store<f32>,
        n_trained: usize,
        course: &Course,
        data: &Data,
        env: &Env,
    ) -> Result<Recorded> {
        let (footage, multiple) = (Footage::new(data)?, net.crop_multiple());
        let side = course.crop.min(footage.height).min(footage.width).next_multiple_of(multiple);
        let (n, mut graph) = (course.batch_size, Graph::default());
        let maps = [0; 3].map(|_| Map::input(&mut graph, n, [side; 2], 3));
        let t = graph.input(n, 1);
        let cell = net.taught_cell();
        let taught = cell.map(|cell| Map::input(&mut graph, n, [side / cell; 2], 4));
        let seen = Seen { frames: [maps[0], maps[2]], truth: maps[1], t, taught };
        let mut loss = net.loss(&mut graph, store, seen);
        if course.perceived.features > 0.0 || course.perceived.style > 0.0 {
            let weights = part(data, "vgg/").ok_or_else(|| {
                let why = "features and style are compared by VGG19, whose weights are not shipped; give them by --vgg FILE \
                           (safetensors with torchvision's names), or leave --feature-weight and --style-weight out";
                Error::parameter("vgg", why)
            })?;
            let vgg = Vgg::new(store, &weights)?;
            let [unit, shift] = net.range().map(f64::from);
            let frames =
                [loss.made, maps[1]].map(|map| map.with(graph.affine(map.id, 1.0 / unit, -shift / unit)));
            let (seen, terms) = vgg.losses(&mut graph, store, frames, course.perceived);
            loss.total = graph.total(&[loss.total, seen]);
            loss.terms.extend(terms);
        }
        env.budget.charge(graph.training_bytes(), "the values and gradients of a step")?;
        if taught.is_some() {
            let n_frames = Footage::n_training(footage.n_frames(), course.validation);
            Teacher::charge(&footage, n_frames * (course.span.min(n_frames - 1) - 1), env)?;
        }
        let program = Program::training(graph);
        #[allow(clippy::single_range_in_vec_init, reason = "a list of ranges, of which there is one")]
        let plan = program.plan(loss.total, &[0..n_trained]);
        let frames = maps.map(|map| map.id);
        let taught = taught.zip(cell).map(|(taught, cell)| (taught.id, cell));
        let (loss, terms) = (loss.total, loss.terms);
        Ok(Recorded { program, plan, side, frames, t, taught, loss, terms })
    }

    /// Makes a crop the `b`th of the batch, `flows` those between its whole outer frames where they differ.
    pub fn fill(
        &mut self,
        b: usize,
        crop: &Crop,
        footage: &Footage,
        range: [f32; 2],
        flows: Option<[&Flow; 2]>,
    ) {
        let n = 3 * self.side * self.side;
        for (which, id) in self.frames.into_iter().enumerate() {
            crop.cut(footage, which, self.side, range, &mut self.program.input_mut(id)[n * b..][..n]);
        }
        self.program.input_mut(self.t)[b] = crop.t() as f32;
        if let Some((id, cell)) = self.taught {
            let n = 4 * (self.side / cell) * (self.side / cell);
            crop.cut_flows(flows, [self.side, cell], &mut self.program.input_mut(id)[n * b..][..n]);
        }
    }
}

/// The arrays of the data whose names begin so, where there are any.
pub fn part(data: &Data, prefix: &str) -> Option<Named> {
    data.arrays.map(|arrays| arrays.under(prefix)).filter(|part| part.names().next().is_some())
}
