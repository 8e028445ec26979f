//! Samples of a fitted density.

use super::Density;
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::{Draw, Labels, Sample, Widths};
use crate::monitor::Env;
use crate::random::{Rng, fill_rows_by};

/// Words of keys: what is drawn.
const SAMPLE: u64 = 0x5a3e;
const CLASS: u64 = 0xc1a5;

/// How often samples that are no numbers are drawn anew.
const ROUNDS: u64 = 8;

impl Sample for Density {
    fn sample(&self, n: usize, env: &Env) -> Result<Features> {
        self.draw(n, &Draw::default(), env)
    }

    /// z drawn from its distribution and scaled by the temperature, of one class or of all by their shares. Samples that
    /// are beyond the numbers there are, as inverses can be far from all data (Behrmann et al. 2021), are drawn anew.
    fn draw(&self, n: usize, how: &Draw, env: &Env) -> Result<Features> {
        let n_features = self.n_features();
        env.budget.charge_array(n as u64, 32 * n_features as u64, "samples")?;
        let temperature = how.temperature.unwrap_or(1.0);
        let classes = match &how.class {
            Some(name) => vec![self.class_named(name)?; n],
            None => self.drawn_classes(n, env),
        };
        let mut drawn = Matrix::zeros(n, n_features);
        let mut missing: Vec<usize> = (0..n).collect();
        for round in 0..ROUNDS {
            let mut z = Matrix::zeros(n, n_features);
            fill_rows_by(env.seed, &[SAMPLE, round], z.values_mut(), n_features, |_, rng, row| {
                row.iter_mut().for_each(|z| *z = temperature * self.net.base().draw(rng));
            });
            let of_missing =
                |classes: &[u32]| missing.iter().filter_map(|&i| classes.get(i).copied()).collect();
            let classes: Vec<u32> = of_missing(&classes);
            let x = self.restored(z.select_rows(&missing), &classes, true, env)?;
            let rows = missing.iter().zip(x.rows());
            rows.for_each(|(&i, row)| drawn.row_mut(i).copy_from_slice(row));
            missing.retain(|&i| !drawn.row(i).iter().all(|x| x.is_finite()));
            if missing.is_empty() {
                return Ok(Features::F64(drawn));
            }
        }
        let why = "most samples are beyond the numbers there are; fit with a lower --learning-rate, or give a lower --temperature";
        Err(Error::numerical("samples", why))
    }
}

impl Density {
    /// The class that is called so.
    fn class_named(&self, name: &str) -> Result<u32> {
        let found = self.reading().classes.iter().position(|&key| key == Labels::key(name));
        let why = match self.reading().n_classes() {
            0 => "the density is not told of classes; fit with --conditional and --labels".to_owned(),
            _ => format!("`{name}` is no class of the fit"),
        };
        found.map(|at| at as u32).ok_or_else(|| Error::parameter("class", why))
    }

    /// Classes by their shares; none where the density is told of none.
    fn drawn_classes(&self, n: usize, env: &Env) -> Vec<u32> {
        let shares = &self.reading().shares;
        if shares.is_empty() {
            return Vec::new();
        }
        let mut rng = Rng::keyed(env.seed, &[SAMPLE, CLASS]);
        let mut draw = || {
            let mut left = rng.uniform();
            let class = shares.iter().position(|share| {
                left -= share;
                left < 0.0
            });
            class.unwrap_or(shares.len() - 1) as u32
        };
        (0..n).map(|_| draw()).collect()
    }
}
