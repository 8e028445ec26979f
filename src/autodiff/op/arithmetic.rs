//! Sums, differences, products and quotients, element by element, with broadcasting.

use super::Operation;
use crate::autodiff::pieces::{InPieces, Piece};
use crate::autodiff::{Backward, Forward, Graph, Id, Values};
use diabolo_kernels::{Part, Real};

/// a ? b
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Add,
    Sub,
    Mul,
    Div,
}

/// How B is laid over A.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// Element by element.
    Same,
    /// A row over every row.
    Row,
    /// A column over every column.
    Column,
    /// One number over all.
    Scalar,
}

/// Y = A ? B, B as large as A, or a row, a column or a number that stands for all of them.
#[derive(Clone, Debug)]
struct Binary {
    kind: Kind,
    over: Over,
    a: Id,
    b: Id,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// A + B; B as large as A, or 1 x n, m x 1 or 1 x 1 and repeated.
    /// # Panics
    /// If the sizes do not agree.
    pub fn add(&mut self, a: Id, b: Id) -> Id {
        self.binary(Kind::Add, a, b)
    }

    /// A - B, B as for [`Graph::add`].
    /// # Panics
    /// If the sizes do not agree.
    pub fn sub(&mut self, a: Id, b: Id) -> Id {
        self.binary(Kind::Sub, a, b)
    }

    /// A * B element by element, B as for [`Graph::add`].
    /// # Panics
    /// If the sizes do not agree.
    pub fn mul(&mut self, a: Id, b: Id) -> Id {
        self.binary(Kind::Mul, a, b)
    }

    /// A / B element by element, B as for [`Graph::add`].
    /// # Panics
    /// If the sizes do not agree.
    pub fn div(&mut self, a: Id, b: Id) -> Id {
        self.binary(Kind::Div, a, b)
    }

    fn binary(&mut self, kind: Kind, a: Id, b: Id) -> Id {
        let [rows, cols] = self.shape(a);
        let over = match self.shape(b) {
            shape if shape == [rows, cols] => Over::Same,
            [1, 1] => Over::Scalar,
            [1, n] if n == cols => Over::Row,
            [m, 1] if m == rows => Over::Column,
            shape => panic!("{shape:?} does not lie over {rows} x {cols}"),
        };
        let y = self.result(rows, cols);
        self.record(Binary { kind, over, a, b, y });
        y
    }
}

impl Kind {
    fn of<T: Real>(self, a: T, b: T) -> T {
        match self {
            Kind::Add => a + b,
            Kind::Sub => a - b,
            Kind::Mul => a * b,
            Kind::Div => a / b,
        }
    }

    /// The same of matrices of one size.
    fn apply<T: Real>(self, a: &[T], b: &[T], y: &mut [T]) {
        match self {
            Kind::Add => T::add_into(a, b, y),
            Kind::Sub => T::sub_into(a, b, y),
            Kind::Mul => T::mul_into(a, b, y),
            Kind::Div => T::div_into(a, b, y),
        }
    }

    /// dy times the derivative with respect to a.
    fn da<T: Real>(self, dy: T, b: T) -> T {
        match self {
            Kind::Add | Kind::Sub => dy,
            Kind::Mul => dy * b,
            Kind::Div => dy / b,
        }
    }

    /// dy times the derivative with respect to b.
    fn db<T: Real>(self, dy: T, a: T, b: T) -> T {
        match self {
            Kind::Add => dy,
            Kind::Sub => -dy,
            Kind::Mul => dy * a,
            Kind::Div => -(dy * a) / (b * b),
        }
    }
}

impl Over {
    /// The place in B of element (i, j).
    fn place(self, i: usize, j: usize, cols: usize) -> usize {
        match self {
            Over::Same => i * cols + j,
            Over::Row => j,
            Over::Column => i,
            Over::Scalar => 0,
        }
    }
}

impl<T: Real> Operation<T> for Binary {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.a);
        each(self.b);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn in_pieces(&self) -> Option<&dyn InPieces<T>> {
        (self.over == Over::Same).then_some(self as &dyn InPieces<T>)
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let (a, b) = (values.get(self.a), values.get(self.b));
        match self.over {
            Over::Same => self.kind.apply(a, b, y),
            _ => {
                let cols = values.shape(self.y)[1].max(1);
                for (i, (y, a)) in y.chunks_exact_mut(cols).zip(a.chunks_exact(cols)).enumerate() {
                    for (j, (y, &a)) in y.iter_mut().zip(a).enumerate() {
                        *y = self.kind.of(a, b[self.over.place(i, j, cols)]);
                    }
                }
            }
        }
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.a, |values, dy, da| {
            let (b, cols) = (values.get(self.b), values.shape(self.y)[1].max(1));
            match (self.kind, self.over) {
                (Kind::Add | Kind::Sub, _) => da.copy_from_slice(dy),
                (Kind::Mul, Over::Same) => T::mul_into(dy, b, da),
                _ => {
                    for (i, (da, dy)) in da.chunks_exact_mut(cols).zip(dy.chunks_exact(cols)).enumerate() {
                        for (j, (da, &dy)) in da.iter_mut().zip(dy).enumerate() {
                            *da = self.kind.da(dy, b[self.over.place(i, j, cols)]);
                        }
                    }
                }
            }
        });
        run.add(self.y, self.b, |values, dy, db| {
            let (a, b, cols) = (values.get(self.a), values.get(self.b), values.shape(self.y)[1].max(1));
            if (self.kind, self.over) == (Kind::Mul, Over::Same) {
                return T::mul_into(dy, a, db);
            }
            db.fill(T::ZERO);
            for (i, (a, dy)) in a.chunks_exact(cols).zip(dy.chunks_exact(cols)).enumerate() {
                for (j, (&a, &dy)) in a.iter().zip(dy).enumerate() {
                    let place = self.over.place(i, j, cols);
                    db[place] += self.kind.db(dy, a, b[place]);
                }
            }
        });
    }
}

impl<T: Real> InPieces<T> for Binary {
    fn make(&self, _: Part, read: &[Piece<T>], _: &Values<T>, y: &mut [T]) {
        self.kind.apply(read[0].values, read[1].values, y);
    }
}
