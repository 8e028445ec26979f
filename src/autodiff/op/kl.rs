//! The divergence of diagonal normal distributions from the standard one.

use super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;

/// k_ij = 1/2 (mu_ij^2 + e^lv_ij - lv_ij - 1)
#[derive(Clone, Debug)]
struct NormalKl {
    mu: Id,
    log_var: Id,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// KL(N(mu, e^log_var) || N(0, 1)) of every element: 1/2 (mu^2 + e^log_var - log_var - 1) (Kingma & Welling
    /// 2014, appendix B).
    /// # Panics
    /// If the sizes differ.
    pub fn normal_kl(&mut self, mu: Id, log_var: Id) -> Id {
        let [rows, cols] = self.shape(mu);
        assert_eq!(self.shape(log_var), [rows, cols], "mu and log_var alike");
        let y = self.result(rows, cols);
        self.record(NormalKl { mu, log_var, y });
        y
    }
}

impl<T: Real> Operation<T> for NormalKl {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        [self.mu, self.log_var].into_iter().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let (mu, log_var) = (values.get(self.mu), values.get(self.log_var));
        // e^lv - 1 - lv, without the loss of digits near lv = 0.
        T::expm1_into(log_var, y);
        T::sub_in_place(log_var, y);
        T::mul_add_in_place(mu, mu, y);
        T::scale(T::from_f64(0.5), y);
    }

    /// d mu = dy mu, d log_var = dy 1/2 (e^log_var - 1).
    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.mu, |values, dy, dmu| T::mul_into(dy, values.get(self.mu), dmu));
        run.add(self.y, self.log_var, |values, dy, dlv| {
            T::expm1_into(values.get(self.log_var), dlv);
            T::scale(T::from_f64(0.5), dlv);
            T::mul_in_place(dy, dlv);
        });
    }
}
