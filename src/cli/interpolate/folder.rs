//! A folder of frames becomes another one.

use super::sequence::{Passed, Sink, Source};
use super::{Done, Request, has_ending, make_folder};
use crate::error::{Error, Result};
use crate::io::frames;
use crate::models::interpolation::Frame;
use std::path::{Path, PathBuf};

/// The files of a folder.
struct Files<'a> {
    request: &'a Request<'a>,
    rest: std::vec::IntoIter<PathBuf>,
    /// Height and width of the first frame.
    size: Option<(usize, usize)>,
}

impl Source for Files<'_> {
    fn next(&mut self, needed: bool, done: &mut Done) -> Result<Option<Passed>> {
        let Some(file) = self.rest.next() else { return Ok(None) };
        if !needed {
            return Ok(Some(Passed::By));
        }
        let frame = self.request.read(&file, &mut done.notes)?;
        let (height, width) = *self.size.get_or_insert((frame.height(), frame.width()));
        if (frame.height(), frame.width()) != (height, width) {
            let why = format!(
                "the frame has {} x {} pixels, those before it {height} x {width}; bring all frames to one size",
                frame.height(),
                frame.width()
            );
            return Err(Error::parse(&file, why));
        }
        Ok(Some(Passed::Read(frame)))
    }
}

/// A folder of numbered files.
struct Numbered<'a> {
    folder: &'a Path,
    keeps: bool,
}

impl Numbered<'_> {
    fn file(&self, j: u64) -> PathBuf {
        self.folder.join(format!("{j:05}.png"))
    }
}

impl Sink for Numbered<'_> {
    fn has(&self, j: u64) -> bool {
        self.keeps && self.file(j).is_file()
    }

    fn write(&mut self, j: u64, frame: &Frame) -> Result<()> {
        frames::write(&self.file(j), frame)
    }
}

impl Request<'_> {
    /// A folder of frames becomes one of more, or fewer.
    pub(super) fn folder(&self, folder: &Path) -> Result<Done> {
        self.check_sequence()?;
        let output = self.output()?;
        if has_ending(output, "png") || has_ending(output, "y4m") {
            return Err(Error::parameter("o", "a folder of frames becomes a folder; give one"));
        }
        let schedule = self.schedule(self.from_fps)?;
        let files = frames::files_of(folder)?;
        let mut done = Done::default();
        if self.shows {
            self.show_first(&files, &mut done)?;
        }
        make_folder(output)?;
        self.expect(files.len() as u64);
        let mut source = Files { request: self, rest: files.into_iter(), size: None };
        let mut sink = Numbered { folder: output, keeps: self.resume };
        self.transfer(&mut source, &mut sink, schedule, &mut done)?;
        Ok(done)
    }

    /// The first two frames and what is made between them, for the page.
    fn show_first(&self, files: &[PathBuf], done: &mut Done) -> Result<()> {
        let pair = [self.read(&files[0], &mut done.notes)?, self.read(&files[1], &mut done.notes)?];
        pair[1].check_like(&pair[0])?;
        let [a, b] = pair;
        let (made, flow) = self.shown(&a, &b, done)?;
        done.page.pair([&a, &b], (0.5, &made), &flow)
    }
}
