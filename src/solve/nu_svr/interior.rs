//! The dual by a primal-dual interior point method with predictor and corrector (Mehrotra 1992), for few unknowns and
//! many samples.
//!
//! With z = (a, a*), s = C - z, G = (X; -X) of rank p, q = (-y, y), A the two sums and multipliers v of z >= 0, u of
//! z <= C and rho of the sums, a step solves
//!
//! (D + G G') dz - A' d_rho = g, A dz = -r_p, D = v/z + u/s (diagonal)
//!
//! by (D + G G')^-1 = D^-1 - D^-1 G (I + G'D^-1 G)^-1 G'D^-1 (Woodbury 1950; for support vectors Ferris & Munson 2002):
//! a p x p Cholesky factor and a 2 x 2 complement for the sums, O(l p^2) a step and no l x l matrix. It begins feasible
//! (z all nu C / 2) and stays so; what rounding spoils is in the residuals of the next step.

use super::{Program, Solution};
use crate::linalg::Matrix;
use diabolo_kernels::gemm::{Epilogue, Gemm};
use diabolo_kernels::reduce::Reduce;
use diabolo_kernels::small::Small;

/// Iterations at the most; 16 to 25 are usual.
const MOST: usize = 100;

/// How near to the boundary a step goes.
const SHY: f64 = 0.995;

/// Room for one program after the other on the same X, without allocation.
pub struct Workspace<'a> {
    xt: &'a Matrix<f64>,
    /// D^-1, of 2 l values as all that belongs to z.
    inverse: Vec<f64>,
    scaled: Matrix<f64>,
    factor: Matrix<f64>,
    /// D^-1 g, then dz.
    dz: Vec<f64>,
    dv: Vec<f64>,
    du: Vec<f64>,
    /// Right-hand sides of the complementarity.
    rv: Vec<f64>,
    ru: Vec<f64>,
    /// Of length l.
    difference: Vec<f64>,
    fitted: Vec<f64>,
}

/// The point and its multipliers.
struct Point {
    z: Vec<f64>,
    v: Vec<f64>,
    u: Vec<f64>,
    rho: [f64; 2],
}

