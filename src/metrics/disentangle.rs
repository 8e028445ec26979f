//! Whether each dimension of a code stands for one factor of what made the data.
//!
//! | symbol | argument | shape |
//! |---|---|---|
//! | z | `codes` | samples x dimensions |
//! | v_k | `factors[k]` | the level of factor k of each sample |

use super::partition::{entropy, mutual_information};
use super::probe::{SoftmaxProbe, accuracy, standardised};
use crate::linalg::Matrix;
use crate::random::Rng;

/// Bins of the values of a code.
pub const N_BINS: usize = 20;

/// The bin of each number, of `n_bins` of equal width between the smallest and the largest.
pub fn binned(x: &[f64], n_bins: usize) -> Vec<u32> {
    let (low, high) = x.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &x| (l.min(x), h.max(x)));
    let width = high - low;
    let bin = |x: f64| if width > 0.0 { ((x - low) / width * n_bins as f64) as u32 } else { 0 };
    x.iter().map(|&x| bin(x).min(n_bins as u32 - 1)).collect()
}

/// I(z_j; v_k) in nats with the code in 20 bins, dimensions x factors.
/// # Panics
/// If a factor has another length.
pub fn code_information(codes: &Matrix<f64>, factors: &[Vec<u32>]) -> Matrix<f64> {
    let bins: Vec<Vec<u32>> = (0..codes.n_cols()).map(|j| binned(&codes.col(j), N_BINS)).collect();
    Matrix::from_fn(codes.n_cols(), factors.len(), |j, k| mutual_information(&bins[j], &factors[k]))
}

/// The mutual information gap (Chen et al. 2018, equation 6): the mean over factors of
/// (I(z_j1; v_k) - I(z_j2; v_k)) / H(v_k), j1 and j2 the two dimensions that tell most of v_k. 1 where each
/// factor is told by one dimension alone. Factors that do not vary are left out; NaN if none does.
/// # Panics
/// If a factor has another length.
pub fn mutual_information_gap(codes: &Matrix<f64>, factors: &[Vec<u32>]) -> f64 {
    let information = code_information(codes, factors);
    let gaps: Vec<f64> = (0..factors.len())
        .map(|k| (k, entropy(&factors[k])))
        .filter(|&(_, entropy)| entropy > 0.0)
        .map(|(k, entropy)| {
            let mut of_factor = information.col(k);
            of_factor.sort_by(|a, b| b.total_cmp(a));
            (of_factor[0] - of_factor.get(1).copied().unwrap_or(0.0)) / entropy
        })
        .collect();
    gaps.iter().sum::<f64>() / gaps.len() as f64
}

/// How the beta-VAE score is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BetaVaeScore {
    /// Pairs that make a point of the classifier.
    pub n_pairs: usize,
    /// Points it is fitted to.
    pub n_train: usize,
    /// Points it is judged by.
    pub n_test: usize,
    /// The seed of the pairs.
    pub seed: u64,
}

impl Default for BetaVaeScore {
    /// The numbers of Locatello et al. 2019, appendix C.
    fn default() -> Self {
        Self { n_pairs: 64, n_train: 10_000, n_test: 5_000, seed: 1 }
    }
}

impl BetaVaeScore {
    /// The score of Higgins et al. 2017, section 3: pairs of samples share one factor and differ in the others as
    /// chance will have it; a linear classifier names the factor from the mean of |z_1 - z_2| over `n_pairs`
    /// pairs. Returns its accuracy on points it has not seen: 1 at best, one over the number of factors by
    /// chance.
    ///
    /// Pairs are drawn from the samples at hand: the first at random, the second among those with the same level.
    /// # Panics
    /// If a factor has another length or there is no sample.
    pub fn of(&self, codes: &Matrix<f64>, factors: &[Vec<u32>]) -> f64 {
        let n = codes.n_rows();
        assert!(n > 0 && factors.iter().all(|levels| levels.len() == n), "a level of each factor a sample");
        // Samples by level of each factor.
        let groups: Vec<Vec<Vec<usize>>> = factors
            .iter()
            .map(|levels| {
                let n_levels = levels.iter().max().map_or(0, |&level| level as usize + 1);
                let mut groups = vec![Vec::new(); n_levels];
                levels.iter().enumerate().for_each(|(i, &level)| groups[level as usize].push(i));
                groups
            })
            .collect();
        let mut rng = Rng::seeded(self.seed);
        let mut points = |n_points: usize| {
            let mut differences = Matrix::zeros(n_points, codes.n_cols());
            let mut classes = Vec::with_capacity(n_points);
            for point in 0..n_points {
                let k = rng.below(factors.len());
                classes.push(k as u32);
                for _ in 0..self.n_pairs {
                    let first = rng.below(n);
                    let group = &groups[k][factors[k][first] as usize];
                    let second = group[rng.below(group.len())];
                    for j in 0..codes.n_cols() {
                        let difference = (codes[(first, j)] - codes[(second, j)]).abs();
                        differences[(point, j)] += difference / self.n_pairs as f64;
                    }
                }
            }
            (differences, classes)
        };
        let ((train, train_classes), (test, test_classes)) = (points(self.n_train), points(self.n_test));
        let scaled = standardised(&train, [&train, &test]);
        let probe = SoftmaxProbe::fit(&scaled[0], &train_classes, factors.len(), 1e-2);
        accuracy(&probe.predict(&scaled[1]), &test_classes)
    }
}
