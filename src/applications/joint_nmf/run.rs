//! One start and what becomes of it.

use super::{Method, Params, Views};
use crate::error::Result;
use crate::linalg::Matrix;
use crate::random::Rng;
use crate::solve::alternating::Alternating;
use crate::solve::hals::{self, Penalty};
use crate::solve::nnls;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64, visit_vector};
use diabolo_kernels::reduce::Reduce;

/// No penalties.
const NONE: Penalty = Penalty { l1: 0.0, l2: 0.0 };

/// What a view's own part begins with, in shares of the common one.
const OWN: f64 = 0.1;

/// Sweeps of a factor that use the same products.
const SWEEPS: usize = 3;

/// The factors of a start.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pair: Alternating,
    /// V_v of every view, n_samples x k; none for [`Method::Joint`]. Rows of samples that the view lacks are 0.
    pub own: Vec<Matrix<f64>>,
    /// theta of every view.
    pub weights: Vec<f64>,
    first: f64,
    /// The objective; infinite before the first step.
    pub objective: f64,
    /// Whether the stopping rule is met.
    pub converged: bool,
}

impl Run {
    /// A start of entries uniform in (0, 2 sqrt(mean / k)): then the mean of W H is that of the data.
    pub fn drawn(views: &Views, params: &Params, seed: u64, start: u64) -> Run {
        let k = params.n_components;
        let scale = 2.0 * (views.mean() / k as f64).sqrt();
        let draw = |n_rows: usize, factor: u64, scale: f64| {
            let mut rng = Rng::keyed(seed, &[start, factor]);
            Matrix::from_fn(n_rows, k, |_, _| scale * rng.uniform())
        };
        let (w, ht) = (draw(views.n_samples(), 0, scale), draw(views.n_columns(), 1, scale));
        let mut own = Vec::new();
        if params.method == Method::Inmf {
            for (v, view) in views.iter().enumerate() {
                let drawn = draw(views.n_samples(), 2 + v as u64, OWN * scale);
                let mut part = Matrix::zeros(views.n_samples(), k);
                view.present.iter().for_each(|&i| part.row_mut(i).copy_from_slice(drawn.row(i)));
                own.push(part);
            }
        }
        let weights = views.iter().map(|view| view.weight).collect();
        Run {
            pair: Alternating::new(w, ht),
            own,
            weights,
            first: f64::INFINITY,
            objective: f64::INFINITY,
            converged: false,
        }
    }

    /// W, n_samples x k.
    pub fn w(&self) -> &Matrix<f64> {
        &self.pair.a
    }

    /// H' of all views, one after the other, n_columns x k.
    pub fn ht(&self) -> &Matrix<f64> {
        &self.pair.b
    }

    /// One step; the objective never rises.
    pub fn step(&mut self, views: &Views, params: &Params) {
        let last = self.objective;
        match params.method {
            Method::Joint => {
                self.pair.step(
                    |w, ht| {
                        joint(views, w, ht, |a, products, gram| hals::sweeps(a, products, gram, NONE, SWEEPS))
                    },
                    |w, ht| joint(views, w, ht, |a, products, gram| hals::multiply(a, products, gram, NONE)),
                );
                self.objective = self.pair.objective;
            }
            Method::Inmf => {
                let before = self.clone();
                self.solve_in_turn(views, params.lambda);
                let reached = objective(views, self.w(), self.ht(), &self.own, params.lambda);
                if reached <= last {
                    self.objective = reached;
                } else {
                    *self = before; // what is left is rounding
                }
            }
        }
        if self.first.is_infinite() {
            self.first = self.objective;
        } else {
            self.converged = last - self.objective <= params.tol * self.first;
        }
    }

    /// iNMF: H_v, V_v, then W, each the solution of its own non-negative least squares.
    fn solve_in_turn(&mut self, views: &Views, lambda: f64) {
        let k = self.w().n_cols();
        for (v, view) in views.iter().enumerate() {
            let w = self.pair.a.select_rows(&view.present);
            let own = self.own[v].select_rows(&view.present);
            let mut both = w.clone();
            both.values_mut().iter_mut().zip(own.values()).for_each(|(w, own)| *w += own);
            // H_v on [W + V_v; sqrt(lambda) V_v]
            let mut gram = both.gram();
            add(&mut gram, lambda, &own.gram());
            let mut h = view.x.matmul_tn(&both);
            nnls::non_negative(&gram, &mut h);
            // V_v on [H_v; sqrt(lambda) H_v], X_v - W H_v beside 0
            let gram = h.gram();
            let mut products = view.x.matmul(&h);
            add(&mut products, -1.0, &w.matmul(&gram));
            let mut penalised = gram;
            penalised.values_mut().iter_mut().for_each(|g| *g *= 1.0 + lambda);
            nnls::non_negative(&penalised, &mut products);
            for (at, &i) in view.present.iter().enumerate() {
                self.own[v].row_mut(i).copy_from_slice(products.row(at));
            }
            let range = view.columns.start * k..view.columns.end * k;
            self.pair.b.values_mut()[range].copy_from_slice(h.values());
        }
        let (ht, own) = (self.pair.b.clone(), std::mem::take(&mut self.own));
        by_groups(views, &ht, Some(&own), &mut self.pair.a, |w, products, gram| {
            w.values_mut().copy_from_slice(products.values());
            nnls::non_negative(gram, w);
        });
        self.own = own;
    }

