//! Steps of descent on crops of a clip.

use super::recorded::{Recorded, part};
use super::{Course, Crop, Footage, LearnedModel, Teacher, Trains, Vgg, judge};
use crate::autodiff::{Id, Store};
use crate::error::{Error, Result};
use crate::models::{Data, Step};
use crate::monitor::Env;
use crate::optim::{Adam, Average, Clip, Optimizer};
use crate::random::Rng;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64, visit_vector};

/// The word of the key of what crops are drawn from.
const SCENES: u64 = 0x5_cee5;

/// Adam's largest norm of a gradient: a step where flows jump does not throw the rest away.
const LARGEST_NORM: f64 = 1.0;

/// A network in mid-fit.
pub struct Training<N> {
    /// Names and sizes.
    pub net: N,
    /// Parameters.
    pub store: Store<f32>,
    /// What is white in the clip, its hash, and the first frame that is held out.
    white: f64,
    clip: u64,
    first_held_out: u64,
    optimizer: Optimizer<f32>,
    average: Option<Average<f32>>,
    n_epochs: u64,
    /// Steps done of the epoch at hand, and the sums over them of the loss and of its terms.
    n_steps: u64,
    sums: Vec<f64>,
    /// Numbers of the store that are trained, the first ones: behind them may lie those of VGG19.
    n_trained: usize,
    gradient: Vec<f32>,
    /// Made when first needed, and made again by a resume.
    program: Option<Recorded>,
    teacher: Teacher,
}

impl<N> Tensors for Training<N> {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.store.visit(&mut |name, view| {
            if !Vgg::is_own(name) {
                each(&format!("network/{name}"), view);
            }
        });
        self.optimizer.visit(&mut |name, view| each(&format!("optimizer/{name}"), view));
        if let Some(average) = &self.average {
            average.visit(&mut |name, view| each(&format!("average/{name}"), view));
        }
        visit_u64(each, "n_epochs", self.n_epochs);
        visit_u64(each, "n_steps", self.n_steps);
        visit_vector(each, "sums", self.sums.as_slice());
        visit_f64(each, "white", self.white);
        visit_u64(each, "clip", self.clip);
        visit_u64(each, "first_held_out", self.first_held_out);
    }
}

impl<N: Trains> Training<N> {
    /// A network before its first step, its parameters those of the data's `start/` where there are such. Charges its
    /// parameters, their gradients and moments, and the values of a step.
    /// # Errors
    /// [`Error::Limit`]; [`Error::Shape`] for data that are no frames, or parameters that are missing or misshapen;
    /// [`Error::Parameter`] where VGG19 is asked for and not there.
    pub fn start(
        net: N,
        mut store: Store<f32>,
        course: &Course,
        data: &Data,
        env: &Env,
    ) -> Result<Training<N>> {
        let (footage, n) = (&Footage::new(data)?, store.values().len());
        let n_copies = 4 + 2 * u64::from(course.averaging().is_some());
        env.budget.charge(4 * n_copies * n as u64, "a network, its gradients, moments and averages")?;
        if let Some(start) = part(data, "start/") {
            store.load(&start)?;
        }
        let mut training = Training {
            optimizer: Optimizer::new(rule(), n),
            average: course.averaging().map(Average::new),
            n_epochs: 0,
            n_steps: 0,
            sums: Vec::new(),
            n_trained: n,
            gradient: vec![0.0; n],
            program: None,
            teacher: Teacher::default(),
            white: footage.white,
            clip: footage.fingerprint(),
            first_held_out: Footage::n_training(footage.n_frames(), course.validation) as u64,
            net,
            store,
        };
        training.record(course, data, env)?;
        Ok(training)
    }

    /// The state of a checkpoint.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or of another shape.
    pub fn load(net: N, mut store: Store<f32>, course: &Course, named: &Named) -> Result<Training<N>> {
        store.load(&named.under("network/"))?;
        let n = store.values().len();
        let average = course.averaging().map(|settings| Average::load(settings, &named.under("average/")));
        Ok(Training {
            optimizer: Optimizer::load(rule(), n, &named.under("optimizer/"))?,
            average: average.transpose()?,
            n_epochs: named.scalar_u64("n_epochs")?,
            n_steps: named.scalar_u64("n_steps")?,
            sums: named.vector_f64("sums")?,
            white: named.scalar_f64("white")?,
            clip: named.scalar_u64("clip")?,
            first_held_out: named.scalar_u64("first_held_out")?,
            n_trained: n,
            gradient: vec![0.0; n],
            program: None,
            teacher: Teacher::default(),
            net,
            store,
        })
    }

