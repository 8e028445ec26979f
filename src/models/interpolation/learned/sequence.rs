//! Frames between the frames of a clip, by a network.

use super::{Map, PairNet};
use crate::autodiff::{Graph, Id, Program, Store};
use crate::error::Result;
use crate::models::interpolation::{Frame, Sequence};
use crate::monitor::Env;

/// Bytes up to which what was made of a frame by itself is kept for the next pair; beyond, two pictures go through the
/// network as one, in two thirds of the memory.
const KEPT_BYTES: u64 = 8 << 30;

/// A network at work on a clip. Programs are recorded for the size of the first frames.
pub struct NetSequence<'a, N> {
    net: &'a N,
    store: &'a Store<f32>,
    times: Vec<f64>,
    programs: Option<Programs>,
    last: Option<(Frame, Ready)>,
}

/// A frame as the network takes it: what was made of it, or its padded colours alone.
struct Ready(Vec<Vec<f32>>);

/// The recorded network for frames of a size.
struct Programs {
    padding: Padding,
    range: [f32; 2],
    /// What is made of a frame by itself, where that is kept: the program, the frame, what is made.
    alone: Option<(Program<f32>, Id, Vec<Id>)>,
    pair: Program<f32>,
    inputs: [Vec<Id>; 2],
    times: Vec<Id>,
    outputs: Vec<Id>,
}

/// Where a frame lies in one whose sides are multiples of a number: in its middle, the border repeated.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Padding {
    size: [usize; 2],
    padded: [usize; 2],
}

impl Padding {
    fn new(size: [usize; 2], multiple: usize) -> Padding {
        Padding { size, padded: size.map(|side| side.next_multiple_of(multiple)) }
    }

    fn before(&self) -> [usize; 2] {
        [0, 1].map(|axis| (self.padded[axis] - self.size[axis]) / 2)
    }

    fn fill(&self, frame: &Frame, [unit, shift]: [f32; 2]) -> Vec<f32> {
        let [top, left] = self.before();
        let [height, width] = self.size;
        let mut values = Vec::with_capacity(3 * self.padded[0] * self.padded[1]);
        for row in 0..self.padded[0] {
            let row = row.saturating_sub(top).min(height - 1);
            for column in 0..self.padded[1] {
                let column = column.saturating_sub(left).min(width - 1);
                let pixel = &frame.rgb()[3 * (row * width + column)..][..3];
                values.extend(pixel.iter().map(|&x| unit * f32::from(x) / 255.0 + shift));
            }
        }
        values
    }

    fn crop(&self, values: &[f32], [unit, shift]: [f32; 2]) -> Result<Frame> {
        let [top, left] = self.before();
        let [height, width] = self.size;
        let mut rgb = Vec::with_capacity(3 * height * width);
        for row in 0..height {
            let line = &values[3 * ((top + row) * self.padded[1] + left)..][..3 * width];
            rgb.extend(line.iter().map(|x| (255.0 * (x - shift) / unit).round().clamp(0.0, 255.0) as u8));
        }
        Frame::new(height, width, rgb)
    }
}

/// Two frames as recorded.
struct Pair {
    graph: Graph<f32>,
    inputs: [Vec<Id>; 2],
    times: Vec<Id>,
    outputs: Vec<Id>,
}

impl Pair {
    /// Records frames at `n_times` times between two of size `padded`, from their colours, or from what was `made` of
    /// each (sizes and numbers of channels).
    fn new<N: PairNet>(
        net: &N,
        store: &Store<f32>,
        padded: [usize; 2],
        n_times: usize,
        made: Option<&[([usize; 2], usize)]>,
    ) -> Pair {
        let mut graph = Graph::default();
        let mut inputs = [Vec::new(), Vec::new()];
        let prepared = [0, 1].map(|which| match made {
            Some(made) => {
                let maps: Vec<Map> =
                    made.iter().map(|&(size, n)| Map::input(&mut graph, 1, size, n)).collect();
                inputs[which] = maps.iter().map(|map| map.id).collect();
                maps
            }
            None => {
                let frame = Map::input(&mut graph, 1, padded, 3);
                inputs[which] = vec![frame.id];
                net.prepare(&mut graph, store, frame)
            }
        });
        let times: Vec<Id> = (0..n_times).map(|_| graph.input(1, 1)).collect();
        let frames = net.between(&mut graph, store, [&prepared[0], &prepared[1]], &times);
        Pair { graph, inputs, times, outputs: frames.iter().map(|frame| frame.id).collect() }
    }
}

