//! What is kept of the chain: evenly thinned draws of the columns, and moments of the predictions that are
//! held out.

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::solve::normal_wishart::Gaussian;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64, visit_vector};

/// Draws that are kept together.
const PAIR: u64 = 2;

/// One draw: what predictions of a row need besides its entries.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// \[v_j, 1, c_j\], or v_j alone; n_features rows.
    pub facing: Matrix<f64>,
    /// mu_P and Lambda_P
    pub prior: Gaussian,
    /// alpha
    pub alpha: f64,
}

impl Draw {
    /// Values a draw holds.
    pub fn n_values(n_features: usize, width: usize) -> u64 {
        (n_features as u64 * (width as u64 + 1)).saturating_add((width * (width + 1) + 1) as u64)
    }

    /// The draw of that name.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or do not agree.
    pub fn load(named: &Named) -> Result<Draw> {
        let draw = Draw {
            facing: Matrix::load(named, "facing")?,
            prior: load_gaussian(named)?,
            alpha: named.scalar_f64("alpha")?,
        };
        let width = draw.prior.mean.len();
        if !(width..=width + 1).contains(&draw.facing.n_cols()) {
            let received = format!("{} and {width} columns; fit again", draw.facing.n_cols());
            return Err(Error::shape("a draw of one width", received));
        }
        Ok(draw)
    }
}

/// The mean and the precision of that name.
/// # Errors
/// [`Error::Shape`] where arrays are missing or do not agree.
pub fn load_gaussian(named: &Named) -> Result<Gaussian> {
    let gaussian = Gaussian {
        mean: named.vector_f64("prior/mean")?,
        precision: Matrix::load(named, "prior/precision")?,
    };
    let k = gaussian.mean.len();
    if gaussian.precision.shape() != [k, k] {
        let received = format!("{:?} for {k} coordinates; fit again", gaussian.precision.shape());
        return Err(Error::shape("a square precision", received));
    }
    Ok(gaussian)
}

/// Gives a visitor the mean and the precision.
pub fn visit_gaussian(gaussian: &Gaussian, each: &mut dyn FnMut(&str, TensorView<'_>)) {
    visit_vector(each, "prior/mean", gaussian.mean.as_slice());
    gaussian.precision.visit_as("prior/precision", each);
}

impl Tensors for Draw {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.facing.visit_as("facing", each);
        visit_gaussian(&self.prior, each);
        visit_f64(each, "alpha", self.alpha);
    }
}

/// At most so many of the draws seen, in pairs that are evenly spaced: every `stride`-th pair from the first on. When
/// one too many has been kept, every second is let go and the stride doubled. What is kept depends on the number
/// of draws seen alone, not on how many there will be. Overrelaxed draws lie to this side and that of the mean in
/// turn: two that follow each other are worth more than two at an even distance.
#[derive(Clone, Debug, PartialEq)]
pub struct Thinned {
    draws: Vec<Draw>,
    stride: u64,
    n_seen: u64,
}

impl Thinned {
    /// Nothing seen.
    pub fn new() -> Thinned {
        Thinned { draws: Vec::new(), stride: 1, n_seen: 0 }
    }

    /// Sees a draw, and keeps it if it is its turn; `most` is 2 or more.
    pub fn see(&mut self, most: usize, draw: impl FnOnce() -> Draw) {
        let pair = self.n_seen / PAIR;
        let begins = self.n_seen.is_multiple_of(PAIR);
        if begins && pair.is_multiple_of(self.stride) && self.draws.len() + PAIR as usize > most {
            let mut at = 0;
            self.draws.retain(|_| {
                at += 1;
                ((at - 1) / PAIR).is_multiple_of(2)
            });
            self.stride *= 2;
        }
        if pair.is_multiple_of(self.stride) {
            self.draws.push(draw());
        }
        self.n_seen += 1;
    }

    /// What was kept.
    pub fn into_draws(self) -> Vec<Draw> {
        self.draws
    }

    /// Draws seen.
    pub fn n_seen(&self) -> u64 {
        self.n_seen
    }

    /// The draws of a checkpoint.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or do not agree.
    pub fn load(named: &Named) -> Result<Thinned> {
        let (stride, n_seen) = (named.scalar_u64("stride")?, named.scalar_u64("n_seen")?);
        Ok(Thinned { draws: load_draws(named)?, stride: stride.max(1), n_seen })
    }
}

impl Tensors for Thinned {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_draws(&self.draws, each);
        visit_u64(each, "stride", self.stride);
        visit_u64(each, "n_seen", self.n_seen);
    }
}

/// Gives a visitor draws.
pub fn visit_draws(draws: &[Draw], each: &mut dyn FnMut(&str, TensorView<'_>)) {
    visit_u64(each, "n_draws", draws.len() as u64);
    for (s, draw) in draws.iter().enumerate() {
        draw.visit(&mut |name, view| each(&format!("draw_{s}/{name}"), view));
    }
}

/// The draws that [`visit_draws`] gave.
/// # Errors
/// [`Error::Shape`] where arrays are missing or do not agree.
pub fn load_draws(named: &Named) -> Result<Vec<Draw>> {
    let n_draws = named.scalar_u64("n_draws")?;
    let draws: Vec<Draw> =
        (0..n_draws).map(|s| Draw::load(&named.under(&format!("draw_{s}/")))).collect::<Result<_>>()?;
    let shape = |draw: &Draw| (draw.facing.shape(), draw.prior.mean.len());
    if draws.windows(2).any(|pair| shape(&pair[0]) != shape(&pair[1])) {
        return Err(Error::shape("draws of one shape", "different ones; fit again"));
    }
    Ok(draws)
}

/// Running mean and sum of squared deviations of many numbers (Welford 1962).
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    n: u64,
    mean: Vec<f64>,
    squares: Vec<f64>,
    /// The sum of 1/alpha.
    noise: f64,
}

impl Moments {
    /// Of so many numbers, seen no time.
    pub fn new(len: usize) -> Moments {
        Moments { n: 0, mean: vec![0.0; len], squares: vec![0.0; len], noise: 0.0 }
    }

    /// Sees every number once, under noise of this precision.
    pub fn see(&mut self, x: &[f64], alpha: f64) {
        self.n += 1;
        self.noise += 1.0 / alpha;
        for ((mean, squares), x) in self.mean.iter_mut().zip(&mut self.squares).zip(x) {
            let before = x - *mean;
            *mean += before / self.n as f64;
            *squares += before * (x - *mean);
        }
    }

    /// Whether nothing was seen.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// The means.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The variances of entries with these means, that of the noise included.
    pub fn entry_variances(&self) -> impl Iterator<Item = f64> + '_ {
        let n = self.n.max(1) as f64;
        self.squares.iter().map(move |squares| squares / n + self.noise / n)
    }

    /// The moments of that name.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or are not of `len` numbers.
    pub fn load(named: &Named, len: usize) -> Result<Moments> {
        let moments = Moments {
            n: named.scalar_u64("n")?,
            mean: named.vector_f64("mean")?,
            squares: named.vector_f64("squares")?,
            noise: named.scalar_f64("noise")?,
        };
        if [moments.mean.len(), moments.squares.len()] != [len, len] {
            return Err(Error::shape(format!("moments of {len} entries"), "another number; fit again"));
        }
        Ok(moments)
    }
}

impl Tensors for Moments {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_u64(each, "n", self.n);
        visit_vector(each, "mean", self.mean.as_slice());
        visit_vector(each, "squares", self.squares.as_slice());
        visit_f64(each, "noise", self.noise);
    }
}
