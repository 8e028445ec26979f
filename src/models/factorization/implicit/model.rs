//! The fitted factors and what they can do.

use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::linalg::{BLOCK_ROWS, Features, Matrix};
use crate::metrics::ranking::{DEPTH, Ranking};
use crate::models::{
    Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Recommend, Widths, check_width,
};
use crate::monitor::{Budget, Env};
use crate::solve::implicit::{self, Ridge, Side};
use crate::solve::observed::Observed;
use crate::solve::top_n::{Scored, top_n};
use crate::tensors::{Named, TensorView, Tensors, visit_u64};

/// Share of new users' interactions that their lists are tested on.
const TESTED: f64 = 0.2;

/// What a fit leaves.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fitted {
    /// Codes of the training samples, n_samples x n_components.
    pub users: Matrix<f64>,
    /// n_features x n_components
    pub items: Matrix<f64>,
    /// The interactions held out of the fit, as counts; empty if there are none.
    pub held_out: Observed,
    /// Of the training data.
    pub fingerprint: u64,
}

/// How new rows are folded in, and what is shown: from the parameters, not saved with the arrays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FoldIn {
    pub alpha: f64,
    pub ridge: Ridge,
    /// Items recommended to each user in the report; 0 for none.
    pub top_n: usize,
}

/// Scores x_u . y_i of every user and item.
pub struct Implicit {
    pub(super) fitted: Fitted,
    pub(super) fold_in: FoldIn,
}

/// Samples as the model sees them: their interactions, and those that were not shown to it.
pub(super) struct Tested {
    /// What the codes know.
    pub known: Observed,
    /// What the lists are compared with.
    pub held_out: Observed,
    pub codes: Matrix<f64>,
}

impl Implicit {
    pub(super) fn new(fitted: Fitted, fold_in: FoldIn) -> Result<Implicit> {
        if !(fitted.users.is_finite() && fitted.items.is_finite()) {
            let why = "they are not finite; lower --alpha, raise --ridge or scale the data";
            return Err(Error::numerical("the fitted factors", why));
        }
        Ok(Implicit { fitted, fold_in })
    }

    pub(super) fn load(named: &Named, fold_in: FoldIn) -> Result<Implicit> {
        let (users, items) = (Matrix::load(named, "users")?, Matrix::load(named, "items")?);
        if users.n_cols() != items.n_cols() {
            let received = format!("{:?} and {:?}; fit again", users.shape(), items.shape());
            return Err(Error::shape("two factors of as many components", received));
        }
        let fitted = Fitted {
            held_out: Observed::load(named, "held_out", items.n_rows())?,
            users,
            items,
            fingerprint: named.scalar_u64("fingerprint")?,
        };
        Implicit::new(fitted, fold_in)
    }

    /// Codes of the training samples, n_samples x n_components.
    pub fn users(&self) -> &Matrix<f64> {
        &self.fitted.users
    }

    /// Factors of the items, n_features x n_components.
    pub fn items(&self) -> &Matrix<f64> {
        &self.fitted.items
    }

    fn side(&self, counts: Observed) -> Result<Side<f64>> {
        Side::new(counts, self.fold_in.alpha, self.fold_in.ridge)
    }

    /// The codes of samples with these interactions: each the minimum with the items fixed.
    fn codes_of(&self, counts: Observed) -> Result<Matrix<f64>> {
        implicit::fold_in(&self.side(counts)?, &self.fitted.items)
    }

    /// Calls `each` with the interactions of a block of rows, and the first row's number.
    fn each_block(&self, x: &Features, mut each: impl FnMut(usize, Observed) -> Result<()>) -> Result<()> {
        Data::rows(x).non_negative_features()?;
        check_width(x, self.fitted.items.n_rows())?;
        for first in (0..x.n_samples()).step_by(BLOCK_ROWS) {
            let rows: Vec<usize> = (first..(first + BLOCK_ROWS).min(x.n_samples())).collect();
            each(first, Observed::positive(&x.select_rows(&rows), &Budget::unlimited())?)?;
        }
        Ok(())
    }

    /// The samples for a test of their lists. Training samples are tested at what was held out of the fit; others are
    /// folded in from four fifths of their interactions and tested at the rest. `None` where nothing was held out.
    pub(super) fn tested(&self, x: &Features, env: &Env) -> Result<Option<Tested>> {
        let counts = Observed::positive(x, &env.budget)?;
        if x.fingerprint() != self.fitted.fingerprint {
            let (known, held_out) = counts.split(TESTED, env.seed, &env.budget)?;
            let codes = self.codes_of(known.clone())?;
            return Ok(Some(Tested { known, held_out, codes }));
        }
        if self.fitted.held_out.is_empty() {
            return Ok(None);
        }
        let held_out = self.fitted.held_out.clone();
        Ok(Some(Tested { known: counts.without(&held_out), held_out, codes: self.fitted.users.clone() }))
    }

