//! Likelihoods of counts: Poisson and negative binomial, with or without additional zeros.
//!
//! | symbol | field | meaning |
//! |---|---|---|
//! | x | `counts` | whole numbers >= 0 |
//! | m | `mean` | > 0, the mean of the count part |
//! | t | `dispersion` | > 0, variance m + m^2 / t; without it the counts are Poisson, t = inf |
//! | p | `logit` | the logit of an additional zero; without it there is none, p = -inf |
//!
//! P(0) = sigma(p) + sigma(-p) NB(0), P(x) = sigma(-p) NB(x) (Lambert 1992; Greene 1994). Most counts are zeros:
//! a pass over every element takes them all for zeros (`formula`), then those that are not are gathered, done
//! in vectors and put in their places (`row`).

mod formula;
mod row;

use crate::Real;
use crate::fused::Cut;
use crate::parallel::EXP_GRAIN;
use crate::sparse::CsrRef;
use formula::Form;
use row::{Row, Scratch, row_of};
use std::cell::RefCell;

/// Rows of counts.
#[derive(Clone, Copy, Debug)]
pub enum Counts<'a, T> {
    /// Row-major, as many as parameters.
    Dense(&'a [T]),
    /// Compressed sparse rows; an entry of 0 counts as none.
    Sparse(CsrRef<'a, T>),
}

impl<T: Real> Counts<'_, T> {
    /// Whether they are rows of `n_cols`, `n` elements in all.
    pub(super) fn check(&self, n: usize, n_cols: usize) {
        match self {
            Counts::Dense(x) => assert!(
                x.len() == n && (n == 0 || n.is_multiple_of(n_cols)),
                "{} counts for {n} parameters in rows of {n_cols}",
                x.len()
            ),
            Counts::Sparse(x) => assert!(
                x.pattern().n_cols() == n_cols && x.pattern().n_rows() * n_cols == n,
                "{} x {} counts for {n} parameters in rows of {n_cols}",
                x.pattern().n_rows(),
                x.pattern().n_cols()
            ),
        }
    }

    /// Calls `each` with (column, count) of the counts above 0 in row `i`.
    pub(super) fn each_in_row(&self, i: usize, n_cols: usize, each: &mut dyn FnMut(usize, T)) {
        match self {
            Counts::Dense(x) => {
                for (j, &x) in
                    x[i * n_cols..(i + 1) * n_cols].iter().enumerate().filter(|(_, x)| **x > T::ZERO)
                {
                    each(j, x);
                }
            }
            Counts::Sparse(x) => {
                let (columns, values) = x.row(i);
                for (&j, &x) in columns.iter().zip(values).filter(|(_, x)| **x > T::ZERO) {
                    each(j as usize, x);
                }
            }
        }
    }
}

/// How a positive dispersion comes from any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DispersionLink {
    /// ln(1 + e^b)
    Softplus,
    /// e^b
    Exp,
}

/// What the parameters are.
#[derive(Clone, Copy, Debug)]
pub enum Link<'a, T> {
    /// The mean, the dispersion, the logit.
    Direct,
    /// The last linear layer's outputs (a, b, p): m = size_factor clip(e^a), t = clip(softplus(b) or e^b).
    /// Where a clip holds a value its gradient is 0.
    PreActivation {
        /// One for each row, > 0; 1 where there are none.
        size_factors: Option<&'a [T]>,
        /// Least and largest e^a; both positive normal numbers.
        mean_range: [T; 2],
        /// Where t comes from.
        dispersion: DispersionLink,
        /// Least and largest t, both > 0.
        dispersion_range: [T; 2],
    },
}

/// The parameters of every count, row-major.
#[derive(Clone, Copy, Debug)]
pub struct CountParameters<'a, T> {
    /// The mean or a.
    pub mean: &'a [T],
    /// The dispersion or b, of the size of `mean`, or one row for all; `None` for Poisson counts.
    pub dispersion: Option<&'a [T]>,
    /// The logit of an additional zero; `None` for none.
    pub logit: Option<&'a [T]>,
    /// What they are.
    pub link: Link<'a, T>,
}

