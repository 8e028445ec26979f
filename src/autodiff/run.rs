//! What an operation sees of a pass: the values it reads, the place it writes to, gradients.

use super::graph::{Kind, Node};
use super::{Id, Plan, SparseRows, Store};
use diabolo_kernels::{MatMut, MatRef, Real};
use std::ops::Range;

/// The values of a program beside those that are being written.
#[derive(Clone, Copy)]
pub struct Values<'a, T> {
    nodes: &'a [Node],
    places: &'a [Range<usize>],
    /// The arena, cut where results were taken out: the start of each piece, and the piece.
    pieces: [(usize, &'a [T]); MOST_RESULTS + 1],
    parameters: &'a [T],
    state: &'a [T],
    sparse: &'a [SparseRows<T>],
}

/// The most results an operation has.
const MOST_RESULTS: usize = 3;

impl<'a, T: Real> Values<'a, T> {
    /// All values, none being written.
    pub(super) fn whole(
        nodes: &'a [Node],
        places: &'a [Range<usize>],
        values: &'a [T],
        store: &'a Store<T>,
        sparse: &'a [SparseRows<T>],
    ) -> Self {
        let pieces = [(0, values); MOST_RESULTS + 1];
        Values { nodes, places, pieces, parameters: store.values(), state: store.state(), sparse }
    }

    /// A matrix's values, row-major.
    /// # Panics
    /// If the matrix is sparse or being written.
    pub fn get(&self, id: Id) -> &'a [T] {
        let node = &self.nodes[id.index()];
        match &node.kind {
            Kind::Parameter(place) => &self.parameters[place.clone()],
            Kind::Running(place) => &self.state[place.clone()],
            Kind::Sparse(_) => panic!("a sparse input has no dense values"),
            Kind::Input | Kind::Result(_) => {
                let place = &self.places[id.index()];
                let (start, piece) = self
                    .pieces
                    .iter()
                    .rev()
                    .find(|(start, _)| *start <= place.start)
                    .expect("piece 0 starts at 0");
                &piece[place.start - start..place.end - start]
            }
        }
    }

    /// A 1 x 1 matrix.
    pub fn scalar(&self, id: Id) -> T {
        self.get(id)[0]
    }

    /// A matrix as kernels take it.
    pub fn matrix(&self, id: Id) -> MatRef<'a, T> {
        let [rows, cols] = self.shape(id);
        MatRef::new(self.get(id), rows, cols)
    }

    /// The rows of a sparse input; `None` where the matrix is dense.
    pub fn sparse(&self, id: Id) -> Option<&'a SparseRows<T>> {
        match self.nodes[id.index()].kind {
            Kind::Sparse(number) => Some(&self.sparse[number]),
            _ => None,
        }
    }

    /// (rows, cols)
    pub fn shape(&self, id: Id) -> [usize; 2] {
        let node = &self.nodes[id.index()];
        [node.rows, node.cols]
    }
}

/// A forward pass.
pub struct Forward<'a, T> {
    pub(super) nodes: &'a [Node],
    pub(super) places: &'a [Range<usize>],
    pub(super) values: &'a mut [T],
    pub(super) parameters: &'a [T],
    pub(super) has_new_parameters: bool,
    pub(super) state: &'a mut [T],
    pub(super) sparse: &'a [SparseRows<T>],
    /// Gradients to be, and how many operations read a matrix; nothing in inference.
    pub(super) gradients: Option<(&'a mut [T], &'a [u32])>,
}

