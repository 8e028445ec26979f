//! Gamma and Dirichlet draws whose noise is an input: gradients by implicit reparameterisation.
//!
//! z = P^-1(a, u), P the regularised incomplete gamma function, u uniform noise. Of P(a, z(a)) = u it follows that
//! dz/da = -(dP/da) / p(z; a) (Figurnov, Mohamed & Mnih 2018). Draws are kept as logarithms: for small a, z itself
//! would be 0.

use super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::special::{digamma, gammainc, gammaincc, lgamma};
use diabolo_kernels::{Real, parallel};

/// Draws of a task.
const GRAIN: usize = 64;

/// The most terms or steps of an expansion: enough for a up to 1e5.
const MOST: usize = 5_000;

/// y = ln z, z ~ Gamma(a, 1)
#[derive(Clone, Debug)]
struct LnGamma {
    a: Id,
    u: Id,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// ln z of gamma draws z ~ Gamma(a, 1), element by element: `a` > 0, `u` in (0, 1), an input of uniform noise.
    /// # Panics
    /// If the sizes differ.
    pub fn ln_gamma_draws(&mut self, a: Id, u: Id) -> Id {
        let [rows, cols] = self.shape(a);
        assert_eq!(self.shape(u), [rows, cols], "noise for every shape");
        let y = self.result(rows, cols);
        self.record(LnGamma { a, u, y });
        y
    }

    /// Dirichlet draws, one a row: `alpha` > 0, `u` in (0, 1), an input of uniform noise. The normalised gamma draws,
    /// by their logarithms.
    /// # Panics
    /// If the sizes differ.
    pub fn dirichlet_draws(&mut self, alpha: Id, u: Id) -> Id {
        let ln_z = self.ln_gamma_draws(alpha, u);
        self.softmax(ln_z)
    }
}

impl<T: Real> Operation<T> for LnGamma {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        [self.a, self.u].into_iter().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let (a, u) = (values.get(self.a), values.get(self.u));
        parallel::for_each_row_block(y, 1, GRAIN, |first, y| {
            for (y, (a, u)) in y.iter_mut().zip(a[first..].iter().zip(&u[first..])) {
                *y = T::from_f64(ln_quantile(a.to_f64(), u.to_f64()));
            }
        });
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.a, |values, dy, da| {
            let (a, y) = (values.get(self.a), values.get(self.y));
            parallel::for_each_row_block(da, 1, GRAIN, |first, da| {
                for (k, da) in da.iter_mut().enumerate() {
                    let at = first + k;
                    *da = dy[at] * T::from_f64(derivative(a[at].to_f64(), y[at].to_f64()));
                }
            });
        });
    }
}

/// ln z with P(a, z) = u, by Newton's method in ln z between bounds that close in.
///
/// Below u = 1/2 on P, above on 1 - P, so that neither tail loses digits.
pub fn ln_quantile(a: f64, u: f64) -> f64 {
    // As z -> 0, P(a, z) -> z^a / Gamma(a + 1): exact to working precision where z is below 1e-17.
    let small = (u.ln() + lgamma(a + 1.0)) / a;
    if small < -40.0 {
        return small;
    }
    let (mut low, mut high) = (small.min(0.0) - 1.0, (a + 40.0 + 10.0 * a.sqrt()).ln());
    let mut ln_z = if a < 1.0 { small.min(high) } else { a.ln() };
    for _ in 0..200 {
        let z = ln_z.exp();
        // What P lacks of u, and dP / d ln z = z p(z).
        let lack = if u < 0.5 { u - gammainc(a, z) } else { gammaincc(a, z) - (1.0 - u) };
        if lack > 0.0 {
            low = ln_z
        } else {
            high = ln_z
        }
        let step = lack / (a * ln_z - z - lgamma(a)).exp();
        let next = ln_z + step;
        let next = if next > low && next < high { next } else { 0.5 * (low + high) };
        let moved = (next - ln_z).abs();
        ln_z = next;
        if moved <= 1e-15 * ln_z.abs().max(1.0) {
            break;
        }
    }
    ln_z
}

/// d ln z / da at P(a, z) = u: -(dP/da) / (z p(z)).
pub fn derivative(a: f64, ln_z: f64) -> f64 {
    let z = ln_z.exp();
    if z <= a + 1.0 { -by_series(a, z, ln_z) } else { by_fraction(a, z, ln_z) }
}

/// (dP/da) / (z p(z)) by P = z^a e^-z / Gamma(a + 1) sum_n z^n / ((a + 1) ... (a + n)), differentiated by terms.
fn by_series(a: f64, z: f64, ln_z: f64) -> f64 {
    let (mut term, mut of_term) = (1.0, 0.0);
    let (mut sum, mut of_sum) = (1.0, 0.0);
    for n in 1..MOST {
        let over = a + n as f64;
        of_term = (of_term - term / over) * z / over;
        term *= z / over;
        sum += term;
        of_sum += of_term;
        if term <= 1e-17 * sum && of_term.abs() <= 1e-17 * of_sum.abs() {
            break;
        }
    }
    (sum * (ln_z - digamma(a + 1.0)) + of_sum) / a
}

/// A number and its derivative with respect to a.
#[derive(Clone, Copy)]
struct Dual(f64, f64);

impl Dual {
    fn times(self, other: Dual) -> Dual {
        Dual(self.0 * other.0, self.1 * other.0 + self.0 * other.1)
    }
    fn plus(self, other: Dual) -> Dual {
        Dual(self.0 + other.0, self.1 + other.1)
    }
    fn inverse(self) -> Dual {
        Dual(1.0 / self.0, -self.1 / (self.0 * self.0))
    }
}

/// (dQ/da) / (z p(z)), Q = 1 - P = z p(z) h with h a continued fraction (Lentz 1976), carried with its derivative.
fn by_fraction(a: f64, z: f64, ln_z: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let mut b = Dual(z + 1.0 - a, -1.0);
    let mut c = Dual(1.0 / TINY, 0.0);
    let mut d = b.inverse();
    let mut h = d;
    for i in 1..MOST {
        let i = i as f64;
        let numerator = Dual(-i * (i - a), i);
        b.0 += 2.0;
        d = numerator.times(d).plus(b).inverse();
        c = b.plus(numerator.times(c.inverse()));
        let factor = c.times(d);
        h = h.times(factor);
        if (factor.0 - 1.0).abs() <= 1e-16 && factor.1.abs() <= 1e-16 * (1.0 + (h.1 / h.0).abs()) {
            break;
        }
    }
    h.1 + h.0 * (ln_z - digamma(a))
}
