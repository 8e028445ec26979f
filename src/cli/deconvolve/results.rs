//! What deconvolution leaves: tables, figures, the page.

use super::super::outcome::command_line;
use super::super::output;
use crate::applications::deconvolution::{
    Confounding, Deconvolver, Estimates, Method, OTHER, Pool, Scores, Settings, certainty, composition,
    truth_scatter,
};
use crate::error::Result;
use crate::figure::{Axis, Figure, Plot, Series};
use crate::io::run::RunFolder;
use crate::io::write;
use crate::linalg::Matrix;
use crate::metrics::agreement::Agreement;
use crate::models::{Labels, Names};
use crate::monitor::Env;
use crate::report::{self, Metric, Summary};
use serde_json::{Value, json};

/// Samples that figures are of, where not all are held.
const SHOWN: usize = 1000;

/// Everything there is to tell.
pub struct Results {
    /// Names of the columns of fractions.
    types: Vec<String>,
    n_samples: usize,
    pub samples: Vec<String>,
    fractions: Vec<f64>,
    correlation: Vec<f64>,
    p_exact: Vec<f64>,
    null: Vec<f64>,
    has_p: bool,
    condition_number: f64,
    n_genes: usize,
    pub notes: Vec<String>,
    pub seconds: f64,
    scores: Option<(Scores, Vec<String>)>,
    tested: Option<(f64, f64)>,
    figures: Vec<Figure>,
}

/// The columns of fractions.tsv.
pub fn columns(estimates: &Estimates) -> Matrix<f64> {
    let Estimates { fractions, correlation, rmse, p_value, p_exact } = estimates;
    let lists: Vec<&Vec<f64>> =
        [p_value, p_exact, correlation, rmse].into_iter().filter(|list| !list.is_empty()).collect();
    let k = fractions.n_cols();
    Matrix::from_fn(fractions.n_rows(), k + lists.len(), |i, j| {
        if j < k { fractions[(i, j)] } else { lists[j - k][i] }
    })
}

impl Results {
    pub fn new(
        deconvolver: &Deconvolver,
        types: &[String],
        settings: &Settings,
        pool: &Pool,
    ) -> Result<Results> {
        let other = (settings.method == Method::SimplexOther).then(|| OTHER.to_owned());
        let mut notes = deconvolver.notes();
        if !pool.is_all() {
            notes.push(format!(
                "medians, quantiles and permutations are of a random sample of {} of {} mixtures",
                pool.rows().n_rows(),
                pool.n_seen()
            ));
        }
        Ok(Results {
            types: types.iter().cloned().chain(other).collect(),
            n_samples: 0,
            samples: Vec::new(),
            fractions: Vec::new(),
            correlation: Vec::new(),
            p_exact: Vec::new(),
            null: deconvolver.null().to_vec(),
            has_p: settings.permutations > 0,
            condition_number: deconvolver.condition_number()?,
            n_genes: deconvolver.overlap().in_signature.len(),
            notes,
            seconds: 0.0,
            scores: None,
            tested: None,
            figures: Vec::new(),
        })
    }

    /// The header of fractions.tsv.
    pub fn header(&self) -> Vec<String> {
        let p: &[&str] = if self.has_p { &["p_value", "p_exact"] } else { &[] };
        let more = p.iter().chain(&["correlation", "rmse"]).map(|name| (*name).to_owned());
        self.types.iter().cloned().chain(more).collect()
    }

    /// Keeps the first samples, or all.
    pub fn keep(&mut self, estimates: &Estimates, samples: Vec<String>, all: bool, env: &Env) -> Result<()> {
        self.n_samples += samples.len();
        let room = if all { usize::MAX } else { SHOWN.saturating_sub(self.samples.len()) };
        let n = samples.len().min(room);
        env.budget.charge_array(
            n as u64,
            8 * (self.types.len() as u64 + 8),
            "the fractions that are shown",
        )?;
        self.fractions.extend_from_slice(&estimates.fractions.values()[..n * self.types.len()]);
        self.samples.extend(samples.into_iter().take(n));
        self.correlation.extend_from_slice(&estimates.correlation[..n]);
        self.p_exact.extend(estimates.p_exact.iter().take(n));
        Ok(())
    }

