//! How data become what the steps take.

use crate::error::{Error, Result};
use crate::linalg::Features;
use crate::models::network::Batch;
use crate::models::{Data, Labels, Names};
use crate::random::fill_rows_by;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64, visit_vector};
use diabolo_kernels::parallel;

/// Rows whose moments are added up by a task.
const CHUNK: usize = 1024;

/// What a flow reads of data, found once from those of the fit: x' = (x + u - mean) / spread, where u is 0, or noise
/// within a level.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The mean of every feature, n_features.
    pub mean: Vec<f64>,
    /// Its standard deviation; 1 where it does not vary.
    pub spread: Vec<f64>,
    /// 1 where a feature does not vary.
    pub constant: Vec<u64>,
    /// How far levels are apart where data are counted in levels and noise is added to them, else 0.
    pub level: f64,
    /// The lowest and the highest level.
    pub range: [f64; 2],
    /// Where samples are pictures: height and width, else 0.
    pub picture: [usize; 2],
    /// Classes by [`Labels::key`], and their shares of the samples; none where the density is not told of any.
    pub classes: Vec<u64>,
    /// As many.
    pub shares: Vec<f64>,
}

/// What is added to the levels of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) enum Noise<'a> {
    /// Half a level: the middle.
    Middle,
    /// A uniform draw by (seed, key, row) for each number.
    Drawn(u64, &'a [u64]),
}

impl Reading {
    /// What suits some data.
    /// # Errors
    /// [`Error::Numerical`] where noise is asked for and a value is no whole number; labels that are not one a sample.
    pub fn of(
        x: &Features,
        names: &Names,
        labels: Option<&Labels>,
        dequantise: Option<bool>,
    ) -> Result<Reading> {
        let level = level(x, names.picture.is_some(), dequantise)?;
        let (mean, variance) = moments(x);
        let [shift, spread_of_noise] = [0.5 * level, level * level / 12.0];
        let spread = |&variance: &f64| {
            let all = variance + spread_of_noise;
            if all > 0.0 { all.sqrt() } else { 1.0 }
        };
        let (classes, shares) = match labels {
            None => (Vec::new(), Vec::new()),
            Some(labels) => {
                check_labels(labels, x.n_samples())?;
                let n = labels.class.len() as f64;
                let count =
                    |c: usize| labels.class.iter().filter(|&&class| class as usize == c).count() as f64;
                let shares = (0..labels.classes.len()).map(|c| count(c) / n).collect();
                (labels.classes.iter().map(|name| Labels::key(name)).collect(), shares)
            }
        };
        Ok(Reading {
            spread: variance.iter().map(spread).collect(),
            mean: mean.into_iter().map(|mean| mean + shift).collect(),
            constant: variance.iter().map(|&variance| u64::from(variance == 0.0)).collect(),
            level,
            range: if level > 0.0 { range(x) } else { [0.0, 0.0] },
            picture: names.picture.map_or([0, 0], |(height, width)| [height, width]),
            classes,
            shares,
        })
    }

    /// Width of the data.
    pub fn n_features(&self) -> usize {
        self.mean.len()
    }

    /// Classes the density is told of.
    pub fn n_classes(&self) -> usize {
        self.classes.len()
    }

    /// The class of every sample by its place among those of the fit.
    /// # Errors
    /// [`Error::Shape`] where there is not one a sample, or one is none of the fit's.
    pub fn classes_of(&self, x: &Data) -> Result<Vec<u32>> {
        let n_samples = x.features()?.n_samples();
        let Some(labels) = x.labels else {
            return Err(Error::parameter("labels", "the fit is told of classes; give --labels FILE again"));
        };
        check_labels(labels, n_samples)?;
        let place = |name: &String| {
            let found = self.classes.iter().position(|&known| known == Labels::key(name));
            found.map(|at| at as u32).ok_or_else(|| {
                Error::shape("classes of the fit", format!("`{name}`, which is none; leave --labels out"))
            })
        };
        let places = labels.classes.iter().map(place).collect::<Result<Vec<u32>>>()?;
        Ok(labels.class.iter().map(|&class| places[class as usize]).collect())
    }

