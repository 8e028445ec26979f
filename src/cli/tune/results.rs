//! What a search has found so far, and the files it leaves.

use super::figures;
use super::search::shown;
use super::{Candidate, Request};
use crate::cli::options::peak_memory;
use crate::cli::outcome::command_line;
use crate::cli::output;
use crate::cli::report::word;
use crate::error::{Error, Result};
use crate::io::run::RunFolder;
use crate::models::Dataset;
use crate::models::validation::{Choice, Estimate};
use crate::report::{self, Metric, Summary, number};
use diabolo_kernels::{dispatch, parallel};
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
    belongs_to: Value,
    n_samples: usize,
    n_features: usize,
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
            "metric": request.metric.name(),
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

    /// The content of metrics.json.
    pub fn metrics(&self) -> Value {
        let mut metrics = self.belongs_to.clone();
        let candidates: Vec<Value> = self
            .finished()
            .into_iter()
            .map(|(_, candidate, done)| {
                json!({
                    "tried": candidate.tried,
                    "params": candidate.params,
                    "mean": done.estimate().mean,
                    "standard_error": done.estimate().standard_error,
                    "errors": done.errors,
                    "not_converged": done.n_unfinished,
                    "seconds": done.seconds,
                })
            })
            .collect();
        let seconds: f64 = self.done.iter().flatten().map(|done| done.seconds).sum();
        let told = json!({
            "command": command_line(),
            "version": env!("CARGO_PKG_VERSION"),
            "threads": parallel::n_threads(),
            "cpu": dispatch::tier().name(),
            "n_samples": self.n_samples,
            "n_features": self.n_features,
            "n_candidates": self.n_candidates(),
            "n_done": self.n_done(),
            "seconds": seconds,
            "peak_memory_bytes": peak_memory(),
            "warnings": self.warnings(),
            "candidates": candidates,
        });
        let chosen = self.choice().map(|choice| {
            let about = |c: usize| {
                let candidate = &self.request.candidates[c];
                let estimate = self.done[c].as_ref().map(Done::estimate);
                json!({
                    "tried": candidate.tried,
                    "mean": estimate.map(|e| e.mean),
                    "standard_error": estimate.map(|e| e.standard_error),
                    "fit": self.fit_command(candidate),
                })
            };
            json!({"best": about(choice.best), "one_standard_error": about(choice.one_standard_error)})
        });
        for part in [Some(told), chosen].into_iter().flatten() {
            if let (Value::Object(all), Value::Object(part)) = (&mut metrics, part) {
                all.extend(part);
            }
        }
        metrics
    }

    /// Writes every file.
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self, folder: &RunFolder) -> Result<()> {
        folder.save_text("results.tsv", &self.table_of_tabs())?;
        let pretty = serde_json::to_string_pretty(&self.metrics()).unwrap_or_default();
        folder.save_text("metrics.json", &(pretty + "\n"))?;
        folder.save_text("report.html", &report::html(&self.summary(), &figures::all(self)))
    }

    /// A header, and a row a candidate in the order of the grid.
    fn table_of_tabs(&self) -> String {
        let n_folds = self.request.tuning.folds;
        let metric = self.request.metric.name();
        let mut header = self.request.keys.clone();
        header.extend([metric, "standard_error", "choice", "not_converged", "seconds"].map(str::to_owned));
        header.extend((1..=n_folds).map(|fold| format!("fold_{fold}")));
        let mut text = header.join("\t") + "\n";
        for (c, candidate, done) in self.finished() {
            let Estimate { mean, standard_error } = done.estimate();
            let mut cells: Vec<String> =
                self.request.keys.iter().map(|key| bare(&candidate.tried[key])).collect();
            cells.extend([mean.to_string(), standard_error.to_string(), self.mark(c).to_owned()]);
            cells.extend([done.n_unfinished.to_string(), done.seconds.to_string()]);
            cells.extend(done.errors.iter().map(f64::to_string));
            text += &(cells.join("\t") + "\n");
        }
        text
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

    fn summary(&self) -> Summary {
        let Request { room, source, tuning, machine, .. } = self.request;
        let finished = self.finished();
        let mut metrics = Vec::new();
        if let Some(choice) = self.choice() {
            for (name, c) in
                [("best", choice.best), ("simplest within one standard error", choice.one_standard_error)]
            {
                let Some(done) = &self.done[c] else { continue };
                let Estimate { mean, standard_error } = done.estimate();
                metrics.push(Metric {
                    name: format!("{}, {name}", self.request.metric.name()),
                    value: format!("{} ± {}", number(mean), number(standard_error)),
                    hint: shown(&self.request.candidates[c]),
                });
            }
        }
        let seconds: f64 = finished.iter().map(|(_, _, done)| done.seconds).sum();
        metrics.push(Metric::new("seconds", seconds, "of fitting and testing"));
        let stop = match self.n_done() == self.n_candidates() {
            true => format!("all {} candidates done", self.n_done()),
            false => format!("{} of {} candidates done", self.n_done(), self.n_candidates()),
        };
        let parameters = [
            ("folds", tuning.folds.to_string()),
            ("held out", room.held_out.name().to_owned()),
            ("metric", self.request.metric.name().to_owned()),
            ("scale", word(&json!(tuning.scale))),
            ("seed", machine.seed.to_string()),
            ("diabolo", env!("CARGO_PKG_VERSION").to_owned()),
        ];
        Summary {
            title: format!("Tuning {} on {source}", room.name),
            model: format!("tune {}", room.name),
            description: format!(
                "{}-fold cross-validation: every candidate is fitted to the same folds, and judged by the {} at the \
                 {} held out.",
                tuning.folds,
                self.request.metric.in_words(),
                room.held_out.name()
            ),
            metrics,
            parameters: parameters.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            data: format!("{source}: {} samples of {} features", self.n_samples, self.n_features),
            stop,
            warnings: self.warnings(),
            command: command_line(),
        }
    }

    /// Says what came out, on stdout.
    /// # Errors
    /// [`Error::Io`].
    pub fn say(&self, folder: &RunFolder) -> Result<()> {
        let (header, rows) = figures::rows(self);
        output::print_table(&header, &rows)?;
        if let Some(choice) = self.choice() {
            let command = |c: usize| self.fit_command(&self.request.candidates[c]);
            output::print(&format!("best:     {}\n", command(choice.best)))?;
            if choice.one_standard_error != choice.best {
                output::print(&format!("simplest: {}\n", command(choice.one_standard_error)))?;
            }
        }
        output::print(&format!("report: {}\n", folder.file("report.html").display()))
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
