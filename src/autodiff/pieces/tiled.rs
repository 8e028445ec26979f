//! A network of pictures, run piece by piece.

use super::plan::{Plan, Planner, Source};
use super::stages::{Pictures, Stage};
use super::{Piece, result_of};
use crate::autodiff::graph::{Graph, Kind};
use crate::autodiff::run::cut;
use crate::autodiff::{Forward, Id, Store, Values, padded};
use crate::error::{Error, Result};
use crate::monitor::Env;
use diabolo_kernels::{Part, Real};
use std::ops::Range;

/// Rows or columns at which a piece that does not fit is not halved any more.
const SMALLEST: usize = 16;

/// The share of a stage's memory, one in so many, that is left to what looks where flows lead.
const SPARE: usize = 16;

/// The share of memory that is left, one in so many, for pictures that are kept because several stages read them.
const KEPT_SHARE: u64 = 4;

/// Threads whose room to work in is charged. A constant: pieces, and with them the last bits, shall not depend on how many
/// there are.
const THREADS: usize = 4;

/// A graph of pictures, one image each, for forward passes in pieces.
pub struct Tiled<T> {
    graph: Graph<T>,
    /// Rows and columns of every picture.
    sizes: Vec<[usize; 2]>,
    stages: Vec<Stage>,
    /// Parameters as operations want them, with their places.
    packed: Vec<T>,
    places: Vec<Range<usize>>,
    /// Whole pictures that were made.
    held: Vec<Vec<T>>,
    n_pieces: usize,
    /// Bytes charged for as long as this is there.
    charged: u64,
}

/// The pictures that are there as a whole.
pub struct Held<'a, T> {
    pub values: Vec<Option<&'a [T]>>,
    pub constants: Values<'a, T>,
}

impl<T: Real> Held<'_, T> {
    pub fn has(&self, id: Id) -> bool {
        self.values[id.index()].is_some()
    }

    pub fn get(&self, id: Id, sizes: &[[usize; 2]]) -> Option<(&[T], Part)> {
        self.values[id.index()].map(|values| (values, Part::whole(sizes[id.index()])))
    }
}

impl<T: Real> Tiled<T> {
    /// Lays the passes of a graph out; `inputs` are its pictures with rows and columns, `worth` pictures that may be kept
    /// where several stages read them. Packs the weights, and charges them.
    /// # Errors
    /// [`Error::Limit`]
    /// # Panics
    /// If an operation on the way to `outputs` does not work in pieces.
    pub fn new(
        graph: Graph<T>,
        inputs: &[(Id, [usize; 2])],
        outputs: &[Id],
        worth: &[Id],
        store: &Store<T>,
        env: &Env,
    ) -> Result<Tiled<T>> {
        let n = graph.nodes.len();
        let mut sizes: Vec<[usize; 2]> = graph.nodes.iter().map(|node| [node.rows, 1]).collect();
        inputs.iter().for_each(|(id, size)| sizes[id.index()] = *size);
        let mut places = vec![0..0; n];
        let mut end = 0;
        for operation in &graph.operations {
            let Some(id) = result_of(&**operation) else { continue };
            if let Some(own) = operation.in_pieces() {
                sizes[id.index()] = own.size(&|id| sizes[id.index()]);
            } else {
                assert!(operation.keeps_results(), "an operation that does not work in pieces");
                let [rows, cols] = graph.shape(id);
                places[id.index()] = end..end + rows * cols;
                end = padded(end + rows * cols);
            }
        }
        let own = graph.operations.iter().filter_map(|operation| operation.in_pieces());
        let scratch = THREADS * own.map(|own| own.scratch_len()).max().unwrap_or(0);
        let charged = ((end + scratch) * size_of::<T>()) as u64;
        env.budget.charge(charged, "the packed weights of the network")?;
        let left = env.budget.limit().saturating_sub(env.budget.used());
        let mut pictures = Pictures::new(&graph, outputs);
        pictures.keep(worth, &sizes, left / KEPT_SHARE / size_of::<T>() as u64);
        let stages = pictures.stages(&sizes);
        let mut packed = vec![T::ZERO; end];
        let mut run = Forward {
            nodes: &graph.nodes,
            places: &places,
            values: &mut packed,
            parameters: store.values(),
            has_new_parameters: true,
            state: &mut [],
            sparse: &[],
            gradients: None,
        };
        graph.operations.iter().filter(|o| o.keeps_results()).for_each(|o| o.forward(&mut run));
        Ok(Tiled { graph, sizes, stages, packed, places, held: vec![Vec::new(); n], n_pieces: 0, charged })
    }

