//! Frames of moving pictures: PNG and JPEG files, a folder of them in the order of their names.

use super::pictures::{self, Grain, Kind};
use super::{atomic, png};
use crate::error::{Error, Result};
use crate::models::interpolation::Frame;
use crate::monitor::Budget;
use std::path::{Path, PathBuf};

/// What had to be done to a picture for it to become a frame, for the user to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Converted {
    /// Grey became colour.
    FromGrey,
    /// 16 bits became 8.
    FromDeep,
    /// Places in a list of colours became colours.
    FromPalette,
    /// What is transparent was laid over white.
    FromTransparent,
}

impl std::fmt::Display for Converted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Converted::FromGrey => "grey pictures are written as colour",
            Converted::FromDeep => "16 bits a channel are rounded to 8",
            Converted::FromPalette => "colours of a palette are written as they are, without it",
            Converted::FromTransparent => "what is transparent is laid over white",
        })
    }
}

/// Reads a picture as a frame: palettes looked up, what is transparent over white. Its pixels stay charged: 3 bytes each.
/// # Errors
/// [`Error::Parse`] for anything but a PNG or JPEG, [`Error::Limit`], [`Error::Io`].
pub fn read(path: &Path, budget: &Budget) -> Result<(Frame, Vec<Converted>)> {
    let single = pictures::read_one(path, budget)?;
    let Kind { height, width, n_channels, .. } = single.kind;
    budget.charge(3 * (height * width) as u64, "a frame")?;
    let mut converted = Vec::new();
    for (is_so, what) in
        [(single.has_palette, Converted::FromPalette), (single.has_alpha, Converted::FromTransparent)]
    {
        converted.extend(is_so.then_some(what));
    }
    let bytes = match single.grain {
        Grain::Bytes(bytes) => bytes,
        Grain::Deep(values) => {
            converted.push(Converted::FromDeep);
            values.iter().map(|x| (255.0 * x).round() as u8).collect()
        }
    };
    let rgb = match n_channels {
        3 => bytes,
        _ => {
            converted.push(Converted::FromGrey);
            bytes.iter().flat_map(|&grey| [grey; 3]).collect()
        }
    };
    Ok((Frame::new(height, width, rgb)?, converted))
}

/// The pictures of a folder, in the order of their numbers where all have one at the end of a name that is the same before it,
/// else in the order of their names.
/// # Errors
/// [`Error::Parse`] for fewer than two, or where one is missing of those that are numbered; [`Error::Io`].
pub fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let files = pictures::files_of(folder)?;
    if files.len() < 2 {
        return Err(Error::parse(
            folder,
            "the folder holds fewer than two .png or .jpg files; give the frames",
        ));
    }
    let numbers: Option<Vec<(String, u64)>> = files.iter().map(|file| numbered(file)).collect();
    let Some(numbers) = numbers.filter(|all| all.iter().all(|(name, _)| *name == all[0].0)) else {
        return Ok(files);
    };
    let mut files: Vec<(u64, PathBuf)> = numbers.into_iter().map(|(_, number)| number).zip(files).collect();
    files.sort();
    let steps: Vec<u64> = files.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    let name = |at: usize| files[at].1.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if let Some(at) = steps.iter().position(|step| *step == 0) {
        let why = format!("{} and {} have one number; give each its own", name(at), name(at + 1));
        return Err(Error::parse(folder, why));
    }
    let step = steps.iter().copied().min().unwrap_or(1);
    if let Some(at) = steps.iter().position(|own| *own != step) {
        let why = format!(
            "frames are missing between {} and {}: the others are {step} apart; add them, or number the frames anew",
            name(at),
            name(at + 1)
        );
        return Err(Error::parse(folder, why));
    }
    Ok(files.into_iter().map(|(_, file)| file).collect())
}

/// What stands before the number at the end of a file's name, and the number.
fn numbered(file: &Path) -> Option<(String, u64)> {
    let stem = file.file_stem()?.to_str()?;
    let name = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    Some((name.to_owned(), stem[name.len()..].parse().ok()?))
}

/// Writes a frame as PNG, whole or not at all.
/// # Errors
/// [`Error::Io`]
pub fn write(path: &Path, frame: &Frame) -> Result<()> {
    let too_large = || Error::parameter("frame", "its sides are beyond what PNG can hold");
    let size = |side: usize| u32::try_from(side).map_err(|_| too_large());
    let (height, width) = (size(frame.height())?, size(frame.width())?);
    atomic::write(path, |out| {
        png::write_rgb(out, height, width, frame.rgb()).map_err(|error| Error::io(path, error))
    })
}