    /// Whether an epoch was cut short by an interruption: the next call of [`Training::epoch`] goes on with it.
    pub fn is_within_epoch(&self) -> bool {
        self.n_steps > 0
    }

    /// Records a step, unless that is done.
    fn record(&mut self, course: &Course, data: &Data, env: &Env) -> Result<()> {
        if self.program.is_none() {
            self.program =
                Some(Recorded::new(&self.net, &mut self.store, self.n_trained, course, data, env)?);
            self.gradient = vec![0.0; self.store.values().len()];
        }
        Ok(())
    }

    /// An epoch of steps, or its rest, or a part of it where the user interrupts: the mean of the loss and of its terms.
    /// # Errors
    /// [`Error::Numerical`] where a parameter is no number any more, [`Error::Limit`].
    pub fn epoch(&mut self, course: &Course, data: &Data, env: &Env) -> Result<Step> {
        self.record(course, data, env)?;
        let footage = &Footage::new(data)?;
        let Some(recorded) = &mut self.program else { unreachable!("it was recorded above") };
        let n_frames = Footage::n_training(footage.n_frames(), course.validation);
        let range = self.net.range();
        let lr = course.learning_rate(self.n_epochs) as f32;
        let losses: Vec<Id> =
            std::iter::once(recorded.loss).chain(recorded.terms.iter().map(|term| term.1)).collect();
        self.sums.resize(losses.len(), 0.0);
        for step in self.n_steps..course.steps {
            for b in 0..course.batch_size {
                let key = [self.n_epochs, step * course.batch_size as u64 + b as u64];
                let mut rng = Rng::keyed(env.seed, &[SCENES, key[0], key[1]]);
                let scenes = course.scenes(self.n_epochs, n_frames, &mut rng);
                let crop = Crop::draw(footage, scenes, recorded.side, env.seed, key);
                let flows = match recorded.taught {
                    Some(_) => self.teacher.between(footage, crop.outer(), env)?,
                    None => None,
                };
                recorded.fill(b, &crop, footage, range, flows);
            }
            recorded.program.forward(&mut self.store);
            recorded.program.backward(&recorded.plan, &self.store, &mut self.gradient);
            for (sum, &id) in self.sums.iter_mut().zip(&losses) {
                *sum += f64::from(recorded.program.scalar(id));
            }
            let clip = Clip::Norm(LARGEST_NORM);
            let (values, n) = (self.store.values_mut(), self.n_trained);
            self.optimizer.step_clipped(&mut values[..n], &self.gradient[..n], lr, clip);
            if let Some(average) = &mut self.average {
                average.observe(&values[..n]);
            }
            self.n_steps = step + 1;
            if env.is_cancelled() && self.n_steps < course.steps {
                break;
            }
        }
        if !self.store.is_finite() {
            let why = "a parameter is no number any more; lower --learning-rate";
            return Err(Error::numerical(format!("epoch {}", self.n_epochs + 1), why));
        }
        let means: Vec<f64> = self.sums.iter().map(|sum| sum / self.n_steps as f64).collect();
        let names = recorded.terms.iter().map(|term| term.0);
        let mut metrics: Vec<(&'static str, f64)> = names.zip(means[1..].iter().copied()).collect();
        if self.n_steps < course.steps {
            return Ok(Step { objective: means[0], converged: false, metrics });
        }
        (self.n_epochs, self.n_steps) = (self.n_epochs + 1, 0);
        self.sums.fill(0.0);
        if course.validates(self.n_epochs) && n_frames + 3 <= footage.n_frames() {
            let held_out = n_frames..footage.n_frames();
            let judged = judge(&self.net, &self.kept(self.store.clone()), footage, held_out, env)?;
            metrics.push(("held_out_psnr", judged.psnr()));
            metrics.push(("held_out_gain", judged.gain()));
        }
        Ok(Step { objective: means[0], converged: false, metrics })
    }

    /// A store of this network with the parameters a fit leaves: their average where there is one, else the last.
    fn kept(&self, mut store: Store<f32>) -> Store<f32> {
        let n = self.n_trained;
        let last = &self.store.values()[..n];
        store.values_mut()[..n]
            .copy_from_slice(self.average.as_ref().and_then(Average::mean).unwrap_or(last));
        store
    }

    /// The network as it is now.
    /// # Errors
    /// None: its parameters are its own.
    pub fn finish(self, store: Store<f32>) -> Result<LearnedModel<N>> {
        let store = self.kept(store);
        Ok(LearnedModel::new(self.net, store, self.clip, self.first_held_out, self.white))
    }
}

fn rule() -> Adam {
    Adam::default()
}
