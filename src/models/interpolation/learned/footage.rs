//! Frames that follow each other as the samples of a data set, and what training takes of them.

use crate::error::{Error, Result};
use crate::linalg::Features;
use crate::models::Data;
use crate::models::interpolation::{Flow, Frame};
use crate::random::Rng;

/// The word of the key of crops.
const CROP: u64 = 0xc40b;

/// A clip: a sample a frame, rows of pixels, grey or with three colours side by side.
#[derive(Clone, Copy)]
pub struct Footage<'a> {
    x: &'a Features,
    /// Rows of a frame.
    pub height: usize,
    /// Columns of a frame.
    pub width: usize,
    n_channels: usize,
    /// The value that is white: 1, or the largest of data beyond it.
    pub white: f64,
}

/// Three frames: the outer ones, and one between them to be found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Triplet {
    /// Numbers of the frames.
    pub frames: [usize; 3],
    /// When the middle one is, 0 to 1.
    pub t: f64,
}

impl<'a> Footage<'a> {
    /// The frames of data; their number, size and values are checked.
    /// # Errors
    /// [`Error::Shape`] for fewer than three frames or data that are no pictures, [`Error::Numerical`] for values below 0
    /// or not finite.
    pub fn new(data: &Data<'a>) -> Result<Footage<'a>> {
        let x = data.non_negative_features()?;
        let sized = data.names.picture.map(|size| (size, 1)).or(data.names.colour.map(|size| (size, 3)));
        let sized = sized.filter(|((h, w), n)| h * w * n == x.n_features());
        let Some(((height, width), n_channels)) = sized else {
            return Err(Error::shape(
                "a folder of frames (PNG or JPEG) in the order of their names",
                format!("{} samples of {} features, which are no pictures", x.n_samples(), x.n_features()),
            ));
        };
        if x.n_samples() < 3 {
            return Err(Error::shape("at least three frames", format!("{}", x.n_samples())));
        }
        let largest = match x {
            Features::U8 { unit, .. } => 255.0 * unit,
            x => (0..x.n_samples()).map(|i| largest(x, i)).fold(1.0, f64::max),
        };
        Ok(Footage { x, height, width, n_channels, white: largest.max(1.0) })
    }

    /// Frames.
    pub fn n_frames(&self) -> usize {
        self.x.n_samples()
    }

    /// A hash of all values.
    pub fn fingerprint(&self) -> u64 {
        self.x.fingerprint()
    }

    /// The frame as bytes.
    /// # Errors
    /// None of a clip that was checked.
    pub fn frame(&self, at: usize) -> Result<Frame> {
        let values = self.values(at);
        let rgb = values.iter().map(|x| (255.0 * x).round().clamp(0.0, 255.0) as u8).collect();
        Frame::new(self.height, self.width, rgb)
    }

    /// The colours of a frame, 0 to 1.
    fn values(&self, at: usize) -> Vec<f32> {
        let mut row = vec![0.0_f32; self.x.n_features()];
        self.x.row_into(at, &mut row);
        let unit = (1.0 / self.white) as f32;
        match self.n_channels {
            3 => row.into_iter().map(|x| x * unit).collect(),
            _ => row.into_iter().flat_map(|x| [x * unit; 3]).collect(),
        }
    }

    /// Triplets of consecutive frames among some of them.
    pub fn triplets(frames: std::ops::Range<usize>) -> impl Iterator<Item = Triplet> {
        (frames.start..frames.end.saturating_sub(2))
            .map(|at| Triplet { frames: [at, at + 1, at + 2], t: 0.5 })
    }

    /// How many of the frames a fit trains on, when a share of them, the last ones, are held out: three at the least.
    pub fn n_training(n_frames: usize, validation: f64) -> usize {
        let held_out = (n_frames as f64 * validation).round() as usize;
        (n_frames - held_out.min(n_frames)).max(3)
    }
}

fn largest(x: &Features, i: usize) -> f64 {
    let mut row = vec![0.0_f64; x.n_features()];
    x.row_into(i, &mut row);
    row.into_iter().fold(0.0, f64::max)
}

/// What crops are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenes {
    /// The first frames of the clip, these many.
    pub n_frames: usize,
    /// The most frames from the first to the last of a triplet.
    pub span: usize,
    /// The most rows or columns that a crop moves by from a frame to the next.
    pub pan: usize,
    /// Whether the same frame is seen three times, so that a crop moves and nothing else.
    pub is_still: bool,
}

/// A square cut out of a triplet, turned and mirrored. Where the camera holds still, few motions are seen; the square
/// therefore moves by as many pixels from every frame to the next, as if the camera panned, and what it sees moves the other
/// way: true frames still, with what comes into sight and leaves it.
#[derive(Clone, Copy, Debug)]
pub struct Crop {
    triplet: Triplet,
    /// The first row and column of each frame.
    corners: [[usize; 2]; 3],
    /// Rows become columns; rows and columns run backwards.
    turns: [bool; 3],
}

