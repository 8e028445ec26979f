//! What a search has found so far.

use super::{Candidate, Request};
use crate::cli::report::word;
use crate::error::{Error, Result};
use crate::io::run::RunFolder;
use crate::models::Dataset;
use crate::models::validation::{Choice, Estimate};
use serde_json::{Value, json};

/// Parameters of which less is simpler, then those of which more is.
const LESS_IS_SIMPLER: &[&str] = &["n_components", "n_topics", "n_latent"];
const MORE_IS_SIMPLER: &[&str] = &["ridge", "l1_w", "l1_h", "l2_w", "l2_h", "penalty", "alpha"];

/// A candidate that is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The error at each fold.
    pub errors: Vec<f64>,
    /// Fits that took all their iterations without converging.
    pub n_unfinished: usize,
    /// Seconds of all folds.
    pub seconds: f64,
}

impl Done {
    /// Mean and standard error.
    pub fn estimate(&self) -> Estimate {
        Estimate::of(&self.errors)
    }
}

/// The results of a search.
pub struct Results<'a> {
    pub(super) request: &'a Request,
    /// What the results belong to: all that decides an error beside the parameters.
    pub(super) belongs_to: Value,
    pub(super) n_samples: usize,
    pub(super) n_features: usize,
    /// One a candidate.
    pub(super) done: Vec<Option<Done>>,
}

impl<'a> Results<'a> {
    /// Nothing done.
    pub fn new(request: &'a Request, set: &Dataset) -> Results<'a> {
        let belongs_to = json!({
            "model": request.room.name,
            "model_version": request.room.version,
            "data": request.source,
            "fingerprint": set.features.fingerprint().to_string(),
            "held_out": request.room.held_out.name(),
            "folds": request.tuning.folds,
            "metric": request.judged_by(),
            "scale": word(&json!(request.tuning.scale)),
            "seed": request.machine.seed,
        });
        Results {
            request,
            belongs_to,
            n_samples: set.features.n_samples(),
            n_features: set.features.n_features(),
            done: vec![None; request.candidates.len()],
        }
    }

    /// Takes over the candidates that a folder holds of the same data, folds and seed.
    /// # Errors
    /// [`Error::Parameter`] where it holds another search, [`Error::Parse`] where it is damaged.
    pub fn take_over(&mut self, folder: &RunFolder) -> Result<()> {
        let path = folder.file("metrics.json");
        let saved: Value = serde_json::from_str(&folder.load_text("metrics.json")?)
            .map_err(|e| Error::parse(&path, format!("{e}; give another --out")))?;
        let other = |(key, value): (&String, &Value)| (saved[key] != *value).then(|| key.clone());
        if let Some(key) = self.belongs_to.as_object().into_iter().flatten().find_map(other) {
            let why = format!(
                "{} holds a search with another {key}; give the same, or another --out",
                path.display()
            );
            return Err(Error::parameter("resume", why));
        }
        for (candidate, done) in self.request.candidates.iter().zip(&mut self.done) {
            let same = |saved: &&Value| saved["params"] == candidate.params;
            let Some(saved) = saved["candidates"].as_array().into_iter().flatten().find(same) else {
                continue;
            };
            let errors = saved["errors"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
            *done = Some(Done {
                errors,
                n_unfinished: saved["not_converged"].as_u64().unwrap_or(0) as usize,
                seconds: saved["seconds"].as_f64().unwrap_or(0.0),
            })
            .filter(|done: &Done| done.errors.len() == self.request.tuning.folds);
        }
        Ok(())
    }

    /// Whether candidate `c` is done.
    pub fn is_done(&self, c: usize) -> bool {
        self.done[c].is_some()
    }

    /// Adds a candidate that is done.
    pub fn add(&mut self, c: usize, done: Done) {
        self.done[c] = Some(done);
    }

    /// Candidates that are done.
    pub fn n_done(&self) -> usize {
        self.done.iter().flatten().count()
    }

    /// Candidates there are.
    pub fn n_candidates(&self) -> usize {
        self.done.len()
    }

    /// The candidates that are done, with their places.
    pub(super) fn finished(&self) -> Vec<(usize, &Candidate, &Done)> {
        let all = self.request.candidates.iter().zip(&self.done).enumerate();
        all.filter_map(|(c, (candidate, done))| done.as_ref().map(|done| (c, candidate, done))).collect()
    }

    /// The candidates that stand out, by their places among all.
    pub(super) fn choice(&self) -> Option<Choice> {
        let finished = self.finished();
        let judged: Vec<(Estimate, Vec<f64>)> = finished
            .iter()
            .map(|(_, candidate, done)| (done.estimate(), simplicity(&candidate.params)))
            .collect();
        let Choice { best, one_standard_error } = Choice::of(&judged)?;
        Some(Choice { best: finished[best].0, one_standard_error: finished[one_standard_error].0 })
    }

    /// The command line that fits a candidate to all of the data.
    pub(super) fn fit_command(&self, candidate: &Candidate) -> String {
        let Request { room, source, read, machine, tuning, .. } = self.request;
        let mut words = vec!["diabolo fit".to_owned(), room.name.to_owned(), quoted(source)];
        let defaults = (room.defaults)();
        let mut flag = |name: &str, value: &Value, default: &Value| {
            if value != default {
                let name = name.replace('_', "-");
                let joint =
                    if value.is_boolean() || value.as_f64().is_some_and(|x| x < 0.0) { "=" } else { " " };
                words.push(format!("--{name}{joint}{}", quoted(&word(value))));
            }
        };
        for (key, value) in candidate.params.as_object().into_iter().flatten() {
            flag(key, value, &defaults[key]);
        }
        for (key, value) in json!(read).as_object().into_iter().flatten() {
            flag(key, value, &json!(crate::cli::options::Reading::default())[key]);
        }
        flag("scale", &json!(tuning.scale), &json!(crate::data::Scale::None));
        flag("seed", &json!(machine.seed), &json!(0));
        words.push(format!("--out runs/{}", room.name));
        words.join(" ")
    }

    /// What stands out about a candidate.
    pub(super) fn mark(&self, c: usize) -> &'static str {
        match self.choice() {
            Some(choice) if choice.best == c && choice.one_standard_error == c => "best, simplest",
            Some(choice) if choice.best == c => "best",
            Some(choice) if choice.one_standard_error == c => "simplest within one standard error",
            _ => "",
        }
    }

    /// What should not be overlooked.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let n_unfinished: usize = self.done.iter().flatten().map(|done| done.n_unfinished).sum();
        if n_unfinished > 0 {
            let n = self.n_done() * self.request.tuning.folds;
            warnings.push(format!("{n_unfinished} of {n} fits took all their iterations without converging: raise --max-iter or tol"));
        }
        if let Some(choice) = self.choice() {
            let best = &self.request.candidates[choice.best].tried;
            for key in &self.request.keys {
                warnings.extend(self.at_the_edge(key, &best[key]));
            }
        }
        warnings
    }

