//! Which parts of all pictures a piece takes, and where they lie.

use super::result_of;
use super::stages::Stage;
use super::tiled::Held;
use crate::autodiff::Id;
use crate::autodiff::graph::Graph;
use crate::autodiff::layout::{Life, first_fit};
use crate::monitor::Budget;
use diabolo_kernels::{Part, Real};
use std::ops::Range;

/// A part that an operation reads.
#[derive(Clone, Debug)]
pub struct Source {
    pub id: Id,
    /// What is asked for.
    pub wanted: Part,
    /// What is there, in the arena or, where it has no place there, as a whole picture.
    pub there: Part,
    pub place: Option<Range<usize>>,
    /// Where what is asked for is copied to, where too much is there.
    pub cut: Option<Range<usize>>,
}

/// An operation of a piece.
#[derive(Clone, Debug)]
pub struct Step {
    pub operation: usize,
    pub id: Id,
    pub made: Part,
    pub place: Range<usize>,
    pub sources: Vec<Source>,
}

/// A piece of a stage.
#[derive(Clone, Debug)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// Elements of the arena.
    pub len: usize,
}

/// What is known while a plan is made.
pub struct Planner<'a, T> {
    pub graph: &'a Graph<T>,
    pub sizes: &'a [[usize; 2]],
    pub stage: &'a Stage,
    pub held: &'a Held<'a, T>,
}

impl<T: Real> Planner<'_, T> {
    /// The plan of a part of what the stage makes, or nothing where it takes more than `room` elements, or the flows that
    /// tell so find no room.
    pub fn plan(&self, part: Part, room: usize, budget: &Budget) -> Option<Plan> {
        // Before what flows lead to is looked for: whether it would fit if they led nowhere.
        let (least, leads) = self.steps(part, None)?;
        let fits = |plan: &Plan| plan.len <= room;
        if !fits(&least) || !leads {
            return Some(least).filter(fits);
        }
        self.steps(part, Some(budget)).map(|found| found.0).filter(fits)
    }

    /// The plan, flows followed where there is a budget to follow them by, and whether there are any.
    fn steps(&self, part: Part, follow: Option<&Budget>) -> Option<(Plan, bool)> {
        let mut wanted: Vec<Option<Part>> = vec![None; self.sizes.len()];
        for id in &self.stage.made {
            wanted[id.index()] = Some(part);
        }
        let mut steps: Vec<Step> = Vec::new();
        let mut leads = false;
        let of = |id: Id| self.sizes[id.index()];
        let mut flows: Vec<(Id, Part, Vec<T>)> = Vec::new();
        for &operation in self.stage.operations.iter().rev() {
            let maker = &*self.graph.operations[operation];
            let (Some(id), Some(own)) = (result_of(maker), maker.in_pieces()) else { continue };
            let Some(asked) = wanted[id.index()] else { continue };
            let made = own.made(asked);
            wanted[id.index()] = Some(made);
            leads |= own.led_by().is_some();
            if let (Some(flow), Some(budget)) = (own.led_by(), follow)
                && !flows.iter().any(|(id, part, _)| (*id, *part) == (flow, made))
            {
                flows.retain(|(id, _, _)| *id == flow);
                let bytes = 2 * (self.graph.shape(flow)[1] * made.n_pixels() * size_of::<T>()) as u64;
                budget.charge(bytes, "the flow of a piece").ok()?;
                let values = self.light(flow, made);
                budget.release(bytes);
                flows.push((flow, made, values));
            }
            let flow = own.led_by().filter(|_| follow.is_some()).and_then(|flow| {
                flows.iter().find(|(id, part, _)| (*id, *part) == (flow, made)).map(|found| &found.2[..])
            });
            let reads = own.reads(made, &of, flow);
            let sources = reads.into_iter().map(|(id, part)| {
                if !self.held.has(id) {
                    let before = wanted[id.index()];
                    wanted[id.index()] = Some(before.map_or(part, |before| before.with(&part)));
                }
                Source { id, wanted: part, there: Part::whole(of(id)), place: None, cut: None }
            });
            steps.push(Step { operation, id, made, place: 0..0, sources: sources.collect() });
        }
        steps.reverse();
        Some((self.laid_out(steps), leads))
    }

    /// Gives everything its place.
    fn laid_out(&self, mut steps: Vec<Step>) -> Plan {
        let mut made_at = vec![None; self.sizes.len()];
        let mut dies = vec![0; steps.len()];
        for (at, step) in steps.iter_mut().enumerate() {
            let own = self.graph.operations[step.operation].in_pieces();
            for (number, source) in step.sources.iter_mut().enumerate() {
                if let Some((maker, made)) = made_at[source.id.index()] {
                    dies[maker] = at;
                    source.there = made;
                    source.place = Some(0..0);
                }
                let takes_larger = own.is_some_and(|own| own.takes_larger(number));
                source.cut = (source.there != source.wanted && !takes_larger).then_some(0..0);
            }
            dies[at] = at;
            made_at[step.id.index()] = Some((at, step.made));
        }
        let len = |id: Id, part: &Part| self.graph.shape(id)[1] * part.n_pixels();
        let lives = steps.iter().enumerate().flat_map(|(at, step)| {
            let cuts = step.sources.iter().filter(|source| source.cut.is_some());
            let cuts = cuts.map(move |cut| Life { len: len(cut.id, &cut.wanted), born: at, dies: at });
            cuts.chain([Life { len: len(step.id, &step.made), born: at, dies: dies[at] }])
        });
        let (places, end) = first_fit(lives);
        let mut places = places.into_iter();
        let mut place_of = vec![0..0; self.sizes.len()];
        for step in &mut steps {
            for source in &mut step.sources {
                if source.place.is_some() {
                    source.place = Some(place_of[source.id.index()].clone());
                }
                if source.cut.is_some() {
                    source.cut = places.next();
                }
            }
            step.place = places.next().unwrap_or(0..0);
            place_of[step.id.index()] = step.place.clone();
        }
        Plan { steps, len: end }
    }

    /// A part of a flow, of whole pictures by light operations.
    fn light(&self, id: Id, part: Part) -> Vec<T> {
        let n = self.graph.shape(id)[1];
        let mut values = vec![T::ZERO; n * part.n_pixels()];
        if let Some((held, whole)) = self.held.get(id, self.sizes) {
            whole.copy(held, &part, n, &part, &mut values);
            return values;
        }
        let mut operations = self.graph.operations.iter();
        let maker = operations
            .find(|operation| result_of(&***operation) == Some(id))
            .and_then(|operation| operation.in_pieces());
        let Some(maker) = maker else { unreachable!("flows are whole or made of whole pictures") };
        let made = maker.made(part);
        let reads = maker.reads(made, &|id| self.sizes[id.index()], None);
        let read: Vec<(Vec<T>, Part)> =
            reads.into_iter().map(|(id, part)| (self.light(id, part), part)).collect();
        let pieces: Vec<super::Piece<T>> =
            read.iter().map(|(values, part)| super::Piece { values, part: *part }).collect();
        let mut larger = vec![T::ZERO; n * made.n_pixels()];
        maker.make(made, &pieces, &self.held.constants, &mut larger);
        made.copy(&larger, &part, n, &part, &mut values);
        values
    }
}