impl Crop {
    /// A crop drawn by `key`: its outer frames in either order, as far from each other as the scenes say and frames reach.
    pub fn draw(footage: &Footage, scenes: Scenes, side: usize, seed: u64, key: [u64; 2]) -> Crop {
        let Scenes { n_frames, span, pan, is_still } = scenes;
        let mut rng = Rng::keyed(seed, &[CROP, key[0], key[1]]);
        let longest = span.clamp(2, n_frames - 1);
        let distance = 2 + rng.below(longest - 1);
        let first = rng.below(n_frames - distance);
        let between = 1 + rng.below(distance - 1);
        let frames = [first, first + between, first + distance];
        let mut triplet = Triplet { frames, t: between as f64 / distance as f64 };
        if rng.bernoulli(0.5) {
            triplet = Triplet { frames: [frames[2], frames[1], frames[0]], t: 1.0 - triplet.t };
        }
        let mut corners = [[0; 2]; 3];
        for (axis, length) in [footage.height, footage.width].into_iter().enumerate() {
            let room = length.saturating_sub(side);
            let fastest = pan.min(room / distance);
            // Rows or columns a frame, against the order of frames or with it.
            let (speed, is_backward) = (rng.below(fastest + 1), rng.bernoulli(0.5));
            let start = rng.below(room - speed * distance + 1);
            for (corner, frame) in corners.iter_mut().zip(triplet.frames) {
                let passed = if is_backward { first + distance - frame } else { frame - first };
                corner[axis] = start + speed * passed;
            }
        }
        if is_still {
            triplet.frames = [triplet.frames[1]; 3];
        }
        Crop { triplet, corners, turns: [0.5; 3].map(|p| rng.bernoulli(p)) }
    }

    /// When the middle frame is.
    pub fn t(&self) -> f64 {
        self.triplet.t
    }

    /// Cuts frame `which` (0, 1, 2) out: `side` x `side` pixels of three colours, `unit` times 0 to 1 plus `shift`. Where the
    /// frame is smaller its border is repeated.
    pub fn cut(
        &self,
        footage: &Footage,
        which: usize,
        side: usize,
        [unit, shift]: [f32; 2],
        into: &mut [f32],
    ) {
        let values = footage.values(self.triplet.frames[which]);
        let [transposed, from_below, from_right] = self.turns;
        let [top, left] = self.corners[which];
        for (at, pixel) in into.chunks_exact_mut(3).enumerate() {
            let (mut r, mut c) = (at / side, at % side);
            if transposed {
                (r, c) = (c, r);
            }
            let r = if from_below { side - 1 - r } else { r };
            let c = if from_right { side - 1 - c } else { c };
            let (y, x) = ((top + r).min(footage.height - 1), (left + c).min(footage.width - 1));
            let from = &values[3 * (y * footage.width + x)..][..3];
            pixel.iter_mut().zip(from).for_each(|(to, &x)| *to = unit * x + shift);
        }
    }

    /// The numbers of the outer frames.
    pub fn outer(&self) -> [usize; 2] {
        [self.triplet.frames[0], self.triplet.frames[2]]
    }

    /// Flows from either outer frame of the crop to the other at the middle of every `cell` x `cell` pixels, in cells: four
    /// numbers each, (right, down) there and (right, down) back. `motion` is that from the whole first frame to the last and
    /// back, none where they are the same.
    pub fn cut_flows(&self, motion: Option<[&Flow; 2]>, [side, cell]: [usize; 2], into: &mut [f32]) {
        let [transposed, from_below, from_right] = self.turns;
        let n = side / cell;
        for (at, numbers) in into.chunks_exact_mut(4).enumerate() {
            let middle = |at: usize| (at as f32 + 0.5) * cell as f32 - 0.5;
            let (mut r, mut c) = (middle(at / n), middle(at % n));
            if transposed {
                (r, c) = (c, r);
            }
            let last = (side - 1) as f32;
            let r = if from_below { last - r } else { r };
            let c = if from_right { last - c } else { c };
            for (which, to) in numbers.chunks_exact_mut(2).enumerate() {
                let [own, other] = [self.corners[2 * which], self.corners[2 - 2 * which]];
                let place = [own[0] as f32 + r, own[1] as f32 + c];
                let [right, down] = motion.map_or([0.0; 2], |flows| flows[which].at(place[0], place[1]));
                let panned = |axis: usize| own[axis] as f32 - other[axis] as f32;
                let down = if from_below { -(down + panned(0)) } else { down + panned(0) };
                let right = if from_right { -(right + panned(1)) } else { right + panned(1) };
                let (right, down) = if transposed { (down, right) } else { (right, down) };
                to.copy_from_slice(&[right, down].map(|x| x / cell as f32));
            }
        }
    }
}
