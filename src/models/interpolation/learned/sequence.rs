//! Frames between the frames of a clip, by a network.

use super::{Map, PairNet};
use crate::autodiff::{Graph, Id, Program, Store, Tiled};
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
    last: Option<(Frame, Option<Ready>)>,
}

/// A frame as the network takes it: what was made of it, or its padded colours alone.
struct Ready(Vec<Vec<f32>>);

/// The recorded network for frames of a size.
struct Programs {
    padding: Padding,
    range: [f32; 2],
    n_times: usize,
    /// What is made of a frame by itself, where that is kept: the program, the frame, what is made.
    alone: Option<(Program<f32>, Id, Vec<Id>)>,
    pair: Runs,
    inputs: [Vec<Id>; 2],
    times: Vec<Id>,
    outputs: Vec<Id>,
    /// Bytes charged, but for those that go by [`Tiled`].
    charged: u64,
}

/// How two frames go through the network.
enum Runs {
    Whole(Program<f32>),
    /// In pieces, as memory is short.
    Pieces(Box<Tiled<f32>>),
}

/// Where a frame lies in one whose sides are multiples of a number: in its middle, around it black or the border repeated.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Padding {
    size: [usize; 2],
    padded: [usize; 2],
    is_black: bool,
}

impl Padding {
    fn new<N: PairNet>(size: [usize; 2], net: &N) -> Padding {
        let multiple = net.multiple();
        Padding { size, padded: size.map(|side| side.next_multiple_of(multiple)), is_black: net.pads_black() }
    }

    fn before(&self) -> [usize; 2] {
        [0, 1].map(|axis| (self.padded[axis] - self.size[axis]) / 2)
    }

    fn fill(&self, frame: &Frame, [unit, shift]: [f32; 2]) -> Vec<f32> {
        let [top, left] = self.before();
        let [height, width] = self.size;
        let mut values = Vec::with_capacity(3 * self.padded[0] * self.padded[1]);
        for y in 0..self.padded[0] {
            let row = y.saturating_sub(top).min(height - 1);
            for x in 0..self.padded[1] {
                let column = x.saturating_sub(left).min(width - 1);
                if self.is_black && [y, x] != [top + row, left + column] {
                    values.extend([shift; 3]);
                    continue;
                }
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
    /// What was recorded of a frame by itself.
    worth: Vec<Id>,
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
        let worth = prepared.iter().flatten().map(|map| map.id).collect();
        Pair { graph, inputs, times, outputs: frames.iter().map(|frame| frame.id).collect(), worth }
    }
}

impl Programs {
    /// Records a network for frames of a size and charges the budget with the values of its passes: of a frame by itself
    /// and of two, if they fit; else of two at once; else of pieces of them.
    fn new<N: PairNet>(
        net: &N,
        store: &Store<f32>,
        size: [usize; 2],
        n_times: usize,
        env: &Env,
    ) -> Result<Programs> {
        let padding = Padding::new(size, net);
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
        let (alone, pair) = match kept_bytes <= KEPT_BYTES.min(left) {
            true => (Some((graph, frame.id, ids)), kept),
            false => (None, Pair::new(net, store, padding.padded, n_times, None)),
        };
        // Colours of two frames and of one on its way from a file or to one, and as many frames in bytes with one made.
        let colours = (3 * 4 + 4) * 3 * (padding.padded[0] * padding.padded[1]) as u64;
        let bytes = match &alone {
            Some(_) => kept_bytes,
            None => pair.graph.inference_bytes(&pair.outputs) + colours,
        };
        let is_whole = bytes <= left;
        let charged = if is_whole { bytes } else { colours };
        env.budget.charge(charged, "the values of the network for frames of this size")?;
        let Pair { graph, inputs, times, outputs, worth } = pair;
        let runs = match is_whole {
            true => Runs::Whole(Program::inference(graph, &outputs)),
            false => {
                let frames = [inputs[0][0], inputs[1][0]].map(|id| (id, padding.padded));
                let tiled = Tiled::new(graph, &frames, &outputs, &worth, store, env);
                Runs::Pieces(Box::new(tiled.inspect_err(|_| env.budget.release(charged))?))
            }
        };
        Ok(Programs {
            padding,
            range: net.range(),
            n_times,
            alone: alone.map(|(graph, frame, ids)| (Program::inference(graph, &ids), frame, ids)),
            pair: runs,
            inputs,
            times,
            outputs,
            charged,
        })
    }

    /// Gives back what is charged.
    fn end(self, env: &Env) {
        env.budget.release(self.charged);
        if let Runs::Pieces(tiled) = self.pair {
            tiled.end(env);
        }
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
    fn run(&mut self, store: &Store<f32>, frames: [&Ready; 2], times: &[f64], env: &Env) -> Result<()> {
        let values = self.inputs.iter().zip(frames).flat_map(|(ids, Ready(values))| ids.iter().zip(values));
        let at: Vec<[f32; 1]> = times.iter().map(|&t| [t as f32]).collect();
        let times = self.times.iter().zip(&at).map(|(&id, t)| (id, &t[..]));
        let inputs: Vec<(Id, &[f32])> = values.map(|(&id, values)| (id, &values[..])).chain(times).collect();
        match &mut self.pair {
            Runs::Whole(program) => {
                inputs.iter().for_each(|&(id, values)| program.input_mut(id).copy_from_slice(values));
                program.infer(store);
                Ok(())
            }
            Runs::Pieces(tiled) => tiled.run(store, &inputs, env),
        }
    }

    /// The frames of the last run, padded.
    fn output(&self, at: usize) -> &[f32] {
        match &self.pair {
            Runs::Whole(program) => program.value(self.outputs[at]),
            Runs::Pieces(tiled) => tiled.value(self.outputs[at]),
        }
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
        env: &Env,
        made: &mut Vec<(f64, Frame)>,
    ) -> Result<()> {
        if !times.iter().any(|t| low.0 < *t && *t < high.0) {
            return Ok(());
        }
        let middle = 0.5 * (low.0 + high.0);
        self.run(store, [low.1, high.1], &[0.5], env)?;
        if times.contains(&middle) {
            made.push((middle, self.frame(0)?));
        }
        if times.iter().any(|t| low.0 < *t && *t < high.0 && *t != middle) {
            let values = self.output(0).to_vec();
            let ready = self.ready(store, values);
            self.halve(store, [low, (middle, &ready)], times, env, made)?;
            self.halve(store, [(middle, &ready), high], times, env, made)?;
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
        match &self.programs.as_ref()?.pair {
            Runs::Whole(_) => None,
            Runs::Pieces(tiled) if tiled.n_pieces() == 0 => None,
            Runs::Pieces(tiled) => Some(format!(
                "frames go through the network in {} pieces, as the memory limit has no room for whole ones",
                tiled.n_pieces()
            )),
        }
    }
}