impl<T: Real> Forward<'_, T> {
    /// Whether the parameters may be others than in the pass before.
    pub fn has_new_parameters(&self) -> bool {
        self.has_new_parameters
    }

    /// The place of a result, and all other values.
    pub fn result(&mut self, y: Id) -> (Values<'_, T>, &mut [T]) {
        let (values, [y]) = self.results([y]);
        (values, y)
    }

    /// The places of several results, in the order they were recorded, and all other values.
    pub fn results<const N: usize>(&mut self, ids: [Id; N]) -> (Values<'_, T>, [&mut [T]; N]) {
        let (pieces, taken) = cut(self.values, ids.map(|id| self.places[id.index()].clone()));
        let values = Values {
            nodes: self.nodes,
            places: self.places,
            pieces,
            parameters: self.parameters,
            state: self.state,
            sparse: self.sparse,
        };
        (values, taken)
    }

    /// A loss and the places of the gradients of what it reads, where nothing else contributes to them: then value
    /// and gradients (at weight 1) may be computed in one pass, and the backward pass has [`Backward::weigh`]
    /// to call. `None` where a gradient must wait for the backward pass, or is not asked for.
    #[allow(clippy::type_complexity, reason = "a triple that is taken apart where it is made")]
    pub fn loss<const N: usize>(
        &mut self,
        loss: Id,
        xs: [Option<Id>; N],
    ) -> (Values<'_, T>, &mut [T], [Option<&mut [T]>; N]) {
        let (nodes, all_places) = (self.nodes, self.places);
        let gradients = match &mut self.gradients {
            None => xs.map(|_| None),
            Some((gradients, readers)) => {
                let alone = xs.map(|x| x.filter(|&x| is_alone(nodes, readers, x)));
                let places = alone.map(|x| x.map_or(0..0, |x| all_places[x.index()].clone()));
                let mut taken = cut(gradients, places).1.into_iter();
                alone.map(|alone| taken.next().filter(|_| alone.is_some()))
            }
        };
        let (pieces, [taken]) = cut(self.values, [self.places[loss.index()].clone()]);
        let values = Values {
            nodes: self.nodes,
            places: self.places,
            pieces,
            parameters: self.parameters,
            state: self.state,
            sparse: self.sparse,
        };
        (values, taken, gradients)
    }

    /// A running state, to be changed, and all values.
    /// # Panics
    /// If `running` is none.
    pub fn running(&mut self, running: Id) -> (Values<'_, T>, &mut [T]) {
        let Kind::Running(place) = &self.nodes[running.index()].kind else { panic!("not a running state") };
        let (pieces, []) = cut(self.values, []);
        let values = Values {
            nodes: self.nodes,
            places: self.places,
            pieces,
            parameters: self.parameters,
            state: &[],
            sparse: self.sparse,
        };
        (values, &mut self.state[place.clone()])
    }
}

/// Whether a gradient may be written ahead: that of a result which a single operation reads.
fn is_alone(nodes: &[Node], readers: &[u32], x: Id) -> bool {
    matches!(nodes[x.index()].kind, Kind::Result(_)) && readers[x.index()] == 1
}

/// Takes disjoint places, rising, out of an arena, and the pieces between them.
#[allow(clippy::type_complexity, reason = "a pair that is taken apart where it is made")]
pub(super) fn cut<T, const N: usize>(
    arena: &mut [T],
    taken: [Range<usize>; N],
) -> ([(usize, &[T]); MOST_RESULTS + 1], [&mut [T]; N]) {
    const { assert!(N <= MOST_RESULTS) };
    let mut order: [usize; N] = std::array::from_fn(|at| at);
    // Empty places, which stand for none, before what starts where they do.
    order.sort_unstable_by_key(|&at| (taken[at].start, taken[at].end));
    let mut pieces: [(usize, &[T]); MOST_RESULTS + 1] = [(0, &[]); MOST_RESULTS + 1];
    let mut places: [&mut [T]; N] = std::array::from_fn(|_| &mut [] as &mut [T]);
    let (mut rest, mut start) = (arena, 0);
    for (q, &at) in order.iter().enumerate() {
        let (before, from) = rest.split_at_mut(taken[at].start - start);
        let (place, after) = from.split_at_mut(taken[at].len());
        pieces[q] = (start, before);
        places[at] = place;
        (rest, start) = (after, taken[at].end);
    }
    for piece in &mut pieces[N..] {
        *piece = (start, &*rest);
    }
    (pieces, places)
}

/// A backward pass.
pub struct Backward<'a, T> {
    pub(super) nodes: &'a [Node],
    pub(super) places: &'a [Range<usize>],
    pub(super) values: &'a [T],
    pub(super) store: &'a Store<T>,
    pub(super) sparse: &'a [SparseRows<T>],
    pub(super) readers: &'a [u32],
    pub(super) plan: &'a Plan,
    pub(super) gradients: &'a mut [T],
    pub(super) of_parameters: &'a mut [T],
    /// Whether a matrix's gradient holds something already.
    pub(super) written: &'a mut [bool],
    /// Room for a contribution that is to be added.
    pub(super) scratch: &'a mut [T],
}