    /// Computes the outputs of `inputs`, with the parameters that were packed. What is made in between lies in what of the
    /// memory limit is left, in pieces as large as have room there.
    /// # Errors
    /// [`Error::Limit`] where the smallest piece has no room, [`Error::Interrupted`] where somebody asked to stop.
    /// # Panics
    /// If an input is missing or of another size.
    pub fn run(&mut self, store: &Store<T>, inputs: &[(Id, &[T])], env: &Env) -> Result<()> {
        self.n_pieces = 0;
        // Equal runs have equal room, whatever was made before.
        (0..self.held.len()).for_each(|at| self.free(Id(at as u32), env));
        let mut passed = Ok(());
        for at in 0..self.stages.len() {
            passed = self.stage(at, store, inputs, env);
            let last = if passed.is_ok() { self.stages[at].frees.clone() } else { Vec::new() };
            last.into_iter().for_each(|id| self.free(id, env));
            if passed.is_err() {
                (0..self.held.len()).for_each(|at| self.free(Id(at as u32), env));
                break;
            }
        }
        passed
    }

    /// Gives back all that is charged.
    pub fn end(self, env: &Env) {
        let held: usize = self.held.iter().map(Vec::len).sum();
        env.budget.release(self.charged + (held * size_of::<T>()) as u64);
    }

    /// Forgets a whole picture.
    fn free(&mut self, id: Id, env: &Env) {
        let values = std::mem::take(&mut self.held[id.index()]);
        env.budget.release(size_of_val(&values[..]) as u64);
    }

    /// The values of an output of the last run.
    pub fn value(&self, id: Id) -> &[T] {
        &self.held[id.index()]
    }

    /// Pieces of the last run.
    pub fn n_pieces(&self) -> usize {
        self.n_pieces
    }

    /// Makes the pictures of a stage.
    fn stage(&mut self, at: usize, store: &Store<T>, inputs: &[(Id, &[T])], env: &Env) -> Result<()> {
        let Tiled { graph, sizes, stages, packed, places, held, n_pieces, .. } = self;
        let stage = &stages[at];
        let mut targets = Vec::new();
        for &id in &stage.made {
            let [rows, cols] = graph.shape(id);
            let (count, size) = ((rows * cols) as u64, size_of::<T>() as u64);
            if let Err(refused) = env.budget.charge_array(count, size, "a whole picture of flow or colour") {
                let charged: usize = targets.iter().map(|(_, values): &(Id, Vec<T>)| values.len()).sum();
                env.budget.release(charged as u64 * size);
                return Err(refused);
            }
            targets.push((id, vec![T::ZERO; rows * cols]));
        }
        let mut whole: Vec<Option<&[T]>> =
            held.iter().map(|values| (!values.is_empty()).then_some(&values[..])).collect();
        for &(id, values) in inputs {
            let [rows, cols] = graph.shape(id);
            assert!(graph.nodes[id.index()].kind == Kind::Input && values.len() == rows * cols, "an input");
            whole[id.index()] = Some(values);
        }
        let constants = Values::whole(&graph.nodes, places, packed, store, &[]);
        let known = Held { values: whole, constants };
        let planner = Planner { graph, sizes, stage, held: &known };
        let mut rest = vec![Part::whole(sizes[stage.made[0].index()])];
        let (mut arena, mut passed) = (Vec::new(), Ok(()));
        while let (Some(part), Ok(())) = (rest.pop(), &passed) {
            passed = match env.is_cancelled() {
                true => Err(Error::Interrupted { how: "the frame at hand was not made".to_owned() }),
                false => match piece(&planner, part, &mut arena, &mut targets, env) {
                    Ok(true) => {
                        *n_pieces += 1;
                        Ok(())
                    }
                    Ok(false) => halves(part).map(|halves| rest.extend(halves)),
                    Err(error) => Err(error),
                },
            };
        }
        env.budget.release(size_of_val(&arena[..]) as u64);
        targets.into_iter().for_each(|(id, values)| held[id.index()] = values);
        passed
    }
}

