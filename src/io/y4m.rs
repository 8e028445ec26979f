//! Y4M: uncompressed moving pictures, as ffmpeg and mpv write and read them (`-f yuv4mpegpipe`).
//!
//! A line `YUV4MPEG2 W<width> H<height> F<frames>:<seconds> C<colour> ...`, then for every frame a line `FRAME` and its
//! planes of bytes: luma, then two of chroma. Source: the manual page yuv4mpeg(5) of mjpegtools. Colours are those of
//! ITU-R BT.601 in the studio's range, 16 to 235; chroma is spread by repetition and gathered by means.

use crate::error::{Error, Result};
use crate::models::interpolation::Frame;
use crate::monitor::Budget;
use std::io::{BufRead, Read, Write};
use std::path::{Path, PathBuf};

/// Bytes of a line at the most.
const LONGEST_LINE: u64 = 1024;

/// Pixels of a side at the most.
const LONGEST_SIDE: usize = 1 << 16;

/// The line before a frame.
const FRAME: &[u8] = b"FRAME\n";

/// How chroma is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chroma {
    None,
    /// Pixels across and down that share a value.
    Shared(usize, usize),
}

/// What the first line tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Frames in so many seconds.
    pub rate: (u64, u64),
    /// What else stood there but for the frame rate, to be written again.
    others: Vec<String>,
    chroma: Chroma,
}

impl Header {
    /// The same with another rate: frames in so many seconds.
    pub fn with_rate(&self, rate: (u64, u64)) -> Header {
        Header { rate, ..self.clone() }
    }

    /// Bytes of a frame as [`write_frame`] writes it.
    pub fn written_bytes(&self) -> u64 {
        (FRAME.len() + self.frame_bytes()) as u64
    }

    /// Height and width of a plane of chroma.
    fn chroma_size(&self) -> Option<[usize; 2]> {
        match self.chroma {
            Chroma::None => None,
            Chroma::Shared(across, down) => Some([self.height.div_ceil(down), self.width.div_ceil(across)]),
        }
    }

    fn frame_bytes(&self) -> usize {
        self.height * self.width + self.chroma_size().map_or(0, |[h, w]| 2 * h * w)
    }
}

/// Frames one after the other.
pub struct Reader<R> {
    header: Header,
    input: R,
    path: PathBuf,
    n_frames: u64,
    planes: Vec<u8>,
}

impl<R: BufRead> Reader<R> {
    /// Reads the first line. Charges the budget with a frame, as it stands in the file and as it is handed out.
    /// # Errors
    /// [`Error::Parse`] for what is no Y4M or has a kind of colour that is not read, [`Error::Limit`], [`Error::Io`].
    pub fn new(mut input: R, path: &Path, budget: &Budget) -> Result<Reader<R>> {
        let line = line_of(&mut input, path)?.unwrap_or_default();
        let header = header_of(&line).map_err(|why| Error::parse(path, why))?;
        let handed_out = 3 * header.height * header.width; // red, green and blue, a byte each
        budget.charge((header.frame_bytes() + handed_out) as u64, "a frame of the clip")?;
        let planes = vec![0; header.frame_bytes()];
        Ok(Reader { header, input, path: path.to_owned(), n_frames: 0, planes })
    }

    /// What the first line tells.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next frame, `None` at the end.
    /// # Errors
    /// [`Error::Parse`] where a frame is cut off, [`Error::Io`].
    pub fn next_frame(&mut self) -> Result<Option<Frame>> {
        if self.skip_frame()? { Ok(Some(self.to_rgb()?)) } else { Ok(None) }
    }

    /// Passes over the next frame; whether there was one.
    /// # Errors
    /// As [`Reader::next_frame`].
    pub fn skip_frame(&mut self) -> Result<bool> {
        let Some(line) = line_of(&mut self.input, &self.path)? else { return Ok(false) };
        self.n_frames += 1;
        if line != "FRAME" && !line.starts_with("FRAME ") {
            let why = format!(
                "frame {} does not begin with FRAME; the clip is damaged: write it again",
                self.n_frames
            );
            return Err(Error::parse(&self.path, why));
        }
        self.input.read_exact(&mut self.planes).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => {
                let why = format!("frame {} is cut off; copy or write the clip again", self.n_frames);
                Error::parse(&self.path, why)
            }
            _ => Error::io(&self.path, error),
        })?;
        Ok(true)
    }

    fn to_rgb(&self) -> Result<Frame> {
        let Header { height, width, .. } = self.header;
        let (luma, chroma) = self.planes.split_at(height * width);
        let mut rgb = Vec::with_capacity(3 * height * width);
        for y in 0..height {
            for x in 0..width {
                let (cb, cr) = match (self.header.chroma, self.header.chroma_size()) {
                    (Chroma::Shared(across, down), Some([h, w])) => {
                        let at = y / down * w + x / across;
                        (chroma[at], chroma[h * w + at])
                    }
                    _ => (128, 128),
                };
                rgb.extend(to_rgb(luma[y * width + x], cb, cr));
            }
        }
        Frame::new(height, width, rgb)
    }
}