    /// The fractions held.
    pub fn fractions(&self) -> Matrix<f64> {
        Matrix::from_vec(self.samples.len(), self.types.len(), self.fractions.clone())
    }

    /// Those of some types.
    pub fn of_types(&self, types: &[usize]) -> Matrix<f64> {
        let all = self.fractions();
        Matrix::from_fn(all.n_rows(), types.len(), |i, t| all[(i, types[t])])
    }

    /// Adds how the fractions agree with the truth.
    pub fn compare(&mut self, scores: Scores, truth: Matrix<f64>, known: &[usize], types: &[String]) {
        let names: Vec<String> = known.iter().map(|&t| types[t].clone()).collect();
        if known.len() < types.len() {
            let lost: Vec<&str> =
                (0..types.len()).filter(|t| !known.contains(t)).map(|t| types[t].as_str()).collect();
            self.notes.push(format!("types that the truth does not have: {}", lost.join(", ")));
        }
        self.figures.push(truth_scatter(&self.of_types(known), &truth, &names));
        let row = |name: &String, of: &Agreement| {
            let number = |x: f64| format!("{x:.4}");
            vec![name.clone(), number(of.correlation), number(of.rmse), number(of.concordance)]
        };
        let pooled = row(&"all types".to_owned(), &scores.pooled);
        let by_type = names.iter().zip(&scores.by_type).map(|(name, of)| row(name, of));
        self.figures.push(Figure::new(
            "Agreement with the truth",
            "Pearson's r, root mean squared error and Lin's concordance over samples.",
            Plot::Table {
                header: ["type", "r", "RMSE", "CCC"].map(str::to_owned).to_vec(),
                rows: std::iter::once(pooled).chain(by_type).collect(),
            },
        ));
        self.scores = Some((scores, names));
    }

    /// Writes what testing genes has told.
    pub fn add_tests(&mut self, tests: &Confounding, genes: &[String], folder: &RunFolder) -> Result<()> {
        let lists = [&tests.p_plain, &tests.p_adjusted, &tests.q_adjusted];
        let table = Matrix::from_fn(genes.len(), lists.len(), |g, j| lists[j][g]);
        let names = Names {
            samples: Some(genes.to_vec()),
            features: Some(["p_plain", "p_adjusted", "q_adjusted"].map(str::to_owned).to_vec()),
            ..Names::default()
        };
        write::write_matrix(&folder.file("genes.tsv"), &table, &names)?;
        self.tested = Some(tests.significant());
        let curve = |name: &str, p: &[f64]| {
            let mut sorted = p.to_vec();
            sorted.sort_by(f64::total_cmp);
            let n = sorted.len().max(1) as f64;
            Series { name: name.into(), y: (1..=sorted.len()).map(|i| i as f64 / n).collect(), x: sorted }
        };
        self.figures.push(Figure::new(
            "Genes that differ between groups",
            "The share of genes whose p-value is at most so much. Where nothing but composition differs, the curve of \
             the adjusted test is the diagonal.",
            Plot::Lines {
                x: Axis::linear("p-value"),
                y: Axis::linear("share of genes"),
                series: vec![
                    curve("groups alone", &tests.p_plain),
                    curve("adjusted for fractions", &tests.p_adjusted),
                ],
            },
        ));
        Ok(())
    }

