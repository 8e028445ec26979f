//! `diabolo interpolate A.png B.png -o M.png`: frames between frames, of two pictures, a folder or a Y4M clip.

mod clip;
mod evaluate;
mod folder;
mod maker;
mod page;
mod pair;
mod rate;
mod sequence;

use super::fit::stop_on_interrupt;
use super::options::{Machine, add_flags, with_flags};
use super::output;
use super::progress::new_bar;
use crate::error::{Error, Result};
use crate::io::frames;
use crate::models::interpolation::optical_flow::Params;
use crate::models::interpolation::{Frame, Interpolate, Schedule};
use crate::monitor::Env;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use diabolo_kernels::parallel::with_threads;
use indicatif::ProgressBar;
use maker::Maker;
use page::Page;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// The command.
pub fn command() -> Command {
    let path = |name: &'static str| Arg::new(name).value_parser(value_parser!(PathBuf));
    let about = "Frames between frames, by optical flow or a trained network: of two pictures, a folder of frames or a .y4m clip";
    let command = Command::new("interpolate")
        .about(about)
        .arg(path("input").required(true).num_args(1..=2).value_name("FRAMES").help(
            "Two pictures (PNG or JPEG), or a folder of them in the order of their numbers, or a .y4m clip",
        ))
        .arg(path("output").short('o').required_unless_present("evaluate").value_name("OUT").help(
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
        .arg(Arg::new("fps").long("fps").value_name("RATE").help(
            "Frames a second to make (60, 59.94 or 60000/1001), instead of --times: more or fewer than there are",
        ))
        .arg(Arg::new("from_fps").long("from-fps").value_name("RATE").help(
            "Frames a second that a folder shows; a clip tells its own",
        ))
        .arg(path("truth").long("truth").value_name("FILE").help(
            "The true frame between two pictures: tells PSNR, SSIM and tOF of the frame made, and of the mean of both pictures",
        ))
        .arg(Arg::new("evaluate").long("evaluate").action(ArgAction::SetTrue).help(
            "Leaves every second frame of a folder out and tells how near those made in their place are",
        ))
        .arg(path("out").long("out").value_name("DIR").help(
            "A folder for a page of what was done: frames, flow, errors, metrics.json",
        ))
        .arg(Arg::new("resume").long("resume").action(ArgAction::SetTrue).help(
            "Goes on where the same command stopped: frames that are there are not made again",
        ));
    add_flags::<Machine>(maker::with_arguments(command))
}

/// What was asked for.
struct Request<'a> {
    by: &'a dyn Interpolate,
    maker: &'a Maker,
    /// What motion is shown by, whoever makes the frames.
    flow: Params,
    times: Option<u64>,
    at: Option<Vec<f64>>,
    fps: Option<(u64, u64)>,
    from_fps: Option<(u64, u64)>,
    output: Option<&'a Path>,
    truth: Option<&'a PathBuf>,
    resume: bool,
    evaluate: bool,
    shows: bool,
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
    page: Page,
}

/// Interpolates.
/// # Errors
/// What reading and writing raise; [`Error::Parameter`] for outputs and times that do not fit the input;
/// [`Error::Interrupted`] after Ctrl-C.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let machine: Machine = with_flags(&toml::Table::new(), matches)?;
    let inputs: Vec<&PathBuf> = matches.get_many("input").expect("a required argument").collect();
    let env = Arc::new(machine.env()?);
    stop_on_interrupt(&env);
    let maker = Maker::new(matches, &env)?;
    let rate = |name: &str| matches.get_one::<String>(name).map(|text| rate::of_text(name, text)).transpose();
    let request = Request {
        by: maker.interpolator(),
        maker: &maker,
        flow: maker.flow(),
        times: matches.get_one("times").copied(),
        at: matches.get_many("t").map(|times| times.copied().collect()),
        fps: rate("fps")?,
        from_fps: rate("from_fps")?,
        output: matches.get_one::<PathBuf>("output").map(PathBuf::as_path),
        truth: matches.get_one("truth"),
        resume: matches.get_flag("resume"),
        evaluate: matches.get_flag("evaluate"),
        shows: matches.contains_id("out"),
        env,
        bar: (!machine.quiet && std::io::stderr().is_terminal()).then(|| new_bar("interpolate")),
    };
    let started = Instant::now();
    let done = with_threads(machine.threads, || match inputs[..] {
        [input] if request.evaluate && input.is_dir() => request.evaluated(input),
        _ if request.evaluate => {
            Err(Error::parameter("evaluate", "leaves out frames of a folder; give a folder of frames"))
        }
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
    let shown = match matches.get_one::<PathBuf>("out") {
        Some(folder) => Some(done.page.write(folder, &inputs, maker.name(), &told, &done.notes)?),
        None => None,
    };
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
    for path in request.output.map(Path::to_path_buf).into_iter().chain(shown) {
        output::print(&format!("{}\n", path.display()))?;
    }
    Ok(())
}

impl Request<'_> {
    /// Where frames go.
    fn output(&self) -> Result<&Path> {
        self.output.ok_or_else(|| Error::parameter("o", "say where the frames shall go: -o OUT"))
    }

    /// Reads a frame, and notes what had to be done to it.
    fn read(&self, path: &Path, notes: &mut BTreeSet<String>) -> Result<Frame> {
        let (frame, converted) = frames::read(path, &self.env.budget)?;
        // A frame at a time is held beside the clip's own: they come and go.
        self.env.budget.release(frame.rgb().len() as u64);
        notes.extend(converted.iter().map(ToString::to_string));
        Ok(frame)
    }

    /// Refuses what is for two pictures.
    fn check_sequence(&self) -> Result<()> {
        if self.at.is_some() {
            return Err(Error::parameter(
                "t",
                "is for two pictures; give --times or --fps for a folder or a clip",
            ));
        }
        if self.truth.is_some() {
            return Err(Error::parameter(
                "truth",
                "judges the frame between two pictures; give two, or --evaluate",
            ));
        }
        Ok(())
    }

    /// Which frames come of a folder or clip that shows so many a second.
    fn schedule(&self, shown: Option<(u64, u64)>) -> Result<Schedule> {
        match (self.times, self.fps) {
            (Some(_), Some(_)) => Err(Error::parameter("fps", "stands beside --times; give one of them")),
            (times, None) => Ok(Schedule::times(times.unwrap_or(2))),
            (None, Some(to)) => {
                let why = "nothing tells how many frames a second there are; give --from-fps RATE";
                Schedule::rates(shown.ok_or_else(|| Error::parameter("fps", why))?, to)
            }
        }
    }

    fn check_interrupt(&self) -> Result<()> {
        if !self.env.is_cancelled() {
            return Ok(());
        }
        let how = match self.output {
            None => "nothing was written; give the same command again".to_owned(),
            Some(output) => {
                format!(
                    "frames so far are kept for {}; go on with the same command and --resume",
                    output.display()
                )
            }
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

fn make_folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(|source| Error::io(path, source))
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending))
}
