//! Frames of moving pictures: PNG and JPEG files, a folder of them in the order of their names.

use super::pictures::{self, Grain};
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
}

impl std::fmt::Display for Converted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Converted::FromGrey => "grey pictures are written as colour",
            Converted::FromDeep => "16 bits a channel are rounded to 8",
        })
    }
}

/// Reads a picture as a frame: palettes looked up, what is transparent over white. Its pixels stay charged: 3 bytes each.
/// # Errors
/// [`Error::Parse`] for anything but a PNG or JPEG, [`Error::Limit`], [`Error::Io`].
pub fn read(path: &Path, budget: &Budget) -> Result<(Frame, Vec<Converted>)> {
    let (height, width, n_channels, grain) = pictures::read_one(path, budget)?;
    budget.charge(3 * (height * width) as u64, "a frame")?;
    let mut converted = Vec::new();
    let bytes = match grain {
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

/// The pictures of a folder, in the order of their names.
/// # Errors
/// [`Error::Parse`] for fewer than two, [`Error::Io`].
pub fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let files = pictures::files_of(folder)?;
    match files.len() {
        0 | 1 => {
            Err(Error::parse(folder, "the folder holds fewer than two .png or .jpg files; give the frames"))
        }
        _ => Ok(files),
    }
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
