//! A network recorded for frames of a size: whole, or in pieces where memory is short.

use super::padding::Padding;
use super::{Map, PairNet};
use crate::autodiff::{Graph, Id, Program, Store, Tiled};
use crate::error::Result;
use crate::models::interpolation::Frame;
use crate::monitor::Env;

/// Bytes up to which what was made of a frame by itself is kept for the next pair; beyond, two pictures go through the
/// network as one, in two thirds of the memory.
const KEPT_BYTES: u64 = 8 << 30;

/// A frame as the network takes it: what was made of it, or its padded colours alone.
pub(super) struct Ready(Vec<Vec<f32>>);

/// The recorded network for frames of a size.
pub(super) struct Programs {
    pub padding: Padding,
    pub range: [f32; 2],
    pub n_times: usize,
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
    Pieces(Tiled<f32>),
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
    pub fn new<N: PairNet>(
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
                Runs::Pieces(tiled.inspect_err(|_| env.budget.release(charged))?)
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
    pub fn end(self, env: &Env) {
        env.budget.release(self.charged);
        if let Runs::Pieces(tiled) = self.pair {
            tiled.end(env);
        }
    }

    /// What is made of a frame by itself, of its padded values.
    pub fn ready(&mut self, store: &Store<f32>, values: Vec<f32>) -> Ready {
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
    pub fn run(&mut self, store: &Store<f32>, frames: [&Ready; 2], times: &[f64], env: &Env) -> Result<()> {
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

    /// The pieces of the last run; 0 where frames go through as a whole.
    pub fn n_pieces(&self) -> usize {
        match &self.pair {
            Runs::Whole(_) => 0,
            Runs::Pieces(tiled) => tiled.n_pieces(),
        }
    }

    /// The frames of the last run, padded.
    fn output(&self, at: usize) -> &[f32] {
        match &self.pair {
            Runs::Whole(program) => program.value(self.outputs[at]),
            Runs::Pieces(tiled) => tiled.value(self.outputs[at]),
        }
    }

    pub fn frame(&self, at: usize) -> Result<Frame> {
        self.padding.crop(self.output(at), self.range)
    }

    /// Frames at those of `times` that lie between `low` and `high`, where two frames are, by halving: each time at which
    /// one is made is appended to `made`.
    pub fn halve(
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
