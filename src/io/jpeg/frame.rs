//! What a frame header says, and the planes of samples it asks for.

use super::{Decoded, Fault};
use crate::io::charged::Charged;
use crate::monitor::Budget;

/// A frame under way.
pub struct Frame<'a> {
    pub width: usize,
    pub height: usize,
    pub is_progressive: bool,
    pub components: Vec<Component<'a>>,
    /// Units of interleaved blocks: each holds h x v blocks of every component.
    pub n_unit_columns: usize,
    pub n_unit_rows: usize,
    /// The largest h and v of all components.
    pub h: usize,
    pub v: usize,
}

/// A component: luminance, a difference of colours, or a colour.
pub struct Component<'a> {
    /// Its name in scan headers.
    pub id: u8,
    /// Samples for every `Frame::h` across and `Frame::v` down.
    pub h: usize,
    pub v: usize,
    /// The number of its quantisation table.
    pub table: usize,
    /// What coefficients were divided by, in natural order: from the first scan on.
    pub steps: [u16; 64],
    /// Whether a scan has brought it.
    pub has_data: bool,
    /// Samples that belong to the picture.
    pub width: usize,
    pub height: usize,
    /// Blocks across that are stored.
    pub n_columns: usize,
    /// Samples, rows of 8 `n_columns`.
    pub samples: Charged<'a, u8>,
    /// Where bits come in several scans: coefficients of all blocks in natural order.
    pub coefficients: Charged<'a, i16>,
}

impl<'a> Frame<'a> {
    /// Parses a frame header (T.81, B.2.2), charging the planes it asks for.
    pub fn parse(header: &[u8], is_progressive: bool, budget: &'a Budget) -> Decoded<Frame<'a>> {
        let [precision, h1, h0, w1, w0, count, ref specifications @ ..] = *header else {
            return Err(Fault::damaged("its frame header is too short"));
        };
        let (height, width) =
            (usize::from(u16::from_be_bytes([h1, h0])), usize::from(u16::from_be_bytes([w1, w0])));
        if precision != 8 {
            return Err(Fault::unread(format!("it has {precision} bits a colour; save it with 8")));
        }
        if height == 0 || width == 0 {
            return Err(Fault::unread("its header gives no height or width; save it again"));
        }
        if count != 1 && count != 3 {
            let why = format!("it has {count} colour channels; save it as grey or RGB (CMYK is not read)");
            return Err(Fault::unread(why));
        }
        let (specifications, rest) = specifications.as_chunks::<3>();
        if specifications.len() != usize::from(count) || !rest.is_empty() {
            return Err(Fault::damaged("its frame header has another length than it says"));
        }
        let factors = |&[_, factors, _]: &[u8; 3]| (usize::from(factors >> 4), usize::from(factors & 15));
        if specifications.iter().any(|s| !matches!(factors(s), (1..=4, 1..=4)) || s[2] > 3) {
            return Err(Fault::damaged("its frame header has factors or tables that do not exist"));
        }
        // A component alone has one block a unit, whatever its factors say.
        let factors = |s: &[u8; 3]| if count == 1 { (1, 1) } else { factors(s) };
        let h = specifications.iter().map(|s| factors(s).0).max().unwrap_or(1);
        let v = specifications.iter().map(|s| factors(s).1).max().unwrap_or(1);
        let (n_unit_columns, n_unit_rows) = (width.div_ceil(8 * h), height.div_ceil(8 * v));
        let component = |s: &[u8; 3]| -> Decoded<Component<'a>> {
            let (own_h, own_v) = factors(s);
            if h % own_h != 0 || v % own_v != 0 {
                return Err(Fault::unread(
                    "its colours are sampled in odd proportions; save it as 4:4:4 or 4:2:0",
                ));
            }
            let n_columns = n_unit_columns * own_h;
            let n_samples = 64 * n_columns * n_unit_rows * own_v;
            let n_coefficients = if is_progressive { n_samples } else { 0 };
            Ok(Component {
                id: s[0],
                h: own_h,
                v: own_v,
                table: usize::from(s[2]),
                steps: [0; 64],
                has_data: false,
                width: (width * own_h).div_ceil(h),
                height: (height * own_v).div_ceil(v),
                n_columns,
                samples: Charged::filled(budget, "the planes of a picture", n_samples, 0)?,
                coefficients: Charged::filled(budget, "the coefficients of a picture", n_coefficients, 0)?,
            })
        };
        let components = specifications.iter().map(component).collect::<Decoded<_>>()?;
        Ok(Frame { width, height, is_progressive, components, n_unit_columns, n_unit_rows, h, v })
    }
}
