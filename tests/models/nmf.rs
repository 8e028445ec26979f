//! NMF: the objective never rises, planted parts are found, factors stay non-negative.

use diabolo::linalg::{Features, Matrix};
use diabolo::models::factorization::nmf::Params;
use diabolo::models::{Data, fit};
use diabolo::monitor::{Env, Silent};
use proptest::prelude::*;

fn non_negative(n_rows: usize, n_cols: usize) -> impl Strategy<Value = Matrix<f64>> {
    proptest::collection::vec(prop_oneof![Just(0.0), 0.0..10.0], n_rows * n_cols)
        .prop_map(move |values| Matrix::from_vec(n_rows, n_cols, values))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_objective_never_rises(x in non_negative(12, 9), n_components in 1_usize..5, l1 in 0.0..0.5, l2 in 0.0..0.5) {
        let features = Features::from(x);
        let params = Params { n_components, max_iter: 30, tol: 0.0, l1, l2 };
        let (nmf, history) = fit(&params, &Data::rows(&features), None, &Env::seeded(3), &mut Silent).expect("a fit");
        for pair in history.objective().windows(2) {
            prop_assert!(pair[1] <= pair[0] + crate::tolerance::MONOTONE * (1.0 + features.squared_norm()), "{pair:?}");
        }
        prop_assert!(nmf.w().values().iter().chain(nmf.h().values()).all(|v| *v >= 0.0 && v.is_finite()));
    }

    #[test]
    fn sparse_equals_dense(x in non_negative(12, 9)) {
        let params = Params { n_components: 3, max_iter: 10, ..Params::default() };
        let both = [Features::from(x.clone()), Features::from(diabolo::linalg::Csr::from_dense(&x))];
        let [dense, sparse] = both.map(|x| fit(&params, &Data::rows(&x), None, &Env::seeded(3), &mut Silent).expect("a fit").1);
        for (a, b) in dense.objective().iter().zip(sparse.objective()) {
            prop_assert!((a - b).abs() <= crate::tolerance::MONOTONE * (1.0 + x.values().iter().map(|v| v * v).sum::<f64>()));
        }
    }
}
