//! Random draws whose noise is an input: gradients go through the draw (Kingma & Welling 2014).

use super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;

/// z = mu + e^(log_var / 2) eps
#[derive(Clone, Debug)]
struct Normal {
    mu: Id,
    log_var: Id,
    eps: Id,
    z: Id,
    /// The deviation e^(log_var / 2) eps.
    deviation: Id,
}

impl<T: Real> Graph<T> {
    /// z = mu + e^(log_var / 2) eps: normal draws, `eps` standard normal noise, an input.
    /// # Panics
    /// If the sizes do not agree.
    pub fn normal(&mut self, mu: Id, log_var: Id, eps: Id) -> Id {
        let [rows, cols] = self.shape(mu);
        assert!(
            self.shape(log_var) == [rows, cols] && self.shape(eps) == [rows, cols],
            "mu, log_var and eps alike"
        );
        let z = self.result(rows, cols);
        let deviation = self.result(rows, cols);
        self.record(Normal { mu, log_var, eps, z, deviation });
        z
    }

    /// x * mask: dropout (Srivastava et al. 2014), `mask` an input of 0 and 1 / (1 - p).
    /// # Panics
    /// If the sizes differ.
    pub fn dropout(&mut self, x: Id, mask: Id) -> Id {
        assert_eq!(self.shape(x), self.shape(mask), "a mask as large as X");
        self.mul(x, mask)
    }
}

impl<T: Real> Operation<T> for Normal {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        [self.mu, self.log_var, self.eps].into_iter().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        [self.z, self.deviation].into_iter().for_each(each);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, [z, deviation]) = run.results([self.z, self.deviation]);
        T::scale_into(T::from_f64(0.5), values.get(self.log_var), deviation);
        T::exp_in_place(deviation);
        T::mul_in_place(values.get(self.eps), deviation);
        T::add_into(values.get(self.mu), deviation, z);
    }

    /// d mu = dz, d log_var = dz * deviation / 2.
    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.z, self.mu, |_, dz, dmu| dmu.copy_from_slice(dz));
        run.add(self.z, self.log_var, |values, dz, dlv| {
            T::mul_into(dz, values.get(self.deviation), dlv);
            T::scale(T::from_f64(0.5), dlv);
        });
        run.add(self.z, self.eps, |values, dz, deps| {
            T::scale_into(T::from_f64(0.5), values.get(self.log_var), deps);
            T::exp_in_place(deps);
            T::mul_in_place(dz, deps);
        });
    }
}
