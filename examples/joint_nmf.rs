//! Two views of the same samples: `cargo run --release --example joint_nmf`.
//!
//! Factorises views that share two components and of which the second has one of its own, some samples lacking a view:
//! jointly, and by iNMF, which leaves the view its own part.
//!
//! `joint_nmf X.npy M1,M2,... K STARTS LABELS CLUSTERS` is what `benches/peers/joint_nmf.py` compares with scikit-learn;
//! prints one line of JSON.

use diabolo::applications::joint_nmf::{Method, Params};
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::{Features, Matrix};
use diabolo::metrics::partition::adjusted_rand_index;
use diabolo::models::{Data, Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::random::Rng;
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |text: &str| -> Result<usize> {
        text.parse().map_err(|e| Error::parameter("joint_nmf", format!("{text}: {e}")))
    };
    match &arguments[..] {
        [] => show(),
        [x, widths, k, n_init, labels, n_clusters] => {
            let views = widths.split(',').map(number).collect::<Result<Vec<usize>>>()?;
            let params = Params {
                views,
                n_components: number(k)?,
                n_init: number(n_init)?,
                n_clusters: number(n_clusters)?,
                ..Params::default()
            };
            race(Path::new(x), Path::new(labels), params)
        }
        _ => Err(Error::parameter("joint_nmf", "give nothing, or X.npy M1,M2,... K STARTS LABELS CLUSTERS")),
    }
}

fn show() -> Result<()> {
    let (n, widths) = (80, [15, 15]);
    let mut rng = Rng::seeded(1);
    let shared = Matrix::from_fn(n, 2, |_, _| rng.exponential());
    let alone: Vec<f64> = (0..n).map(|_| 2.0 * rng.exponential()).collect();
    let h = Matrix::from_fn(3, 30, |_, _| rng.exponential());
    let x = Matrix::from_fn(n, 30, |i, j| {
        let common = shared[(i, 0)] * h[(0, j)] + shared[(i, 1)] * h[(1, j)];
        let own = if j >= 15 { alone[i] * h[(2, j)] } else { 0.0 };
        // Every tenth sample lacks the second view.
        if j >= 15 && i % 10 == 0 { f64::NAN } else { common + own }
    });
    let x = Features::from(x);
    let env = Env::seeded(1);
    for method in [Method::Joint, Method::Inmf] {
        let params =
            Params { n_components: 2, method, lambda: 0.5, views: widths.to_vec(), ..Params::default() };
        let (model, history) = fit(&params, &Data::rows(&x), None, &env, &mut Silent)?;
        println!("{method:?}: {} after {} iterations", history.stop.name(), history.n_iter());
        for (name, value) in model.score(&Data::rows(&x), &env)? {
            println!("  {name} {value:.4}");
        }
        for (v, own) in model.own().iter().enumerate() {
            println!("  view {}: its own part sums to {:.1}", v + 1, own.values().iter().sum::<f64>());
        }
    }
    Ok(())
}

/// A fit, timed, and what the clusters of every start tell of the classes.
fn race(path: &Path, labels: &Path, params: Params) -> Result<()> {
    let options = ReadOptions { labels: Some(labels.to_path_buf()), ..ReadOptions::default() };
    let set = read(path, &options, &Budget::unlimited())?;
    let began = Instant::now();
    let (model, history) = fit(&params, &Data::rows(&set.features), None, &Env::seeded(1), &mut Silent)?;
    let seconds = began.elapsed().as_secs_f64();
    let classes = set.labels.map_or(Vec::new(), |labels| labels.class);
    let list = |values: &mut dyn Iterator<Item = f64>| {
        values.map(|value| value.to_string()).collect::<Vec<_>>().join(", ")
    };
    println!(
        "{{\"seconds\": {seconds:.4}, \"n_iter\": {}, \"objectives\": [{}], \"ari\": [{}]}}",
        history.n_iter(),
        list(&mut model.objectives().iter().copied()),
        list(&mut model.starts().iter().map(|clusters| adjusted_rand_index(clusters, &classes)))
    );
    Ok(())
}
