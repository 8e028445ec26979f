//! The leading singular values of a matrix in a file, by the library.
//!
//! `cargo run --release --example svd -- FILE [K]`: any file diabolo reads; prints one line of JSON. Without
//! a file, the digits.

use diabolo::data;
use diabolo::io::read::{ReadOptions, read};
use diabolo::models::factorization::svd;
use diabolo::models::fit;
use diabolo::monitor::{Env, Silent};
use std::time::Instant;

fn main() -> diabolo::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let env = Env::default();
    let set = match words.first() {
        Some(path) => read(path.as_ref(), &ReadOptions::default(), &env.budget)?,
        None => data::by_name("digits", &env.budget).expect("an embedded set")?,
    };
    let n_components = words.get(1).and_then(|word| word.parse().ok()).unwrap_or(10);
    let params = svd::Params { n_components, ..Default::default() };
    let began = Instant::now();
    let (model, history) = fit(&params, &set.data(), None, &env, &mut Silent)?;
    let seconds = began.elapsed().as_secs_f64();
    println!(
        r#"{{"seconds": {seconds}, "n_iter": {}, "converged": {}, "singular_values": {:?}}}"#,
        history.n_iter(),
        history.converged(),
        model.singular_values()
    );
    Ok(())
}
