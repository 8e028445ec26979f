//! Every second frame of a folder left out, made again from those beside it, and compared.

use super::pair::mean;
use super::{Done, Request};
use crate::error::{Error, Result};
use crate::figure::{Axis, Figure, Plot, Series};
use crate::io::frames;
use crate::models::interpolation::Frame;
use std::path::Path;

/// What is told of a frame that was left out.
#[derive(Default)]
struct Scores {
    numbers: Vec<f64>,
    /// PSNR, SSIM, tOF of the frames made.
    made: [Vec<f64>; 3],
    /// And of the means of the frames beside them.
    plain: [Vec<f64>; 3],
}

/// What scores are called, and how curves label them.
const NAMES: [(&str, &str); 3] = [("psnr", "PSNR, dB"), ("ssim", "SSIM"), ("tof", "tOF, pixels")];

impl Request<'_> {
    /// How near frames made between the first and the third, the third and the fifth, ... are to the second, the fourth, ...
    pub(super) fn evaluated(&self, folder: &Path) -> Result<Done> {
        self.check_sequence()?;
        if self.output.is_some() || self.times.is_some() || self.fps.is_some() || self.resume {
            let why =
                "writes no frames: leave -o, --times, --fps and --resume out (--out DIR is for the page)";
            return Err(Error::parameter("evaluate", why));
        }
        let files = frames::files_of(folder)?;
        if files.len() < 3 {
            return Err(Error::parse(folder, "fewer than three frames: none stands between two others"));
        }
        let mut done = Done::default();
        self.expect((files.len() as u64 - 1) / 2);
        let mut scores = Scores::default();
        let mut worst: Option<(f64, [Frame; 4])> = None;
        let mut before = self.read(&files[0], &mut done.notes)?;
        for at in (1..files.len() - 1).step_by(2) {
            self.check_interrupt()?;
            let [truth, after] = [at, at + 1].map(|at| self.read(&files[at], &mut done.notes));
            let (truth, after) = (truth?, after?);
            for (frame, at) in [(&truth, at), (&after, at + 1)] {
                frame.check_like(&before).map_err(|error| {
                    Error::parse(&files[at], format!("{error}; bring all frames to one size"))
                })?;
            }
            let made = self.half_way(&before, &after, &mut done)?;
            let plain = mean(&before, &after)?;
            let (own, of_mean) =
                (self.judged(&before, &made, &truth)?, self.judged(&before, &plain, &truth)?);
            scores.numbers.push(at as f64 + 1.0);
            for k in 0..3 {
                scores.made[k].push(own[k]);
                scores.plain[k].push(of_mean[k]);
            }
            done.n_made += 1;
            if worst.as_ref().is_none_or(|(least, _)| own[0] < *least) {
                worst = Some((own[0], [before, truth, after.clone(), made]));
            }
            before = after;
            self.advance();
        }
        let average = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        for (k, (name, _)) in NAMES.iter().enumerate() {
            done.scores.insert((*name).into(), average(&scores.made[k]).into());
            done.scores.insert(format!("{name}_of_mean"), average(&scores.plain[k]).into());
        }
        if let Some((_, [before, truth, after, made])) = worst.filter(|_| self.shows) {
            done.page.add(scores.curves());
            done.page.say("The frame shown is the one that is farthest from the truth.");
            done.page.pair([&before, &after], (0.5, &made), &self.flow_of(&before, &after)?)?;
            done.page.errors(&made, &truth, &mean(&before, &after)?);
        }
        Ok(done)
    }
}

impl Scores {
    /// A curve of each score over the frames.
    fn curves(&self) -> Vec<Figure> {
        let curve = |k: usize| {
            let series =
                |name: &str, y: &[f64]| Series { name: name.into(), x: self.numbers.clone(), y: y.to_vec() };
            let (_, label) = NAMES[k];
            let better = if k == 2 { "lower" } else { "higher" };
            Figure::new(
                format!("Frames left out: {}", label.split(',').next().unwrap_or(label)),
                format!(
                    "Of every frame that was left out and made from those beside it; the {better} the better."
                ),
                Plot::Lines {
                    x: Axis::linear("frame"),
                    y: Axis::linear(label),
                    series: vec![
                        series("made", &self.made[k]),
                        series("mean of its neighbours", &self.plain[k]),
                    ],
                },
            )
        };
        (0..3).map(curve).collect()
    }
}