    /// The best items of every sample for a test, `depth` of them at most.
    pub(super) fn lists(&self, tested: &Tested, depth: usize) -> Vec<Vec<u32>> {
        let lists = top_n(&tested.codes, &self.fitted.items, |u| tested.known.row(u).0, depth);
        lists.into_iter().map(|list| list.into_iter().map(|(item, _)| item).collect()).collect()
    }

    /// Recall and NDCG of such lists.
    pub(super) fn ranking(tested: &Tested, lists: &[Vec<u32>], depth: usize) -> Option<Ranking> {
        let users = lists.iter().enumerate();
        Ranking::of(users.map(|(u, list)| (&list[..], tested.held_out.row(u).0)), depth)
    }
}

impl Tensors for Implicit {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.fitted.users.visit_as("users", each);
        self.fitted.items.visit_as("items", each);
        self.fitted.held_out.visit_as("held_out", each);
        visit_u64(each, "fingerprint", self.fitted.fingerprint);
    }
}

impl Widths for Implicit {
    fn n_features(&self) -> usize {
        self.fitted.items.n_rows()
    }

    fn n_latent(&self) -> usize {
        self.fitted.items.n_cols()
    }
}

impl Encode for Implicit {
    fn codes(&self, x: &Features, _: &Env) -> Result<Latent> {
        let mut codes = Matrix::zeros(x.n_samples(), self.n_latent());
        self.each_block(x, |first, counts| {
            for (r, row) in self.codes_of(counts)?.rows().enumerate() {
                codes.row_mut(first + r).copy_from_slice(row);
            }
            Ok(())
        })?;
        Ok(Latent::F64(codes))
    }
}

impl Decode for Implicit {
    fn lift(&self, z: &Matrix<f64>, _: &Env) -> Result<Matrix<f64>> {
        Ok(z.matmul_nt(&self.fitted.items))
    }
}

impl Recommend for Implicit {
    /// A sample without interactions has an empty list.
    fn recommend(&self, x: &Features, n: usize, _: &Env) -> Result<Vec<Vec<Scored<f64>>>> {
        let mut lists = Vec::with_capacity(x.n_samples());
        self.each_block(x, |_, counts| {
            let codes = self.codes_of(counts.clone())?;
            let mut found = top_n(&codes, &self.fitted.items, |u| counts.row(u).0, n);
            // Of who has met nothing nothing is known: every score is 0.
            (0..counts.n_rows()).filter(|&u| counts.n_in_row(u) == 0).for_each(|u| found[u].clear());
            lists.append(&mut found);
            Ok(())
        })?;
        Ok(lists)
    }

    fn feature_factors(&self) -> Matrix<f64> {
        self.fitted.items.clone()
    }
}

impl Model for Implicit {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    fn recommender(&self) -> Option<&dyn Recommend> {
        Some(self)
    }

    /// The error of the preferences, weighted by confidence, over all cells; recall and NDCG at 20 where there is
    /// something to test them on. Training samples have the codes of the fit, others are folded in.
    fn score(&self, x: &Data, env: &Env) -> Result<Metrics> {
        let features = x.non_negative_features()?;
        let items = &self.fitted.items;
        let (mut squares, mut confidence) = (0.0, features.n_samples() as f64 * items.n_rows() as f64);
        let mut add = |codes: &Matrix<f64>, side: &Side<f64>| {
            squares += 2.0 * implicit::loss(codes, side, items);
            confidence += side.weights().iter().sum::<f64>();
        };
        if features.fingerprint() == self.fitted.fingerprint {
            add(&self.fitted.users, &self.side(Observed::positive(features, &env.budget)?)?);
        } else {
            self.each_block(features, |_, counts| {
                let side = self.side(counts)?;
                add(&implicit::fold_in(&side, items)?, &side);
                Ok(())
            })?;
        }
        let mut metrics = vec![("weighted_rmse".to_owned(), (squares.max(0.0) / confidence).sqrt())];
        if let Some(tested) = self.tested(features, env)? {
            let lists = self.lists(&tested, DEPTH);
            if let Some(ranking) = Self::ranking(&tested, &lists, DEPTH) {
                let (recall, ndcg) = ranking.at(DEPTH);
                metrics.push(("recall_at_20".to_owned(), recall));
                metrics.push(("ndcg_at_20".to_owned(), ndcg));
            }
        }
        Ok(metrics)
    }

    fn figures(&self, x: &Data, env: &Env) -> Result<Vec<Figure>> {
        self.draw(x, env)
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        let Fitted { users, items, .. } = &self.fitted;
        vec![
            Factor { name: "users", rows: Along::Samples, cols: Along::Components, values: users },
            Factor { name: "items", rows: Along::Features, cols: Along::Components, values: items },
        ]
    }
}