/// Where gradients go: with respect to what was given, each of the size of the mean. Where one row of
/// dispersions serves all, its gradient is the sum of the rows.
#[derive(Debug)]
pub struct CountGradients<'a, T> {
    /// With respect to `mean`.
    pub mean: Option<&'a mut [T]>,
    /// With respect to `dispersion`.
    pub dispersion: Option<&'a mut [T]>,
    /// With respect to `logit`.
    pub logit: Option<&'a mut [T]>,
}

impl<T> Default for CountGradients<'_, T> {
    fn default() -> Self {
        Self { mean: None, dispersion: None, logit: None }
    }
}

/// Count likelihoods of a number type.
pub trait CountLoss: Sized + Copy {
    /// Minus the log likelihood of rows of `n_cols` counts, lgamma(x + 1) included, and its gradients times
    /// `scale`. `rows`, where given, receives each row's.
    ///
    /// In f32 an element's value is within 1e-5 of its size or 1e-6, and t times the gradient with respect to
    /// t within 1e-5 of its size or 1e-5, for t from 1e-3 to 1e8 and counts up to 1e4. Counts that are no
    /// whole numbers are taken by the gamma function, if they are at least 1.
    /// # Panics
    /// If the sizes do not agree.
    fn count_nll(
        counts: Counts<'_, Self>,
        n_cols: usize,
        parameters: CountParameters<'_, Self>,
        scale: Self,
        gradients: CountGradients<'_, Self>,
        rows: Option<&mut [f64]>,
    ) -> f64;
}

macro_rules! count_loss {
    ($t:ty, $v:ident) => {
        impl CountLoss for $t {
            fn count_nll(
                counts: Counts<'_, $t>,
                n_cols: usize,
                parameters: CountParameters<'_, $t>,
                scale: $t,
                gradients: CountGradients<'_, $t>,
                rows: Option<&mut [f64]>,
            ) -> f64 {
                thread_local! {
                    /// Kept from row to row, and from call to call.
                    static SCRATCH: RefCell<Scratch<$t>> = const { RefCell::new(Scratch::new()) };
                }
                dispatch! {
                    fn one_row(form: Form<$t>, row: Row<'_, $t>, scratch: &mut Scratch<$t>) -> f64 = row_of::<$v>;
                }
                let CountParameters { mean, dispersion, logit, link } = parameters;
                let n = mean.len();
                counts.check(n, n_cols);
                let shared = dispersion.filter(|t| t.len() == n_cols && n != n_cols);
                let form = Form::new(link, dispersion.is_some(), logit.is_some(), scale);
                if let Link::PreActivation { size_factors: Some(s), .. } = link {
                    assert_eq!(s.len() * n_cols, n, "one size factor a row");
                }
                // What is not there is read from the mean, and not used.
                let each_dispersion = if shared.is_some() { mean } else { dispersion.unwrap_or(mean) };
                let read = [mean, each_dispersion, logit.unwrap_or(mean)];
                let CountGradients { mean: d_mean, dispersion: d_dispersion, logit: d_logit } = gradients;
                let written = [
                    d_mean,
                    d_dispersion.filter(|_| dispersion.is_some()),
                    d_logit.filter(|_| logit.is_some()),
                ];
                let cut = Cut::rows(n_cols, EXP_GRAIN / 2);
                cut.sum(n, read, written, rows, |i, [mean, dispersion, logit], written| {
                    let size_factor = match link {
                        Link::PreActivation { size_factors: Some(factors), .. } => factors[i],
                        _ => 1.0,
                    };
                    let read = [mean, shared.unwrap_or(dispersion), logit];
                    SCRATCH.with_borrow_mut(|scratch| {
                        scratch.clear(mean.len());
                        counts.each_in_row(i, n_cols, &mut |j, x| scratch.push(j, x));
                        one_row(form.with_size_factor(size_factor), Row { read, written }, scratch)
                    })
                })
            }
        }
    };
}

count_loss!(f32, F32);
count_loss!(f64, F64);