impl<'a> Workspace<'a> {
    /// Room for programs on X' (n_unknowns x n_samples): 8 (n_unknowns + 18) n_samples bytes.
    pub fn new(xt: &'a Matrix<f64>) -> Workspace<'a> {
        let (p, l) = (xt.n_rows(), xt.n_cols());
        let both = || vec![0.0; 2 * l];
        Workspace {
            xt,
            inverse: both(),
            scaled: Matrix::zeros(p, l),
            factor: Matrix::zeros(p, p),
            dz: both(),
            dv: both(),
            du: both(),
            rv: both(),
            ru: both(),
            difference: vec![0.0; l],
            fitted: vec![0.0; l],
        }
    }

    /// Solves a program until complementarity is below `tol` (1 + |dual|).
    /// # Panics
    /// If `y` is not as long as X has samples, or the program has no inside.
    pub fn solve(&mut self, program: &Program, y: &[f64], tol: f64) -> Solution {
        let (p, l) = (self.xt.n_rows(), self.xt.n_cols());
        assert_eq!(y.len(), l, "one value a sample");
        let Program { c, nu } = *program;
        assert!(c > 0.0 && nu > 0.0 && nu <= 1.0, "C above 0, nu above 0 and up to 1");
        let total = program.total(l);
        // Multipliers by the signs of the slopes q, apart from 0 by the mean size of y.
        let apart = (f64::abs_sum(y) / l.max(1) as f64).max(f64::MIN_POSITIVE.sqrt());
        let mut at = Point {
            z: vec![0.5 * nu * c; 2 * l],
            v: y.iter().map(|y| -y).chain(y.iter().copied()).map(|q| q.max(0.0) + apart).collect(),
            u: y.iter().map(|y| -y).chain(y.iter().copied()).map(|q| (-q).max(0.0) + apart).collect(),
            rho: [0.0; 2],
        };
        let mut w = vec![0.0; p];
        let (mut n_iter, mut converged) = (0, false);
        while n_iter < MOST {
            self.difference.iter_mut().enumerate().for_each(|(i, d)| *d = at.z[i] - at.z[l + i]);
            f64::gemv(1.0, self.xt.view(), &self.difference, 0.0, &mut w);
            f64::gemv(1.0, self.xt.view().t(), &w, 0.0, &mut self.fitted);
            let dual = 0.5 * f64::squared_norm(&w) - f64::dot(y, &self.difference);
            let gap = at.complementarity(c);
            if gap <= tol * (1.0 + dual.abs()) {
                converged = true;
                break;
            }
            n_iter += 1;
            if !self.step(&mut at, y, c, total, gap / (4 * l) as f64) {
                break; // numbers at their limits: the gap tells what the point is worth
            }
        }
        let coefficients = (0..l).map(|i| at.z[i] - at.z[l + i]).collect();
        // rho are -(epsilon + b) and -(epsilon - b).
        let [first, second] = at.rho;
        let tube = (0.5 * (second - first), -0.5 * (first + second));
        Solution::new(program, (self.xt, y), coefficients, tube, (n_iter, converged))
    }

    /// One step of predictor and corrector; whether there was one.
    fn step(&mut self, at: &mut Point, y: &[f64], c: f64, total: f64, mu: f64) -> bool {
        let l = y.len();
        for (i, inverse) in self.inverse.iter_mut().enumerate() {
            let (z, s) = (at.z[i], c - at.z[i]);
            *inverse = z * s / (at.v[i] * s + at.u[i] * z);
        }
        let Some(complement) = self.factorise(l) else { return false };
        for i in 0..2 * l {
            self.rv[i] = -at.v[i] * at.z[i];
            self.ru[i] = -at.u[i] * (c - at.z[i]);
        }
        let sums = [f64::sum_of(&at.z[..l]) - total, f64::sum_of(&at.z[l..]) - total];
        self.direction(at, y, c, &sums, &complement);
        let reach = self.reach(at, c);
        let mut ahead = 0.0;
        for i in 0..2 * l {
            let (z, v) = (at.z[i] + reach * self.dz[i], at.v[i] + reach * self.dv[i]);
            ahead += z * v + (c - z) * (at.u[i] + reach * self.du[i]);
        }
        // Mehrotra's centring: (mu reached / mu)^3 of mu.
        let mu_ahead = ahead / (4 * l) as f64;
        let centre = (mu_ahead / mu).powi(3) * mu;
        for i in 0..2 * l {
            self.rv[i] += centre - self.dz[i] * self.dv[i];
            self.ru[i] += centre + self.dz[i] * self.du[i];
        }
        let moved_rho = self.direction(at, y, c, &sums, &complement);
        let reach = (SHY * self.reach(at, c)).min(1.0);
        let is_finite = reach.is_finite() && moved_rho.iter().all(|rho| rho.is_finite());
        if !is_finite || reach < 1e-12 {
            return false;
        }
        for i in 0..2 * l {
            at.z[i] += reach * self.dz[i];
            at.v[i] += reach * self.dv[i];
            at.u[i] += reach * self.du[i];
        }
        at.rho.iter_mut().zip(moved_rho).for_each(|(rho, moved)| *rho += reach * moved);
        true
    }

    /// The Cholesky factor of I + G'D^-1 G, and the complement of the two sums; `None` where it is not positive.
    fn factorise(&mut self, l: usize) -> Option<Complement> {
        let p = self.xt.n_rows();
        let (a, b) = self.inverse.split_at(l);
        self.difference.iter_mut().zip(a.iter().zip(b)).for_each(|(d, (a, b))| *d = a + b);
        for k in 0..p {
            let row = self.scaled.row_mut(k).iter_mut().zip(self.xt.row(k).iter().zip(&self.difference));
            row.for_each(|(scaled, (x, d))| *scaled = x * d);
        }
        let factor = self.factor.view_mut();
        f64::gemm(1.0, self.scaled.view(), self.xt.view().t(), 0.0, factor, Epilogue::default());
        (0..p).for_each(|k| self.factor[(k, k)] += 1.0);
        f64::cholesky_small(self.factor.values_mut(), p).ok()?;
        // M^-1 A' for both sums: D^-1 on the half of each, then the correction by its products with G.
        let of_sum = |inverse: &[f64], sign: f64| {
            let mut products = vec![0.0; p];
            f64::gemv(sign, self.xt.view(), inverse, 0.0, &mut products);
            let mut solved = products.clone();
            f64::cholesky_solve(self.factor.values(), p, &mut solved);
            (products, solved)
        };
        let ((t_a, c_a), (t_b, c_b)) = (of_sum(a, 1.0), of_sum(b, -1.0));
        let aa = f64::sum_of(a) - f64::dot(&t_a, &c_a);
        let bb = f64::sum_of(b) - f64::dot(&t_b, &c_b);
        let ab = -f64::dot(&t_a, &c_b);
        let determinant = aa * bb - ab * ab;
        (determinant > 0.0 && determinant.is_finite()).then_some(Complement {
            inverse: [bb / determinant, -ab / determinant, aa / determinant],
            products: [t_a, t_b],
            solved: [c_a, c_b],
        })
    }

    /// dz, dv and du for the right-hand sides at hand; returns d_rho.
    fn direction(
        &mut self,
        at: &Point,
        y: &[f64],
        c: f64,
        sums: &[f64; 2],
        complement: &Complement,
    ) -> [f64; 2] {
        let (p, l) = (self.xt.n_rows(), y.len());
        // g = -r_d + r_v / z - r_u / s, r_d = H z + q - A'rho - v + u
        for i in 0..2 * l {
            let (sign, j) = if i < l { (1.0, i) } else { (-1.0, i - l) };
            let slope = sign * (self.fitted[j] - y[j]) - at.rho[usize::from(i >= l)];
            let g = -(slope - at.v[i] + at.u[i]) + self.rv[i] / at.z[i] - self.ru[i] / (c - at.z[i]);
            self.dz[i] = self.inverse[i] * g;
        }
        let (a, b) = self.dz.split_at(l);
        self.difference.iter_mut().zip(a.iter().zip(b)).for_each(|(d, (a, b))| *d = a - b);
        let mut inner = vec![0.0; p];
        f64::gemv(1.0, self.xt.view(), &self.difference, 0.0, &mut inner);
        f64::cholesky_solve(self.factor.values(), p, &mut inner);
        // A M^-1 g of either sum, then d_rho = S^-1 (-r_p - A M^-1 g)
        let [t_a, t_b] = &complement.products;
        let wanted = [
            -sums[0] - f64::sum_of(a) + f64::dot(t_a, &inner),
            -sums[1] - f64::sum_of(b) + f64::dot(t_b, &inner),
        ];
        let [aa, ab, bb] = complement.inverse;
        let rho = [aa * wanted[0] + ab * wanted[1], ab * wanted[0] + bb * wanted[1]];
        for (k, inner) in inner.iter_mut().enumerate() {
            *inner += rho[0] * complement.solved[0][k] + rho[1] * complement.solved[1][k];
        }
        f64::gemv(1.0, self.xt.view().t(), &inner, 0.0, &mut self.difference);
        for i in 0..2 * l {
            let (sign, j, rho) = if i < l { (1.0, i, rho[0]) } else { (-1.0, i - l, rho[1]) };
            let dz = self.dz[i] + self.inverse[i] * (rho - sign * self.difference[j]);
            self.dz[i] = dz;
            self.dv[i] = (self.rv[i] - at.v[i] * dz) / at.z[i];
            self.du[i] = (self.ru[i] + at.u[i] * dz) / (c - at.z[i]);
        }
        rho
    }

    /// The longest step up to 1 / [`SHY`] that keeps z, s, v and u above 0.
    fn reach(&self, at: &Point, c: f64) -> f64 {
        // Shares of what is there that a whole step takes away: the largest is the inverse of the step.
        let mut most = SHY;
        for i in 0..at.z.len() {
            let (z, dz) = (at.z[i], self.dz[i]);
            most = most.max(-dz / z).max(dz / (c - z));
            most = most.max(-self.dv[i] / at.v[i]).max(-self.du[i] / at.u[i]);
        }
        1.0 / most
    }
}


/// The 2 x 2 complement of the sums.
struct Complement {
    /// (aa, ab, bb) of its inverse.
    inverse: [f64; 3],
    /// G'D^-1 A' for either sum.
    products: [Vec<f64>; 2],
    /// (I + G'D^-1 G)^-1 times these.
    solved: [Vec<f64>; 2],
}

impl Point {
    /// v'z + u's
    fn complementarity(&self, c: f64) -> f64 {
        let of = self.z.iter().zip(self.v.iter().zip(&self.u));
        of.map(|(z, (v, u))| v * z + u * (c - z)).sum()
    }
}
