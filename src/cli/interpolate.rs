//! `diabolo interpolate A.png B.png -o M.png`: frames between frames, of two pictures, a folder or a Y4M clip.

use super::fit::stop_on_interrupt;
use super::options::{Machine, add_flags, with_flags};
use super::output;
use super::progress::new_bar;
use super::rooms;
use crate::error::{Error, Result};
use crate::io::run::RunFolder;
use crate::io::{atomic, frames, y4m};
use crate::metrics::fidelity::{psnr, ssim};
use crate::models::Model;
use crate::models::interpolation::Frame;
use crate::models::interpolation::optical_flow::{Params, Quality};
use crate::models::interpolation::{Interpolate, times_between};
use crate::monitor::Env;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use diabolo_kernels::parallel::with_threads;
use indicatif::ProgressBar;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// The command.
pub fn command() -> Command {
    let path = |name: &'static str| Arg::new(name).value_parser(value_parser!(PathBuf));
    let about = "Frames between frames, by optical flow: of two pictures, a folder of frames or a .y4m clip";
    let command = Command::new("interpolate")
        .about(about)
        .arg(path("input").required(true).num_args(1..=2).value_name("FRAMES").help(
            "Two pictures (PNG or JPEG), or a folder of them in the order of their names, or a .y4m clip",
        ))
        .arg(path("output").short('o').required(true).value_name("OUT").help(
            "A .png for one frame between two pictures, a folder for more, a .y4m for a clip",
        ))
        .arg(
            Arg::new("t").long("t").value_name("T,...").value_delimiter(',').value_parser(value_parser!(f64)).help(
                "Times between the two pictures, 0 to 1; .5 if left out",
            ),
        )
        .arg(
            Arg::new("times").long("times").value_name("N").value_parser(value_parser!(u64).range(2..=64)).help(
                "As many frames a second as N times; 2 if left out for a folder or a clip",
            ),
        )
        .arg(path("run").long("run").value_name("RUN").help(
            "A run of film or xvfi, whose network makes the frames; optical flow if left out",
        ))
        .arg(
            Arg::new("quality").long("quality").value_parser(clap::builder::EnumValueParser::<Quality>::new()).help(
                "How much work the flow is worth; balanced if left out",
            ),
        )
        .arg(path("truth").long("truth").value_name("FILE").help(
            "The true frame between two pictures: prints how near the frame made is to it, and the mean of both pictures",
        ))
        .arg(Arg::new("resume").long("resume").action(ArgAction::SetTrue).help(
            "Leaves frames that are in the folder OUT as they are",
        ));
    add_flags::<Machine>(command)
}

/// What was asked for.
struct Request<'a> {
    by: &'a dyn Interpolate,
    times: Option<u64>,
    at: Option<Vec<f64>>,
    output: &'a Path,
    truth: Option<&'a PathBuf>,
    resume: bool,
    env: Arc<Env>,
    bar: Option<ProgressBar>,
}

/// What was done, told at the end.
#[derive(Default)]
struct Done {
    n_made: u64,
    n_kept: u64,
    notes: BTreeSet<String>,
    scores: Map<String, Value>,
}

/// Interpolates.
/// # Errors
/// What reading and writing raise; [`Error::Parameter`] for outputs and times that do not fit the input;
/// [`Error::Interrupted`] after Ctrl-C.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let machine: Machine = with_flags(&toml::Table::new(), matches)?;
    let inputs: Vec<&PathBuf> = matches.get_many("input").expect("a required argument").collect();
    let env = Arc::new(machine.env()?);
    let (model, flow) = (learned(matches, &env)?, Params::from(quality_of(matches)?));
    stop_on_interrupt(&env);
    let request = Request {
        by: model.as_deref().and_then(Model::interpolator).unwrap_or(&flow),
        times: matches.get_one("times").copied(),
        at: matches.get_many("t").map(|times| times.copied().collect()),
        output: matches.get_one::<PathBuf>("output").expect("a required argument"),
        truth: matches.get_one("truth"),
        resume: matches.get_flag("resume"),
        env,
        bar: (!machine.quiet && std::io::stderr().is_terminal()).then(|| new_bar("interpolate")),
    };
    let started = Instant::now();
    let done = with_threads(machine.threads, || match inputs[..] {
        [first, second] => request.pair(first, second),
        [input] if input.is_dir() => request.folder(input),
        [input] => request.clip(input),
        _ => unreachable!("one or two inputs"),
    })?;
    if let Some(bar) = &request.bar {
        bar.finish_and_clear();
    }
    if !machine.quiet {
        done.notes.iter().for_each(|note| eprintln!("diabolo: note: {note}"));
    }
    let mut told = Map::new();
    told.insert("frames".into(), done.n_made.into());
    if request.resume {
        told.insert("kept".into(), done.n_kept.into());
    }
    told.extend(done.scores);
    told.insert("seconds".into(), started.elapsed().as_secs_f64().into());
    if machine.json {
        return output::print_json(&Value::Object(told));
    }
    if machine.quiet {
        return Ok(());
    }
    let rows: Vec<Vec<String>> = told
        .iter()
        .map(|(name, value)| {
            vec![name.clone(), value.as_f64().map_or(value.to_string(), crate::report::number)]
        })
        .collect();
    output::print_table(&["metric".to_owned(), "value".to_owned()], &rows)?;
    output::print(&format!("{}\n", request.output.display()))
}