/// The halves of a part, the first one last; what is left is too little for the smallest.
fn halves(part: Part) -> Result<[Part; 2]> {
    let axis = usize::from(part.size[1] >= part.size[0]);
    let side = part.size[axis];
    if side < 2 * SMALLEST {
        let [rows, columns] = part.size;
        return Err(Error::Limit {
            why: format!(
                "not even a piece of {rows} x {columns} pixels has room beside the network; raise --memory-limit"
            ),
        });
    }
    let near = (side / 2).next_multiple_of(SMALLEST);
    let (mut first, mut second) = (part, part);
    first.size[axis] = near;
    second.first[axis] += near;
    second.size[axis] -= near;
    Ok([second, first])
}

/// Makes a part of a stage's pictures, unless it has no room.
fn piece<T: Real>(
    planner: &Planner<T>,
    part: Part,
    arena: &mut Vec<T>,
    targets: &mut [(Id, Vec<T>)],
    env: &Env,
) -> Result<bool> {
    let left = env.budget.limit().saturating_sub(env.budget.used());
    let left = usize::try_from(left / size_of::<T>() as u64).unwrap_or(usize::MAX);
    let room = arena.len().saturating_add(left) / SPARE * (SPARE - 1);
    let Some(plan) = planner.plan(part, room, &env.budget) else { return Ok(false) };
    if plan.len > arena.len() {
        env.budget
            .charge(((plan.len - arena.len()) * size_of::<T>()) as u64, "a piece of the network's values")?;
        *arena = Vec::new();
        *arena = vec![T::ZERO; plan.len];
    }
    follow(planner, &plan, part, arena, targets);
    Ok(true)
}

/// Runs a piece.
fn follow<T: Real>(
    planner: &Planner<T>,
    plan: &Plan,
    part: Part,
    arena: &mut [T],
    targets: &mut [(Id, Vec<T>)],
) {
    let n_channels = |id: Id| planner.graph.shape(id)[1];
    for step in &plan.steps {
        let Some(own) = planner.graph.operations[step.operation].in_pieces() else { continue };
        for source in &step.sources {
            let Some(place) = source.cut.clone() else { continue };
            let ([before, behind, ..], [to]) = cut(arena, [place]);
            let from = values(planner, source, source.place.clone(), &[before, behind]);
            source.there.copy(from, &source.wanted, n_channels(source.id), &source.wanted, to);
        }
        let (pieces, [y]) = cut(arena, [step.place.clone()]);
        let read: Vec<Piece<T>> = step
            .sources
            .iter()
            .map(|source| match source.cut.clone() {
                Some(place) => {
                    Piece { values: values(planner, source, Some(place), &pieces), part: source.wanted }
                }
                None => {
                    let place = source.place.clone();
                    Piece { values: values(planner, source, place, &pieces), part: source.there }
                }
            })
            .collect();
        own.make(step.made, &read, &planner.held.constants, y);
        if let Some((_, target)) = targets.iter_mut().find(|(id, _)| *id == step.id) {
            let whole = Part::whole(step.made.of);
            step.made.copy(y, &part, n_channels(step.id), &whole, target);
        }
    }
}

/// The values of a source, in the arena or as a whole picture.
fn values<'a, T: Real>(
    planner: &'a Planner<T>,
    source: &Source,
    place: Option<Range<usize>>,
    pieces: &[(usize, &'a [T])],
) -> &'a [T] {
    let Some(place) = place else {
        let held = planner.held.get(source.id, planner.sizes);
        return held.map_or(&[], |(values, _)| values);
    };
    let found = pieces.iter().rev().find(|(start, _)| *start <= place.start);
    found.map_or(&[], |(start, piece)| &piece[place.start - start..place.end - start])
}
