//! Frames between the frames of a clip, by a network.

use super::PairNet;
use super::programs::{Programs, Ready};
use crate::autodiff::Store;
use crate::error::Result;
use crate::models::interpolation::{Frame, Sequence};
use crate::monitor::Env;

/// A network at work on a clip. Programs are recorded for the size of the first frames.
pub struct NetSequence<'a, N> {
    net: &'a N,
    store: &'a Store<f32>,
    times: Vec<f64>,
    programs: Option<Programs>,
    last: Option<(Frame, Option<Ready>)>,
}

impl<'a, N: PairNet> NetSequence<'a, N> {
    /// Frames at each of `times` after every frame of a clip but the last.
    /// # Errors
    /// [`crate::Error::Parameter`] for times that the network does not make.
    pub fn new(net: &'a N, store: &'a Store<f32>, times: Vec<f64>) -> Result<NetSequence<'a, N>> {
        times.iter().try_for_each(|&t| net.check_time(t))?;
        Ok(NetSequence { net, store, times, programs: None, last: None })
    }

    /// Records the network for frames of a size and the times at hand, unless that is done.
    fn record(&mut self, size: [usize; 2], env: &Env) -> Result<()> {
        let n_times = if self.net.makes_any_time() { self.times.len() } else { 1 };
        if self.programs.as_ref().is_some_and(|own| own.padding.size == size && own.n_times == n_times) {
            return Ok(());
        }
        // What was made of the last frame may be of another kind.
        if let Some((_, ready)) = &mut self.last {
            *ready = None;
        }
        self.programs.take().into_iter().for_each(|programs| programs.end(env));
        self.programs = Some(Programs::new(self.net, self.store, size, n_times, env)?);
        Ok(())
    }
}

impl<N: PairNet> Sequence for NetSequence<'_, N> {
    fn push(
        &mut self,
        frame: Frame,
        env: &Env,
        each: &mut dyn FnMut(f64, Frame) -> Result<()>,
    ) -> Result<()> {
        if let Some((last, _)) = &self.last {
            frame.check_like(last)?;
        }
        // A frame that nothing is made of is looked at when something is.
        if self.times.is_empty() || self.last.is_none() {
            self.last = Some((frame, None));
            return Ok(());
        }
        self.record([frame.height(), frame.width()], env)?;
        let (Some(programs), Some((last, before))) = (&mut self.programs, &mut self.last) else {
            unreachable!("they were recorded, and there is a frame")
        };
        let ready = |programs: &mut Programs, frame: &Frame| {
            let values = programs.padding.fill(frame, programs.range);
            programs.ready(self.store, values)
        };
        let own = ready(programs, &frame);
        let before: &Ready = before.get_or_insert_with(|| ready(programs, last));
        if self.net.makes_any_time() {
            programs.run(self.store, [before, &own], &self.times, env)?;
            for (at, &t) in self.times.iter().enumerate() {
                each(t, programs.frame(at)?)?;
            }
        } else {
            let mut made = Vec::new();
            programs.halve(self.store, [(0.0, before), (1.0, &own)], &self.times, env, &mut made)?;
            for &t in &self.times {
                let found = made.iter().find(|(at, _)| *at == t);
                let (_, frame) = found.expect("times were checked to be reached by halving");
                each(t, frame.clone())?;
            }
        }
        self.last = Some((frame, Some(own)));
        Ok(())
    }

    fn skip(&mut self) {
        self.last = None;
    }

    fn end(&mut self, env: &Env) {
        self.last = None;
        self.programs.take().into_iter().for_each(|programs| programs.end(env));
    }

    fn retime(&mut self, times: &[f64]) -> bool {
        let is_made = times.iter().all(|&t| self.net.check_time(t).is_ok());
        if is_made {
            self.times = times.to_vec();
        }
        is_made
    }

    fn note(&self) -> Option<String> {
        let n_pieces = self.programs.as_ref().map_or(0, Programs::n_pieces);
        (n_pieces > 0).then(|| {
            format!("frames go through the network in {n_pieces} pieces: the memory limit has no room for whole ones")
        })
    }
}