impl Request<'_> {
    /// Frames between two pictures.
    fn pair(&self, first: &Path, second: &Path) -> Result<Done> {
        let mut done = Done::default();
        let times = match (&self.at, self.times) {
            (Some(_), Some(_)) => {
                return Err(Error::parameter("times", "stands beside --t; give one of them"));
            }
            (Some(times), None) => times.clone(),
            (None, Some(n)) => (1..n).map(|k| k as f64 / n as f64).collect(),
            (None, None) => vec![0.5],
        };
        if let Some(t) = times.iter().find(|t| !(**t > 0.0 && **t < 1.0)) {
            return Err(Error::parameter(
                "t",
                format!("{t} is not between 0 and 1, where the two pictures are"),
            ));
        }
        let is_file = has_ending(self.output, "png");
        if is_file != (times.len() == 1) {
            let why = match is_file {
                true => format!("one .png cannot hold {} frames; give a folder", times.len()),
                false => "one frame goes to a .png file; give its name".to_owned(),
            };
            return Err(Error::parameter("o", why));
        }
        let (a, b) = (self.read(first, &mut done)?, self.read(second, &mut done)?);
        b.check_like(&a)?;
        let truth = match self.truth {
            None => None,
            Some(_) if !is_file => {
                return Err(Error::parameter("truth", "judges one frame; give one time --t"));
            }
            Some(path) => Some(self.read(path, &mut done)?),
        };
        truth.as_ref().map_or(Ok(()), |truth| truth.check_like(&a))?;
        if !is_file {
            make_folder(self.output)?;
        }
        let mean = Vec::from_iter(a.rgb().iter().zip(b.rgb()).map(|(&a, &b)| a.midpoint(b)));
        let mut clip = self.by.sequence(times)?;
        clip.push(a, &self.env, &mut |_, _| Ok(()))?;
        clip.push(b, &self.env, &mut |_, frame| {
            if let Some(truth) = &truth {
                let judged = [("psnr", "ssim", frame.rgb()), ("psnr_of_mean", "ssim_of_mean", &mean)];
                for (peak, similarity, rgb) in judged {
                    done.scores.insert(peak.into(), psnr(rgb, truth.rgb()).into());
                    done.scores.insert(similarity.into(), ssim(rgb, truth.rgb(), truth.width(), 3).into());
                }
            }
            let path = match is_file {
                true => self.output.to_owned(),
                false => self.output.join(format!("{:05}.png", done.n_made)),
            };
            done.n_made += 1;
            frames::write(&path, &frame)
        })?;
        Ok(done)
    }

    /// A folder of frames becomes a longer one.
    fn folder(&self, folder: &Path) -> Result<Done> {
        self.check_sequence()?;
        if has_ending(self.output, "png") || has_ending(self.output, "y4m") {
            return Err(Error::parameter("o", "a folder of frames becomes a folder; give one"));
        }
        let files = frames::files_of(folder)?;
        make_folder(self.output)?;
        let n = self.times.unwrap_or(2);
        let mut clip = self.by.sequence(times_between(n))?;
        let mut done = Done::default();
        self.expect(files.len() as u64);
        for (at, file) in files.iter().enumerate() {
            self.check_interrupt("--resume")?;
            let place = |k: u64| self.output.join(format!("{:05}.png", at as u64 * n + k));
            // Frame `at` stands at n at, those between the one before and it just below.
            let between =
                (1..n).map(|k| self.output.join(format!("{:05}.png", (at as u64 * n + k).saturating_sub(n))));
            let is_there = |path: &Path| self.resume && path.is_file();
            if at > 0 && between.clone().all(|path| is_there(&path)) && is_there(&place(0)) {
                let is_needed = at + 1 < files.len() && !(1..n).all(|k| is_there(&place(k)));
                done.n_kept += n;
                clip.skip();
                if is_needed {
                    clip.push(self.read(file, &mut done)?, &self.env, &mut |_, _| Ok(()))?;
                }
                self.advance();
                continue;
            }
            let frame = self.read(file, &mut done)?;
            frames::write(&place(0), &frame)?;
            let mut paths = between;
            let n_made = &mut done.n_made;
            clip.push(frame, &self.env, &mut |_, frame| {
                *n_made += 1;
                frames::write(&paths.next().expect("a path a frame"), &frame)
            })
            .map_err(|error| in_file(error, file))?;
            self.advance();
        }
        Ok(done)
    }

    /// A Y4M clip becomes one of more frames a second.
    fn clip(&self, input: &Path) -> Result<Done> {
        self.check_sequence()?;
        if !has_ending(self.output, "y4m") {
            let why = "a clip becomes a clip; give a name that ends in .y4m, or two pictures or a folder to begin with";
            return Err(Error::parameter("o", why));
        }
        let file = File::open(input).map_err(|source| Error::io(input, source))?;
        let mut reader = y4m::Reader::new(BufReader::new(file), input, &self.env.budget)?;
        let n = self.times.unwrap_or(2);
        let header = reader.header().faster(n)?;
        let mut clip = self.by.sequence(times_between(n))?;
        let mut done = Done::default();
        atomic::write(self.output, |out| {
            let failed = |source| Error::io(self.output, source);
            y4m::write_header(&header, out).map_err(failed)?;
            while let Some(frame) = reader.next_frame()? {
                self.check_interrupt("")?;
                let own = frame.clone();
                clip.push(frame, &self.env, &mut |_, frame| {
                    done.n_made += 1;
                    y4m::write_frame(&header, &frame, out).map_err(failed)
                })?;
                y4m::write_frame(&header, &own, out).map_err(failed)?;
                self.advance();
            }
            out.flush().map_err(failed)
        })?;
        Ok(done)
    }

    fn read(&self, path: &Path, done: &mut Done) -> Result<Frame> {
        let (frame, converted) = frames::read(path, &self.env.budget)?;
        // A frame at a time is held beside the clip's own: they come and go.
        self.env.budget.release(frame.rgb().len() as u64);
        done.notes.extend(converted.iter().map(ToString::to_string));
        Ok(frame)
    }

    fn check_sequence(&self) -> Result<()> {
        if self.at.is_some() {
            return Err(Error::parameter("t", "is for two pictures; give --times for a folder or a clip"));
        }
        if self.truth.is_some() {
            return Err(Error::parameter("truth", "judges the frame between two pictures; give two"));
        }
        Ok(())
    }

    fn check_interrupt(&self, go_on: &str) -> Result<()> {
        if !self.env.is_cancelled() {
            return Ok(());
        }
        let how = match go_on {
            "" => "nothing was written; give the same command again".to_owned(),
            flag => format!(
                "frames so far are in {}; go on with the same command and {flag}",
                self.output.display()
            ),
        };
        Err(Error::Interrupted { how })
    }

    fn expect(&self, n: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(n);
        }
    }

    fn advance(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }
}

