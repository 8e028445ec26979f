//! PNG: one picture, or a folder of pictures of one size; a picture is a sample, its pixels the features.
//!
//! Grey pictures are rows of h w pixels, colour ones of h w x (red, green, blue). Palettes are looked up,
//! depths below 8 bits stretched to 8, transparent pixels laid over white. 8 bits stay bytes worth 1/255, 16
//! bits become f32 in [0, 1]. Source of the format: W3C, "Portable Network Graphics (PNG) Specification",
//! third edition; the crate `png` decodes it.

use super::charged::Charged;
use super::idx::PICTURE_UNIT;
use super::input::Input;
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::{Dataset, Names};
use crate::monitor::Budget;
use png::{BitDepth, ColorType, Decoder, DecodingError, Limits, Transformations};
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

/// Memory the decoder may take beside the rows it works on, for what a picture carries besides pixels.
const DECODER_MEMORY: u64 = 1 << 20;

/// Rows the decoder holds at a time, unpacked and as they come.
const ROWS_HELD: u64 = 6;

/// Bytes of four channels of 16 bits.
const LARGEST_PIXEL: u64 = 8;

/// What all pictures of a data set have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    height: usize,
    width: usize,
    /// 1 grey, 3 colour.
    n_channels: usize,
    /// Whether a value has 16 bits.
    is_deep: bool,
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

/// Reads one picture as one sample.
/// # Errors
/// [`Error::Parse`] if it is no PNG or damaged, [`Error::Limit`] if it does not fit the budget,
/// [`Error::Io`].
pub fn read(input: &mut Input) -> Result<Dataset> {
    let picture = decode(input)?;
    let mut pictures = Pictures::like(&picture, 1, input.budget())?;
    pictures.push(&picture)?;
    Ok(pictures.into_dataset(None))
}

/// Reads every `.png` of a folder as a sample named after its file, in the order of the names.
/// # Errors
/// As [`read`], and [`Error::Parse`] if there is none or one is of another size or kind than the first.
pub fn read_folder(path: &Path, budget: &Budget) -> Result<Dataset> {
    let files = files_of(path)?;
    let Some((first, others)) = files.split_first() else {
        return Err(Error::parse(
            path,
            "the folder holds no .png files; give a file or a folder of pictures",
        ));
    };
    let picture = decode(&mut Input::open(first, budget)?)?;
    let mut pictures = Pictures::like(&picture, files.len(), budget)?;
    pictures.push(&picture)?;
    for file in others {
        let picture = decode(&mut Input::open(file, budget)?)?;
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

/// Writes a grey picture of 8 bits, row by row.
/// # Errors
/// Those of the writer, and [`std::io::ErrorKind::InvalidInput`] for a picture without pixels.
/// # Panics
/// If there are not `height * width` pixels.
pub fn write_grey(output: &mut dyn Write, height: u32, width: u32, pixels: &[u8]) -> std::io::Result<()> {
    assert_eq!(
        pixels.len() as u64,
        u64::from(height) * u64::from(width),
        "pixels of a {height} x {width} picture"
    );
    let mut encoder = png::Encoder::new(output, width, height);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(())
}

/// The PNG files of a folder, sorted by name.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let io_error = |source| Error::io(folder, source);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io_error)? {
        let path = entry.map_err(io_error)?.path();
        if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png")) {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Error::parse(
            folder,
            "the folder holds no .png files; give a file or a folder of pictures",
        ));
    }
    Ok(files)
}

/// A decoded picture.
struct Picture<'a> {
    kind: Kind,
    has_alpha: bool,
    /// Channels of a pixel side by side, then alpha; 16 bits in big endian.
    frame: Charged<'a, u8>,
}

/// Decodes a picture.
fn decode<'a>(input: &mut Input<'a>) -> Result<Picture<'a>> {
    let packed = input.read_rest("the picture as it is packed")?;
    let budget = input.budget();
    let damaged = |error| decoding_error(input.path(), error);

    let mut decoder = Decoder::new(Cursor::new(packed.as_slice()));
    decoder.set_transformations(Transformations::EXPAND);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let header = decoder.read_header_info().map_err(damaged)?;
    let row_bytes = LARGEST_PIXEL * u64::from(header.width);
    let working = ROWS_HELD * row_bytes + 2 * DECODER_MEMORY;
    budget.charge(working, "decoding a picture")?;
    decoder.set_limits(Limits { bytes: (row_bytes + DECODER_MEMORY) as usize });

    let mut reader = decoder.read_info().map_err(damaged)?;
    let (color, depth) = reader.output_color_type();
    let size = reader.output_buffer_size().ok_or_else(|| damaged(DecodingError::LimitsExceeded))?;
    let mut frame = Charged::filled(budget, "the pixels of a picture", size, 0_u8)?;
    reader.next_frame(frame.as_mut_slice()).map_err(damaged)?;
    reader.finish().map_err(damaged)?;
    let kind = Kind {
        height: reader.info().height as usize,
        width: reader.info().width as usize,
        n_channels: if matches!(color, ColorType::Rgb | ColorType::Rgba) { 3 } else { 1 },
        is_deep: depth == BitDepth::Sixteen,
    };
    budget.release(working);
    let has_alpha = matches!(color, ColorType::GrayscaleAlpha | ColorType::Rgba);
    Ok(Picture { kind, has_alpha, frame })
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
        let picture = (self.kind.n_channels == 1).then_some((self.kind.height, self.kind.width));
        Dataset { features, names: Names { samples, picture, ..Names::default() }, labels: None }
    }
}

/// What the decoder's error means for the user.
fn decoding_error(path: &Path, error: DecodingError) -> Error {
    match error {
        DecodingError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Error::parse(path, "the picture is cut off; copy or write it again")
        }
        DecodingError::LimitsExceeded => Error::Limit {
            why: format!(
                "{}: the picture needs more memory than its pixels explain; write it again without extras",
                path.display()
            ),
        },
        error => Error::parse(path, format!("the picture is damaged ({error}); copy or write it again")),
    }
}