    /// Fills the rows of a batch in, as the steps take them: n rows of n_features.
    pub(super) fn fill(&self, batch: &Batch, noise: Noise, block: &mut [f32]) {
        let n_features = self.n_features();
        let mut row = vec![0.0; n_features];
        let mut drawn = Vec::new();
        if let (Noise::Drawn(seed, key), true) = (noise, self.level > 0.0) {
            drawn = vec![0.0; block.len()];
            fill_rows_by(seed, key, &mut drawn, n_features, |_, rng, row| {
                row.iter_mut().for_each(|u| *u = rng.uniform());
            });
        }
        for (i, out) in block.chunks_exact_mut(n_features).enumerate() {
            batch.x.row_into::<f64>(batch.row(i), &mut row);
            for (j, out) in out.iter_mut().enumerate() {
                let u = self.level * drawn.get(i * n_features + j).copied().unwrap_or(0.5);
                *out = ((row[j] + u - self.mean[j]) / self.spread[j]) as f32;
            }
        }
    }

    /// Numbers of the steps in the units of the data; `as_levels` makes levels of them.
    pub(super) fn restore(&self, x: &mut [f64], as_levels: bool) {
        for row in x.chunks_exact_mut(self.n_features()) {
            for (j, x) in row.iter_mut().enumerate() {
                *x = *x * self.spread[j] + self.mean[j];
                if self.level > 0.0 {
                    let [low, high] = self.range;
                    *x = match as_levels {
                        // The level whose interval the number lies in.
                        true => (low + ((*x - low) / self.level).floor() * self.level).clamp(low, high),
                        false => *x - 0.5 * self.level,
                    };
                }
            }
        }
    }

    /// The features that do not vary, whose density has no bound.
    pub(super) fn constant_features(&self) -> Vec<usize> {
        (0..self.n_features()).filter(|&j| self.level == 0.0 && self.constant[j] == 1).collect()
    }

    /// ln p(x) of data in their own units is that of the steps' minus this.
    pub fn log_units(&self) -> f64 {
        self.spread.iter().map(|spread| spread.ln()).sum()
    }

    /// Bits a number of -ln p(x) nats, where data are counted in levels.
    pub fn bits(&self, neg_log_likelihood: f64) -> Option<f64> {
        let n = self.n_features() as f64;
        (self.level > 0.0).then(|| (neg_log_likelihood / n - self.level.ln()) / std::f64::consts::LN_2)
    }
}

fn check_labels(labels: &Labels, n_samples: usize) -> Result<()> {
    if labels.class.len() == n_samples {
        return Ok(());
    }
    Err(Error::shape(format!("a class for each of {n_samples} samples"), labels.class.len().to_string()))
}

/// How far the levels of data are apart; 0 where noise is not to be added.
fn level(x: &Features, is_picture: bool, dequantise: Option<bool>) -> Result<f64> {
    if dequantise == Some(false) || (dequantise.is_none() && !is_picture) {
        return Ok(0.0);
    }
    if let Features::U8 { unit, .. } = x {
        return Ok(*unit);
    }
    match x.first_where(|x| x.fract() != 0.0) {
        None => Ok(1.0),
        Some(_) if dequantise.is_none() => Ok(0.0),
        Some((i, j)) => Err(Error::numerical(
            format!("row {}, column {}", i + 1, j + 1),
            "the value is no whole number, and noise is added to such only; leave --dequantise or --scale out",
        )),
    }
}

/// The lowest and the highest value.
fn range(x: &Features) -> [f64; 2] {
    let wider = |a: [f64; 2], b: [f64; 2]| [a[0].min(b[0]), a[1].max(b[1])];
    let start = [f64::INFINITY, f64::NEG_INFINITY];
    let chunks = parallel::map_chunks(x.n_samples(), CHUNK, |rows| {
        let mut row = vec![0.0; x.n_features()];
        rows.fold(start, |range, i| {
            x.row_into::<f64>(i, &mut row);
            row.iter().fold(range, |range, &x| wider(range, [x, x]))
        })
    });
    chunks.into_iter().fold(start, wider)
}

