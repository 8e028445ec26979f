//! Small PNG pictures inside the page: palette images for matrices, grey masks for clouds of points.

use super::colour::Rgb;

/// A matrix with at most so many rows and columns: itself, or the means of equal blocks of it.
pub(crate) struct Shrunk {
    pub(crate) n_rows: usize,
    pub(crate) n_cols: usize,
    /// Rows and columns of a block.
    pub(crate) block: (usize, usize),
    /// Row-major; NaN for a block without a finite value.
    pub(crate) values: Vec<f64>,
}

impl Shrunk {
    /// Averages a row-major matrix down; values that are not finite, or not there, are missing.
    pub(crate) fn new(n_rows: usize, n_cols: usize, values: &[f64], side: usize) -> Shrunk {
        let block = (n_rows.div_ceil(side).max(1), n_cols.div_ceil(side).max(1));
        let (height, width) = (n_rows.div_ceil(block.0), n_cols.div_ceil(block.1));
        let mut means = vec![0.0; height * width];
        let mut counts = vec![0_u32; height * width];
        for (i, &value) in values.iter().enumerate().take(n_rows * n_cols) {
            let into = i / n_cols / block.0 * width + i % n_cols / block.1;
            if value.is_finite() {
                counts[into] += 1;
                // The running mean: a sum of huge values would overflow.
                means[into] += value / f64::from(counts[into]) - means[into] / f64::from(counts[into]);
            }
        }
        let known = |(&mean, &count): (&f64, &u32)| if count > 0 { mean } else { f64::NAN };
        let values = means.iter().zip(&counts).map(known).collect();
        Shrunk { n_rows: height, n_cols: width, block, values }
    }
}

/// The PNG picture, as a `data:` address, of cells given as steps of a ramp; `None` has the last colour given.
///
/// A palette image: one byte a cell before compression, however colourful.
pub(crate) fn cells(
    width: usize,
    height: usize,
    steps: &[Option<usize>],
    ramp: &[Rgb],
    missing: Rgb,
) -> String {
    let index =
        |step: &Option<usize>| u8::try_from(step.unwrap_or(ramp.len())).expect("fewer than 256 steps");
    let pixels: Vec<u8> = steps.iter().map(index).collect();
    let palette = [ramp.as_flattened(), &missing].concat();
    data_address(width, height, &pixels, |encoder| {
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(palette);
    })
}

/// The PNG picture of all steps of a ramp, lying (lowest left) or standing (lowest below).
pub(crate) fn strip(ramp: &[Rgb], is_standing: bool) -> String {
    let mut steps: Vec<Option<usize>> = (0..ramp.len()).map(Some).collect();
    let (mut width, mut height) = (steps.len(), 1);
    if is_standing {
        steps.reverse();
        (width, height) = (height, width);
    }
    cells(width, height, &steps, ramp, ramp[0])
}

/// The PNG picture of a mask: 0 hides, 255 shows.
pub(crate) fn mask(width: usize, height: usize, shown: &[u8]) -> String {
    data_address(width, height, shown, |encoder| encoder.set_color(png::ColorType::Grayscale))
}

/// A picture in its own colours, rows of (red, green, blue), as a PNG file in base 64; one with a longer side than `side` is
/// averaged down. Also its height and width.
pub(crate) fn photograph(height: usize, width: usize, rgb: &[u8], side: usize) -> (usize, usize, String) {
    assert_eq!(rgb.len(), 3 * height * width, "three bytes a pixel");
    let channel = |c: usize| -> Vec<f64> { rgb.iter().skip(c).step_by(3).map(|&x| f64::from(x)).collect() };
    let [red, green, blue] = [0, 1, 2].map(|c| Shrunk::new(height, width, &channel(c), side));
    let shrunk: Vec<u8> = (0..red.values.len())
        .flat_map(|at| [&red, &green, &blue].map(|channel| channel.values[at].round() as u8))
        .collect();
    let size = |n: usize| u32::try_from(n).expect("a report's picture is far smaller than 2^32 pixels");
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, size(red.n_cols), size(red.n_rows));
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().expect("writing to memory cannot fail");
    writer.write_image_data(&shrunk).expect("writing to memory cannot fail");
    writer.finish().expect("writing to memory cannot fail");
    (red.n_rows, red.n_cols, base64(&file))
}

/// Encodes one byte a pixel.
fn data_address(
    width: usize,
    height: usize,
    pixels: &[u8],
    set_up: impl FnOnce(&mut png::Encoder<'_, &mut Vec<u8>>),
) -> String {
    assert!(width > 0 && height > 0, "a picture has at least one pixel");
    assert_eq!(pixels.len(), width * height, "one byte a pixel");
    let size = |n: usize| u32::try_from(n).expect("a report's picture is far smaller than 2^32 pixels");
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, size(width), size(height));
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    set_up(&mut encoder);
    let mut writer = encoder.write_header().expect("writing to memory cannot fail");
    writer.write_image_data(pixels).expect("writing to memory cannot fail");
    writer.finish().expect("writing to memory cannot fail");
    format!("data:image/png;base64,{}", base64(&file))
}

/// Base 64 (RFC 4648): each three bytes as four characters of six bits, the last ones padded by `=`.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |i: usize| three.get(i).map_or(0, |&b| u32::from(b));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let six = (bits >> (18 - 6 * i)) & 63;
            text.push(if i <= three.len() { char::from(ALPHABET[six as usize]) } else { '=' });
        }
    }
    text
}
