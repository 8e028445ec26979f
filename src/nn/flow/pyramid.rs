//! Steps on pictures of several scales (Dinh et al. 2017, 3.6; Kingma & Dhariwal 2018, fig. 2).

use super::{Flowed, Step, forward, inverse, parted};
use crate::autodiff::{Graph, Id, Store};
use diabolo_kernels::Real;
use std::sync::Arc;

/// A scale: pictures whose 2 x 2 blocks have become pixels of four times the channels, and the steps on them.
#[derive(Clone, Debug)]
pub struct Level {
    /// Height and width after the squeeze.
    pub side: [usize; 2],
    /// Channels after the squeeze.
    pub channels: usize,
    /// Steps on rows of channels, a row a pixel.
    pub steps: Vec<Step>,
}

impl Level {
    fn n_pixels(&self) -> usize {
        self.side[0] * self.side[1]
    }

    /// Where the values of the squeezed picture stood before: pixel after pixel, channel after channel, both times.
    fn squeeze(&self) -> Vec<usize> {
        let [height, width] = self.side;
        let old = self.channels / 4;
        let place = |at: usize| {
            let (pixel, channel) = (at / self.channels, at % self.channels);
            let (row, col) = (pixel / width, pixel % width);
            let (part, channel) = (channel / old, channel % old);
            ((2 * row + part / 2) * 2 * width + 2 * col + part % 2) * old + channel
        };
        (0..height * width * self.channels).map(place).collect()
    }

    /// The context of every picture, n x n_context, at each of its pixels.
    fn told<T: Real>(&self, graph: &mut Graph<T>, context: Option<Id>) -> Option<Id> {
        let context = context?;
        let n = graph.shape(context)[0];
        let beside = graph.beside(&vec![context; self.n_pixels()]);
        Some(graph.reshape(beside, n * self.n_pixels()))
    }

    fn unsqueeze(&self) -> Vec<usize> {
        let squeeze = self.squeeze();
        let mut back = vec![0; squeeze.len()];
        squeeze.iter().enumerate().for_each(|(new, &old)| back[old] = new);
        back
    }
}

/// Levels one after the other: after each but the last, half of the channels are done and become part of the code.
#[derive(Clone, Debug)]
pub struct Pyramid {
    /// From fine to coarse.
    pub levels: Vec<Level>,
}

impl Pyramid {
    /// How many levels pictures of that size allow: as often as both sides are even, and the code has a half to give.
    pub fn most_levels([height, width]: [usize; 2]) -> usize {
        (height.trailing_zeros().min(width.trailing_zeros())) as usize
    }

    /// Channels that level `l` leaves to the next one.
    fn kept(&self, l: usize) -> usize {
        if l + 1 < self.levels.len() { self.levels[l].channels / 2 } else { 0 }
    }

    /// Records pictures, n x n_pixels -> codes; every pixel is told the context of its picture.
    pub fn forward<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        x: Id,
        context: Option<Id>,
        entering: &mut Vec<Id>,
    ) -> Flowed {
        let n = graph.shape(x)[0];
        let (mut rest, mut done, mut log_dets) = (x, Vec::new(), Vec::new());
        for (l, level) in self.levels.iter().enumerate() {
            let squeezed = graph.permute(rest, Arc::from(level.squeeze()));
            let pixels = graph.reshape(squeezed, n * level.n_pixels());
            let state = graph.flow_state(pixels);
            let told = level.told(graph, context);
            let state = forward(&level.steps, graph, store, state, told, entering);
            let Flowed { values, log_det } = parted(graph, state);
            let by_pixel = graph.reshape(log_det, n);
            log_dets.push(graph.row_sums(by_pixel));
            let kept = self.kept(l);
            let out = graph.columns(values, kept..level.channels);
            done.push(graph.reshape(out, n));
            if kept > 0 {
                let kept = graph.columns(values, 0..kept);
                rest = graph.reshape(kept, n);
            }
        }
        Flowed { values: graph.beside(&done), log_det: sum(graph, &log_dets) }
    }

    /// Records codes -> pictures.
    pub fn inverse<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        z: Id,
        context: Option<Id>,
    ) -> Flowed {
        let [n, mut end] = graph.shape(z);
        let (mut rest, mut log_dets) = (None, Vec::new());
        for (l, level) in self.levels.iter().enumerate().rev() {
            let width = (level.channels - self.kept(l)) * level.n_pixels();
            let part = graph.columns(z, end - width..end);
            end -= width;
            let part = graph.reshape(part, n * level.n_pixels());
            let pixels = match rest {
                None => part,
                Some(rest) => {
                    let kept = graph.reshape(rest, n * level.n_pixels());
                    graph.beside(&[kept, part])
                }
            };
            let state = graph.flow_state(pixels);
            let told = level.told(graph, context);
            let state = inverse(&level.steps, graph, store, state, told);
            let Flowed { values, log_det } = parted(graph, state);
            let by_pixel = graph.reshape(log_det, n);
            log_dets.push(graph.row_sums(by_pixel));
            let squeezed = graph.reshape(values, n);
            rest = Some(graph.permute(squeezed, Arc::from(level.unsqueeze())));
        }
        Flowed { values: rest.unwrap_or(z), log_det: sum(graph, &log_dets) }
    }
}

/// The sum of columns.
fn sum<T: Real>(graph: &mut Graph<T>, columns: &[Id]) -> Id {
    let (&first, others) = columns.split_first().expect("a pyramid has a level");
    others.iter().fold(first, |sum, &column| graph.add(sum, column))
}
