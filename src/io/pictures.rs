//! Pictures as data: one of them, or a folder of one size and kind; a picture is a sample, its pixels the
//! features.
//!
//! Grey pictures are rows of h w pixels, colour ones of h w x (red, green, blue). Transparent pixels are laid
//! over white. 8 bits stay bytes worth 1/255, 16 bits become f32 in [0, 1]. The formats' modules decode.

use super::charged::Charged;
use super::idx::PICTURE_UNIT;
use super::input::Input;
use super::read::{Format, HEAD, recognise};
use super::{jpeg, png};
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::{Dataset, Names};
use crate::monitor::Budget;
use std::path::{Path, PathBuf};

/// How the names of pictures end.
const ENDINGS: [&str; 3] = ["png", "jpg", "jpeg"];

/// What all pictures of a data set have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub height: usize,
    pub width: usize,
    /// 1 grey, 3 colour.
    pub n_channels: usize,
    /// Whether a value has 16 bits.
    pub is_deep: bool,
}

impl Kind {
    /// Values of a picture.
    fn n_values(self) -> usize {
        self.height * self.width * self.n_channels
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let colour = if self.n_channels == 1 { "grey" } else { "colour" };
        let depth = if self.is_deep { 16 } else { 8 };
        write!(f, "{} x {} in {depth}-bit {colour}", self.height, self.width)
    }
}

/// A decoded picture.
pub(super) struct Picture<'a> {
    pub kind: Kind,
    pub has_alpha: bool,
    /// Whether its pixels are places in a list of colours.
    pub has_palette: bool,
    /// Channels of a pixel side by side, then alpha; 16 bits in big endian.
    pub frame: Charged<'a, u8>,
}

/// One picture as a data set of one sample.
pub(super) fn one(picture: &Picture, budget: &Budget) -> Result<Dataset> {
    let mut pictures = Pictures::like(picture, 1, budget)?;
    pictures.push(picture)?;
    Ok(pictures.into_dataset(None))
}

/// Reads every `.png`, `.jpg` and `.jpeg` of a folder as a sample named after its file, in the order of the
/// names.
/// # Errors
/// [`Error::Parse`] if there is none, one is damaged, or one is of another size or kind than the first;
/// [`Error::Limit`] if they do not fit the budget, [`Error::Io`].
pub fn read_folder(path: &Path, budget: &Budget) -> Result<Dataset> {
    let files = files_of(path)?;
    let Some((first, others)) = files.split_first() else {
        return Err(Error::parse(
            path,
            "the folder holds no .png or .jpg files; give a file or a folder of pictures",
        ));
    };
    let picture = decode(first, budget)?;
    let mut pictures = Pictures::like(&picture, files.len(), budget)?;
    pictures.push(&picture)?;
    drop(picture);
    for file in others {
        let picture = decode(file, budget)?;
        if picture.kind != pictures.kind {
            let (this, first) = (picture.kind, pictures.kind);
            let why = format!("the picture is {this} and the first {first}; bring all to one size and kind");
            return Err(Error::parse(file, why));
        }
        pictures.push(&picture)?;
    }
    let name = |file: &PathBuf| file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(pictures.into_dataset(Some(files.iter().map(name).collect())))
}

/// Whether a folder holds pictures.
pub fn is_folder_of_pictures(path: &Path) -> bool {
    path.is_dir() && files_of(path).is_ok_and(|files| !files.is_empty())
}

/// The pixels of a picture, channels side by side.
pub(super) enum Grain {
    /// 8 bits.
    Bytes(Vec<u8>),
    /// 16 bits, as shares of the whole range.
    Deep(Vec<f32>),
}

/// A picture by itself.
pub(super) struct Single {
    pub kind: Kind,
    pub has_alpha: bool,
    pub has_palette: bool,
    pub grain: Grain,
}

/// A picture by itself. Nothing stays charged.
pub(super) fn read_one(path: &Path, budget: &Budget) -> Result<Single> {
    let picture = decode(path, budget)?;
    let mut pictures = Pictures::like(&picture, 1, budget)?;
    pictures.push(&picture)?;
    let n_values = pictures.kind.n_values() as u64;
    let (grain, bytes) = match pictures.pixels {
        Pixels::Bytes(values) => (Grain::Bytes(values.into_vec()), n_values),
        Pixels::Deep(values) => (Grain::Deep(values.into_vec()), 4 * n_values),
    };
    budget.release(bytes);
    let Picture { has_alpha, has_palette, .. } = picture;
    Ok(Single { kind: pictures.kind, has_alpha, has_palette, grain })
}

