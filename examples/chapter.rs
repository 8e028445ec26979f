//! The worked example of matrix factorisation: `cargo run --example chapter`.
//!
//! R, 5 x 4 and of rank 2, (a) by alternating least squares, (b) with non-negative factors, (c) from a part
//! of its entries: one mask that leaves too few of them, and one that leaves enough.

use diabolo::Result;
use diabolo::data;
use diabolo::linalg::{Features, Matrix};
use diabolo::models::bilinear::Bilinear;
use diabolo::models::factorization::als::Params;
use diabolo::models::{Data, Model, fit};
use diabolo::monitor::{Env, Silent};

fn main() -> Result<()> {
    let r = data::chapter().features.to_dense();
    show("R", &r);
    let exact = Params { n_components: 2, ridge: 0.0, tol: 0.0, max_iter: 2000, non_negative: false };

    let model = factorised(&exact, &r)?;
    show("(a) U", model.u());
    show("    V", model.v());
    show("    U V", &model.completed());

    let model = factorised(&Params { non_negative: true, ..exact.clone() }, &r)?;
    show("(b) U >= 0", model.u());
    show("    V >= 0", model.v());
    show("    U V", &model.completed());

    // Rows 2 to 5 of columns 2 to 4 hidden: 8 entries for 14 degrees of freedom.
    let printed = hide(&r, |i, j| i >= 2 && j >= 2);
    show("(c) R with rows 2-5 of columns 2-4 hidden", &printed);
    show("    completed at rank 2", &factorised(&exact, &printed)?.completed());
    let rank_1 = Params { n_components: 1, ..exact.clone() };
    show("    completed at rank 1", &factorised(&rank_1, &printed)?.completed());

    let enough = hide(&r, |i, j| [(2, 1), (3, 4), (4, 1), (5, 2)].contains(&(i, j)));
    show("    R with four entries hidden", &enough);
    show("    completed at rank 2", &factorised(&exact, &enough)?.completed());
    Ok(())
}

/// The fitted model; says what it warns of.
fn factorised(params: &Params, r: &Matrix<f64>) -> Result<Bilinear> {
    let x = Features::from(r.clone());
    let (model, _) = fit(params, &Data::rows(&x), None, &Env::seeded(1), &mut Silent)?;
    for warning in model.warnings() {
        println!("    warning: {warning}");
    }
    Ok(model)
}

/// The matrix with NaN at the places (from 1) that are hidden.
fn hide(r: &Matrix<f64>, hidden: impl Fn(usize, usize) -> bool) -> Matrix<f64> {
    Matrix::from_fn(r.n_rows(), r.n_cols(), |i, j| if hidden(i + 1, j + 1) { f64::NAN } else { r[(i, j)] })
}

fn show(title: &str, matrix: &Matrix<f64>) {
    println!("{title}");
    for row in matrix.rows() {
        let cells = row.iter().map(|x| if x.is_nan() { format!("{:>9}", "?") } else { format!("{x:>9.4}") });
        println!("    {}", cells.collect::<String>());
    }
}
