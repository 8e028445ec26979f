//! Frames between two pictures.

use super::{Done, Request, has_ending, make_folder};
use crate::error::{Error, Result};
use crate::io::frames;
use crate::metrics::fidelity::{psnr, ssim};
use crate::models::interpolation::optical_flow::flow_difference;
use crate::models::interpolation::optical_flow::{Flow, Motion, Prepared, motion};
use crate::models::interpolation::{Frame, times_between};
use std::path::Path;

impl Request<'_> {
    /// Frames between two pictures.
    pub(super) fn pair(&self, first: &Path, second: &Path) -> Result<Done> {
        let mut done = Done::default();
        let output = self.output()?;
        if self.fps.is_some() || self.from_fps.is_some() {
            return Err(Error::parameter(
                "fps",
                "is for a folder or a clip; give --t or --times for two pictures",
            ));
        }
        let times = match (&self.at, self.times) {
            (Some(_), Some(_)) => {
                return Err(Error::parameter("times", "stands beside --t; give one of them"));
            }
            (Some(times), None) => times.clone(),
            (None, Some(n)) => times_between(n),
            (None, None) => vec![0.5],
        };
        if let Some(t) = times.iter().find(|t| !(**t > 0.0 && **t < 1.0)) {
            return Err(Error::parameter(
                "t",
                format!("{t} is not between 0 and 1, where the two pictures are"),
            ));
        }
        let is_file = has_ending(output, "png");
        if is_file != (times.len() == 1) {
            let why = match is_file {
                true => format!("one .png cannot hold {} frames; give a folder", times.len()),
                false => "one frame goes to a .png file; give its name".to_owned(),
            };
            return Err(Error::parameter("o", why));
        }
        let (a, b) = (self.read(first, &mut done.notes)?, self.read(second, &mut done.notes)?);
        b.check_like(&a)?;
        let truth = match self.truth {
            None => None,
            Some(_) if !is_file => {
                return Err(Error::parameter("truth", "judges one frame; give one time --t"));
            }
            Some(path) => Some(self.read(path, &mut done.notes)?),
        };
        truth.as_ref().map_or(Ok(()), |truth| truth.check_like(&a))?;
        if !is_file {
            make_folder(output)?;
        }
        let mut clip = self.by.sequence(times)?;
        clip.push(a.clone(), &self.env, &mut |_, _| Ok(()))?;
        let mut shown = None;
        let pushed = clip.push(b.clone(), &self.env, &mut |t, frame| {
            let path = match is_file {
                true => output.to_owned(),
                false => output.join(format!("{:05}.png", done.n_made)),
            };
            done.n_made += 1;
            frames::write(&path, &frame)?;
            shown.get_or_insert((t, frame));
            Ok(())
        });
        self.check_interrupt()?;
        pushed?;
        done.notes.extend(clip.note());
        clip.end(&self.env);
        let Some((t, made)) = shown else { return Ok(done) };
        if let Some(truth) = &truth {
            let mean = mean(&a, &b)?;
            for (name, judged) in [("", &made), ("_of_mean", &mean)] {
                let [peak, similarity, temporal] = self.judged(&a, judged, truth)?;
                done.scores.insert(format!("psnr{name}"), peak.into());
                done.scores.insert(format!("ssim{name}"), similarity.into());
                done.scores.insert(format!("tof{name}"), temporal.into());
            }
        }
        if self.shows {
            done.page.pair([&a, &b], (t, &made), &self.flow_of(&a, &b)?)?;
            if let Some(truth) = &truth {
                done.page.errors(&made, truth, &mean(&a, &b)?);
            }
        }
        Ok(done)
    }

    /// PSNR, SSIM and tOF of a frame made after `before`.
    pub(super) fn judged(&self, before: &Frame, made: &Frame, truth: &Frame) -> Result<[f64; 3]> {
        Ok([
            psnr(made.rgb(), truth.rgb()),
            ssim(made.rgb(), truth.rgb(), truth.width(), 3),
            flow_difference(before, made, truth, &self.env)?,
        ])
    }

    /// The frame half way between two, and the flow that is shown.
    pub(super) fn shown(&self, a: &Frame, b: &Frame, done: &mut Done) -> Result<(Frame, Flow)> {
        Ok((self.half_way(a, b, done)?, self.flow_of(a, b)?))
    }

    /// The frame half way between two.
    pub(super) fn half_way(&self, a: &Frame, b: &Frame, done: &mut Done) -> Result<Frame> {
        let mut clip = self.by.sequence(vec![0.5])?;
        clip.push(a.clone(), &self.env, &mut |_, _| Ok(()))?;
        let mut made = None;
        let pushed = clip.push(b.clone(), &self.env, &mut |_, frame| {
            made = Some(frame);
            Ok(())
        });
        self.check_interrupt()?;
        pushed?;
        done.notes.extend(clip.note());
        clip.end(&self.env);
        made.ok_or_else(|| Error::parameter("t", "no frame was made half way"))
    }

    /// The flow from one frame to another.
    pub(super) fn flow_of(&self, a: &Frame, b: &Frame) -> Result<Flow> {
        let (height, width) = (a.height(), a.width());
        let (first, second) = (Prepared::new(a, &self.env)?, Prepared::new(b, &self.env)?);
        let found = motion(&first, &second, &self.flow, &self.env)?;
        self.env
            .budget
            .release(Motion::bytes(height, width, &self.flow) + 2 * Prepared::bytes(height, width));
        Ok(found.whole(height, width))
    }
}

/// The plain mean of two frames.
pub(super) fn mean(a: &Frame, b: &Frame) -> Result<Frame> {
    let rgb = a.rgb().iter().zip(b.rgb()).map(|(&a, &b)| a.midpoint(b)).collect();
    Frame::new(a.height(), a.width(), rgb)
}
