//! What a search tells of its results: the files it leaves, and what it says at the end.

use super::Request;
use super::figures;
use super::results::{Done, Results, bare};
use super::search::shown;
use crate::cli::options::peak_memory;
use crate::cli::outcome::command_line;
use crate::cli::output;
use crate::cli::report::word;
use crate::error::Result;
use crate::io::run::RunFolder;
use crate::models::validation::Estimate;
use crate::report::{self, Metric, Summary, number};
use diabolo_kernels::{dispatch, parallel};
use serde_json::{Value, json};

impl Results<'_> {
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
        let metric = self.request.judged_by();
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
                    name: format!("{}, {name}", self.request.judged_by()),
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
            ("metric", self.request.judged_by().to_owned()),
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
                self.request.in_words(),
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
