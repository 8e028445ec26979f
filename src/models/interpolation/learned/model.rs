//! A fitted network that makes frames between frames.

use super::{Footage, NetSequence, PairNet};
use crate::autodiff::Store;
use crate::error::Result;
use crate::figure::{Axis, Figure, Plot, Series};
use crate::metrics::fidelity::psnr;
use crate::models::interpolation::{Interpolate, Sequence};
use crate::models::{Data, Metrics, Model};
use crate::monitor::Env;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};

/// A network with its parameters and what it knows of the clip it was trained on.
pub struct LearnedModel<N> {
    net: N,
    store: Store<f32>,
    /// The hash of the clip, and the first of its frames that were held out.
    clip: u64,
    first_held_out: u64,
    white: f64,
}

/// How near frames made are to those held out, beside the mean of both frames around: dB, by triplet.
pub struct Judged {
    /// Of the frames made.
    pub made: Vec<f64>,
    /// Of the means.
    pub averages: Vec<f64>,
}

impl Judged {
    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len().max(1) as f64
    }

    /// The mean of the frames made.
    pub fn psnr(&self) -> f64 {
        Judged::mean(&self.made)
    }

    /// How far it is above that of the means.
    pub fn gain(&self) -> f64 {
        self.psnr() - Judged::mean(&self.averages)
    }
}

/// dB that stand for equal pictures, whose own number is infinite.
const EQUAL: f64 = 100.0;

/// Judges frames made half way between every second frame of a part of a clip.
/// # Errors
/// [`crate::Error::Limit`]
pub fn judge<N: PairNet>(
    net: &N,
    store: &Store<f32>,
    footage: &Footage,
    frames: std::ops::Range<usize>,
    env: &Env,
) -> Result<Judged> {
    let mut judged = Judged { made: Vec::new(), averages: Vec::new() };
    // Frames of even and of odd numbers are two clips, each of whose frames goes through the network once.
    for parity in 0..2 {
        let mut sequence = NetSequence::new(net, store, vec![0.5])?;
        for at in (frames.start + parity..frames.end).step_by(2) {
            let own = footage.frame(at)?;
            let around = if at >= frames.start + 2 { Some(footage.frame(at - 2)?) } else { None };
            sequence.push(own.clone(), env, &mut |_, made| {
                let (Some(first), truth) = (&around, footage.frame(at - 1)?) else { return Ok(()) };
                let mean: Vec<u8> = first.rgb().iter().zip(own.rgb()).map(|(&a, &b)| a.midpoint(b)).collect();
                judged.made.push(psnr(made.rgb(), truth.rgb()).min(EQUAL));
                judged.averages.push(psnr(&mean, truth.rgb()).min(EQUAL));
                Ok(())
            })?;
        }
        sequence.end(env);
    }
    Ok(judged)
}

impl<N: PairNet> LearnedModel<N> {
    /// A network trained on a clip but for its frames from `first_held_out` on.
    pub fn new(net: N, store: Store<f32>, clip: u64, first_held_out: u64, white: f64) -> LearnedModel<N> {
        LearnedModel { net, store, clip, first_held_out, white }
    }

    /// The model of a saved file.
    /// # Errors
    /// [`crate::Error::Shape`] where arrays are missing or of another shape.
    pub fn load(net: N, mut store: Store<f32>, named: &Named) -> Result<LearnedModel<N>> {
        store.load(named)?;
        let [clip, first_held_out] = [named.scalar_u64("clip")?, named.scalar_u64("first_held_out")?];
        Ok(LearnedModel { net, store, clip, first_held_out, white: named.scalar_f64("white")? })
    }

    /// The network.
    pub fn net(&self) -> &N {
        &self.net
    }

    /// Its parameters.
    pub fn store(&self) -> &Store<f32> {
        &self.store
    }

    /// The frames of a clip that were not trained on: all of another one.
    fn unseen(&self, footage: &Footage) -> std::ops::Range<usize> {
        let n = footage.n_frames();
        let is_own = footage.fingerprint() == self.clip && (self.first_held_out as usize) + 3 <= n;
        if is_own { self.first_held_out as usize..n } else { 0..n }
    }

    fn judged(&self, data: &Data, env: &Env) -> Result<(Judged, std::ops::Range<usize>)> {
        let footage = Footage::new(data)?;
        let frames = self.unseen(&footage);
        Ok((judge(&self.net, &self.store, &footage, frames.clone(), env)?, frames))
    }
}

impl<N> Tensors for LearnedModel<N> {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.store.visit(each);
        visit_u64(each, "clip", self.clip);
        visit_u64(each, "first_held_out", self.first_held_out);
        visit_f64(each, "white", self.white);
    }
}

impl<N: PairNet> Model for LearnedModel<N> {
    fn interpolator(&self) -> Option<&dyn Interpolate> {
        Some(self)
    }

    fn score(&self, x: &Data, env: &Env) -> Result<Metrics> {
        let (judged, _) = self.judged(x, env)?;
        Ok(vec![
            ("psnr".to_owned(), judged.psnr()),
            ("psnr_of_mean".to_owned(), judged.psnr() - judged.gain()),
            ("gain_over_mean".to_owned(), judged.gain()),
        ])
    }

    fn figures(&self, x: &Data, env: &Env) -> Result<Vec<Figure>> {
        let (judged, frames) = self.judged(x, env)?;
        let line = |name: &str, parity_first: &[f64]| {
            // Even triplets were judged first, then odd ones.
            let half = parity_first.len().div_ceil(2);
            let in_order = (0..parity_first.len()).map(|at| parity_first[at % 2 * half + at / 2]);
            let x = (0..parity_first.len()).map(|at| (frames.start + 1 + at) as f64).collect();
            Series { name: name.to_owned(), x, y: in_order.collect() }
        };
        Ok(vec![Figure::new(
            "Frames that were not seen",
            "How near the frame made of both neighbours is to the true one (peak signal-to-noise ratio, dB), beside the mean of \
             the neighbours: frames of the clip that training left out, or all frames of another clip.",
            Plot::Lines {
                x: Axis::linear("frame"),
                y: Axis::linear("dB"),
                series: vec![line("made", &judged.made), line("mean of both neighbours", &judged.averages)],
            },
        )])
    }
}

impl<N: PairNet> Interpolate for LearnedModel<N> {
    fn sequence(&self, times: Vec<f64>) -> Result<Box<dyn Sequence + '_>> {
        Ok(Box::new(NetSequence::new(&self.net, &self.store, times)?))
    }
}
