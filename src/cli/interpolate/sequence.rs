//! A sequence of frames becomes another one: where they come from, where they go, and the loop between.

use super::{Done, Request};
use crate::error::Result;
use crate::models::interpolation::{Frame, Schedule, Sequence};

/// Frames one after the other.
pub trait Source {
    /// The next frame, or where none is `needed`, past it; `None` at the end.
    fn next(&mut self, needed: bool, done: &mut Done) -> Result<Option<Passed>>;
}

/// What came of asking for the next frame.
pub enum Passed {
    /// It was not needed.
    By,
    /// Here it is.
    Read(Frame),
}

/// Where frames go, by number.
pub trait Sink {
    /// Whether frame `j` is there already.
    fn has(&self, j: u64) -> bool;
    /// Writes frame `j`; they come in order.
    fn write(&mut self, j: u64, frame: &Frame) -> Result<()>;
}

impl Request<'_> {
    /// Fills `sink` with the frames of `schedule` that it does not have.
    pub(super) fn transfer(
        &self,
        source: &mut dyn Source,
        sink: &mut dyn Sink,
        schedule: Schedule,
        done: &mut Done,
    ) -> Result<()> {
        let wanted = |i: u64, sink: &dyn Sink| -> Vec<(u64, f64)> {
            schedule.from(i).filter(|(j, _)| !sink.has(*j)).collect()
        };
        let mut between: Box<dyn Sequence> = self.by.sequence(Vec::new())?;
        // The frame before, where one is held; what is to be made after it.
        let (mut last, mut due): (Option<Frame>, Vec<(u64, f64)>) = (None, Vec::new());
        for i in 0.. {
            self.check_interrupt()?;
            let own = wanted(i, sink);
            let needed = !own.is_empty() || !due.is_empty();
            let frame = match source.next(needed, done)? {
                None => break,
                Some(Passed::By) => {
                    done.n_kept += schedule.from(i).count() as u64;
                    between.skip();
                    (last, due) = (None, Vec::new());
                    self.advance();
                    continue;
                }
                Some(Passed::Read(frame)) => frame,
            };
            let times: Vec<f64> = due.iter().map(|(_, t)| *t).collect();
            if !between.retime(&times) {
                between.end(&self.env);
                between = self.by.sequence(times)?;
                if let Some(last) = last.take() {
                    between.push(last, &self.env, &mut |_, _| Ok(()))?;
                }
            }
            let mut numbers = due.iter().map(|(j, _)| *j);
            let n_made = &mut done.n_made;
            let pushed = between.push(frame.clone(), &self.env, &mut |_, made| {
                *n_made += 1;
                sink.write(numbers.next().expect("a number a time"), &made)
            });
            drop(numbers);
            self.check_interrupt()?;
            pushed?;
            done.notes.extend(between.note());
            done.n_kept += schedule.from(i).count() as u64 - own.len() as u64;
            let at_once = |(_, t): &(u64, f64)| *t == 0.0;
            if let Some((j, _)) = own.iter().copied().find(at_once) {
                sink.write(j, &frame)?;
            }
            due = own.into_iter().filter(|wanted| !at_once(wanted)).collect();
            last = Some(frame);
            self.advance();
        }
        between.end(&self.env);
        Ok(())
    }
}