    /// Writes scores.tsv, metrics.json, figures.json and the page; gives the metrics.
    pub fn write(
        &mut self,
        folder: &RunFolder,
        source: &str,
        settings: &Settings,
        seed: u64,
        labels: Option<&Labels>,
    ) -> Result<Value> {
        if let Some((scores, names)) = &self.scores {
            let all = std::iter::once(&scores.pooled).chain(&scores.by_type);
            let values = all.flat_map(|of| [of.correlation, of.rmse, of.concordance]).collect();
            let rows = std::iter::once("all types".to_owned()).chain(names.iter().cloned());
            let header = Names {
                samples: Some(rows.collect()),
                features: Some(["r", "rmse", "ccc"].map(str::to_owned).to_vec()),
                ..Names::default()
            };
            write::write_matrix(
                &folder.file("scores.tsv"),
                &Matrix::from_vec(names.len() + 1, 3, values),
                &header,
            )?;
        }
        let mut figures = vec![composition(&self.fractions(), &self.types, &self.samples, labels)];
        if self.has_p {
            figures.push(certainty(&self.correlation, &self.null));
        }
        figures.append(&mut self.figures);
        let metrics = self.metrics(source, settings, seed);
        let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
        folder.save_text("metrics.json", &pretty(&metrics))?;
        folder.save_text("figures.json", &pretty(&json!(figures)))?;
        folder.save_text("report.html", &report::html(&self.summary(source, settings, seed), &figures))?;
        Ok(metrics)
    }

    fn metrics(&self, source: &str, settings: &Settings, seed: u64) -> Value {
        let mut metrics = json!({
            "command": command_line(), "mixture": source, "settings": settings, "seed": seed,
            "version": env!("CARGO_PKG_VERSION"), "n_samples": self.n_samples, "n_genes": self.n_genes,
            "seconds": self.seconds, "warnings": self.notes,
        });
        for (name, value) in self.figures_of_merit() {
            metrics[name] = json!(value);
        }
        metrics
    }

    /// The key numbers by name.
    fn figures_of_merit(&self) -> Vec<(&'static str, f64)> {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        let mut told =
            vec![("correlation", mean(&self.correlation)), ("condition_number", self.condition_number)];
        if self.has_p {
            let sure = self.p_exact.iter().filter(|p| **p < 0.05).count() as f64;
            told.push(("share_below_5_percent", sure / self.p_exact.len().max(1) as f64));
        }
        if let Some((scores, _)) = &self.scores {
            let Agreement { correlation, rmse, concordance } = scores.pooled;
            told.extend([("truth_r", correlation), ("truth_rmse", rmse), ("truth_ccc", concordance)]);
        }
        if let Some((plain, adjusted)) = self.tested {
            told.extend([("genes_below_5_percent", plain), ("genes_below_5_percent_adjusted", adjusted)]);
        }
        told
    }

    fn summary(&self, source: &str, settings: &Settings, seed: u64) -> Summary {
        let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let told = json!(settings);
        let parameters =
            told.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), word(value)));
        Summary {
            title: format!("Composition of {source}"),
            model: "deconvolve".into(),
            description: "Shares of types of cells in mixtures, by their profiles.".into(),
            metrics: self
                .figures_of_merit()
                .into_iter()
                .map(|(name, value)| Metric::new(name.replace('_', " "), value, ""))
                .collect(),
            parameters: parameters.chain([("seed".to_owned(), seed.to_string())]).collect(),
            data: format!(
                "{source}: {} mixtures; {} types by {} genes",
                self.n_samples,
                self.types.len(),
                self.n_genes
            ),
            stop: String::new(),
            warnings: self.notes.clone(),
            command: command_line(),
        }
    }

    /// Says what came out.
    pub fn say(&self, folder: &RunFolder) -> Result<()> {
        output::print(&format!("{} mixtures, {} genes\n", self.n_samples, self.n_genes))?;
        let rows: Vec<Vec<String>> = self
            .figures_of_merit()
            .into_iter()
            .map(|(name, value)| vec![name.replace('_', " "), report::number(value)])
            .collect();
        output::print_table(&["metric", "value"].map(str::to_owned), &rows)?;
        output::print(&format!(
            "fractions: {}\nreport: {}\n",
            folder.file("fractions.tsv").display(),
            folder.file("report.html").display()
        ))
    }
}
