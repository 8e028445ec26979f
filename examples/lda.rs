//! Topics of simulated documents by every method: `cargo run --release --example lda`.
//!
//! With files and parameters, `lda TRAIN.mtx METHOD K N_ITER [KEY=VALUE ...]`, fits the first and prints one line of
//! JSON, what `benches/peers/lda.py` compares with other programs: seconds, the last objective, and the perplexity of
//! document completion where `seen=` and `unseen=` name the halves of test documents. Keys are those of the command
//! line's configuration, and `lambda=` (pseudo-counts to start from, K x n_words), `beta=` (where the topics go).

use diabolo::data;
use diabolo::io::read::{ReadOptions, read};
use diabolo::io::write;
use diabolo::linalg::{Csr, Features};
use diabolo::metrics::held_out::{Completion, completion};
use diabolo::models::topic::lda::{Method, Params};
use diabolo::models::{Data, History, Model, Names, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::{Error, Result};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match &words[..] {
        [] => every_method(),
        [train, method, k, n_iter, keys @ ..] => race(Path::new(train), [method, k, n_iter], keys),
        _ => Err(Error::parameter("lda", "give nothing, or TRAIN METHOD K N_ITER [KEY=VALUE ...]")),
    }
}

/// Planted topics found by each method: the mean over the planted ones of the cosine with the nearest one found.
fn every_method() -> Result<()> {
    let name = "topics:n_docs=500,n_words=200,n_topics=8";
    let set = data::by_name(name, &Budget::unlimited()).expect("a set of that name")?;
    for method in [Method::Variational, Method::Online, Method::Gibbs, Method::Cvb0] {
        let params = Params { n_topics: 8, method, max_iter: 200, ..Params::default() };
        let (model, history) = fit(&params, &set.data(), None, &Env::seeded(1), &mut Silent)?;
        println!("{method:?}: {} after {} steps", history.stop.name(), history.n_iter());
        for (metric, value) in model.score(&set.data(), &Env::default())? {
            println!("{metric:>12} {value:.4}");
        }
    }
    Ok(())
}

fn load(path: &Path) -> Result<Features> {
    Ok(read(path, &ReadOptions::default(), &Budget::unlimited())?.features)
}

fn sparse(path: &str) -> Result<Csr<f64>> {
    match load(Path::new(path))? {
        Features::Sparse(x) => Ok(x),
        x => Ok(Csr::from_dense(&x.to_dense())),
    }
}

fn race(train: &Path, words: [&String; 3], keys: &[String]) -> Result<()> {
    let wrong = |what: &str, why: String| Error::parameter(what, why);
    let mut table = serde_json::to_value(Params::default()).expect("parameters are plain");
    let mut files = [("seen", None), ("unseen", None), ("lambda", None), ("beta", None)];
    let mut set = |key: &str, value: &str| -> Result<()> {
        if let Some(file) = files.iter_mut().find(|(name, _)| *name == key) {
            file.1 = Some(value.to_owned());
            return Ok(());
        }
        let parsed = value.parse::<f64>().ok().and_then(|number| match table.get(key) {
            Some(old) if old.is_u64() => Some(serde_json::json!(number as u64)),
            _ => serde_json::Number::from_f64(number).map(serde_json::Value::Number),
        });
        let text = || serde_json::from_str(value).unwrap_or_else(|_| serde_json::json!(value));
        table[key] = parsed.unwrap_or_else(text);
        Ok(())
    };
    for (key, value) in ["method", "n_topics", "max_iter"].into_iter().zip(words) {
        set(key, value)?;
    }
    for pair in keys {
        let (key, value) = pair.split_once('=').ok_or_else(|| wrong(pair, "is no KEY=VALUE".into()))?;
        set(key, value)?;
    }
    let params: Params = serde_json::from_value(table).map_err(|e| wrong("lda", e.to_string()))?;
    let x = load(train)?;
    let (data, env) = (Data::rows(&x), Env::seeded(1));
    let [(_, seen), (_, unseen), (_, lambda), (_, beta)] = files;
    let resume = match lambda {
        Some(path) => {
            let lambda = load(Path::new(&path))?.to_dense().transposed();
            Some((params.start_from(&data, lambda, &env)?, History::default()))
        }
        None => None,
    };
    let began = Instant::now();
    let (model, history) = fit(&params, &data, resume, &env, &mut Silent)?;
    let seconds = began.elapsed().as_secs_f64();
    let objective = history.objective().last().copied().unwrap_or(f64::NAN);
    let mut line = serde_json::json!({"seconds": seconds, "objective": objective, "steps": history.n_iter()});
    if let (Some(seen), Some(unseen)) = (seen, unseen) {
        // The peers' figure: alpha = .1, whatever the training's.
        let alpha = vec![0.1; params.n_topics];
        let Completion { perplexity, .. } =
            completion(model.beta(), &alpha, &sparse(&seen)?, &sparse(&unseen)?);
        line["perplexity"] = perplexity.into();
    }
    if let Some(path) = beta {
        write::write_matrix(Path::new(&path), model.beta(), Names::NONE)?;
    }
    println!("{line}");
    Ok(())
}
