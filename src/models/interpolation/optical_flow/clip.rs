//! A clip, frame after frame: each is made ready once.

use super::{Motion, Params, Prepared, between, motion};
use crate::error::Result;
use crate::models::interpolation::{Frame, Interpolate, Sequence, times_between};
use crate::monitor::Env;

/// Frames as they come, and those between them. Holds two frames and the motion between them, however long the clip.
pub struct Clip {
    params: Params,
    times: Vec<f64>,
    last: Option<(Frame, Prepared)>,
    /// Bytes of a frame that was let go while nobody was there to give them back to.
    let_go: u64,
}

impl Clip {
    /// A clip that gets a frame at each of `times`, between 0 and 1, after every frame but the last.
    pub fn new(params: Params, times: Vec<f64>) -> Clip {
        Clip { params, times, last: None, let_go: 0 }
    }

    /// `n_times` as many frames a second: the times between two frames.
    pub fn evenly(params: Params, n_times: u64) -> Clip {
        Clip::new(params, times_between(n_times))
    }

    /// The next frame of the clip: `each` gets the frames between the one before and this one, none for the first.
    /// # Errors
    /// [`crate::Error::Shape`] for a frame of another size, [`crate::Error::Parameter`] for a time outside 0 to 1,
    /// [`crate::Error::Limit`], what `each` raises.
    pub fn push(
        &mut self,
        frame: Frame,
        env: &Env,
        mut each: impl FnMut(f64, Frame) -> Result<()>,
    ) -> Result<()> {
        env.budget.release(std::mem::take(&mut self.let_go));
        if let Some((last, _)) = &self.last {
            frame.check_like(last)?;
        }
        let ready = Prepared::new(&frame, env)?;
        if let Some((_, last)) = self.last.take() {
            if self.times.is_empty() {
                env.budget.release(Prepared::bytes(frame.height(), frame.width()));
                self.last = Some((frame, ready));
                return Ok(());
            }
            let motion = motion(&last, &ready, &self.params, env)?;
            let made = self.times.iter().try_for_each(|&t| each(t, between(&last, &ready, &motion, t, env)?));
            let (height, width) = (frame.height(), frame.width());
            env.budget.release(Motion::bytes(height, width, &self.params) + Prepared::bytes(height, width));
            made?;
        }
        self.last = Some((frame, ready));
        Ok(())
    }

    /// Goes on after this frame as if those before had been pushed: for frames between that are there already.
    pub fn skip(&mut self) {
        if let Some((frame, _)) = self.last.take() {
            self.let_go += Prepared::bytes(frame.height(), frame.width());
        }
    }
}

impl Sequence for Clip {
    fn push(
        &mut self,
        frame: Frame,
        env: &Env,
        each: &mut dyn FnMut(f64, Frame) -> Result<()>,
    ) -> Result<()> {
        Clip::push(self, frame, env, each)
    }

    fn skip(&mut self) {
        Clip::skip(self);
    }

    fn end(&mut self, env: &Env) {
        Clip::skip(self);
        env.budget.release(std::mem::take(&mut self.let_go));
    }

    fn retime(&mut self, times: &[f64]) -> bool {
        self.times.clear();
        self.times.extend_from_slice(times);
        true
    }
}

impl Interpolate for Params {
    fn sequence(&self, times: Vec<f64>) -> Result<Box<dyn Sequence + '_>> {
        Ok(Box::new(Clip::new(*self, times)))
    }
}