/// The mean and the variance of every feature.
fn moments(x: &Features) -> (Vec<f64>, Vec<f64>) {
    let (n, m) = (x.n_samples(), x.n_features());
    let sums = |of: &(dyn Fn(usize, f64) -> f64 + Sync)| {
        let chunks = parallel::map_chunks(n, CHUNK, |rows| {
            let (mut sums, mut row) = (vec![0.0; m], vec![0.0; m]);
            for i in rows {
                x.row_into::<f64>(i, &mut row);
                sums.iter_mut().zip(&row).enumerate().for_each(|(j, (sum, &x))| *sum += of(j, x));
            }
            sums
        });
        let mut total = vec![0.0; m];
        for chunk in chunks {
            total.iter_mut().zip(chunk).for_each(|(sum, part)| *sum += part);
        }
        total.iter_mut().for_each(|sum| *sum /= n as f64);
        total
    };
    let mean = sums(&|_, x| x);
    let variance = sums(&|j, x| (x - mean[j]).powi(2));
    // Of equal values the sum of squares is rounding.
    let is_rounding = |j: usize, v: f64| v <= 1e-24 * mean[j] * mean[j];
    let variance =
        variance.iter().enumerate().map(|(j, &v)| if is_rounding(j, v) { 0.0 } else { v }).collect();
    (mean, variance)
}

impl Tensors for Reading {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_vector(each, "reading/mean", &self.mean[..]);
        visit_vector(each, "reading/spread", &self.spread[..]);
        visit_vector(each, "reading/constant", &self.constant[..]);
        visit_f64(each, "reading/level", self.level);
        visit_vector(each, "reading/range", &self.range[..]);
        visit_u64(each, "reading/height", self.picture[0] as u64);
        visit_u64(each, "reading/width", self.picture[1] as u64);
        visit_vector(each, "reading/classes", &self.classes[..]);
        visit_vector(each, "reading/shares", &self.shares[..]);
    }
}

impl Reading {
    /// What was visited.
    /// # Errors
    /// [`Error::Shape`] if an array is missing or of another length, [`Error::Numerical`] for numbers that no fit leaves.
    pub fn load(named: &Named) -> Result<Reading> {
        let size = |name: &str| named.scalar_u64(name).map(|n| n as usize);
        let range = named.vector_f64("reading/range")?;
        let reading = Reading {
            mean: named.vector_f64("reading/mean")?,
            spread: named.vector_f64("reading/spread")?,
            constant: named.vector_u64("reading/constant")?,
            level: named.scalar_f64("reading/level")?,
            range: [range.first().copied().unwrap_or(0.0), range.get(1).copied().unwrap_or(0.0)],
            picture: [size("reading/height")?, size("reading/width")?],
            classes: named.vector_u64("reading/classes")?,
            shares: named.vector_f64("reading/shares")?,
        };
        let lengths = [reading.spread.len(), reading.constant.len(), reading.shares.len(), range.len()];
        let n_pixels = reading.picture[0].saturating_mul(reading.picture[1]);
        if lengths != [reading.mean.len(), reading.mean.len(), reading.classes.len(), 2]
            || reading.mean.is_empty()
            || (n_pixels != 0 && n_pixels != reading.mean.len())
        {
            return Err(Error::shape("the reading of a flow", format!("arrays of {lengths:?}")));
        }
        let is_sound = reading.mean.iter().chain(&reading.shares).all(|x| x.is_finite())
            && reading.spread.iter().all(|&x| x > 0.0 && x.is_finite())
            && reading.level >= 0.0
            && reading.range[0] <= reading.range[1];
        if is_sound {
            Ok(reading)
        } else {
            Err(Error::numerical("reading", "the file holds no reading of a flow"))
        }
    }
}
