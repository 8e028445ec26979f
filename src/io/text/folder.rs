//! A folder of text: a file for every document, sub-folders as classes.

use super::Reading;
use crate::error::{Error, Result};
use crate::io::charged::Charged;
use crate::io::input::Input;
use crate::io::interned::Interned;
use crate::io::loaded::Loaded;
use crate::io::name_list::NameList;
use crate::io::read::ReadOptions;
use crate::io::svmlight::labels_of;
use crate::io::ten_x;
use crate::monitor::Budget;
use std::path::{Path, PathBuf};

/// Whether a folder is taken for one of text: it is none of 10x Genomics. (Pictures are looked for before.)
pub fn is_folder(path: &Path) -> bool {
    path.is_dir() && !ten_x::is_folder(path)
}

/// Reads every file of a folder and of those below it as a document.
/// # Errors
/// [`Error::Parse`] for a file that is no text and for text that leaves no word, [`Error::Limit`] where the budget
/// refuses, [`Error::Io`], [`Error::Parameter`].
pub fn read_folder(folder: &Path, options: &ReadOptions, budget: &Budget) -> Result<Loaded> {
    let mut reading = Reading::new(options, budget)?;
    let (files, charged) = files_below(folder, budget)?;
    if files.is_empty() {
        let why = "the folder holds no files; give text files, a 10x folder, pictures or a file";
        return Err(Error::parse(folder, why));
    }
    let mut names = NameList::new(budget);
    let mut classes = Interned::new(budget, "the labels");
    let mut class = Charged::new(budget, "the labels");
    let mut all_have_classes = true;
    for file in &files {
        reading.file(&mut Input::open(file, budget)?, true)?;
        let below = file.strip_prefix(folder).unwrap_or(file);
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        names.push(parts.join("/").as_bytes())?;
        all_have_classes &= parts.len() > 1;
        class.push(classes.intern(parts[0].as_bytes())?)?;
    }
    drop(files);
    budget.release(charged);
    let mut loaded = reading.finish(&options.text, folder)?;
    loaded.dataset.names.samples = Some(names.into_vec());
    if all_have_classes {
        loaded.dataset.labels = Some(labels_of(&classes, class)?);
    }
    Ok(loaded)
}

/// The files below a folder, sorted by their paths, and the bytes that were charged for these.
fn files_below(folder: &Path, budget: &Budget) -> Result<(Vec<PathBuf>, u64)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    let mut charged = 0;
    while let Some(folder) = folders.pop() {
        let io_error = |source| Error::io(&folder, source);
        for entry in std::fs::read_dir(&folder).map_err(io_error)? {
            let entry = entry.map_err(io_error)?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = entry.path();
            let bytes = (path.as_os_str().len() + size_of::<PathBuf>()) as u64;
            budget.charge(bytes, "the names of the files")?;
            charged += bytes;
            // Links are followed to files only, so that no folder is met twice.
            if entry.file_type().map_err(io_error)?.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok((files, charged))
}
