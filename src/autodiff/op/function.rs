//! Functions of one matrix, element by element.

use super::Operation;
use crate::autodiff::pieces::{InPieces, Piece};
use crate::autodiff::{Backward, Forward, Graph, Id, Values};
use diabolo_kernels::gemm::Activation;
use diabolo_kernels::{Part, Real};

/// y = f(x)
#[derive(Clone, Copy, Debug, PartialEq)]
enum Function {
    Activation(Activation),
    /// a x + b
    Affine(f64, f64),
    Exp,
    Ln,
    Log1p,
    Expm1,
    Square,
    Sqrt,
    Reciprocal,
    Abs,
    Erf,
    Lgamma,
    /// min(max(x, low), high)
    Clip(f64, f64),
}

impl Function {
    fn forward<T: Real>(self, x: &[T], y: &mut [T]) {
        match self {
            Function::Activation(activation) => {
                y.copy_from_slice(x);
                activation.apply(y);
            }
            Function::Affine(a, b) => {
                T::scale_into(T::from_f64(a), x, y);
                if b != 0.0 {
                    T::shift(T::from_f64(b), y);
                }
            }
            Function::Exp => T::exp_into(x, y),
            Function::Ln => T::ln_into(x, y),
            Function::Log1p => T::log1p_into(x, y),
            Function::Expm1 => T::expm1_into(x, y),
            Function::Square => T::square_into(x, y),
            Function::Sqrt => T::sqrt_into(x, y),
            Function::Reciprocal => y.iter_mut().zip(x).for_each(|(y, &x)| *y = T::ONE / x),
            Function::Abs => y.iter_mut().zip(x).for_each(|(y, x)| *y = x.abs()),
            Function::Erf => T::erf_into(x, y),
            Function::Lgamma => T::lgamma_into(x, y),
            Function::Clip(low, high) => T::clip_into(T::from_f64(low), T::from_f64(high), x, y),
        }
    }

    /// dx = dy f'(x), which is written to `dx`.
    fn backward<T: Real>(self, x: &[T], y: &[T], dy: &[T], dx: &mut [T]) {
        let by = |dx: &mut [T], derivative: &dyn Fn(T, T) -> T| {
            for (((dx, &dy), &x), &y) in dx.iter_mut().zip(dy).zip(x).zip(y) {
                *dx = dy * derivative(x, y);
            }
        };
        match self {
            Function::Activation(activation) => {
                dx.copy_from_slice(dy);
                activation.apply_back(y, dx);
            }
            Function::Affine(a, _) => T::scale_into(T::from_f64(a), dy, dx),
            Function::Exp => T::mul_into(dy, y, dx),
            Function::Ln => T::div_into(dy, x, dx),
            Function::Log1p => by(dx, &|x, _| T::ONE / (T::ONE + x)),
            Function::Expm1 => by(dx, &|_, y| T::ONE + y),
            Function::Square => {
                T::mul_into(dy, x, dx);
                T::scale(T::from_f64(2.0), dx);
            }
            Function::Sqrt => by(dx, &|_, y| T::from_f64(0.5) / y),
            Function::Reciprocal => by(dx, &|_, y| -(y * y)),
            Function::Abs => by(dx, &|x, _| match x.partial_cmp(&T::ZERO) {
                Some(std::cmp::Ordering::Greater) => T::ONE,
                Some(std::cmp::Ordering::Less) => -T::ONE,
                _ => T::ZERO,
            }),
            // erf'(x) = 2 / sqrt(pi) e^(-x^2)
            Function::Erf => {
                T::square_into(x, dx);
                T::scale(-T::ONE, dx);
                T::exp_in_place(dx);
                T::mul_in_place(dy, dx);
                T::scale(T::from_f64(std::f64::consts::FRAC_2_SQRT_PI), dx);
            }
            Function::Lgamma => {
                T::digamma_into(x, dx);
                T::mul_in_place(dy, dx);
            }
            Function::Clip(low, high) => {
                let (low, high) = (T::from_f64(low), T::from_f64(high));
                by(dx, &|x, _| if low < x && x < high { T::ONE } else { T::ZERO });
            }
        }
    }
}

/// Y = f(X)
#[derive(Clone, Debug)]
struct Apply {
    function: Function,
    x: Id,
    y: Id,
}

impl<T: Real> Operation<T> for Apply {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.x);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn in_pieces(&self) -> Option<&dyn InPieces<T>> {
        Some(self)
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        self.function.forward(values.get(self.x), y);
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.x, |values, dy, dx| {
            self.function.backward(values.get(self.x), values.get(self.y), dy, dx);
        });
    }
}

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident ( $($p:ident),* ) = $function:expr;)*) => {
        impl<T: Real> Graph<T> {
            $($(#[$doc])* pub fn $name(&mut self, x: Id $(, $p: f64)*) -> Id { self.apply($function, x) })*
        }
    };
}

functions! {
    /// a x + b
    affine(a, b) = Function::Affine(a, b);
    /// -x
    neg() = Function::Affine(-1.0, 0.0);
    /// e^x
    exp() = Function::Exp;
    /// ln x
    ln() = Function::Ln;
    /// ln(1 + x)
    log1p() = Function::Log1p;
    /// e^x - 1
    expm1() = Function::Expm1;
    /// x^2
    square() = Function::Square;
    /// The square root of x.
    sqrt() = Function::Sqrt;
    /// 1 / x
    reciprocal() = Function::Reciprocal;
    /// |x|; its derivative at 0 is taken as 0.
    abs() = Function::Abs;
    /// The error function.
    erf() = Function::Erf;
    /// ln Gamma(x), x > 0.
    lgamma() = Function::Lgamma;
    /// min(max(x, low), high); no gradient where it is clipped.
    clip(low, high) = Function::Clip(low, high);
    /// max(x, 0)
    relu() = Function::Activation(Activation::Relu);
    /// x where it is positive, else `slope` x.
    leaky_relu(slope) = Function::Activation(Activation::LeakyRelu(slope));
    /// x where it is positive, else e^x - 1.
    elu() = Function::Activation(Activation::Elu);
    /// 1 / (1 + e^-x)
    sigmoid() = Function::Activation(Activation::Sigmoid);
    /// tanh x
    tanh() = Function::Activation(Activation::Tanh);
    /// ln(1 + e^x)
    softplus() = Function::Activation(Activation::Softplus);
}

impl<T: Real> Graph<T> {
    /// An activation by its name.
    pub fn activation(&mut self, activation: Activation, x: Id) -> Id {
        match activation {
            Activation::Identity => x,
            _ => self.apply(Function::Activation(activation), x),
        }
    }

    fn apply(&mut self, function: Function, x: Id) -> Id {
        let [rows, cols] = self.shape(x);
        let y = self.result(rows, cols);
        self.record(Apply { function, x, y });
        y
    }
}

impl<T: Real> InPieces<T> for Apply {
    fn is_light(&self) -> bool {
        true
    }

    fn make(&self, _: Part, read: &[Piece<T>], _: &Values<T>, y: &mut [T]) {
        self.function.forward(read[0].values, y);
    }
}