impl Programs {
    /// Records a network for frames of a size and charges the budget with the values of its passes.
    fn new<N: PairNet>(
        net: &N,
        store: &Store<f32>,
        size: [usize; 2],
        n_times: usize,
        env: &Env,
    ) -> Result<Programs> {
        let padding = Padding::new(size, net.multiple());
        let mut graph = Graph::default();
        let frame = Map::input(&mut graph, 1, padding.padded, 3);
        let made = net.prepare(&mut graph, store, frame);
        let sizes: Vec<_> = made.iter().map(|map| (map.size, graph.shape(map.id)[1])).collect();
        let ids: Vec<Id> = made.iter().map(|map| map.id).collect();
        let kept = Pair::new(net, store, padding.padded, n_times, Some(&sizes));
        // What was made of two frames is held beside the programs.
        let held: u64 = sizes.iter().map(|([h, w], n)| 2 * 4 * (h * w * n) as u64).sum();
        let kept_bytes = graph.inference_bytes(&ids) + kept.graph.inference_bytes(&kept.outputs) + held;
        let left = env.budget.limit() - env.budget.used().min(env.budget.limit());
        let (alone, pair, bytes) = match kept_bytes <= KEPT_BYTES.min(left) {
            true => (Some((graph, frame.id, ids)), kept, kept_bytes),
            false => {
                let pair = Pair::new(net, store, padding.padded, n_times, None);
                let bytes = pair.graph.inference_bytes(&pair.outputs);
                (None, pair, bytes)
            }
        };
        env.budget.charge(bytes, "the values of the network for frames of this size")?;
        let Pair { graph, inputs, times, outputs } = pair;
        Ok(Programs {
            padding,
            range: net.range(),
            alone: alone.map(|(graph, frame, ids)| (Program::inference(graph, &ids), frame, ids)),
            pair: Program::inference(graph, &outputs),
            inputs,
            times,
            outputs,
        })
    }

    /// What is made of a frame by itself, of its padded values.
    fn ready(&mut self, store: &Store<f32>, values: Vec<f32>) -> Ready {
        match &mut self.alone {
            None => Ready(vec![values]),
            Some((program, frame, made)) => {
                program.input_mut(*frame).copy_from_slice(&values);
                program.infer(store);
                Ready(made.iter().map(|&id| program.value(id).to_vec()).collect())
            }
        }
    }

    /// Runs two frames through the network.
    fn run(&mut self, store: &Store<f32>, frames: [&Ready; 2], times: &[f64]) {
        for (ids, Ready(values)) in self.inputs.iter().zip(frames) {
            ids.iter().zip(values).for_each(|(&id, values)| self.pair.input_mut(id).copy_from_slice(values));
        }
        for (&id, &t) in self.times.iter().zip(times) {
            self.pair.input_mut(id)[0] = t as f32;
        }
        self.pair.infer(store);
    }

    /// The frames of the last run, padded.
    fn output(&self, at: usize) -> &[f32] {
        self.pair.value(self.outputs[at])
    }

    fn frame(&self, at: usize) -> Result<Frame> {
        self.padding.crop(self.output(at), self.range)
    }

    /// Frames at those of `times` that lie between `low` and `high`, where two frames are, by halving: each time at which
    /// one is made is appended to `made`.
    fn halve(
        &mut self,
        store: &Store<f32>,
        [low, high]: [(f64, &Ready); 2],
        times: &[f64],
        made: &mut Vec<(f64, Frame)>,
    ) -> Result<()> {
        if !times.iter().any(|t| low.0 < *t && *t < high.0) {
            return Ok(());
        }
        let middle = 0.5 * (low.0 + high.0);
        self.run(store, [low.1, high.1], &[0.5]);
        if times.contains(&middle) {
            made.push((middle, self.frame(0)?));
        }
        if times.iter().any(|t| low.0 < *t && *t < high.0 && *t != middle) {
            let values = self.output(0).to_vec();
            let ready = self.ready(store, values);
            self.halve(store, [low, (middle, &ready)], times, made)?;
            self.halve(store, [(middle, &ready), high], times, made)?;
        }
        Ok(())
    }
}

impl<'a, N: PairNet> NetSequence<'a, N> {
    /// Frames at each of `times` after every frame of a clip but the last.
    /// # Errors
    /// [`crate::Error::Parameter`] for times that the network does not make.
    pub fn new(net: &'a N, store: &'a Store<f32>, times: Vec<f64>) -> Result<NetSequence<'a, N>> {
        times.iter().try_for_each(|&t| net.check_time(t))?;
        Ok(NetSequence { net, store, times, programs: None, last: None })
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
        let size = [frame.height(), frame.width()];
        if self.programs.as_ref().is_none_or(|programs| programs.padding.size != size) {
            let n_times = if self.net.makes_any_time() { self.times.len() } else { 1 };
            self.programs = Some(Programs::new(self.net, self.store, size, n_times, env)?);
        }
        let Some(programs) = &mut self.programs else { unreachable!("they were recorded above") };
        let values = programs.padding.fill(&frame, programs.range);
        let ready = programs.ready(self.store, values);
        if let Some((_, last)) = &self.last {
            if self.net.makes_any_time() {
                programs.run(self.store, [last, &ready], &self.times);
                for (at, &t) in self.times.iter().enumerate() {
                    each(t, programs.frame(at)?)?;
                }
            } else {
                let mut made = Vec::new();
                programs.halve(self.store, [(0.0, last), (1.0, &ready)], &self.times, &mut made)?;
                for &t in &self.times {
                    let found = made.iter().find(|(at, _)| *at == t);
                    let (_, frame) = found.expect("times were checked to be reached by halving");
                    each(t, frame.clone())?;
                }
            }
        }
        self.last = Some((frame, ready));
        Ok(())
    }

    fn skip(&mut self) {
        self.last = None;
    }
}
