//! The monitor of the command line: it owns the clock, the progress bar, the log and the checkpoints.

use crate::error::{Error, Result};
use crate::io::atomic;
use crate::io::run::{Manifest, RunFolder};
use crate::monitor::{Monitor, Progress, Signal};
use crate::tensors::Tensors;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Watches a fit whose results go to a run folder.
pub struct Watch<'a> {
    folder: &'a RunFolder,
    manifest: &'a Manifest,
    save_every: Duration,
    started: Instant,
    saved: Instant,
    log: File,
    /// Steps in the log.
    n_logged: u64,
    bar: Option<ProgressBar>,
}

impl<'a> Watch<'a> {
    /// A watch that begins now. A fresh fit starts a new log; a resumed one goes on with it.
    /// # Errors
    /// [`Error::Io`] where the log cannot be written.
    pub fn new(
        folder: &'a RunFolder,
        manifest: &'a Manifest,
        save_every: Duration,
        resumed_at: Option<u64>,
        quiet: bool,
    ) -> Result<Watch<'a>> {
        let path = folder.file("log.jsonl");
        let kept = match resumed_at {
            // Steps after the checkpoint were lost with their state: they are taken, and logged, again.
            Some(n_iter) => kept_lines(&std::fs::read_to_string(&path).unwrap_or_default(), n_iter),
            None => String::new(),
        };
        atomic::write(&path, |file| file.write_all(kept.as_bytes()).map_err(|e| Error::io(&path, e)))?;
        let log = File::options().append(true).open(&path).map_err(|e| Error::io(&path, e))?;
        let now = Instant::now();
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| new_bar(&manifest.model));
        Ok(Watch {
            folder,
            manifest,
            save_every,
            started: now,
            saved: now,
            log,
            n_logged: resumed_at.unwrap_or(0),
            bar,
        })
    }

    /// Seconds since the watch began.
    pub fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// A line of the log.
    fn write_line(&mut self, progress: &Progress) -> Result<()> {
        let mut line = serde_json::Map::new();
        line.insert("iteration".into(), progress.iteration.into());
        line.insert("objective".into(), progress.objective.into());
        for (name, value) in &progress.metrics {
            line.insert((*name).into(), (*value).into());
        }
        line.insert("seconds".into(), self.seconds().into());
        writeln!(self.log, "{}", serde_json::Value::Object(line))
            .map_err(|e| Error::io(self.folder.file("log.jsonl"), e))
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Monitor for Watch<'_> {
    fn at(&mut self, progress: &Progress, state: &dyn Tensors) -> Result<Signal> {
        // A step that was cut short comes again.
        if progress.iteration > self.n_logged {
            self.write_line(progress)?;
            self.n_logged = progress.iteration;
        }
        if let Some(bar) = &self.bar {
            bar.set_length(progress.max_iterations);
            bar.set_position(progress.iteration);
            bar.set_message(format!("objective {:.6e}", progress.objective));
        }
        if progress.is_last() || self.saved.elapsed() >= self.save_every {
            self.folder.save_checkpoint(state, self.manifest)?;
            self.saved = Instant::now();
        }
        Ok(Signal::Go)
    }
}

/// The lines of a log up to a step.
fn kept_lines(log: &str, n_iter: u64) -> String {
    log.lines().take(n_iter as usize).map(|line| format!("{line}\n")).collect()
}

pub(super) fn new_bar(model: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} {bar:32} {pos}/{len}  {msg}  {elapsed} (eta {eta})")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style).with_prefix(model.to_owned())
}