    /// That the best value is the first or last that was tried, where values are numbers.
    fn at_the_edge(&self, key: &str, best: &toml::Value) -> Option<String> {
        let finished = self.finished();
        let mut values: Vec<f64> = finished
            .iter()
            .map(|(_, candidate, _)| as_number(&candidate.tried[key]))
            .collect::<Option<_>>()?;
        values.sort_by(f64::total_cmp);
        values.dedup();
        let best = as_number(best)?;
        let side = match values[..] {
            [_, _, .., last] if best == last => "largest",
            [first, _, _, ..] if best == first => "smallest",
            _ => return None,
        };
        let beyond = if side == "largest" { "larger" } else { "smaller" };
        Some(format!("the best {key} is the {side} that was tried, {best}: try {beyond} ones"))
    }
}

/// What is smaller for simpler parameters: components first, penalties next.
fn simplicity(params: &Value) -> Vec<f64> {
    let value = |key: &str| params[key].as_f64().unwrap_or(0.0);
    let less = LESS_IS_SIMPLER.iter().map(|key| value(key));
    less.chain(MORE_IS_SIMPLER.iter().map(|key| -value(key))).collect()
}

/// A value as it is written in a command: words without quotes.
pub fn bare(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A number, where it is one.
pub fn as_number(value: &toml::Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))
}

/// A word of a command line, in quotes where a shell needs them.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
