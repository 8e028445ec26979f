//! What an interpolation leaves to be looked at.

use super::super::outcome::command_line;
use crate::error::Result;
use crate::figure::{Colours, Figure, Plot};
use crate::io::frames;
use crate::io::run::RunFolder;
use crate::models::interpolation::Frame;
use crate::models::interpolation::optical_flow::{Flow, coloured, legend};
use crate::report::{self, Metric, Summary, picture};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Pixels of the wheel's side.
const WHEEL: usize = 161;

/// Figures as they come, and pictures that are files of their own too.
#[derive(Default)]
pub struct Page {
    figures: Vec<Figure>,
    files: Vec<(&'static str, Frame)>,
    said: Vec<String>,
}

impl Page {
    /// Adds figures.
    pub fn add(&mut self, figures: Vec<Figure>) {
        self.figures.extend(figures);
    }

    /// Adds what the reader should know.
    pub fn say(&mut self, what: &str) {
        self.said.push(what.to_owned());
    }

    /// Two frames, the one between, and the flow from the first to the second.
    /// # Errors
    /// [`crate::Error::Shape`] for a flow of no pixels.
    pub fn pair(&mut self, pair: [&Frame; 2], (t, made): (f64, &Frame), flow: &Flow) -> Result<()> {
        let shown = |name: &str, frame: &Frame| picture(name, frame.height(), frame.width(), frame.rgb());
        let between = format!("made, at {t}");
        self.figures.push(Figure::new(
            "Frames",
            "What was given, and what was made between.",
            Plot::Pictures {
                pictures: vec![shown("first", pair[0]), shown(&between, made), shown("second", pair[1])],
                per_row: 3,
            },
        ));
        let (painted, largest) = coloured(flow)?;
        let wheel = legend(WHEEL)?;
        let name = format!("the wheel: to its edge {} pixels", report::number(largest));
        self.figures.push(Figure::new(
            "Motion from the first frame to the second",
            "Optical flow as colour: the hue tells where to, as on the wheel seen from its middle, the strength how far; what \
             stays is white (Baker et al. 2011).",
            Plot::Pictures {
                pictures: vec![shown("flow", &painted), picture(name, WHEEL, WHEEL, wheel.rgb())],
                per_row: 2,
            },
        ));
        self.files.extend([("made.png", made.clone()), ("flow.png", painted)]);
        Ok(())
    }

    /// How far what was made is from the truth, beside the plain mean.
    pub fn errors(&mut self, made: &Frame, truth: &Frame, plain: &Frame) {
        let differences = |frame: &Frame| -> Vec<f64> {
            let pixels = frame.rgb().chunks_exact(3).zip(truth.rgb().chunks_exact(3));
            let mean = |(a, b): (&[u8], &[u8])| {
                let sum: u32 = a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
                f64::from((sum as f32 / 3.0).round())
            };
            pixels.map(mean).collect()
        };
        let (own, of_mean) = (differences(made), differences(plain));
        // A few pixels that are far off would pale all others.
        let mut sorted = [own.as_slice(), &of_mean].concat();
        sorted.sort_by(f64::total_cmp);
        let most = sorted.get(sorted.len() * 999 / 1000).copied().unwrap_or(1.0).max(1.0);
        let (height, width) = (truth.height(), truth.width());
        self.figures.push(Figure::new(
            "Distance from the truth",
            "Mean absolute difference over the three colours, of 255 levels; what is beyond the scale's end has its colour.",
            Plot::Images {
                height,
                width,
                pictures: vec![("made".to_owned(), own), ("mean of both frames".to_owned(), of_mean)],
                per_row: 2,
                range: Some((0.0, most)),
                colours: Colours::Sequential,
            },
        ));
        self.figures.push(Figure::new(
            "The truth",
            "The frame that was to be found.",
            Plot::Pictures { pictures: vec![picture("truth", height, width, truth.rgb())], per_row: 1 },
        ));
    }

    /// Writes the page, metrics.json and the pictures; gives the page's path.
    /// # Errors
    /// [`crate::Error::Io`]
    pub fn write(
        self,
        folder: &Path,
        inputs: &[&PathBuf],
        maker: &str,
        told: &Map<String, Value>,
        notes: &BTreeSet<String>,
    ) -> Result<PathBuf> {
        let folder = RunFolder::create(folder)?;
        for (name, frame) in &self.files {
            frames::write(&folder.file(name), frame)?;
        }
        let source = inputs.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        let name =
            |path: &&PathBuf| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let named: Vec<String> = inputs.iter().map(name).collect();
        let mut metrics = json!({
            "command": command_line(), "input": source, "maker": maker, "version": env!("CARGO_PKG_VERSION"),
        });
        told.iter().for_each(|(name, value)| metrics[name] = value.clone());
        let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
        folder.save_text("metrics.json", &pretty(&metrics))?;
        folder.save_text("figures.json", &pretty(&json!(self.figures)))?;
        let hint = |name: &str| match name {
            "psnr" => "dB, made",
            "psnr_of_mean" => "dB, plain mean",
            "ssim" => "1 is equal (Wang et al. 2004)",
            "tof" => "pixels: mean |OF(before, made) - OF(before, truth)|",
            _ => "",
        };
        let cards = told.iter().filter_map(|(name, value)| {
            Some(Metric::new(name.replace('_', " "), value.as_f64()?, hint(name)))
        });
        let summary = Summary {
            title: format!("Frames between those of {}", named.join(" and ")),
            model: "interpolate".into(),
            description: "Frames between frames. tOF is the mean length of the difference between the flow from the frame \
                          before to the one made and that to the true one (Chu et al. 2020)."
                .into(),
            metrics: cards.collect(),
            parameters: vec![("made by".to_owned(), maker.to_owned())],
            data: source,
            warnings: self.said.into_iter().chain(notes.iter().cloned()).collect(),
            command: command_line(),
            ..Summary::default()
        };
        folder.save_text("report.html", &report::html(&summary, &self.figures))?;
        Ok(folder.file("report.html"))
    }
}