    /// What [`Tensors::visit`] gave.
    /// # Errors
    /// [`crate::Error::Shape`] where arrays are missing or of another shape.
    pub(super) fn load(named: &Named) -> Result<Run> {
        let own = (0..named.scalar_u64("n_own")?).map(|v| Matrix::load(named, &format!("own/{v}")));
        Ok(Run {
            pair: Alternating::load(&named.under("pair/"))?,
            own: own.collect::<Result<_>>()?,
            weights: named.vector_f64("weights")?,
            first: named.scalar_f64("first")?,
            objective: named.scalar_f64("objective")?,
            converged: named.scalar_u64("converged")? == 1,
        })
    }
}

impl Tensors for Run {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.pair.visit(&mut |name, view| each(&format!("pair/{name}"), view));
        visit_u64(each, "n_own", self.own.len() as u64);
        for (v, own) in self.own.iter().enumerate() {
            own.visit_as(&format!("own/{v}"), each);
        }
        visit_vector(each, "weights", self.weights.as_slice());
        visit_f64(each, "first", self.first);
        visit_f64(each, "objective", self.objective);
        visit_u64(each, "converged", u64::from(self.converged));
    }
}

/// sum_v theta_v (|X_v - (W + V_v) H_v|^2 + lambda |V_v H_v|^2); without own parts of the views, those of the joint
/// factorisation. W n_samples x k, `ht` n_columns x k.
/// # Panics
/// If the shapes do not agree.
pub fn objective(views: &Views, w: &Matrix<f64>, ht: &Matrix<f64>, own: &[Matrix<f64>], lambda: f64) -> f64 {
    let of_view = |(v, view): (usize, &super::View)| {
        let h = rows(ht, view.columns.clone());
        let mut codes = w.select_rows(&view.present);
        let mut cost = 0.0;
        if let Some(own) = own.get(v) {
            let own = own.select_rows(&view.present);
            add(&mut codes, 1.0, &own);
            cost = lambda * f64::squared_norm(own.matmul_nt(&h).values());
        }
        view.weight * (f64::squared_distance(view.x.values(), codes.matmul_nt(&h).values()) + cost)
    };
    views.iter().enumerate().map(of_view).sum()
}

/// W, then every H_v, each by `one`, which is given products and Gram matrix. Returns the objective:
/// sum_v theta_v (|X_v|^2 - 2 <X_v'W, H_v'> + <W'W, H_v H_v'>).
fn joint(
    views: &Views,
    w: &mut Matrix<f64>,
    ht: &mut Matrix<f64>,
    one: impl Fn(&mut Matrix<f64>, &Matrix<f64>, &Matrix<f64>),
) -> f64 {
    by_groups(views, ht, None, w, &one);
    let k = w.n_cols();
    let mut total = 0.0;
    for view in views.iter() {
        let present = w.select_rows(&view.present);
        let (products, gram) = (view.x.matmul_tn(&present), present.gram());
        let mut h = rows(ht, view.columns.clone());
        one(&mut h, &products, &gram);
        let error = view.squared_norm - 2.0 * hals::inner(&products, &h) + hals::inner(&gram, &h.gram());
        total += view.weight * error.max(0.0);
        ht.values_mut()[view.columns.start * k..view.columns.end * k].copy_from_slice(h.values());
    }
    total
}

/// Improves the rows of W by `one`, those of the same views together: by the sums over the views they have of
/// theta_v (X_v - V_v H_v) H_v' and theta_v H_v H_v'.
fn by_groups(
    views: &Views,
    ht: &Matrix<f64>,
    own: Option<&[Matrix<f64>]>,
    w: &mut Matrix<f64>,
    one: impl Fn(&mut Matrix<f64>, &Matrix<f64>, &Matrix<f64>),
) {
    let k = w.n_cols();
    let mut products: Matrix<f64> = Matrix::zeros(w.n_rows(), k);
    let mut grams = Vec::with_capacity(views.len());
    for (v, view) in views.iter().enumerate() {
        let h = rows(ht, view.columns.clone());
        let gram = h.gram();
        let mut of_view = view.x.matmul(&h);
        if let Some(own) = own {
            add(&mut of_view, -1.0, &own[v].select_rows(&view.present).matmul(&gram));
        }
        for (&i, row) in view.present.iter().zip(of_view.rows()) {
            products.row_mut(i).iter_mut().zip(row).for_each(|(sum, x)| *sum += view.weight * x);
        }
        grams.push(gram);
    }
    for (of_group, samples) in views.groups() {
        let mut gram = Matrix::zeros(k, k);
        for (v, view) in views.iter().enumerate().filter(|(v, _)| of_group.contains(v)) {
            add(&mut gram, view.weight, &grams[v]);
        }
        let mut rows = w.select_rows(samples);
        one(&mut rows, &products.select_rows(samples), &gram);
        for (&i, row) in samples.iter().zip(rows.rows()) {
            w.row_mut(i).copy_from_slice(row);
        }
    }
}

/// Some rows that follow one another.
pub(super) fn rows(m: &Matrix<f64>, range: std::ops::Range<usize>) -> Matrix<f64> {
    let k = m.n_cols();
    Matrix::from_vec(range.len(), k, m.values()[range.start * k..range.end * k].to_vec())
}

/// a += factor b
fn add(a: &mut Matrix<f64>, factor: f64, b: &Matrix<f64>) {
    a.values_mut().iter_mut().zip(b.values()).for_each(|(a, b)| *a += factor * b);
}
