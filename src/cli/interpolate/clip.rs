//! A Y4M clip becomes one of another rate.
//!
//! It is written to `OUT.part`, frame after frame, and renamed at the end: what an interrupted command leaves there is gone on
//! with from its last whole frame. Who made those frames stands in `OUT.part.by`, so that no clip is of two minds.

use super::sequence::{Passed, Sink, Source};
use super::{Done, Request, has_ending};
use crate::error::{Error, Result};
use crate::io::y4m::{self, Header};
use crate::models::interpolation::Frame;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

struct Frames(y4m::Reader<BufReader<File>>);

impl Source for Frames {
    fn next(&mut self, needed: bool, _: &mut Done) -> Result<Option<Passed>> {
        match needed {
            true => Ok(self.0.next_frame()?.map(Passed::Read)),
            false => Ok(self.0.skip_frame()?.then_some(Passed::By)),
        }
    }
}

/// A clip under way.
struct Part<'a> {
    header: &'a Header,
    path: PathBuf,
    file: BufWriter<File>,
    /// Frames that were there.
    n_kept: u64,
}

impl Part<'_> {
    /// A new one, or where it is to be gone on with, the one that is there up to its last whole frame, made by the same.
    fn open<'a>(header: &'a Header, output: &Path, resume: bool, by: &str) -> Result<Part<'a>> {
        let path = PathBuf::from(format!("{}.part", output.display()));
        let failed = |source| Error::io(&path, source);
        let mut first = Vec::new();
        y4m::write_header(header, &mut first).map_err(failed)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(!resume)
            .open(&path)
            .map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let mut n_kept = 0;
        if length >= first.len() as u64 {
            let mut own = vec![0; first.len()];
            file.read_exact(&mut own).map_err(failed)?;
            if own != first {
                let why = format!(
                    "{} is of a clip of another size or rate; remove it, or leave --resume out",
                    path.display()
                );
                return Err(Error::parameter("resume", why));
            }
            n_kept = (length - first.len() as u64) / header.written_bytes();
        }
        let record = record_beside(&path);
        if let Some(before) =
            std::fs::read_to_string(&record).ok().filter(|before| n_kept > 0 && before != by)
        {
            let why = format!(
                "the frames in {} were made by {before}, and these would be by {by}; give the options they were made with, \
                 or leave --resume out",
                path.display()
            );
            return Err(Error::parameter("resume", why));
        }
        std::fs::write(&record, by).map_err(|source| Error::io(&record, source))?;
        let end = if length < first.len() as u64 {
            0
        } else {
            first.len() as u64 + n_kept * header.written_bytes()
        };
        file.set_len(end).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let mut file = BufWriter::with_capacity(1 << 20, file);
        if end == 0 {
            file.write_all(&first).map_err(failed)?;
        }
        Ok(Part { header, path: path.clone(), file, n_kept })
    }

    /// Forces it to disk under its name.
    fn finish(self, output: &Path) -> Result<()> {
        let failed = |source| Error::io(&self.path, source);
        let file = self.file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        std::fs::rename(&self.path, output).map_err(|source| Error::io(output, source))?;
        let _ = std::fs::remove_file(record_beside(&self.path));
        Ok(())
    }
}

/// Where it stands who made the frames of a clip under way.
fn record_beside(part: &Path) -> PathBuf {
    PathBuf::from(format!("{}.by", part.display()))
}

impl Sink for Part<'_> {
    fn has(&self, j: u64) -> bool {
        j < self.n_kept
    }

    fn write(&mut self, _: u64, frame: &Frame) -> Result<()> {
        y4m::write_frame(self.header, frame, &mut self.file).map_err(|source| Error::io(&self.path, source))
    }
}

impl Request<'_> {
    /// A Y4M clip becomes one of another rate.
    pub(super) fn clip(&self, input: &Path) -> Result<Done> {
        self.check_sequence()?;
        let output = self.output()?;
        if !has_ending(output, "y4m") {
            let why = "a clip becomes a clip; give a name that ends in .y4m, or two pictures or a folder to begin with";
            return Err(Error::parameter("o", why));
        }
        let file = File::open(input).map_err(|source| Error::io(input, source))?;
        let length = file.metadata().map_err(|source| Error::io(input, source))?.len();
        let reader = y4m::Reader::new(BufReader::with_capacity(1 << 20, file), input, &self.env.budget)?;
        if self.from_fps.is_some_and(|rate| rate != reader.header().rate) {
            let (frames, seconds) = reader.header().rate;
            let why =
                format!("the clip tells that it shows {frames} frames in {seconds} seconds; leave it out");
            return Err(Error::parameter("from_fps", why));
        }
        let schedule = self.schedule(Some(reader.header().rate))?;
        let rate = match self.fps {
            Some(rate) => rate,
            None => {
                let (frames, seconds) = reader.header().rate;
                let faster = frames.checked_mul(self.times.unwrap_or(2));
                let why = "makes more frames a second than can be told";
                (faster.ok_or_else(|| Error::parameter("times", why))?, seconds)
            }
        };
        let header = reader.header().with_rate(rate);
        self.expect(length / header.written_bytes());
        let mut done = Done::default();
        let mut part = Part::open(&header, output, self.resume, &self.maker.record())?;
        let transferred = self.transfer(&mut Frames(reader), &mut part, schedule, &mut done);
        if let Err(error) = transferred {
            // What is whole is kept for a resume, unless there is nothing.
            let _ = part.file.flush();
            if done.n_made == 0 && part.n_kept == 0 && !matches!(error, Error::Interrupted { .. }) {
                let _ = std::fs::remove_file(&part.path);
                let _ = std::fs::remove_file(record_beside(&part.path));
            }
            return Err(error);
        }
        part.finish(output)?;
        Ok(done)
    }
}