/// The pictures of a folder, sorted by name.
pub(super) fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let io_error = |source| Error::io(folder, source);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io_error)? {
        let path = entry.map_err(io_error)?.path();
        let is_picture =
            |ending: &std::ffi::OsStr| ENDINGS.iter().any(|own| ending.eq_ignore_ascii_case(own));
        if path.extension().is_some_and(is_picture) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Decodes a file by what it holds, whatever its name ends in.
fn decode<'a>(file: &Path, budget: &'a Budget) -> Result<Picture<'a>> {
    let mut input = Input::open(file, budget)?;
    match recognise(input.peek(HEAD)?) {
        Format::Png => png::decode(&mut input),
        Format::Jpeg => jpeg::decode(&mut input),
        _ => Err(input.fail("the file holds no PNG or JPEG picture; give another or write it again")),
    }
}

/// Pictures of one kind as they are gathered.
struct Pictures<'a> {
    kind: Kind,
    pixels: Pixels<'a>,
    n_pictures: usize,
}

/// The pixels of all pictures, one after the other.
enum Pixels<'a> {
    Bytes(Charged<'a, u8>),
    Deep(Charged<'a, f32>),
}

impl<'a> Pictures<'a> {
    /// Room for `n_expected` pictures like this one.
    fn like(picture: &Picture, n_expected: usize, budget: &'a Budget) -> Result<Pictures<'a>> {
        let kind = picture.kind;
        let n_values = kind.n_values().saturating_mul(n_expected);
        let what = "the pixels of all pictures";
        let pixels = if kind.is_deep {
            let mut values = Charged::new(budget, what);
            values.reserve_exactly(n_values)?;
            Pixels::Deep(values)
        } else {
            let mut values = Charged::new(budget, what);
            values.reserve_exactly(n_values)?;
            Pixels::Bytes(values)
        };
        Ok(Pictures { kind, pixels, n_pictures: 0 })
    }

    /// Appends a picture of the same kind, laid over white.
    fn push(&mut self, picture: &Picture) -> Result<()> {
        self.n_pictures += 1;
        let n_colours = picture.kind.n_channels;
        let n_parts = n_colours + usize::from(picture.has_alpha);
        let frame = picture.frame.as_slice();
        match &mut self.pixels {
            Pixels::Bytes(values) if !picture.has_alpha => values.extend_from_slice(frame)?,
            Pixels::Bytes(values) => {
                for pixel in frame.chunks_exact(n_parts) {
                    let alpha = u32::from(pixel[n_colours]);
                    for &colour in &pixel[..n_colours] {
                        // alpha colour + (1 - alpha) white, rounded to nearest
                        let sum = alpha * u32::from(colour) + (255 - alpha) * 255;
                        values.push(((sum + 127) / 255) as u8)?;
                    }
                }
            }
            Pixels::Deep(values) => {
                let (words, _) = frame.as_chunks::<2>();
                for pixel in words.chunks_exact(n_parts) {
                    let part = |at: usize| f32::from(u16::from_be_bytes(pixel[at])) / f32::from(u16::MAX);
                    let alpha = if picture.has_alpha { part(n_colours) } else { 1.0 };
                    for channel in 0..n_colours {
                        values.push(alpha * part(channel) + (1.0 - alpha))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Samples x pixels.
    fn into_dataset(self, samples: Option<Vec<String>>) -> Dataset {
        let n_values = self.kind.n_values();
        let features = match self.pixels {
            Pixels::Bytes(values) => Features::U8 {
                bytes: Matrix::from_vec(self.n_pictures, n_values, values.into_vec()),
                unit: PICTURE_UNIT,
            },
            Pixels::Deep(values) => Matrix::from_vec(self.n_pictures, n_values, values.into_vec()).into(),
        };
        // Only grey pictures have one pixel a feature.
        let size = (self.kind.height, self.kind.width);
        let is_grey = self.kind.n_channels == 1;
        let (picture, colour) = (is_grey.then_some(size), (!is_grey).then_some(size));
        Dataset {
            features,
            names: Names { samples, picture, colour, ..Names::default() },
            labels: None,
            batches: None,
        }
    }
}