impl<T: Real> Backward<'_, T> {
    /// Whether the gradient of `x` is asked for.
    pub fn needs(&self, x: Id) -> bool {
        self.plan.needed[x.index()]
    }

    /// All values of the forward pass.
    pub fn values(&self) -> Values<'_, T> {
        Values::whole(self.nodes, self.places, self.values, self.store, self.sparse)
    }

    /// The gradient of a result that is complete by now, to be changed in place: nobody reads it after its
    /// operation. Zeros where the loss does not depend on it.
    pub fn own(&mut self, y: Id) -> (Values<'_, T>, &mut [T]) {
        let dy = &mut self.gradients[self.places[y.index()].clone()];
        if !self.written[y.index()] {
            dy.fill(T::ZERO);
            self.written[y.index()] = true;
        }
        (Values::whole(self.nodes, self.places, self.values, self.store, self.sparse), dy)
    }

    /// Contributes to the gradient of `x`, if it is asked for: `compute(values, dy, dx, beta)` makes
    /// dx = contribution + beta dx out of the gradient of the result `y`; beta is 0 or 1.
    pub fn add_scaled(&mut self, y: Id, x: Id, compute: impl FnOnce(Values<'_, T>, &[T], &mut [T], T)) {
        if !self.needs(x) {
            return;
        }
        let beta = if std::mem::replace(&mut self.written[x.index()], true) { T::ONE } else { T::ZERO };
        let values = Values::whole(self.nodes, self.places, self.values, self.store, self.sparse);
        let of_y = self.places[y.index()].clone();
        if !self.written[y.index()] {
            self.gradients[of_y.clone()].fill(T::ZERO);
            self.written[y.index()] = true;
        }
        match &self.nodes[x.index()].kind {
            Kind::Parameter(place) => {
                compute(values, &self.gradients[of_y], &mut self.of_parameters[place.clone()], beta);
            }
            _ => {
                let (pieces, [dx]) = cut(self.gradients, [self.places[x.index()].clone()]);
                let (start, piece) =
                    pieces.iter().rev().find(|(start, _)| *start <= of_y.start).expect("piece 0 starts at 0");
                compute(values, &piece[of_y.start - start..of_y.end - start], dx, beta);
            }
        }
    }

    /// As [`Backward::add_scaled`], with the place of another gradient as room to work in that the operations which
    /// read `room` share: `compute(values, dy, dx, beta, room, is_first)` is told whether it is the first of this pass
    /// to get it. Nobody contributes to the gradient of `room`.
    pub fn add_beside(
        &mut self,
        y: Id,
        x: Id,
        room: Id,
        compute: impl FnOnce(Values<'_, T>, &[T], &mut [T], T, (&mut [T], bool)),
    ) {
        if !self.needs(x) {
            return;
        }
        self.own(y);
        let beta = if std::mem::replace(&mut self.written[x.index()], true) { T::ONE } else { T::ZERO };
        let is_first = !std::mem::replace(&mut self.written[room.index()], true);
        let values = Values::whole(self.nodes, self.places, self.values, self.store, self.sparse);
        let place = |id: Id| self.places[id.index()].clone();
        if let Kind::Parameter(of_x) = &self.nodes[x.index()].kind {
            let (_, [dy, room]) = cut(self.gradients, [place(y), place(room)]);
            compute(values, dy, &mut self.of_parameters[of_x.clone()], beta, (room, is_first));
        } else {
            let (_, [dy, dx, room]) = cut(self.gradients, [place(y), place(x), place(room)]);
            compute(values, dy, dx, beta, (room, is_first));
        }
    }

    /// Contributes to the gradient of `x`, if it is asked for: `compute(values, dy, dx)` writes the contribution.
    pub fn add(&mut self, y: Id, x: Id, compute: impl FnOnce(Values<'_, T>, &[T], &mut [T])) {
        let mut scratch = std::mem::take(&mut self.scratch);
        self.add_scaled(y, x, |values, dy, dx, beta| {
            if beta == T::ZERO {
                compute(values, dy, dx);
            } else {
                let part = &mut scratch[..dx.len()];
                compute(values, dy, part);
                T::add_in_place(part, dx);
            }
        });
        std::mem::swap(&mut self.scratch, &mut scratch);
    }

    /// The backward pass of a loss: where [`Forward::loss`] wrote the gradient of `x` ahead, it is weighed with
    /// the loss's own; else `compute(values, dx)` makes it, which then is weighed and added.
    pub fn weigh(&mut self, loss: Id, x: Id, compute: impl FnOnce(Values<'_, T>, &mut [T])) {
        if !self.needs(x) {
            return;
        }
        let weight = self.own(loss).1[0];
        if is_alone(self.nodes, self.readers, x) {
            self.written[x.index()] = true;
            if weight != T::ONE {
                T::scale(weight, &mut self.gradients[self.places[x.index()].clone()]);
            }
            return;
        }
        self.add(loss, x, |values, _, dx| {
            compute(values, dx);
            if weight != T::ONE {
                T::scale(weight, dx);
            }
        });
    }
}

/// A slice as a matrix of given shape, writable.
pub(super) fn matrix_mut<T>(slice: &mut [T], [rows, cols]: [usize; 2]) -> MatMut<'_, T> {
    MatMut::new(slice, rows, cols)
}
