//! What a finished fit leaves: the files of the run folder.

use super::graph;
use super::options::peak_memory;
use super::report;
use super::tables::{name_components, names_along};
use crate::data::Scaler;
use crate::error::Result;
use crate::figure::{Axis, Figure, Plot, Series};
use crate::io::run::{Manifest, RunFolder};
use crate::io::write;
use crate::linalg::Graph;
use crate::models::{Data, Dataset, History, Model, Source, StopReason};
use crate::monitor::Env;
use crate::tensors::{TensorView, Tensors};
use diabolo_kernels::{dispatch, parallel};
use serde_json::{Value, json};

/// A finished fit.
pub struct Outcome<'a> {
    /// What the run says of itself.
    pub manifest: &'a Manifest,
    /// The data, scaled.
    pub set: &'a Dataset,
    /// The graph that it is, of models that take one.
    pub graph: Option<&'a Graph>,
    /// What reading it warned of.
    pub notes: &'a [String],
    /// How it was scaled.
    pub scaler: &'a Scaler,
    /// The fitted model.
    pub model: &'a dyn Model,
    /// What the fit went through.
    pub history: &'a History,
}

impl Outcome<'_> {
    /// Writes the run folder; gives what stands in its metrics.json.
    /// # Errors
    /// What the model and writing raise.
    pub fn write(&self, folder: &RunFolder, seconds: f64, env: &Env) -> Result<Value> {
        let data = self.data();
        let metrics = self.metrics(seconds, env)?;
        let mut figures: Vec<Figure> =
            self.loss_curve().into_iter().chain(self.error_curves()).chain(self.ranking_curves()).collect();
        figures.extend(self.link_curve());
        figures.extend(self.gain_curve());
        figures.extend(self.model.figures(&data, env)?);
        folder.save_model(&Saved { model: self.model, scaler: self.scaler }, self.manifest)?;
        folder.create_folder("factors")?;
        for factor in self.model.factors() {
            let sides = [factor.rows, factor.cols];
            let mut names = names_along(sides, factor.values.shape(), &self.set.names, 0);
            name_components(&mut names, sides, self.model.component_names());
            let path = folder.file(&format!("factors/{}.tsv", factor.name));
            write::write_matrix(&path, factor.values, &names)?;
        }
        if let (Some(embedding), Some(graph)) = (self.model.graph(), self.graph) {
            graph::write_tables(folder, embedding, graph, &self.set.names)?;
        }
        let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
        folder.save_text("metrics.json", &pretty(&metrics))?;
        folder.save_text("figures.json", &pretty(&json!(figures)))?;
        folder.save_text("report.html", &report::page(self.manifest, &metrics, &figures))?;
        Ok(metrics)
    }

    /// The content of metrics.json.
    fn metrics(&self, seconds: f64, env: &Env) -> Result<Value> {
        let mut metrics = json!({
            "model": self.manifest.model,
            "version": env!("CARGO_PKG_VERSION"),
            "seed": self.manifest.seed,
            "threads": parallel::n_threads(),
            "cpu": dispatch::tier().name(),
            "n_samples": self.manifest.data.n_samples,
            "n_features": self.manifest.data.n_features,
            "n_iter": self.history.n_iter(),
            "converged": matches!(self.history.stop, StopReason::Converged | StopReason::Completed),
            "stop": self.history.stop.name(),
            "objective": self.history.last_objective(),
            "seconds": seconds,
            "peak_memory_bytes": peak_memory(),
            "command": command_line(),
        });
        let warnings = [self.notes, &self.model.warnings()].concat();
        if !warnings.is_empty() {
            metrics["warnings"] = json!(warnings);
        }
        for (name, value) in self.model.score(&self.data(), env)? {
            metrics[name] = json!(value);
        }
        Ok(metrics)
    }

    /// The data as the model takes it.
    fn data(&self) -> Data<'_> {
        let data = self.set.data();
        self.graph.map_or(data.clone(), |graph| Data { source: Source::Graph(graph), ..data })
    }

    /// How well held-out links are found, after every iteration, where the model tells it.
    fn link_curve(&self) -> Option<Figure> {
        let found = self.history.metrics().get("validation_auc")?;
        Some(Figure::new(
            "Held-out links",
            "How often a link held out for validation scores above a pair without one, after every iteration: where the \
             curve falls while the objective falls, the model learns noise.",
            Plot::Lines {
                x: Axis::linear("iteration"),
                y: Axis::linear("area under the curve"),
                series: vec![Series::counted("", found.clone())],
            },
        ))
    }

    /// How much nearer frames made are to those held out than means of their neighbours, where the model tells it.
    fn gain_curve(&self) -> Option<Figure> {
        let gains = self.history.metrics().get("held_out_gain")?;
        let told = (1..).zip(gains).filter(|(_, gain)| gain.is_finite());
        let (x, y) = told.map(|(at, &gain)| (f64::from(at), gain)).unzip();
        Some(Figure::new(
            "Learning",
            "How much nearer frames made are to the true ones than the means of both neighbours, in a part of the clip that \
             training left out: where the curve falls, the network learns its clip by heart.",
            Plot::Lines {
                x: Axis::linear("epoch"),
                y: Axis::linear("dB above the mean"),
                series: vec![Series { name: String::new(), x, y }],
            },
        ))
    }

    /// The errors after every iteration, fitted and held out, where the model tells them.
    fn error_curves(&self) -> Option<Figure> {
        let told = self.history.metrics();
        let (fitted, held_out) = (told.get("rmse")?, told.get("held_out_rmse")?);
        let series = [("fitted entries", fitted), ("held-out entries", held_out)];
        let series = series.map(|(name, errors)| Series::counted(name, errors.clone()));
        Some(Figure::new(
            "Errors",
            "The root mean squared error after every iteration, at the entries that are fitted and at those held \
             out: where the second rises while the first falls, the model learns noise.",
            Plot::Lines {
                x: Axis::linear("iteration"),
                y: Axis::linear("root mean squared error"),
                series: series.to_vec(),
            },
        ))
    }

    /// How well lists name what was held out, after every iteration, where the model tells it.
    fn ranking_curves(&self) -> Option<Figure> {
        let told = self.history.metrics();
        let (recall, ndcg) = (told.get("watched_recall_at_20")?, told.get("watched_ndcg_at_20")?);
        let series = [("recall at 20", recall), ("NDCG at 20", ndcg)];
        let series = series.map(|(name, values)| Series::counted(name, values.clone()));
        Some(Figure::new(
            "Ranking",
            "How well the lists of some 500 samples name their held-out interactions, after every iteration: where the \
             curves fall while the objective falls, the model learns noise.",
            Plot::Lines {
                x: Axis::linear("iteration"),
                y: Axis::linear("mean over samples"),
                series: series.to_vec(),
            },
        ))
    }

    /// The objective; nothing to see where a direct method took one step.
    fn loss_curve(&self) -> Option<Figure> {
        if self.history.n_iter() < 2 {
            return None;
        }
        let objective = self.history.objective();
        // Likelihoods are mostly negative, and have no logarithm.
        let is_positive = objective.iter().all(|value| *value > 0.0);
        let axis = if is_positive { Axis::log } else { Axis::linear };
        Some(Figure::new(
            "Objective",
            "The objective after every iteration.",
            Plot::Lines {
                x: Axis::linear("iteration"),
                y: axis("objective"),
                series: vec![Series::counted("", objective.to_vec())],
            },
        ))
    }
}

/// The arrays of a run's model file.
pub struct Saved<'a> {
    /// The fitted model.
    pub model: &'a dyn Model,
    /// How its data are scaled.
    pub scaler: &'a Scaler,
}

impl Tensors for Saved<'_> {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.model.visit(&mut |name, view| each(&format!("model/{name}"), view));
        self.scaler.visit(&mut |name, view| each(&format!("scale/{name}"), view));
    }
}

/// The words this process was started with, the program's without its folder.
pub fn command_line() -> String {
    let words = std::env::args().skip(1).map(|word| match word.contains([' ', '\'', '"']) {
        true => format!("{word:?}"),
        false => word,
    });
    std::iter::once("diabolo".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}