/// How much work optical flow is worth.
fn quality_of(matches: &ArgMatches) -> Result<Quality> {
    match matches.get_one::<Quality>("quality") {
        Some(_) if matches.contains_id("run") => Err(Error::parameter(
            "quality",
            "is of optical flow and not of a network's run; leave it or --run out",
        )),
        quality => Ok(quality.copied().unwrap_or_default()),
    }
}

/// The model of the run that is to make the frames, where one is named.
fn learned(matches: &ArgMatches, env: &Env) -> Result<Option<Box<dyn Model>>> {
    let Some(path) = matches.get_one::<PathBuf>("run") else { return Ok(None) };
    let (named, manifest) = RunFolder::open(path)?.load_model(&env.budget)?;
    let model = rooms::load(&named.under("model/"), &manifest)?;
    match model.interpolator() {
        Some(_) => Ok(Some(model)),
        None => {
            let why = format!("{} is a run of {}; give one of film or xvfi", path.display(), manifest.model);
            Err(Error::parameter("run", why))
        }
    }
}

/// Names the file of a frame that does not fit.
fn in_file(error: Error, file: &Path) -> Error {
    match error {
        Error::Shape { expected, received } => Error::parse(
            file,
            format!("expected {expected}, received {received}; bring all frames to one size"),
        ),
        other => other,
    }
}

fn make_folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(|source| Error::io(path, source))
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending))
}
