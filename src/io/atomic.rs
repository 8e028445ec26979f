//! Files that are there whole or not at all.
//!
//! [`write()`] writes a temporary beside the target, forces it to disk, renames it over the target and forces
//! the folder: after a power cut there is the old file or the new one. A killed process leaves its temporary
//! behind; [`clean_dead`] removes those of processes that no longer live.

use crate::error::{Error, Result};
use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Where the system does not tell which processes live, a temporary of this age is nobody's.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 3600);

/// Distinguishes the temporaries of one process.
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// The temporaries this process is writing: process numbers come round again, so a temporary with this
/// process's number that is not in here was left by a dead one.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// What a file is filled through: a place already written can be gone back to.
pub trait Filling: Write + Seek {}
impl<T: Write + Seek> Filling for T {}

/// Writes `path` through `fill`; whoever looks at `path` meanwhile sees what was there before.
/// # Errors
/// What `fill` returns, or [`Error::Io`]; `path` is untouched then and the temporary removed.
pub fn write(path: &Path, fill: impl FnOnce(&mut dyn Filling) -> Result<()>) -> Result<()> {
    let (temporary, file) = create_beside(path)?;
    let written = fill_and_sync(&temporary, file, fill)
        .and_then(|()| fs::rename(&temporary, path).map_err(|source| Error::io(path, source)))
        .and_then(|()| sync_folder(folder_of(path)));
    if written.is_err() {
        // The first error is the one to tell; a temporary that stays is cleaned up later.
        let _ = fs::remove_file(&temporary);
    }
    unfinished().retain(|path| *path != temporary);
    written
}

/// Removes from `folder` the temporaries of processes that no longer live; returns how many.
/// # Errors
/// [`Error::Io`] if the folder cannot be read or a temporary not removed.
pub fn clean_dead(folder: &Path) -> Result<usize> {
    let mut n_removed = 0;
    for entry in fs::read_dir(folder).map_err(|source| Error::io(folder, source))? {
        let path = entry.map_err(|source| Error::io(folder, source))?.path();
        let writer = path.file_name().and_then(|name| writer_of(name.to_str()?));
        if writer.is_some_and(|process| !may_live(process, &path)) {
            match fs::remove_file(&path) {
                Err(source) if source.kind() != ErrorKind::NotFound => {
                    return Err(Error::io(&path, source));
                }
                _ => n_removed += 1,
            }
        }
    }
    Ok(n_removed)
}

/// A new file `.NAME.PID-COUNT.tmp` in the folder of `path`, entered among the unfinished.
fn create_beside(path: &Path) -> Result<(PathBuf, File)> {
    let Some(name) = path.file_name() else {
        let no_name = std::io::Error::new(ErrorKind::InvalidInput, "is not the name of a file");
        return Err(Error::io(path, no_name));
    };
    loop {
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!(".{}.{}-{count}.tmp", name.to_string_lossy(), std::process::id());
        let temporary = path.with_file_name(name);
        unfinished().push(temporary.clone());
        match File::create_new(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            Err(error) => {
                unfinished().retain(|path| *path != temporary);
                if error.kind() != ErrorKind::AlreadyExists {
                    return Err(Error::io(path, error));
                }
            }
        }
    }
}

/// The list of unfinished temporaries; a panic elsewhere cannot break it.
fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The process that wrote a temporary of this name.
fn writer_of(name: &str) -> Option<u32> {
    let stem = name.strip_prefix('.')?.strip_suffix(".tmp")?;
    let (_, process_and_count) = stem.rsplit_once('.')?;
    let (process, count) = process_and_count.split_once('-')?;
    count.parse::<u64>().ok()?;
    process.parse().ok()
}

/// Whether the process still lives: from /proc where there is one, by the file's age elsewhere.
fn may_live(process: u32, temporary: &Path) -> bool {
    if process == std::process::id() {
        return unfinished().iter().any(|path| path.file_name() == temporary.file_name());
    }
    if Path::new("/proc/self").exists() {
        return Path::new(&format!("/proc/{process}")).exists();
    }
    let modified = fs::metadata(temporary).and_then(|metadata| metadata.modified());
    let age = modified.ok().and_then(|time| time.elapsed().ok());
    age.is_none_or(|age| age < ABANDONED_AFTER)
}

/// Fills a file and forces it to disk.
fn fill_and_sync(path: &Path, file: File, fill: impl FnOnce(&mut dyn Filling) -> Result<()>) -> Result<()> {
    let io_error = |source| Error::io(path, source);
    let mut writer = BufWriter::with_capacity(1 << 18, file);
    fill(&mut writer)?;
    let file = writer.into_inner().map_err(|error| io_error(error.into_error()))?;
    file.sync_all().map_err(io_error)
}

/// The folder a file is in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Forces a rename within `folder` to disk; only Unix opens folders.
fn sync_folder(folder: &Path) -> Result<()> {
    if cfg!(unix) {
        let opened = File::open(folder).and_then(|folder| folder.sync_all());
        opened.map_err(|source| Error::io(folder, source))?;
    }
    Ok(())
}