/// Writes the first line.
/// # Errors
/// Those of the writer.
pub fn write_header(header: &Header, out: &mut dyn Write) -> std::io::Result<()> {
    let Header { width, height, rate, others, .. } = header;
    write!(out, "YUV4MPEG2 W{width} H{height} F{}:{}", rate.0, rate.1)?;
    others.iter().try_for_each(|other| write!(out, " {other}"))?;
    out.write_all(b"\n")
}

/// Writes a frame of the header's size.
/// # Errors
/// Those of the writer.
/// # Panics
/// If the frame has another size.
pub fn write_frame(header: &Header, frame: &Frame, out: &mut dyn Write) -> std::io::Result<()> {
    let Header { height, width, .. } = *header;
    assert_eq!((frame.height(), frame.width()), (height, width), "frames of one size");
    out.write_all(FRAME)?;
    let pixels: Vec<[f32; 3]> = frame.rgb().chunks_exact(3).map(|c| to_ycc([c[0], c[1], c[2]])).collect();
    let byte = |x: f32| x.round() as u8;
    out.write_all(&pixels.iter().map(|p| byte(p[0])).collect::<Vec<u8>>())?;
    let (Chroma::Shared(across, down), Some([h, w])) = (header.chroma, header.chroma_size()) else {
        return Ok(());
    };
    for channel in [1, 2] {
        let mean = |at: usize| {
            let (top, left) = (at / w * down, at % w * across);
            let rows = top..(top + down).min(height);
            let columns = left..(left + across).min(width);
            let n = (rows.len() * columns.len()) as f32;
            rows.flat_map(|y| columns.clone().map(move |x| y * width + x))
                .map(|at| pixels[at][channel])
                .sum::<f32>()
                / n
        };
        out.write_all(&(0..h * w).map(|at| byte(mean(at))).collect::<Vec<u8>>())?;
    }
    Ok(())
}

/// A line without its end, `None` at the end of the file.
fn line_of(input: &mut impl BufRead, path: &Path) -> Result<Option<String>> {
    let mut line = Vec::new();
    input.take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(|error| Error::io(path, error))?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(String::from_utf8_lossy(&line).into_owned())),
        Some(_) => Err(Error::parse(path, "a line has no end; the file is no Y4M clip, or it is cut off")),
    }
}

fn header_of(line: &str) -> std::result::Result<Header, String> {
    let mut words = line.split_ascii_whitespace();
    if words.next() != Some("YUV4MPEG2") {
        return Err(
            "the file is no Y4M clip; write one by `ffmpeg -i CLIP -f yuv4mpegpipe FILE.y4m`".to_owned()
        );
    }
    let mut header =
        Header { width: 0, height: 0, rate: (25, 1), others: Vec::new(), chroma: Chroma::Shared(2, 2) };
    for word in words {
        let (kind, value) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        let side = || match value.parse() {
            Ok(side) if (1..=LONGEST_SIDE).contains(&side) => Ok(side),
            _ => {
                Err(format!("`{word}` is no number of pixels from 1 to {LONGEST_SIDE}; write the clip again"))
            }
        };
        match kind {
            "W" => header.width = side()?,
            "H" => header.height = side()?,
            "F" => {
                let rate = value.split_once(':').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
                header.rate =
                    rate.ok_or_else(|| format!("`{word}` is no rate of frames; write the clip again"))?;
            }
            "C" => {
                header.chroma = match value {
                    "mono" => Chroma::None,
                    "444" => Chroma::Shared(1, 1),
                    "422" => Chroma::Shared(2, 1),
                    "420" | "420jpeg" | "420mpeg2" | "420paldv" => Chroma::Shared(2, 2),
                    _ => {
                        return Err(format!(
                            "colour `{value}` is not read; write the clip with -pix_fmt yuv420p"
                        ));
                    }
                };
                header.others.push(word.to_owned());
            }
            _ => header.others.push(word.to_owned()),
        }
    }
    if header.width == 0 || header.height == 0 {
        return Err("the first line tells no width W or no height H; write the clip again".to_owned());
    }
    Ok(header)
}

/// R, G and B of Y, C_b and C_r.
fn to_rgb(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let y = 255.0 / 219.0 * (f32::from(y) - 16.0);
    let [cb, cr] = [cb, cr].map(|c| 255.0 / 224.0 * (f32::from(c) - 128.0));
    [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb].map(|x| x.round() as u8)
}

/// Y, C_b and C_r of R, G and B.
fn to_ycc(rgb: [u8; 3]) -> [f32; 3] {
    let [r, g, b] = rgb.map(f32::from);
    let y = 0.299 * r + 0.587 * g + 0.114 * b;
    [
        16.0 + 219.0 / 255.0 * y,
        128.0 + 224.0 / 255.0 * (b - y) / 1.772,
        128.0 + 224.0 / 255.0 * (r - y) / 1.402,
    ]
}
