//! PNG: one picture is one sample; folders are read by [`super::pictures`].
//!
//! Palettes are looked up, depths below 8 bits stretched to 8. Source of the format: W3C, "Portable Network
//! Graphics (PNG) Specification", third edition; the crate `png` decodes it.

use super::charged::Charged;
use super::input::Input;
use super::pictures::{self, Kind, Picture};
use crate::error::{Error, Result};
use crate::models::Dataset;
use png::{BitDepth, ColorType, Decoder, DecodingError, Limits, Transformations};
use std::io::{Cursor, Write};
use std::path::Path;

/// Memory the decoder may take beside the rows it works on, for what a picture carries besides pixels.
const DECODER_MEMORY: u64 = 1 << 20;

/// Rows the decoder holds at a time, unpacked and as they come.
const ROWS_HELD: u64 = 6;

/// Bytes of four channels of 16 bits.
const LARGEST_PIXEL: u64 = 8;

/// Reads one picture as one sample.
/// # Errors
/// [`Error::Parse`] if it is no PNG or damaged, [`Error::Limit`] if it does not fit the budget,
/// [`Error::Io`].
pub fn read(input: &mut Input) -> Result<Dataset> {
    pictures::one(&decode(input)?, input.budget())
}

/// Writes a grey picture of 8 bits, row by row.
/// # Errors
/// Those of the writer, and [`std::io::ErrorKind::InvalidInput`] for a picture without pixels.
/// # Panics
/// If there are not `height * width` pixels.
pub fn write_grey(output: &mut dyn Write, height: u32, width: u32, pixels: &[u8]) -> std::io::Result<()> {
    write_channels(output, [height, width, 1], ColorType::Grayscale, pixels)
}

/// Writes a colour picture of 8 bits a channel, rows of (red, green, blue).
/// # Errors
/// As [`write_grey`].
/// # Panics
/// If there are not 3 `height * width` values.
pub fn write_rgb(output: &mut dyn Write, height: u32, width: u32, pixels: &[u8]) -> std::io::Result<()> {
    write_channels(output, [height, width, 3], ColorType::Rgb, pixels)
}

fn write_channels(
    output: &mut dyn Write,
    [height, width, n_channels]: [u32; 3],
    color: ColorType,
    pixels: &[u8],
) -> std::io::Result<()> {
    let n_values = u64::from(height) * u64::from(width) * u64::from(n_channels);
    assert_eq!(pixels.len() as u64, n_values, "values of a {height} x {width} picture");
    let mut encoder = png::Encoder::new(output, width, height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    // A tenth of the time for files an eighth larger.
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(())
}

/// Decodes a picture.
pub(super) fn decode<'a>(input: &mut Input<'a>) -> Result<Picture<'a>> {
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
    let has_palette = reader.info().color_type == ColorType::Indexed;
    Ok(Picture { kind, has_alpha, has_palette, frame })
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
