//! Cross-entropies on logits.

use super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id, Values};
use diabolo_kernels::Real;
use diabolo_kernels::loss::Targets;

/// What logits are compared with.
#[derive(Clone, Copy, Debug)]
enum Target {
    /// A matrix in [0, 1].
    Matrix(Id),
    /// One number for all.
    Constant(f64),
}

/// loss = scale * sum max(l, 0) - l x + ln(1 + e^-|l|)
#[derive(Clone, Debug)]
struct BinaryCrossEntropy {
    logits: Id,
    target: Target,
    scale: f64,
    loss: Id,
}

impl<T: Real> Graph<T> {
    /// The binary cross-entropy of logits l and targets x in [0, 1], summed and scaled, 1 x 1:
    /// scale * sum max(l, 0) - l x + ln(1 + e^-|l|). Targets receive no gradient.
    /// # Panics
    /// If the sizes differ.
    pub fn bce_logits(&mut self, logits: Id, target: Id, scale: f64) -> Id {
        assert_eq!(self.shape(logits), self.shape(target), "a target a logit");
        self.binary_cross_entropy(logits, Target::Matrix(target), scale)
    }

    /// As [`Graph::bce_logits`] with one target for all: the label of a GAN's critic.
    pub fn bce_logits_constant(&mut self, logits: Id, target: f64, scale: f64) -> Id {
        self.binary_cross_entropy(logits, Target::Constant(target), scale)
    }

    fn binary_cross_entropy(&mut self, logits: Id, target: Target, scale: f64) -> Id {
        let loss = self.result(1, 1);
        self.record(BinaryCrossEntropy { logits, target, scale, loss });
        loss
    }
}

impl BinaryCrossEntropy {
    fn targets<'a, T: Real>(&self, values: &Values<'a, T>) -> Targets<'a, T> {
        match self.target {
            Target::Matrix(target) => Targets::Each(values.get(target)),
            Target::Constant(target) => Targets::All(T::from_f64(target)),
        }
    }
}

impl<T: Real> Operation<T> for BinaryCrossEntropy {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.logits);
        if let Target::Matrix(target) = self.target {
            each(target);
        }
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.loss);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, loss, [gradient]) = run.loss(self.loss, [Some(self.logits)]);
        let (logits, targets) = (values.get(self.logits), self.targets(&values));
        loss[0] = T::from_f64(self.scale * T::bce_logits(logits, targets, T::from_f64(self.scale), gradient));
    }

    /// dl = scale * (sigmoid(l) - x)
    fn backward(&self, run: &mut Backward<T>) {
        run.weigh(self.loss, self.logits, |values, dl| {
            let (logits, targets) = (values.get(self.logits), self.targets(&values));
            T::bce_logits(logits, targets, T::from_f64(self.scale), Some(dl));
        });
    }
}

/// loss = scale * sum_i logsumexp(l_i) - l_i,class_i
#[derive(Clone, Debug)]
struct CrossEntropy {
    logits: Id,
    classes: Id,
    scale: f64,
    loss: Id,
}

impl<T: Real> Graph<T> {
    /// The cross-entropy of rows of logits and their classes, summed and scaled, 1 x 1. `classes`: m x 1 whole
    /// numbers, an input.
    /// # Panics
    /// If the sizes do not agree; in the pass, if a class does not exist.
    pub fn cross_entropy(&mut self, logits: Id, classes: Id, scale: f64) -> Id {
        let [rows, _] = self.shape(logits);
        assert_eq!(self.shape(classes), [rows, 1], "a class a row");
        let loss = self.result(1, 1);
        self.record(CrossEntropy { logits, classes, scale, loss });
        loss
    }
}

impl CrossEntropy {
    /// scale * (softmax(l) - onehot)
    fn gradient<T: Real>(&self, logits: &[T], classes: &[T], dl: &mut [T]) {
        let cols = logits.len() / classes.len().max(1);
        dl.copy_from_slice(logits);
        T::softmax_rows(dl, cols);
        for (row, class) in dl.chunks_exact_mut(cols.max(1)).zip(classes) {
            row[class.to_f64() as usize] += -T::ONE;
        }
        T::scale(T::from_f64(self.scale), dl);
    }
}

impl<T: Real> Operation<T> for CrossEntropy {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        [self.logits, self.classes].into_iter().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.loss);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, loss, [gradient]) = run.loss(self.loss, [Some(self.logits)]);
        let (logits, classes) = (values.get(self.logits), values.get(self.classes));
        let cols = logits.len() / classes.len().max(1);
        let mut sum = 0.0;
        for (row, class) in logits.chunks_exact(cols.max(1)).zip(classes) {
            let mut of_row = [T::ZERO];
            T::logsumexp_rows(row, cols, &mut of_row);
            sum += (of_row[0] - row[class.to_f64() as usize]).to_f64();
        }
        loss[0] = T::from_f64(self.scale * sum);
        if let Some(gradient) = gradient {
            self.gradient(logits, classes, gradient);
        }
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.weigh(self.loss, self.logits, |values, dl| {
            self.gradient(values.get(self.logits), values.get(self.classes), dl);
        });
    }
}

/// loss = scale * sum (x - t)^2
#[derive(Clone, Debug)]
struct SquaredError {
    x: Id,
    target: Id,
    scale: f64,
    loss: Id,
}

impl<T: Real> Graph<T> {
    /// scale * sum (x - target)^2, 1 x 1. Targets receive no gradient.
    /// # Panics
    /// If the sizes differ.
    pub fn squared_error(&mut self, x: Id, target: Id, scale: f64) -> Id {
        assert_eq!(self.shape(x), self.shape(target), "a target an element");
        let loss = self.result(1, 1);
        self.record(SquaredError { x, target, scale, loss });
        loss
    }
}

impl<T: Real> Operation<T> for SquaredError {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        [self.x, self.target].into_iter().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.loss);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, loss, [gradient]) = run.loss(self.loss, [Some(self.x)]);
        let (x, target, scale) = (values.get(self.x), values.get(self.target), T::from_f64(self.scale));
        loss[0] = T::from_f64(self.scale * T::squared_error(x, target, scale, gradient));
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.weigh(self.loss, self.x, |values, dx| {
            let (x, target) = (values.get(self.x), values.get(self.target));
            T::squared_error(x, target, T::from_f64(self.scale), Some(dx));
        });
    }
}
